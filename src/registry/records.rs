//! What is kept of servers, of requests to cancel and of what was done for clients, for those who
//! look.

use std::sync::Arc;

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
}

impl Default for Records {
    fn default() -> Self {
        let roster: Arc<Roster> = Arc::default();
        Self {
            console: roster.done(&CONSOLE.into()),
            roster,
            requests: Arc::default(),
            periods: Periods::new(clock()),
        }
    }
}
