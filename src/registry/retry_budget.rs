//! How many reads may be run again: a bucket of tokens that served reads fill, so that a cluster
//! that fails is not asked twice as much as one that works.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::session::ask::MayRetry;

/// The tokens of one database.
#[derive(Debug)]
pub struct RetryBudget {
    /// In hundredths: a read that was served adds the percentage as it is.
    hundredths: AtomicU64,
    percent: u64,
    start: Instant,
    /// Whole seconds since `start` for which a token was added.
    seconds: AtomicU64,
}

impl RetryBudget {
    /// A full bucket, which `percent` of the reads that are served fill again.
    pub fn new(percent: u32, start: Instant) -> Self {
        Self {
            hundredths: AtomicU64::new(HUNDREDTHS_MAX),
            percent: u64::from(percent),
            start,
            seconds: AtomicU64::new(0),
        }
    }

    /// A read was served.
    pub fn on_served(&self) {
        if self.hundredths.load(Ordering::Relaxed) < HUNDREDTHS_MAX {
            self.add(self.percent);
        }
    }

    /// How many reads may be run again now.
    pub fn tokens(&self) -> u64 {
        self.hundredths.load(Ordering::Relaxed) / 100
    }

    fn add(&self, hundredths: u64) {
        let more = |now: u64| Some(now.saturating_add(hundredths).min(HUNDREDTHS_MAX));
        // It always has a value to set.
        let _ = self
            .hundredths
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// One token a second, whatever is served, so that reads that only fail are still tried.
    fn add_for_time(&self, now: Instant) {
        let seconds = now.saturating_duration_since(self.start).as_secs();
        let before = self.seconds.fetch_max(seconds, Ordering::Relaxed);
        let new = Duration::from_secs(seconds.saturating_sub(before));
        self.add(new.as_secs().saturating_mul(100));
    }
}

impl MayRetry for RetryBudget {
    fn take(&self, now: Instant) -> bool {
        self.add_for_time(now);
        let less = |hundredths: u64| hundredths.checked_sub(100);
        self.hundredths
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }
}

/// A thousand tokens: what a node that dies may have had in hand.
const HUNDREDTHS_MAX: u64 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sick_cluster_is_not_asked_twice_as_much() {
        let start = tokio::time::Instant::now().into_std();
        let budget = RetryBudget::new(20, start);
        let taken = (0..5_000).filter(|_| budget.take(start)).count();
        assert_eq!(taken, 1_000, "a full bucket");
        for _ in 0..100 {
            budget.on_served();
        }
        let taken = (0..5_000).filter(|_| budget.take(start)).count();
        assert_eq!(taken, 20, "a fifth of what was served");
        let later = start + Duration::from_secs(3);
        let taken = (0..5_000).filter(|_| budget.take(later)).count();
        assert_eq!(taken, 3, "one a second");
        assert!(!budget.take(later));
        assert_eq!(budget.tokens(), 0);
    }
}
