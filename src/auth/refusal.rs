//! Why a client may not log in, in PostgreSQL's words and codes.

use thiserror::Error;

use crate::auth::scram::verify;
use crate::error::Blame;
use crate::error::Error as CrateError;
use crate::sqlstate::SqlState;

/// Why a client was refused. Nothing here says whether the user is known.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// Wrong password, no password stored, or no such user.
    #[error("password authentication failed for user \"{user}\"")]
    Password {
        /// The name from the startup packet.
        user: String,
    },
    /// Under `Trust` or `Certificate`.
    #[error("role \"{user}\" does not exist")]
    Unknown {
        /// The name from the startup packet.
        user: String,
    },
    /// No certificate came.
    #[error("connection requires a valid client certificate")]
    NoCertificate,
    /// It is made out to someone else.
    #[error("certificate authentication failed for user \"{user}\"")]
    Certificate {
        /// The name from the startup packet.
        user: String,
    },
    /// A password of no bytes.
    #[error("empty password returned by client")]
    EmptyPassword,
    /// Not one zero-terminated string.
    #[error("invalid password packet size")]
    PasswordSize,
    /// The SCRAM exchange went wrong otherwise than by a wrong proof.
    #[error("{0}")]
    Scram(verify::Fault),
}

impl Refusal {
    /// The code that PostgreSQL gives it.
    pub fn sqlstate(&self) -> SqlState {
        match self {
            Self::Password { .. } | Self::EmptyPassword => SqlState::BAD_PASSWORD,
            Self::Unknown { .. } | Self::NoCertificate | Self::Certificate { .. } => {
                SqlState::NOT_AUTHORIZED
            }
            Self::PasswordSize => SqlState::PROTOCOL,
            Self::Scram(fault) => fault.sqlstate(),
        }
    }
}

impl From<Refusal> for CrateError {
    fn from(refusal: Refusal) -> Self {
        Self::new(Blame::Client, refusal.sqlstate(), refusal.to_string())
    }
}
