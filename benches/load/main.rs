//! The benchmark: pgbench, large results and idle clients against PostgreSQL itself, PgBouncer and
//! pgsluice with read/write splitting on, interleaved in one run. `make bench` runs it.
//!
//! `docs/BENCHMARKS.md` says what is measured, and how to read it. Nothing of a run is left behind
//! but `target/bench/summary.json` and `target/bench/summary.svg`.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that measures time and prints what it found"
)]

mod cells;
mod chart;
mod fault;
mod figures;
mod idle;
mod options;
mod pgbench;
mod proc;
mod proxy;
mod reads;
mod rig;
mod rows;
mod run;
mod summary;
mod table;
mod wire;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use tokio::runtime::Builder;
use tokio::signal;
use tokio::task;

use crate::fault::Fault;
use crate::options::Options;

fn main() -> ExitCode {
    let options = match Options::from_arguments() {
        Ok(options) => options,
        Err(fault) => return refuse(&fault),
    };
    match on_a_runtime(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => refuse(&fault),
    }
}

fn refuse(fault: &Fault) -> ExitCode {
    println!("bench: {fault}");
    ExitCode::FAILURE
}

/// Runs the benchmark on a blocking thread; Ctrl-C makes it end early and clean up.
fn on_a_runtime(options: Options) -> Result<bool, Fault> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    runtime.block_on(async move {
        let mut bench = task::spawn_blocking(move || run::run(&options, &stop));
        tokio::select! {
            ended = &mut bench => ended?,
            _ = signal::ctrl_c() => {
                println!("bench: ending");
                asked.store(true, Ordering::Relaxed);
                bench.await?
            }
        }
    })
}
