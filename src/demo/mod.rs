//! `pgsluice demo`: the proxy over a throwaway cluster, under load, for all to see.
//!
//! It starts a primary and two replicas ([`cluster`]), this same binary as the proxy, and pgbench
//! as its clients ([`stage`]); every second it reads the proxy's metrics ([`figures`]) and draws a
//! table ([`table`]). One replica is made to lag for a while ([`act`]). Nothing of it stays behind.

pub mod act;
pub mod cluster;
pub mod figures;
pub mod load;
pub mod scrape;
pub mod stage;
pub mod table;

use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::time::Instant;
use tokio::time::MissedTickBehavior;
use tokio::time::interval;

use crate::demo::act::Act;
use crate::demo::figures::Figures;
use crate::demo::figures::Totals;
use crate::demo::stage::Stage;
use crate::demo::table::Screen;

/// How the demo is to run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Ends after this long; else at Ctrl-C.
    pub length: Option<Duration>,
    /// Leaves the cluster and the proxy running.
    pub keep: bool,
}

/// What can end a demo early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cluster or a program beside it.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The proxy went, or never came up.
    #[error("the proxy {what}; its log ends:\n{log}")]
    Proxy {
        /// What it did.
        what: &'static str,
        /// The end of its log.
        log: String,
    },
    /// The terminal, a signal handler or the metrics port.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
}

/// Runs the demo to its end.
pub fn run(options: &Options) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| io_error("start the runtime", e));
    match runtime.and_then(|runtime| runtime.block_on(perform(options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nobody left to tell when stderr is gone.
            let _ = writeln!(io::stderr(), "pgsluice demo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The whole play: set the stage, run, sum up, clear it away.
async fn perform(options: &Options) -> Result<(), Error> {
    let mut stage = Stage::set(&mut |line| say(line))?;
    let mut ends = Ends::listen()?;
    let mut screen = Screen::new(io::stdout().is_terminal());
    let mut totals = Totals::default();
    let start = Instant::now();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = Figures::default();
    let mut act = Act::Even;
    tick.tick().await;
    // In order: a wish to end goes before the next picture.
    while !ends.come_before(&mut tick).await {
        let elapsed = start.elapsed();
        if options.length.is_some_and(|length| length <= elapsed) {
            break;
        }
        let next = Act::at(elapsed, options.length);
        if next != act {
            stage.perform(next)?;
            act = next;
        }
        let now = stage.figures(elapsed)?;
        let rows = now.since(&before);
        totals.add(act, &rows);
        screen.draw(&table::picture(&now, &rows, &stage.load(), act))?;
        before = now;
    }
    stage.end_load();
    let own = stage.own_counts();
    say(&table::summary(&before, &totals, &own, &stage.load()))?;
    if options.keep {
        if act == Act::Lagging {
            stage.perform(Act::Back)?;
        }
        return say(&stage.keep()?);
    }
    let folder = stage.folder();
    drop(stage);
    say(&format!(
        "Ended: proxy, load and nodes are stopped, {} is removed.",
        folder.display()
    ))
}

/// The signals that end a demo.
struct Ends {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Ends {
    fn listen() -> Result<Self, Error> {
        let on = |kind| signal(kind).map_err(|e| io_error("listen for signals", e));
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
            hang_up: on(SignalKind::hangup())?,
        })
    }

    /// Waits for the next tick; true when a signal came first.
    ///
    /// Cancel safety: yes, because signals and ticks both are.
    async fn come_before(&mut self, tick: &mut tokio::time::Interval) -> bool {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => true,
            _ = self.terminate.recv() => true,
            _ = self.hang_up.recv() => true,
            _ = tick.tick() => false,
        }
    }
}

/// Prints a line and passes it on at once.
fn say(line: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|e| io_error("print", e))
}

fn io_error(what: &'static str, source: io::Error) -> Error {
    Error::Io { what, source }
}

const TICK: Duration = Duration::from_secs(1);
