//! Port 9127: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever starts and stops
//! processes.
//!
//! Strangers may reach this port, so every connection has limits: how many there are, how large a
//! head may be, how long it may take. Bodies are never read.

mod answer;
pub mod nodes;
mod serve;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::control::Watcher;

/// What the pages say. Called on the runtime's thread, once per request: it must not wait.
pub trait Pages: Send + Sync + 'static {
    /// All metrics as text, in Prometheus' format 0.0.4.
    fn metrics(&self) -> String;

    /// Whether clients would be served now.
    fn readiness(&self) -> Readiness;
}

/// Whether clients would be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// For each database a node may serve.
    Ready,
    /// Not so; one line per reason.
    NotReady(Vec<String>),
}

/// Answers requests until the process drains and then until it stops, so that `/readyz` can tell
/// that it drains. Ends when all connections have.
///
/// # Cancel safety
///
/// Yes: connections are closed.
pub async fn run(listener: TcpListener, pages: Arc<dyn Pages>, control: Watcher) {
    serve::Server::new(pages, control).run(listener).await;
}

/// Binds the port.
///
/// # Errors
///
/// When the address is in use or not ours.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, CannotListen> {
    TcpListener::bind(address)
        .await
        .map_err(|source| CannotListen { address, source })
}

/// The port cannot be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for HTTP on {address}")]
pub struct CannotListen {
    address: SocketAddr,
    source: std::io::Error,
}

impl fmt::Display for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::NotReady(reasons) => f.write_str(&reasons.join("\n")),
        }
    }
}

#[cfg(test)]
mod tests;
