//! Where lines go: standard error, a file, the system's log.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::IsTerminal;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use syslog::Formatter3164;
use syslog::Logger;
use syslog::LoggerBackend;
use tracing::Level;
use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::process::Facility;
use crate::config::process::Log;
use crate::config::process::Syslog;

/// All places that lines go to. One that fails is not waited for: the line is lost there.
#[derive(Debug)]
pub(super) struct Outlet {
    has_stderr: bool,
    open: Mutex<Open>,
}

/// What has to be opened.
#[derive(Default)]
struct Open {
    file: Option<File>,
    syslog: Option<(Syslog, Option<Logger<LoggerBackend, Formatter3164>>)>,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").finish_non_exhaustive()
    }
}

/// A line in its parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// How important it is.
    pub(super) level: Level,
    /// What the system's log adds by itself: the time, the process. Ends with a blank, or is empty.
    pub(super) head: &'a str,
    /// The line without its end.
    pub(super) body: &'a str,
}

impl Outlet {
    /// Writes to standard error, or nowhere.
    pub(super) fn new(has_stderr: bool) -> Self {
        Self {
            has_stderr,
            open: Mutex::default(),
        }
    }

    /// Whether lines go to a terminal and nowhere else.
    pub(super) fn is_terminal(&self, log: &Log) -> bool {
        let is_alone = log.file.is_none() && !log.syslog.on;
        self.has_stderr && is_alone && io::stderr().is_terminal()
    }

    /// Opens what the configuration names, and closes what it no longer names.
    ///
    /// # Errors
    /// A file that cannot be opened; all is as before.
    pub(super) fn open(&self, log: &Log) -> Result<(), String> {
        let file = log.file.as_deref().map(open_file).transpose()?;
        let mut open = self.lock();
        open.file = file;
        open.syslog = log.syslog.on.then(|| (log.syslog.clone(), None));
        Ok(())
    }

    /// Writes a line to all places.
    pub(super) fn write(&self, line: Line<'_>) {
        let text = format!("{}{}\n", line.head, line.body);
        // Nobody can be told of what fails here.
        if self.has_stderr {
            let _ = io::stderr().write_all(text.as_bytes());
        }
        let mut open = self.lock();
        if let Some(file) = &mut open.file {
            let _ = file.write_all(text.as_bytes());
        }
        if let Some((options, logger)) = &mut open.syslog {
            send(options, logger, line);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_file(path: &Path) -> Result<File, String> {
    let opened = OpenOptions::new()
        .append(true)
        .create(true)
        // A terminal that is named here must not become ours: its signals would end us.
        .custom_flags(nix::fcntl::OFlag::O_NOCTTY.bits())
        .open(path);
    opened.map_err(|error| {
        let error = nix::errno::Errno::from_raw(error.raw_os_error().unwrap_or_default());
        format!(
            "Cannot open logfile: '{}': {}",
            path.display(),
            error.desc()
        )
    })
}

/// Sends a line to the system's log; connects first if that is needed, also when it was restarted.
fn send(
    options: &Syslog,
    logger: &mut Option<Logger<LoggerBackend, Formatter3164>>,
    line: Line<'_>,
) {
    for _ in 0..2 {
        if logger.is_none() {
            *logger = syslog::unix_custom(formatter(options), &options.socket).ok();
        }
        let Some(connected) = logger else {
            return;
        };
        let sent = match line.level {
            Level::ERROR => connected.err(line.body),
            Level::WARN => connected.warning(line.body),
            Level::INFO => connected.info(line.body),
            _ => connected.debug(line.body),
        };
        if sent.is_ok() {
            return;
        }
        *logger = None;
    }
}

fn formatter(options: &Syslog) -> Formatter3164 {
    Formatter3164 {
        facility: facility(options.facility),
        hostname: None,
        process: options.ident.clone(),
        pid: std::process::id(),
    }
}

fn facility(facility: Facility) -> syslog::Facility {
    use syslog::Facility as To;
    match facility {
        Facility::Auth => To::LOG_AUTH,
        Facility::AuthPriv => To::LOG_AUTHPRIV,
        Facility::Daemon => To::LOG_DAEMON,
        Facility::User => To::LOG_USER,
        Facility::Local0 => To::LOG_LOCAL0,
        Facility::Local1 => To::LOG_LOCAL1,
        Facility::Local2 => To::LOG_LOCAL2,
        Facility::Local3 => To::LOG_LOCAL3,
        Facility::Local4 => To::LOG_LOCAL4,
        Facility::Local5 => To::LOG_LOCAL5,
        Facility::Local6 => To::LOG_LOCAL6,
        Facility::Local7 => To::LOG_LOCAL7,
    }
}

/// Takes the lines that tracing's own layers make.
#[derive(Debug)]
pub(super) struct Paper(pub(super) Arc<Outlet>);

impl<'a> MakeWriter<'a> for Paper {
    type Writer = Pen<'a>;

    fn make_writer(&'a self) -> Pen<'a> {
        Pen {
            outlet: &self.0,
            level: Level::INFO,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Pen<'a> {
        Pen {
            outlet: &self.0,
            level: *metadata.level(),
        }
    }
}

/// Writes one line, which comes in one piece.
#[derive(Debug)]
pub(super) struct Pen<'a> {
    outlet: &'a Outlet,
    level: Level,
}

impl Write for Pen<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.outlet.write(Line {
            level: self.level,
            head: "",
            body: text.trim_end_matches('\n'),
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
