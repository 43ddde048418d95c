//! The ways in which the process ends.

use tokio::time::Instant;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Idle clients leave, running transactions may end until then.
    Drain(Instant),
    /// With the last client.
    Clients,
    /// When all servers are released; no more are given out.
    Servers,
    /// Clients are told to leave, and may take until then.
    Leave(Instant),
    /// With the last client, or by a drain after that time: another process takes new clients.
    Linger(Option<Instant>),
}

/// What is to be done after a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// What was done before.
    GoOn,
    /// To end in this way.
    End(End),
    /// To leave new clients to another process, and end with those that are here.
    HandOver,
    /// To stop here.
    Stop,
}

/// Whether there was time for a farewell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// All that was waited for has come.
    InTime,
    /// It was told to end at once.
    AtOnce,
}
