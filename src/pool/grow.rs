//! How a pool gets more servers: each is opened by a task of its own, which the set of pools
//! owns. No place is lost: an [`Opening`] that ends in any way gives its approval back.

use std::sync::Arc;
use std::time::Instant;

use crate::error::Error;
use crate::pool::Pool;
use crate::pool::Seated;
use crate::pool::closing::Closing;
use crate::pool::connect::Connect;
use crate::pool::ledger::Approval;
use crate::pool::now;
use crate::pool::refusal::Refusal;
use crate::pool::refuse_all;
use crate::pool::scope::Full;
use crate::pool::scope::Place;

impl<C: Connect> Pool<C> {
    /// Starts to open as many servers as are wanted and allowed.
    pub(super) fn grow(self: &Arc<Self>, now: Instant) {
        while let Some(opening) = self.approve(now) {
            let Some(shared) = self.shared.upgrade() else {
                return;
            };
            shared.spawn(opening.run());
        }
    }

    /// The right to open one server. Where the limits that pools share leave no place, an idle
    /// server of another pool makes room, if somebody waits here.
    fn approve(self: &Arc<Self>, now: Instant) -> Option<Opening<C>> {
        loop {
            let full = match self.approve_within_scopes(now)? {
                Ok(opening) => return Some(opening),
                Err(full) => full,
            };
            let shared = self.shared.upgrade()?;
            if self.load().waiting == 0 {
                return None;
            }
            if !shared.evict_for(self, full) {
                self.scopes.starve(full);
                return None;
            }
        }
    }

    /// `None` if no server is wanted or the pool has no room.
    fn approve_within_scopes(self: &Arc<Self>, now: Instant) -> Option<Result<Opening<C>, Full>> {
        let mut ledger = self.books();
        let approval = ledger.approve(now)?;
        let place = match self.scopes.take() {
            Ok(place) => place,
            Err(full) => {
                ledger.abandon(approval);
                return Some(Err(full));
            }
        };
        Some(Ok(Opening {
            pool: Arc::clone(self),
            approval: Some(approval),
            place: Some(place),
        }))
    }

    /// Takes off and closes the server that has been idle for longest.
    pub(super) fn evict(&self) -> bool {
        let Some(member) = self.books().evict() else {
            return false;
        };
        // Not by `close_one`: the place is for the one who evicts, who needs no nudge.
        let Seated { server, place } = member.server;
        C::close(server, Closing::Evicted);
        drop(place);
        true
    }
}

/// A server that is being opened.
struct Opening<C: Connect> {
    pool: Arc<Pool<C>>,
    /// Empty once the books have it back.
    approval: Option<Approval>,
    place: Option<Place>,
}

impl<C: Connect> Opening<C> {
    async fn run(mut self) {
        let connect = self.pool.connect.load_full();
        match connect.connect().await {
            Ok(server) => self.succeed(server),
            Err(error) => self.fail(error),
        }
        self.pool.after_close(now());
    }

    fn succeed(&mut self, server: C::Server) {
        let (Some(approval), Some(place)) = (self.approval.take(), self.place.take()) else {
            return;
        };
        let now = now();
        let outcome = {
            let mut ledger = self.pool.books();
            let outcome = ledger.opened(approval, Seated { server, place }, now, rand::random());
            self.pool.gauges.show(&ledger);
            outcome
        };
        self.pool.settle(outcome, now);
    }

    fn fail(&mut self, error: Error) {
        let Some(approval) = self.approval.take() else {
            return;
        };
        drop(self.place.take());
        let error = Arc::new(error);
        let (was, told) = {
            let mut ledger = self.pool.books();
            let was = ledger.failure().map(ToString::to_string);
            let told = ledger.failed(approval, Arc::clone(&error), now());
            self.pool.gauges.show(&ledger);
            (was, told)
        };
        // Once, however often it is tried.
        if was.as_ref() == Some(&error.to_string()) {
            tracing::debug!(pool = %self.pool.key, %error, "cannot open a server");
        } else {
            tracing::warn!(pool = %self.pool.key, %error, "cannot open a server");
        }
        refuse_all(told, &Refusal::Failed(error));
    }
}

impl<C: Connect> Drop for Opening<C> {
    fn drop(&mut self) {
        if let Some(approval) = self.approval.take() {
            self.pool.books().abandon(approval);
            self.pool.quiet.notify_waiters();
        }
    }
}
