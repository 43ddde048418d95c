//! Which lines are written: by level, and by the kinds that options switch off.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tracing::Level;
use tracing::Metadata;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::config::process::Log;
use crate::config::words::LogFormat;
use crate::config::words::LogLevel;
use crate::log;

/// What is wanted now.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Asked once for each place that logs, after each change.
    now: Mutex<Choice>,
}

#[derive(Clone, Debug)]
struct Choice {
    level: LevelFilter,
    log: Log,
}

impl Choice {
    fn of(log: &Log) -> Self {
        Self {
            level: filter(log.level()),
            log: log.clone(),
        }
    }

    fn has(&self, metadata: &Metadata<'_>) -> bool {
        if self.level < *metadata.level() {
            return false;
        }
        let is_chatty = LevelFilter::DEBUG <= self.level;
        let is_pgbouncer = self.log.format == LogFormat::PgBouncer;
        match metadata.target() {
            // One line a login: PgBouncer's comes before it, ours after it.
            log::ATTEMPT => self.log.connections && (is_pgbouncer || is_chatty),
            log::LOGIN => self.log.connections && (!is_pgbouncer || is_chatty),
            log::OPENED => self.log.connections && (is_pgbouncer || is_chatty),
            log::CLOSED => self.log.disconnections && (is_pgbouncer || is_chatty),
            log::LEFT => self.log.disconnections,
            log::POOLER_ERROR => self.log.pooler_errors,
            log::STATS => self.log.stats.log,
            _ => true,
        }
    }
}

impl Wanted {
    /// What the configuration asks for.
    pub(super) fn new(log: &Log) -> Self {
        Self {
            now: Mutex::new(Choice::of(log)),
        }
    }

    /// Wants something else.
    pub(super) fn set(&self, log: &Log) {
        *self.choice() = Choice::of(log);
    }

    fn choice(&self) -> MutexGuard<'_, Choice> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets through what is wanted.
#[derive(Debug)]
pub(super) struct Gate(Arc<Wanted>);

impl Gate {
    pub(super) fn new(wanted: Arc<Wanted>) -> Self {
        Self(wanted)
    }
}

impl<S: Subscriber> Layer<S> for Gate {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.0.choice().has(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.choice().level)
    }
}

fn filter(level: LogLevel) -> LevelFilter {
    LevelFilter::from_level(match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    })
}
