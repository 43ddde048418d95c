//! The fields of an ErrorResponse or NoticeResponse.
//!
//! Source: PostgreSQL documentation, "Error and Notice Message Fields".

use crate::sqlstate::SqlState;
use crate::wire::client::string;

/// A borrowed view of an error's or notice's body. Never fails: what is not there is empty.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    body: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Views a body, or the first part of a long one.
    pub fn new(body: &'a [u8]) -> Self {
        Self { body }
    }

    /// The field with this letter.
    pub fn field(&self, letter: u8) -> Option<&'a [u8]> {
        let mut rest = self.body;
        while let Some((found, after)) = rest.split_first() {
            if *found == 0 {
                return None;
            }
            let (value, after) = string(after, "ErrorResponse").ok()?;
            if *found == letter {
                return Some(value);
            }
            rest = after;
        }
        None
    }

    /// The severity that is not translated (`V`), else the one that may be (`S`).
    pub fn severity(&self) -> &'a [u8] {
        self.field(b'V')
            .or_else(|| self.field(b'S'))
            .unwrap_or_default()
    }

    /// Whether the server ends the connection with this.
    pub fn is_fatal(&self) -> bool {
        matches!(self.severity(), b"FATAL" | b"PANIC")
    }

    /// The SQLSTATE.
    pub fn code(&self) -> Option<SqlState> {
        self.field(b'C').and_then(SqlState::parse)
    }

    /// The message, as text.
    pub fn message(&self) -> String {
        String::from_utf8_lossy(self.field(b'M').unwrap_or_default()).into_owned()
    }
}
