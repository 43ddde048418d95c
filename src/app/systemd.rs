//! What systemd is told, and the sockets that it hands over. Without systemd all this is nothing.

use std::io;
use std::os::fd::OwnedFd;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use sd_notify::notify;

use crate::net::listen::Keeper;
use crate::net::listen::Listener;

/// The process serves clients.
pub(super) fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
}

/// The configuration is being read again; [`ready`] says that it is done.
pub(super) fn reloading() {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// The process ends, for which it waits as `status` says.
pub(super) fn stopping(status: &str) {
    tell(&[NotifyState::Stopping, NotifyState::Status(status)]);
}

fn tell(news: &[NotifyState<'_>]) {
    if let Err(error) = notify(news) {
        tracing::warn!(%error, "cannot tell systemd");
    }
}

/// The sockets that systemd has opened for us: those alone are listened on.
///
/// # Errors
/// One of them is nothing that clients could connect to.
pub(super) fn sockets() -> io::Result<Vec<Listener>> {
    let mut passed = ListenFd::from_env();
    let mut listeners = Vec::new();
    for i in 0..passed.len() {
        let socket = match passed.take_unix_listener(i) {
            Ok(unix) => unix.map(OwnedFd::from),
            Err(_) => passed.take_tcp_listener(i)?.map(OwnedFd::from),
        };
        if let Some(socket) = socket {
            listeners.push(Listener::adopt(socket, Keeper::Maker)?);
        }
    }
    Ok(listeners)
}
