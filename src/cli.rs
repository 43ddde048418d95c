//! The command line.

use std::process::ExitCode;

/// Runs the command line of this process and returns its exit code.
pub fn run() -> ExitCode {
    ExitCode::SUCCESS
}
