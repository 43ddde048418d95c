//! When anyone last wrote: one number that many tasks push forward, for each database of a cluster.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::Weak;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// The time of the last write of many sessions.
#[derive(Debug)]
pub struct LastWrite {
    start: Instant,
    /// Since `start`, and one more; 0: nobody has written.
    nanos: AtomicU64,
}

impl LastWrite {
    /// Nobody has written. No time before `start` can be noted.
    pub fn new(start: Instant) -> Self {
        Self {
            start,
            nanos: AtomicU64::new(0),
        }
    }

    /// Someone may have written, at the latest at `at`. To be called before the writer is told.
    pub fn note(&self, at: Instant) {
        let nanos = at.saturating_duration_since(self.start).as_nanos();
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX).saturating_add(1);
        self.nanos.fetch_max(nanos, Ordering::AcqRel);
    }

    /// When, if ever.
    pub fn at(&self) -> Option<Instant> {
        let nanos = self.nanos.load(Ordering::Acquire).checked_sub(1)?;
        Some(self.start + Duration::from_nanos(nanos))
    }
}

/// Those of a cluster's databases, by PostgreSQL's names: what clients call a database does not
/// matter, nor how many names it has for them.
#[derive(Debug, Default)]
pub struct LastWrites(Mutex<HashMap<Arc<str>, Weak<LastWrite>>>);

impl LastWrites {
    /// That of a database; made if nobody holds one.
    pub fn of(&self, dbname: &str, make: impl FnOnce() -> Arc<LastWrite>) -> Arc<LastWrite> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = all.get(dbname).and_then(Weak::upgrade) {
            return there;
        }
        all.retain(|_, last| last.strong_count() != 0);
        let made = make();
        all.insert(dbname.into(), Arc::downgrade(&made));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_only_moves_forward() {
        let start = tokio::time::Instant::now().into_std();
        let last = LastWrite::new(start);
        assert_eq!(last.at(), None);
        last.note(start);
        assert_eq!(last.at(), Some(start));
        let later = start + Duration::from_millis(3);
        last.note(later);
        last.note(start + Duration::from_millis(2));
        assert_eq!(last.at(), Some(later));
    }

    #[test]
    fn there_is_one_for_all_names_of_a_database() {
        let writes = LastWrites::default();
        let start = tokio::time::Instant::now().into_std();
        let make = || Arc::new(LastWrite::new(start));
        let one = writes.of("app", make);
        assert!(Arc::ptr_eq(&one, &writes.of("app", make)));
        assert!(!Arc::ptr_eq(&one, &writes.of("other", make)));
        one.note(start);
        drop(one);
        // Nobody is left to whom it matters.
        assert_eq!(writes.of("app", make).at(), None);
        assert_eq!(writes.0.lock().unwrap().len(), 1);
    }
}
