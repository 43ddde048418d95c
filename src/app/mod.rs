//! The process: start, run, reload, drain.

pub mod logs;

mod discover;
mod doors;
mod ending;
mod identity;
mod pages;
mod pidfile;
mod predecessor;
mod process;
mod set;
mod signals;
mod sockets;
mod start;
mod successor;
mod systemd;

use std::io;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::runtime::Builder;
use tokio::runtime::Runtime;

use crate::app::logs::Logs;
use crate::app::logs::Manner;
use crate::app::pidfile::Pidfile;
use crate::app::predecessor::Predecessor;
use crate::app::start::Start;
use crate::config::fault::Faults;
use crate::config::types::Config;
use crate::config::words::LogFormat;
use crate::net::dial::unix_path;
use crate::net::listen::unix;

/// What the command line asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// Where the configuration stands.
    pub path: PathBuf,
    /// How it is logged.
    pub manner: Manner,
    /// Whether the process goes into the background.
    pub daemon: bool,
    /// Whether it takes the place of the process that runs, if one does.
    pub takes_over: bool,
    /// The user of the system that it becomes.
    pub user: Option<String>,
}

/// Serves a configuration that was read from the launch's path until a signal ends the process.
pub fn run(launch: &Launch, config: Config) -> ExitCode {
    let logs = Logs::start(&config.log, launch.manner, config.listen.port);
    let is_pgbouncer = config.log.format == LogFormat::PgBouncer;
    match start(launch, config, logs) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            tracing::error!(why, "cannot start");
            if !launch.manner.quiet && !is_pgbouncer {
                // Who started it by hand may not see the log.
                let _ = writeln!(io::stderr(), "pgsluice: {why}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Why the process does not start, as it is to be told on standard error: for a pgbouncer.ini in
/// lines of the log, as tools that start PgBouncer look for them.
pub fn refusal(faults: &Faults) -> String {
    let text = faults.to_string();
    let Some(last_word) = faults.last_word() else {
        return text;
    };
    let line = |line: &str| {
        let level = if line == last_word { "FATAL" } else { "ERROR" };
        logs::pgbouncer_line(level, line)
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Settles who the process is, then serves. All that forks or changes users comes before the
/// runtime, while there is one thread.
fn start(launch: &Launch, config: Config, logs: Logs) -> Result<(), String> {
    identity::become_user(&config.process, launch.user.as_deref())?;
    logs.open(&config.log)?;
    if launch.daemon && config.process.pidfile.is_none() {
        return Err("daemon needs pidfile configured".to_owned());
    }
    let predecessor = find_predecessor(launch, &config)?;
    if predecessor.is_none() {
        make_sure_to_be_alone(&config)?;
    }
    if launch.daemon {
        identity::go_background()?;
    }
    // Dropped at the very end, whatever that is. A predecessor's is there until we serve.
    let pidfile = config.process.pidfile.as_deref();
    let pidfile = pidfile.filter(|_| predecessor.is_none());
    let _pidfile = pidfile.map(Pidfile::write).transpose()?;
    identity::raise_descriptor_limit(&config);
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let served = start::serve(Start {
        path: launch.path.clone(),
        config,
        logs,
        predecessor,
    });
    to_the_end(runtime, served)
}

/// Runs what is served. The end does not wait for calls that block: a name that is being looked up may
/// take the system minutes.
fn to_the_end<T>(runtime: Runtime, served: impl Future<Output = T>) -> T {
    let end = runtime.block_on(served);
    runtime.shutdown_background();
    end
}

/// The process whose place we are to take, if there is one.
fn find_predecessor(launch: &Launch, config: &Config) -> Result<Option<Predecessor>, String> {
    if !launch.takes_over {
        return Ok(None);
    }
    let found = Predecessor::find(config)?;
    match found {
        Some(_) => tracing::info!("taking over from the old process"),
        None => tracing::info!("old process not found, try to continue normally"),
    }
    Ok(found)
}

/// Makes sure that no other process does what we are to do.
fn make_sure_to_be_alone(config: &Config) -> Result<(), String> {
    if is_served_already(config) {
        return Err("unix socket is in use, cannot continue".to_owned());
    }
    config
        .process
        .pidfile
        .as_deref()
        .map_or(Ok(()), pidfile::check)
}

/// Whether somebody answers at the Unix socket that is to be ours.
fn is_served_already(config: &Config) -> bool {
    let listen = &config.listen;
    let folder = listen.unix_socket_dir.as_deref();
    folder.is_some_and(|folder| unix::is_in_use(&unix_path(folder, listen.port)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    /// As when the end comes while the system looks up the name of a node.
    #[test]
    fn the_end_waits_for_no_call_that_blocks() {
        let runtime = Builder::new_current_thread().build().expect("a runtime");
        let (begin, began) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        to_the_end(runtime, async move {
            let blocking = tokio::task::spawn_blocking(move || {
                begin.send(()).expect("somebody waits for it");
                // As long as the test, or as the system may take.
                let _ = released.recv_timeout(Duration::from_secs(20));
                over.store(true, Ordering::Release);
            });
            drop(blocking);
            began.recv().expect("it begins");
        });
        assert!(!is_over.load(Ordering::Acquire), "the end has waited");
        drop(release);
    }
}
