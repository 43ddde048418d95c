//! Users that are in no file, looked up by a query of `auth_user` in a database.
//!
//! Each login has an answer to a question that was asked after it came, so that a changed password
//! counts at once; those of one user that wait meanwhile have the same one. With a lifetime, answers
//! are kept for that long, and the number of those kept is bounded.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex as ShortMutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::Mutex;

use crate::auth::verifier::Verifier;
use crate::config::types::Lookup;
use crate::error::Blame;
use crate::error::Error;
use crate::error::Retry;
use crate::ids::NodeId;
use crate::registry::Registry;
use crate::registry::database::Database;
use crate::registry::desk::Desk;
use crate::registry::desk::clock;
use crate::registry::welcome::no_node;
use crate::route::Kind;
use crate::route::Reason;
use crate::route::Want;
use crate::server::Server;
use crate::server::query::Row;
use crate::server::query::query;
use crate::server::query::query_about;
use crate::session::settings::Settings;
use crate::sqlstate::SqlState;
use crate::topology::choose::Ask;

/// SQLSTATE class of a server that is lost, or does not speak the protocol.
const CONNECTION_CLASS: &str = "08";

/// Most users of a database whose answers are kept.
pub const ANSWERS_COUNT_MAX: usize = 10_000;

/// What was found of a user.
#[derive(Clone, Debug)]
pub struct Found {
    /// The name by which the user goes on.
    pub name: Arc<str>,
    /// Its secret; `None`: it has none, or none that holds.
    pub secret: Option<Verifier>,
}

/// What is being looked up in a database, and what was.
#[derive(Debug, Default)]
pub struct Lookups {
    users: ShortMutex<HashMap<Box<str>, Slot>>,
}

/// A user's last answer, held by the one that asks while it does.
type Slot = Arc<Mutex<Option<Answer>>>;

/// The last answer of a user.
#[derive(Clone, Debug)]
struct Answer {
    asked_at: Instant,
    found: Result<Option<Found>, Reply>,
}

/// An error that several are told.
#[derive(Clone, Debug)]
struct Reply {
    blame: Blame,
    sqlstate: SqlState,
    message: String,
}

impl Registry {
    /// Looks a user up, in the database that clients call `database`; `None`: there is no such user.
    ///
    /// # Errors
    /// It cannot be asked, or the answer is none.
    ///
    /// # Cancel safety
    /// Yes: another who waits for the answer asks then.
    pub async fn look_up(
        &self,
        lookup: &Lookup,
        database: &str,
        user: &str,
        deadline: Instant,
    ) -> Result<Option<Found>, Error> {
        let came_at = clock();
        let Ok(database) = self.database(database) else {
            tracing::error!(database, "authentication database is not configured");
            return Err(config_error());
        };
        let lookups = &database.lookups;
        let slot = lookups.slot(user);
        // The one that asks holds it while it does; an answer serves those that waited for it.
        let mut last = slot.lock().await;
        let answer = match &*last {
            Some(answer) if answer.holds(came_at, lookup.ttl) => answer.clone(),
            Some(_) | None => {
                let asked_at = clock();
                let found = self.ask(lookup, &database, user, deadline).await;
                let found = found.map_err(|error| self.told(&database, user, &error));
                let answer = Answer { asked_at, found };
                *last = Some(answer.clone());
                answer
            }
        };
        drop(last);
        drop(slot);
        lookups.tidy(user, lookup.ttl);
        answer.found.map_err(Reply::into_error)
    }

    async fn ask(
        &self,
        lookup: &Lookup,
        database: &Arc<Database>,
        user: &str,
        deadline: Instant,
    ) -> Result<Option<Found>, Error> {
        let asker = lookup.user.as_deref().unwrap_or_default();
        let mut database = Arc::clone(database);
        let rows = loop {
            let reloads = self.clients.reloads();
            let desk = self.asking_desk(&database, asker);
            let until = deadline.min(desk.wait_deadline(clock()));
            match desk.ask_about(&lookup.query, user, until).await {
                // The pools were those of the last configuration.
                Err(_) if self.clients.reloads() != reloads && clock() < deadline => {
                    database = self.database(&database.name)?;
                }
                asked => break asked?,
            }
        };
        // As in PgBouncer the last of several rows counts.
        rows.into_iter().next_back().map(found_in).transpose()
    }

    /// What those who waited are told, and the log.
    fn told(&self, database: &Database, user: &str, error: &Error) -> Reply {
        tracing::warn!(database = &*database.name, user, %error, "auth_query failed");
        let is_empty = self.crowds.in_database(&database.name) == 0;
        if error.sqlstate() == SqlState::NO_SUCH_DATABASE && is_empty {
            self.forget(database);
        }
        Reply {
            blame: error.blame(),
            sqlstate: error.sqlstate(),
            message: error.to_string(),
        }
    }
}

