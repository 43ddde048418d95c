//! One connection to PostgreSQL.

pub mod cancel;
pub mod dial;
pub mod login;
pub mod path;
pub mod query;
pub mod roster;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use crate::ids::NodeId;
use crate::ids::ServerId;
use crate::net::about::About;
use crate::net::conn::Conn;
use crate::net::dial::Target;
use crate::net::stream::Stream;
use crate::server::dial::Route;
use crate::server::path::Path;
use crate::server::path::Reached;
use crate::server::roster::Entry;
use crate::session::side::ServerSide;
use crate::wire::frames::Frames;
use crate::wire::frames::Side;
use crate::wire::startup::CancelKey;

/// A connection to PostgreSQL that has logged in.
#[derive(Debug)]
pub struct Server {
    /// Its number.
    pub id: ServerId,
    /// The node it is to.
    pub node: NodeId,
    /// Its connection.
    pub about: About,
    /// The database, by the name that clients use, and the user that it is for.
    pub owner: (Arc<str>, Arc<str>),
    /// Its stream and buffers.
    pub conn: Conn<Stream>,
    /// Where its stream is.
    pub frames: Frames,
    /// What is known of its session.
    pub side: ServerSide,
    /// What cancels its query.
    pub cancel: Arc<CancelHandle>,
    /// All that it reported at its login, in its order.
    pub parameters: Arc<[(String, String)]>,
    /// Its place among all servers.
    pub entry: Entry,
}

/// What a CancelRequest to a server must hold.
#[derive(Debug)]
pub struct CancelHandle {
    /// The node.
    pub node: NodeId,
    /// How it is reached.
    path: Arc<Path>,
    reached: Reached,
    /// What a request must hold.
    pub key: CancelKey,
    /// How many requests are on their way.
    in_flight: AtomicU32,
}

impl CancelHandle {
    /// A key that was told at login.
    pub fn new(node: NodeId, (path, reached): (Arc<Path>, Reached), key: CancelKey) -> Self {
        Self {
            node,
            path,
            reached,
            key,
            in_flight: AtomicU32::new(0),
        }
    }

    /// Notes that a request is on its way, until the returned value is dropped. While one is, the
    /// server must not serve another client, whose query it would hit.
    pub fn begin(self: &Arc<Self>) -> CancelInFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        CancelInFlight {
            handle: Arc::clone(self),
        }
    }

    /// The way to where the server is.
    pub fn route(&self) -> Option<Route<'_>> {
        self.path.route_back(self.reached)
    }

    /// The host where the server is.
    pub fn target(&self) -> Option<&Target> {
        self.path.target(self.reached)
    }

    /// Whether a request is on its way.
    pub fn is_in_flight(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) != 0
    }
}

/// A cancel request on its way.
#[derive(Debug)]
pub struct CancelInFlight {
    handle: Arc<CancelHandle>,
}

impl CancelInFlight {
    /// What is being cancelled.
    pub fn handle(&self) -> &CancelHandle {
        &self.handle
    }
}

impl Drop for CancelInFlight {
    fn drop(&mut self) {
        self.handle.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Server {
    /// A server's stream at its first message after login.
    pub fn frames() -> Frames {
        Frames::new(Side::Server)
    }

    /// Whether nothing is on its way in either direction, so that another client may have it.
    pub fn is_clean(&self) -> bool {
        self.conn.is_flushed()
            && self.conn.is_drained()
            && self.frames.is_at_start()
            && !self.cancel.is_in_flight()
    }
}
