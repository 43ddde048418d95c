//! Where clients connect: TCP addresses and PostgreSQL's Unix socket.

use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as BlockingUnixStream;
use std::path::Path;
use std::path::PathBuf;

use socket2::Domain;
use socket2::Protocol;
use socket2::Socket as RawSocket;
use socket2::Type;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::net::UnixListener;
use tokio::net::lookup_host;

use crate::config::types::FileMode;
use crate::config::types::Listen;
use crate::config::types::Tcp;
use crate::net::dial::unix_path;
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
}

/// The address in the configuration that stands for every address.
const EVERYWHERE: &str = "*";

/// One socket that clients connect to.
#[derive(Debug)]
pub struct Listener(Bound);

#[derive(Debug)]
enum Bound {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

impl Listener {
    /// Listens everywhere that the configuration says.
    ///
    /// # Errors
    /// One of the places cannot be listened on; none is then.
    pub async fn bind_all(listen: &Listen) -> Result<Vec<Self>, Fault> {
        let mut listeners = Vec::new();
        for host in &listen.addrs {
            let bound = resolve(host, listen.port)
                .await?
                .into_iter()
                .map(|addr| Self::bind_tcp(addr, listen.backlog))
                // `*` means every address there is; a machine without IPv6 has none of these.
                .filter(|bound| host != EVERYWHERE || !is_unknown_family(bound));
            for listener in bound {
                listeners.push(listener?);
            }
        }
        if let Some(folder) = &listen.unix_socket_dir {
            let path = unix_path(folder, listen.port);
            listeners.push(Self::bind_unix(&path, listen.unix_socket_mode)?);
        }
        Ok(listeners)
    }

    /// Listens on an address; port 0 is a free one.
    ///
    /// # Errors
    /// The address is taken or not ours.
    pub fn bind_tcp(addr: SocketAddr, backlog: u32) -> Result<Self, Fault> {
        let bind = || {
            let socket =
                RawSocket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
            // A restart must not wait for the last connections to be forgotten.
            socket.set_reuse_address(true)?;
            if addr.is_ipv6() {
                socket.set_only_v6(true)?;
            }
            socket.set_nonblocking(true)?;
            socket.bind(&addr.into())?;
            socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
            TcpListener::from_std(socket.into())
        };
        let listener = bind().map_err(|source| Fault::Bind {
            at: addr.to_string(),
            source,
        })?;
        Ok(Self(Bound::Tcp(listener)))
    }

    /// Listens on a Unix socket; one that a dead process left behind is replaced.
    ///
    /// # Errors
    /// Someone listens there, or the path is something else than a socket.
    pub fn bind_unix(path: &Path, mode: FileMode) -> Result<Self, Fault> {
        let bind = || {
            remove_stale(path)?;
            let listener = UnixListener::bind(path)?;
            let file = SocketFile::new(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(mode.0))?;
            Ok((listener, file))
        };
        let (listener, file) = bind().map_err(|source| Fault::Bind {
            at: path.display().to_string(),
            source,
        })?;
        Ok(Self(Bound::Unix(listener, file)))
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

    /// The address, if it is TCP.
    pub fn addr(&self) -> Option<SocketAddr> {
        match &self.0 {
            Bound::Tcp(listener) => listener.local_addr().ok(),
            Bound::Unix(..) => None,
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.0, self.addr()) {
            (Bound::Unix(_, file), _) => file.path.display().fmt(f),
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
        Ok(_) | Err(Fault::Resolve { .. }) => false,
        Err(Fault::Bind { source, .. }) => {
            source.kind() == io::ErrorKind::AddrNotAvailable
                || source.raw_os_error() == Some(nix::errno::Errno::EAFNOSUPPORT as i32)
        }
    }
}

/// Removes a socket file that nobody listens on.
fn remove_stale(path: &Path) -> io::Result<()> {
    let kind = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !kind.is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "the path exists and is not a socket",
        ));
    }
    match BlockingUnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
    }
}

/// A socket file of ours, which goes when we stop listening, unless another process has put its
/// own in its place.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    inode: (u64, u64),
}

impl SocketFile {
    fn new(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            inode: inode(path)?,
        })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if inode(&self.path).is_ok_and(|now| now == self.inode) {
            // Nobody can be told; the next start removes it as stale.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

#[cfg(test)]
mod tests;
