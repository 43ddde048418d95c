//! The books of one pool: who has which server, who may open one, who waits. Pure: it is called
//! under one short lock, decides, and never waits, reads a clock or closes anything; what it
//! takes off its books it returns.
//!
//! Invariants, checked after every change in debug builds and by random schedules in the tests:
//! nobody waits while a server is idle; only an open pool has idle servers; a draining pool has
//! no waiters; servers in use, idle and being opened together never pass the limit but by a limit
//! that was lowered.

pub mod answer;
pub mod apart;
pub mod totals;
pub mod upkeep;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use crate::error::Error;
use crate::pool::closing::Closing;
use crate::pool::ledger::answer::Asked;
use crate::pool::ledger::answer::Entered;
use crate::pool::ledger::answer::Fitness;
use crate::pool::ledger::answer::Mode;
use crate::pool::ledger::answer::Outcome;
use crate::pool::ledger::totals::Totals;
use crate::pool::refusal::Refusal;
use crate::pool::settings::Order;
use crate::pool::settings::Settings;
use crate::pool::settings::WhenDown;
use crate::pool::waiters::Ticket;
use crate::pool::waiters::Waiters;

/// The books of one pool of servers `S`, for which those of `W` wait.
#[derive(Debug)]
pub struct Ledger<S, W> {
    settings: Settings,
    mode: Mode,
    /// Longest unused first.
    idle: VecDeque<Idle<S>>,
    line: Waiters<W>,
    in_use: u32,
    opening: u32,
    /// Servers of an older generation are closed when they come back; so many of them are in use.
    generation: u32,
    outdated: u32,
    failing: Option<Failing>,
    totals: Totals,
}

/// A server with what the books know about it.
#[derive(Debug)]
pub struct Member<S> {
    /// The server.
    pub server: S,
    /// `None`: too far off to be told.
    expires: Option<Instant>,
    generation: u32,
}

/// The right to open one server, counted as a server until [`Ledger::opened`],
/// [`Ledger::failed`] or [`Ledger::abandon`] takes it.
#[derive(Debug)]
#[must_use = "an approval holds a server's place until it is handed back"]
pub struct Approval {
    generation: u32,
}

