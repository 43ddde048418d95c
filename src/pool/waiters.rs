//! The line of those who wait for a server, in strict order of arrival. Pure: what waits is a
//! value, and time is an argument.

use std::collections::VecDeque;
use std::time::Duration;
use std::time::Instant;

/// A line of `W`, first come first served; some leave early, some run out of time.
#[derive(Debug)]
pub struct Waiters<W> {
    line: VecDeque<Waiting<W>>,
    next_ticket: u64,
}

/// Names one who waits. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u64);

impl<W> Waiters<W> {
    /// Makes an empty line.
    pub fn new() -> Self {
        Self {
            line: VecDeque::new(),
            next_ticket: 0,
        }
    }

    /// Puts `place` at the end of the line.
    pub fn enter(&mut self, place: W, since: Instant, deadline: Option<Instant>) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        self.line.push_back(Waiting {
            ticket,
            since,
            deadline,
            place,
        });
        ticket
    }

    /// Takes one out of the line before its turn; `None` if it no longer stands in it.
    pub fn leave(&mut self, ticket: Ticket) -> Option<W> {
        // Tickets rise along the line, whoever has left it.
        let i = self
            .line
            .binary_search_by_key(&ticket.0, |w| w.ticket.0)
            .ok()?;
        self.line.remove(i).map(|w| w.place)
    }

    /// Takes the first of the line, with the time it arrived.
    pub fn next_turn(&mut self) -> Option<(W, Instant)> {
        self.line.pop_front().map(|w| (w.place, w.since))
    }

    /// Takes out all whose deadline is at or before `now`.
    pub fn expire(&mut self, now: Instant) -> Vec<W> {
        if !self.line.iter().any(|w| w.is_over(now)) {
            return Vec::new();
        }
        let (over, staying): (Vec<_>, Vec<_>) = self.line.drain(..).partition(|w| w.is_over(now));
        self.line = staying.into();
        over.into_iter().map(|w| w.place).collect()
    }

    /// Takes out all.
    pub fn clear(&mut self) -> Vec<W> {
        self.line.drain(..).map(|w| w.place).collect()
    }

    /// When the one at place `i` (the first is 0) arrived.
    pub fn since(&self, i: usize) -> Option<Instant> {
        self.line.get(i).map(|w| w.since)
    }

    /// How long the first has waited; zero for an empty line.
    pub fn oldest_wait(&self, now: Instant) -> Duration {
        self.since(0)
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// The earliest deadline of all. Walks the line: for upkeep, not for the hot path.
    pub fn earliest_deadline(&self) -> Option<Instant> {
        self.line.iter().filter_map(|w| w.deadline).min()
    }

    /// How many wait.
    pub fn count(&self) -> usize {
        self.line.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.line.is_empty()
    }
}

impl<W> Default for Waiters<W> {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug)]
struct Waiting<W> {
    ticket: Ticket,
    since: Instant,
    deadline: Option<Instant>,
    place: W,
}

impl<W> Waiting<W> {
    fn is_over(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}
