//! Whose query a cancel request means, and whether it still runs when the request has its turn.

use std::sync::Arc;

use crate::registry::clients::Slot;
use crate::registry::orders::Orders;
use crate::registry::place::SlotLink;
use crate::server::CancelHandle;
use crate::server::flight::CancelInFlight;
use crate::server::line::Line;

/// What a cancel request asks for.
#[derive(Debug)]
pub enum Cancel {
    /// The end of what a client has a server for.
    Query(Meant),
    /// The end of a client's wait for a server: it was told.
    Wait,
    /// Nothing: the client has no query.
    Idle,
    /// Nobody has this key.
    Unknown,
}

/// What a client had a server for when its cancel request came.
#[derive(Debug)]
pub struct Meant {
    slot: Arc<Slot>,
    handle: Arc<CancelHandle>,
    links_count: u64,
}

impl Meant {
    /// Where the request waits for its turn.
    pub fn line(&self) -> &Arc<Line> {
        &self.handle.line
    }

    /// The client that it means.
    pub fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// Where its server is: host and port.
    pub fn target(&self) -> String {
        let target = self.handle.target();
        target.map(ToString::to_string).unwrap_or_default()
    }

    /// The request has its turn: it is on its way from now on, until what is returned is dropped.
    /// `None` if the client has done with the server since.
    pub fn begin(&self) -> Option<CancelInFlight> {
        // Under the lock: a client that leaves the server after this sees the request.
        let place = self.slot.lock();
        let is_same = place.links_count == self.links_count;
        let is_linked = matches!(&place.link, SlotLink::Linked(_));
        (is_same && is_linked).then(|| self.handle.begin())
    }
}

impl Slot {
    /// What a cancel request of this client means now.
    pub fn cancel(self: &Arc<Self>) -> Cancel {
        let place = self.lock();
        match &place.link {
            SlotLink::Idle => Cancel::Idle,
            SlotLink::Waiting => {
                // Under the lock: a client that gets its server after this sees the order.
                self.tell(Orders::CANCEL);
                Cancel::Wait
            }
            SlotLink::Linked(handle) => Cancel::Query(Meant {
                slot: Arc::clone(self),
                handle: Arc::clone(handle),
                links_count: place.links_count,
            }),
        }
    }
}
