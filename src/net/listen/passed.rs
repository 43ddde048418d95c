//! Listening sockets that a process has from the one before it, until each has found its use.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;

use tokio::net::TcpListener;

use crate::net::listen::Bound;
use crate::net::listen::Keeper;
use crate::net::listen::Listener;

/// Sockets by what they listen on.
#[derive(Debug, Default)]
pub struct Passed(Vec<Listener>);

impl Passed {
    /// Takes them in. The files of Unix sockets stay until each is [`Listener::own`]ed. Call it
    /// within a runtime.
    ///
    /// # Errors
    /// One of them is nothing that one could connect to.
    pub fn new(sockets: Vec<OwnedFd>) -> io::Result<Self> {
        let adopt = |socket| Listener::adopt(socket, Keeper::Us);
        let adopted = sockets.into_iter().map(adopt);
        Ok(Self(adopted.collect::<io::Result<_>>()?))
    }

    /// The socket that listens on an address.
    pub fn tcp(&mut self, addr: SocketAddr) -> Option<TcpListener> {
        match self.on_tcp(addr)?.0 {
            Bound::Tcp(listener) => Some(listener),
            Bound::Unix(..) => None,
        }
    }

    pub(super) fn on_tcp(&mut self, addr: SocketAddr) -> Option<Listener> {
        self.find(&addr.to_string())
    }

    /// The Unix socket at a path.
    pub fn on_unix(&mut self, path: &Path) -> Option<Listener> {
        self.find(&format!("unix:{}", path.display()))
    }

    fn find(&mut self, shown: &str) -> Option<Listener> {
        let place = self.0.iter().position(|l| l.to_string() == shown)?;
        Some(self.0.swap_remove(place))
    }

    /// Closes those that nobody has wanted, now that they are ours alone.
    pub fn close(self) {
        for listener in self.0 {
            listener.own();
        }
    }
}
