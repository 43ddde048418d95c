//! A read that a replica has refused is run on the primary. If that went well the replica was asked
//! for what only a primary can do, and its statements are learned as writes.

use std::sync::Arc;
use std::time::Instant;

use crate::ids::NodeId;
use crate::session::Session;
use crate::sql::statement::Class;
use crate::sql::statement::Statement;
use crate::sqlstate::SqlState;

/// A batch that a replica has refused.
#[derive(Debug)]
pub struct Healing {
    /// The replica.
    pub node: NodeId,
    /// What it said.
    pub sqlstate: SqlState,
    /// The batch's reads with their texts, as they were sent to the primary.
    pub statements: Vec<(Arc<Statement>, Box<[u8]>)>,
    is_done: bool,
}

/// Most statements of one batch that are learned.
const STATEMENTS_COUNT_MAX: usize = 64;

impl Session {
    /// The replica at hand has refused the batch.
    pub(super) fn on_refused(&mut self, sqlstate: SqlState) {
        if let Some(link) = self.link {
            self.healing = Some(Box::new(Healing {
                node: link.node,
                sqlstate,
                statements: Vec::new(),
                is_done: false,
            }));
        }
    }

    /// A statement goes to the server, as part of the batch at hand.
    pub(super) fn note_sent(&mut self, statement: &Arc<Statement>, text: &[u8], now: Instant) {
        self.note_class(statement, now);
        if let Some(healing) = &mut self.healing
            && statement.class == Class::Read
            && self.expects.open() == 0
            && healing.statements.len() < STATEMENTS_COUNT_MAX
        {
            healing
                .statements
                .push((Arc::clone(statement), text.into()));
        }
    }

    /// Whether the batch at hand was refused by a replica: then it may write, whatever it says.
    pub(super) fn is_healing(&self) -> bool {
        self.healing
            .as_ref()
            .is_some_and(|healing| !healing.is_done)
    }

    /// The batch was answered to its end. Nothing is learned from one that failed on the primary
    /// too.
    pub(super) fn on_healed(&mut self) {
        let has_failed = self.oldest.failed;
        match &mut self.healing {
            Some(_) if has_failed => self.healing = None,
            Some(healing) => healing.is_done = true,
            None => (),
        }
    }

    /// What was learned since this was last asked.
    pub fn take_healed(&mut self) -> Option<Box<Healing>> {
        self.healing.take_if(|healing| healing.is_done)
    }
}
