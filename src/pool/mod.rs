//! Who may use which server.
//!
//! A [`Pool`] keeps the servers of one (database, user, node). Its books are a pure
//! [`ledger`] under one short lock; whoever finds no server idle stands in line, and a server
//! that comes back goes straight to the first of the line. Servers are opened by tasks of their
//! own (`grow`); one task per [`set::PoolSet`] does what time asks for (`reap`).
//!
//! Invariants: no lock is held over an await, a close or a send; a [`lease::Lease`] that is
//! dropped closes its server; a waiter that is dropped leaves the line, and a server handed to it
//! at that instant goes on to the next.

pub mod closing;
pub mod connect;
pub mod lease;
pub mod ledger;
pub mod refusal;
pub mod scope;
pub mod set;
pub mod settings;
pub mod waiters;

mod apart;
mod command;
mod gauges;
mod grow;
mod reap;
mod retired;
mod show;

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::Weak;
use std::time::Duration;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::pool::closing::Closing;
use crate::pool::connect::Connect;
use crate::pool::gauges::Gauges;
use crate::pool::lease::Handed;
use crate::pool::lease::Lease;
use crate::pool::lease::Waiting;
use crate::pool::ledger::Ledger;
use crate::pool::ledger::Member;
use crate::pool::ledger::answer::Asked;
use crate::pool::ledger::answer::Fitness;
use crate::pool::ledger::answer::Outcome;
use crate::pool::ledger::totals::Stats;
use crate::pool::reap::Alarm;
use crate::pool::refusal::Refusal;
use crate::pool::scope::Place;
use crate::pool::scope::Scopes;
use crate::pool::set::Key;
use crate::pool::set::Shared;
use crate::topology::choose::Load;

/// The servers of one (database, user, node), and those who wait for them.
pub struct Pool<C: Connect> {
    key: Key,
    connect: ArcSwap<C>,
    ledger: Mutex<Books<C>>,
    gauges: Gauges,
    scopes: Scopes,
    /// Told when no server is in use or being opened while the pool is not open.
    quiet: Notify,
    shared: Weak<Shared<C>>,
    alarm: Arc<Alarm>,
}

impl<C: Connect> Pool<C> {
    /// Which pool this is.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Takes an idle server if there is one that needs no check: one short lock, no allocation.
    pub fn try_lease(self: &Arc<Self>, now: Instant) -> Option<Lease<C>> {
        loop {
            let member = {
                let mut ledger = self.books();
                let member = ledger.take_fit(now)?;
                self.gauges.show(&ledger);
                member
            };
            if !C::is_dead(&member.server.server) {
                return Some(Lease::new(Arc::clone(self), member));
            }
            self.lose(member, Closing::Dead);
        }
    }

    /// Takes a server, waiting in line for it until `deadline` or for as long as
    /// `query_wait_timeout` allows, whichever comes first.
    ///
    /// # Errors
    ///
    /// As [`Refusal::to_error`] says: time is over, logins fail, the pool ends.
    ///
    /// # Cancel safety
    ///
    /// Yes, because a waiter that is dropped leaves the line, and a server handed to it goes on
    /// to the next; a server that was being checked is closed.
    pub async fn lease(self: &Arc<Self>, deadline: Option<Instant>) -> Result<Lease<C>, Error> {
        let asked_at = now();
        loop {
            let (lease, fitness) = match self.ask(asked_at, deadline) {
                Answer::Lease(lease, fitness) => (lease, fitness),
                Answer::Refused(refusal) => return Err(refusal.to_error()),
                Answer::Wait(waiting) => (waiting.turn().await?, Fitness::Fit),
            };
            if let Some(lease) = lease.fit(fitness).await {
                return Ok(lease);
            }
        }
    }

    /// What the pool looks like to one who chooses among nodes. Takes no lock.
    pub fn load(&self) -> Load {
        self.gauges.load()
    }

    /// Notes how long a query took, for [`load`](Self::load). Takes no lock.
    pub fn note_latency(&self, took: Duration) {
        self.gauges.note_latency(took);
    }

    /// Whether it has no server, and nobody waits for one.
    pub fn is_empty(&self) -> bool {
        self.books().is_empty()
    }

    /// What the pool looks like in full.
    pub fn stats(&self, now: Instant) -> Stats {
        self.books().stats(now)
    }

