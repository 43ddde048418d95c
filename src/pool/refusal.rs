//! Why one who asked for a server gets none, and what the client is told.

use std::sync::Arc;

use crate::error::Blame;
use crate::error::Error;
use crate::error::Retry;
use crate::sqlstate::SqlState;

/// Why one who asked will not get a server.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The pool ends.
    Draining,
    /// Logins have been failing; the last error.
    Failing(Arc<Error>),
    /// A login failed while this one waited; its error.
    Failed(Arc<Error>),
    /// It has waited for as long as it may.
    Timeout,
}

impl Refusal {
    /// The error in PgBouncer's words and codes: it ends the client.
    ///
    /// PgBouncer sends `query_wait_timeout` as FATAL with its general code 08P01
    /// (`pool_client_maint` in src/janitor.c).
    pub fn to_error(&self) -> Error {
        match self {
            Self::Draining => Error::new(
                Blame::Proxy,
                SqlState::ADMIN_SHUTDOWN,
                "pooler is shutting down",
            ),
            Self::Failing(error) => told_again(
                error,
                format!(
                    "server login has been failing, cached error: {error} (server_login_retry)"
                ),
            ),
            Self::Failed(error) => told_again(error, error.to_string()),
            Self::Timeout => Error::new(Blame::Proxy, SqlState::PROTOCOL, "query_wait_timeout"),
        }
    }
}

/// One error for one more who hears of it.
fn told_again(error: &Arc<Error>, message: String) -> Error {
    let told = Error::new(error.blame(), error.sqlstate(), message).because(Arc::clone(error));
    match error.retry() {
        Retry::No => told,
        Retry::Elsewhere => told.or_elsewhere(),
    }
}
