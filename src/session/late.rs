//! Transactions that bind late (`transaction_reads = "until_write"`): BEGIN is answered at once, the
//! reads that follow run on a replica, and the first statement that is not a read takes the
//! transaction to the primary, where it begins in truth.
//!
//! Only READ COMMITTED allows that: each of its statements sees what is committed when it starts,
//! so that nothing ties the reads on the replica to what follows. What can be told from outside is
//! that `now()` on the replica is the time of the first read there.

use std::iter;

use bytes::BytesMut;

use crate::config::words::PoolMode;
use crate::config::words::TransactionReads;
use crate::route::Kind;
use crate::route::Reason;
use crate::route::Route;
use crate::route::Want;
use crate::session::Env;
use crate::session::Session;
use crate::session::ahead::Ahead;
use crate::session::moving::Moving;
use crate::session::moving::Transfer;
use crate::session::side::Link;
use crate::session::side::Role;
use crate::sql::effect::Access;
use crate::sql::effect::Effect;
use crate::sql::effect::Isolation;
use crate::sql::effect::Modes;
use crate::sql::lexer::Kind as Token;
use crate::sql::lexer::Lexer;
use crate::sql::statement;
use crate::sql::statement::Class;
use crate::sql::statement::Marks;
use crate::sql::statement::Statement;
use crate::wire::server::Status;
use crate::wire::write;

/// What a batch is to a transaction that binds late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Every statement so far reads and does nothing else, or is a BEGIN.
    is_plain: bool,
    /// Every statement so far ends the transaction.
    is_end: bool,
    /// It is a Query that begins or ends a transaction: what that is answered with.
    tag: Option<&'static str>,
}

/// A batch that needed no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alone {
    /// Bytes of the client's that it has.
    pub bytes: usize,
    /// Whether it is the first of its transaction.
    pub is_first: bool,
}

impl Default for Part {
    fn default() -> Self {
        Self {
            is_plain: true,
            is_end: true,
            tag: None,
        }
    }
}

impl Part {
    /// Takes in one more statement of the batch.
    pub(super) fn add(&mut self, statement: &Statement, class: Class) {
        let is_begin = matches!(&*statement.effects, [Effect::Begin(_)]);
        let is_read = class == Class::Read
            && statement.effects.is_empty()
            && !statement.marks.has(Marks::SETS_LOCALLY)
            && statement.reason != statement::Reason::Cursor;
        let is_one = statement.statements == 1;
        self.is_plain &= (is_one && (is_begin || is_read)) || statement.statements == 0;
        let ends = matches!(
            &*statement.effects,
            [Effect::Commit { chain: false } | Effect::Rollback { chain: false }]
        );
        self.is_end &= ends && is_one;
    }
}

impl Part {
    /// Takes in the text of a Query.
    pub(super) fn add_query(&mut self, text: &[u8], statement: &Statement) {
        self.tag = match &*statement.effects {
            [Effect::Begin(_)] if first_word(text).eq_ignore_ascii_case(b"start") => {
                Some("START TRANSACTION")
            }
            [Effect::Begin(_)] => Some("BEGIN"),
            [Effect::Commit { .. }] => Some("COMMIT"),
            [Effect::Rollback { .. }] => Some("ROLLBACK"),
            _ => None,
        };
    }

    /// Takes in a Bind or Execute: a portal that may be asked for more later keeps the transaction
    /// where it is.
    pub(super) fn add_portal(&mut self, name: &[u8], rows_max: u32) {
        self.is_plain &= name.is_empty() && rows_max == 0;
    }
}

impl Session {
    /// Whether the transaction at hand is not bound to the primary yet.
    pub(super) fn is_late(&self) -> bool {
        matches!(
            self.moving,
            Moving::Unbound(_) | Moving::Beginning(_) | Moving::OnReplica(_)
        )
    }

    /// Whether a replica has the transaction, and nothing is asked of it at the moment: should it
    /// go, another will do.
    pub(super) fn is_between_late_reads(&self) -> bool {
        matches!(self.moving, Moving::OnReplica(_))
            && self.status == Status::InTransaction
            && self.expects.is_empty()
    }

    /// Whether the transaction at hand may begin anew on another node. One that has failed, but by
    /// what is to be run again, is for the client to end.
    pub(super) fn may_begin_late_anew(&self) -> bool {
        self.is_late() && (self.status != Status::Failed || self.again.is_some())
    }

    /// Whether the client is in a transaction that no server knows of.
    pub fn is_unbound(&self) -> bool {
        matches!(self.moving, Moving::Unbound(_)) && self.link.is_none()
    }

    /// What the batch that was looked at wants, if it is of a transaction that binds late.
    pub(super) fn late_want(&self, env: &Env<'_>) -> Option<Want> {
        let primary = Want {
            kind: Kind::Primary,
            reason: Reason::Transaction,
        };
        let replica = Want {
            kind: Kind::Read,
            reason: Reason::LateBinding,
        };
        match (self.moving, self.scan.facts.begins) {
            (Moving::Unbound(_), _) if self.may_stay() => Some(replica),
            (Moving::Unbound(_), _) => Some(primary),
            (Moving::No, Some(modes)) if self.may_bind_late(modes, env) && self.may_stay() => {
                Some(replica)
            }
            _ => None,
        }
    }