impl Desk {
    /// Runs a query about one value on the primary, or on a replica while there is none.
    async fn ask_about(
        &self,
        sql: &str,
        value: &str,
        deadline: Instant,
    ) -> Result<Vec<Row>, Error> {
        let want = Want {
            kind: Kind::Primary,
            reason: Reason::Setting,
        };
        let mut ask = Ask {
            primary_reads: self.primary_reads,
            ..Ask::default()
        };
        let until = deadline.min(clock() + self.failover_wait);
        let mut last = None;
        loop {
            let pick = match self.pick(want, &ask, clock()) {
                Some(primary) => Some(primary),
                None => self.wait_for_own(Kind::Any, &mut ask, until).await,
            };
            let Some(pick) = pick else {
                return Err(last.unwrap_or_else(no_node));
            };
            let work = self.ask_node(pick.node, sql, value, deadline);
            match self.unless_replaced(pick, work).await {
                Some(Err(error)) if self.may_lag(pick, &error) && clock() < until => {
                    last = Some(error);
                }
                Some(Err(error)) if error.retry() == Retry::Elsewhere && clock() < until => {
                    self.on_failed(pick.node);
                }
                Some(done) => return done,
                None => (),
            }
            ask.avoid = ask.avoid.with(pick.node);
        }
    }

    async fn ask_node(
        &self,
        node: NodeId,
        sql: &str,
        value: &str,
        deadline: Instant,
    ) -> Result<Vec<Row>, Error> {
        let mut lease = self.pool(node)?.lease(Some(deadline)).await?;
        let asked = on_server(&mut lease, sql, value).await;
        let is_lost = |error: &Error| error.sqlstate().class() == CONNECTION_CLASS;
        if lease.is_clean() && !asked.as_ref().is_err_and(is_lost) {
            lease.give_back(clock());
        }
        asked.map_err(|error| {
            // It only reads, so that another may be asked.
            if error.sqlstate() == SqlState::CONNECTION_FAILURE {
                return error.or_elsewhere();
            }
            tracing::error!(%error, "error in auth_query");
            config_error()
        })
    }
}

/// Runs the query on a server that clients of the same user may have used.
async fn on_server(server: &mut Server, sql: &str, value: &str) -> Result<Vec<Row>, Error> {
    let is_as_new = !server.side.unsure && *server.side.settings == Settings::default();
    server.side.unsure = true;
    server.side.unnamed = None;
    if !is_as_new {
        let reset = "RESET SESSION AUTHORIZATION;RESET ROLE;RESET ALL";
        query(&mut server.conn, reset).await?;
        server.side.settings = Arc::default();
        server.side.reported = Arc::clone(&server.side.fresh);
    }
    let rows = query_about(&mut server.conn, sql, value).await?;
    server.side.unsure = false;
    Ok(rows)
}

fn found_in(row: Row) -> Result<Found, Error> {
    let count = row.len();
    let mut columns = row.into_iter();
    match (columns.next(), columns.next(), columns.next()) {
        (Some(Some(name)), Some(secret), None) => Ok(Found {
            name: name.into(),
            secret: secret
                .filter(|s| !s.is_empty())
                .map(|s| Verifier::parse(&s)),
        }),
        (Some(None), Some(_), None) => {
            tracing::error!("auth_query response contained null user name");
            Err(config_error())
        }
        _ => {
            tracing::error!("expected 2 columns from auth_query, not {count}");
            Err(config_error())
        }
    }
}

/// What clients are told of what only who configures can mend.
fn config_error() -> Error {
    Error::new(Blame::Proxy, SqlState::PROTOCOL, "bouncer config error")
}

impl Answer {
    /// Whether it is of use to one who came then.
    fn holds(&self, came_at: Instant, ttl: Duration) -> bool {
        match self.found {
            Ok(_) => came_at <= self.asked_at + ttl,
            Err(_) => came_at <= self.asked_at,
        }
    }
}

impl Reply {
    fn into_error(self) -> Error {
        Error::new(self.blame, self.sqlstate, self.message)
    }
}

impl Lookups {
    /// How many users' answers are kept, or waited for.
    pub fn count(&self) -> usize {
        self.users().len()
    }

    fn slot(&self, user: &str) -> Slot {
        Arc::clone(self.users().entry(user.into()).or_default())
    }

    /// Forgets what nobody waits for: this user's answer if none are kept, all if there are too many.
    fn tidy(&self, user: &str, ttl: Duration) {
        let mut users = self.users();
        let is_idle = |slot: &Slot| Arc::strong_count(slot) == 1;
        if ANSWERS_COUNT_MAX < users.len() {
            users.retain(|_, slot| !is_idle(slot));
        } else if ttl.is_zero() && users.get(user).is_some_and(is_idle) {
            users.remove(user);
        }
    }

    fn users(&self) -> MutexGuard<'_, HashMap<Box<str>, Slot>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
