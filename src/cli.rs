//! The command line: what was asked for, and the exit code it ends with.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::CommandFactory;
use clap::Parser;
use clap::Subcommand;
use clap::error::ErrorKind;

use crate::app;
use crate::config::docs;
use crate::config::fault::nearest;
use crate::config::types::Config;
use crate::demo;

/// Runs the command line of this process and returns its exit code: 0, 1 for what went wrong, 2
/// for a command line that is not understood.
pub fn run() -> ExitCode {
    match Arguments::parse().command {
        Command::Run { file } => serve(&file),
        Command::File(words) => match file_among(&words) {
            Ok(file) => serve(file),
            Err(message) => {
                let error = Arguments::command().error(ErrorKind::InvalidSubcommand, message);
                error.exit()
            }
        },
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
#[command(
    name = "pgsluice",
    version,
    arg_required_else_help = true,
    override_usage = "pgsluice FILE\n       pgsluice COMMAND"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, PartialEq, Eq, Subcommand)]
enum Command {
    /// Runs the proxy; `pgsluice FILE` is the same.
    Run {
        /// The configuration.
        file: PathBuf,
    },
    /// What begins with none of the commands: a file to run with, or a misspelt command.
    #[command(external_subcommand)]
    File(Vec<OsString>),
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

/// The file to run with, where the first word is no command.
fn file_among(words: &[OsString]) -> Result<&Path, String> {
    let shown = |word: &OsString| format!("'{}'", word.display());
    match words {
        [word] if is_file_name(word) => Ok(Path::new(word)),
        [word, more, ..] if is_file_name(word) => {
            Err(format!("one file is expected, {} came also", shown(more)))
        }
        [word, ..] => {
            let nearest = nearest(&word.to_string_lossy(), COMMANDS);
            let meant = nearest.map_or_else(String::new, |c| format!("; did you mean '{c}'?"));
            Err(format!(
                "{} is neither a command nor a file{meant}",
                shown(word)
            ))
        }
        [] => Err("a file or a command is expected".to_owned()),
    }
}

/// Whether a word names a file, or looks as if it were to.
fn is_file_name(word: &OsStr) -> bool {
    let has_dot_or_slash = word
        .as_encoded_bytes()
        .iter()
        .any(|b| matches!(b, b'.' | b'/'));
    has_dot_or_slash || Path::new(word).exists()
}

/// What a misspelt word may have been meant to be.
const COMMANDS: [&str; 4] = ["run", "check", "demo", "help"];

/// `pgsluice run FILE`
fn serve(file: &Path) -> ExitCode {
    match Config::load(file) {
        Ok(config) => app::run(file, config),
        Err(faults) => {
            complain(&faults);
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
