//! The command line: what was asked for, and the exit code it ends with.

use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use clap::Subcommand;

use crate::config::docs;
use crate::config::types::Config;
use crate::demo;

/// Runs the command line of this process and returns its exit code: 0, 1 for what went wrong, 2
/// for a command line that is not understood.
pub fn run() -> ExitCode {
    match Arguments::parse().command {
        Command::Check { file } => check(&file),
        Command::Demo { seconds, keep } => demo::run(&demo::Options {
            length: seconds.map(Duration::from_secs),
            keep,
        }),
        Command::Docs { page } => match page {
            Page::Config => print(&docs::reference()),
        },
    }
}

/// A PostgreSQL proxy: writes to the primary, reads to the replicas, from pools of its own.
#[derive(Debug, Parser)]
#[command(name = "pgsluice", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, PartialEq, Eq, Subcommand)]
enum Command {
    /// Says all that is wrong with a configuration file, or that it is fine.
    Check {
        /// The configuration.
        file: PathBuf,
    },
    /// Shows pgsluice at work on a throwaway primary and two replicas.
    Demo {
        /// Ends after so many seconds; else at Ctrl-C.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=86_400))]
        seconds: Option<u64>,
        /// Leaves the cluster and the proxy running, and says how to connect.
        #[arg(long)]
        keep: bool,
    },
    /// Prints a page of the documentation.
    #[command(hide = true)]
    Docs {
        /// Which.
        page: Page,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Page {
    /// The reference of all options: docs/CONFIG.md.
    Config,
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
