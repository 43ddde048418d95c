//! Connects to a host by name, address or Unix socket.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;

use thiserror::Error;
use tokio::net::TcpStream;
use tokio::net::UnixStream;
use tokio::time::Instant;
use tokio::time::timeout;
use tokio::time::timeout_at;

use crate::config::types::Tcp;
use crate::error::Blame;
use crate::error::Error as CrateError;
use crate::net::names::Names;
use crate::net::stream::Socket;
use crate::net::tune::tune;
use crate::sqlstate::SqlState;

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// A host name, an address, or the folder of a Unix socket (it begins with `/`, or with `@` for
    /// one that is in no file system).
    pub host: String,
    /// The port, or the number in the Unix socket's name.
    pub port: u16,
}

impl Target {
    /// The folder of the Unix socket, if it is one.
    pub fn unix_folder(&self) -> Option<&Path> {
        self.host
            .starts_with(['/', '@'])
            .then(|| Path::new(&self.host))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// The path of PostgreSQL's Unix socket for this port.
pub fn unix_path(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!(".s.PGSQL.{port}"))
}

/// The path as the kernel knows it: one that begins with `@` is abstract, by a zero byte.
fn unix_name(path: PathBuf) -> PathBuf {
    match path.to_str().and_then(|path| path.strip_prefix('@')) {
        Some(name) => PathBuf::from(format!("\0{name}")),
        None => path,
    }
}

/// Which address of a target is dialed.
#[derive(Clone, Copy, Debug)]
pub enum Find<'a> {
    /// One of those its name stands for. The one at place `first` (of as many as there are, again
    /// and again) is tried first, then those behind it.
    ByName {
        /// Who knows them.
        names: &'a Names,
        /// Where to begin.
        first: usize,
    },
    /// This one: another host of the name would not do.
    At(SocketAddr),
}

/// Why no connection came about.
#[derive(Debug, Error)]
pub enum Fault {
    /// The name is not known, or nobody could be asked.
    #[error("could not resolve {host}: {source}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The name has no address.
    #[error("could not resolve {host}: it has no address")]
    NoAddress {
        /// The name.
        host: String,
    },
    /// The last address that was tried refused.
    #[error("could not connect to {target}: {source}")]
    Refused {
        /// Where to.
        target: Target,
        /// Why.
        source: io::Error,
    },
    /// Nobody answered in time.
    #[error("could not connect to {target}: no answer in time")]
    Late {
        /// Where to.
        target: Target,
    },
}

impl From<Fault> for CrateError {
    fn from(fault: Fault) -> Self {
        Self::new(Blame::Server, SqlState::CANNOT_CONNECT, fault.to_string())
            .or_elsewhere()
            .because(fault)
    }
}

/// Connects. Of a host with several addresses each is tried, in equal parts of the time.
///
/// # Errors
/// No address answered before `deadline`.
///
/// # Cancel safety
/// Yes: a connection that nobody waits for is closed.
pub async fn connect(
    target: &Target,
    find: Find<'_>,
    tcp: &Tcp,
    deadline: Instant,
) -> Result<Socket, Fault> {
    let connected = match target.unix_folder() {
        Some(folder) => timeout_at(deadline, connect_unix(target, folder)).await,
        None => timeout_at(deadline, connect_tcp(target, find, tcp, deadline)).await,
    };
    connected.unwrap_or_else(|_| Err(late(target)))
}

async fn connect_unix(target: &Target, folder: &Path) -> Result<Socket, Fault> {
    UnixStream::connect(unix_name(unix_path(folder, target.port)))
        .await
        .map(Socket::Unix)
        .map_err(|source| refused(target, source))
}

async fn connect_tcp(
    target: &Target,
    find: Find<'_>,
    tcp: &Tcp,
    deadline: Instant,
) -> Result<Socket, Fault> {
    let host = &target.host;
    let addrs = addresses(target, find).await?;
    let mut last = Fault::NoAddress { host: host.clone() };
    let mut left = u32::try_from(addrs.len()).unwrap_or(u32::MAX);
    for addr in addrs {
        let share = deadline.saturating_duration_since(Instant::now()) / left.max(1);
        left -= 1;
        match timeout(share, TcpStream::connect(addr)).await {
            Ok(Ok(stream)) => {
                tune(&stream, tcp).map_err(|source| refused(target, source))?;
                return Ok(Socket::Tcp(stream));
            }
            Ok(Err(source)) => last = refused(target, source),
            Err(_) => last = late(target),
        }
    }
    Err(last)
}

/// The addresses to try, in order.
async fn addresses(target: &Target, find: Find<'_>) -> Result<Vec<SocketAddr>, Fault> {
    let (names, first) = match find {
        Find::ByName { names, first } => (names, first),
        Find::At(address) => return Ok(vec![address]),
    };
    let found = names.find(&target.host).await;
    let found = found.map_err(|source| Fault::Resolve {
        host: target.host.clone(),
        source,
    })?;
    let with_port = |ip: &IpAddr| SocketAddr::new(*ip, target.port);
    let mut addresses: Vec<_> = found.iter().map(with_port).collect();
    let first = first.checked_rem(addresses.len()).unwrap_or_default();
    addresses.rotate_left(first);
    Ok(addresses)
}

fn refused(target: &Target, source: io::Error) -> Fault {
    let target = target.clone();
    Fault::Refused { target, source }
}

fn late(target: &Target) -> Fault {
    let target = target.clone();
    Fault::Late { target }
}

#[cfg(test)]
mod tests;
