//! Cancel requests on their way to a server, and what waits until they have arrived.
//!
//! A request says which connection it means, not which query. So a server is given to nobody else
//! from the moment that one is on its way until PostgreSQL has closed the connection that brought
//! it, which it does when the signal is sent. Where that was not seen, nobody knows when the request
//! arrives: such a server serves nobody else any more.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use crate::server::CancelHandle;

/// What is known when the last request has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// All have arrived, or were never sent.
    Sure,
    /// One may arrive yet.
    Doubtful,
}

/// What is done then.
pub type Then = Box<dyn FnOnce(Landing) + Send>;

/// The requests on their way to one server.
#[derive(Default)]
pub(super) struct Flights {
    /// How many there are, and whether one may arrive yet that is not counted ([`DOUBT`]).
    state: AtomicU32,
    parked: Mutex<Option<Then>>,
}

/// The bit of [`Flights::state`] that is set for good when a request may have been lost on its way.
const DOUBT: u32 = 1 << 31;

impl Flights {
    /// Whether nothing can arrive. One atomic load.
    pub(super) fn are_over(&self) -> bool {
        self.state.load(Ordering::Acquire) == 0
    }

    /// Whether somebody waits for their end.
    pub(super) fn are_awaited(&self) -> bool {
        self.parked().is_some()
    }

    pub(super) fn begin(&self) {
        self.state.fetch_add(1, Ordering::AcqRel);
    }

    /// Has `then` done when the last request has ended; gives it back if there is none, with what is
    /// known. Only one thing waits at a time, and no request begins while it does.
    pub(super) fn park(&self, then: Then) -> Option<(Then, Landing)> {
        let mut parked = self.parked();
        let state = self.state.load(Ordering::Acquire);
        if state & !DOUBT == 0 {
            return Some((then, landing(state)));
        }
        *parked = Some(then);
        None
    }

    fn end(&self, landed: Landing) -> Option<(Then, Landing)> {
        let mut parked = self.parked();
        if landed == Landing::Doubtful {
            self.state.fetch_or(DOUBT, Ordering::AcqRel);
        }
        let state = self.state.fetch_sub(1, Ordering::AcqRel) - 1;
        if state & !DOUBT != 0 {
            return None;
        }
        parked.take().map(|then| (then, landing(state)))
    }

    fn parked(&self) -> MutexGuard<'_, Option<Then>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn landing(state: u32) -> Landing {
    match state & DOUBT {
        0 => Landing::Sure,
        _ => Landing::Doubtful,
    }
}

impl fmt::Debug for Flights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A cancel request on its way, until it is dropped.
#[derive(Debug)]
pub struct CancelInFlight {
    handle: Arc<CancelHandle>,
    /// Whether it was sent and not taken.
    is_out: AtomicBool,
}

impl CancelInFlight {
    pub(super) fn new(handle: Arc<CancelHandle>) -> Self {
        handle.flights.begin();
        let is_out = AtomicBool::new(false);
        Self { handle, is_out }
    }

    /// What is being cancelled.
    pub fn handle(&self) -> &CancelHandle {
        &self.handle
    }

    /// Where it is noted whether it was sent and not taken.
    pub fn is_out(&self) -> &AtomicBool {
        &self.is_out
    }
}

impl Drop for CancelInFlight {
    fn drop(&mut self) {
        let landed = match self.is_out.load(Ordering::Acquire) {
            true => Landing::Doubtful,
            false => Landing::Sure,
        };
        if let Some((then, landing)) = self.handle.flights.end(landed) {
            then(landing);
        }
    }
}

#[cfg(test)]
mod tests;
