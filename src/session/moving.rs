//! `BEGIN; SET TRANSACTION READ ONLY`, in two batches: the primary has the transaction, of which
//! nothing has happened yet. It is rolled back there and begun anew on a replica, unseen.

use bytes::BytesMut;

use crate::error::Error;
use crate::route::Kind;
use crate::route::Reason;
use crate::route::Want;
use crate::session::Env;
use crate::session::Session;
use crate::session::batch::Plan;
use crate::session::expect::Expect;
use crate::session::expect::Own;
use crate::session::scan::Scanned;
use crate::session::send::Sending;
use crate::session::side::Link;
use crate::session::side::Role;
use crate::sql::effect::Access;
use crate::sql::effect::Effect;
use crate::sql::effect::Isolation;
use crate::sql::effect::Modes;
use crate::sql::statement::Class;
use crate::sql::statement::Statement;
use crate::wire::server::Status;
use crate::wire::write;

/// Where a transaction is that may go from one server to another; with the modes of its BEGIN.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Moving {
    /// Nowhere: it stays, or there is none.
    #[default]
    No,
    /// The batch that went to the primary last is its BEGIN, and nothing else.
    Begun(Modes),
    /// Its BEGIN was answered, but no server knows of it.
    Unbound(Modes),
    /// Its BEGIN is in the batch that a replica has.
    Beginning(Modes),
    /// A replica has it, and it has only read.
    OnReplica(Modes),
    /// The next batch is for another server: it has to leave.
    Asked(Transfer),
    /// The server was told to roll it back.
    Leaving(Transfer),
    /// It did. On the next server it begins anew, until a batch of it was answered.
    Gone(Transfer),
}

/// A move.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer {
    /// How it begins there.
    pub(super) modes: Modes,
    /// What it wants.
    pub(super) want: Want,
}

impl Session {
    /// A Query goes to the server: whether it begins a transaction that may move.
    pub(super) fn note_begin(&mut self, statement: &Statement) {
        let is_ours = self.link.is_some_and(|link| {
            link.role == Role::Primary && link.want.reason == Reason::Transaction
        });
        if !is_ours || self.status != Status::Idle || self.expects.open() != 0 {
            return;
        }
        if let ([Effect::Begin(modes)], 1) = (&*statement.effects, statement.statements)
            && self.pins.is_empty()
            && modes.access != Some(Access::ReadWrite)
        {
            self.moving = Moving::Begun(*modes);
        }
    }

    /// The batch that was looked at follows a BEGIN: whether it makes the transaction one that a
    /// replica may have.
    pub(super) fn ask_to_move(&mut self, begun: Modes) -> bool {
        let facts = &self.scan.facts;
        let is_plain =
            facts.class == Class::Neutral && facts.blind.is_none() && facts.hint.is_none();
        let modes = match self.scan.statements.as_slice() {
            [only] if is_plain && only.statements == 1 => match &*only.effects {
                [Effect::SetTransaction(modes)] => *modes,
                _ => return false,
            },
            _ => return false,
        };
        let isolation = modes.isolation.or(begun.isolation);
        let is_serializable = match isolation {
            Some(isolation) => isolation == Isolation::Serializable,
            None => self.standing().serializable,
        };
        let asked = modes.access == Some(Access::ReadOnly) && !is_serializable;
        if asked {
            self.moving = Moving::Asked(Transfer {
                modes: begun,
                want: Want {
                    kind: Kind::Read,
                    reason: Reason::ReadOnlyTransaction,
                },
            });
        }
        asked
    }

    /// Whether the next batch of a transaction must not start yet: it may be for another server.
    pub(super) fn gate_transaction(
        &mut self,
        shown: &[u8],
        env: &Env<'_>,
    ) -> Result<Option<Sending>, Error> {
        if self.status != Status::InTransaction
            || !matches!(self.moving, Moving::Begun(_) | Moving::OnReplica(_))
        {
            return Ok(None);
        }
        Ok(match self.scan(shown, env)? {
            Scanned::More | Scanned::Drop(_) => Some(Sending::All),
            Scanned::Terminate => Some(Sending::Terminate),
            Scanned::Alone | Scanned::Batch(_) => self.asks_to_move().then_some(Sending::Waits),
        })
    }

    /// Whether a batch that came while a replica served another, or when that was over, must not be
    /// sent there.
    pub(super) fn must_wait(&self, link: &Link, want: Want) -> bool {
        // A session that keeps its server has no other to wait for, and a batch that is run anew
        // there is the one that it was chosen for.
        let is_chosen = self.keeps_server() || matches!(self.plan, Plan::Renewed);
        if is_chosen && self.expects.open() == 0 {
            return false;
        }
        !self.may_follow(link, want) || (self.is_late() && !self.may_stay())
    }

    fn asks_to_move(&mut self) -> bool {
        match self.moving {
            Moving::Begun(modes) => self.ask_to_move(modes),
            Moving::OnReplica(modes) => self.ask_to_bind(modes),
            _ => false,
        }
    }

    /// Whether the client's messages have to wait until the server has let go.
    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.moving, Moving::Asked(_) | Moving::Leaving(_))
    }

    /// Whether the transaction is between two servers, so that neither was read from.
    pub fn is_moving(&self) -> bool {
        self.is_leaving() || self.moved().is_some()
    }

    /// The move whose next server has to be told the BEGIN.
    pub(super) fn moved(&self) -> Option<Transfer> {
        match self.moving {
            Moving::Gone(transfer) => Some(transfer),
            _ => None,
        }
    }

    /// Tells the server to roll the transaction back.
    pub fn leave(&mut self, out: &mut BytesMut) {
        if let Moving::Asked(modes) = self.moving {
            self.moving = Moving::Leaving(modes);
            write::query(out, b"ROLLBACK");
            self.expects.push(Expect::Own(Own::Leave));
        }
    }

    /// A query of our own about the transaction was answered.
    pub(super) fn on_moved(&mut self, status: Status) {
        self.status = status;
        if let Moving::Leaving(modes) = self.moving {
            self.moving = Moving::Gone(modes);
        }
    }

    /// Begins a moved transaction on its new server.
    pub(super) fn begin_anew(&mut self, out: &mut BytesMut) {
        if let Some(transfer) = self.moved() {
            self.begin(transfer.modes, out);
        }
    }

    /// Begins a transaction of these modes, unseen.
    pub(super) fn begin(&mut self, modes: Modes, out: &mut BytesMut) {
        write::query(out, begin(modes).as_bytes());
        self.expects.push(Expect::Own(Own::Begin));
    }
}

/// The BEGIN of these modes.
fn begin(modes: Modes) -> String {
    let mut words = Vec::new();
    words.extend(modes.isolation.map(|isolation| match isolation {
        Isolation::ReadUncommitted => "ISOLATION LEVEL READ UNCOMMITTED",
        Isolation::ReadCommitted => "ISOLATION LEVEL READ COMMITTED",
        Isolation::RepeatableRead => "ISOLATION LEVEL REPEATABLE READ",
        Isolation::Serializable => "ISOLATION LEVEL SERIALIZABLE",
    }));
    words.extend(modes.access.map(|access| match access {
        Access::ReadOnly => "READ ONLY",
        Access::ReadWrite => "READ WRITE",
    }));
    words.extend(modes.deferrable.map(|is_deferrable| {
        if is_deferrable {
            "DEFERRABLE"
        } else {
            "NOT DEFERRABLE"
        }
    }));
    format!("BEGIN {}", words.join(", ")).trim_end().to_owned()
}
