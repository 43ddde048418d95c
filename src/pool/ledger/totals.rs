//! What the books count since the pool began, and what they show.

use std::time::Duration;
use std::time::Instant;

use crate::pool::closing::Closing;
use crate::pool::ledger::Ledger;
use crate::pool::ledger::answer::Fitness;
use crate::pool::ledger::answer::Mode;

/// Counts since the pool began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Servers given to those who asked.
    pub leases: u64,
    /// Servers that came back clean.
    pub returns: u64,
    /// Those of `leases` that had to wait in line.
    pub waits: u64,
    /// The time they waited, in sum.
    pub wait_time: Duration,
    /// Those who left the line because their time was over.
    pub timeouts: u64,
    /// Servers opened.
    pub opened: u64,
    /// Servers that could not be opened.
    pub open_failed: u64,
    /// Servers closed, by [`Closing::index`].
    pub closed: [u64; Closing::ALL.len()],
}

impl Totals {
    pub(super) fn on_closed(&mut self, why: Closing) {
        if let Some(n) = self.closed.get_mut(why.index()) {
            *n += 1;
        }
    }

    pub(super) fn on_waited(&mut self, wait: Duration) {
        self.waits += 1;
        self.wait_time = self.wait_time.saturating_add(wait);
    }
}

/// What a pool looks like at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// What the pool does at large.
    pub mode: Mode,
    /// Servers in use.
    pub in_use: u32,
    /// Those of them that are closed when they come back.
    pub outdated: u32,
    /// Servers idle.
    pub idle: u32,
    /// Those of them that are checked before they are used again.
    pub unchecked: u32,
    /// Servers being opened: connecting and logging in.
    pub opening: u32,
    /// Those who wait.
    pub waiting: u32,
    /// How long the first of them has waited.
    pub oldest_wait: Duration,
    /// Most servers, the reserve not counted.
    pub size: u32,
    /// Whether the last login failed.
    pub failing: bool,
    /// Counts since the pool began.
    pub totals: Totals,
}

impl<S, W> Ledger<S, W> {
    /// What the pool looks like.
    pub fn stats(&self, now: Instant) -> Stats {
        Stats {
            mode: self.mode,
            in_use: self.in_use,
            outdated: self.outdated,
            idle: self.idle_count(),
            unchecked: self.unchecked_count(now),
            opening: self.opening,
            waiting: u32::try_from(self.line.count()).unwrap_or(u32::MAX),
            oldest_wait: self.line.oldest_wait(now),
            size: self.settings.size,
            failing: self.failing.is_some(),
            totals: self.totals.clone(),
        }
    }

    fn unchecked_count(&self, now: Instant) -> u32 {
        let is_unchecked = |since| self.fitness(since, now) == Fitness::Unchecked;
        let unchecked = self.idle.iter().filter(|idle| is_unchecked(idle.since));
        u32::try_from(unchecked.count()).unwrap_or(u32::MAX)
    }

    /// Servers in use.
    pub fn in_use(&self) -> u32 {
        self.in_use
    }

    /// How many wait.
    pub fn waiting(&self) -> u32 {
        u32::try_from(self.line.count()).unwrap_or(u32::MAX)
    }

    /// When the first of the line arrived.
    pub fn waiting_since(&self) -> Option<Instant> {
        self.line.since(0)
    }

    /// Whether no server is in use or being opened.
    pub fn is_quiet(&self) -> bool {
        self.in_use == 0 && self.opening == 0
    }

    /// Whether the books are empty: no server, nobody who waits.
    pub fn is_empty(&self) -> bool {
        self.count() == 0 && self.line.is_empty()
    }
}
