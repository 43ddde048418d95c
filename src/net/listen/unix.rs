//! Unix sockets to listen on: their files, and names without a file.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::SocketAddr;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use nix::unistd::Group;
use socket2::SockRef;

use crate::config::types::FileMode;
use crate::net::listen::Keeper;

/// Who may connect to a Unix socket.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The permissions of its file.
    pub mode: FileMode,
    /// The group of its file, by name or number; `None` is that of the process.
    pub group: Option<&'a str>,
}

/// Why nobody can connect.
#[derive(Debug)]
pub(super) enum Rejected {
    /// Another process listens there.
    InUse,
    /// Anything else.
    Other(io::Error),
}

impl From<io::Error> for Rejected {
    fn from(error: io::Error) -> Self {
        Self::Other(error)
    }
}

/// Listens at `path`.
pub(super) fn bind(
    path: &Path,
    access: &Access<'_>,
    backlog: u32,
) -> Result<(UnixListener, Name), Rejected> {
    let (listener, name) = match abstract_name(path) {
        Some(addr) => {
            let bound = UnixListener::bind_addr(&addr?);
            let listener = bound.map_err(|error| match error.kind() {
                io::ErrorKind::AddrInUse => Rejected::InUse,
                _ => Rejected::Other(error),
            })?;
            (listener, Name::new(path, None))
        }
        None => bind_file(path, access)?,
    };
    listener.set_nonblocking(true)?;
    // The standard library's own backlog is 128.
    SockRef::from(&listener).listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok((listener, name))
}

/// Whether somebody listens at `path`.
pub fn is_in_use(path: &Path) -> bool {
    match abstract_name(path) {
        Some(Ok(addr)) => UnixStream::connect_addr(&addr).is_ok(),
        Some(Err(_)) => false,
        None => UnixStream::connect(path).is_ok(),
    }
}

/// A connection to whoever listens at `path`.
///
/// # Errors
/// Nobody does, or it may not be asked.
pub fn connect(path: &Path) -> io::Result<UnixStream> {
    match abstract_name(path) {
        Some(addr) => UnixStream::connect_addr(&addr?),
        None => UnixStream::connect(path),
    }
}

/// The address of a name in Linux's abstract namespace; `None` if it is a path.
fn abstract_name(path: &Path) -> Option<io::Result<SocketAddr>> {
    let name = path.as_os_str().as_bytes().strip_prefix(b"@")?;
    Some(SocketAddr::from_abstract_name(name))
}

fn bind_file(path: &Path, access: &Access<'_>) -> Result<(UnixListener, Name), Rejected> {
    remove_stale(path)?;
    let listener = UnixListener::bind(path)?;
    let name = Name::new(path, Some(inode(path)?));
    if let Some(group) = access.group {
        std::os::unix::fs::chown(path, None, Some(group_id(group)?))?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(access.mode.0))?;
    Ok((listener, name))
}

fn group_id(name: &str) -> io::Result<u32> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    match Group::from_name(name)? {
        Some(group) => Ok(group.gid.as_raw()),
        None => {
            let said = format!("there is no group {name}");
            Err(io::Error::new(io::ErrorKind::NotFound, said))
        }
    }
}

/// Removes a socket file that nobody listens on.
fn remove_stale(path: &Path) -> Result<(), Rejected> {
    let kind = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if !kind.is_socket() {
        let said = "the path exists and is not a socket";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, said).into());
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(Rejected::Other)
        }
        Err(error) => Err(error.into()),
        Ok(_) => Err(Rejected::InUse),
    }
}

/// The name of a socket that we listen on. Its file, if it has one, goes when we stop listening,
/// unless another process has put its own in its place or has taken the socket over.
#[derive(Debug)]
pub(super) struct Name {
    path: PathBuf,
    inode: Option<(u64, u64)>,
    is_kept: AtomicBool,
}

impl Name {
    fn new(path: &Path, inode: Option<(u64, u64)>) -> Self {
        Self {
            path: path.to_owned(),
            inode,
            is_kept: AtomicBool::new(false),
        }
    }

    /// The name of a socket that was made by another process, whose file stays for now.
    pub(super) fn of(listener: &UnixListener, keeper: Keeper) -> io::Result<Self> {
        let addr = listener.local_addr()?;
        if let Some(path) = addr.as_pathname() {
            let inode = match keeper {
                Keeper::Us => inode(path).ok(),
                Keeper::Maker => None,
            };
            let name = Self::new(path, inode);
            name.set_kept(true);
            return Ok(name);
        }
        let name = addr.as_abstract_name().unwrap_or_default();
        let shown = [b"@", name].concat();
        Ok(Self::new(Path::new(OsStr::from_bytes(&shown)), None))
    }

    /// Whether the file stays where it is.
    pub(super) fn set_kept(&self, is_kept: bool) {
        self.is_kept.store(is_kept, Ordering::Release);
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let is_ours = self.inode.is_some() && inode(&self.path).ok() == self.inode;
        if is_ours && !self.is_kept.load(Ordering::Acquire) {
            // Nobody can be told; the next start removes it as stale.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn inode(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}
