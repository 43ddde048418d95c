//! The end of the primary's log that is not on disk and that nobody is about to write there.
//!
//! A transaction that has written and is left open, or a read that tidies up a page, inserts log
//! that is flushed with the next commit. If none comes, it lies in memory for up to 15 seconds
//! (LOG_SNAPSHOT_INTERVAL_MS in src/backend/postmaster/bgwriter.c), replicas cannot get it, and
//! their lag seems to grow: an insert position cannot be told from that of an acknowledged
//! asynchronous commit. Taking a transaction number makes the primary flush. That is asked for only
//! when all is quiet and a replica waits for nothing else.

use std::time::Duration;
use std::time::Instant;

use crate::topology::lsn::Lsn;

/// The end of the log, as of the last samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tail {
    unwritten: Option<Unwritten>,
    asked_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Unwritten {
    insert: Lsn,
    flushed: Lsn,
    since: Instant,
}

impl Tail {
    /// A sample of the primary's positions.
    pub fn on_sample(&mut self, insert: Lsn, flushed: Option<Lsn>, now: Instant) {
        let Some(flushed) = flushed.filter(|f| *f < insert) else {
            self.unwritten = None;
            return;
        };
        let since = match self.unwritten {
            Some(before) if before.insert == insert => before.since,
            Some(_) | None => now,
        };
        self.unwritten = Some(Unwritten {
            insert,
            flushed,
            since,
        });
    }

    /// Whether some of the log was not on disk at the last sample.
    pub fn is_unwritten(&self) -> bool {
        self.unwritten.is_some()
    }

    /// Whether to make the primary flush, `replayed` being the position of the foremost replica.
    /// A yes counts as done for a while.
    pub fn wants_flush(&mut self, replayed: Option<Lsn>, now: Instant) -> bool {
        let is_stuck = self.unwritten.is_some_and(|tail| {
            tail.since + QUIET <= now && replayed.is_some_and(|r| tail.flushed <= r)
        });
        let is_asked = self.asked_at.is_some_and(|at| now < at + ASK_INTERVAL);
        if is_stuck && !is_asked {
            self.asked_at = Some(now);
        }
        is_stuck && !is_asked
    }
}

/// How long nothing must have been inserted: longer than the log writer takes to write an
/// acknowledged asynchronous commit (three times wal_writer_delay, 200 ms unless it is set).
const QUIET: Duration = Duration::from_millis(700);

/// The least time between two such requests: each adds to the log itself.
const ASK_INTERVAL: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
