//! The packets before login, which have no tag: StartupMessage and the requests that may stand
//! before or instead of it.
//!
//! Source: PostgreSQL documentation, "Message Formats"; `src/backend/tcop/backend_startup.c` for
//! what is refused and with which words.

use bytes::BufMut;
use bytes::BytesMut;
use thiserror::Error;

use crate::error::Blame;
use crate::error::Error as CrateError;
use crate::sqlstate::SqlState;
use crate::wire::client::string;
use crate::wire::server;
use crate::wire::write;

/// Longest packet before login, its length field included.
///
/// PostgreSQL: MAX_STARTUP_PACKET_LENGTH in `src/include/libpq/pqcomm.h`, which does not count the
/// length field.
pub const STARTUP_BYTES_MAX: u32 = 10_004;

/// Length field and code: what every packet has.
pub const HEAD_BYTES: usize = 8;

/// The newest minor version of protocol 3 that is spoken here.
pub const MINOR_MAX: u16 = 2;

/// What a packet before login asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A session.
    Startup(Startup),
    /// TLS.
    Tls,
    /// GSSAPI encryption.
    Gss,
    /// The end of another session's query.
    Cancel(CancelKey),
}

/// A StartupMessage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Startup {
    /// The minor version of protocol 3 that the client asks for.
    pub minor: u16,
    /// Who logs in; never empty.
    pub user: String,
    /// The database; the user's name where none was given.
    pub database: String,
    /// All other parameters, in their order: settings, `options`, `replication`.
    pub parameters: Vec<(String, String)>,
    /// Names of the protocol options (`_pq_.`), none of which is known.
    pub options: Vec<String>,
}

/// What a client replicates, if it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replication {
    /// Nothing.
    #[default]
    No,
    /// The write-ahead log of all databases.
    Physical,
    /// The changes of the database.
    Logical,
}

impl Replication {
    /// What a startup parameter `replication` stands for.
    ///
    /// PostgreSQL takes `database` and whatever it takes for yes or no
    /// (`ProcessStartupPacket` in `src/backend/tcop/backend_startup.c`).
    pub fn parse(value: &str) -> Option<Self> {
        let text = value.to_ascii_lowercase();
        let begins = |words: &[&str]| words.iter().any(|w| w.starts_with(&*text));
        match &*text {
            "database" => Some(Self::Logical),
            "" | "o" => None,
            "on" | "1" => Some(Self::Physical),
            "of" | "off" | "0" => Some(Self::No),
            _ if begins(&["true", "yes"]) => Some(Self::Physical),
            _ if begins(&["false", "no"]) => Some(Self::No),
            _ => None,
        }
    }

    /// What asks a server for it.
    pub fn as_startup(self) -> &'static str {
        match self {
            Self::No => "false",
            Self::Physical => "true",
            Self::Logical => "database",
        }
    }
}

/// What a cancel request shows. Keys have 4 bytes in protocol 3.0, up to 256 in 3.2.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CancelKey {
    /// The process id, or the number that we gave in its place.
    pub pid: u32,
    /// The secret that came with it.
    pub secret: Box<[u8]>,
}

impl std::fmt::Debug for CancelKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CancelKey {{ pid: {}, secret: … }}", self.pid)
    }
}

/// Why a packet was refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// Shorter than a length and a code, or longer than [`STARTUP_BYTES_MAX`].
    #[error("invalid length of startup packet")]
    Length,
    /// Another major version.
    #[error("unsupported frontend protocol {major}.{minor}: server supports 3.0 to 3.{MINOR_MAX}")]
    Version {
        /// The major version.
        major: u16,
        /// The minor version.
        minor: u16,
    },
    /// Parameters that do not end where the packet does.
    #[error("invalid startup packet layout: expected terminator as last byte")]
    Layout,
    /// A name or value that is not UTF-8.
    #[error("invalid startup packet: a parameter is not valid UTF-8")]
    Text,
    /// No user, or an empty one.
    #[error("no username supplied")]
    NoUser,
    /// A key that is too short or too long.
    #[error("invalid length of cancel request packet")]
    CancelLength,
}

impl From<Fault> for CrateError {
    fn from(fault: Fault) -> Self {
        let sqlstate = match fault {
            Fault::Version { .. } => SqlState::NOT_SUPPORTED,
            Fault::Length | Fault::NoUser | Fault::Layout | Fault::Text | Fault::CancelLength => {
                SqlState::PROTOCOL
            }
        };
        Self::new(Blame::Client, sqlstate, fault.to_string())
    }
}

/// How many bytes follow the first eight (length and code); `0 <= result < STARTUP_BYTES_MAX`.
///
/// # Errors
/// `Length` if that is out of range.
pub fn rest_bytes(head: [u8; HEAD_BYTES]) -> Result<usize, Fault> {
    let [a, b, c, d, ..] = head;
    let bytes = u32::from_be_bytes([a, b, c, d]);
    if STARTUP_BYTES_MAX < bytes {
        return Err(Fault::Length);
    }
    let bytes = usize::try_from(bytes).map_err(|_| Fault::Length)?;
    bytes.checked_sub(HEAD_BYTES).ok_or(Fault::Length)
}

