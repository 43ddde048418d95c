//! The sockets that the process listens on: made by it, by the process before it, or by systemd.

use std::path::Path;
use std::path::PathBuf;

use tokio::net::TcpListener;

use crate::app::systemd;
use crate::config::types::Config;
use crate::config::types::FileMode;
use crate::http;
use crate::net::dial::unix_path;
use crate::net::listen::Fault;
use crate::net::listen::Listener;
use crate::net::listen::passed::Passed;
use crate::net::listen::unix::Access;
use crate::net::takeover::back_door;
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

/// Where a successor asks, if there is a folder for it.
pub(super) fn window_path(config: &Config) -> Option<PathBuf> {
    let listen = &config.listen;
    let folder = listen.unix_socket_dir.as_deref()?;
    Some(window(&unix_path(folder, listen.port)))
}

/// Without it the process serves as well, but can only be replaced by one that comes after it.
fn open_window(config: &Config, passed: &mut Passed) -> Option<Listener> {
    let path = window_path(config)?;
    if let Some(listener) = passed.on_unix(&path) {
        return Some(listener);
    }
    let opened = bind_for_us(&path, config);
    let failed = |error: &_| tracing::warn!(%error, "no process can take the sockets over");
    opened.inspect_err(failed).ok()
}

/// Where a successor passes on what is for us.
pub(super) fn open_back_door(config: &Config) -> Option<Listener> {
    let path = back_door(&window_path(config)?, std::process::id());
    let opened = bind_for_us(&path, config);
    let failed = |error: &_| tracing::warn!(%error, "cancel requests for clients here are lost");
    opened.inspect_err(failed).ok()
}

/// A socket that only the same user of the system may open.
fn bind_for_us(path: &Path, config: &Config) -> Result<Listener, Fault> {
    let access = Access {
        mode: FileMode(0o600),
        group: None,
    };
    Listener::bind_unix(path, &access, config.listen.backlog)
}
