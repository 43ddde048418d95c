//! From an accepted socket to a client that is served: greeting, then login.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::time::timeout_at;

use crate::auth::mock::Mock;
use crate::auth::secret::Key;
use crate::client::Context;
use crate::client::cancel;
use crate::client::console::Console;
use crate::client::ending::Ending;
use crate::client::greet::Greeting;
use crate::client::greet::Visitor;
use crate::client::greet::greet;
use crate::client::lines::Subject;
use crate::client::newcomer::Newcomer;
use crate::client::newcomer::Started;
use crate::client::newcomer::replication;
use crate::client::relay::Relay;
use crate::client::relay::now;
use crate::client::replicate::Replica;
use crate::client::say_last;
use crate::error::Blame;
use crate::error::Error;
use crate::ids::ClientId;
use crate::net::about::About;
use crate::net::conn::Conn;
use crate::net::stream::Stream;
use crate::net::tls::accept::ClientTls;
use crate::sqlstate::SqlState;

/// What logins need, apart from the registry.
#[derive(Debug)]
pub struct LoginContext {
    /// TLS for clients.
    pub tls: ClientTls,
    /// What unknown users are shown.
    pub mock: Mock,
    mock_key: Key,
}

impl LoginContext {
    /// With the key that the mock was made with, so that a reload changes nothing in it.
    pub fn new(tls: ClientTls, mock: Mock, mock_key: Key) -> Self {
        Self {
            tls,
            mock,
            mock_key,
        }
    }

    /// The key of the mock.
    pub fn mock_key(&self) -> &Key {
        &self.mock_key
    }
}

/// Brings a connection to where its session begins; `None` if it has ended: refused and told, or
/// served, as a client of the console or one that replicates is.
pub(super) async fn start(
    context: &Arc<Context>,
    stream: Stream,
    id: ClientId,
) -> Option<Box<Relay>> {
    let state = context.registry.state();
    let limit = state.config.auth.client_login_timeout;
    let deadline = now() + if limit.is_zero() { NO_LIMIT } else { limit };
    let about = About::new(&stream, now());
    let login_context = context.login.load_full();
    let greeting = timeout_at(deadline.into(), Box::pin(greet(stream, &login_context.tls))).await;
    let visitor = match greeting.unwrap_or_else(|_| Err(too_late())) {
        Ok(Greeting::Startup(visitor)) => visitor,
        Ok(Greeting::Cancel(key, stream)) => {
            let newcomer = cancel::Newcomer { id, key, about };
            Box::pin(newcomer.serve(context)).await;
            // Its end shows the client that the request was dealt with.
            drop(stream);
            return None;
        }
        // As PgBouncer does, nothing is said of those who say nothing.
        Ok(Greeting::Gone) => return None,
        Err(error) => {
            context.count_failed_login(&error);
            Subject::stranger(id, &about).leaves(&Ending::Fatal(error));
            return None;
        }
    };
    let Visitor {
        stream,
        startup,
        end_point,
        certificate_name,
    } = *visitor;
    let mut conn = Conn::new(stream);
    let ignored = &state.config.auth.ignore_startup_parameters;
    let guest = Newcomer {
        id,
        replication: replication(&startup, ignored),
        startup,
        end_point,
        certificate_name,
        about: About::new(conn.stream(), about.since),
        has_attempted: AtomicBool::new(false),
        deadline,
    };
    // A reload is not to find them in use for as long as this client stays.
    drop((state, login_context));
    let started = timeout_at(deadline.into(), Box::pin(guest.log_in(context, &mut conn))).await;
    let error = match started {
        Ok(Ok(started)) => return begin(context, &guest, started, conn).await,
        Ok(Err(error)) => error,
        Err(_) => too_late(),
    };
    if let Some(database) = context.registry.known_database(&guest.startup.database) {
        database.metrics.logins_failed.increment(1);
    }
    context.errors.count(error.blame(), error.sqlstate());
    let ending = Ending::of_login(error);
    guest.subject(guest.known_as(context)).leaves(&ending);
    say_last(&mut conn, &ending).await;
    None
}

/// Begins what a login has made.
async fn begin(
    context: &Arc<Context>,
    guest: &Newcomer,
    started: Started,
    conn: Conn<Stream>,
) -> Option<Box<Relay>> {
    let subject = guest.subject(&guest.startup.database);
    subject.logged_in();
    let session = match started {
        Started::Session(session) => session,
        Started::Console(visit) => {
            let console = Box::new(Console::new(context, visit, conn));
            Box::pin(console.serve()).await;
            return None;
        }
        Started::Replica(guest) => {
            let replica = Box::new(Replica::new(context, *guest, conn));
            Box::pin(replica.serve()).await;
            return None;
        }
    };
    let mut relay = Box::new(Relay::new(context, *session, conn));
    let ending = match timeout_at(guest.deadline.into(), relay.flush_welcome()).await {
        Ok(Ok(())) => return Some(relay),
        Ok(Err(error)) => Ending::Gone(Some(error)),
        Err(_) => Ending::Fatal(too_late()),
    };
    subject.leaves(&ending);
    context.registry.clients.leave(&relay.slot);
    None
}

fn too_late() -> Error {
    let message = "client_login_timeout";
    Error::new(Blame::Client, SqlState::NOT_AUTHORIZED, message)
}

/// A timeout of zero is none.
const NO_LIMIT: Duration = Duration::from_secs(365 * 86_400);
