//! Statements that replicas have refused, by their text without literals: they count as writes for
//! a while.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::sql::key;
use crate::sql::statement::Statement;
use crate::sqlstate::SqlState;

/// Most statements that are remembered for a database; the one that expires first goes.
pub const LEARNED_COUNT_MAX: usize = 1_000;

/// The longest text that is remembered.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// What was learned in one database.
#[derive(Debug, Default)]
pub struct Learned {
    /// Grows with each new statement; 0: there was none.
    version: AtomicU64,
    known: Mutex<HashMap<Box<[u8]>, Lesson>>,
}

/// What is known of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// The address of the node that refused it last.
    pub node: Arc<str>,
    /// How.
    pub sqlstate: SqlState,
    /// How often.
    pub times: u64,
    /// When first and last.
    pub since: Instant,
    /// When last.
    pub last: Instant,
    /// Until when it counts as a write.
    pub until: Instant,
}

impl Learned {
    /// `node` has refused `text`, and the primary did not: it counts as a write for `ttl`.
    pub fn learn(
        &self,
        (text, statement): (&[u8], &Statement),
        (node, sqlstate): (&Arc<str>, SqlState),
        ttl: Duration,
        now: Instant,
    ) {
        if ttl.is_zero() {
            return;
        }
        let until = now + ttl;
        statement.learned.mark(until);
        let Some(shape) = shape(text) else { return };
        let mut known = self.known();
        known.retain(|_, lesson| now < lesson.until);
        if LEARNED_COUNT_MAX <= known.len() && !known.contains_key(&shape) {
            let first = known.iter().min_by_key(|(_, lesson)| lesson.until);
            if let Some(shape) = first.map(|(shape, _)| shape.clone()) {
                known.remove(&shape);
            }
        }
        let lesson = known.entry(shape).or_insert(Lesson {
            node: Arc::clone(node),
            sqlstate,
            times: 0,
            since: now,
            last: now,
            until,
        });
        *lesson = Lesson {
            node: Arc::clone(node),
            sqlstate,
            times: lesson.times + 1,
            since: lesson.since,
            last: now,
            until,
        };
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Marks a read that was just looked at, if its like was learned about.
    pub fn recall(&self, text: &[u8], statement: &Statement) {
        let version = self.version.load(Ordering::Acquire);
        if !statement.learned.is_news(version) {
            return;
        }
        let until = |shape: &_| self.known().get(shape).map(|lesson| lesson.until);
        if let Some(until) = shape(text).as_ref().and_then(until) {
            statement.learned.mark(until);
        }
    }

    /// All that holds now: the text without its literals, and what is known; the newest first.
    pub fn list(&self, now: Instant) -> Vec<(String, Lesson)> {
        let known = self.known();
        let held = known.iter().filter(|(_, lesson)| now < lesson.until);
        let mut list: Vec<_> = held
            .map(|(shape, lesson)| (String::from_utf8_lossy(shape).into_owned(), lesson.clone()))
            .collect();
        list.sort_by_key(|(_, lesson)| Reverse(lesson.last));
        list
    }

    /// How many there are.
    pub fn count(&self, now: Instant) -> usize {
        let known = self.known();
        known.values().filter(|lesson| now < lesson.until).count()
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Box<[u8]>, Lesson>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text without its literals; `None` if it is too long.
fn shape(text: &[u8]) -> Option<Box<[u8]>> {
    let mut shape = Vec::new();
    key::key(text, TEXT_BYTES_MAX, &mut shape).then(|| shape.into())
}

#[cfg(test)]
mod tests;
