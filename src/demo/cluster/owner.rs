//! Whom PostgreSQL runs as: the caller, or an unprivileged user when the caller is root.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::unistd::User;
use nix::unistd::geteuid;

use crate::demo::cluster::Error;
use crate::demo::cluster::io_error;

/// The user who owns the files and processes of a cluster.
#[derive(Clone, Debug)]
pub enum Owner {
    /// The caller.
    Caller,
    /// Another user, as root may choose.
    Other {
        /// Its user id.
        uid: u32,
        /// Its group id.
        gid: u32,
    },
}

impl Owner {
    /// The caller, or `postgres`, or `nobody`.
    ///
    /// # Errors
    ///
    /// When the caller is root and neither exists.
    pub fn find() -> Result<Self, Error> {
        if !geteuid().is_root() {
            return Ok(Self::Caller);
        }
        let user = ["postgres", "nobody"]
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .ok_or(Error::NoUser)?;
        Ok(Self::Other {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        })
    }

    /// Lets `command` run as this user.
    pub fn run_as(&self, command: &mut Command) {
        if let Self::Other { uid, gid } = self {
            command.uid(*uid).gid(*gid);
        }
    }

    /// Gives a file or folder to this user.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub fn own(&self, path: &Path) -> Result<(), Error> {
        match self {
            Self::Caller => Ok(()),
            Self::Other { uid, gid } => chown(path, Some(*uid), Some(*gid))
                .map_err(|e| io_error(&format!("give away {}", path.display()), e)),
        }
    }
}
