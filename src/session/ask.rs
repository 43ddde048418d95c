//! What a session asks of those who drive it.

use std::sync::Arc;
use std::time::Instant;

use crate::sql::classify::Syntax;
use crate::sql::statement::Statement;

/// What texts are looked at by: the same text looked at by the same is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edition {
    /// A number that no other database has.
    pub database: u64,
    /// The version of its catalog.
    pub version: u64,
}

/// Says what a text is. The caller's cache and catalog stand behind it.
pub trait Classify {
    /// Looks at `text`, which is to be read by `syntax`.
    fn classify(&self, text: &[u8], syntax: Syntax) -> Arc<Statement>;

    /// What it looks at texts by now.
    fn edition(&self) -> Edition;

    /// Whether transactions are READ COMMITTED that do not say what they are.
    fn is_read_committed(&self) -> bool;
}

/// Says whether one more read may be run again. The caller's budget stands behind it.
pub trait MayRetry {
    /// Takes a token, if there is one.
    fn take(&self, now: Instant) -> bool;
}
