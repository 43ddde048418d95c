//! The probe of real nodes.

use tracing::warn;

use crate::error::Blame;
use crate::ids::NodeId;
use crate::monitor::login::Login;
use crate::monitor::probe::Probe;
use crate::monitor::probe::Said;
use crate::monitor::probe::Session;
use crate::monitor::probe::Trouble;
use crate::monitor::questions;
use crate::monitor::replication;
use crate::net::conn::Conn;
use crate::net::stream::Peer;
use crate::net::stream::Stream;
use crate::server::path::Watch;
use crate::server::query::query;
use crate::topology::identity::Role;
use crate::topology::tracker::Answer;
use crate::topology::tracker::Hello;

/// Asks PostgreSQL nodes.
#[derive(Debug)]
pub struct Postgres {
    login: Login,
    dbname: String,
}

impl Postgres {
    /// Asks in the database `dbname`, which every node has.
    pub fn new(login: Login, dbname: String) -> Self {
        Self { login, dbname }
    }
}

impl Probe for Postgres {
    type Session = PostgresSession;

    async fn connect(&self, node: NodeId) -> Result<(PostgresSession, Hello), Trouble> {
        let mut conn = self.login.connect(node, &self.dbname, &[]).await?;
        let rows = query(&mut conn, questions::HELLO).await?;
        let (hello, rights) = questions::read_hello(&rows)?;
        let (cluster, version) = (self.login.cluster(), rights.version);
        if version < VERSION_MIN {
            warn!(cluster, %node, version, "PostgreSQL is older than what is tested: 10");
        }
        if !rights.sees_receiver {
            warn!(
                cluster, %node,
                "the monitor's role lacks pg_monitor: after a promotion replicas serve sessions \
                 that wrote only once they have made a restart point"
            );
        }
        query(&mut conn, questions::PREPARE).await?;
        let address = match conn.stream().peer() {
            Peer::Tcp(address) => Some(address),
            Peer::Unix | Peer::Duplex => None,
        };
        let session = PostgresSession {
            conn,
            sees_default: rights.sees_default,
            _watch: self.login.watched(node).at(address),
        };
        Ok((session, hello))
    }
}

/// A connection with its question prepared.
#[derive(Debug)]
pub struct PostgresSession {
    conn: Conn<Stream>,
    /// Whether `default_transaction_read_only` is the whole server's.
    sees_default: bool,
    /// Servers are opened where it is.
    _watch: Watch,
}

impl Session for PostgresSession {
    async fn ask(&mut self) -> Result<Answer, Trouble> {
        let rows = query(&mut self.conn, questions::PROBE).await?;
        let answer = questions::read_answer(&rows)?;
        Ok(Answer {
            is_read_only: answer.is_read_only && self.sees_default,
            ..answer
        })
    }

    async fn flush(&mut self) -> Result<(), Trouble> {
        query(&mut self.conn, questions::FLUSH).await?;
        Ok(())
    }

    async fn replication(&mut self, role: Role) -> Result<Option<Said>, Trouble> {
        let sql = match role {
            Role::Primary => replication::STANDBYS,
            Role::Replica => replication::ONESELF,
            Role::Unknown => return Ok(None),
        };
        let rows = match query(&mut self.conn, sql).await {
            // Its words are not those of PostgreSQL: one can do without.
            Err(error) if error.sqlstate().as_str().starts_with("42") => return Ok(None),
            rows => rows?,
        };
        match role {
            Role::Primary => Ok(replication::read_standbys(&rows)?.map(Said::Standbys)),
            Role::Replica => Ok(Some(Said::Oneself(replication::read_oneself(&rows)?))),
            Role::Unknown => Ok(None),
        }
    }

    async fn lost(&mut self) -> Trouble {
        loop {
            match self.conn.next_message(UNASKED_BYTES_MAX).await {
                // A reloaded setting, a notice, or the reason why the end comes next.
                Ok(Some(_)) => (),
                Ok(None) => return Trouble::Closed,
                Err(fault) => return Trouble::Failed(fault.blamed(Blame::Server)),
            }
        }
    }
}

const VERSION_MIN: u32 = 100_000;

/// The longest message that a server may send unasked.
const UNASKED_BYTES_MAX: u32 = 64 * 1024;
