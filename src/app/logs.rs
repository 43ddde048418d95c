//! Where log lines go, and what they look like.

use std::io;

use tracing::level_filters::LevelFilter;

use crate::config::types::Log;
use crate::config::words::LogFormat;
use crate::config::words::LogLevel;

/// Starts logging to standard error. A second start in one process changes nothing.
pub(super) fn start(log: &Log) {
    let level = match log.level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr);
    let started = match log.format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    // Someone logs already, as in tests.
    drop(started);
}
