//! What a pool shows to those who choose among nodes, without a lock.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::pool::ledger::Ledger;
use crate::topology::choose::Load;

/// A copy of some numbers of the books, written under their lock and read without it.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    in_use: AtomicU32,
    size: AtomicU32,
    waiting: AtomicU32,
    latency_ns: AtomicU64,
}

impl Gauges {
    pub(super) fn show<S, W>(&self, ledger: &Ledger<S, W>) {
        self.in_use.store(ledger.in_use(), Ordering::Relaxed);
        self.waiting.store(ledger.waiting(), Ordering::Relaxed);
    }

    pub(super) fn show_size(&self, size: u32) {
        self.size.store(size, Ordering::Relaxed);
    }

    /// Each query counts for an eighth of the mean.
    pub(super) fn note_latency(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        // Two at once may lose one of them, which a mean bears.
        let before = self.latency_ns.load(Ordering::Relaxed);
        let after = match before {
            0 => took,
            before => before - before / 8 + took / 8,
        };
        self.latency_ns.store(after, Ordering::Relaxed);
    }

    pub(super) fn load(&self) -> Load {
        Load {
            in_use: self.in_use.load(Ordering::Relaxed),
            size: self.size.load(Ordering::Relaxed),
            waiting: self.waiting.load(Ordering::Relaxed),
            latency: Duration::from_nanos(self.latency_ns.load(Ordering::Relaxed)),
        }
    }
}
