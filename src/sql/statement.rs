//! The outcome of looking at a text: its class, why, and what it does to the session.

use std::time::Instant;

use crate::sql::effect::Effect;
use crate::sql::learned::Learned;

/// What a text of SQL (a simple Query or a Parse) is. Made once, shared by `Arc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The class of the whole text, its statements taken together.
    pub class: Class,
    /// What decided the class.
    pub reason: Reason,
    /// The word, function or relation that decided, folded; for people to read.
    pub word: Option<Box<str>>,
    /// What it does to the session, in the order of the text.
    pub effects: Box<[Effect]>,
    /// Where a comment asks to go.
    pub hint: Option<Hint>,
    /// Settings of ours that comments make for this text alone, by their names without
    /// `pgsluice.`.
    pub asks: Box<[(Box<str>, Box<str>)]>,
    /// How many statements the text has; 0 for an empty one.
    pub statements: usize,
    /// What else the session or the router may have to know.
    pub marks: Marks,
    /// Whether a replica has refused it since.
    pub learned: Learned,
}

impl Statement {
    /// Its class and what decided it, with what was learned.
    pub fn verdict(&self, now: Instant) -> (Class, Reason) {
        if self.class == Class::Read && self.learned.is_write(now) {
            (Class::Write, Reason::Learned)
        } else {
            (self.class, self.reason)
        }
    }

    /// Whether the text is nothing but transaction control (`BEGIN`, `COMMIT`, `SAVEPOINT`,
    /// `SET TRANSACTION` …), at least one statement of it.
    pub fn is_transaction_control(&self) -> bool {
        self.marks.has(Marks::TRANSACTION_CONTROL)
    }

    /// Whether the proxy answers it by itself: one statement, about a setting of ours.
    pub fn is_own(&self) -> bool {
        self.statements == 1
            && matches!(
                self.effects.first(),
                Some(Effect::OwnSet { .. } | Effect::OwnReset(_) | Effect::OwnShow(_))
            )
    }

    /// Whether it may make, change or drop functions or relations.
    pub fn may_define(&self) -> bool {
        const WORDS: [&str; 7] = ["create", "alter", "drop", "do", "call", "import", "comment"];
        self.class == Class::Write
            && matches!(self.reason, Reason::Command | Reason::Into)
            && (1 < self.statements
                || self
                    .word
                    .as_deref()
                    .is_none_or(|word| WORDS.contains(&word))
                || self.reason == Reason::Into)
    }

    /// Whether it sets what lasts beyond it, so that it may decide how and where later texts are run,
    /// or takes prepared statements from its session.
    pub fn changes_settings(&self) -> bool {
        self.effects.iter().any(|effect| {
            matches!(
                effect,
                Effect::Set { .. }
                    | Effect::SetCharacteristics(_)
                    | Effect::Reset(_)
                    | Effect::ResetAll
                    | Effect::OwnSet { .. }
                    | Effect::OwnReset(_)
                    | Effect::SetConfig { .. }
                    | Effect::SetConfigUnknown
                    | Effect::DiscardAll
                    | Effect::Deallocate(_)
            )
        })
    }

    /// Whether something in it lives in one server process or its session (an advisory lock,
    /// `currval`, a temporary table), so that another server would accept it and answer wrongly.
    pub fn is_per_session(&self) -> bool {
        self.marks.has(Marks::PER_SESSION)
    }

    /// Whether it may write for all that is known, though its text does not say so: a function
    /// that it calls may not be what it says of itself, and no replica has run it.
    pub fn may_write_unseen(&self) -> bool {
        self.class == Class::Read
            && self.marks.has(Marks::USER_FUNCTION)
            && !self.learned.is_tried()
    }

    /// Whether its answer is about the node that gives it (statistics, WAL positions, role).
    pub fn is_per_node(&self) -> bool {
        self.marks.has(Marks::PER_NODE)
    }
}

/// What kind of node a text needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// May run anywhere and asks for no node: an empty text, transaction control, SET and RESET,
    /// what follows the transaction that it is in (FETCH, CLOSE).
    Neutral,
    /// A replica gives the same answer as the primary.
    Read,
    /// Needs the primary, or is not known not to.
    Write,
}

/// What decided a class. Also a label of the routing metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nothing speaks against a replica.
    Read,
    /// The text is empty.
    Empty,
    /// It sets or shows a parameter, or drops session state.
    Setting,
    /// It is transaction control.
    Transaction,
    /// It works on a cursor of the transaction.
    Cursor,
    /// Its first word is not one that reads.
    Command,
    /// A WITH has an INSERT, UPDATE, DELETE or MERGE.
    DataModifying,
    /// It locks rows.
    Locking,
    /// SELECT INTO.
    Into,
    /// It calls a function that writes, or may.
    Function,
    /// It calls a function that nobody knows.
    UnknownFunction,
    /// The answer is about one node.
    PerNode,
    /// It reads or changes what lives in one server's session.
    PerSession,
    /// COPY to or from a file, or from the client.
    Copy,
    /// A replica has refused it, or its like.
    Learned,
    /// It could not be read for certain: unterminated, odd bytes, an unsafe encoding.
    Doubtful,
}

impl Reason {
    /// The metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Empty => "empty",
            Self::Setting => "setting",
            Self::Transaction => "transaction",
            Self::Cursor => "cursor",
            Self::Command => "command",
            Self::DataModifying => "data_modifying",
            Self::Locking => "locking",
            Self::Into => "into",
            Self::Function => "function",
            Self::UnknownFunction => "unknown_function",
            Self::PerNode => "per_node",
            Self::PerSession => "per_session",
            Self::Copy => "copy",
            Self::Learned => "learned",
            Self::Doubtful => "doubtful",
        }
    }
}

/// Where a comment in the text asks to go: `/* pgsluice: primary */`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// To the primary.
    Primary,
    /// To a replica.
    Replica,
}

impl Hint {
    /// What a comment that holds a hint begins with, in any case, after blanks.
    pub const PREFIX: &[u8] = b"pgsluice:";
}

/// A small set of things that are true of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Marks(u8);

impl Marks {
    /// Nothing but transaction control.
    pub const TRANSACTION_CONTROL: Self = Self(1);
    /// Something lives in one server's session.
    pub const PER_SESSION: Self = Self(2);
    /// Something is about one node.
    pub const PER_NODE: Self = Self(4);
    /// A literal took part in the decision, or the statement is one whose literals are its
    /// meaning (SET): texts that differ in literals are not the same.
    pub const LITERAL: Self = Self(8);
    /// It could not be read for certain.
    pub const DOUBTFUL: Self = Self(16);
    /// It calls functions that users have made and that say of themselves that they do not write.
    pub const USER_FUNCTION: Self = Self(32);
    /// It sets something by `set_config` that ends with the transaction.
    pub const SETS_LOCALLY: Self = Self(64);

    /// Whether all of `other` is in the set.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Puts `other` in.
    pub fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Takes `other` out.
    pub fn remove(&mut self, other: Self) {
        self.0 &= !other.0;
    }
}
