//! A connection as others see it: between whom, since when, how encrypted. Taken down once, so that
//! whoever asks need not ask the connection's task.

use std::os::fd::AsRawFd;
use std::os::fd::RawFd;
use std::time::Instant;

use tokio_rustls::rustls::CommonState;
use tokio_rustls::rustls::ProtocolVersion;

use crate::net::stream::Peer;
use crate::net::stream::Socket;
use crate::net::stream::Stream;

/// A connection; nothing in it changes.
#[derive(Clone, Debug)]
pub struct About {
    /// Who is at the other end.
    pub peer: Peer,
    /// Where this end is.
    pub local: Peer,
    /// Since when.
    pub since: Instant,
    /// `TLSv1.3/TLS_AES_256_GCM_SHA384`, say; `None`: it is not encrypted.
    pub tls: Option<Box<str>>,
    /// The number of its descriptor; -1 for one that has none.
    pub fd: RawFd,
    /// The process at the other end of a Unix socket; 0 if that is not known.
    pub pid: i32,
}

impl About {
    /// What is to be said of a connection that was made at `since`.
    pub fn new(stream: &Stream, since: Instant) -> Self {
        let socket = stream.socket();
        let (fd, pid) = match socket {
            Socket::Tcp(tcp) => (tcp.as_raw_fd(), 0),
            Socket::Unix(unix) => {
                let peer = unix.peer_cred().ok().and_then(|peer| peer.pid());
                (unix.as_raw_fd(), peer.unwrap_or(0))
            }
            Socket::Duplex(_) => (-1, 0),
        };
        let tls = match stream {
            Stream::Plain(_) => None,
            Stream::TlsAccepted(tls) => Some(describe(tls.get_ref().1)),
            Stream::TlsDialed(tls) => Some(describe(tls.get_ref().1)),
        };
        Self {
            peer: stream.peer(),
            local: socket.local(),
            since,
            tls,
            fd,
            pid,
        }
    }

    /// Who is at the other end, in a word: an address, or `unix(pid)`.
    pub fn who(&self) -> String {
        match self.peer {
            Peer::Unix => format!("unix({})", self.pid),
            Peer::Tcp(_) | Peer::Duplex => self.peer.to_string(),
        }
    }
}

fn describe(tls: &CommonState) -> Box<str> {
    let version = match tls.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        _ => "TLS",
    };
    let suite = tls.negotiated_cipher_suite().map(|suite| suite.suite());
    let suite = suite.and_then(|suite| suite.as_str()).unwrap_or_default();
    // The standard's name, which OpenSSL has too.
    format!("{version}/{}", suite.replacen("TLS13_", "TLS_", 1)).into()
}
