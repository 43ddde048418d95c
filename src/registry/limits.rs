//! The time limits of a client.

use std::time::Duration;

use crate::config::database::Timeouts;

/// Limits in force for one client; `None` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Idle between transactions (`client_idle_timeout`).
    pub client_idle: Option<Duration>,
    /// One batch, its wait for a server not counted (`query_timeout`).
    pub query: Option<Duration>,
    /// One transaction (`transaction_timeout`).
    pub transaction: Option<Duration>,
    /// Idle within a transaction (`idle_transaction_timeout`).
    pub idle_transaction: Option<Duration>,
}

impl Limits {
    /// Whether there is any.
    pub fn are_set(&self) -> bool {
        self.client_idle.is_some()
            || self.query.is_some()
            || self.transaction.is_some()
            || self.idle_transaction.is_some()
    }
}

impl From<&Timeouts> for Limits {
    fn from(timeouts: &Timeouts) -> Self {
        Self {
            client_idle: timeouts.client_idle.limit(),
            query: timeouts.query.limit(),
            transaction: timeouts.transaction.limit(),
            idle_transaction: timeouts.idle_transaction.limit(),
        }
    }
}
