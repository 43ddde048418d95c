//! What the books say to those who ask, bring back or look.

use std::time::Instant;

use crate::pool::closing::Closing;
use crate::pool::ledger::Member;
use crate::pool::refusal::Refusal;
use crate::pool::waiters::Ticket;

/// What became of a server that came back or was opened.
#[derive(Debug)]
pub enum Outcome<S, W> {
    /// The first of the line has it now.
    Handed(W, Member<S>),
    /// It is idle.
    Kept,
    /// It is off the books and must be closed.
    Close(Member<S>, Closing),
}

/// The answer to one who asks for a server.
#[derive(Debug)]
pub enum Asked<S> {
    /// Here it is.
    Take(Member<S>, Fitness),
    /// It must stand in line.
    Wait,
    /// There will be none.
    Refused(Refusal),
}

/// A place in the line.
#[derive(Clone, Copy, Debug)]
pub struct Entered {
    /// Names it.
    pub ticket: Ticket,
    /// The first time at which something may have to be done for it.
    pub next_event: Option<Instant>,
}

/// Whether a server may be used as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fitness {
    /// It was in use a short while ago.
    Fit,
    /// It has been idle for long and must be checked first.
    Unchecked,
}

/// What the pool does at large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It serves.
    Open,
    /// Those who ask wait until it is resumed; servers are closed when they come back.
    Paused,
    /// Those who ask are refused; servers are closed when they come back.
    Draining,
}
