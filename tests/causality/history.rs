//! What the sessions did and saw, as they recorded it.

use std::time::Instant;

/// What a session's reads must not miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Nothing. Its reads are judged as those at `Session`, which has to fail.
    Eventual,
    /// What the session wrote and has read.
    Session,
    /// What all sessions of the same proxy wrote.
    Database,
    /// All that was acknowledged before the read began.
    Strong,
    /// What the token stands for that was waited for; the session is at `eventual` otherwise.
    Token,
}

impl Level {
    pub(crate) const ALL: [Self; 5] = [
        Self::Eventual,
        Self::Session,
        Self::Database,
        Self::Strong,
        Self::Token,
    ];

    /// The value of `pgsluice.consistency`.
    pub(crate) fn setting(self) -> &'static str {
        match self {
            Self::Eventual | Self::Token => "eventual",
            Self::Session => "session",
            Self::Database => "database",
            Self::Strong => "strong",
        }
    }
}

/// A write of a register's next value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write {
    pub(crate) register: usize,
    /// Grows with each write of the register; 0 stands for none.
    pub(crate) value: i64,
    pub(crate) started: Instant,
    /// `None`: its outcome is not known, so that it may be there or not.
    pub(crate) acknowledged: Option<Instant>,
}

/// A read of some registers in one statement.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    /// Register and value.
    pub(crate) seen: Vec<(usize, i64)>,
    /// When it began, or the first read of its transaction before the first write: all these are
    /// as of that.
    pub(crate) started: Instant,
    pub(crate) ended: Instant,
    /// Where it ran.
    pub(crate) place: Place,
    pub(crate) part: Part,
    /// The write whose token was waited for.
    pub(crate) owed: Option<Write>,
}

/// What a read is to a transaction that binds late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It is in none.
    None,
    /// The first read of one.
    First,
    /// A later one, before the first write: of the state that the first was owed, or newer.
    Later,
    /// Behind the write.
    Bound,
}

/// The node that served a read, by its own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) node: usize,
    pub(crate) on_replica: bool,
}

/// What a session did, in the order in which it asked.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Wrote(Write),
    Read(Read),
}

/// A session: all that was done over one connection to a proxy.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) level: Level,
    /// Which of the proxies.
    pub(crate) proxy: usize,
    pub(crate) acts: Vec<Act>,
}
