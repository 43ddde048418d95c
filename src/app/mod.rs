//! The process: start, run, reload, drain.

mod logs;
mod pages;
mod process;
mod start;

use std::io;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::app::logs::Logs;
use crate::config::types::Config;

/// Serves a configuration that was read from `path` until a signal ends the process.
pub fn run(path: &Path, config: Config) -> ExitCode {
    let logs = Logs::start(&config.log);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let served = match runtime {
        Ok(runtime) => runtime.block_on(start::serve(path, config, logs)),
        Err(error) => Err(error.to_string()),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            tracing::error!(message, "cannot start");
            // Who started it by hand may not see the log.
            let _ = writeln!(io::stderr(), "pgsluice: {message}");
            ExitCode::FAILURE
        }
    }
}
