//! Named prepared statements that follow their client from server to server.
//!
//! Each text (with its parameter types) has one name of ours in the whole process, so a server
//! prepares it once for all clients. A client's names point to texts; a server has a bounded set
//! of texts, the least recently used of which goes first.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::Weak;

use arc_swap::ArcSwap;
use foldhash::fast::RandomState;

use crate::session::ask::Classify;
use crate::session::ask::Edition;
use crate::sql::classify::Syntax;
use crate::sql::statement::Statement;

/// What our own names of statements start with.
pub const NAME_PREFIX: &str = "pgsluice_";

/// Most names that one client may have prepared at a time.
pub const CLIENT_NAMES_COUNT_MAX: usize = 10_000;

/// A text that some client has prepared.
#[derive(Debug)]
pub struct Prepared {
    /// Its number, never used again in this process.
    pub id: u64,
    /// Its name on every server.
    pub name: Box<[u8]>,
    /// The SQL.
    pub text: Box<[u8]>,
    /// The parameter types, as in Parse.
    pub types: Box<[u8]>,
    looked: ArcSwap<Looked>,
}

/// What a text is, and how that was found.
#[derive(Clone, Debug)]
pub struct Looked {
    /// What it is.
    pub statement: Arc<Statement>,
    /// What it was looked at by.
    pub by: Edition,
    /// How it was read; `None` if the client's own text was another.
    pub syntax: Option<Syntax>,
}

impl Prepared {
    /// What it was when it was looked at last.
    pub fn statement(&self) -> Arc<Statement> {
        Arc::clone(&self.looked.load().statement)
    }

    /// What it is by what is known now: it may have been prepared before the catalog was read, or
    /// in another database.
    pub fn look(&self, classify: &dyn Classify) -> Arc<Statement> {
        let looked = self.looked.load();
        let by = classify.edition();
        let (false, Some(syntax)) = (looked.by == by, looked.syntax) else {
            return Arc::clone(&looked.statement);
        };
        let statement = classify.classify(&self.text, syntax);
        self.looked.store(Arc::new(Looked {
            statement: Arc::clone(&statement),
            by,
            syntax: Some(syntax),
        }));
        statement
    }
}

/// The texts that clients have prepared, so that equal ones share a name.
#[derive(Debug, Default)]
pub struct Texts {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    next_id: u64,
    /// Texts and types, one after the other behind the text's length, to what they are.
    known: HashMap<Box<[u8]>, Weak<Prepared>, RandomState>,
    /// Size at which dead entries are swept out next.
    sweep_at: usize,
}

impl Texts {
    /// The one [`Prepared`] of this text and these types.
    pub fn intern(&self, text: &[u8], types: &[u8], looked: &Looked) -> Arc<Prepared> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.sweep();
        let id = inner.next_id;
        let prepared = || {
            Arc::new(Prepared {
                id,
                name: format!("{NAME_PREFIX}{id}").into_bytes().into(),
                text: text.into(),
                types: types.into(),
                looked: ArcSwap::from_pointee(looked.clone()),
            })
        };
        let made = match inner.known.entry(key(text, types)) {
            Entry::Occupied(mut entry) => match entry.get().upgrade() {
                Some(known) => return known,
                None => {
                    let made = prepared();
                    entry.insert(Arc::downgrade(&made));
                    made
                }
            },
            Entry::Vacant(entry) => {
                let made = prepared();
                entry.insert(Arc::downgrade(&made));
                made
            }
        };
        inner.next_id += 1;
        made
    }

    /// The number of the [`Prepared`] of this text and these types, if there is one.
    pub fn find(&self, text: &[u8], types: &[u8]) -> Option<u64> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let known = inner.known.get(&key(text, types))?;
        known.upgrade().map(|prepared| prepared.id)
    }
}

impl Inner {
    /// Drops entries that nobody uses; amortised, because it waits for the map to double.
    fn sweep(&mut self) {
        const SWEEP_COUNT_MIN: usize = 1024;
        if self.sweep_at.max(SWEEP_COUNT_MIN) <= self.known.len() {
            self.known
                .retain(|_, prepared| prepared.strong_count() != 0);
            self.sweep_at = self.known.len() * 2;
        }
    }
}

fn key(text: &[u8], types: &[u8]) -> Box<[u8]> {
    [&text.len().to_be_bytes()[..], text, types].concat().into()
}

/// The names of one client. Small: most clients have none.
#[derive(Debug, Default)]
pub struct Names {
    names: HashMap<Box<[u8]>, Arc<Prepared>, RandomState>,
    /// What was changed by a batch that may be sent again.
    trial: Option<Box<Trial>>,
}

