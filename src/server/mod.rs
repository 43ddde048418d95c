//! One connection to PostgreSQL.

pub mod cancel;
pub mod dial;
pub mod flight;
pub mod line;
pub mod login;
pub mod path;
pub mod query;
pub mod roster;

use std::sync::Arc;

use crate::ids::NodeId;
use crate::ids::ServerId;
use crate::net::about::About;
use crate::net::conn::Conn;
use crate::net::dial::Target;
use crate::net::stream::Stream;
use crate::server::dial::Route;
use crate::server::flight::CancelInFlight;
use crate::server::flight::Flights;
use crate::server::flight::Then;
use crate::server::line::Line;
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
    /// Where requests wait for their turn.
    pub line: Arc<Line>,
    flights: Flights,
}

impl CancelHandle {
    /// A key that was told at login.
    pub fn new(
        node: NodeId,
        (path, reached): (Arc<Path>, Reached),
        key: CancelKey,
        line: Arc<Line>,
    ) -> Self {
        Self {
            node,
            path,
            reached,
            key,
            line,
            flights: Flights::default(),
        }
    }

    /// Notes that a request is on its way, until the returned value is dropped. While one is, the
    /// server must not serve another client, whose query it would hit.
    pub fn begin(self: &Arc<Self>) -> CancelInFlight {
        CancelInFlight::new(Arc::clone(self))
    }

    /// The way to where the server is.
    pub fn route(&self) -> Option<Route<'_>> {
        self.path.route_back(self.reached)
    }

    /// The host where the server is.
    pub fn target(&self) -> Option<&Target> {
        self.path.target(self.reached)
    }

    /// Whether no request is on its way, nor may have been lost on it. One atomic load.
    pub fn is_settled(&self) -> bool {
        self.flights.are_over()
    }

    /// Whether the server is kept from others until requests have ended.
    pub fn is_held(&self) -> bool {
        self.flights.are_awaited()
    }

    /// Does `then` when the requests on their way have ended: now if there are none, else where the
    /// last of them ends. To be called when nobody has the server, so that no more can begin.
    pub fn when_landed(&self, then: Then) {
        if let Some((then, landing)) = self.flights.park(then) {
            then(landing);
        }
    }
}

impl Server {
    /// A server's stream at its first message after login.
    pub fn frames() -> Frames {
        Frames::new(Side::Server)
    }

    /// Whether nothing is on its way in either direction, cancel requests included, so that another
    /// client may have it.
    pub fn is_clean(&self) -> bool {
        self.is_drained() && self.cancel.is_settled()
    }

    /// Whether its own stream is as it was after the login.
    pub fn is_drained(&self) -> bool {
        let is_still = self.conn.is_flushed() && self.conn.is_drained();
        is_still && self.frames.is_at_start() && self.side.farewell.is_none()
    }
}
