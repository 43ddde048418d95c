//! The ends of a link: laying the session's state on a server, and what the server keeps of it.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use bytes::BytesMut;

use crate::config::words::PoolMode;
use crate::route::Kind;
use crate::session::Again;
use crate::session::Need;
use crate::session::Session;
use crate::session::ahead::Ahead;
use crate::session::ask::MayRetry;
use crate::session::batch::BatchState;
use crate::session::batch::Plan;
use crate::session::batch::Rest;
use crate::session::batch::Risk;
use crate::session::batch::Stage;
use crate::session::expect::Expect;
use crate::session::expect::Own;
use crate::session::pins::PROBE;
use crate::session::scan::Progress;
use crate::session::settings::Difference;
use crate::session::side::Link;
use crate::session::side::ServerSide;
use crate::wire::client;
use crate::wire::client::Target;
use crate::wire::frames::Frames;
use crate::wire::frames::Side;
use crate::wire::server::Status;
use crate::wire::write;

/// What becomes of a batch whose server has died.
#[derive(Debug, PartialEq, Eq)]
pub enum Lost {
    /// Nothing was asked of it: the session goes on.
    Unharmed,
    /// It only read and nothing of its reply was seen: it may run elsewhere.
    Again,
    /// The client has to be told, and its connection to end, for the session's state is gone too.
    Ended {
        /// Whether the outcome of what was sent is unknown.
        unknown: bool,
    },
}

impl Session {
    /// The session has a server: what must be said to it before the batch is appended to `out`.
    pub fn on_linked(&mut self, link: Link, side: &mut ServerSide, out: &mut BytesMut) {
        debug_assert!(
            self.link.is_none() && self.expects.is_empty(),
            "linked once"
        );
        self.link = Some(link);
        self.count_link(side);
        if self.scan.progress == Progress::Done {
            self.scan.progress = Progress::Linked;
        }
        self.lay_settings(side, out);
        self.begin_anew(out);
        self.on_linked_late(&link, out);
    }

    /// The prelude, if the server's settings are not the session's.
    fn lay_settings(&mut self, side: &mut ServerSide, out: &mut BytesMut) {
        if Arc::ptr_eq(&self.settings, &side.settings)
            && self.is_told_alike(side)
            && !side.unsure
            && !side.prepared.has_spoilt()
        {
            return;
        }
        let mut sql = BytesMut::new();
        let mut difference = Difference::default();
        for spoilt in side.prepared.take_spoilt() {
            difference.count += 1;
            sql.extend_from_slice(b"DEALLOCATE ");
            sql.extend_from_slice(&spoilt.name);
            sql.extend_from_slice(b";");
        }
        let mut reported = Arc::clone(&side.reported);
        if side.unsure {
            // What it reports goes back to its start with the rest.
            reported = Arc::clone(&side.fresh);
            side.write_reset(&mut sql);
            difference.count += 1;
            side.settings = Arc::default();
            side.unsure = false;
        }
        if *self.settings != *side.settings {
            let written = self.settings.write_difference(&side.settings, &mut sql);
            difference.count += written.count;
            difference.guarded |= written.guarded;
        }
        if *self.told != *reported {
            self.told
                .write_difference(&reported, &mut difference, &mut sql);
        }
        side.settings = Arc::clone(&self.settings);
        if difference.count == 0 {
            side.reported = Arc::clone(&self.told);
            return;
        }
        write::query(out, &sql);
        // A Query takes the unnamed statement along.
        side.unnamed = None;
        self.expects.push(Expect::Own(Own::Prelude));
        if difference.guarded {
            self.stage = Stage::Guarded;
        }
    }

    /// The prelude was answered.
    pub(super) fn on_prelude_done(&mut self, side: &mut ServerSide) {
        let is_due = self.stage == Stage::Guarded && self.scan.bytes != 0;
        self.stage = if is_due { Stage::Due } else { Stage::Open };
        if self.prelude_error.is_some() {
            side.unsure = true;
        } else {
            self.is_told_alike(side);
        }
    }

    /// Whether the server reports what the client was told. What is equal is made one value, the one
    /// at the lower address, so that sessions and servers that meet again and again come to share
    /// it: then this compares addresses, and a session holds no copy.
    fn is_told_alike(&mut self, side: &mut ServerSide) -> bool {
        if Arc::ptr_eq(&self.told, &side.reported) {
            return true;
        }
        if *self.told != *side.reported {
            return false;
        }
        if Arc::as_ptr(&self.told) < Arc::as_ptr(&side.reported) {
            side.reported = Arc::clone(&self.told);
            return true;
        }
        if Arc::ptr_eq(&self.base_told, &self.told) {
            self.base_told = Arc::clone(&side.reported);
        }
        self.told = Arc::clone(&side.reported);
        true
    }

    /// Takes what the server said when the session's settings could not be laid on it. The link
    /// must not be used then: the batch may have run without them.
    pub fn take_prelude_error(&mut self) -> Option<Bytes> {
        self.prelude_error.take()
    }

    /// The server goes back to its pool: what it keeps of the session is noted.
    pub fn on_release(&mut self, side: &mut ServerSide) {
        debug_assert_eq!(
            self.next_need(),
            Need::Release,
            "released when nothing is owed"
        );
        side.unsure |= std::mem::take(&mut self.doubts.settings);
        side.settings = Arc::clone(&self.settings);
        self.is_told_alike(side);
        self.on_released();
    }