impl<S, W> Ledger<S, W> {
    /// Opens the books of an empty pool.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            mode: Mode::Open,
            idle: VecDeque::new(),
            line: Waiters::new(),
            in_use: 0,
            opening: 0,
            generation: 0,
            outdated: 0,
            failing: None,
            totals: Totals::default(),
        }
    }

    /// The hot path: an idle server that needs no check, if that is what would be given next.
    pub fn take_fit(&mut self, now: Instant) -> Option<Member<S>> {
        let next = match self.settings.order {
            Order::Lifo => self.idle.back()?,
            Order::RoundRobin => self.idle.front()?,
        };
        match self.fitness(next.since, now) {
            Fitness::Fit => self.take(),
            Fitness::Unchecked => None,
        }
    }

    /// Answers one who asks for a server. After `Wait` it must [`enter`](Self::enter) the line
    /// within the same lock.
    pub fn ask(&mut self, now: Instant) -> Asked<S> {
        if let Some(refusal) = self.refusal(now) {
            return Asked::Refused(refusal);
        }
        let next = match self.settings.order {
            Order::Lifo => self.idle.back(),
            Order::RoundRobin => self.idle.front(),
        };
        let Some(since) = next.map(|i| i.since) else {
            return Asked::Wait;
        };
        let fitness = self.fitness(since, now);
        self.take()
            .map_or(Asked::Wait, |member| Asked::Take(member, fitness))
    }

    /// Puts one who got `Wait`, and asked at `since`, at the end of the line, until `deadline`
    /// but no longer than `wait_timeout` allows.
    pub fn enter(&mut self, place: W, since: Instant, deadline: Option<Instant>) -> Entered {
        let after = |time: Option<Duration>| time.and_then(|time| since.checked_add(time));
        let allowed = after(self.settings.wait_timeout);
        let deadline = [deadline, allowed].into_iter().flatten().min();
        let reserve_timeout = self.settings.reserve_timeout;
        let reserve_at = after(reserve_timeout.filter(|_| 0 < self.settings.reserve));
        let failing = self.failing.as_ref().filter(|_| self.opening == 0);
        let retry_at = failing.and_then(|failing| failing.retry_at);
        let ticket = self.line.enter(place, since, deadline);
        self.audit();
        Entered {
            ticket,
            next_event: [deadline, reserve_at, retry_at].into_iter().flatten().min(),
        }
    }

    /// Takes one out of the line who no longer wants a server; `None` if it was handed one, or
    /// refused, before.
    pub fn leave(&mut self, ticket: Ticket) -> Option<W> {
        self.line.leave(ticket)
    }

    /// Takes back a clean server.
    pub fn give_back(&mut self, member: Member<S>, now: Instant) -> Outcome<S, W> {
        debug_assert!(0 < self.in_use, "a server came back that nobody had");
        self.in_use -= 1;
        self.note_back(&member);
        self.totals.returns += 1;
        let outcome = self.place(member, now);
        self.audit();
        outcome
    }

    /// Strikes off a server in use that was closed.
    pub fn lost(&mut self, member: &Member<S>, why: Closing) {
        debug_assert!(0 < self.in_use, "a server was lost that nobody had");
        self.in_use -= 1;
        self.note_back(member);
        self.totals.on_closed(why);
        self.audit();
    }

    /// The right to open one more server, if one is wanted and there is room.
    pub fn approve(&mut self, now: Instant) -> Option<Approval> {
        if self.mode != Mode::Open || !self.may_try(now) {
            return None;
        }
        let wanted = (self.opening as usize) < self.line.count() && self.opening < OPENING_MAX;
        let room = self.count() < self.limit(now);
        let below_min = self.count() < self.settings.min.min(self.settings.size);
        if !(wanted && room || below_min) {
            return None;
        }
        self.opening += 1;
        self.audit();
        Some(Approval {
            generation: self.generation,
        })
    }

    /// Enters a server that was opened; `random` spreads lifetimes.
    pub fn opened(
        &mut self,
        approval: Approval,
        server: S,
        now: Instant,
        random: u64,
    ) -> Outcome<S, W> {
        self.end_opening();
        self.failing = None;
        self.totals.opened += 1;
        let member = Member {
            server,
            expires: now.checked_add(self.settings.lifetime_of_one(random)),
            generation: approval.generation,
        };
        // With a lifetime of zero it is over at once, but for its one use.
        let outcome = match (self.mode, member.generation == self.generation) {
            (Mode::Open, true) => self.seat(member, now),
            (Mode::Open | Mode::Paused | Mode::Draining, _) => self.place(member, now),
        };
        self.audit();
        outcome
    }

    /// Notes that a server could not be opened, and gives those who must be told: all, when no
    /// other server may still come to them.
    pub fn failed(&mut self, approval: Approval, error: Arc<Error>, now: Instant) -> Vec<W> {
        self.end_opening();
        self.totals.open_failed += 1;
        if approval.generation == self.generation {
            self.failing = Some(Failing {
                error,
                retry_at: now.checked_add(self.settings.login_retry),
            });
        }
        self.hopeless(now)
    }

    /// Hands back an approval that was not used.
    pub fn abandon(&mut self, approval: Approval) {
        let Approval { generation: _ } = approval;
        self.end_opening();
        self.audit();
    }

    /// Those who wait for nothing: logins fail and no server is left that might come back.
    pub fn hopeless(&mut self, now: Instant) -> Vec<W> {
        if self.mode == Mode::Open && self.count() == 0 && !self.may_try(now) && self.tells() {
            return self.line.clear();
        }
        Vec::new()
    }

    /// The error of the last login if logins are failing.
    pub fn failure(&self) -> Option<&Arc<Error>> {
        self.failing.as_ref().map(|failing| &failing.error)
    }

    /// Servers in use, idle and being opened.
    pub fn count(&self) -> u32 {
        self.in_use + self.idle_count() + self.opening
    }

    fn note_back<T>(&mut self, member: &Member<T>) {
        if member.generation != self.generation {
            self.outdated -= 1;
        }
    }

    fn take(&mut self) -> Option<Member<S>> {
        let idle = match self.settings.order {
            Order::Lifo => self.idle.pop_back()?,
            Order::RoundRobin => self.idle.pop_front()?,
        };
        self.in_use += 1;
        self.totals.leases += 1;
        self.audit();
        Some(idle.member)
    }

    /// Finds the place of a server that is not in use: with the first waiter, idle, or none.
    fn place(&mut self, member: Member<S>, now: Instant) -> Outcome<S, W> {
        match self.verdict(&member, now) {
            Some(why) => {
                self.totals.on_closed(why);
                Outcome::Close(member, why)
            }
            None => self.seat(member, now),
        }
    }

    fn seat(&mut self, member: Member<S>, now: Instant) -> Outcome<S, W> {
        let Some((place, since)) = self.line.next_turn() else {
            self.idle.push_back(Idle { member, since: now });
            return Outcome::Kept;
        };
        self.in_use += 1;
        self.totals.leases += 1;
        self.totals.on_waited(now.saturating_duration_since(since));
        Outcome::Handed(place, member)
    }

    /// Why a server that is not in use must be closed, if it must. It is not counted here.
    fn verdict(&self, member: &Member<S>, now: Instant) -> Option<Closing> {
        match self.mode {
            Mode::Open if member.generation != self.generation => Some(Closing::Outdated),
            Mode::Open if member.expires.is_some_and(|e| e <= now) => Some(Closing::Lifetime),
            Mode::Open if self.settings.size_with_reserve() <= self.count() => {
                Some(Closing::TooMany)
            }
            Mode::Open => None,
            Mode::Paused => Some(Closing::Paused),
            Mode::Draining => Some(Closing::Draining),
        }
    }

    fn refusal(&self, now: Instant) -> Option<Refusal> {
        match (self.mode, &self.failing) {
            (Mode::Draining, _) => Some(Refusal::Draining),
            (Mode::Open, Some(failing))
                if self.count() == 0 && !self.may_try(now) && self.tells() =>
            {
                Some(Refusal::Failing(Arc::clone(&failing.error)))
            }
            (Mode::Open | Mode::Paused, _) => None,
        }
    }

    /// Whether those who wait are told of the failure there is.
    fn tells(&self) -> bool {
        let failing = self.failing.as_ref();
        match self.settings.down {
            WhenDown::Tell => true,
            WhenDown::Wait => failing.is_none_or(|failing| !is_down(&failing.error)),
        }
    }

    /// Whether logins work as far as is known, or it is time for one more try.
    fn may_try(&self, now: Instant) -> bool {
        self.failing.as_ref().is_none_or(|failing| {
            self.opening == 0 && failing.retry_at.is_some_and(|retry_at| retry_at <= now)
        })
    }

    /// Most servers at this time: with the reserve if the first whom no opening server will
    /// serve has waited for long.
    fn limit(&self, now: Instant) -> u32 {
        let next = self.line.since(self.opening as usize);
        let waited = next.map(|since| now.saturating_duration_since(since));
        match (self.settings.reserve_timeout, waited) {
            (Some(timeout), Some(waited)) if timeout <= waited => self.settings.size_with_reserve(),
            (_, _) => self.settings.size,
        }
    }

    fn fitness(&self, since: Instant, now: Instant) -> Fitness {
        match self.settings.check_delay {
            Some(delay) if delay <= now.saturating_duration_since(since) => Fitness::Unchecked,
            Some(_) | None => Fitness::Fit,
        }
    }

    fn end_opening(&mut self) {
        debug_assert!(0 < self.opening, "an approval came back that nobody had");
        self.opening -= 1;
    }

    fn idle_count(&self) -> u32 {
        u32::try_from(self.idle.len()).unwrap_or(u32::MAX)
    }

    /// Checks the invariants of the file's head in debug builds.
    fn audit(&self) {
        debug_assert!(
            self.line.is_empty() || self.idle.is_empty(),
            "waits while idle"
        );
        debug_assert!(
            self.mode == Mode::Open || self.idle.is_empty(),
            "idle but not open"
        );
        debug_assert!(
            self.mode != Mode::Draining || self.line.is_empty(),
            "waits for the end"
        );
    }
}

#[derive(Debug)]
struct Idle<S> {
    member: Member<S>,
    since: Instant,
}

/// Whether a login failed because nobody serves there: the host was not reached, or PostgreSQL is
/// starting up or shutting down. It will be better without anybody's doing.
pub(super) fn is_down(error: &Error) -> bool {
    DOWN_CLASSES.contains(&error.sqlstate().class())
}

/// SQLSTATE classes of a node that does not serve: connection exceptions, and operator
/// intervention (starting up, shutting down).
const DOWN_CLASSES: [&str; 2] = ["08", "57"];

#[derive(Debug)]
struct Failing {
    error: Arc<Error>,
    /// `None`: too far off to be told.
    retry_at: Option<Instant>,
}

/// Most servers of one pool that are opened for waiters at one time: enough to fill a pool fast,
/// few enough not to flood a node with logins when all its clients arrive together.
const OPENING_MAX: u32 = 8;

#[cfg(test)]
mod tests;
