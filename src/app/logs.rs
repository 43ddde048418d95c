//! The log of this process: which lines are written, what they look like, and where they go.

mod clock;
mod outlet;
mod pgbouncer;
mod wanted;
mod words;

use std::sync::Arc;

use tracing_subscriber::Layer;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::app::logs::outlet::Outlet;
use crate::app::logs::outlet::Paper;
use crate::app::logs::pgbouncer::Lines;
use crate::app::logs::wanted::Gate;
use crate::app::logs::wanted::Wanted;
use crate::config::process::Log;
use crate::config::words::LogFormat;

/// What the command line says about the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Nothing is written to standard error.
    pub quiet: bool,
    /// How much more than the configuration says is logged.
    pub verbose: u8,
}

/// The log of this process.
#[derive(Debug)]
pub(super) struct Logs {
    manner: Manner,
    outlet: Arc<Outlet>,
    wanted: Arc<Wanted>,
}

/// A line as PgBouncer writes it.
pub(super) fn pgbouncer_line(level: &str, text: &str) -> String {
    pgbouncer::head(level) + text
}

impl Logs {
    /// Starts logging to standard error. A second start in one process changes nothing.
    pub(super) fn start(log: &Log, manner: Manner, port: u16) -> Self {
        let outlet = Arc::new(Outlet::new(!manner.quiet));
        let wanted = Arc::new(Wanted::new(&with_manner(log, manner)));
        let lines = match log.format {
            LogFormat::Text => fmt::layer()
                .with_writer(Paper(Arc::clone(&outlet)))
                .with_target(false)
                .with_ansi(outlet.is_terminal(log))
                .boxed(),
            LogFormat::Json => fmt::layer()
                .with_writer(Paper(Arc::clone(&outlet)))
                .json()
                .boxed(),
            LogFormat::PgBouncer => Lines::new(Arc::clone(&outlet), port).boxed(),
        };
        let started = tracing_subscriber::registry()
            .with(Gate::new(Arc::clone(&wanted)))
            .with(lines)
            .try_init();
        // Someone logs already, as in tests.
        drop(started);
        Self {
            manner,
            outlet,
            wanted,
        }
    }

    /// Writes to the files and the system's log that the configuration names, from now on; files
    /// are opened anew.
    ///
    /// # Errors
    /// A file that cannot be opened; lines go where they went before.
    pub(super) fn open(&self, log: &Log) -> Result<(), String> {
        self.outlet.open(log)?;
        self.wanted.set(&with_manner(log, self.manner));
        // Whoever logs remembers what was wanted.
        tracing::callsite::rebuild_interest_cache();
        Ok(())
    }
}

fn with_manner(log: &Log, manner: Manner) -> Log {
    let mut log = log.clone();
    log.verbose = log.verbose.saturating_add(manner.verbose.into());
    log
}
