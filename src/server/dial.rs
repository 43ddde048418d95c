//! Makes a connection to a server: socket, TLS by `sslmode`, login.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::auth::server_login::Credential;
use crate::config::types::Tcp;
use crate::config::words::SslMode;
use crate::error::Blame;
use crate::error::Error;
use crate::net::conn::Conn;
use crate::net::dial::Find;
use crate::net::dial::Target;
use crate::net::dial::connect;
use crate::net::stream::Socket;
use crate::net::stream::Stream;
use crate::net::tls::dial::ServerTls;
use crate::server::login;
use crate::sqlstate::SqlState;
use crate::wire::startup::CancelKey;
use crate::wire::startup::write_tls_request;

/// How a server is reached.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// Where it is.
    pub target: &'a Target,
    /// Which of its addresses.
    pub find: Find<'a>,
    /// Whether and how TLS is used; never on a Unix socket.
    pub tls: &'a ServerTls,
    /// Socket options.
    pub tcp: &'a Tcp,
}

/// What is asked of a server at login.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Who logs in.
    pub user: &'a str,
    /// What proves it.
    pub credential: &'a Credential,
    /// `database` and settings; the user is added.
    pub parameters: &'a [(&'a str, &'a str)],
    /// The minor version of protocol 3 to ask for: 0 or 2. The server may answer with less.
    pub minor: u16,
}

/// A server that is logged in and idle.
#[derive(Debug)]
pub struct Fresh {
    /// The connection; nothing read of it is left.
    pub conn: Conn<Stream>,
    /// What the server told of its settings, in its order; a later one of a name counts.
    pub parameters: Vec<(String, String)>,
    /// What cancels this server's queries.
    pub key: CancelKey,
    /// The minor version of protocol 3 that is spoken.
    pub minor: u16,
}

/// Connects and logs in within `limit`.
///
/// # Errors
/// Blame is the server's: what it said itself has its own SQLSTATE and message; a server that was
/// not reached is `CANNOT_CONNECT`, and may be tried elsewhere. A proxy that has no credential for
/// what the server asks is to blame itself.
///
/// # Cancel safety
/// Yes: a connection that nobody waits for is closed.
pub async fn dial(route: &Route<'_>, ask: &Ask<'_>, limit: Duration) -> Result<Fresh, Error> {
    let deadline = Instant::now() + limit;
    timeout_at(deadline, Box::pin(dial_by(route, ask, deadline)))
        .await
        .unwrap_or_else(|_| Err(late(route.target, "login")))
}

async fn dial_by(route: &Route<'_>, ask: &Ask<'_>, deadline: Instant) -> Result<Fresh, Error> {
    let (first, second) = attempts(route);
    match attempt(route, ask, first, deadline).await {
        Err(Failure::Encryption(error)) => match second {
            Some(second) => attempt(route, ask, second, deadline).await,
            None => Err(Failure::Encryption(error)),
        },
        done => done,
    }
    .map_err(Failure::into_error)
}

/// Whether one try is over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// No.
    Plain,
    /// If the server can.
    TlsIfOffered,
    /// Yes, or it fails.
    Tls,
}

/// Why one try failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It might not, with TLS instead of without, or without instead of with.
    Encryption(Error),
    /// It would fail in any way.
    Other(Error),
}

impl Failure {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Encryption(error) | Self::Other(error) => error,
        }
    }
}

/// What to try, and what if that fails for reasons of encryption, as libpq does.
pub(super) fn attempts(route: &Route<'_>) -> (Attempt, Option<Attempt>) {
    if route.target.unix_folder().is_some() {
        return (Attempt::Plain, None);
    }
    match route.tls.mode() {
        SslMode::Disable => (Attempt::Plain, None),
        SslMode::Allow => (Attempt::Plain, Some(Attempt::Tls)),
        SslMode::Prefer => (Attempt::TlsIfOffered, Some(Attempt::Plain)),
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => (Attempt::Tls, None),
    }
}

