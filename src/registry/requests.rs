//! Requests to cancel a query that are on their way to a server, or wait for their turn.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::ids::ClientId;
use crate::net::about::About;
use crate::registry::clients::Slot;

/// A request: it has a connection of its own, from a client and, when it has its turn, to a server.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its number, as that of a client.
    pub id: ClientId,
    /// The connection that it came by.
    pub about: About,
    /// Whose query it means.
    pub slot: Arc<Slot>,
    /// Where it goes: host and port.
    pub node: Arc<str>,
    /// Whether it has its turn.
    pub stage: Stage,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits for a connection to the server.
    Waiting,
    /// It has one.
    Active,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Requests {
    all: Mutex<BTreeMap<ClientId, Request>>,
}

impl Requests {
    /// One has come; it has been dealt with when the returned value is dropped.
    pub fn enter(self: &Arc<Self>, request: Request) -> Entered {
        let id = request.id;
        self.all().insert(id, request);
        Entered {
            requests: Arc::clone(self),
            id,
        }
    }

    /// Those that there are, by number.
    pub fn now(&self) -> Vec<Request> {
        self.all().values().cloned().collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<ClientId, Request>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that has come.
#[derive(Debug)]
pub struct Entered {
    requests: Arc<Requests>,
    id: ClientId,
}

impl Entered {
    /// It has its turn.
    pub fn set_out(&self) {
        if let Some(request) = self.requests.all().get_mut(&self.id) {
            request.stage = Stage::Active;
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.requests.all().remove(&self.id);
    }
}
