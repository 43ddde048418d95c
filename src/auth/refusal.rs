//! Why a client may not log in, in PgBouncer's words.
//!
//! All have the code of a protocol violation, as with PgBouncer. What was wrong in detail goes to
//! the log, not to the client.

use thiserror::Error;

use crate::auth::scram::verify;
use crate::error::Blame;
use crate::error::Error as CrateError;
use crate::sqlstate::SqlState;

/// Why a client was refused. Nothing here says whether the user is known, but for methods that ask
/// for nothing.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// Wrong password, no password stored, or no such user.
    #[error("password authentication failed")]
    Password,
    /// The same in a SCRAM exchange, or that went wrong otherwise.
    #[error("SASL authentication failed")]
    Scram(#[source] verify::Fault),
    /// No such user where nothing is asked.
    #[error("\"trust\" authentication failed")]
    Trust,
    /// No certificate, one that is made out to someone else, or no such user.
    #[error("certificate authentication failed")]
    Certificate,
    /// The system says that someone else is at the other end, or there is no such user.
    #[error("unix socket login rejected")]
    Peer,
    /// A rule says so.
    #[error("login rejected")]
    Rejected,
    /// No rule is for such connections.
    #[error("no authentication method is found")]
    NoMethod,
    /// A password of no bytes.
    #[error("empty password returned by client")]
    EmptyPassword,
    /// Not one zero-terminated string.
    #[error("invalid password packet size")]
    PasswordSize,
    /// Nobody in particular logs in, and the database does not say who that is on servers.
    #[error("bouncer config error")]
    Nobody,
}

impl From<Refusal> for CrateError {
    fn from(refusal: Refusal) -> Self {
        let said = refusal.to_string();
        let error = Self::new(Blame::Client, SqlState::PROTOCOL, said);
        match refusal {
            Refusal::Scram(fault) => error.because(fault),
            Refusal::Password
            | Refusal::Trust
            | Refusal::Certificate
            | Refusal::Peer
            | Refusal::Rejected
            | Refusal::NoMethod
            | Refusal::EmptyPassword
            | Refusal::PasswordSize
            | Refusal::Nobody => error,
        }
    }
}
