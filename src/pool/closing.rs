//! Why pools close servers.

/// Why a server is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Closing {
    /// Idle for too long.
    IdleTimeout,
    /// Too old.
    Lifetime,
    /// Opened before a RECONNECT or a change of configuration.
    Outdated,
    /// The pool is paused.
    Paused,
    /// The pool ends.
    Draining,
    /// The pool was made smaller.
    TooMany,
    /// Another pool needs its place.
    Evicted,
    /// It ended or spoke while idle.
    Dead,
    /// The check before reuse failed.
    CheckFailed,
    /// Whoever used it did not give it back: its state is not known.
    Dropped,
    /// It could not be reset after a session.
    ResetFailed,
    /// A cancel request was sent to it, and nobody knows when it arrives.
    Canceled,
    /// The client that replicated by it is gone.
    Replication,
}

impl Closing {
    /// All of them, in the order of [`index`](Self::index).
    pub const ALL: [Self; 13] = [
        Self::IdleTimeout,
        Self::Lifetime,
        Self::Outdated,
        Self::Paused,
        Self::Draining,
        Self::TooMany,
        Self::Evicted,
        Self::Dead,
        Self::CheckFailed,
        Self::Dropped,
        Self::ResetFailed,
        Self::Canceled,
        Self::Replication,
    ];

    /// Its place in [`ALL`](Self::ALL).
    pub fn index(self) -> usize {
        self as usize
    }

    /// The metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IdleTimeout => "idle_timeout",
            Self::Lifetime => "lifetime",
            Self::Outdated => "outdated",
            Self::Paused => "paused",
            Self::Draining => "draining",
            Self::TooMany => "too_many",
            Self::Evicted => "evicted",
            Self::Dead => "dead",
            Self::CheckFailed => "check_failed",
            Self::Dropped => "dropped",
            Self::ResetFailed => "reset_failed",
            Self::Canceled => "canceled",
            Self::Replication => "replication",
        }
    }

    /// The reason in PgBouncer's words, for the log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::IdleTimeout => "server idle timeout",
            Self::Lifetime => "server lifetime over",
            Self::Outdated => "database configuration changed",
            Self::Paused => "pause mode",
            Self::Draining => "pooler is shutting down",
            Self::TooMany => "too many servers in the pool",
            Self::Evicted => "evicted",
            Self::Dead => "server conn crashed?",
            Self::CheckFailed => "test query failed",
            Self::Dropped => "client disconnect while server was not ready",
            Self::ResetFailed => "reset query failed",
            Self::Canceled => "cancel_wait_timeout",
            Self::Replication => "replication client was closed",
        }
    }
}
