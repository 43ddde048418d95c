//! Why a client's task was told to end, and what its client hears.

use crate::error::Blame;
use crate::error::Error;
use crate::sqlstate::SqlState;

/// Why a client's task was told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// The process ends.
    Shutdown,
    /// SHUTDOWN WAIT_FOR_SERVERS, and it waited for a server.
    ServersLeave,
    /// KILL of its database.
    Killed,
    /// KILL_CLIENT.
    KilledAlone,
    /// It did not stand still within `suspend_timeout`.
    Restless,
}

impl Parting {
    /// What the client hears, in PgBouncer's words where it has any.
    pub fn to_error(self) -> Error {
        let (sqlstate, message) = match self {
            Self::Shutdown => (
                SqlState::ADMIN_SHUTDOWN,
                "terminating connection due to administrator command",
            ),
            Self::ServersLeave => (SqlState::PROTOCOL, "server shutting down"),
            Self::Killed => (SqlState::PROTOCOL, "database removed"),
            Self::KilledAlone => (SqlState::PROTOCOL, "admin forced disconnect"),
            Self::Restless => (SqlState::PROTOCOL, "suspend_timeout"),
        };
        Error::new(Blame::Proxy, sqlstate, message)
    }
}
