//! The file that holds the number of the process while it runs.

use std::fs;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// A pid file of ours. Dropped, it goes, unless another process has written itself into it.
#[derive(Debug)]
pub(super) struct Pidfile {
    path: PathBuf,
}

/// Permissions of a pid file, as PgBouncer's.
const MODE: u32 = 0o644;

/// Makes sure that no living process holds the file; that of a dead one is removed.
///
/// # Errors
/// One does, or the file holds something else than a process.
pub(super) fn check(path: &Path) -> Result<(), String> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("cannot read pidfile '{}': {error}", path.display())),
    };
    let shown = path.display();
    let exists = || format!("pidfile '{shown}' exists, another instance running?");
    let pid = text.trim().parse().ok().filter(|pid| 0 < *pid);
    let pid = pid.map(Pid::from_raw).ok_or_else(exists)?;
    // Ours is that of an earlier process with our number, as in a container.
    if pid != Pid::this() && kill(pid, None) != Err(Errno::ESRCH) {
        return Err(exists());
    }
    tracing::info!("stale pidfile");
    fs::remove_file(path).map_err(|error| format!("cannot remove pidfile '{shown}': {error}"))
}

impl Pidfile {
    /// Writes the number of this process into a new file.
    ///
    /// # Errors
    /// There is one already, or the folder cannot be written to.
    pub(super) fn write(path: &Path) -> Result<Self, String> {
        Self::by(path, || write_new(path))
    }

    /// Writes the number of this process in place of that of another, whose work it goes on with. At no
    /// time there is no file.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub(super) fn replace(path: &Path) -> Result<Self, String> {
        let mut new = path.as_os_str().to_owned();
        new.push(format!(".{}", std::process::id()));
        Self::by(path, || {
            write_new(Path::new(&new))?;
            fs::rename(&new, path)
        })
    }

    fn by(path: &Path, write: impl FnOnce() -> io::Result<()>) -> Result<Self, String> {
        let failed = |error| format!("cannot write pidfile '{}': {error}", path.display());
        write().map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
        })
    }
}

fn write_new(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(path)?;
    writeln!(file, "{}", std::process::id())
}

impl Drop for Pidfile {
    fn drop(&mut self) {
        let holds = fs::read_to_string(&self.path).unwrap_or_default();
        if holds.trim() == std::process::id().to_string() {
            // Nobody can be told; the next start finds it stale.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_file_of_a_dead_process_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.pid");
        let check_with = |text: &str| {
            fs::write(&path, text).unwrap();
            check(&path)
        };
        let refused = Err(format!(
            "pidfile '{}' exists, another instance running?",
            path.display()
        ));
        assert_eq!(check_with("1\n"), refused);
        assert_eq!(check_with("hello\n"), refused);
        assert_eq!(check_with(""), refused);
        assert_eq!(check_with("-1\n"), refused);
        assert!(path.exists());
        // The largest number that Linux gives is 2^22.
        assert_eq!(check_with("4194305\n"), Ok(()));
        assert!(!path.exists());
        assert_eq!(check(&path), Ok(()));
    }

    #[test]
    fn it_is_written_once_and_goes_with_its_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.pid");
        let ours = Pidfile::write(&path).unwrap();
        let text = format!("{}\n", std::process::id());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert!(Pidfile::write(&path).is_err());
        drop(ours);
        assert!(!path.exists());
        let ours = Pidfile::write(&path).unwrap();
        fs::write(&path, "1\n").unwrap();
        drop(ours);
        assert!(path.exists(), "it is the successor's");
        drop(Pidfile::replace(&path).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
