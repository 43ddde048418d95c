//! The one error that crosses layers: what happened, whose fault it is, and what a client may see.
//!
//! Each layer has its own small `enum`; it becomes an [`Error`] where it leaves that layer.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::sqlstate::SqlState;

/// Whose fault an error is. Also the label of the error metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The application's side: wrong password, broken protocol, gone away.
    Client,
    /// A PostgreSQL node: refused, closed, answered nonsense.
    Server,
    /// pgsluice itself: limits, configuration, shutdown.
    Proxy,
}

impl Blame {
    /// The metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Proxy => "proxy",
        }
    }
}

/// Whether what failed may be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// It must not: it may have had effects, or would fail again.
    No,
    /// It may, on another node or a new connection: nothing has happened.
    Elsewhere,
}

/// An error with blame, retry, SQLSTATE and source.
///
/// `Display` is this level's message only and never holds a secret; it is what a client is told.
#[derive(Debug)]
pub struct Error {
    blame: Blame,
    retry: Retry,
    sqlstate: SqlState,
    message: Cow<'static, str>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Makes an error that must not be retried.
    pub fn new(blame: Blame, sqlstate: SqlState, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            blame,
            retry: Retry::No,
            sqlstate,
            message: message.into(),
            source: None,
        }
    }

    /// Says that the work may be tried elsewhere.
    #[must_use]
    pub fn or_elsewhere(mut self) -> Self {
        self.retry = Retry::Elsewhere;
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        self.blame
    }

    /// Whether the work may be tried again.
    pub fn retry(&self) -> Retry {
        self.retry
    }

    /// The SQLSTATE that a client is told.
    pub fn sqlstate(&self) -> SqlState {
        self.sqlstate
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_ref()
            .map(|s| &**s as &(dyn StdError + 'static))
    }
}
