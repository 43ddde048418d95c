//! From what a session has done to what a node must hold to serve its next read.

use std::time::Duration;
use std::time::Instant;

use crate::topology::choose::LastRead;
use crate::topology::identity::Position;
use crate::topology::policy::Consistency;

/// What a read asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// What it must not miss.
    pub consistency: Consistency,
    /// How old what it sees may be; `None`: any.
    pub staleness_max: Option<Duration>,
    /// A point in the cluster's history that it must not be behind.
    pub wait_for: Option<Position>,
}

/// What was done before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// When the session's last batch that may have written was answered, or lost.
    pub last_write: Option<Instant>,
    /// The same of all sessions of its database.
    pub database_write: Option<Instant>,
    /// The session's last read.
    pub last_read: Option<LastRead>,
}

/// What the node must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Everything acknowledged before this.
    pub certified_since: Option<Instant>,
    /// Everything up to here.
    pub position: Option<Position>,
    /// What this read has seen.
    pub last_read: Option<LastRead>,
}

impl Freshness {
    /// What does for both: the stricter in each respect.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let age = match (self.staleness_max, other.staleness_max) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let place = |position: &Position| (position.timeline, position.lsn);
        let positions = [self.wait_for, other.wait_for];
        Self {
            consistency: self.consistency.max(other.consistency),
            staleness_max: age,
            wait_for: positions.into_iter().flatten().max_by_key(place),
        }
    }

    /// Whether a node that serves a read by it serves those of the same session after it, as long
    /// as that only reads: nothing that others do and no passing of time asks for more.
    pub fn is_steady(&self) -> bool {
        let is_own = match self.consistency {
            Consistency::Eventual | Consistency::Session => true,
            Consistency::Database | Consistency::Strong => false,
        };
        is_own && self.staleness_max.is_none()
    }

    /// What a read that came at `arrived` needs.
    pub fn needs(&self, past: &Past, arrived: Instant) -> Needs {
        let by_level = match self.consistency {
            Consistency::Eventual => None,
            Consistency::Session => past.last_write,
            Consistency::Database => past.last_write.max(past.database_write),
            Consistency::Strong => Some(arrived),
        };
        let by_age = self.staleness_max.and_then(|age| arrived.checked_sub(age));
        let goes_on = self.consistency != Consistency::Eventual;
        Needs {
            certified_since: by_level.max(by_age),
            position: self.wait_for,
            last_read: past.last_read.filter(|_| goes_on),
        }
    }
}

#[cfg(test)]
mod tests;
