//! One PostgreSQL server of a cluster: start it, ask it, stop it, harm it.

use std::fs;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::demo::cluster::Error;
use crate::demo::cluster::POLL;
use crate::demo::cluster::binaries::Binaries;
use crate::demo::cluster::io_error;
use crate::demo::cluster::last_lines;
use crate::demo::cluster::owner::Owner;
use crate::demo::cluster::run;
use crate::demo::cluster::settings;

/// How a node is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Ends the clients' sessions and shuts down cleanly.
    Fast,
    /// Ends at once; the next start recovers.
    Immediate,
}

/// A PostgreSQL server with its data folder. It may be running or not.
#[derive(Debug)]
pub struct Node {
    index: usize,
    port: u16,
    folder: PathBuf,
    binaries: Binaries,
    owner: Owner,
    postmaster: Mutex<Option<Child>>,
}

impl Node {
    /// Describes a node whose data folder is there; it does not run yet.
    pub(crate) fn new(
        binaries: &Binaries,
        owner: &Owner,
        folder: &Path,
        index: usize,
        port: u16,
    ) -> Self {
        Self {
            index,
            port,
            folder: folder.to_owned(),
            binaries: binaries.clone(),
            owner: owner.clone(),
            postmaster: Mutex::new(None),
        }
    }

