//! What a statement that succeeded does to the session, and what its transaction's end makes of it.

use std::sync::Arc;

use bytes::BytesMut;

use crate::config::words::SessionPins;
use crate::session::Session;
use crate::session::pins::Pins;
use crate::session::settings::Change;
use crate::session::settings::given;
use crate::session::settings::quoted;
use crate::session::side::ServerSide;
use crate::sql::effect::Access;
use crate::sql::effect::Effect;
use crate::sql::effect::Isolation;
use crate::sql::effect::Modes;
use crate::sql::statement::Statement;
use crate::wire::server::Status;

impl Session {
    /// Whether something may have been written since this was last asked.
    pub fn take_wrote(&mut self) -> bool {
        std::mem::take(&mut self.writes.told)
    }

    /// Whether functions or relations may have been made or changed since this was last asked.
    pub fn take_defined(&mut self) -> bool {
        std::mem::take(&mut self.defines.told)
    }

    pub(super) fn refuses_pins(&self) -> bool {
        match self.rules.pins {
            SessionPins::Allow => false,
            SessionPins::Refuse => true,
        }
    }

    /// A statement has succeeded; its transaction may still fail.
    pub(super) fn on_done(&mut self, statement: &Statement, side: &mut ServerSide) {
        if statement.effects.is_empty() {
            return;
        }
        self.pins.add(Self::pins_of(statement));
        for effect in &statement.effects {
            self.on_effect(effect, side);
        }
    }

    fn on_effect(&mut self, effect: &Effect, side: &mut ServerSide) {
        match effect {
            Effect::Set { name, value } => self.change_to(name, value.clone()),
            Effect::OwnSet { name, value } => {
                self.note_asked();
                let literal = quoted(value.as_bytes());
                self.change_to(&format!("pgsluice.{name}"), literal);
            }
            Effect::SetConfig { name, value } => {
                self.change_to(name, given(name, value));
            }
            Effect::SetCharacteristics(modes) => self.on_characteristics(*modes),
            Effect::Reset(name) => {
                self.doubts.settings |= self.base.value(name).is_some();
                self.doubts.told |= self.told.value(name).is_some();
                self.change(Change::Reset(name.clone()));
            }
            Effect::OwnReset(name) => {
                self.note_asked();
                self.change(Change::Reset(format!("pgsluice.{name}").into()));
            }
            Effect::ResetAll => {
                self.note_asked();
                self.doubts.told = true;
                self.doubts.settings |= !self.base.is_empty();
                self.change(Change::ResetAll);
            }
            Effect::Savepoint(name) if self.pending.has_changes() => self.pending.savepoint(name),
            Effect::Release(name) => self.pending.release(name),
            Effect::RollbackTo(name) => {
                self.pending.rollback_to(name);
                self.doubts.pins |= !self.pins.is_empty();
            }
            Effect::Commit { .. } if self.status == Status::Failed => self.on_rolled_back(),
            Effect::Commit { .. } | Effect::PrepareTransaction => self.on_committed(),
            Effect::Rollback { .. } => self.on_rolled_back(),
            Effect::DiscardAll => self.on_discard_all(side),
            Effect::Deallocate(None) => self.on_deallocated_all(side),
            Effect::Deallocate(Some(name)) => self.on_deallocated(name, side),
            Effect::DiscardTemp | Effect::Unlisten(_) | Effect::MayUnpin => {
                self.doubts.pins |= !self.pins.is_empty();
            }
            // These are pins, tell only what a statement is, or end with the transaction.
            Effect::Begin(_)
            | Effect::Savepoint(_)
            | Effect::SetTransaction(_)
            | Effect::SetLocal { .. }
            | Effect::OwnShow(_)
            | Effect::SetConfigUnknown
            | Effect::Listen(_)
            | Effect::TemporaryTable
            | Effect::AdvisoryLock
            | Effect::HoldCursor(_)
            | Effect::Prepare(_)
            | Effect::Execute(_)
            | Effect::DiscardPlans
            | Effect::DiscardSequences
            | Effect::CopyFromStdin
            | Effect::CopyToStdout
            | Effect::Load => (),
        }
    }

