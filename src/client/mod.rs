//! One task per client: greet, log in, relay, farewell.
//!
//! Nothing here decides what a batch is or where it goes: the session and the desk do. No other
//! task touches the client's socket, or a server's while it is linked.

pub mod arrivals;
pub mod console;
pub mod elders;
pub mod ending;
pub mod greet;
pub mod login;
pub mod relay;
pub mod start;
pub mod timer;

mod admit;
mod cancel;
mod fence;
mod leave;
mod lines;
mod link;
mod lost;
mod newcomer;
mod pick;
mod pump;
mod replicate;
mod still;
mod wait;
mod way;
mod welcome;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::timeout;
use tracing::Instrument;

use crate::client::arrivals::Arrival;
use crate::client::arrivals::Arrivals;
use crate::client::elders::Elders;
use crate::client::ending::Ending;
use crate::client::lines::Subject;
use crate::client::relay::Relay;
use crate::client::start::LoginContext;
use crate::control::ask::Asks;
use crate::error::Error;
use crate::metrics::handles::ErrorMetrics;
use crate::net::conn::Conn;
use crate::net::stream::Stream;
use crate::registry::Registry;
use crate::session::prepared::Texts;

/// What all client tasks use.
#[derive(Debug)]
pub struct Context {
    /// Databases, pools, clients.
    pub registry: Arc<Registry>,
    /// The texts that clients have prepared.
    pub texts: Texts,
    /// What logins need; replaced by a reload.
    pub login: ArcSwap<LoginContext>,
    /// Errors that clients were sent.
    pub errors: ErrorMetrics,
    /// Connections that are not logged in yet.
    pub arrivals: Arrivals,
    /// Processes that were here before.
    pub elders: Elders,
    /// Where the console asks for what only the main task can do.
    pub asks: Asks,
}

impl Context {
    /// A connection was refused before it had a session.
    fn count_failed_login(&self, error: &Error) {
        self.errors.count(error.blame(), error.sqlstate());
        tracing::debug!(sqlstate = %error.sqlstate(), %error, "login failed");
    }
}

/// How long a client may take to read its last word.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves one connection to its end.
pub async fn serve(arrival: Arrival, stream: Stream) {
    let id = arrival.context().registry.clients.next_id();
    let peer = stream.peer();
    let span = tracing::debug_span!("client", id = id.0, %peer);
    let started = Box::pin(start::start(arrival.context(), stream, id))
        .instrument(span.clone())
        .await;
    drop(arrival);
    let Some(mut relay) = started else {
        return;
    };
    let ending = relay
        .run()
        .instrument(span.clone())
        .await
        .err()
        .unwrap_or(Ending::Left);
    if let Ending::Fatal(error) = &ending {
        let errors = &relay.context.errors;
        errors.count(error.blame(), error.sqlstate());
    }
    Box::pin(farewell(relay, &ending)).instrument(span).await;
}

/// Ends a session: its server goes back if that is safe, and the client hears why.
async fn farewell(mut relay: Box<Relay>, ending: &Ending) {
    relay.on_farewell(ending).await;
    let context = Arc::clone(&relay.context);
    let subject = Subject {
        id: relay.slot.id,
        about: &relay.slot.about,
        database: &relay.slot.database,
        user: &relay.desk.user,
    };
    subject.leaves(ending);
    context.registry.clients.leave(&relay.slot);
    // What is said within a message is taken for a part of it.
    let is_mute = relay.is_cut_short && !matches!(ending, Ending::Gone(_));
    let ending = if is_mute { &Ending::Told } else { ending };
    let database = Arc::clone(&relay.desk.database);
    let mut conn: Conn<Stream> = relay.into_conn();
    say_last(&mut conn, ending).await;
    // What was written since its last server went back, the end of the last reply too.
    let traffic = conn.take_traffic();
    database.metrics.clients(traffic.read, traffic.written);
}

/// Tells a client why it has to go, within bounds of time.
async fn say_last(conn: &mut Conn<Stream>, ending: &Ending) {
    if matches!(ending, Ending::Gone(_)) {
        return;
    }
    ending.write(conn.out());
    // A client that does not read it loses it.
    let _ = timeout(FAREWELL, conn.close()).await;
}

#[cfg(test)]
mod tests;
