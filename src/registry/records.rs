//! What is kept of servers, of requests to cancel and of what was done for clients, for those who
//! look.

use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::metrics::figures::Counts;
use crate::registry::desk::clock;
use crate::registry::halt::CONSOLE;
use crate::registry::periods::Periods;
use crate::registry::requests::Requests;
use crate::server::roster::Roster;

/// All of it.
#[derive(Debug)]
pub struct Records {
    /// All servers, and what they did.
    pub roster: Arc<Roster>,
    /// Requests to cancel that are on their way.
    pub requests: Arc<Requests>,
    /// What was done for clients of the console.
    pub console: Arc<Counts>,
    /// What was done when periods began.
    pub periods: Periods,
    doors: Mutex<Arc<[Door]>>,
}

/// A socket at which clients are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// The number of its descriptor.
    pub fd: RawFd,
    /// Its address; `None`: a Unix socket.
    pub address: Option<SocketAddr>,
}

impl Records {
    /// The sockets at which clients are accepted.
    pub fn doors(&self) -> Arc<[Door]> {
        Arc::clone(&self.lock())
    }

    /// Clients are accepted at these.
    pub fn set_doors(&self, doors: Arc<[Door]>) {
        *self.lock() = doors;
    }

    fn lock(&self) -> MutexGuard<'_, Arc<[Door]>> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Records {
    fn default() -> Self {
        let roster: Arc<Roster> = Arc::default();
        Self {
            console: roster.done(&CONSOLE.into()),
            roster,
            requests: Arc::default(),
            periods: Periods::new(clock()),
            doors: Mutex::default(),
        }
    }
}
