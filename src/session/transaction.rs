//! Changes to settings that wait for their transaction's end: PostgreSQL takes them back on a
//! rollback, to a savepoint too.

use std::sync::Arc;

use crate::session::settings::Change;
use crate::session::settings::Settings;

/// Most steps remembered in one transaction; over it the settings count as unsure.
const STEPS_COUNT_MAX: usize = 1024;

#[derive(Debug)]
enum Step {
    Change(Change),
    Savepoint(Box<str>),
}

/// The steps of the running transaction, oldest first.
#[derive(Debug, Default)]
pub struct Pending {
    steps: Vec<Step>,
    changes: usize,
}

impl Pending {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether a change waits.
    pub fn has_changes(&self) -> bool {
        self.changes != 0
    }

    /// Whether no more steps can be remembered.
    pub fn is_full(&self) -> bool {
        STEPS_COUNT_MAX <= self.steps.len()
    }

    /// A setting was changed.
    pub fn change(&mut self, change: Change) {
        self.changes += 1;
        self.steps.push(Step::Change(change));
    }

    /// A savepoint was set.
    pub fn savepoint(&mut self, name: &str) {
        self.steps.push(Step::Savepoint(name.into()));
    }

    /// All since the newest savepoint of this name was taken back; the savepoint stays.
    pub fn rollback_to(&mut self, name: &str) {
        let found = self
            .steps
            .iter()
            .rposition(|s| matches!(s, Step::Savepoint(n) if **n == *name));
        // One that is not remembered was set before the first change.
        self.steps.truncate(found.map_or(0, |place| place + 1));
        let changes = self.steps.iter().filter(|s| matches!(s, Step::Change(_)));
        self.changes = changes.count();
    }

    /// The newest savepoint of this name went, and those after it; what was changed stays.
    pub fn release(&mut self, name: &str) {
        let found = self
            .steps
            .iter()
            .rposition(|s| matches!(s, Step::Savepoint(n) if **n == *name));
        let mut place = 0;
        self.steps.retain(|step| {
            place += 1;
            matches!(step, Step::Change(_)) || place <= found.unwrap_or(0)
        });
    }

    /// The settings as they are within the transaction; what waits goes on waiting.
    pub fn applied(&self, settings: &Arc<Settings>, base: &Arc<Settings>) -> Arc<Settings> {
        let mut settings = Arc::clone(settings);
        for step in &self.steps {
            if let Step::Change(change) = step {
                settings = settings.after(change, base);
            }
        }
        settings
    }

    /// Forgets all: the transaction has ended.
    pub fn clear(&mut self) {
        self.steps.clear();
        self.changes = 0;
    }
}
