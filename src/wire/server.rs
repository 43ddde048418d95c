//! Views of a server's messages: tags, and bodies read in place.

use crate::wire::Fault;
use crate::wire::client::string;

/// Authentication request.
pub const AUTHENTICATION: u8 = b'R';
/// BackendKeyData.
pub const BACKEND_KEY_DATA: u8 = b'K';
/// BindComplete.
pub const BIND_COMPLETE: u8 = b'2';
/// CloseComplete.
pub const CLOSE_COMPLETE: u8 = b'3';
/// CommandComplete.
pub const COMMAND_COMPLETE: u8 = b'C';
/// CopyData.
pub const COPY_DATA: u8 = b'd';
/// CopyDone.
pub const COPY_DONE: u8 = b'c';
/// CopyInResponse.
pub const COPY_IN_RESPONSE: u8 = b'G';
/// CopyOutResponse.
pub const COPY_OUT_RESPONSE: u8 = b'H';
/// CopyBothResponse.
pub const COPY_BOTH_RESPONSE: u8 = b'W';
/// DataRow.
pub const DATA_ROW: u8 = b'D';
/// EmptyQueryResponse.
pub const EMPTY_QUERY_RESPONSE: u8 = b'I';
/// ErrorResponse.
pub const ERROR_RESPONSE: u8 = b'E';
/// FunctionCallResponse.
pub const FUNCTION_CALL_RESPONSE: u8 = b'V';
/// NegotiateProtocolVersion.
pub const NEGOTIATE_PROTOCOL_VERSION: u8 = b'v';
/// NoData.
pub const NO_DATA: u8 = b'n';
/// NoticeResponse.
pub const NOTICE_RESPONSE: u8 = b'N';
/// NotificationResponse.
pub const NOTIFICATION_RESPONSE: u8 = b'A';
/// ParameterDescription.
pub const PARAMETER_DESCRIPTION: u8 = b't';
/// ParameterStatus.
pub const PARAMETER_STATUS: u8 = b'S';
/// ParseComplete.
pub const PARSE_COMPLETE: u8 = b'1';
/// PortalSuspended.
pub const PORTAL_SUSPENDED: u8 = b's';
/// ReadyForQuery.
pub const READY_FOR_QUERY: u8 = b'Z';
/// RowDescription.
pub const ROW_DESCRIPTION: u8 = b'T';

/// The transaction status that a ReadyForQuery tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `I`: not in a transaction block.
    Idle,
    /// `T`: in a transaction block.
    InTransaction,
    /// `E`: in a failed transaction block.
    Failed,
}

impl Status {
    /// Reads a ReadyForQuery body.
    ///
    /// # Errors
    /// `Malformed` if it is not one of the three letters.
    pub fn read(body: &[u8]) -> Result<Self, Fault> {
        match body {
            b"I" => Ok(Self::Idle),
            b"T" => Ok(Self::InTransaction),
            b"E" => Ok(Self::Failed),
            _ => Err(Fault::Malformed {
                what: "ReadyForQuery",
            }),
        }
    }

    /// The letter on the wire.
    pub fn letter(self) -> u8 {
        match self {
            Self::Idle => b'I',
            Self::InTransaction => b'T',
            Self::Failed => b'E',
        }
    }
}

/// Reads a ParameterStatus body: name and value.
///
/// # Errors
/// `Malformed` if it is not two strings.
pub fn parameter_status(body: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    const WHAT: &str = "ParameterStatus";
    let (name, rest) = string(body, WHAT)?;
    match string(rest, WHAT)? {
        (value, []) => Ok((name, value)),
        _ => Err(Fault::Malformed { what: WHAT }),
    }
}

/// Reads a BackendKeyData body: process id and key.
///
/// The key has 4 bytes in protocol 3.0, and 4 to 256 in 3.2.
///
/// # Errors
/// `Malformed` if the key's length is out of range.
pub fn backend_key_data(body: &[u8]) -> Result<(u32, &[u8]), Fault> {
    match body.split_first_chunk::<4>() {
        Some((pid, key)) if (4..=256).contains(&key.len()) => Ok((u32::from_be_bytes(*pid), key)),
        _ => Err(Fault::Malformed {
            what: "BackendKeyData",
        }),
    }
}

/// The tag of a CommandComplete body, without its zero byte.
///
/// # Errors
/// `Malformed` if it is not one string.
pub fn command_tag(body: &[u8]) -> Result<&[u8], Fault> {
    string(body, "CommandComplete").map(|(tag, _)| tag)
}

/// The first column of a DataRow in text form; `None` for NULL.
///
/// # Errors
/// `Malformed` if the row has no column or is cut short.
pub fn first_column(body: &[u8]) -> Result<Option<&[u8]>, Fault> {
    const FAULT: Fault = Fault::Malformed { what: "DataRow" };
    let (_, rest) = body.split_first_chunk::<2>().ok_or(FAULT)?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(FAULT)?;
    match i32::from_be_bytes(*length) {
        -1 => Ok(None),
        length => {
            let length = usize::try_from(length).map_err(|_| FAULT)?;
            rest.get(..length).map(Some).ok_or(FAULT)
        }
    }
}
