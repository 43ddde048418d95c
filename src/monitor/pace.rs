//! When a node is asked next, and how long a node that is down is left alone.

use std::time::Duration;
use std::time::Instant;

use crate::monitor::settings::Settings;
use crate::topology::health::Health;
use crate::topology::identity::Role;
use crate::topology::tracker::Tracker;
use crate::topology::view::Exclusion;
use crate::topology::view::NodeView;

/// What makes questions urgent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    last_write: Option<Instant>,
    demand: Option<Demand>,
}

/// A reader waits for a certificate.
#[derive(Clone, Copy, Debug)]
struct Demand {
    since: Instant,
    made_at: Instant,
}

impl Pace {
    /// Someone may have written, at the latest at `at`.
    pub fn on_write(&mut self, at: Instant) {
        self.last_write = self.last_write.max(Some(at));
    }

    /// A reader waits for a certificate as of `since`. Whether that was news.
    pub fn on_demand(&mut self, since: Instant, now: Instant) -> bool {
        let since = since.min(now);
        let is_new = self.demand.is_none_or(|d| d.since < since);
        let since = self.demand.map_or(since, |d| d.since.max(since));
        self.demand = Some(Demand {
            since,
            made_at: now,
        });
        is_new
    }

    /// Whether a reader waits for a certificate.
    pub fn has_demand(&self, now: Instant) -> bool {
        self.demand.is_some_and(|d| now < d.made_at + DEMAND_LASTS)
    }

    /// Whether questions are asked often: a write is not yet certified on each replica that can
    /// be, and not long ago.
    pub fn is_fast(&self, tracker: &Tracker, now: Instant) -> bool {
        let Some(last_write) = self.last_write else {
            return false;
        };
        let view = tracker.view();
        let lacks = |node: &NodeView| {
            node.role == Role::Replica
                && node.health.is_up()
                && node.certificate.is_none_or(|c| c < last_write)
        };
        now < last_write + FAST_AFTER_WRITE && view.nodes.iter().any(lacks)
    }

    /// The time from one question to `node` to the next.
    pub fn interval(
        &self,
        settings: &Settings,
        tracker: &Tracker,
        node: &NodeView,
        now: Instant,
    ) -> Duration {
        let view = tracker.view();
        let usual = if self.is_fast(tracker, now) {
            settings.interval_fast
        } else if view.primary.is_none() || tracker.is_tail_unwritten() {
            SEARCH_INTERVAL.min(settings.interval_slow)
        } else {
            settings.interval_slow
        };
        if self.is_demanded(tracker, node, now) {
            return DEMAND_INTERVAL.min(usual);
        }
        if Some(node.id) == view.primary && tracker.newest_sample().is_none() {
            return DOUBT_INTERVAL.min(usual);
        }
        match node.health {
            Health::Up { .. } if node.exclusion == Some(Exclusion::Uncertified) => {
                SEARCH_INTERVAL.min(usual)
            }
            Health::Up { failures: 0, .. } if node.role != Role::Unknown => usual,
            Health::Unprobed | Health::Up { .. } | Health::Down { .. } => DOUBT_INTERVAL.min(usual),
        }
    }

    /// Whether an answer of this node may give a waiting reader its certificate. Replicas are
    /// asked once the primary's position is known.
    fn is_demanded(&self, tracker: &Tracker, node: &NodeView, now: Instant) -> bool {
        let Some(demand) = self.demand.filter(|d| now < d.made_at + DEMAND_LASTS) else {
            return false;
        };
        let is_sampled = tracker.newest_sample().is_some_and(|s| demand.since <= s);
        if Some(node.id) == tracker.view().primary {
            !is_sampled
        } else {
            is_sampled
                && node.role == Role::Replica
                && node.certificate.is_none_or(|c| c < demand.since)
        }
    }
}

/// How long a node that is down is left alone between two attempts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// The wait before the next attempt, twice the last one up to a limit that lets a node come
    /// back within a second. `jitter` is from 0 to 1.
    pub fn next_wait(&mut self, jitter: f64) -> Duration {
        let wait = BACKOFF_MIN.saturating_mul(1 << self.attempts.min(16));
        self.attempts = self.attempts.saturating_add(1);
        wait.min(BACKOFF_MAX).mul_f64(0.75 + jitter / 2.0)
    }
}

/// How long after the last write a replica that does not certify it keeps the pace fast.
const FAST_AFTER_WRITE: Duration = Duration::from_secs(1);

/// The time between two questions that a waiting reader causes.
const DEMAND_INTERVAL: Duration = Duration::from_millis(2);

/// How long a demand lasts; readers that wait longer renew it.
const DEMAND_LASTS: Duration = Duration::from_millis(50);

/// When a reader that still waits renews its demand.
pub const DEMAND_RENEWED_AFTER: Duration = Duration::from_millis(25);

/// The time between two questions to a node while no primary is known, nothing of its lag, or
/// the end of the log is not on disk.
const SEARCH_INTERVAL: Duration = Duration::from_millis(100);

/// The time between two questions to a node whose state must be confirmed.
const DOUBT_INTERVAL: Duration = Duration::from_millis(20);

/// Soon: a connection that was closed is all that says that its node may be gone.
const BACKOFF_MIN: Duration = Duration::from_millis(10);

const BACKOFF_MAX: Duration = Duration::from_millis(800);

#[cfg(test)]
mod tests;
