//! Servers that one client has for itself, and nobody after it: each takes a place of the pool, and
//! is opened by whoever wants it.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use crate::error::Error;
use crate::pool::Pool;
use crate::pool::Seat;
use crate::pool::Seated;
use crate::pool::closing::Closing;
use crate::pool::connect::Connect;
use crate::pool::lease::Lease;
use crate::pool::ledger::Member;
use crate::pool::now;
use crate::pool::refusal::Refusal;
use crate::pool::scope::Full;
use crate::pool::scope::Place;

impl<C: Connect> Pool<C> {
    /// Takes a place for a server and fills it with what `open` makes. An idle server makes room;
    /// where there is none, this waits in line for one, which is closed for its place. The lease is
    /// to be closed, not given back.
    ///
    /// # Errors
    ///
    /// As [`lease`](Self::lease), or why `open` failed.
    ///
    /// # Cancel safety
    ///
    /// Yes: the place is free again.
    pub async fn lease_apart(
        self: &Arc<Self>,
        deadline: Instant,
        open: impl Future<Output = Result<C::Server, Error>>,
    ) -> Result<Lease<C>, Error> {
        let berth = match self.berth() {
            Some(berth) => berth,
            None => {
                let lease = self.lease(Some(deadline)).await?;
                lease
                    .into_berth()
                    .ok_or_else(|| Refusal::Draining.to_error())?
            }
        };
        let server = open.await?;
        berth
            .filled(server)
            .ok_or_else(|| Refusal::Draining.to_error())
    }

    /// A place, if there is one or an idle server makes room.
    fn berth(self: &Arc<Self>) -> Option<Berth<C>> {
        loop {
            let full = match self.try_berth() {
                Ok(berth) => return Some(berth),
                Err(full) => full,
            };
            let shared = self.shared.upgrade()?;
            let makes_room = |full| shared.evict_for(self, full);
            if !self.evict() && !full.is_some_and(makes_room) {
                return None;
            }
        }
    }

    /// A place; where there is none, which of the limits that pools share leaves none, if it is one
    /// of these.
    fn try_berth(self: &Arc<Self>) -> Result<Berth<C>, Option<Full>> {
        let right = self.books().take_apart().ok_or(None)?;
        match self.scopes.take() {
            Ok(place) => {
                self.gauges.show(&self.books());
                let ((), member) = right.with(place);
                Ok(Berth::new(self, member))
            }
            Err(full) => {
                self.books().vacate(&right);
                Err(Some(full))
            }
        }
    }
}

/// A place for a server that is being opened. Dropped, it is free again.
pub(super) struct Berth<C: Connect> {
    pool: Arc<Pool<C>>,
    /// Empty once it is filled.
    member: Option<Member<Place>>,
}

impl<C: Connect> Berth<C> {
    fn new(pool: &Arc<Pool<C>>, member: Member<Place>) -> Self {
        Self {
            pool: Arc::clone(pool),
            member: Some(member),
        }
    }

    /// The place of a server, which is closed.
    pub(super) fn of(pool: &Arc<Pool<C>>, seat: Seat<C>) -> Self {
        let (Seated { server, place }, member) = seat.with(());
        pool.books().on_emptied(Closing::Evicted);
        C::close(server, Closing::Evicted);
        let ((), member) = member.with(place);
        Self::new(pool, member)
    }

    fn filled(mut self, server: C::Server) -> Option<Lease<C>> {
        let (place, member) = self.member.take()?.with(());
        self.pool.books().on_filled();
        let ((), seat) = member.with(Seated { server, place });
        Some(Lease::new(Arc::clone(&self.pool), seat))
    }
}

impl<C: Connect> Drop for Berth<C> {
    fn drop(&mut self) {
        let Some(member) = self.member.take() else {
            return;
        };
        {
            let mut ledger = self.pool.books();
            ledger.vacate(&member);
            self.pool.gauges.show(&ledger);
        }
        drop(member);
        if self.pool.scopes.is_starved() {
            self.pool.alarm.ring();
        }
        self.pool.after_close(now());
    }
}
