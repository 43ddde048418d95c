//! Requests to cancel a query, which come by connections of their own.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use std::time::Instant;

use tokio::time::timeout_at;

use crate::client::Context;
use crate::client::lines::Subject;
use crate::client::relay::now;
use crate::error::Error;
use crate::ids::ClientId;
use crate::net::about::About;
use crate::registry::cancels::Cancel;
use crate::registry::cancels::Meant;
use crate::registry::peers::Onward;
use crate::registry::peers::Peer;
use crate::registry::requests::Entered;
use crate::registry::requests::Request;
use crate::registry::requests::Stage;
use crate::server::cancel::cancel;
use crate::server::line::Line;
use crate::server::line::Turn;
use crate::wire::startup::CancelKey;

/// A connection that brought a cancel request.
pub(super) struct Newcomer {
    pub(super) id: ClientId,
    pub(super) key: CancelKey,
    pub(super) about: About,
}

/// What became of a request.
#[derive(Debug)]
enum Done {
    Sent,
    ToldWaiting,
    Idle,
    IdleSince,
    Unknown,
    PassedOn,
    Exhausted,
    NoPeer,
    TooMany,
    Late,
    Failed(Error),
}

impl Newcomer {
    /// Has what the request means cancelled. Returns when that was done, or will not be.
    pub(super) async fn serve(self, context: &Context) {
        let registry = &context.registry;
        let state = registry.state();
        let limits = &state.config.limits;
        let limit = match limits.cancel_wait_timeout {
            Duration::ZERO => NO_LIMIT,
            limit => limit,
        };
        let deadline = now() + limit;
        let done = match registry.clients.cancel(&self.key) {
            Cancel::Query(meant) => {
                let entered = registry.records.requests.enter(Request {
                    id: self.id,
                    about: self.about.clone(),
                    slot: Arc::clone(meant.slot()),
                    node: meant.target().into(),
                    stage: Stage::Waiting,
                });
                let done = match turn(meant.line(), limits.max_client_conn, deadline).await {
                    Ok(turn) => send(&meant, (turn, entered), deadline).await,
                    Err(done) => done,
                };
                return self.ends(&meant.slot().database, &done);
            }
            Cancel::Wait => Done::ToldWaiting,
            Cancel::Idle => Done::Idle,
            Cancel::Unknown => match state.peers.onward(&self.key) {
                Onward::To(peer, key) => {
                    let turn = turn(&peer.line, limits.max_client_conn, deadline).await;
                    let done = match turn {
                        Ok(turn) => pass_on(&peer, &key, turn, deadline).await,
                        Err(done) => done,
                    };
                    return self.ends(&format!("peer-{}", peer.config.id), &done);
                }
                Onward::Nowhere => self.ask_elders(context, deadline, Done::Unknown).await,
                // They may have had no number, or another.
                Onward::NoPeer => self.ask_elders(context, deadline, Done::NoPeer).await,
                Onward::Exhausted => Done::Exhausted,
            },
        };
        self.ends("", &done);
    }

    /// Passes the request on to processes that were here before; if there are none, it was `else_done`.
    async fn ask_elders(&self, context: &Context, deadline: Instant, else_done: Done) -> Done {
        let limit = deadline.saturating_duration_since(now());
        match context.elders.cancel(&self.key, limit).await {
            true => Done::PassedOn,
            false => else_done,
        }
    }

    fn ends(&self, database: &str, done: &Done) {
        let stranger = Subject::stranger(self.id, &self.about);
        if let Done::Failed(error) = done {
            tracing::warn!(client = self.id.0, %error, "cancel request was not passed on");
        }
        Subject {
            database,
            ..stranger
        }
        .ends(done.reason());
    }
}

/// Waits for a turn in a line that is to be no longer than `waiting_max`.
async fn turn(line: &Arc<Line>, waiting_max: u32, deadline: Instant) -> Result<Turn, Done> {
    if waiting_max <= line.waiting() {
        return Err(Done::TooMany);
    }
    let turn = timeout_at(deadline.into(), line.turn()).await;
    turn.map_err(|_| Done::Late)
}

/// Sends a request that has its turn.
async fn send(meant: &Meant, (turn, entered): (Turn, Entered), deadline: Instant) -> Done {
    let Some(flight) = meant.begin() else {
        return Done::IdleSince;
    };
    let handle = flight.handle();
    let Some(route) = handle.route() else {
        return Done::IdleSince;
    };
    entered.set_out();
    let sent = cancel(&route, &handle.key, flight.is_out(), deadline.into()).await;
    drop(turn);
    Done::of(sent, deadline)
}

/// Passes a request on to another process, which answers when it has been dealt with.
async fn pass_on(peer: &Peer, key: &CancelKey, turn: Turn, deadline: Instant) -> Done {
    let Some(route) = peer.route() else {
        return Done::NoPeer;
    };
    let sent = cancel(&route, key, &AtomicBool::new(false), deadline.into()).await;
    drop(turn);
    Done::of(sent, deadline)
}

impl Done {
    fn of(sent: Result<(), Error>, deadline: Instant) -> Self {
        match sent {
            Ok(()) => Self::Sent,
            Err(_) if deadline <= now() => Self::Late,
            Err(error) => Self::Failed(error),
        }
    }

    /// PgBouncer's words, where it has any.
    fn reason(&self) -> &'static str {
        match self {
            Self::Sent | Self::ToldWaiting => "successfully sent cancel request",
            Self::Idle => "cancel request for idle client",
            Self::IdleSince => "not sending cancel request for client that is now idle",
            Self::Unknown => "failed cancel request",
            Self::PassedOn => "cancel request passed to the old process",
            Self::Exhausted => "failed to forward cancel request because its TTL was exhausted",
            Self::NoPeer => "could not find peer to forward request to",
            Self::TooMany => "no more connections allowed (max_client_conn)",
            Self::Late => "cancel_wait_timeout",
            Self::Failed(_) => "failed to send cancel req",
        }
    }
}

/// A timeout of zero is none.
const NO_LIMIT: Duration = Duration::from_secs(365 * 86_400);
