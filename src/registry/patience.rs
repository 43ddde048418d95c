//! Whether it is worth while to wait for a replica: not again right after it was in vain.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// What the waits of a cluster's reads have come to lately.
#[derive(Debug)]
pub struct Patience {
    start: Instant,
    /// Until when nobody waits, in nanoseconds since `start`.
    gone_until: AtomicU64,
}

impl Patience {
    /// As long as nothing is known, one waits.
    pub fn new(start: Instant) -> Self {
        Self {
            start,
            gone_until: AtomicU64::new(0),
        }
    }

    /// Whether a read that came at `now` should wait.
    pub fn has(&self, now: Instant) -> bool {
        self.gone_until.load(Ordering::Relaxed) <= self.nanos(now)
    }

    /// One has waited for as long as `limit`. If that was in vain, others need not for some times
    /// that: all replicas lag, and reads that wait all the same only add to their latency.
    pub fn note(&self, was_worth_it: bool, limit: Duration, now: Instant) {
        let until = if was_worth_it {
            0
        } else {
            self.nanos(now + PAUSE_FACTOR * limit)
        };
        self.gone_until.store(until, Ordering::Relaxed);
    }

    fn nanos(&self, at: Instant) -> u64 {
        let nanos = at.saturating_duration_since(self.start).as_nanos();
        u64::try_from(nanos).unwrap_or(u64::MAX)
    }
}

/// Of so many times the wait only one is spent on waiting in vain.
const PAUSE_FACTOR: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_in_vain_spares_others_the_same() {
        let start = tokio::time::Instant::now().into_std();
        let patience = Patience::new(start);
        let limit = Duration::from_millis(20);
        let at = |ms| start + Duration::from_millis(ms);
        assert!(patience.has(at(0)));
        patience.note(false, limit, at(20));
        assert!(!patience.has(at(21)));
        assert!(!patience.has(at(119)));
        assert!(patience.has(at(120)));
        patience.note(true, limit, at(121));
        assert!(patience.has(at(121)));
    }
}