    /// Whether a statement sets more than can be kept.
    pub(super) fn is_too_much(&self, statement: &Statement) -> bool {
        statement.effects.iter().any(|effect| match effect {
            Effect::Set { name, value } => self.settings.is_full(name, value),
            Effect::SetConfig { name, value } => self.settings.is_full(name, &given(name, value)),
            _ => false,
        })
    }

    fn change_to(&mut self, name: &str, value: Box<[u8]>) {
        if self.settings.is_full(name, &value) {
            self.pins.add(Pins::SETTING);
        }
        self.change(Change::Set(name.into(), value));
    }

    /// What servers report by themselves is not kept a second time.
    fn change(&mut self, change: Change) {
        if let Change::Set(name, _) | Change::Reset(name) = &change
            && self.told.value(name).is_some()
        {
            return;
        }
        if self.pending.is_full() {
            self.doubts.settings = true;
            self.pins.add(Pins::SETTING);
            return;
        }
        self.pending.change(change);
    }

    fn on_characteristics(&mut self, modes: Modes) {
        let mut set = |name: &str, value: &str| {
            self.change(Change::Set(name.into(), value.as_bytes().into()));
        };
        match modes.access {
            Some(Access::ReadOnly) => set("default_transaction_read_only", "on"),
            Some(Access::ReadWrite) => set("default_transaction_read_only", "off"),
            None => (),
        }
        if let Some(isolation) = modes.isolation {
            let level = match isolation {
                Isolation::ReadUncommitted => "'read uncommitted'",
                Isolation::ReadCommitted => "'read committed'",
                Isolation::RepeatableRead => "'repeatable read'",
                Isolation::Serializable => "'serializable'",
            };
            set("default_transaction_isolation", level);
        }
        if let Some(deferrable) = modes.deferrable {
            set(
                "default_transaction_deferrable",
                if deferrable { "on" } else { "off" },
            );
        }
    }

    fn on_discard_all(&mut self, side: &mut ServerSide) {
        self.note_asked();
        self.names.clear();
        self.unnamed.forget();
        self.expects.on_deallocated_all(&mut side.prepared);
        side.unnamed = None;
        self.pins = Pins::NONE;
        self.long_names.clear();
        self.doubts.pins = false;
        self.doubts.settings = false;
        self.pending.clear();
        self.settings = Arc::clone(&self.base);
        // The server has gone back to its own defaults, which are not the session's.
        self.doubts.settings = !self.base.is_empty();
        self.doubts.told = true;
    }

    /// At the end of a transaction that has RESET something: what the server reports by itself
    /// goes back to where the session began.
    pub(super) fn restore_told(&mut self, status: Status, side: &ServerSide, says: &mut BytesMut) {
        if status != Status::Idle || !std::mem::take(&mut self.doubts.told) {
            return;
        }
        if !self.oldest.failed && *self.base_told != *side.fresh {
            self.told.restore(&self.base_told, &side.fresh, says);
            self.doubts.settings |= *self.told != *side.reported;
        }
    }

    pub(super) fn on_deallocated_all(&mut self, side: &mut ServerSide) {
        self.names.clear();
        self.expects.on_deallocated_all(&mut side.prepared);
        self.long_names.clear();
        self.pins.remove(Pins::LONG_NAMED);
        self.doubts.pins = true;
    }

    fn on_deallocated(&mut self, name: &str, side: &mut ServerSide) {
        if let Some(prepared) = self.names.find(name.as_bytes()) {
            side.prepared.remove(prepared.id);
            self.names.remove(name.as_bytes());
        }
        self.forget_long(name.as_bytes());
        self.doubts.pins |= !self.pins.is_empty();
    }

    pub(super) fn on_committed(&mut self) {
        if self.pending.has_changes() {
            self.settings = self.pending.applied(&self.settings, &self.base);
        }
        self.pending.clear();
    }

    pub(super) fn on_rolled_back(&mut self) {
        self.pending.clear();
        self.doubts.told = false;
        self.doubts.pins |= !self.pins.is_empty();
    }
}
