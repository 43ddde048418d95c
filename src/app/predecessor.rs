//! The process whose place this one takes (`--reboot`).

use std::os::fd::OwnedFd;
use std::path::Path;

use crate::app::pidfile::Pidfile;
use crate::app::sockets::window_path;
use crate::config::types::Config;
use crate::net::takeover::Offer;

/// A process that runs, and has offered its sockets.
#[derive(Debug)]
pub(super) struct Predecessor(Offer);

impl Predecessor {
    /// Finds it by the Unix socket of the configuration; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be asked, or does not answer.
    pub(super) fn find(config: &Config) -> Result<Option<Self>, String> {
        let Some(path) = window_path(config) else {
            return Ok(None);
        };
        let asked = Offer::ask(&path);
        let failed = |error| format!("cannot take over from {}: {error}", path.display());
        asked.map_err(failed).map(|offer| offer.map(Self))
    }

    /// Its sockets, once.
    pub(super) fn sockets(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.0.sockets)
    }

    /// Writes our number in place of its own, and has it stop accepting clients, now that we do.
    pub(super) async fn replace(self, pidfile: Option<&Path>) -> Option<Pidfile> {
        // Before it ends: it takes away what holds its own number.
        let written = pidfile.map(Pidfile::replace).transpose();
        let taken = tokio::task::spawn_blocking(|| self.0.take()).await;
        match taken {
            Ok(Ok(())) => tracing::info!("took over from the old process"),
            Ok(Err(error)) => tracing::warn!(%error, "the old process has ended"),
            Err(error) => tracing::error!(%error, "the old process was not told"),
        }
        // Clients are served; they shall not suffer from it.
        written
            .inspect_err(|why| tracing::error!("{why}"))
            .ok()
            .flatten()
    }
}
