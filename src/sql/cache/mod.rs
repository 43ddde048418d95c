//! What was found out about texts before, bounded in entries and bytes.
//!
//! Two levels: by the exact text, and by the key without literals ([`crate::sql::key`]). One text
//! is hashed once, and a hit allocates nothing. A text goes to the exact level when it is seen a
//! second time within a while, so that texts seen once leave no trace there. Whole texts and keys
//! are compared, not only hashes. Before both, a few texts stand for all that differ from them in
//! numbers only (`alike`).
//!
//! One `Cache` is for one database: a change of its [`Catalog`] empties it.

mod alike;

use std::hash::BuildHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::sync::Arc;

use quick_cache::Equivalent;
use quick_cache::OptionsBuilder;
use quick_cache::Weighter;
use quick_cache::unsync;

use crate::sql::cache::alike::Alike;
use crate::sql::catalog::Catalog;
use crate::sql::classify;
use crate::sql::classify::Syntax;
use crate::sql::key;
use crate::sql::statement::Marks;
use crate::sql::statement::Statement;

/// Classes of texts, each level bounded.
pub struct Cache {
    exact: Level,
    shapes: Level,
    alike: Alike,
    catalog: Arc<Catalog>,
    hasher: foldhash::fast::FixedState,
    /// The hashes of texts seen lately, by their lowest bits.
    seen: Box<[u64]>,
    /// The key being looked up.
    scratch: Vec<u8>,
    text_bytes_max: usize,
}

/// How much each of the two levels may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Entries, at least 1.
    pub entries_max: u32,
    /// Bytes of all texts together. A text (or key) over a sixteenth of it is not kept.
    pub text_bytes_max: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            entries_max: 4_096,
            text_bytes_max: 4 * 1024 * 1024,
        }
    }
}

impl Cache {
    /// Makes an empty cache. `seed` is a random number, so that no client can choose texts whose
    /// hashes collide.
    pub fn new(bounds: Bounds, seed: u64) -> Self {
        let one = bounds.text_bytes_max / 16;
        Self {
            exact: level(bounds),
            shapes: level(bounds),
            alike: Alike::new(),
            catalog: Arc::default(),
            hasher: foldhash::fast::FixedState::with_seed(seed),
            seen: vec![0; SEEN_SLOTS].into(),
            scratch: Vec::new(),
            text_bytes_max: usize::try_from(one).unwrap_or(usize::MAX),
        }
    }

    /// Says what a text is, as [`classify::classify`] does.
    pub fn classify(
        &mut self,
        text: &[u8],
        syntax: Syntax,
        catalog: &Arc<Catalog>,
    ) -> Arc<Statement> {
        if syntax != Syntax::default() && !syntax.is_plain_for(text) {
            return Arc::new(classify::classify(text, syntax, catalog));
        }
        if !Arc::ptr_eq(catalog, &self.catalog) {
            self.clear();
            self.catalog = Arc::clone(catalog);
        }
        if let Some(found) = self.alike.find(text) {
            return Arc::clone(found);
        }
        let hash = self.hasher.hash_one(text);
        if let Some(found) = self.exact.get(&Probe { hash, bytes: text }) {
            return Arc::clone(found);
        }
        self.look_further(text, hash)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.exact.clear();
        self.shapes.clear();
        self.alike.clear();
        self.seen.fill(0);
    }

    /// How many texts and how many keys are held.
    pub fn lengths(&self) -> (usize, usize) {
        (self.exact.len(), self.shapes.len())
    }

