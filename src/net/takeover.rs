//! Listening sockets go from a process to its successor, over a Unix socket of their own.
//!
//! The old process offers them. The new one says when it serves, with them; until then, and if it never
//! does, the old one goes on.

use std::ffi::OsStr;
use std::io;
use std::io::IoSlice;
use std::io::IoSliceMut;
use std::io::Read;
use std::io::Write;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::fd::BorrowedFd;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream as BlockingUnixStream;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use nix::unistd::Uid;
use rustix::net::RecvAncillaryBuffer;
use rustix::net::RecvAncillaryMessage;
use rustix::net::RecvFlags;
use rustix::net::ReturnFlags;
use rustix::net::SendAncillaryBuffer;
use rustix::net::SendAncillaryMessage;
use rustix::net::SendFlags;
use rustix::net::recvmsg;
use rustix::net::sendmsg;
use rustix::net::sockopt::socket_peercred;
use tokio::io::AsyncReadExt;
use tokio::io::Interest;
use tokio::net::UnixStream;

use crate::net::listen::unix;

/// What stands beside the sockets; another version would say something else.
const OFFER: &[u8; 11] = b"pgsluice 1\n";

/// What the new process says when it serves.
const TAKEN: &[u8; 6] = b"taken\n";

/// Most sockets that Linux passes at once: `SCM_MAX_FD`.
const SOCKETS_COUNT_MAX: usize = 253;

/// How long the new process waits for the old one.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a process waits for its successor, given where its clients find it.
pub fn window(socket: &Path) -> PathBuf {
    let mut path = socket.as_os_str().to_owned();
    path.push(".takeover");
    path.into()
}

/// Where a process whose successor serves is still found, by those alone who run as the same user.
pub fn back_door(window: &Path, pid: u32) -> PathBuf {
    let mut path = window.as_os_str().to_owned();
    path.push(format!(".{pid}"));
    path.into()
}

/// The back doors beside a window; some may be of the dead.
pub fn back_doors(window: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) = (window.parent(), window.file_name()) else {
        return Vec::new();
    };
    let Ok(files) = folder.read_dir() else {
        return Vec::new();
    };
    let start = [name.as_bytes(), b"."].concat();
    let is_one = |path: &PathBuf| {
        let name = path.file_name().map(OsStr::as_bytes);
        name.is_some_and(|name| name.starts_with(&start))
    };
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    paths.filter(is_one).take(BACK_DOORS_COUNT_MAX).collect()
}

/// Most old processes that are asked.
const BACK_DOORS_COUNT_MAX: usize = 16;

/// Whether the other side runs as the same user of the system as we do, or as root.
pub fn is_one_of_us(link: impl AsFd) -> bool {
    socket_peercred(link).is_ok_and(|peer| {
        let uid = peer.uid.as_raw();
        uid == 0 || uid == Uid::effective().as_raw()
    })
}

/// Passes sockets on, and waits until the new process serves.
///
/// # Errors
/// It has ended or said something else; there are too many sockets.
///
/// # Cancel safety
/// No: the sockets may have been passed on.
pub async fn pass_on(link: &mut UnixStream, sockets: &[BorrowedFd<'_>]) -> io::Result<()> {
    if SOCKETS_COUNT_MAX < sockets.len() {
        let said = format!("more than {SOCKETS_COUNT_MAX} sockets cannot be passed on");
        return Err(io::Error::other(said));
    }
    let send = || send(&*link, sockets);
    link.async_io(Interest::WRITABLE, send).await?;
    let mut said = [0; TAKEN.len()];
    link.read_exact(&mut said).await?;
    match &said == TAKEN {
        true => Ok(()),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn send(link: impl AsFd, sockets: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_COUNT_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(sockets));
    // So few bytes go as a whole or not at all.
    sendmsg(
        link,
        &[IoSlice::new(OFFER)],
        &mut control,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}

/// What the process before us has offered: its sockets, and the link to it.
#[derive(Debug)]
pub struct Offer {
    /// The sockets.
    pub sockets: Vec<OwnedFd>,
    link: BlockingUnixStream,
}

impl Offer {
    /// Asks the process whose window is at `path`; `None` if there is none. Blocks, for a short time.
    ///
    /// # Errors
    /// Somebody is there who cannot be asked, or answers otherwise.
    pub fn ask(path: &Path) -> io::Result<Option<Self>> {
        let link = match unix::connect(path) {
            Ok(link) => link,
            Err(error) if is_nobody(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        if !is_one_of_us(&link) {
            let said = "it runs as another user of the system";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, said));
        }
        link.set_read_timeout(Some(PATIENCE))?;
        link.set_write_timeout(Some(PATIENCE))?;
        let sockets = receive(&link)?;
        Ok(Some(Self { sockets, link }))
    }

    /// Tells the old process that we serve, and waits until it accepts no more clients.
    ///
    /// # Errors
    /// It has ended.
    pub fn take(mut self) -> io::Result<()> {
        self.link.write_all(TAKEN)?;
        // It says nothing more.
        self.link.read_to_end(&mut Vec::new())?;
        Ok(())
    }
}

fn is_nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}

fn receive(link: &BlockingUnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(SOCKETS_COUNT_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut said = [0; OFFER.len()];
    let mut slices = [IoSliceMut::new(&mut said)];
    let received = recvmsg(link, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut sockets = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(passed) = message {
            sockets.extend(passed);
        }
    }
    if received.bytes == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if received.flags.contains(ReturnFlags::CTRUNC) {
        return Err(io::Error::other("sockets were lost on the way"));
    }
    match &said == OFFER {
        true => Ok(sockets),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests;
