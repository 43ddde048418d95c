//! Requests to cancel a query that are on their way to a server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::ids::ClientId;
use crate::net::about::About;
use crate::registry::clients::Slot;

/// A request: it has a connection of its own, from a client and to a server.
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
}

/// All of them.
#[derive(Debug, Default)]
pub struct Requests {
    all: Mutex<BTreeMap<ClientId, Request>>,
}

impl Requests {
    /// One sets out; it has arrived when the returned value is dropped.
    pub fn set_out(self: &Arc<Self>, request: Request) -> OnItsWay {
        let id = request.id;
        self.all().insert(id, request);
        OnItsWay {
            requests: Arc::clone(self),
            id,
        }
    }

    /// Those on their way, by number.
    pub fn now(&self) -> Vec<Request> {
        self.all().values().cloned().collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<ClientId, Request>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request on its way.
#[derive(Debug)]
pub struct OnItsWay {
    requests: Arc<Requests>,
    id: ClientId,
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.requests.all().remove(&self.id);
    }
}