/// What names stood for, before a batch that may be sent again changed that, oldest first.
#[derive(Debug, Default)]
struct Trial {
    before: Vec<Before>,
}

/// A name and what it stood for.
type Before = (Box<[u8]>, Option<Arc<Prepared>>);

impl Names {
    /// What the client calls `name`.
    pub fn find(&self, name: &[u8]) -> Option<&Arc<Prepared>> {
        self.names.get(name)
    }

    /// Whether one more name would be too many.
    pub fn is_full(&self) -> bool {
        CLIENT_NAMES_COUNT_MAX <= self.names.len()
    }

    /// Gives a name.
    pub fn insert(&mut self, name: &[u8], prepared: Arc<Prepared>) {
        self.names.insert(name.into(), prepared);
    }

    /// Takes a name back; an unknown one is no fault.
    pub fn remove(&mut self, name: &[u8]) {
        self.names.remove(name);
    }

    /// The name is about to change, by a batch that may be sent again.
    pub fn try_change(&mut self, name: &[u8]) {
        let before = self.names.get(name).cloned();
        let trial = self.trial.get_or_insert_default();
        trial.before.push((name.into(), before));
    }

    /// The batch at hand is not sent again.
    pub fn settle(&mut self) {
        self.trial = None;
    }

    /// The batch at hand is sent again: names are as they were before it.
    pub fn take_back(&mut self) {
        let Some(trial) = self.trial.take() else {
            return;
        };
        for (name, before) in trial.before.into_iter().rev() {
            match before {
                Some(prepared) => drop(self.names.insert(name, prepared)),
                None => drop(self.names.remove(&name)),
            }
        }
    }

    /// Takes all names back.
    pub fn clear(&mut self) {
        self.names.clear();
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.names.len()
    }
}

/// The texts that one server has prepared, by last use.
#[derive(Debug)]
pub struct OnServer {
    used: HashMap<u64, (u64, Arc<Prepared>), RandomState>,
    /// Those whose plan is out of date.
    spoilt: Vec<Arc<Prepared>>,
    tick: u64,
    count_max: usize,
}

impl OnServer {
    /// Nothing prepared yet, and never more than `count_max` (at least 1).
    pub fn new(count_max: usize) -> Self {
        Self {
            used: HashMap::default(),
            spoilt: Vec::new(),
            tick: 0,
            count_max: count_max.max(1),
        }
    }

    /// Whether the server has it; if so it counts as used now.
    pub fn touch(&mut self, id: u64) -> bool {
        self.tick += 1;
        let tick = self.tick;
        self.used.get_mut(&id).map(|entry| entry.0 = tick).is_some()
    }

    /// Notes that the server has it; the least recently used one that must go for it, if any.
    pub fn insert(&mut self, prepared: &Arc<Prepared>) -> Option<Arc<Prepared>> {
        let evicted = if self.used.len() < self.count_max {
            None
        } else {
            self.take_oldest()
        };
        self.tick += 1;
        self.used
            .insert(prepared.id, (self.tick, Arc::clone(prepared)));
        evicted
    }

    fn take_oldest(&mut self) -> Option<Arc<Prepared>> {
        let oldest = self
            .used
            .iter()
            .min_by_key(|(_, (tick, _))| *tick)
            .map(|(id, _)| *id)?;
        self.used.remove(&oldest).map(|(_, prepared)| prepared)
    }

    /// Notes that the server has it still: it was not told to close it.
    pub fn restore(&mut self, prepared: &Arc<Prepared>) {
        self.used
            .insert(prepared.id, (self.tick, Arc::clone(prepared)));
    }

    /// Notes that the server's plan of it is out of date: it has to go before its next use.
    pub fn spoil(&mut self, id: u64) {
        if let Some((_, prepared)) = self.used.get(&id)
            && !self.spoilt.iter().any(|p| p.id == id)
        {
            self.spoilt.push(Arc::clone(prepared));
        }
    }

    /// Whether some have to go.
    pub fn has_spoilt(&self) -> bool {
        !self.spoilt.is_empty()
    }

    /// Takes those that have to go, and that the server still has.
    pub fn take_spoilt(&mut self) -> impl Iterator<Item = Arc<Prepared>> {
        let spoilt = std::mem::take(&mut self.spoilt);
        let removed = spoilt.into_iter();
        removed.filter_map(|p| self.used.remove(&p.id).map(|(_, p)| p))
    }

    /// Notes that the server no longer has it.
    pub fn remove(&mut self, id: u64) {
        self.used.remove(&id);
    }

    /// Notes that the server has none.
    pub fn clear(&mut self) {
        self.used.clear();
    }

    /// How many the server has.
    pub fn count(&self) -> usize {
        self.used.len()
    }
}

#[cfg(test)]
mod tests;
