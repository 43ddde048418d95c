//! From the facts of a batch to the kind of node it wants, with the reason.

pub mod freshness;

use std::time::Instant;

use crate::config::words::PoolMode;
use crate::sql::effect::Access;
use crate::sql::effect::Effect;
use crate::sql::effect::Isolation;
use crate::sql::effect::Modes;
use crate::sql::statement;
use crate::sql::statement::Class;
use crate::sql::statement::Hint;
use crate::sql::statement::Statement;

/// What a session, or a hint, asks for: `pgsluice.route`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    /// By what the statement is.
    #[default]
    Auto,
    /// All to the primary.
    Primary,
    /// All to a replica, which refuses what it cannot do.
    Replica,
}

impl Route {
    /// Reads the setting's value, in any case.
    pub fn parse(value: &[u8]) -> Option<Self> {
        match value.to_ascii_lowercase().as_slice() {
            b"auto" => Some(Self::Auto),
            b"primary" => Some(Self::Primary),
            b"replica" => Some(Self::Replica),
            _ => None,
        }
    }
}

/// What is known of a session, apart from the batch at hand.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Whether reads may go to replicas at all (`read_write_split`).
    pub split: bool,
    /// The pool's mode.
    pub mode: PoolMode,
    /// `pgsluice.route`.
    pub route: Route,
    /// `default_transaction_read_only` is on.
    pub read_only: bool,
    /// `default_transaction_isolation` is `serializable`.
    pub serializable: bool,
}

/// What is known of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The class of all its statements together.
    pub class: Class,
    /// What decided that class.
    pub why: statement::Reason,
    /// The first hint found.
    pub hint: Option<Hint>,
    /// The modes of the transaction it begins.
    pub begins: Option<Modes>,
    /// Why not all of the batch could be looked at.
    pub blind: Option<Blind>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            class: Class::Neutral,
            why: statement::Reason::Empty,
            hint: None,
            begins: None,
            blind: None,
        }
    }
}

impl Facts {
    /// Takes in one more statement of the batch.
    pub fn add(&mut self, statement: &Statement, now: Instant) {
        let (class, why) = statement.verdict(now);
        if self.class < class || self.why == statement::Reason::Empty {
            self.class = self.class.max(class);
            self.why = why;
        }
        self.hint = self.hint.or(statement.hint);
        for effect in &statement.effects {
            match effect {
                Effect::Begin(modes) => self.begins = self.begins.or(Some(*modes)),
                // Outside a transaction it changes nothing, but a standby refuses to be asked.
                Effect::SetTransaction(modes) if self.begins.is_some() || is_refused(modes) => {
                    let begun = self.begins.get_or_insert_default();
                    begun.access = modes.access.or(begun.access);
                    begun.isolation = modes.isolation.or(begun.isolation);
                }
                _ => (),
            }
        }
    }
}

/// Whether no standby takes part in such a transaction.
fn is_refused(modes: &Modes) -> bool {
    modes.isolation == Some(Isolation::Serializable) || modes.access == Some(Access::ReadWrite)
}

/// Why a batch cannot be known in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blind {
    /// It goes on after a Flush: what follows may be a write of the same transaction.
    Flush,
    /// It is too large to be held back to its end.
    Large,
    /// It calls a function by its OID.
    FunctionCall,
    /// It executes a statement that the session does not know.
    UnknownStatement,
}

/// The kind of node that a batch is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The primary only.
    Primary,
    /// A replica by choice, or what the policy for reads puts in its place.
    Read,
    /// A replica whatever the statement is: it was asked for.
    Replica,
    /// Any node, for nothing in it depends on one.
    Any,
}

/// Why. A label of the routing metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// What the statement is.
    Statement(statement::Reason),
    /// Splitting is off here.
    SplitOff,
    /// A session pool keeps its one server.
    SessionMode,
    /// A hint in the statement.
    Hint,
    /// `pgsluice.route`.
    Setting,
    /// A read-only transaction begins.
    ReadOnlyTransaction,
    /// A transaction that may write begins.
    Transaction,
    /// A transaction that has only read so far.
    LateBinding,
    /// SERIALIZABLE never works on a standby.
    Serializable,
    /// The batch is cut by a Flush.
    Flush,
    /// The batch is too large to be looked at.
    Large,
    /// A FunctionCall message.
    FunctionCall,
    /// An unknown prepared statement.
    UnknownStatement,
}

impl Reason {
    /// The metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statement(reason) => reason.as_str(),
            Self::SplitOff => "split_off",
            Self::SessionMode => "session_mode",
            Self::Hint => "hint",
            Self::Setting => "route_setting",
            Self::ReadOnlyTransaction => "read_only_transaction",
            Self::Transaction => "read_write_transaction",
            Self::LateBinding => "late_binding",
            Self::Serializable => "serializable",
            Self::Flush => "flush",
            Self::Large => "large",
            Self::FunctionCall => "function_call",
            Self::UnknownStatement => "unknown_statement",
        }
    }
}

