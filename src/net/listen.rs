//! Where clients connect: TCP addresses and PostgreSQL's Unix socket.

pub mod passed;
pub mod unix;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::os::fd::BorrowedFd;
use std::os::fd::OwnedFd;
use std::path::Path;

use socket2::Domain;
use socket2::Protocol;
use socket2::Socket as RawSocket;
use socket2::Type;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::net::UnixListener;
use tokio::net::UnixStream;
use tokio::net::lookup_host;

use crate::config::types::Listen;
use crate::config::types::Tcp;
use crate::net::dial::unix_path;
use crate::net::listen::passed::Passed;
use crate::net::listen::unix::Access;
use crate::net::listen::unix::Name;
use crate::net::listen::unix::Rejected;
use crate::net::stream::Stream;
use crate::net::tune::tune;

/// Why nobody can connect.
#[derive(Debug, Error)]
pub enum Fault {
    /// A host name that cannot be resolved.
    #[error("could not resolve listen address {host}: {source}")]
    Resolve {
        /// The name.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// The address is taken or not ours.
    #[error("could not listen on {at}: {source}")]
    Bind {
        /// The address or path.
        at: String,
        /// Why.
        source: io::Error,
    },
    /// A Unix socket that another process listens on.
    #[error("unix socket is in use, cannot continue")]
    InUse,
}

/// The address in the configuration that stands for every address.
const EVERYWHERE: &str = "*";

/// One socket that clients connect to.
#[derive(Debug)]
pub struct Listener(Bound);

#[derive(Debug)]
enum Bound {
    Tcp(TcpListener),
    Unix(UnixListener, Name),
}

impl Listener {
    /// Listens everywhere that the configuration says, with the sockets that were passed where there
    /// are such.
    ///
    /// # Errors
    /// One of the places cannot be listened on; none is then.
    pub async fn bind_all(listen: &Listen, passed: &mut Passed) -> Result<Vec<Self>, Fault> {
        let mut listeners = Vec::new();
        for host in &listen.addrs {
            let bound = resolve(host, listen.port)
                .await?
                .into_iter()
                .map(|addr| match passed.on_tcp(addr) {
                    Some(listener) => Ok(listener),
                    None => Self::bind_tcp(addr, listen),
                })
                // `*` means every address there is; a machine without IPv6 has none of these.
                .filter(|bound| host != EVERYWHERE || !is_unknown_family(bound));
            for listener in bound {
                listeners.push(listener?);
            }
        }
        if let Some(folder) = &listen.unix_socket_dir {
            let path = unix_path(folder, listen.port);
            let access = Access {
                mode: listen.unix_socket_mode,
                group: listen.unix_socket_group.as_deref(),
            };
            listeners.push(match passed.on_unix(&path) {
                Some(listener) => listener,
                None => Self::bind_unix(&path, &access, listen.backlog)?,
            });
        }
        Ok(listeners)
    }

    /// Listens on an address; port 0 is a free one.
    ///
    /// # Errors
    /// The address is taken or not ours.
    pub fn bind_tcp(addr: SocketAddr, listen: &Listen) -> Result<Self, Fault> {
        let bind = || {
            let socket =
                RawSocket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
            // A restart must not wait for the last connections to be forgotten.
            socket.set_reuse_address(true)?;
            if listen.reuseport {
                socket.set_reuse_port(true)?;
            }
            if addr.is_ipv6() {
                socket.set_only_v6(true)?;
            }
            socket.set_nonblocking(true)?;
            socket.bind(&addr.into())?;
            socket.listen(i32::try_from(listen.backlog).unwrap_or(i32::MAX))?;
            TcpListener::from_std(socket.into())
        };
        let listener = bind().map_err(|source| Fault::Bind {
            at: addr.to_string(),
            source,
        })?;
        Ok(Self(Bound::Tcp(listener)))
    }

    /// Listens on a Unix socket; one that a dead process left behind is replaced. A path that begins
    /// with `@` is a name in Linux's abstract namespace.
    ///
    /// # Errors
    /// Someone listens there, or the path is something else than a socket.
    pub fn bind_unix(path: &Path, access: &Access<'_>, backlog: u32) -> Result<Self, Fault> {
        let bind = || {
            let (listener, name) = unix::bind(path, access, backlog)?;
            Ok((UnixListener::from_std(listener)?, name))
        };
        let (listener, name) = bind().map_err(|rejected| match rejected {
            Rejected::InUse => Fault::InUse,
            Rejected::Other(source) => Fault::Bind {
                at: path.display().to_string(),
                source,
            },
        })?;
        Ok(Self(Bound::Unix(listener, name)))
    }

