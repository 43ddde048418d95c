//! How a pool gets its servers.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::time::timeout;

use crate::auth::server_login::Credential;
use crate::config::database::ServerStartup;
use crate::error::Blame;
use crate::error::Error;
use crate::error::Retry;
use crate::ids::NodeId;
use crate::ids::ServerId;
use crate::log;
use crate::monitor::handle::Monitor;
use crate::monitor::login::is_refusal;
use crate::net::about::About;
use crate::net::dial::Target;
use crate::net::stream::Peer;
use crate::pool::closing::Closing;
use crate::pool::connect::Connect;
use crate::registry::run::run;
use crate::server::CancelHandle;
use crate::server::Server;
use crate::server::dial::Ask;
use crate::server::dial::Fresh;
use crate::server::dial::dial;
use crate::server::line::Line;
use crate::server::path::Path;
use crate::server::path::Reached;
use crate::server::roster::Entry;
use crate::server::roster::Purpose;
use crate::server::roster::Roster;
use crate::session::reported::Reported;
use crate::session::side::ServerSide;
use crate::sqlstate::SqlState;
use crate::wire::write;

/// Opens the servers of one (database, user, node).
#[derive(Debug)]
pub struct Dialer {
    /// The node.
    pub node: NodeId,
    /// Where it is, and how it is reached.
    pub path: Arc<Path>,
    /// The database, by the name that clients use.
    pub database: Arc<str>,
    /// The user on the node.
    pub user: Arc<str>,
    /// The database on the node.
    pub dbname: Arc<str>,
    /// What proves who we are: the configured secret, or what the last client to log in has shown.
    pub credential: Arc<ArcSwap<Credential>>,
    /// Whether the configuration gave the credential.
    pub is_own: bool,
    /// Settings that are asked for at login.
    pub startup: ServerStartup,
    /// What is run on each new server, by a text for [`run`]; empty: nothing.
    pub connect_query: Arc<str>,
    /// Longest time for connect and login.
    pub connect_timeout: Duration,
    /// Nothing yet of what servers report and sessions take along.
    pub followed: Arc<Reported>,
    /// `max_prepared_statements`.
    pub prepared_count_max: usize,
    /// The check before reuse; empty for an empty query.
    pub check_query: Arc<str>,
    /// The node's address, under which its pool is known.
    pub address: Arc<str>,
    /// Where its servers are entered.
    pub roster: Arc<Roster>,
    /// Who is told what servers show of their node.
    pub monitor: Monitor,
    /// Where cancel requests to the servers wait for their turn: the pool's, whoever dials for it.
    pub line: Arc<Line>,
    /// Whether one of them has said at its login that transactions are not read only by default.
    pub was_writable: AtomicBool,
}

/// A login that a server has taken.
struct Opened {
    entry: Entry,
    began: Instant,
    fresh: Fresh,
    reached: Reached,
}

impl Dialer {
    /// Whether servers opened by `other` are as good as those opened by this one.
    pub fn is_same(&self, other: &Self) -> bool {
        Path::is_same(&self.path, &other.path)
            && self.user == other.user
            && self.dbname == other.dbname
            && self.startup == other.startup
            && self.connect_query == other.connect_query
            && self.prepared_count_max == other.prepared_count_max
            && **self.credential.load() == **other.credential.load()
    }

    /// Logs in at the first host that gives a server; each has its part of the time.
    async fn dial_any(&self, ask: &Ask<'_>) -> Result<Opened, Error> {
        let deadline = now() + self.connect_timeout;
        let tries = self.path.tries();
        let mut left = u32::try_from(tries.len()).unwrap_or(u32::MAX);
        let mut last = Error::new(
            Blame::Proxy,
            SqlState::CANNOT_CONNECT,
            "the node was removed",
        );
        for tried in tries {
            let Some(route) = self.path.route(tried) else {
                break;
            };
            let began = now();
            let target = route.target.to_string();
            let entry = self.roster.enter(self.purpose(), &target, began);
            let limit = deadline.saturating_duration_since(began) / left.max(1);
            left -= 1;
            match dial(&route, ask, limit).await {
                Ok(fresh) => {
                    let address = match fresh.conn.stream().peer() {
                        Peer::Tcp(address) => Some(address),
                        Peer::Unix | Peer::Duplex => None,
                    };
                    return Ok(Opened {
                        entry,
                        began,
                        fresh,
                        reached: Path::reached(tried, address),
                    });
                }
                Err(error) => {
                    self.log_failure(entry.id(), route.target, &error, began);
                    last = error;
                }
            }
            self.path.on_failed(tried);
            // A wrong password is wrong everywhere.
            if last.retry() == Retry::No {
                break;
            }
        }
        Err(last)
    }

    /// Tells the monitor of a node that could not be reached. A wrong password says nothing of it.
    fn report(&self, error: &Error) {
        if is_refusal(error) {
            self.monitor.refused(self.node);
        } else if error.retry() == Retry::Elsewhere {
            self.monitor.failed(self.node);
        }
    }

    /// A server that could not be opened ends before it has begun.
    fn log_failure(&self, id: ServerId, peer: &Target, error: &Error, began: Instant) {
        let reason = match error.sqlstate() {
            SqlState::CANNOT_CONNECT => "connect failed",
            _ => "login failed",
        };
        tracing::info!(
            target: log::CLOSED,
            server = id.0,
            database = &*self.database,
            user = &*self.user,
            %peer,
            reason,
            age = now().saturating_duration_since(began).as_secs(),
            %error,
            "server closed"
        );
    }

