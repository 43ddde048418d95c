//! The sockets that the process listens on: made by it, by the process before it, or by systemd.

use std::path::Path;

use tokio::net::TcpListener;

use crate::app::systemd;
use crate::config::types::Config;
use crate::config::types::FileMode;
use crate::http;
use crate::net::dial::unix_path;
use crate::net::listen::Listener;
use crate::net::listen::passed::Passed;
use crate::net::listen::unix::Access;
use crate::net::takeover::window;

/// All of them.
#[derive(Debug)]
pub(super) struct Sockets {
    /// For clients.
    pub(super) clients: Vec<Listener>,
    /// For those who watch.
    pub(super) http: Option<TcpListener>,
    /// For a successor.
    pub(super) window: Option<Listener>,
}

impl Sockets {
    /// Opens what the configuration names, with sockets of the process before us where they fit. What
    /// systemd has opened stands in for all that clients connect to: it keeps these over a restart, and
    /// no successor has to ask for them.
    ///
    /// # Errors
    /// A socket that cannot be opened or used.
    pub(super) async fn open(config: &Config, passed: &mut Passed) -> Result<Self, String> {
        let of_systemd = systemd::sockets()
            .map_err(|error| format!("cannot use a socket that systemd has passed: {error}"))?;
        let is_alone = of_systemd.is_empty();
        let clients = match is_alone {
            true => Listener::bind_all(&config.listen, passed).await,
            false => Ok(of_systemd),
        };
        Ok(Self {
            clients: clients.map_err(|fault| fault.to_string())?,
            http: open_http(config, passed).await?,
            window: if is_alone {
                open_window(config, passed)
            } else {
                None
            },
        })
    }

    /// The sockets are no other process's any more.
    pub(super) fn own(&self) {
        self.clients
            .iter()
            .chain(&self.window)
            .for_each(Listener::own);
    }
}

async fn open_http(config: &Config, passed: &mut Passed) -> Result<Option<TcpListener>, String> {
    let Some(address) = config.http.listen else {
        return Ok(None);
    };
    if let Some(listener) = passed.tcp(address) {
        return Ok(Some(listener));
    }
    let bound = http::bind(address).await.map_err(|fault| {
        let cause = std::error::Error::source(&fault).map(ToString::to_string);
        format!("{fault}: {}", cause.unwrap_or_default())
    });
    bound.map(Some)
}

/// Without it the process serves as well, but can only be replaced by one that comes after it.
fn open_window(config: &Config, passed: &mut Passed) -> Option<Listener> {
    let listen = &config.listen;
    let path = window(&unix_path(listen.unix_socket_dir.as_deref()?, listen.port));
    if let Some(listener) = passed.on_unix(&path) {
        return Some(listener);
    }
    let opened = bind_window(&path, listen.backlog);
    let failed = |error: &_| tracing::warn!(%error, "no process can take the sockets over");
    opened.inspect_err(failed).ok()
}

fn bind_window(path: &Path, backlog: u32) -> Result<Listener, crate::net::listen::Fault> {
    let access = Access {
        mode: FileMode(0o600),
        group: None,
    };
    Listener::bind_unix(path, &access, backlog)
}
