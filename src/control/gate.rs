//! Which databases take new clients (DISABLE and ENABLE). That a database is paused is known to
//! its pools, where clients wait, and needs no word to client tasks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

/// The databases that take no new clients.
#[derive(Debug, Default)]
pub struct Gates {
    closed: Mutex<BTreeSet<Arc<str>>>,
}

impl Gates {
    /// Refuses new clients of a database.
    pub fn close(&self, database: &Arc<str>) {
        self.closed().insert(Arc::clone(database));
    }

    /// Takes clients of a database again.
    pub fn open(&self, database: &str) {
        self.closed().remove(database);
    }

    /// Whether a database takes new clients. Asked once per login.
    pub fn is_open(&self, database: &str) -> bool {
        !self.closed().contains(database)
    }

    fn closed(&self) -> MutexGuard<'_, BTreeSet<Arc<str>>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
