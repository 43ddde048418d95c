//! The command line: what was asked for, and the exit code it ends with.
//!
//! Without a command it is PgBouncer's: the same options, the same words where it is wrong.

mod arguments;
mod version;

use std::ffi::OsString;
use std::io;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::app;
use crate::app::Launch;
use crate::cli::arguments::Asked;
use crate::cli::arguments::Command;
use crate::cli::arguments::Page;
use crate::config::docs;
use crate::config::types::Config;
use crate::demo;

/// Runs the command line of this process and returns its exit code: 0; 1 for what went wrong and
/// for a command line that is not understood; 2 for a command with wrong arguments.
pub fn run() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    match arguments::read(&words) {
        Ok(Asked::Serve(launch)) => serve(&launch),
        Ok(Asked::Version) => print(&version::text()),
        Ok(Asked::Command(command)) => obey(command),
        Err(error) => error.tell(),
    }
}

fn obey(command: Command) -> ExitCode {
    match command {
        Command::Check { file } => check(&file),
        Command::Convert { file } => match Config::convert(&file) {
            Ok(text) => print(&text),
            Err(faults) => {
                complain(&faults);
                ExitCode::FAILURE
            }
        },
        Command::Demo { seconds, keep } => demo::run(&demo::Options {
            length: seconds.map(Duration::from_secs),
            keep,
        }),
        Command::Docs { page } => match page {
            Page::Config => print(&docs::reference()),
        },
    }
}

/// `pgsluice FILE`
fn serve(launch: &Launch) -> ExitCode {
    match Config::load(&launch.path) {
        Ok(config) => app::run(launch, config),
        Err(faults) => {
            complain(&app::refusal(&faults));
            ExitCode::FAILURE
        }
    }
}

/// `pgsluice check FILE`
fn check(file: &Path) -> ExitCode {
    match Config::load(file) {
        Ok(config) => print(&format!(
            "{} is fine: {}\n",
            file.display(),
            config.summary()
        )),
        Err(faults) => {
            complain(&faults);
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard output; that nobody reads it (`| head`) is no failure.
fn print(text: &str) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Writes a line to standard error. If that fails, there is nobody left to tell.
fn complain(what: &dyn std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{what}");
}

#[cfg(test)]
mod tests;
