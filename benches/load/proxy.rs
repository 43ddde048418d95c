//! A proxy under test as a child process that cannot outlive the benchmark.

use std::ffi::OsStr;
use std::fs;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::owner::Owner;

use crate::fault::Fault;
use crate::fault::said;
use crate::wire::Client;

/// A running proxy; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Proxy {
    keeper: Child,
    pid: u32,
    log: PathBuf,
}

impl Proxy {
    /// Starts a program as `owner`, with its output in `log`.
    ///
    /// A shell between us and it ends it when our end of a pipe closes, however we end.
    pub(crate) fn start(
        program: &Path,
        arguments: &[&OsStr],
        owner: &Owner,
        log: &Path,
    ) -> Result<Self, Fault> {
        let out = File::create(log)?;
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", KEEPER, "bench-keeper"])
            .arg(program)
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(out)
            // Ctrl-C is for us to act on.
            .process_group(0);
        owner.run_as(&mut keeper);
        let mut keeper = keeper.spawn()?;
        let mut line = String::new();
        if let Some(out) = keeper.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        Ok(Self {
            keeper,
            pid: line.trim().parse()?,
            log: log.to_owned(),
        })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until it answers a query.
    pub(crate) fn wait_ready(
        &self,
        port: u16,
        database: &str,
        stop: &AtomicBool,
    ) -> Result<(), Fault> {
        let began = Instant::now();
        let mut buffer = vec![0; 4_096];
        loop {
            let answer = Client::connect(port, database)
                .and_then(|mut client| client.query("select 1", &mut buffer));
            match answer {
                Ok(_) => return Ok(()),
                Err(fault) if READY_WITHIN < began.elapsed() || stop.load(Ordering::Relaxed) => {
                    return Err(said(format!(
                        "it does not answer: {fault}; its log ends:\n{}",
                        self.log_end()
                    )));
                }
                Err(_) => thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// The end of what it logged.
    fn log_end(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<_> = text.lines().collect();
        let from = lines.len().saturating_sub(15);
        lines.get(from..).unwrap_or_default().join("\n")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A program in the background reads from `/dev/null` and is killed at the end of our input.
const KEEPER: &str = r#"
trap '' INT TERM HUP
(trap - INT TERM HUP; exec "$@") >&2 </dev/null &
echo $!
exec >/dev/null
read -r _
kill -KILL $! 2>/dev/null
wait
"#;

const READY_WITHIN: Duration = Duration::from_secs(20);
