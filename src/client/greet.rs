//! What a client says before it logs in: TLS, a cancel request, or a startup message.
//!
//! Reads exactly the packets, never beyond them: a byte that came in plain text must not be taken
//! for one that came by TLS. The caller bounds the time.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;

use bytes::BytesMut;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::io::ReadBuf;

use crate::auth::scram::EndPoint;
use crate::error::Blame;
use crate::error::Error;
use crate::net::stream::Peer;
use crate::net::stream::Socket;
use crate::net::stream::Stream;
use crate::net::tls::accept::Accepted;
use crate::net::tls::accept::ClientTls;
use crate::net::tls::accept::Offer;
use crate::sqlstate::SqlState;
use crate::wire::startup;
use crate::wire::startup::CancelKey;
use crate::wire::startup::HEAD_BYTES;
use crate::wire::startup::Request;
use crate::wire::startup::Startup;
use crate::wire::write;

/// What a client wants.
#[derive(Debug)]
pub enum Greeting {
    /// A session.
    Startup(Box<Visitor>),
    /// The end of a query. The stream is closed when the request was dealt with; nothing is sent.
    Cancel(CancelKey, Stream),
    /// Nothing: it left without a word, as health checks and port scanners do.
    Gone,
}

/// A client that wants to log in.
#[derive(Debug)]
pub struct Visitor {
    /// Its stream, of which nothing else was read.
    pub stream: Stream,
    /// Its startup message.
    pub startup: Startup,
    /// What SCRAM can bind to, over TLS.
    pub end_point: Option<EndPoint>,
    /// The common name of its certificate, if one was asked for and is good.
    pub certificate_name: Option<String>,
}

/// Reads what a client wants, and answers its requests for encryption on the way.
///
/// # Errors
/// The client was refused, has been told why, and is closed.
///
/// # Cancel safety
/// Yes: the client is closed.
pub async fn greet(stream: Stream, tls: &ClientTls) -> Result<Greeting, Error> {
    let mut door = Door {
        stream,
        end_point: None,
        certificate_name: None,
        asked: Asked::default(),
    };
    loop {
        match door.next_packet().await {
            Ok(Packet::Gone) => return Ok(Greeting::Gone),
            Ok(Packet::Handshake(head)) => door = door.on_handshake(tls, head).await?,
            Ok(Packet::Request(Request::Tls)) => door = door.on_tls_request(tls).await?,
            Ok(Packet::Request(Request::Gss)) => door.on_gss_request().await?,
            Ok(Packet::Request(Request::Cancel(key))) => {
                return Ok(Greeting::Cancel(key, door.stream));
            }
            Ok(Packet::Request(Request::Startup(startup))) => {
                return door.admit(startup, tls).await;
            }
            Err(error) => return Err(door.refuse(error).await),
        }
    }
}

/// A client before its startup message.
struct Door {
    stream: Stream,
    end_point: Option<EndPoint>,
    certificate_name: Option<String>,
    asked: Asked,
}

/// Which requests were answered; each is once.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    tls: bool,
    gss: bool,
}

/// What comes next.
enum Packet {
    /// The end, between packets.
    Gone,
    /// The start of TLS without asking, as PostgreSQL 17 takes it.
    Handshake([u8; HEAD_BYTES]),
    /// A packet.
    Request(Request),
}

impl Door {
    async fn next_packet(&mut self) -> Result<Packet, Error> {
        let Some(head) = self.read_head().await.map_err(lost)? else {
            return Ok(Packet::Gone);
        };
        // Not a length: a startup packet would be 369 MB long.
        if head.starts_with(&[TLS_HANDSHAKE]) && self.is_untouched() {
            return Ok(Packet::Handshake(head));
        }
        let mut rest = vec![0; startup::rest_bytes(head)?];
        self.stream.read_exact(&mut rest).await.map_err(lost)?;
        let request = startup::read(head, &rest)?;
        match request {
            Request::Tls if self.asked.tls => Err(unsupported(head)),
            Request::Gss if self.asked.gss => Err(unsupported(head)),
            Request::Startup(_) | Request::Cancel(_) | Request::Tls | Request::Gss => {
                Ok(Packet::Request(request))
            }
        }
    }

    /// Whether this is the first packet.
    fn is_untouched(&self) -> bool {
        !self.asked.tls && !self.asked.gss && !self.stream.is_tls()
    }

    async fn read_head(&mut self) -> io::Result<Option<[u8; HEAD_BYTES]>> {
        let mut head = [0; HEAD_BYTES];
        let (first, others) = head.split_at_mut(1);
        if self.stream.read(first).await? == 0 {
            return Ok(None);
        }
        self.stream.read_exact(others).await?;
        Ok(Some(head))
    }

