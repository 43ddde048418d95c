//! The `pgsluice` command: see `pgsluice --help` and [`pgsluice::cli`].

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    pgsluice::cli::run()
}