    /// Shows the idle servers, since when they are so, and whether they are checked before they are
    /// used again. `show` is called under the pool's lock.
    pub fn each_idle(&self, now: Instant, mut show: impl FnMut(&C::Server, Instant, Fitness)) {
        self.books().each_idle(now, |seated, since, fitness| {
            show(&seated.server, since, fitness);
        });
    }

    /// Asks for a server, or stands in line for it.
    fn ask(self: &Arc<Self>, since: Instant, deadline: Option<Instant>) -> Answer<C> {
        let now = now();
        let (entered, receiver) = {
            let mut ledger = self.books();
            match ledger.ask(now) {
                Asked::Refused(refusal) => return Answer::Refused(refusal),
                Asked::Take(member, fitness) => {
                    self.gauges.show(&ledger);
                    drop(ledger);
                    return Answer::Lease(Lease::new(Arc::clone(self), member), fitness);
                }
                Asked::Wait => {
                    let (sender, receiver) = oneshot::channel();
                    let entered = ledger.enter(sender, since, deadline);
                    self.gauges.show(&ledger);
                    (entered, receiver)
                }
            }
        };
        let waiting = Waiting::new(Arc::clone(self), entered.ticket, receiver);
        self.grow(now);
        if let Some(event) = entered.next_event {
            self.alarm.ring_by(event);
        }
        Answer::Wait(waiting)
    }

    /// Takes back a clean server, for the first of the line if there is one.
    fn take_back(self: &Arc<Self>, member: Seat<C>, now: Instant) {
        let outcome = {
            let mut ledger = self.books();
            let outcome = ledger.give_back(member, now);
            self.gauges.show(&ledger);
            outcome
        };
        self.settle(outcome, now);
    }

    /// Does what the books have decided about a server that is not in use.
    fn settle(self: &Arc<Self>, outcome: Outcome<Seated<C>, Sender<C>>, now: Instant) {
        match outcome {
            // A waiter that is gone drops what it is sent, and so gives it to the next.
            Outcome::Handed(sender, member) => {
                let handed = Handed::new(Arc::clone(self), member, now);
                drop(sender.send(Ok(handed)));
            }
            Outcome::Kept => {
                if self.scopes.is_starved() {
                    self.alarm.ring();
                }
            }
            Outcome::Close(member, why) => {
                self.close_one(member, why);
                self.after_close(now);
            }
        }
    }

    /// Closes a server that was in use.
    fn lose(self: &Arc<Self>, member: Seat<C>, why: Closing) {
        {
            let mut ledger = self.books();
            ledger.lost(&member, why);
            self.gauges.show(&ledger);
        }
        self.close_one(member, why);
        self.after_close(now());
    }

    /// A server has left the books: another may be opened in its place, or none will come.
    fn after_close(self: &Arc<Self>, now: Instant) {
        self.grow(now);
        let (hopeless, failure, is_quiet) = {
            let mut ledger = self.books();
            let failure = ledger.failure().map(Arc::clone);
            (ledger.hopeless(now), failure, ledger.is_quiet())
        };
        if let Some(error) = failure {
            refuse_all(hopeless, &Refusal::Failing(error));
        }
        if is_quiet {
            self.quiet.notify_waiters();
        }
    }

    fn close_all(&self, closed: Vec<(Seat<C>, Closing)>) {
        for (member, why) in closed {
            self.close_one(member, why);
        }
    }

    fn close_one(&self, member: Seat<C>, why: Closing) {
        let Seated { server, place } = member.server;
        C::close(server, why);
        drop(place);
        if why == Closing::Dead {
            self.connect.load().on_dead();
        }
        if self.scopes.is_starved() {
            self.alarm.ring();
        }
    }

    fn books(&self) -> MutexGuard<'_, Books<C>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server with its place in the limits that pools share.
struct Seated<C: Connect> {
    server: C::Server,
    place: Place,
}

type Seat<C> = Member<Seated<C>>;

type Sender<C> = oneshot::Sender<Result<Handed<C>, Refusal>>;

type Books<C> = Ledger<Seated<C>, Sender<C>>;

enum Answer<C: Connect> {
    Lease(Lease<C>, Fitness),
    Wait(Waiting<C>),
    Refused(Refusal),
}

/// Tells all of them that there will be no server.
fn refuse_all<C: Connect>(waiters: Vec<Sender<C>>, refusal: &Refusal) {
    for waiter in waiters {
        // One that is gone need not know.
        drop(waiter.send(Err(refusal.clone())));
    }
}

/// The time on the runtime's clock.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl<C: Connect> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