    /// TLS, where this client may have it: as in PostgreSQL, not over a Unix socket.
    fn offer<'t>(&self, tls: &'t ClientTls) -> Option<&'t Offer> {
        match &self.stream {
            Stream::Plain(Socket::Tcp(_) | Socket::Duplex(_)) => tls.offer(),
            Stream::Plain(Socket::Unix(_)) | Stream::TlsAccepted(_) | Stream::TlsDialed(_) => None,
        }
    }

    async fn on_tls_request(mut self, tls: &ClientTls) -> Result<Self, Error> {
        self.asked.tls = true;
        if self.has_more().await {
            let error = protocol("received unencrypted data after SSL request");
            return Err(self.refuse(error).await);
        }
        let Some(offer) = self.offer(tls) else {
            self.answer(b'N').await?;
            return Ok(self);
        };
        self.answer(b'S').await?;
        let Stream::Plain(socket) = self.stream else {
            return Err(protocol("TLS within TLS"));
        };
        let accepted = offer.accept(socket).await.map_err(handshake_failed)?;
        // No second layer, of either kind.
        let asked = Asked {
            tls: true,
            gss: true,
        };
        Ok(Self::within(accepted, asked))
    }

    async fn on_handshake(self, tls: &ClientTls, head: [u8; HEAD_BYTES]) -> Result<Self, Error> {
        let (Some(offer), Stream::Plain(socket)) = (self.offer(tls).cloned(), self.stream) else {
            // It speaks TLS, so there is no way to tell it.
            return Err(protocol(
                "received direct SSL connection request, but SSL is off",
            ));
        };
        let accepted = offer.accept_direct(socket, &head).await;
        Ok(Self::within(
            accepted.map_err(handshake_failed)?,
            Asked::default(),
        ))
    }

    fn within(accepted: Accepted, asked: Asked) -> Self {
        Self {
            stream: accepted.stream,
            end_point: accepted.end_point,
            certificate_name: accepted.certificate_name,
            asked,
        }
    }

    async fn on_gss_request(&mut self) -> Result<(), Error> {
        self.asked.gss = true;
        self.answer(b'N').await
    }

    async fn answer(&mut self, answer: u8) -> Result<(), Error> {
        self.stream.write_all(&[answer]).await.map_err(lost)?;
        self.stream.flush().await.map_err(lost)
    }

    async fn admit(self, startup: Startup, tls: &ClientTls) -> Result<Greeting, Error> {
        let is_bare = !self.stream.is_tls() && self.stream.peer() != Peer::Unix;
        if is_bare && matches!(tls, ClientTls::Required(_)) {
            let error = Error::new(Blame::Client, SqlState::NOT_AUTHORIZED, "SSL required");
            return Err(self.refuse(error).await);
        }
        Ok(Greeting::Startup(Box::new(Visitor {
            stream: self.stream,
            startup,
            end_point: self.end_point,
            certificate_name: self.certificate_name,
        })))
    }

    /// Whether bytes are there already. What is read here is lost.
    async fn has_more(&mut self) -> bool {
        // Not an array: it would stay in the future of every login.
        let mut space = vec![0; DRAIN_BYTES];
        let mut buffer = ReadBuf::new(&mut space);
        poll_fn(|cx| {
            let read = Pin::new(&mut self.stream).poll_read(cx, &mut buffer);
            Poll::Ready(matches!(read, Poll::Ready(Ok(()))) && !buffer.filled().is_empty())
        })
        .await
    }

    /// Tells the client, as well as it can be, and gives the error back.
    async fn refuse(mut self, error: Error) -> Error {
        let mut out = BytesMut::new();
        write::report(
            &mut out,
            &write::Report {
                severity: write::Severity::Fatal,
                sqlstate: error.sqlstate(),
                message: &error.to_string(),
                hint: None,
            },
        );
        // It may be gone already; the error is what is told.
        if self.stream.write_all(&out).await.is_ok() {
            let _ = self.stream.shutdown().await;
            // A socket that is closed with bytes unread resets, and the client would not see why.
            self.has_more().await;
        }
        error
    }
}

/// The first byte of a TLS record that begins a handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// Bytes that are read of a client only to be thrown away.
const DRAIN_BYTES: usize = 4096;

/// A request that was answered before is taken for a version, as in PostgreSQL.
fn unsupported(head: [u8; HEAD_BYTES]) -> Error {
    let [_, _, _, _, a, b, c, d] = head;
    let (major, minor) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    startup::Fault::Version { major, minor }.into()
}

fn protocol(said: &'static str) -> Error {
    Error::new(Blame::Client, SqlState::PROTOCOL, said)
}

fn handshake_failed(error: io::Error) -> Error {
    let said = format!("could not accept SSL connection: {error}");
    Error::new(Blame::Client, SqlState::PROTOCOL, said).because(error)
}

fn lost(error: io::Error) -> Error {
    let said = format!("connection lost during startup: {error}");
    Error::new(Blame::Client, SqlState::CONNECTION_FAILURE, said).because(error)
}

#[cfg(test)]
mod tests;