    /// Whether it keeps its server while nothing is asked of it, outside a transaction.
    pub fn is_idle_on_link(&self) -> bool {
        self.link.is_some() && self.may_be_reset() && self.next_need() == Need::None
    }

    /// The server went back to its pool, or is gone.
    pub fn on_released(&mut self) {
        debug_assert!(self.expects.is_empty(), "nothing is owed");
        self.link = None;
        self.portals.clear();
    }

    /// Whether the session keeps its server between transactions.
    pub(super) fn keeps_server(&self) -> bool {
        match self.rules.mode {
            PoolMode::Session => true,
            PoolMode::Transaction | PoolMode::Statement => !self.pins.is_empty(),
        }
    }

    /// Between two batches of a session that keeps its server: asks it what still pins the session,
    /// if that may have changed, and mends its settings. The answers are not the client's. Called
    /// when all that came was looked at.
    pub fn upkeep(&mut self, side: &mut ServerSide, out: &mut BytesMut) {
        if !self.keeps_server() || self.link.is_none() || !self.is_idle() || self.copying_in {
            return;
        }
        if std::mem::take(&mut self.doubts.settings) {
            side.unsure = true;
            self.lay_settings(side, out);
        }
        if std::mem::take(&mut self.doubts.pins) && !self.pins.is_empty() {
            write::query(out, PROBE);
            side.unnamed = None;
            self.expects.push(Expect::Own(Own::Pins));
        }
    }

    /// Whether the batch at hand may be run again on another server.
    pub(super) fn may_run_elsewhere(&self) -> bool {
        self.oldest.retained
            && !self.oldest.answered
            && self.oldest.risk == Risk::None
            && (self.status == Status::Idle || self.may_begin_late_anew())
            && self.pins.is_empty()
            && self.link.is_some_and(|link| match link.want.kind {
                Kind::Read | Kind::Any | Kind::Replica => true,
                // A BEGIN, say, or what only prepares.
                Kind::Primary => !self.writes.running,
            })
    }

    /// Whether a read that failed is run once more; it is counted.
    pub(super) fn may_retry(&mut self, budget: &dyn MayRetry, now: Instant) -> bool {
        let may = self.oldest.retries < self.rules.read_retries_max && budget.take(now);
        self.oldest.retries += u32::from(may);
        may
    }

    /// The server is gone. After `Again` the client's bytes are as they were before they were sent.
    pub fn on_lost(&mut self, budget: &dyn MayRetry, now: Instant) -> Lost {
        let lost = if self.is_untouched() {
            Lost::Unharmed
        } else if self.may_run_elsewhere() && (self.is_paid() || self.may_retry(budget, now)) {
            Lost::Again
        } else {
            Lost::Ended {
                unknown: self.is_outcome_unknown(),
            }
        };
        match lost {
            Lost::Unharmed | Lost::Again => self.rewind(),
            Lost::Ended { .. } => self.on_abandoned(),
        }
        lost
    }

    /// Whether what may have been written may be committed or not. A transaction is not whose end
    /// was not sent: PostgreSQL rolls it back with its connection.
    fn is_outcome_unknown(&self) -> bool {
        self.writes.running && (self.status == Status::Idle || self.writes.ending)
    }

    /// Whether it was decided before that the batch runs elsewhere.
    fn is_paid(&self) -> bool {
        matches!(self.again, Some(Again::Primary | Again::Elsewhere))
    }

    /// Whether the server's farewell is nothing to the client, which goes on with another server. In
    /// a session pool it is told, and its session ends, as with PostgreSQL itself.
    pub(super) fn survives_server(&self) -> bool {
        self.rules.mode != PoolMode::Session && self.is_untouched()
    }

    /// Nothing of the client's is with the server: neither a batch, nor a transaction, nor a pin.
    fn is_untouched(&self) -> bool {
        (self.status == Status::Idle || self.is_between_late_reads())
            && self.pins.is_empty()
            && self.expects.open() == 0
            && self.batch == BatchState::Between
    }

    /// Goes back to where nothing of the retained batches had been sent, and to no link.
    pub fn rewind(&mut self) {
        self.expects.clear();
        self.names.take_back();
        self.link = None;
        self.stage = Stage::Open;
        self.batch = BatchState::Between;
        self.batch_bytes = 0;
        if self.oldest.retained {
            self.resend();
        }
        let bytes_max = self.rules.message_bytes_max;
        self.frames = Frames::new(Side::Client { bytes_max });
        self.scan_reset();
        self.portals.clear();
        self.oldest.failed = false;
        self.oldest.held_bytes = 0;
        self.oldest.results = 0;
        self.oldest.bound = 0;
        self.oldest.risk = Risk::None;
        self.oldest.rest = Rest::Awaited;
        self.again = None;
        if self.ahead == Ahead::Asked {
            self.ahead = Ahead::No;
        }
        self.copying_in = false;
        self.prelude_error = None;
        self.writes.ending = false;
        self.writes.owed = 0;
        self.unbind();
    }

    /// The same batch is to be sent to the same server again: what was out of date there goes.
    pub fn on_again_here(&mut self, side: &mut ServerSide, out: &mut BytesMut) {
        debug_assert_eq!(self.again, Some(Again::Here), "asked for");
        let link = self.link;
        self.rewind();
        self.link = link;
        if let Plan::Stale(stale) = std::mem::replace(&mut self.plan, Plan::Renewed) {
            side.prepared.remove(stale.id);
            write::target(out, client::CLOSE, Target::Statement, &stale.name);
            self.expects.push(Expect::Hidden);
        }
        side.unnamed = None;
    }
}
