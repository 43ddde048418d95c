//! What a session asks of those who drive it.

use std::sync::Arc;
use std::time::Instant;

use crate::sql::classify::Syntax;
use crate::sql::statement::Statement;

/// Says what a text is. The caller's cache and catalog stand behind it.
pub trait Classify {
    /// Looks at `text`, which is to be read by `syntax`.
    fn classify(&self, text: &[u8], syntax: Syntax) -> Arc<Statement>;

    /// Whether transactions are READ COMMITTED that do not say what they are.
    fn is_read_committed(&self) -> bool;
}

/// Says whether one more read may be run again. The caller's budget stands behind it.
pub trait MayRetry {
    /// Takes a token, if there is one.
    fn take(&self, now: Instant) -> bool;
}
