//! Databases that clients name and `*` stands for: when they are forgotten.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::pool::set::Selection;
use crate::registry::Registry;
use crate::registry::desk::clock;

/// Since when databases are seen without clients and servers.
#[derive(Debug, Default)]
pub struct Unused(HashMap<Arc<str>, Instant>);

impl Registry {
    /// Forgets the databases for which `*` stands and that nobody has used for
    /// `autodb_idle_timeout`, and what is left of those that there never were. To be called each second or so, with what the last call has left.
    pub fn forget_unused(&self, unused: &mut Unused) {
        self.crowds.forget_unheld();
        self.pools.forget_unheld();
        let state = self.state();
        let Some(limit) = state.config.limits.autodb_idle.limit() else {
            return;
        };
        let now = clock();
        let mut seen = std::mem::take(&mut unused.0);
        for database in self.databases() {
            let is_named = state.config.databases.contains_key(&*database.name);
            if is_named || self.is_used(&database.name) {
                continue;
            }
            let since = seen.remove(&database.name).unwrap_or(now);
            if now.saturating_duration_since(since) < limit {
                unused.0.insert(Arc::clone(&database.name), since);
                continue;
            }
            tracing::info!(
                database = &*database.name,
                "a database that nobody uses is forgotten"
            );
            self.forget(&database);
        }
    }

    /// Whether a database has clients or servers.
    fn is_used(&self, name: &Arc<str>) -> bool {
        let selection = Selection::Database(Arc::clone(name));
        let mut pools = self.pools.pools().into_iter();
        let is_open = pools.any(|p| selection.has(p.key()) && !p.is_empty());
        is_open || self.crowds.in_database(name) != 0
    }
}