/// All reasons, in the order of their [`index`](Reason::index).
const REASONS: [Reason; 28] = [
    Reason::Statement(statement::Reason::Read),
    Reason::Statement(statement::Reason::Empty),
    Reason::Statement(statement::Reason::Setting),
    Reason::Statement(statement::Reason::Transaction),
    Reason::Statement(statement::Reason::Cursor),
    Reason::Statement(statement::Reason::Command),
    Reason::Statement(statement::Reason::DataModifying),
    Reason::Statement(statement::Reason::Locking),
    Reason::Statement(statement::Reason::Into),
    Reason::Statement(statement::Reason::Function),
    Reason::Statement(statement::Reason::UnknownFunction),
    Reason::Statement(statement::Reason::PerNode),
    Reason::Statement(statement::Reason::PerSession),
    Reason::Statement(statement::Reason::Copy),
    Reason::Statement(statement::Reason::Doubtful),
    Reason::Statement(statement::Reason::Learned),
    Reason::SplitOff,
    Reason::SessionMode,
    Reason::Hint,
    Reason::Setting,
    Reason::ReadOnlyTransaction,
    Reason::Transaction,
    Reason::LateBinding,
    Reason::Serializable,
    Reason::Flush,
    Reason::Large,
    Reason::FunctionCall,
    Reason::UnknownStatement,
];

impl Reason {
    /// Its place in the list of all reasons.
    fn index(self) -> usize {
        REASONS
            .iter()
            .position(|reason| *reason == self)
            .unwrap_or_default()
    }
}

impl Want {
    /// The metric labels of all wants (class and reason), in the order of their
    /// [`index`](Self::index).
    pub fn labels() -> impl Iterator<Item = (&'static str, &'static str)> {
        ["write", "read"]
            .into_iter()
            .flat_map(|class| REASONS.iter().map(move |r| (class, r.as_str())))
    }

    /// The place of its labels.
    pub fn index(self) -> usize {
        let class = match self.kind {
            Kind::Primary => 0,
            Kind::Read | Kind::Replica | Kind::Any => 1,
        };
        class * REASONS.len() + self.reason.index()
    }
}

/// What a batch needs, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Want {
    /// The kind of node.
    pub kind: Kind,
    /// The reason.
    pub reason: Reason,
}

/// Decides. What is asked for beats what is known; what is not known is a write.
pub fn policy(standing: &Standing, facts: &Facts) -> Want {
    let want = |kind, reason| Want { kind, reason };
    match (standing.split, standing.mode, facts.hint, standing.route) {
        (false, ..) => return want(Kind::Primary, Reason::SplitOff),
        (_, PoolMode::Session, ..) => return want(Kind::Primary, Reason::SessionMode),
        (_, _, Some(Hint::Primary), _) => return want(Kind::Primary, Reason::Hint),
        (_, _, Some(Hint::Replica), _) => return want(Kind::Replica, Reason::Hint),
        (_, _, None, Route::Primary) => return want(Kind::Primary, Reason::Setting),
        (_, _, None, Route::Replica) => return want(Kind::Replica, Reason::Setting),
        (_, _, None, Route::Auto) => (),
    }
    match facts.blind {
        Some(Blind::Flush) => return want(Kind::Primary, Reason::Flush),
        Some(Blind::Large) => return want(Kind::Primary, Reason::Large),
        Some(Blind::FunctionCall) => return want(Kind::Primary, Reason::FunctionCall),
        Some(Blind::UnknownStatement) => return want(Kind::Primary, Reason::UnknownStatement),
        None => (),
    }
    match (facts.begins, facts.class) {
        (_, Class::Write) => want(Kind::Primary, Reason::Statement(facts.why)),
        (Some(modes), _) => transaction(standing, modes),
        // A standby then refuses all but the settings' own reports.
        (None, Class::Read | Class::Neutral) if standing.serializable => {
            want(Kind::Primary, Reason::Serializable)
        }
        (None, Class::Read) => want(Kind::Read, Reason::Statement(facts.why)),
        (None, Class::Neutral) => want(Kind::Any, Reason::Statement(facts.why)),
    }
}

fn transaction(standing: &Standing, modes: Modes) -> Want {
    let serializable = match modes.isolation {
        Some(isolation) => isolation == Isolation::Serializable,
        None => standing.serializable,
    };
    let read_only = match modes.access {
        Some(access) => access == Access::ReadOnly,
        None => standing.read_only,
    };
    match (serializable, read_only) {
        (true, _) => Want {
            kind: Kind::Primary,
            reason: Reason::Serializable,
        },
        (false, true) => Want {
            kind: Kind::Read,
            reason: Reason::ReadOnlyTransaction,
        },
        (false, false) => Want {
            kind: Kind::Primary,
            reason: Reason::Transaction,
        },
    }
}

#[cfg(test)]
mod tests;