    /// Takes a socket over that listens already: of a process that ran before, which still shares
    /// it, or of the system.
    ///
    /// # Errors
    /// It is not a socket that clients can connect to.
    pub fn adopt(socket: OwnedFd, keeper: Keeper) -> io::Result<Self> {
        let socket = RawSocket::from(socket);
        socket.set_nonblocking(true)?;
        let domain = socket.domain()?;
        if domain == Domain::UNIX {
            let listener = std::os::unix::net::UnixListener::from(OwnedFd::from(socket));
            let name = Name::of(&listener, keeper)?;
            return Ok(Self(Bound::Unix(UnixListener::from_std(listener)?, name)));
        }
        if domain != Domain::IPV4 && domain != Domain::IPV6 {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Self(Bound::Tcp(TcpListener::from_std(socket.into())?)))
    }

    /// The socket, for another process to take over.
    pub fn socket(&self) -> BorrowedFd<'_> {
        match &self.0 {
            Bound::Tcp(listener) => listener.as_fd(),
            Bound::Unix(listener, _) => listener.as_fd(),
        }
    }

    /// Another process has the socket also: its file stays when this one stops listening.
    pub fn share(&self) {
        self.set_kept(true);
    }

    /// No other process has the socket, or is to have it: its file goes when this one stops
    /// listening, unless it is its [maker's](Keeper::Maker).
    pub fn own(&self) {
        self.set_kept(false);
    }

    fn set_kept(&self, is_kept: bool) {
        match &self.0 {
            Bound::Tcp(_) => (),
            Bound::Unix(_, name) => name.set_kept(is_kept),
        }
    }

    /// The next client.
    ///
    /// # Errors
    /// As `accept(2)`: of this one connection (it was reset), or for lack of file descriptors.
    ///
    /// # Cancel safety
    /// Yes: a client that was not returned waits for the next call.
    pub async fn accept(&self, tcp: &Tcp) -> io::Result<Stream> {
        match &self.0 {
            Bound::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                tune(&stream, tcp)?;
                Ok(stream.into())
            }
            Bound::Unix(listener, _) => Ok(listener.accept().await?.0.into()),
        }
    }

    /// The next connection to a Unix socket that is not for clients.
    ///
    /// # Errors
    /// As `accept(2)`; or the socket is TCP.
    ///
    /// # Cancel safety
    /// Yes, as [`Listener::accept`].
    pub async fn accept_link(&self) -> io::Result<UnixStream> {
        match &self.0 {
            Bound::Tcp(_) => Err(io::ErrorKind::Unsupported.into()),
            Bound::Unix(listener, _) => Ok(listener.accept().await?.0),
        }
    }

    /// The address, if it is TCP.
    pub fn addr(&self) -> Option<SocketAddr> {
        match &self.0 {
            Bound::Tcp(listener) => listener.local_addr().ok(),
            Bound::Unix(..) => None,
        }
    }
}

/// Who removes the file of a Unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// We do, when we stop listening and [own](Listener::own) it.
    Us,
    /// Whoever made it.
    Maker,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0, self.addr()) {
            (Bound::Unix(_, name), _) => write!(f, "unix:{name}"),
            (Bound::Tcp(_), Some(addr)) => addr.fmt(f),
            (Bound::Tcp(_), None) => f.write_str("tcp"),
        }
    }
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Fault> {
    if host == EVERYWHERE {
        let (v4, v6) = (Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED);
        return Ok([IpAddr::from(v4), IpAddr::from(v6)]
            .map(|ip| SocketAddr::new(ip, port))
            .to_vec());
    }
    match lookup_host((host, port)).await {
        Ok(addrs) => Ok(addrs.collect()),
        Err(source) => Err(Fault::Resolve {
            host: host.to_owned(),
            source,
        }),
    }
}

fn is_unknown_family(bound: &Result<Listener, Fault>) -> bool {
    match bound {
        Ok(_) | Err(Fault::Resolve { .. } | Fault::InUse) => false,
        Err(Fault::Bind { source, .. }) => {
            source.kind() == io::ErrorKind::AddrNotAvailable
                || source.raw_os_error() == Some(nix::errno::Errno::EAFNOSUPPORT as i32)
        }
    }
}

#[cfg(test)]
mod tests;
