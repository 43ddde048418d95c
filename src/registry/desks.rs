//! The desks of a database, by user.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::registry::desk::Desk;

/// Desks by user. A desk keeps its database, so these must be let go for the database to end.
#[derive(Debug)]
pub(super) struct Desks(Mutex<Option<HashMap<Arc<str>, Arc<Desk>>>>);

impl Default for Desks {
    fn default() -> Self {
        Self(Mutex::new(Some(HashMap::new())))
    }
}

impl Desks {
    /// The desk of a user, made when it is first asked for.
    pub(super) fn desk(&self, user: &Arc<str>, make: impl FnOnce() -> Desk) -> Arc<Desk> {
        match &mut *self.lock() {
            Some(desks) => {
                let made = || Arc::new(make());
                Arc::clone(desks.entry(Arc::clone(user)).or_insert_with(made))
            }
            // Whoever still came for it is the last.
            None => Arc::new(make()),
        }
    }

    /// All there are.
    pub(super) fn all(&self) -> Vec<Arc<Desk>> {
        let desks = self.lock();
        desks
            .iter()
            .flat_map(HashMap::values)
            .map(Arc::clone)
            .collect()
    }

    /// Has them made anew.
    pub(super) fn forget(&self) {
        if let Some(desks) = &mut *self.lock() {
            desks.clear();
        }
    }

    /// Lets them go, and keeps none from now on.
    pub(super) fn retire(&self) {
        let desks = self.lock().take();
        // Not under the lock: what they hold may be the last of much.
        drop(desks);
    }

    fn lock(&self) -> MutexGuard<'_, Option<HashMap<Arc<str>, Arc<Desk>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
