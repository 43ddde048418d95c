//! What a process does for the one that takes its place (`--reboot`): it passes its sockets on.

use std::io;
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::Weak;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::net::UnixStream;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::control::ask::Asks;
use crate::net::listen::Listener;
use crate::net::takeover::is_one_of_us;
use crate::net::takeover::pass_on;

/// How long a successor may take to begin to serve.
const TAKE_LIMIT: Duration = Duration::from_secs(60);

/// How long to wait when nobody can be accepted.
const FAIL_WAIT: Duration = Duration::from_secs(1);

/// What a successor gets.
#[derive(Debug)]
pub(super) struct Heritage {
    window: Listener,
    /// Those who accept own them: what is closed is not passed on.
    clients: Vec<Weak<Listener>>,
    http: Option<OwnedFd>,
}

impl Heritage {
    /// These sockets; the window is where the successor asks for them.
    pub(super) fn new(
        window: Listener,
        clients: &[Arc<Listener>],
        http: Option<&TcpListener>,
    ) -> Self {
        // Without it the successor cannot open the port, and says so.
        let http = http.and_then(|listener| listener.as_fd().try_clone_to_owned().ok());
        Self {
            window,
            clients: clients.iter().map(Arc::downgrade).collect(),
            http,
        }
    }

    /// Passes everything on; until the successor serves, it is ours as well.
    async fn offer(&self, link: &mut UnixStream) -> io::Result<()> {
        let clients: Vec<_> = self.clients.iter().filter_map(Weak::upgrade).collect();
        let unix = || clients.iter().map(|l| &**l).chain([&self.window]);
        // From here on, lest an end of ours takes a file away that the successor uses.
        unix().for_each(Listener::share);
        let sockets: Vec<_> = unix()
            .map(Listener::socket)
            .chain(self.http.as_ref().map(AsFd::as_fd))
            .collect();
        let passed = timeout(TAKE_LIMIT, pass_on(link, &sockets)).await;
        let passed = passed.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        if passed.is_err() {
            unix().for_each(Listener::own);
        }
        passed
    }
}

/// Passes the sockets on to a successor, and has the process make room for it.
pub(super) async fn wait_for_successor(heritage: Heritage, asks: Asks) {
    loop {
        let mut link = match heritage.window.accept_link().await {
            Ok(link) => link,
            Err(error) => {
                tracing::error!(%error, "cannot accept a successor");
                sleep(FAIL_WAIT).await;
                continue;
            }
        };
        if !is_one_of_us(&link) {
            tracing::warn!("another user of the system has asked for the sockets");
            continue;
        }
        tracing::info!("passing the sockets on to a new process");
        match heritage.offer(&mut link).await {
            Ok(()) => {
                asks.hand_over().await;
                // The link tells the successor when this task is ended.
                return std::future::pending().await;
            }
            Err(error) => tracing::warn!(%error, "the new process did not take them: going on"),
        }
    }
}
