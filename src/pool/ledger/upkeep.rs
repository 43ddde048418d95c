//! What is done to the books from time to time and by command: nothing here is in the hot path.

use std::time::Instant;

use crate::pool::closing::Closing;
use crate::pool::ledger::Ledger;
use crate::pool::ledger::Member;
use crate::pool::ledger::answer::Fitness;
use crate::pool::ledger::answer::Mode;
use crate::pool::settings::Settings;

/// Servers that are off the books and must be closed, with the reason of each.
pub type Closed<S> = Vec<(Member<S>, Closing)>;

impl<S, W> Ledger<S, W> {
    /// Takes off idle servers that are too old, idle for too long or too many.
    pub fn reap(&mut self, now: Instant) -> Closed<S> {
        let (mut spare, mut many) = (
            self.count().saturating_sub(self.settings.min),
            self.count()
                .saturating_sub(self.settings.size_with_reserve()),
        );
        let idle_timeout = self.settings.idle_timeout;
        // Longest unused first, so that these are the ones that go.
        self.take_idle(|idle| {
            let is_old = idle.member.expires.is_some_and(|e| e <= now);
            let idle_for = now.saturating_duration_since(idle.since);
            let why = if 0 < many {
                Closing::TooMany
            } else if is_old {
                Closing::Lifetime
            } else if 0 < spare && idle_timeout.is_some_and(|t| t <= idle_for) {
                Closing::IdleTimeout
            } else {
                return None;
            };
            many = many.saturating_sub(1);
            spare = spare.saturating_sub(1);
            Some(why)
        })
    }

    /// Takes off idle servers of which `is_dead` says so.
    pub fn bury(&mut self, is_dead: impl Fn(&S) -> bool) -> Closed<S> {
        self.take_idle(|idle| is_dead(&idle.member.server).then_some(Closing::Dead))
    }

    /// Shows the idle servers, longest unused first, since when each of them is so, and whether it is
    /// checked before its next use.
    pub fn each_idle(&self, now: Instant, mut show: impl FnMut(&S, Instant, Fitness)) {
        for idle in &self.idle {
            show(
                &idle.member.server,
                idle.since,
                self.fitness(idle.since, now),
            );
        }
    }

    /// Takes off idle servers that would have to be checked before use: done when one of them
    /// has failed its check.
    pub fn suspect(&mut self, now: Instant) -> Closed<S> {
        let delay = self.settings.check_delay;
        self.take_idle(|idle| {
            let idle_for = now.saturating_duration_since(idle.since);
            delay
                .is_some_and(|d| d <= idle_for)
                .then_some(Closing::CheckFailed)
        })
    }

    /// Takes off the server that has been idle for longest, because another pool needs its place.
    pub fn evict(&mut self) -> Option<Member<S>> {
        let idle = self.idle.pop_front()?;
        self.totals.on_closed(Closing::Evicted);
        Some(idle.member)
    }

    /// Since when the server that has been idle for longest is so.
    pub fn idle_since(&self) -> Option<Instant> {
        self.idle.front().map(|idle| idle.since)
    }

    /// Takes out of the line those whose time is over.
    pub fn expire(&mut self, now: Instant) -> Vec<W> {
        let over = self.line.expire(now);
        self.totals.timeouts += over.len() as u64;
        over
    }

    /// When [`expire`](Self::expire) or [`approve`](Self::approve) will next have something to do
    /// that nothing else brings about; `None` while nobody waits.
    pub fn next_event(&self) -> Option<Instant> {
        let retry_at = self.failing.as_ref().and_then(|failing| failing.retry_at);
        let next = self.line.since(self.opening as usize);
        let reserve_at = match (self.settings.reserve_timeout, next) {
            (Some(timeout), Some(since)) if 0 < self.settings.reserve => since.checked_add(timeout),
            (_, _) => None,
        };
        [
            self.line.earliest_deadline(),
            retry_at.filter(|_| !self.line.is_empty()),
            reserve_at.filter(|_| self.count() < self.settings.size_with_reserve()),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Lets those who ask wait, and takes off all idle servers. A draining pool stays so.
    pub fn pause(&mut self) -> Closed<S> {
        if self.mode == Mode::Open {
            self.mode = Mode::Paused;
        }
        self.take_idle(|_| Some(Closing::Paused))
    }

    /// Ends [`pause`](Self::pause).
    pub fn resume(&mut self) {
        if self.mode == Mode::Paused {
            self.mode = Mode::Open;
        }
    }

    /// Refuses those who ask from now on; gives those who wait, and takes off all idle servers.
    /// Others are outdated.
    pub fn drain(&mut self) -> (Vec<W>, Closed<S>) {
        self.mode = Mode::Draining;
        self.outdate();
        (
            self.line.clear(),
            self.take_idle(|_| Some(Closing::Draining)),
        )
    }

    /// Outdates every server: idle ones are taken off, others will be when they come back.
    /// Logins are tried again at once.
    pub fn reconnect(&mut self) -> Closed<S> {
        self.outdate();
        self.failing = None;
        self.take_idle(|_| Some(Closing::Outdated))
    }

    fn outdate(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.outdated = self.in_use;
    }

    /// Whether a server is of an older generation.
    pub fn is_outdated(&self, member: &Member<S>) -> bool {
        member.generation != self.generation
    }

    /// Takes other settings; idle servers that are too many go with the next
    /// [`reap`](Self::reap), others when they come back.
    pub fn resize(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Logins may be tried again at once.
    pub fn forgive(&mut self) {
        self.failing = None;
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the pool does at large.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    fn take_idle(&mut self, mut why: impl FnMut(&super::Idle<S>) -> Option<Closing>) -> Closed<S> {
        let mut closed = Vec::new();
        for _ in 0..self.idle.len() {
            let Some(idle) = self.idle.pop_front() else {
                break;
            };
            match why(&idle) {
                Some(why) => {
                    self.totals.on_closed(why);
                    closed.push((idle.member, why));
                }
                None => self.idle.push_back(idle),
            }
        }
        self.audit();
        closed
    }
}
