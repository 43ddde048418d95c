//! The right to a server, and the way to it: what waits, what is handed over, what is held.

use std::fmt;
use std::ops::Deref;
use std::ops::DerefMut;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::error::Error;
use crate::pool::Pool;
use crate::pool::Seat;
use crate::pool::apart::Berth;
use crate::pool::closing::Closing;
use crate::pool::connect::Connect;
use crate::pool::ledger::answer::Fitness;
use crate::pool::now;
use crate::pool::refusal::Refusal;
use crate::pool::waiters::Ticket;

/// The right to a server. Dropped, it closes the server, whose state nobody knows then; a server
/// whose state is clean is given back.
#[must_use = "a lease that is dropped closes its server"]
pub struct Lease<C: Connect> {
    pool: Arc<Pool<C>>,
    /// Empty only while the lease ends.
    seat: Option<Seat<C>>,
}

impl<C: Connect> Lease<C> {
    pub(super) fn new(pool: Arc<Pool<C>>, seat: Seat<C>) -> Self {
        Self {
            pool,
            seat: Some(seat),
        }
    }

    /// The pool that the server is of.
    pub fn pool(&self) -> &Arc<Pool<C>> {
        &self.pool
    }

    /// Whether the server is to be replaced: it is closed when it comes back.
    pub fn is_outdated(&self) -> bool {
        let ledger = self.pool.books();
        let seat = self.seat.as_ref();
        seat.is_some_and(|seat| ledger.is_outdated(seat))
    }

    /// Gives back a server whose state is as after its login, but for what its owner records:
    /// one short lock, no allocation.
    pub fn give_back(mut self, now: Instant) {
        if let Some(seat) = self.seat.take() {
            self.pool.take_back(seat, now);
        }
    }

    /// Closes the server for `why`.
    pub fn close(mut self, why: Closing) {
        if let Some(seat) = self.seat.take() {
            self.pool.lose(seat, why);
        }
    }

    /// Closes the server and keeps its place.
    pub(super) fn into_berth(mut self) -> Option<Berth<C>> {
        let seat = self.seat.take()?;
        Some(Berth::of(&self.pool, seat))
    }

    /// Checks a server that was idle, if needed; `None` if it cannot be used and was closed.
    pub(super) async fn fit(mut self, fitness: Fitness) -> Option<Self> {
        let Some(seat) = &mut self.seat else {
            return None;
        };
        if C::is_dead(&seat.server.server) {
            self.close(Closing::Dead);
            return None;
        }
        match fitness {
            Fitness::Fit => Some(self),
            // Boxed: what only waits in line, as most do, has no room for it.
            Fitness::Unchecked => Box::pin(self.checked()).await,
        }
    }

    /// Asks the server whether it is well.
    async fn checked(mut self) -> Option<Self> {
        let limit = self.pool.check_timeout();
        let connect = self.pool.connect.load_full();
        let Some(seat) = &mut self.seat else {
            return None;
        };
        let check = connect.check(&mut seat.server.server);
        if let Ok(Ok(())) = tokio::time::timeout(limit, check).await {
            return Some(self);
        }
        self.pool.suspect();
        self.close(Closing::CheckFailed);
        None
    }
}

// The server is there from `new` until the lease is given away; both that empty it own it.
#[expect(
    clippy::expect_used,
    reason = "only methods that take the lease empty it"
)]
impl<C: Connect> Deref for Lease<C> {
    type Target = C::Server;

    fn deref(&self) -> &C::Server {
        &self
            .seat
            .as_ref()
            .expect("a lease has a server")
            .server
            .server
    }
}

#[expect(
    clippy::expect_used,
    reason = "only methods that take the lease empty it"
)]
impl<C: Connect> DerefMut for Lease<C> {
    fn deref_mut(&mut self) -> &mut C::Server {
        &mut self
            .seat
            .as_mut()
            .expect("a lease has a server")
            .server
            .server
    }
}

impl<C: Connect> Drop for Lease<C> {
    fn drop(&mut self) {
        if let Some(seat) = self.seat.take() {
            self.pool.lose(seat, Closing::Dropped);
        }
    }
}

impl<C: Connect> fmt::Debug for Lease<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("pool", self.pool.key())
            .finish_non_exhaustive()
    }
}

/// A clean server on its way to a waiter. Dropped, it goes to the next.
pub(super) struct Handed<C: Connect> {
    pool: Arc<Pool<C>>,
    seat: Option<Seat<C>>,
    at: Instant,
}

impl<C: Connect> Handed<C> {
    pub(super) fn new(pool: Arc<Pool<C>>, seat: Seat<C>, at: Instant) -> Self {
        Self {
            pool,
            seat: Some(seat),
            at,
        }
    }

    fn into_lease(mut self) -> Option<Lease<C>> {
        let seat = self.seat.take()?;
        Some(Lease::new(Arc::clone(&self.pool), seat))
    }
}

impl<C: Connect> Drop for Handed<C> {
    fn drop(&mut self) {
        if let Some(seat) = self.seat.take() {
            self.pool.take_back(seat, self.at);
        }
    }
}

/// One who stands in line. Dropped, it leaves the line.
pub(super) struct Waiting<C: Connect> {
    pool: Arc<Pool<C>>,
    ticket: Ticket,
    receiver: oneshot::Receiver<Result<Handed<C>, Refusal>>,
}

impl<C: Connect> Waiting<C> {
    pub(super) fn new(
        pool: Arc<Pool<C>>,
        ticket: Ticket,
        receiver: oneshot::Receiver<Result<Handed<C>, Refusal>>,
    ) -> Self {
        Self {
            pool,
            ticket,
            receiver,
        }
    }

    /// Waits for its turn.
    ///
    /// # Cancel safety
    ///
    /// Yes: dropping it leaves the line, and a server that was handed to it goes to the next.
    pub(super) async fn turn(mut self) -> Result<Lease<C>, Error> {
        match (&mut self.receiver).await {
            Ok(Ok(handed)) => handed
                .into_lease()
                .ok_or_else(|| Refusal::Draining.to_error()),
            Ok(Err(refusal)) => Err(refusal.to_error()),
            // The pool's books are gone, and with them the sender.
            Err(_) => Err(Refusal::Draining.to_error()),
        }
    }
}

impl<C: Connect> Drop for Waiting<C> {
    fn drop(&mut self) {
        self.pool.leave(self.ticket);
    }
}

impl<C: Connect> Pool<C> {
    fn leave(&self, ticket: Ticket) {
        let mut ledger = self.books();
        if ledger.leave(ticket).is_some() {
            self.gauges.show(&ledger);
        }
    }

    fn check_timeout(&self) -> Duration {
        self.books().settings().check_timeout
    }

    /// Closes idle servers that would need a check too: one has just failed it.
    fn suspect(&self) {
        let closed = self.books().suspect(now());
        self.close_all(closed);
    }
}
