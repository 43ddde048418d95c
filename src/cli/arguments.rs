//! The words of a command line, and what they ask for.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use clap::error::ContextKind;
use clap::error::ContextValue;
use clap::error::ErrorKind;

use crate::app::Launch;
use crate::app::logs::Manner;
use crate::config::fault::nearest;

/// What a command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// To run.
    Serve(Launch),
    /// Which version this is.
    Version,
    /// Something else.
    Command(Command),
}

/// A PostgreSQL proxy: writes to the primary, reads to the replicas, from pools of its own.
#[derive(Debug, Parser)]
#[command(
    name = "pgsluice",
    disable_version_flag = true,
    args_conflicts_with_subcommands = true,
    override_usage = "pgsluice [OPTION]... CONFIG_FILE\n       pgsluice COMMAND"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    run: RunArguments,
    /// Show version, then exit.
    #[arg(short = 'V', long)]
    version: bool,
    #[command(subcommand)]
    command: Option<Word>,
}

/// How to run: PgBouncer's options.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
struct RunArguments {
    /// Run in background (as a daemon).
    #[arg(short, long)]
    daemon: bool,
    /// Run quietly: nothing to standard error.
    #[arg(short, long)]
    quiet: bool,
    /// Do an online reboot: take the sockets of the process that runs, which then lets its clients
    /// leave.
    #[arg(short = 'R', long)]
    reboot: bool,
    /// Assume identity of USERNAME.
    #[arg(short, long, value_name = "USERNAME")]
    user: Option<String>,
    /// Increase verbosity; may be repeated.
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    /// The configuration.
    #[arg(value_name = "CONFIG_FILE")]
    files: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Word {
    /// Runs the proxy; `pgsluice CONFIG_FILE` is the same.
    Run(RunArguments),
    #[command(flatten)]
    Other(Command),
}

/// What there is besides running.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub(super) enum Command {
    /// Says all that is wrong with a configuration file, or that it is fine.
    Check {
        /// The configuration.
        file: PathBuf,
    },
    /// Prints the TOML that means the same as a pgbouncer.ini.
    Convert {
        /// The pgbouncer.ini.
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
pub(super) enum Page {
    /// The reference of all options: docs/CONFIG.md.
    Config,
}

/// A command line that is not understood, or one that asks for help.
#[derive(Debug)]
pub(super) enum Wrong {
    /// In PgBouncer's words, for the program of this name.
    Plain(String, String),
    /// In clap's.
    Clap(clap::Error),
}

impl Wrong {
    /// Says so, and gives the exit code.
    pub(super) fn tell(&self) -> ExitCode {
        match self {
            Self::Plain(program, said) => {
                // If it fails, there is nobody left to tell.
                let _ = writeln!(
                    io::stderr(),
                    "{program}: {said}\nTry \"{program} --help\" for more information."
                );
                ExitCode::FAILURE
            }
            Self::Clap(error) => {
                let _ = error.print();
                ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(1))
            }
        }
    }
}

/// Reads a command line, the program's own name first.
pub(super) fn read(words: &[OsString]) -> Result<Asked, Wrong> {
    let program = words
        .first()
        .map_or("pgsluice".into(), |w| w.to_string_lossy());
    let plain = |said: String| Wrong::Plain(program.to_string(), said);
    let arguments = match Arguments::try_parse_from(words) {
        Ok(arguments) => arguments,
        Err(error) if has_command(words) => return Err(Wrong::Clap(error)),
        Err(error) => match in_getopt_words(&error) {
            Some(said) => return Err(plain(said)),
            None => return Err(Wrong::Clap(error)),
        },
    };
    match arguments.command {
        _ if arguments.version => Ok(Asked::Version),
        Some(Word::Run(run)) => run.check().map_err(plain).map(Asked::Serve),
        Some(Word::Other(command)) => Ok(Asked::Command(command)),
        None => arguments.run.check().map_err(plain).map(Asked::Serve),
    }
}

impl RunArguments {
    /// What is to be run, if there is one file.
    fn check(self) -> Result<Launch, String> {
        let path = match self.files.as_slice() {
            [] => return Err("no configuration file specified".to_owned()),
            [file] if is_file_name(file.as_os_str()) => file.clone(),
            [first, ..] if !is_file_name(first.as_os_str()) => {
                let nearest = nearest(&first.to_string_lossy(), COMMANDS);
                let meant = nearest.map_or_else(String::new, |c| format!("; did you mean '{c}'?"));
                let shown = first.display();
                return Err(format!("'{shown}' is neither a command nor a file{meant}"));
            }
            [_, more, ..] => {
                let shown = more.display();
                return Err(format!(
                    "one configuration file is expected, '{shown}' came also"
                ));
            }
            [file] => file.clone(),
        };
        Ok(Launch {
            path,
            manner: Manner {
                quiet: self.quiet,
                verbose: self.verbose,
            },
            daemon: self.daemon,
            takes_over: self.reboot,
            user: self.user,
        })
    }
}

/// Whether the first word that is no option is a command.
fn has_command(words: &[OsString]) -> bool {
    let is_command = |word: &OsString| COMMANDS.iter().any(|c| word == c) || word == "docs";
    words.get(1).is_some_and(is_command)
}

/// What getopt, and so PgBouncer, says of a wrong option.
fn in_getopt_words(error: &clap::Error) -> Option<String> {
    let argument = match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(argument) => argument.as_str(),
        _ => return None,
    };
    // clap shows an option with what it takes: `--user <USERNAME>`.
    let option = argument.split(' ').next().unwrap_or_default();
    match error.kind() {
        ErrorKind::UnknownArgument => Some(match option.strip_prefix("--") {
            Some(_) => format!("unrecognized option '{option}'"),
            None => format!("invalid option -- '{}'", option.trim_start_matches('-')),
        }),
        ErrorKind::TooManyValues => Some(format!("option '{option}' doesn't allow an argument")),
        ErrorKind::InvalidValue | ErrorKind::NoEquals => {
            Some(format!("option '{option}' requires an argument"))
        }
        _ => None,
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
const COMMANDS: [&str; 5] = ["run", "check", "convert", "demo", "help"];