    /// Whether the batch that was looked at may be part of a transaction on a replica.
    pub(super) fn may_stay(&self) -> bool {
        let (facts, part) = (&self.scan.facts, &self.scan.part);
        facts.blind.is_none() && facts.hint.is_none() && (part.is_plain || part.is_end)
    }

    /// Whether a transaction of these modes may bind late.
    fn may_bind_late(&self, modes: Modes, env: &Env<'_>) -> bool {
        let is_loose = |isolation| {
            matches!(
                isolation,
                Isolation::ReadCommitted | Isolation::ReadUncommitted
            )
        };
        let wishes = self.settings.wishes();
        let reads = wishes.transaction_reads;
        reads.unwrap_or(self.rules.transaction_reads) == TransactionReads::UntilWrite
            && self.rules.split
            && self.rules.mode == PoolMode::Transaction
            && wishes.route == Route::Auto
            && !self.is_read_only()
            && modes.access != Some(Access::ReadOnly)
            && self.status == Status::Idle
            && self.pins.is_empty()
            && match modes.isolation.or(wishes.isolation) {
                Some(isolation) => is_loose(isolation),
                None => env.classify.is_read_committed(),
            }
    }

    /// Whether the batch that was looked at, of a client without a server, is a Query that needs
    /// none: a BEGIN that binds late, or the end of a transaction in which nothing was done.
    pub(super) fn is_answered_alone(&self, env: &Env<'_>) -> bool {
        if self.link.is_some() || self.scan.part.tag.is_none() || !self.may_stay() {
            return false;
        }
        match (self.moving, self.scan.statements.as_slice()) {
            (Moving::No, [only]) => match &*only.effects {
                [Effect::Begin(modes)] => self.may_bind_late(*modes, env),
                _ => false,
            },
            (Moving::Unbound(_), [only]) => self.scan.part.is_end && only.statements == 1,
            _ => false,
        }
    }

    /// Answers the Query that needs no server.
    pub fn answer_alone(&mut self, out: &mut BytesMut) -> Alone {
        if self.ahead == Ahead::Failed {
            return Alone {
                bytes: self.answer_sync(out),
                is_first: true,
            };
        }
        let is_first = self.scan.facts.begins.is_some();
        let status = match self.scan.facts.begins {
            Some(modes) => {
                self.moving = Moving::Unbound(modes);
                Status::InTransaction
            }
            None => {
                self.moving = Moving::No;
                Status::Idle
            }
        };
        self.unnamed.forget();
        self.status = status;
        write::command_complete(out, self.scan.part.tag.unwrap_or_default());
        write::ready_for_query(out, status);
        let bytes = self.scan.bytes;
        self.scan_reset();
        Alone { bytes, is_first }
    }

    /// There is a server for a batch of a transaction that binds late.
    pub(super) fn on_linked_late(&mut self, link: &Link, out: &mut BytesMut) {
        match (self.moving, self.scan.facts.begins) {
            (Moving::Unbound(modes), _) => {
                let on_replica = Modes {
                    access: Some(Access::ReadOnly),
                    deferrable: None,
                    ..modes
                };
                let is_replica = link.role == Role::Replica;
                self.begin(if is_replica { on_replica } else { modes }, out);
            }
            (Moving::No, Some(modes)) if link.want.reason == Reason::LateBinding => {
                self.moving = Moving::Beginning(modes);
            }
            _ => (),
        }
    }

    /// A batch was answered to its end, and the transaction is in this state.
    pub(super) fn settle_moving(&mut self, status: Status) {
        let is_on_replica = self.link.is_some_and(|link| link.role == Role::Replica);
        self.moving = match (self.moving, status) {
            (Moving::Gone(_), _) | (_, Status::Idle) if !self.is_leaving() => Moving::No,
            (
                Moving::Unbound(modes) | Moving::Beginning(modes) | Moving::OnReplica(modes),
                Status::InTransaction | Status::Failed,
            ) if is_on_replica => Moving::OnReplica(modes),
            (Moving::Unbound(_) | Moving::Beginning(_) | Moving::OnReplica(_), _) => Moving::No,
            (moving, _) => moving,
        };
    }

    /// The batch that was looked at follows reads on a replica: whether it takes the transaction
    /// to the primary.
    pub(super) fn ask_to_bind(&mut self, modes: Modes) -> bool {
        let has_to = !self.may_stay() || self.asks_for_more();
        if has_to {
            self.moving = Moving::Asked(Transfer {
                modes,
                want: Want {
                    kind: Kind::Primary,
                    reason: Reason::Transaction,
                },
            });
        }
        has_to
    }

    /// The server is gone, or refused: what was begun on it is not begun any more.
    pub(super) fn unbind(&mut self) {
        if let Moving::OnReplica(modes) = self.moving {
            self.moving = Moving::Unbound(modes);
        }
        if matches!(self.moving, Moving::Unbound(_)) {
            self.status = Status::InTransaction;
        }
    }
}

/// The first word of a text; empty if it has none.
fn first_word(text: &[u8]) -> &[u8] {
    let mut lexer = Lexer::new(text, true);
    let first = iter::from_fn(|| lexer.next_token()).find(|t| t.kind == Token::Word);
    first.map(|token| lexer.bytes(token)).unwrap_or_default()
}
