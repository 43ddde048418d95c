//! A program that runs beside a cluster (the proxy, pgbench) and ends with it.

use std::fs;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::demo::cluster::Error;
use crate::demo::cluster::POLL;
use crate::demo::cluster::io_error;
use crate::demo::cluster::node::has_ended;
use crate::demo::cluster::node::send;
use crate::demo::cluster::write_file;

/// A running program whose output goes to `NAME.log` in the cluster's folder.
///
/// Dropping it ends it. Should we die first, the cluster's watchdog finds it by `NAME.pid`.
#[derive(Debug)]
pub struct Program {
    child: Option<Child>,
    pid_file: PathBuf,
    log: PathBuf,
}

impl Program {
    /// Starts `command` in a process group of its own, so that Ctrl-C does not reach it.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(folder: &Path, name: &str, command: &mut Command) -> Result<Self, Error> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).map_err(|e| io_error("make a log", e))?;
        let errors = file.try_clone().map_err(|e| io_error("make a log", e))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(|e| io_error(&format!("start {name}"), e))?;
        let program = Self {
            pid_file: folder.join(format!("{name}.pid")),
            child: Some(child),
            log,
        };
        write_file(&program.pid_file, &format!("{}\n", program.pid()))?;
        Ok(program)
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// All it has printed.
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Where its output is.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(has_ended)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            send(child.id(), signal);
        }
    }

    /// Ends it: SIGTERM, and SIGKILL after `grace`. Returns whether it went by itself.
    pub fn end(&mut self, grace: Duration) -> bool {
        let Some(mut child) = self.child.take() else {
            return true;
        };
        send(child.id(), Signal::SIGTERM);
        let polls = grace.as_millis() / POLL.as_millis();
        let went = (0..=polls).any(|_| {
            let ended = has_ended(&mut child);
            if !ended {
                thread::sleep(POLL);
            }
            ended
        });
        if !went {
            // Already gone is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_file(&self.pid_file);
        went
    }

    /// Leaves it running.
    pub fn keep(mut self) {
        self.child = None;
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end(DROP_GRACE);
    }
}

const DROP_GRACE: Duration = Duration::from_secs(3);