/// Reads a packet: its first eight bytes, and the [`rest_bytes`] that follow them.
///
/// # Errors
/// It is refused.
pub fn read(head: [u8; HEAD_BYTES], rest: &[u8]) -> Result<Request, Fault> {
    let [_, _, _, _, a, b, c, d] = head;
    match u32::from_be_bytes([a, b, c, d]) {
        SSL_CODE if rest.is_empty() => Ok(Request::Tls),
        GSS_CODE if rest.is_empty() => Ok(Request::Gss),
        SSL_CODE | GSS_CODE => Err(Fault::Length),
        CANCEL_CODE => read_cancel(rest).map(Request::Cancel),
        _ => {
            let (major, minor) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            if major == MAJOR {
                read_startup(minor, rest).map(Request::Startup)
            } else {
                Err(Fault::Version { major, minor })
            }
        }
    }
}

const MAJOR: u16 = 3;
const CANCEL_CODE: u32 = 80_877_102;
const SSL_CODE: u32 = 80_877_103;
const GSS_CODE: u32 = 80_877_104;

fn read_cancel(rest: &[u8]) -> Result<CancelKey, Fault> {
    match rest.split_first_chunk::<4>() {
        Some((pid, secret)) if (4..=256).contains(&secret.len()) => Ok(CancelKey {
            pid: u32::from_be_bytes(*pid),
            secret: secret.into(),
        }),
        _ => Err(Fault::CancelLength),
    }
}

fn read_startup(minor: u16, mut rest: &[u8]) -> Result<Startup, Fault> {
    let (mut user, mut database) = (String::new(), String::new());
    let (mut parameters, mut options) = (Vec::new(), Vec::new());
    loop {
        let (name, after) = text(rest)?;
        if name.is_empty() {
            if !after.is_empty() {
                return Err(Fault::Layout);
            }
            break;
        }
        let (value, after) = text(after)?;
        match name {
            "user" => value.clone_into(&mut user),
            "database" => value.clone_into(&mut database),
            _ if name.starts_with("_pq_.") => options.push(name.to_owned()),
            _ => parameters.push((name.to_owned(), value.to_owned())),
        }
        rest = after;
    }
    if user.is_empty() {
        return Err(Fault::NoUser);
    }
    if database.is_empty() {
        database.clone_from(&user);
    }
    Ok(Startup {
        minor,
        user,
        database,
        parameters,
        options,
    })
}

fn text(bytes: &[u8]) -> Result<(&str, &[u8]), Fault> {
    let (text, rest) = string(bytes, "startup").map_err(|_| Fault::Layout)?;
    Ok((str::from_utf8(text).map_err(|_| Fault::Text)?, rest))
}

impl Startup {
    /// The minor version that is spoken with this client.
    pub fn minor_agreed(&self) -> u16 {
        self.minor.min(MINOR_MAX)
    }

    /// Appends NegotiateProtocolVersion if the client asked for more than there is.
    pub fn negotiate(&self, out: &mut BytesMut) {
        if self.minor <= MINOR_MAX && self.options.is_empty() {
            return;
        }
        write::message(out, server::NEGOTIATE_PROTOCOL_VERSION, |out| {
            // The whole version, not the minor alone, and never above what was asked for: libpq
            // takes that for an attack.
            out.put_u16(MAJOR);
            out.put_u16(self.minor_agreed());
            out.put_u32(u32::try_from(self.options.len()).unwrap_or(u32::MAX));
            for option in &self.options {
                out.put_slice(option.as_bytes());
                out.put_u8(0);
            }
        });
    }
}

/// Reads a NegotiateProtocolVersion body from a server: the newest minor version of protocol 3 it
/// speaks.
///
/// # Errors
/// `Layout` if it is cut short, `Version` if it is another major version.
pub fn read_negotiation(body: &[u8]) -> Result<u16, Fault> {
    let Some(([a, b, c, d, ..], _)) = body.split_first_chunk::<8>() else {
        return Err(Fault::Layout);
    };
    let (major, minor) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
    if major == MAJOR {
        Ok(minor)
    } else {
        Err(Fault::Version { major, minor })
    }
}

/// Appends a StartupMessage of protocol 3 and this minor version.
pub fn write_startup<'p>(
    out: &mut BytesMut,
    minor: u16,
    parameters: impl IntoIterator<Item = (&'p str, &'p str)>,
) {
    packet(out, |out| {
        out.put_u16(MAJOR);
        out.put_u16(minor);
        for (name, value) in parameters {
            out.put_slice(name.as_bytes());
            out.put_u8(0);
            out.put_slice(value.as_bytes());
            out.put_u8(0);
        }
        out.put_u8(0);
    });
}

/// Appends an SSLRequest.
pub fn write_tls_request(out: &mut BytesMut) {
    packet(out, |out| out.put_u32(SSL_CODE));
}

/// Appends a CancelRequest.
pub fn write_cancel(out: &mut BytesMut, key: &CancelKey) {
    packet(out, |out| {
        out.put_u32(CANCEL_CODE);
        out.put_u32(key.pid);
        out.put_slice(&key.secret);
    });
}

fn packet(out: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    let start = out.len();
    out.put_u32(0);
    body(out);
    let bytes = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    if let Some(field) = out.get_mut(start..start + 4) {
        field.copy_from_slice(&bytes.to_be_bytes());
    }
}

#[cfg(test)]
mod tests;
