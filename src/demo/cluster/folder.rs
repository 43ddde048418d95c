//! The temporary folder of a cluster, and the watchdog that empties it when we die.
//!
//! Asking the kernel for a signal at the parent's death needs unsafe code. A shell that waits for
//! the end of a pipe does the same: the pipe closes however we end, SIGKILL included.

use std::env;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use crate::demo::cluster::Error;
use crate::demo::cluster::io_error;
use crate::demo::cluster::owner::Owner;
use crate::demo::cluster::write_file;

/// A temporary folder that goes away with the value, and with the process.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    watchdog: Option<Child>,
}

impl Folder {
    /// Makes a folder that `owner` can use, and starts its watchdog.
    ///
    /// # Errors
    ///
    /// When there is no place for it, or no `sh`.
    pub fn make(owner: &Owner) -> Result<Self, Error> {
        let name = format!("pgsluice-{:08x}", rand::random::<u32>());
        let mut path = env::temp_dir().join(&name);
        if SOCKET_FOLDER_BYTES_MAX < path.as_os_str().len() {
            path = Path::new("/tmp").join(&name);
        }
        let failed = |e| io_error(&format!("make {}", path.display()), e);
        fs::create_dir(&path).map_err(failed)?;
        let mut folder = Self {
            path: path.clone(),
            watchdog: None,
        };
        // Others reach the unix sockets in it; the data folders in it are closed to them.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        owner.own(&path)?;
        folder.watchdog = Some(start_watchdog(&path)?);
        Ok(folder)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the folder, and what runs in it, to the user. Returns a script that ends them.
    ///
    /// # Errors
    ///
    /// When the script cannot be written; then nothing is left.
    pub fn keep(&mut self) -> Result<PathBuf, Error> {
        let script = self.path.join("stop");
        write_file(
            &script,
            &format!("set -- '{}'\n{CLEAN}", self.path.display()),
        )?;
        if let Some(mut watchdog) = self.watchdog.take() {
            if let Some(mut pipe) = watchdog.stdin.take() {
                // A watchdog that is gone already can do no harm.
                let _ = pipe.write_all(b"keep\n");
            }
            let _ = watchdog.wait();
        }
        // Without a watchdog `drop` leaves the folder alone.
        Ok(script)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let Some(mut watchdog) = self.watchdog.take() else {
            return;
        };
        // The pipe's end is its signal; it also ends nodes that we failed to end.
        drop(watchdog.stdin.take());
        let _ = watchdog.wait();
    }
}

fn start_watchdog(path: &Path) -> Result<Child, Error> {
    Command::new("sh")
        .args(["-c", &format!("{WATCH}{CLEAN}"), "pgsluice-watchdog"])
        .arg(path)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C and a test runner's kill go to the whole process group.
        .process_group(0)
        .spawn()
        .map_err(|e| io_error("start sh", e))
}

/// Waits for a line or the end of the pipe.
const WATCH: &str = r#"
trap '' INT TERM HUP
read -r word && [ "$word" = keep ] && exit 0
"#;

/// Ends every node with what it forked and every other program of folder `$1`, then removes it.
///
/// A stopped process acts on no signal but SIGKILL and SIGCONT, hence both. SIGQUIT is PostgreSQL's
/// immediate shutdown.
const CLEAN: &str = r#"
family() {
    for s in /proc/[0-9]*/stat; do
        { read -r pid name state parent rest < "$s"; } 2>/dev/null && [ "$parent" = "$1" ] && echo "$pid"
    done
    echo "$1"
}
is_running() {
    [ -d /proc/self ] || { kill -0 "$1" 2>/dev/null; return; }
    { read -r pid name state rest < "/proc/$1/stat"; } 2>/dev/null && [ "$state" != Z ]
}
all=
for f in "$1"/*.pid; do
    [ -f "$f" ] && p=$(cat "$f") && all="$all $p" && kill -TERM "$p" 2>/dev/null
done
for f in "$1"/node*/postmaster.pid; do
    [ -f "$f" ] && p=$(head -n 1 "$f") && all="$all $(family "$p")" && kill -QUIT "$p" 2>/dev/null
done
[ -n "$all" ] && kill -CONT $all 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    left=
    for p in $all; do is_running "$p" && left=yes; done
    [ -z "$left" ] && break
    sleep 0.1
done
[ -n "$all" ] && kill -KILL $all 2>/dev/null
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
"#;

/// Longest path of the folder that leaves room for `/.s.PGSQL.65535.lock` in a socket address of 107 bytes.
const SOCKET_FOLDER_BYTES_MAX: usize = 80;