    /// Runs `connect_query`. If the server refuses it, that is logged and no more.
    async fn greet(&self, server: &mut Server) -> Result<(), Error> {
        if self.connect_query.is_empty() {
            return Ok(());
        }
        let ran = timeout(self.connect_timeout, run(server, &self.connect_query)).await;
        match ran {
            Ok(Ok(())) => server.side.after_reset = Some(Arc::clone(&self.connect_query)),
            Ok(Err(error)) if error.retry() == Retry::No => {
                tracing::warn!(node = %self.node, user = &*self.user, %error, "connect_query failed");
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                let said = "connect_query took longer than server_connect_timeout";
                return Err(Error::new(Blame::Server, SqlState::CANNOT_CONNECT, said));
            }
        }
        // What it has set is what a reset goes back to.
        server.side.fresh = Arc::clone(&server.side.reported);
        Ok(())
    }

    /// Opens a server and logs in, with `more` in its startup packet.
    ///
    /// # Errors
    /// There is none, or it refuses us.
    pub(super) async fn open(&self, more: &[(&str, &str)]) -> Result<Box<Server>, Error> {
        let credential = Credential::clone(&self.credential.load());
        let database: (&str, &str) = ("database", &self.dbname);
        let mut parameters = vec![database];
        for (name, value) in self.startup.given() {
            parameters.push((name, value));
        }
        parameters.extend(more);
        let ask = Ask {
            user: &self.user,
            credential: &credential,
            parameters: &parameters,
            minor: 0,
        };
        let opened = self
            .dial_any(&ask)
            .await
            .inspect_err(|error| self.report(error))?;
        let Opened {
            entry,
            began,
            fresh,
            reached,
        } = opened;
        let about = About::new(fresh.conn.stream(), began);
        let id = entry.id();
        tracing::info!(
            target: log::OPENED,
            server = id.0,
            database = &*self.database,
            user = &*self.user,
            peer = about.who(),
            local = %about.local,
            "server opened"
        );
        let mut reported = Arc::clone(&self.followed);
        for (name, value) in &fresh.parameters {
            reported.on_status(name.as_bytes(), value.as_bytes());
        }
        let mut side = ServerSide::new(reported, self.prepared_count_max);
        side.meter = entry.meter();
        self.note_said(&mut side, &fresh.parameters);
        self.pass_on_role(&mut side);
        let way = (Arc::clone(&self.path), reached);
        let cancel = CancelHandle::new(self.node, way, fresh.key, Arc::clone(&self.line));
        let cancel = Arc::new(cancel);
        entry.on_login(about.clone(), &cancel);
        Ok(Box::new(Server {
            id,
            node: self.node,
            about,
            owner: (Arc::clone(&self.database), Arc::clone(&self.user)),
            conn: fresh.conn,
            frames: Server::frames(),
            side,
            cancel,
            parameters: fresh.parameters.into(),
            entry,
        }))
    }

    /// What a server is for.
    fn purpose(&self) -> Purpose {
        Purpose {
            database: Arc::clone(&self.database),
            user: Arc::clone(&self.user),
            node: Arc::clone(&self.address),
        }
    }

    /// Notes what a server has said of its node at its login.
    fn note_said(&self, side: &mut ServerSide, parameters: &[(String, String)]) {
        let said = |name: &str| {
            let mut said = parameters.iter();
            said.find(|(n, _)| n == name).map(|(_, value)| &**value)
        };
        if let Some(value) = said("in_hot_standby") {
            side.on_in_hot_standby(value.as_bytes());
        }
        let begins_read_only = said("default_transaction_read_only").map(|value| value == "on");
        if begins_read_only == Some(false) {
            self.was_writable.store(true, Ordering::Relaxed);
        }
        let was_writable = self.was_writable.load(Ordering::Relaxed);
        side.begins_read_only = begins_read_only.map(|is_so| is_so && !was_writable);
    }

    fn pass_on_role(&self, side: &mut ServerSide) {
        if let Some(is_standby) = side.take_role_news() {
            self.monitor.in_hot_standby(self.node, is_standby);
        }
    }
}

impl Connect for Dialer {
    type Server = Box<Server>;

    async fn connect(&self) -> Result<Box<Server>, Error> {
        let mut server = self.open(&[]).await?;
        self.greet(&mut server).await?;
        Ok(server)
    }

    async fn check(&self, server: &mut Box<Server>) -> Result<(), Error> {
        let checked = run(server, &self.check_query).await;
        self.pass_on_role(&mut server.side);
        if checked.is_err() {
            self.monitor.failed(self.node);
        }
        checked
    }

    fn outdate(&self) {
        self.roster.outdate(&self.purpose());
    }

    fn on_dead(&self) {
        self.monitor.failed(self.node);
    }

    fn is_dead(server: &Box<Server>) -> bool {
        server.conn.stream().has_news()
    }

    fn close(server: Box<Server>, why: Closing) {
        let age = now().saturating_duration_since(server.about.since);
        tracing::info!(
            target: log::CLOSED,
            server = server.id.0,
            database = &*server.owner.0,
            user = &*server.owner.1,
            peer = server.about.who(),
            reason = why.reason(),
            age = age.as_secs(),
            "server closed"
        );
        let mut server = server;
        // Nobody waits for it: a server that does not take it sees the end of the stream.
        write::empty(server.conn.out(), crate::wire::client::TERMINATE);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = server.conn.poll_flush(&mut cx);
    }
}

/// The time on the runtime's clock.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
