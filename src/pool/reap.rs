//! What time asks of pools: one task per set ends waits that last too long, uses the reserve,
//! tries logins again, closes servers that are old, idle, dead or too many, and keeps the minimum.
//!
//! Waits have no timers of their own: the task knows the earliest moment at which any of them has
//! something to do, and is told when a new one comes first.

use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::Notify;

use crate::pool::Pool;
use crate::pool::connect::Connect;
use crate::pool::now;
use crate::pool::refusal::Refusal;
use crate::pool::refuse_all;
use crate::pool::set::Shared;

/// Wakes the task that does what time asks for.
#[derive(Debug)]
pub(super) struct Alarm {
    epoch: Instant,
    /// Nanoseconds after `epoch` at which the task wakes by itself.
    wakes_at: AtomicU64,
    woken: Notify,
}

impl Alarm {
    pub(super) fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            wakes_at: AtomicU64::new(u64::MAX),
            woken: Notify::new(),
        }
    }

    /// Wakes the task now.
    pub(super) fn ring(&self) {
        self.woken.notify_one();
    }

    /// Makes sure that the task wakes at `event` at the latest.
    pub(super) fn ring_by(&self, event: Instant) {
        if self.nanos(event) < self.wakes_at.load(Ordering::Relaxed) {
            self.ring();
        }
    }

    fn nanos(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.epoch).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Does what time asks for, for as long as the set of pools is there.
pub(super) async fn run<C: Connect>(shared: Weak<Shared<C>>, alarm: Arc<Alarm>) {
    let mut sweep_at = now();
    loop {
        let Some(wake_at) = shared.upgrade().map(|s| s.tend(&mut sweep_at)) else {
            return;
        };
        let sleep = tokio::time::sleep_until(wake_at.into());
        tokio::select! {
            () = alarm.woken.notified() => (),
            () = sleep => (),
        }
    }
}

impl<C: Connect> Shared<C> {
    /// Does what is due in every pool, and says when to come back.
    fn tend(&self, sweep_at: &mut Instant) -> Instant {
        let now = now();
        // What comes up from here on must ring.
        self.alarm.wakes_at.store(u64::MAX, Ordering::Relaxed);
        self.forget_retired();
        let mut pools = self.pools();
        if *sweep_at <= now {
            *sweep_at = now + SWEEP_PERIOD;
            pools.iter().for_each(|pool| pool.sweep(now));
        }
        // Where pools share a limit, the one whose first has waited longest comes first.
        pools.sort_by_cached_key(|pool| {
            pool.books()
                .waiting_since()
                .map_or((1, None), |s| (0, Some(s)))
        });
        pools.iter().for_each(|pool| pool.scopes.settle());
        pools.iter().for_each(|pool| pool.attend(now));
        let events = pools.iter().filter_map(|pool| pool.books().next_event());
        // An event that is due and was not served now waits for the next sweep.
        let wake_at = events.filter(|e| now < *e).fold(*sweep_at, Instant::min);
        let nanos = self.alarm.nanos(wake_at);
        self.alarm.wakes_at.store(nanos, Ordering::Relaxed);
        wake_at
    }
}

impl<C: Connect> Pool<C> {
    /// Closes servers that are old, idle, dead or too many.
    fn sweep(&self, now: Instant) {
        let (old, dead) = {
            let mut ledger = self.books();
            let dead = ledger.bury(|seated| C::is_dead(&seated.server));
            (ledger.reap(now), dead)
        };
        self.close_all(dead);
        self.close_all(old);
    }

    /// Ends waits that are over, and opens servers where time has made that possible.
    fn attend(self: &Arc<Self>, now: Instant) {
        let over = {
            let mut ledger = self.books();
            let over = ledger.expire(now);
            self.gauges.show(&ledger);
            over
        };
        refuse_all(over, &Refusal::Timeout);
        self.grow(now);
    }
}

/// How often servers are looked through.
const SWEEP_PERIOD: Duration = Duration::from_secs(1);
