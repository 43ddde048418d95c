//! Counting what a server does for its clients, and for how long.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::metrics::figures::Counts;
use crate::session::Session;
use crate::session::moving::Moving;
use crate::session::side::ServerSide;
use crate::wire::server::Status;

/// A server's figures, kept with it.
#[derive(Debug, Default)]
pub struct Meter {
    /// The figures.
    pub counts: Arc<Counts>,
    /// How many statements it has prepared, for others to see.
    pub prepared: Arc<AtomicUsize>,
    /// When the oldest batch that is not answered was begun, and its transaction.
    batch: Option<Instant>,
    transaction: Option<Instant>,
}

impl Meter {
    /// One that counts in these.
    pub fn of(counts: &Arc<Counts>, prepared: &Arc<AtomicUsize>) -> Self {
        Self {
            counts: Arc::clone(counts),
            prepared: Arc::clone(prepared),
            ..Self::default()
        }
    }

    /// When the transaction at hand was begun, if one is.
    pub fn transaction(&self) -> Option<Instant> {
        self.transaction
    }

    /// A client gets the server.
    fn on_linked(&mut self) {
        self.batch = None;
        self.transaction = None;
        self.counts.assignments.add_alone(1);
    }

    /// `size` bytes go to the client.
    pub fn count_passed(&self, size: usize) {
        let bytes = u64::try_from(size).unwrap_or(u64::MAX);
        self.counts.sent.add_alone(bytes);
    }

    /// Something of the client's is sent to it.
    fn on_sent(&mut self, now: Instant) {
        if self.batch.is_none() {
            self.batch = Some(now);
            self.transaction.get_or_insert(now);
        }
    }

    /// It has answered a batch; `has_more` of them were sent to it.
    fn on_answered(&mut self, status: Status, has_more: bool, now: Instant) {
        let next = has_more.then_some(now);
        if let Some(began) = std::mem::replace(&mut self.batch, next) {
            let took = now.saturating_duration_since(began);
            self.counts.query_ns.add_time_alone(took);
        }
        if status != Status::Idle {
            return;
        }
        if let Some(began) = std::mem::replace(&mut self.transaction, next) {
            let took = now.saturating_duration_since(began);
            self.counts.transaction_ns.add_time_alone(took);
        }
        // What was sent behind the end of a transaction begins another.
        self.counts.transactions.add_alone(u64::from(has_more));
    }
}

impl Session {
    /// The session was given a server.
    pub(super) fn count_link(&self, side: &mut ServerSide) {
        side.meter.on_linked();
    }

    /// `size` bytes of the client's were sent. What is sent again was counted before.
    pub(super) fn count_sent(&mut self, size: usize, side: &mut ServerSide, now: Instant) {
        side.meter.on_sent(now);
        if self.is_new() {
            let bytes = u64::try_from(size).unwrap_or(u64::MAX);
            side.meter.counts.received.add_alone(bytes);
        } else {
            let bytes = u32::try_from(size).unwrap_or(u32::MAX);
            self.resent = self.resent.saturating_sub(bytes);
        }
    }

    /// Whether the message at hand is sent for the first time.
    fn is_new(&self) -> bool {
        self.resent == 0
    }

    /// All that was sent, which is kept, is sent again.
    pub(super) fn resend(&mut self) {
        let bytes = u32::try_from(std::mem::take(&mut self.sent)).unwrap_or(u32::MAX);
        self.resent = self.resent.saturating_add(bytes);
    }

    /// A batch is whole that ends in a ReadyForQuery of the client's. What stands behind others is
    /// known to begin a transaction when these are answered.
    pub(super) fn count_query(&self, side: &ServerSide) {
        if !self.is_new() {
            return;
        }
        let counts = &side.meter.counts;
        counts.queries.add_alone(1);
        let is_first = self.expects.open() == 0
            && match self.moving {
                // Its BEGIN was counted when it was answered.
                Moving::Unbound(_) | Moving::OnReplica(_) => false,
                Moving::Asked(_) | Moving::Leaving(_) | Moving::Gone(_) => false,
                Moving::No | Moving::Begun(_) | Moving::Beginning(_) => self.status == Status::Idle,
            };
        counts.transactions.add_alone(u64::from(is_first));
    }

    /// The client prepares a statement by name.
    pub(super) fn count_parse(&self, side: &ServerSide) {
        let counts = &side.meter.counts;
        counts.client_parses.add_alone(u64::from(self.is_new()));
    }

    /// The client binds a statement, by this name.
    pub(super) fn count_bind(&self, name: &[u8], side: &ServerSide) {
        if !name.is_empty() && self.is_new() {
            side.meter.counts.binds.add_alone(1);
        }
    }

    /// A batch was answered, and the transaction is in this state.
    pub(super) fn count_answer(&self, status: Status, side: &mut ServerSide, now: Instant) {
        let has_more = self.expects.open() != 0;
        side.meter.on_answered(status, has_more, now);
        let prepared = &side.meter.prepared;
        prepared.store(side.prepared.count(), Ordering::Relaxed);
    }
}
