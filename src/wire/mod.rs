//! The wire protocol, versions 3.0 and 3.2, without IO.
//!
//! Source: PostgreSQL documentation, "Frontend/Backend Protocol" (Message Flow, Message Formats).
//! Nothing here blocks, allocates by a length that a peer sent, or knows what a statement means.

pub mod client;
pub mod fields;
pub mod frames;
pub mod peer_key;
pub mod server;
pub mod startup;
pub mod write;

use thiserror::Error;

use crate::error::Blame;
use crate::error::Error;
use crate::sqlstate::SqlState;

/// Bytes that do not follow the protocol.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A length field smaller than itself.
    #[error("message {tag:?}: length {bytes} is below the smallest, 4", tag = char::from(*tag))]
    TooShort {
        /// The message's tag.
        tag: u8,
        /// The length field.
        bytes: u32,
    },
    /// A length field over what this phase allows.
    #[error("message {tag:?}: length {bytes} is over the limit of {bytes_max}", tag = char::from(*tag))]
    TooLong {
        /// The message's tag.
        tag: u8,
        /// The length field.
        bytes: u32,
        /// The limit.
        bytes_max: u32,
    },
    /// A tag that this side never sends.
    #[error("invalid message type {}", *tag)]
    UnknownTag {
        /// The tag.
        tag: u8,
    },
    /// A body that is not laid out as its tag says.
    #[error("malformed {what} message")]
    Malformed {
        /// The message's name.
        what: &'static str,
    },
    /// The stream ended within a message.
    #[error("the connection ended within a message")]
    CutOff,
}

impl Fault {
    /// The error that this is when `blame` sent it.
    pub fn blamed(self, blame: Blame) -> Error {
        Error::new(blame, SqlState::PROTOCOL, self.to_string())
    }
}
