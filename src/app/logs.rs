//! Where log lines go, and what they look like.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::Registry;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::types::Log;
use crate::config::words::LogFormat;
use crate::config::words::LogLevel;

/// The log of this process.
#[derive(Debug)]
pub(super) struct Logs {
    level: reload::Handle<LevelFilter, Registry>,
}

impl Logs {
    /// Starts logging to standard error. A second start in one process changes nothing.
    pub(super) fn start(log: &Log) -> Self {
        let (filter, level) = reload::Layer::new(filter(log.level));
        let lines = fmt::layer().with_writer(io::stderr);
        let lines = match log.format {
            LogFormat::Text => lines
                .with_target(false)
                .with_ansi(io::IsTerminal::is_terminal(&io::stderr()))
                .boxed(),
            LogFormat::Json => lines.json().boxed(),
        };
        let started = tracing_subscriber::registry()
            .with(filter)
            .with(lines)
            .try_init();
        // Someone logs already, as in tests.
        drop(started);
        Self { level }
    }

    /// Logs lines of this level and more important ones from now on.
    pub(super) fn set_level(&self, level: LogLevel) {
        // It fails only where nothing is logged.
        let _ = self.level.reload(filter(level));
    }
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
