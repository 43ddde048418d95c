//! What was found out about a statement after it was read: a replica has refused it.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The mark on a [`Statement`](crate::sql::statement::Statement) that all who share it see. Reading
/// an unmarked one costs one load.
#[derive(Debug, Default)]
pub struct Learned {
    is_marked: AtomicBool,
    until: Mutex<Option<Instant>>,
    /// The version of the table of what was learned that it was last looked up in.
    looked_up: AtomicU64,
    is_tried: AtomicBool,
}

impl Learned {
    /// Counts as a write until then.
    pub fn mark(&self, until: Instant) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        self.is_marked.store(true, Ordering::Release);
        self.is_tried.store(false, Ordering::Relaxed);
    }

    /// It was run on a replica, which would have refused it if it wrote.
    pub fn try_out(&self) {
        if !self.is_tried() {
            self.is_tried.store(true, Ordering::Relaxed);
        }
    }

    /// Whether it was run on a replica, and not refused since. One that was not may write for all
    /// that is known, though its text does not say so.
    pub fn is_tried(&self) -> bool {
        self.is_tried.load(Ordering::Relaxed)
    }

    /// Whether it counts as a write.
    pub fn is_write(&self, now: Instant) -> bool {
        if !self.is_marked.load(Ordering::Acquire) {
            return false;
        }
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let is_write = until.is_some_and(|until| now < until);
        if !is_write {
            *until = None;
            self.is_marked.store(false, Ordering::Release);
        }
        is_write
    }

    /// Whether it was not looked up in this version of the table yet; from now on it was.
    pub fn is_news(&self, version: u64) -> bool {
        self.looked_up.load(Ordering::Relaxed) != version && {
            self.looked_up.store(version, Ordering::Relaxed);
            true
        }
    }
}

/// A copy is another statement, about which nothing was learned.
impl Clone for Learned {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// What was learned does not make a statement another.
impl PartialEq for Learned {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Learned {}

#[cfg(test)]
mod tests;
