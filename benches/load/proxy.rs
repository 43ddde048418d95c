//! A proxy under test.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::owner::Owner;
use pgsluice::demo::cluster::program::Program;

use crate::fault::Fault;
use crate::fault::said;
use crate::wire::Client;

/// A running proxy; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Proxy {
    program: Program,
}

impl Proxy {
    /// Starts a program as the user that the cluster runs as.
    pub(crate) fn start(
        cluster: &Cluster,
        name: &str,
        program: &Path,
        arguments: &[String],
    ) -> Result<Self, Fault> {
        let mut command = Command::new(program);
        command.args(arguments).current_dir("/");
        Owner::find()?.run_as(&mut command);
        let program = cluster.spawn(name, &mut command)?;
        Ok(Self { program })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
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
        let text = self.program.output();
        let lines: Vec<_> = text.lines().collect();
        let from = lines.len().saturating_sub(15);
        lines.get(from..).unwrap_or_default().join("\n")
    }
}

const READY_WITHIN: Duration = Duration::from_secs(20);
