//! What the clients counted, and what must hold of it.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Counts of all clients.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Clients that are in.
    pub(crate) logins: AtomicU64,
    /// Writes that were acknowledged.
    pub(crate) writes: AtomicU64,
    /// Results whose rows had begun when their server was killed.
    pub(crate) broken_results: AtomicU64,
    /// Reads by the node that served them, the primary first.
    pub(crate) reads: [AtomicU64; 3],
    /// Reads that ended before the last node had come back to stay.
    before_the_end: [AtomicU64; 3],
    longest_us: AtomicU64,
    errors: Mutex<Vec<String>>,
}

impl Tally {
    /// Counts a read by the name of its node (`node0`, …).
    pub(crate) fn read(&self, node: &str, took: Duration) {
        let index = node
            .strip_prefix("node")
            .and_then(|n| n.parse::<usize>().ok());
        match index.and_then(|i| self.reads.get(i)) {
            Some(count) => {
                count.fetch_add(1, Ordering::Relaxed);
            }
            None => self.error(format!("a read came from {node:?}")),
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.longest_us.fetch_max(micros, Ordering::Relaxed);
    }

    /// Notes what should not have been.
    pub(crate) fn error(&self, words: String) {
        let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        errors.push(words);
    }

    /// Reads by node until now.
    pub(crate) fn reads_now(&self) -> [u64; 3] {
        self.reads.each_ref().map(|n| n.load(Ordering::Relaxed))
    }

    /// Takes the present counts as those of the time of trouble.
    pub(crate) fn trouble_is_over(&self) {
        for (kept, count) in self.before_the_end.iter().zip(self.reads_now()) {
            kept.store(count, Ordering::Relaxed);
        }
    }

    /// No errors, and each replica served before and after.
    pub(crate) fn check(&self) {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        let few: Vec<_> = errors.iter().take(10).map(String::as_str).collect();
        assert!(
            errors.is_empty(),
            "{} errors: {}",
            errors.len(),
            few.join("\n")
        );
        let all = self.reads_now();
        let before = self
            .before_the_end
            .each_ref()
            .map(|n| n.load(Ordering::Relaxed));
        let total: u64 = all.iter().sum();
        for (i, (all, before)) in all.iter().zip(before).enumerate().skip(1) {
            assert!(total < all * 20, "node{i} served {all} of {total}");
            assert!(before < *all, "node{i} served nothing after it came back");
        }
        assert!(0 < self.writes.load(Ordering::Relaxed));
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        write!(
            f,
            "reads by node {:?}, writes {}, results broken after they began {}, longest read {:?}, \
             errors {}",
            self.reads_now(),
            self.writes.load(Ordering::Relaxed),
            self.broken_results.load(Ordering::Relaxed),
            Duration::from_micros(self.longest_us.load(Ordering::Relaxed)),
            errors.len()
        )
    }
}
