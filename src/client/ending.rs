//! How a client's connection ends, and what the client is told then.

use std::io;

use bytes::Bytes;
use bytes::BytesMut;

use crate::error::Blame;
use crate::error::Error;
use crate::net::conn;
use crate::registry::parting::Parting;
use crate::session::Session;
use crate::sqlstate::SqlState;
use crate::wire::server;
use crate::wire::write;
use crate::wire::write::Severity;

/// Why a client's task ends.
#[derive(Debug)]
pub enum Ending {
    /// The client took its leave.
    Left,
    /// The client's stream ended or failed.
    Gone(Option<io::Error>),
    /// The client was told already, by the server.
    Told,
    /// The client has cancelled its batch while it waited for a server.
    Cancelled,
    /// The client is told this error, and the connection ends.
    Fatal(Error),
    /// The client is told what the server said (an ErrorResponse's body), and the connection ends.
    Server(Bytes),
}

/// What became of what a client had begun on a server that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing was begun that lasts.
    None,
    /// PostgreSQL has rolled it back.
    RolledBack,
    /// It may be committed or not.
    Unknown,
}

impl Fate {
    /// That of what a session has begun and sent no end of, should its server be lost now.
    pub fn of(session: &Session) -> Self {
        match session.is_in_transaction() {
            true => Self::RolledBack,
            false => Self::None,
        }
    }

    /// This, unless it is unknown.
    pub fn unless(self, is_unknown: bool) -> Self {
        match is_unknown {
            true => Self::Unknown,
            false => self,
        }
    }
}

impl Ending {
    /// The client was told to go.
    pub fn told(parting: Parting) -> Self {
        Self::Fatal(parting.to_error())
    }

    /// The client's server is replaced, which ends its session (`server_fast_close`).
    pub fn outdated() -> Self {
        const MESSAGE: &str = "database configuration changed";
        Self::Fatal(Error::new(Blame::Proxy, SqlState::PROTOCOL, MESSAGE))
    }

    /// The server is gone with something of the client's.
    pub fn server_lost(fate: Fate, reason: String) -> Self {
        let (sqlstate, message) = match fate {
            Fate::Unknown => (
                SqlState::OUTCOME_UNKNOWN,
                format!("{reason}; whether the transaction was committed is unknown"),
            ),
            Fate::RolledBack => (
                SqlState::CONNECTION_FAILURE,
                format!("{reason}; the transaction was rolled back"),
            ),
            Fate::None => (SqlState::CONNECTION_FAILURE, reason),
        };
        Self::Fatal(Error::new(Blame::Server, sqlstate, message))
    }

    /// The server refused what the session is built on.
    pub fn refused_by_server(body: &[u8]) -> Self {
        Self::Server(Bytes::copy_from_slice(body))
    }

    /// A login that came to nothing.
    pub(super) fn of_login(error: Error) -> Self {
        match error.sqlstate() {
            SqlState::CONNECTION_FAILURE if error.blame() == Blame::Client => Self::Gone(None),
            _ => Self::Fatal(error),
        }
    }

    /// Appends what the client is told.
    pub fn write(&self, out: &mut BytesMut) {
        match self {
            Self::Left | Self::Gone(_) | Self::Told => (),
            Self::Cancelled => write_cancelled(out, Severity::Fatal),
            Self::Fatal(error) => {
                let report = write::Report {
                    severity: Severity::Fatal,
                    sqlstate: error.sqlstate(),
                    message: &error.to_string(),
                    hint: None,
                };
                write::report(out, &report);
            }
            Self::Server(body) => {
                write::message(out, server::ERROR_RESPONSE, |out| {
                    out.extend_from_slice(body)
                });
            }
        }
    }

    /// The words for the log.
    pub fn reason(&self) -> String {
        match self {
            Self::Left => "client close request".to_owned(),
            Self::Gone(_) => "client unexpected eof".to_owned(),
            Self::Cancelled => "query cancelled".to_owned(),
            Self::Told => "server conn crashed?".to_owned(),
            Self::Fatal(error) => error.to_string(),
            Self::Server(body) => crate::wire::fields::Fields::new(body).message(),
        }
    }
}

/// Appends what PostgreSQL says of a cancelled query.
pub(super) fn write_cancelled(out: &mut BytesMut, severity: Severity) {
    let report = write::Report {
        severity,
        sqlstate: SqlState::CANCELED,
        message: "canceling statement due to user request",
        hint: None,
    };
    write::report(out, &report);
}

impl From<Error> for Ending {
    fn from(error: Error) -> Self {
        Self::Fatal(error)
    }
}

impl From<conn::Fault> for Ending {
    fn from(fault: conn::Fault) -> Self {
        match fault {
            conn::Fault::Io(error) => Self::Gone(Some(error)),
            conn::Fault::Wire(fault) => Self::Fatal(fault.blamed(Blame::Client)),
        }
    }
}
