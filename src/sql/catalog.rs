//! What a database says of its own names, as the classifier takes it: made by whoever asks the
//! database, immutable, replaced as a whole.

use std::collections::HashMap;
use std::collections::HashSet;

/// The functions that users have made, and relations that only the primary may answer about.
///
/// The empty one knows nothing: every call of a function that is not PostgreSQL's own is a write.
/// A built-in name is trusted unless a function of that name, in any schema, is volatile here.
#[derive(Debug, Default)]
pub struct Catalog {
    functions: HashMap<Box<[u8]>, bool, foldhash::fast::FixedState>,
    primary_relations: HashSet<Box<[u8]>, foldhash::fast::FixedState>,
    is_read_committed: bool,
}

impl Catalog {
    /// Takes (name, is volatile) of every function outside `pg_catalog` and
    /// `information_schema`, names as in `pg_proc`, in any order. A name that comes more than once
    /// (other schema, other arguments) is volatile if one of them is.
    pub fn new<N: Into<Box<[u8]>>>(functions: impl IntoIterator<Item = (N, bool)>) -> Self {
        let mut catalog = Self::default();
        for (name, volatile) in functions {
            *catalog.functions.entry(name.into()).or_default() |= volatile;
        }
        catalog
    }

    /// Adds what a replica must not be asked about: sequences, unlogged tables, views, domains and
    /// operators that do more than read. Names as in `pg_class`, `pg_type` and `pg_operator`,
    /// without schema.
    #[must_use]
    pub fn with_primary_relations<N: Into<Box<[u8]>>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.primary_relations
            .extend(names.into_iter().map(Into::into));
        self
    }

    /// Says that transactions are READ COMMITTED here, whoever begins them, unless they say
    /// otherwise.
    #[must_use]
    pub fn with_read_committed(mut self, is_so: bool) -> Self {
        self.is_read_committed = is_so;
        self
    }

    /// Whether transactions are READ COMMITTED unless they say otherwise; `false` if unknown.
    pub fn is_read_committed(&self) -> bool {
        self.is_read_committed
    }

    /// Whether the function is volatile; `None` if it is not known.
    pub fn is_volatile(&self, name: &[u8]) -> Option<bool> {
        self.functions.get(name).copied()
    }

    /// Whether a relation (type, operator) of this name is one that only the primary may answer about.
    pub fn is_primary_relation(&self, name: &[u8]) -> bool {
        !self.primary_relations.is_empty() && self.primary_relations.contains(name)
    }
}
