//! Histograms and tallies that cost next to nothing to feed and can be read back.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A number that only rises.
#[derive(Debug, Default)]
pub struct Tally(AtomicU64);

impl Tally {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The number.
    pub fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many durations fell between fixed bounds.
#[derive(Debug, Default)]
pub struct Histogram {
    /// One per bound, and one for what is over the last.
    counts: [AtomicU64; BOUNDS.len() + 1],
    sum_ns: AtomicU64,
}

/// What a histogram holds at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// As many as were at or under each of [`BOUNDS`]; each includes those before it.
    pub at_most: [u64; BOUNDS.len()],
    /// How many in all.
    pub count: u64,
    /// Their sum.
    pub sum: Duration,
}

impl Histogram {
    /// Counts one.
    pub fn record(&self, took: Duration) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        // Most are short, so they are found at once.
        let i = BOUNDS_NS.iter().position(|bound| ns <= *bound);
        if let Some(count) = self.counts.get(i.unwrap_or(BOUNDS.len())) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_ns.fetch_add(ns, Ordering::Relaxed);
    }

    /// What it holds. Durations that are counted meanwhile may be in the sum alone.
    pub fn snapshot(&self) -> Snapshot {
        let sum = Duration::from_nanos(self.sum_ns.load(Ordering::Relaxed));
        let mut at_most = [0; BOUNDS.len()];
        let mut count = 0;
        for (n, at_most) in self.counts.iter().zip(&mut at_most) {
            count += n.load(Ordering::Relaxed);
            *at_most = count;
        }
        let over = self.counts.last().map_or(0, |n| n.load(Ordering::Relaxed));
        Snapshot {
            at_most,
            count: count + over,
            sum,
        }
    }
}

/// Upper bounds in seconds, as they are shown.
pub const BOUNDS: [&str; 20] = [
    "0.00005", "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05",
    "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "30", "60", "120",
];

/// The same in nanoseconds.
const BOUNDS_NS: [u64; BOUNDS.len()] = [
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
    120_000_000_000,
];
