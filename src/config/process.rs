//! The process itself: who it is, where its log goes, how it ends.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::spelling::Word;
use crate::config::words::LogFormat;
use crate::config::words::LogLevel;

/// What is logged, how and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// How lines are written.
    pub format: LogFormat,
    /// The least important lines that are logged.
    pub level: LogLevel,
    /// How much more than that is logged: 1 as `debug`, 2 and more as `trace`.
    pub verbose: u32,
    /// Whether each login is logged, and each server that is opened.
    pub connections: bool,
    /// Whether the end of each client and server is logged, with the reason.
    pub disconnections: bool,
    /// Whether the errors of our own are logged that clients are told.
    pub pooler_errors: bool,
    /// Statistics.
    pub stats: Stats,
    /// The file that lines go to, besides standard error.
    pub file: Option<PathBuf>,
    /// The system's log, if lines go there also.
    pub syslog: Syslog,
}

impl Log {
    /// The least important lines that are logged, all things considered.
    pub fn level(&self) -> LogLevel {
        match (self.verbose, self.level) {
            (0, level) => level,
            (1, LogLevel::Trace) | (2.., _) => LogLevel::Trace,
            (1, _) => LogLevel::Debug,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::default(),
            level: LogLevel::default(),
            verbose: 0,
            connections: true,
            disconnections: true,
            pooler_errors: true,
            stats: Stats::default(),
            file: None,
            syslog: Syslog::default(),
        }
    }
}

/// Statistics of what clients had done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Whether a line of them is logged each period.
    pub log: bool,
    /// How long a period is, for that line and for the means of the console.
    pub period: Duration,
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            log: true,
            period: Duration::from_secs(60),
        }
    }
}

/// The system's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syslog {
    /// Whether lines go there.
    pub on: bool,
    /// The name they stand under.
    pub ident: String,
    /// What they are filed as.
    pub facility: Facility,
    /// Where the system's log listens.
    pub socket: PathBuf,
}

impl Default for Syslog {
    fn default() -> Self {
        Self {
            on: false,
            ident: "pgsluice".to_owned(),
            facility: Facility::default(),
            socket: PathBuf::from("/dev/log"),
        }
    }
}

/// What lines in the system's log are filed as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Facility {
    /// `LOG_AUTH`
    Auth,
    /// `LOG_AUTHPRIV`
    AuthPriv,
    /// `LOG_DAEMON`
    #[default]
    Daemon,
    /// `LOG_USER`
    User,
    /// `LOG_LOCAL0`
    Local0,
    /// `LOG_LOCAL1`
    Local1,
    /// `LOG_LOCAL2`
    Local2,
    /// `LOG_LOCAL3`
    Local3,
    /// `LOG_LOCAL4`
    Local4,
    /// `LOG_LOCAL5`
    Local5,
    /// `LOG_LOCAL6`
    Local6,
    /// `LOG_LOCAL7`
    Local7,
}

impl Word for Facility {
    const ALL: &'static [(&'static str, Self)] = &[
        ("auth", Self::Auth),
        ("authpriv", Self::AuthPriv),
        ("daemon", Self::Daemon),
        ("user", Self::User),
        ("local0", Self::Local0),
        ("local1", Self::Local1),
        ("local2", Self::Local2),
        ("local3", Self::Local3),
        ("local4", Self::Local4),
        ("local5", Self::Local5),
        ("local6", Self::Local6),
        ("local7", Self::Local7),
    ];
}

/// Who the process is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// The file that a reload reads; `None`: the one that was read last.
    pub conffile: Option<PathBuf>,
    /// Where its number stands while it runs.
    pub pidfile: Option<PathBuf>,
    /// The user of the system that it becomes if root starts it.
    pub user: Option<String>,
    /// Whether it runs as root if no other user is named.
    pub as_root: AsRoot,
}

/// What becomes of a process that root starts and that names no other user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AsRoot {
    /// It runs as root, and says that this is unwise.
    #[default]
    Warn,
    /// It does not start.
    Refuse,
}

impl Word for AsRoot {
    const ALL: &'static [(&'static str, Self)] = &[("warn", Self::Warn), ("refuse", Self::Refuse)];
}

/// How the process ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// How long running transactions may take to end before clients are closed.
    pub timeout: Duration,
    /// What the signals mean that end it.
    pub mode: ShutdownMode,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            mode: ShutdownMode::default(),
        }
    }
}

/// What SIGTERM and SIGINT mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShutdownMode {
    /// Both: idle clients leave, running transactions may end until `shutdown_timeout`.
    #[default]
    Drain,
    /// As with PgBouncer: clients may stay for as long as they like; or the process ends when all
    /// servers are released.
    PgBouncer,
}

impl Word for ShutdownMode {
    const ALL: &'static [(&'static str, Self)] =
        &[("drain", Self::Drain), ("pgbouncer", Self::PgBouncer)];
}
