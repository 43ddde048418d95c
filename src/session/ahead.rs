//! Statements prepared ahead: Parse and Describe up to a Flush, as asyncpg sends them, and the batch
//! that runs them once they were answered.
//!
//! PostgreSQL holds an implicit transaction open from the Flush to the client's Sync. Nothing of it
//! can be seen but its locks, for nothing was run, and that it refuses an isolation level that is
//! asked for before the Sync. So that a replica can prepare what reads, and the
//! batch behind goes where it wants, the server gets a Sync of ours in place of the Flush; its
//! answer is not shown, and the server is free again. A statement that fails leaves the client where
//! PostgreSQL would: what it says is skipped up to its Sync.

use bytes::BytesMut;

use crate::route;
use crate::route::Blind;
use crate::route::Kind;
use crate::session::Reply;
use crate::session::Session;
use crate::session::expect::Expect;
use crate::session::moving::Moving;
use crate::session::scan::Scanned;
use crate::session::send::Out;
use crate::wire::client;
use crate::wire::frames::Piece;
use crate::wire::server::Status;
use crate::wire::write;

/// How far a session is with what it prepares ahead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ahead {
    /// It prepares nothing ahead, or has done so.
    #[default]
    No,
    /// A server was asked.
    Asked,
    /// The server has refused: what comes is skipped up to the client's Sync.
    Failed,
}

impl Session {
    /// The batch that is looked at ends in a Flush: whether it only prepares what a replica may run.
    pub(super) fn scan_flush(&mut self) {
        let may_be_ahead = !self.scan.has_more
            && self.scan.facts.blind.is_none()
            && self.scan.facts.begins.is_none()
            && self.rules.tracks_prepared
            && self.status == Status::Idle
            && self.pins.is_empty()
            && matches!(self.moving, Moving::No)
            && match route::policy(&self.standing(), &self.scan.facts).kind {
                Kind::Read | Kind::Replica => true,
                Kind::Primary | Kind::Any => false,
            };
        self.scan.is_ahead = may_be_ahead && self.expects.open() == 0;
        // Behind others it waits until it can be looked at alone.
        self.scan.is_in_doubt |= may_be_ahead && !self.scan.is_ahead;
        if !self.scan.is_ahead {
            self.scan.facts.blind.get_or_insert(Blind::Flush);
        }
    }

    /// The client's Flush is sent as a Sync.
    pub(super) fn sync_ahead(&mut self, out: &mut Out<'_, '_>) {
        write::empty(out.bytes, client::SYNC);
        self.ahead = Ahead::Asked;
        let bytes = self.batch_bytes;
        self.expects.push(Expect::Ahead { bytes });
        self.end_batch();
    }

    /// Something of a batch was answered. What nothing can follow but our ReadyForQuery is let go.
    pub(super) fn last_ahead(&mut self, reply: Reply) -> Reply {
        match self.expects.head() {
            Some(Expect::Ahead { .. }) if reply == Reply::Hold => self.decisive(),
            _ => reply,
        }
    }

    /// Our Sync was answered.
    pub(super) fn settle_ahead(&mut self) {
        self.ahead = if self.oldest.failed {
            Ahead::Failed
        } else {
            Ahead::No
        };
    }

    /// A message behind a statement that failed: it is skipped unless it is the Sync.
    pub(super) fn scan_skipped(&mut self, shown: &[u8], piece: Piece) -> Scanned {
        match piece.tag {
            client::TERMINATE => Scanned::Terminate,
            client::SYNC => {
                self.scan.bytes = piece.size;
                Scanned::Alone
            }
            _ => self.scan_dropped(shown, piece),
        }
    }

    /// Answers the Sync that ends the skipping: how many bytes of the client's it has.
    pub(super) fn answer_sync(&mut self, out: &mut BytesMut) -> usize {
        self.ahead = Ahead::No;
        write::ready_for_query(out, Status::Idle);
        let bytes = self.scan.bytes;
        self.scan_reset();
        bytes
    }
}