    /// Its place in the cluster, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its unix socket.
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        settings::data_folder(&self.folder, self.index)
    }

    /// The process id of its postmaster, if it runs.
    pub fn pid(&self) -> Option<u32> {
        self.lock().as_ref().map(Child::id)
    }

    /// Runs SQL as the superuser in database `postgres` and returns unaligned rows (`a|b`).
    ///
    /// # Errors
    ///
    /// When the node cannot be reached or the SQL fails.
    pub fn psql(&self, sql: &str) -> Result<String, Error> {
        self.psql_in("postgres", sql)
    }

    /// As [`Node::psql`], in another database.
    ///
    /// # Errors
    ///
    /// When the node cannot be reached or the SQL fails.
    pub fn psql_in(&self, database: &str, sql: &str) -> Result<String, Error> {
        let mut psql = self.binaries.command("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", settings::SUPERUSER])
            .args(["-d", database, "-p", &self.port.to_string(), "-h"])
            .arg(&self.folder)
            .args(["-c", sql])
            .env("PGCONNECT_TIMEOUT", "5")
            .stdin(Stdio::null());
        run("psql", &mut psql)
    }

    /// Starts it and returns when it takes connections.
    ///
    /// # Errors
    ///
    /// When it runs already, cannot be started or does not come up within 60 seconds.
    pub fn start(&self) -> Result<(), Error> {
        self.spawn()?;
        self.wait_ready()
    }

    /// Stops it and returns when it is gone. Does nothing when it does not run.
    ///
    /// # Errors
    ///
    /// When it is still there after 60 seconds.
    pub fn stop(&self, how: Stop) -> Result<(), Error> {
        let mut postmaster = self.lock();
        let Some(child) = postmaster.as_mut() else {
            return Ok(());
        };
        let signal = match how {
            Stop::Fast => Signal::SIGINT,
            Stop::Immediate => Signal::SIGQUIT,
        };
        send(child.id(), signal);
        for _ in 0..polls(SECONDS_MAX) {
            if has_ended(child) {
                *postmaster = None;
                return Ok(());
            }
            thread::sleep(POLL);
        }
        Err(self.too_late("stopped"))
    }

    /// Stops it cleanly and starts it again.
    ///
    /// # Errors
    ///
    /// As [`Node::stop`] and [`Node::start`].
    pub fn restart(&self) -> Result<(), Error> {
        self.stop(Stop::Fast)?;
        self.start()
    }

    /// Kills the postmaster and all it has forked with SIGKILL, as if the machine had gone.
    pub fn kill(&self) {
        let Some(mut child) = self.lock().take() else {
            return;
        };
        kill_family(child.id());
        let _ = child.wait();
        // The next start would wait for nobody, but `wait_ready` reads this file.
        let _ = fs::remove_file(self.data().join("postmaster.pid"));
    }

    /// Stops all its processes with SIGSTOP: connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.send_all(Signal::SIGSTOP);
    }

    /// Undoes [`Node::freeze`].
    pub fn thaw(&self) {
        self.send_all(Signal::SIGCONT);
    }

    /// Makes a replica stop replaying, and returns when it has.
    ///
    /// # Errors
    ///
    /// When it is not a replica.
    pub fn pause_replay(&self) -> Result<(), Error> {
        self.psql("select pg_wal_replay_pause()")?;
        let paused = "select pg_get_wal_replay_pause_state() = 'paused'";
        self.wait_sql(paused, "t", "paused")
    }

    /// Lets it replay again.
    ///
    /// # Errors
    ///
    /// When it is not a replica.
    pub fn resume_replay(&self) -> Result<(), Error> {
        self.psql("select pg_wal_replay_resume()").map(drop)
    }

    /// Makes a replica the primary and returns when it takes writes. The old one is left as it is.
    ///
    /// # Errors
    ///
    /// When it is not a replica.
    pub fn promote(&self) -> Result<(), Error> {
        self.psql("select pg_promote(true, 60)")?;
        self.wait_sql("select not pg_is_in_recovery()", "t", "promoted")
    }

    /// Polls SQL until it gives `wanted`; `state` names that in the error.
    ///
    /// # Errors
    ///
    /// When it does not within 60 seconds.
    pub fn wait_sql(&self, sql: &str, wanted: &str, state: &'static str) -> Result<(), Error> {
        for _ in 0..polls(SECONDS_MAX) {
            if self.psql(sql).is_ok_and(|rows| rows == wanted) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        Err(self.too_late(state))
    }

    /// The end of its log.
    pub fn log_end(&self) -> String {
        let log = fs::read(settings::log_file(&self.folder, self.index)).unwrap_or_default();
        last_lines(&String::from_utf8_lossy(&log), 20)
    }

    /// Starts its postmaster without waiting for it.
    pub(crate) fn spawn(&self) -> Result<(), Error> {
        let path = settings::log_file(&self.folder, self.index);
        let log = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|e| io_error("open a node's log", e))?;
        self.owner.own(&path)?;
        let errors = log
            .try_clone()
            .map_err(|e| io_error("open a node's log", e))?;
        let mut postgres = self.binaries.command("postgres");
        postgres.arg("-D").arg(self.data());
        postgres.stdin(Stdio::null()).stdout(log).stderr(errors);
        // Ctrl-C is for us to act on.
        postgres.current_dir(&self.folder).process_group(0);
        self.owner.run_as(&mut postgres);
        let child = spawn(&mut postgres)?;
        *self.lock() = Some(child);
        Ok(())
    }

    /// Waits until it takes connections.
    pub(crate) fn wait_ready(&self) -> Result<(), Error> {
        let file = self.data().join("postmaster.pid");
        for _ in 0..polls(SECONDS_MAX) {
            let mut postmaster = self.lock();
            let Some(child) = postmaster.as_mut() else {
                return Err(self.too_late("running"));
            };
            if has_ended(child) {
                *postmaster = None;
                return Err(self.why_ended());
            }
            let text = fs::read_to_string(&file).unwrap_or_default();
            if says_ready(&text, child.id()) {
                return Ok(());
            }
            drop(postmaster);
            thread::sleep(POLL);
        }
        Err(self.too_late("ready"))
    }

    /// Ends it at once whatever state it is in; for `Drop`.
    pub(crate) fn end(&self) {
        self.thaw();
        if self.stop(Stop::Immediate).is_err() {
            self.kill();
        }
    }

    /// Forgets the process without ending it.
    pub(crate) fn let_go(&mut self) {
        *self.lock() = None;
    }

    fn send_all(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            send(pid, signal);
            for child in children(pid) {
                send(child, signal);
            }
        }
    }

    fn why_ended(&self) -> Error {
        let log = self.log_end();
        if log.contains("Address already in use") {
            return Error::PortTaken { port: self.port };
        }
        Error::Failed {
            program: String::from("postgres"),
            output: log,
        }
    }

    fn too_late(&self, wanted: &'static str) -> Error {
        Error::TooLate {
            node: self.index,
            wanted,
            seconds: SECONDS_MAX,
            log: self.log_end(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        self.postmaster
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `postmaster.pid` is that of process `pid` and its last line says that it takes clients.
fn says_ready(text: &str, pid: u32) -> bool {
    let mut lines = text.lines();
    let is_ours = lines.next().is_some_and(|l| l.trim() == pid.to_string());
    is_ours && lines.nth(6).is_some_and(|l| l.trim() == "ready")
}

fn spawn(command: &mut Command) -> Result<Child, Error> {
    command.spawn().map_err(|e| io_error("start postgres", e))
}

/// Whether a process of ours has ended.
pub(crate) fn has_ended(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(Some(_)) | Err(_))
}

/// Kills a postmaster and all it has forked with SIGKILL.
pub fn kill_family(postmaster: u32) {
    // Stopped first, so that it forks no more while its children are looked up.
    send(postmaster, Signal::SIGSTOP);
    for pid in children(postmaster) {
        send(pid, Signal::SIGKILL);
    }
    send(postmaster, Signal::SIGKILL);
}

/// The processes whose parent is `pid`; none where there is no `/proc`.
fn children(pid: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|e| e.file_name().to_str()?.parse().ok())
        .filter(|child| parent(*child) == Some(pid))
        .collect()
}

fn parent(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

/// Sends a signal to a process of ours.
pub(crate) fn send(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // It may be gone, which is what most signals here are for.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

fn polls(seconds: u64) -> u128 {
    Duration::from_secs(seconds).as_millis() / POLL.as_millis()
}

const SECONDS_MAX: u64 = 60;