    /// By the key; then by reading the text.
    fn look_further(&mut self, text: &[u8], hash: u64) -> Arc<Statement> {
        let has_key = key::key(
            text,
            self.text_bytes_max.min(KEY_BYTES_MAX),
            &mut self.scratch,
        );
        // Without a literal in it the exact level does as well.
        let has_key = has_key && memchr::memchr(key::LITERAL, &self.scratch).is_some();
        if !has_key {
            let statement = Arc::new(self.read(text));
            self.keep_text(text, hash, &statement);
            return statement;
        }
        let key_hash = self.hasher.hash_one(&*self.scratch);
        let probe = Probe {
            hash: key_hash,
            bytes: &self.scratch,
        };
        if let Some(found) = self.shapes.get(&probe) {
            let found = Arc::clone(found);
            self.alike.keep(text, &found);
            self.keep_text(text, hash, &found);
            return found;
        }
        let statement = Arc::new(self.read(text));
        if is_alike(&statement) {
            self.shapes.insert(
                Entry {
                    hash: key_hash,
                    bytes: self.scratch.as_slice().into(),
                },
                Arc::clone(&statement),
            );
        } else {
            self.keep_text(text, hash, &statement);
        }
        statement
    }

    fn read(&self, text: &[u8]) -> Statement {
        classify::classify(text, Syntax::default(), &self.catalog)
    }

    /// Puts a text into the exact level if it was seen lately.
    fn keep_text(&mut self, text: &[u8], hash: u64, statement: &Arc<Statement>) {
        if statement.marks.has(Marks::DOUBTFUL) || self.text_bytes_max < text.len() {
            return;
        }
        let slot = usize::try_from(hash % SEEN_SLOTS as u64).unwrap_or_default();
        let Some(seen) = self.seen.get_mut(slot) else {
            return;
        };
        if *seen == hash {
            self.exact.insert(
                Entry {
                    hash,
                    bytes: text.into(),
                },
                Arc::clone(statement),
            );
        } else {
            *seen = hash;
        }
    }
}

/// Whether texts that differ only in literals are the same statement.
fn is_alike(statement: &Statement) -> bool {
    !statement.marks.has(Marks::LITERAL)
        && !statement.marks.has(Marks::DOUBTFUL)
        && statement.effects.is_empty()
}

/// Places for hashes of texts seen lately.
const SEEN_SLOTS: usize = 4_096;

/// The longest key that is looked for.
const KEY_BYTES_MAX: usize = 16 * 1024;

type Level = unsync::Cache<Entry, Arc<Statement>, Bytes, Hashed>;

fn level(bounds: Bounds) -> Level {
    let entries_max = bounds.entries_max.max(1);
    let weight_min = (bounds.text_bytes_max / u64::from(entries_max)).max(1);
    let options = OptionsBuilder::new()
        .estimated_items_capacity(usize::try_from(entries_max).unwrap_or(usize::MAX))
        .weight_capacity(bounds.text_bytes_max)
        .build();
    match options {
        Ok(options) => unsync::Cache::with_options(
            options,
            Bytes { weight_min },
            Hashed,
            unsync::DefaultLifecycle::default(),
        ),
        // Only a part of the options left out is an error.
        Err(_) => unsync::Cache::with(
            1,
            bounds.text_bytes_max,
            Bytes { weight_min },
            Hashed,
            unsync::DefaultLifecycle::default(),
        ),
    }
}

/// A text or key that is held, with its hash.
struct Entry {
    hash: u64,
    bytes: Box<[u8]>,
}

/// A text or key that is looked up.
struct Probe<'a> {
    hash: u64,
    bytes: &'a [u8],
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Entry {}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Hash for Probe<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Equivalent<Entry> for Probe<'_> {
    fn equivalent(&self, entry: &Entry) -> bool {
        self.hash == entry.hash && *self.bytes == *entry.bytes
    }
}

/// Weighs an entry so that neither the bytes nor the entries exceed their bounds.
#[derive(Clone)]
struct Bytes {
    weight_min: u64,
}

impl Weighter<Entry, Arc<Statement>> for Bytes {
    fn weight(&self, entry: &Entry, _: &Arc<Statement>) -> u64 {
        self.weight_min
            .max(u64::try_from(entry.bytes.len()).unwrap_or(u64::MAX))
    }
}

/// The hash is in the entry already.
#[derive(Clone)]
struct Hashed;

impl BuildHasher for Hashed {
    type Hasher = Ready;

    fn build_hasher(&self) -> Ready {
        Ready(0)
    }
}

/// Gives back the one number it was fed.
struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        debug_assert!(false, "only whole hashes are fed: {bytes:?}");
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests;
