//! Views of a client's messages: tags, and bodies read in place.

use memchr::memchr;

use crate::wire::Fault;

/// Query (simple protocol).
pub const QUERY: u8 = b'Q';
/// Parse.
pub const PARSE: u8 = b'P';
/// Bind.
pub const BIND: u8 = b'B';
/// Execute.
pub const EXECUTE: u8 = b'E';
/// Describe.
pub const DESCRIBE: u8 = b'D';
/// Close.
pub const CLOSE: u8 = b'C';
/// Sync.
pub const SYNC: u8 = b'S';
/// Flush.
pub const FLUSH: u8 = b'H';
/// FunctionCall.
pub const FUNCTION_CALL: u8 = b'F';
/// CopyData.
pub const COPY_DATA: u8 = b'd';
/// CopyDone.
pub const COPY_DONE: u8 = b'c';
/// CopyFail.
pub const COPY_FAIL: u8 = b'f';
/// Terminate.
pub const TERMINATE: u8 = b'X';
/// PasswordMessage, SASLInitialResponse, SASLResponse.
pub const PASSWORD: u8 = b'p';

/// What a Describe or Close names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A prepared statement (`S`).
    Statement,
    /// A portal (`P`).
    Portal,
}

/// A Parse body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parse<'a> {
    /// The statement's name; empty for the unnamed one.
    pub name: &'a [u8],
    /// The statement's text.
    pub text: &'a [u8],
    /// The parameter types as they came: a count and that many OIDs.
    pub types: &'a [u8],
}

impl<'a> Parse<'a> {
    /// Reads a whole Parse body.
    ///
    /// # Errors
    /// `Malformed` if it is not two strings, a count and that many OIDs.
    pub fn read(body: &'a [u8]) -> Result<Self, Fault> {
        const WHAT: &str = "Parse";
        let (name, rest) = string(body, WHAT)?;
        let (text, types) = string(rest, WHAT)?;
        let (count, oids) = types
            .split_first_chunk::<2>()
            .ok_or(Fault::Malformed { what: WHAT })?;
        if oids.len() != usize::from(u16::from_be_bytes(*count)) * 4 {
            return Err(Fault::Malformed { what: WHAT });
        }
        Ok(Self { name, text, types })
    }
}

/// The names at the start of a Bind body; the rest is passed on unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bind<'a> {
    /// The portal's name.
    pub portal: &'a [u8],
    /// The statement's name.
    pub statement: &'a [u8],
    /// Formats and values as they came.
    pub rest: &'a [u8],
}

impl<'a> Bind<'a> {
    /// Reads the names of a Bind body, or of its first part.
    ///
    /// # Errors
    /// `Malformed` if there are no two strings.
    pub fn read(body: &'a [u8]) -> Result<Self, Fault> {
        let (portal, rest) = string(body, "Bind")?;
        let (statement, rest) = string(rest, "Bind")?;
        Ok(Self {
            portal,
            statement,
            rest,
        })
    }
}

/// Reads a Describe or Close body.
///
/// # Errors
/// `Malformed` if it is not a kind and one string.
pub fn target<'a>(body: &'a [u8], what: &'static str) -> Result<(Target, &'a [u8]), Fault> {
    let (kind, rest) = body.split_first().ok_or(Fault::Malformed { what })?;
    let kind = match kind {
        b'S' => Target::Statement,
        b'P' => Target::Portal,
        _ => return Err(Fault::Malformed { what }),
    };
    match string(rest, what)? {
        (name, []) => Ok((kind, name)),
        _ => Err(Fault::Malformed { what }),
    }
}

/// Reads a Query body: one string and nothing after it.
///
/// # Errors
/// `Malformed` otherwise.
pub fn query(body: &[u8]) -> Result<&[u8], Fault> {
    match string(body, "Query")? {
        (text, []) => Ok(text),
        _ => Err(Fault::Malformed { what: "Query" }),
    }
}

/// Takes one zero-terminated string off `bytes`.
///
/// # Errors
/// `Malformed` if no zero byte is there.
pub fn string<'a>(bytes: &'a [u8], what: &'static str) -> Result<(&'a [u8], &'a [u8]), Fault> {
    let end = memchr(0, bytes).ok_or(Fault::Malformed { what })?;
    match (bytes.get(..end), bytes.get(end + 1..)) {
        (Some(text), Some(rest)) => Ok((text, rest)),
        _ => Err(Fault::Malformed { what }),
    }
}

#[cfg(test)]
mod tests;
