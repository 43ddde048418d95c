//! One small document over HTTP: connected, asked, read and closed again.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::Empty;
use http_body_util::Limited;
use hyper::Request;
use hyper::StatusCode;
use hyper::client::conn::http1;
use hyper::header;
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::config::discovery::Url;
use crate::config::types::Tcp;
use crate::discovery::Fault;
use crate::net::dial::Find;
use crate::net::dial::Target;
use crate::net::dial::connect;
use crate::net::names::Names;
use crate::net::stream::Stream;
use crate::net::tls::dial::ServerTls;

/// How it is reached.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// What names stand for.
    pub names: &'a Names,
    /// Socket options.
    pub tcp: &'a Tcp,
    /// TLS, for a URL that wants it.
    pub tls: Option<&'a ServerTls>,
    /// How long all of it may take.
    pub limit: Duration,
}

/// The document at `path`.
///
/// # Errors
/// It cannot be had in time, the status is not 200, or it is larger than [`BODY_BYTES_MAX`].
///
/// # Cancel safety
/// Yes: the connection is closed.
pub async fn get(url: &Url, path: &str, by: By<'_>) -> Result<Bytes, Fault> {
    let deadline = Instant::now() + by.limit;
    let asked = timeout_at(deadline, Box::pin(ask(url, path, by, deadline))).await;
    let asked = asked.unwrap_or_else(|_| Err("no answer in time".to_owned()));
    asked.map_err(|why| Fault::Unreachable {
        at: url.to_string(),
        why,
    })
}

async fn ask(url: &Url, path: &str, by: By<'_>, deadline: Instant) -> Result<Bytes, String> {
    let stream = open(url, by, deadline).await?;
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| error.to_string())?;
    let request = Request::get(path)
        .header(header::HOST, url.authority())
        .header(
            header::USER_AGENT,
            concat!("pgsluice/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::ACCEPT, "application/json")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let exchange = async {
        let response = sender.send_request(request).await;
        let response = response.map_err(|error| error.to_string())?;
        if response.status() != StatusCode::OK {
            return Err(format!("status {}", response.status()));
        }
        let body = Limited::new(response.into_body(), BODY_BYTES_MAX).collect();
        let body = body.await.map_err(|error| error.to_string())?;
        Ok(body.to_bytes())
    };
    // Its end is seen by the exchange.
    let carry = async {
        drop(connection.await);
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        biased; // An answer that is there counts, whatever becomes of the connection.
        answer = exchange => answer,
        never = carry => match never {},
    }
}

async fn open(url: &Url, by: By<'_>, deadline: Instant) -> Result<Stream, String> {
    let target = Target {
        host: url.host.clone(),
        port: url.port,
    };
    let find = Find::ByName {
        names: by.names,
        first: 0,
    };
    let socket = connect(&target, find, by.tcp, deadline).await;
    let socket = socket.map_err(|fault| fault.to_string())?;
    if !url.is_tls {
        return Ok(Stream::Plain(socket));
    }
    let tls = by.tls.ok_or("there is no TLS")?;
    let dialed = tls.connect(socket, &url.host).await;
    dialed.map_err(|error| format!("TLS handshake failed: {error}"))
}

/// Largest document: thousands of members.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

const HEADERS_MAX: usize = 64;

/// Largest head; hyper's smallest buffer is 8 KiB.
const HEAD_BYTES_MAX: usize = 16 * 1024;

#[cfg(test)]
pub(super) mod tests;