async fn attempt(
    route: &Route<'_>,
    ask: &Ask<'_>,
    attempt: Attempt,
    deadline: Instant,
) -> Result<Fresh, Failure> {
    let stream = open(route, attempt, deadline).await?;
    login::login(Conn::new(stream), ask).await.map_err(|error| {
        // `pg_hba.conf` may want this user with TLS, or without.
        let is_refusal =
            error.blame() == Blame::Server && error.sqlstate() == SqlState::NOT_AUTHORIZED;
        if is_refusal {
            Failure::Encryption(error)
        } else {
            Failure::Other(error)
        }
    })
}

/// Connects, and does the handshake of TLS if that is the attempt.
pub(super) async fn open(
    route: &Route<'_>,
    attempt: Attempt,
    deadline: Instant,
) -> Result<Stream, Failure> {
    let mut socket = connect(route.target, route.find, route.tcp, deadline)
        .await
        .map_err(|fault| Failure::Other(fault.into()))?;
    if attempt == Attempt::Plain {
        return Ok(Stream::Plain(socket));
    }
    let offer = ask_for_tls(&mut socket)
        .await
        .map_err(|error| Failure::Other(lost(route.target, error)))?;
    match (offer, attempt) {
        (Offer::Yes, _) => {
            let dialed = route.tls.connect(socket, &route.target.host).await;
            dialed.map_err(|error| Failure::Encryption(tls_failed(route.target, error)))
        }
        (Offer::No, Attempt::TlsIfOffered | Attempt::Plain) => Ok(Stream::Plain(socket)),
        (Offer::No, Attempt::Tls) => {
            let said = format!(
                "server {} does not support TLS, but it was required",
                route.target
            );
            Err(Failure::Other(
                Error::new(Blame::Server, SqlState::CANNOT_CONNECT, said).or_elsewhere(),
            ))
        }
        (Offer::Nonsense(why), _) => {
            let said = format!("server {}: {why}", route.target);
            let error = Error::new(Blame::Server, SqlState::PROTOCOL, said);
            Err(Failure::Other(error))
        }
    }
}

/// What a server answers to SSLRequest.
enum Offer {
    Yes,
    No,
    Nonsense(&'static str),
}

async fn ask_for_tls(socket: &mut Socket) -> io::Result<Offer> {
    let mut request = BytesMut::new();
    write_tls_request(&mut request);
    socket.write_all(&request).await?;
    // One byte, and no more: what comes after it in plain text is not the server's word.
    match socket.read_u8().await? {
        b'S' if has_more(socket) => Ok(Offer::Nonsense("unencrypted data after SSL response")),
        b'S' => Ok(Offer::Yes),
        b'N' => Ok(Offer::No),
        // An error in plain text; it might be anybody's, so it is not shown.
        b'E' => Ok(Offer::Nonsense(
            "sent an error response during SSL exchange",
        )),
        _ => Ok(Offer::Nonsense("unexpected answer to SSLRequest")),
    }
}

/// Whether bytes, or the end, are there already: a read of exactly the last bytes has left the
/// socket's readiness as it was, so this asks the kernel.
fn has_more(socket: &Socket) -> bool {
    socket.has_news()
}

fn tls_failed(target: &Target, error: io::Error) -> Error {
    let said = format!("server {target}: TLS handshake failed: {error}");
    Error::new(Blame::Server, SqlState::CANNOT_CONNECT, said)
        .or_elsewhere()
        .because(error)
}

fn lost(target: &Target, error: io::Error) -> Error {
    let said = format!("server {target}: connection lost before login: {error}");
    Error::new(Blame::Server, SqlState::CANNOT_CONNECT, said)
        .or_elsewhere()
        .because(error)
}

pub(super) fn late(target: &Target, what: &str) -> Error {
    let said = format!("server {target}: no end of {what} in time");
    Error::new(Blame::Server, SqlState::CANNOT_CONNECT, said).or_elsewhere()
}

#[cfg(test)]
mod tests;
