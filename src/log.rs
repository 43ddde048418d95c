//! The kinds of log lines that options switch on and off, as targets of events.
//!
//! Which of them are written is decided where logs are ([`app`](crate::app)), so that whoever has
//! something to say need not ask. Lines about one connection have the fields `client` or `server`
//! (its number), `database`, `user` and `peer`.

/// A client has said who it wants to be (`log_connections`).
pub const ATTEMPT: &str = "pgsluice::attempt";

/// A client has logged in (`log_connections`).
pub const LOGIN: &str = "pgsluice::login";

/// A client's connection ends (`log_disconnections`).
pub const LEFT: &str = "pgsluice::left";

/// A server was opened (`log_connections`).
pub const OPENED: &str = "pgsluice::opened";

/// A server is closed (`log_disconnections`).
pub const CLOSED: &str = "pgsluice::closed";

/// A client is told an error of ours (`log_pooler_errors`).
pub const POOLER_ERROR: &str = "pgsluice::pooler_error";

/// What was done for clients in the last period (`log_stats`).
pub const STATS: &str = "pgsluice::stats";
