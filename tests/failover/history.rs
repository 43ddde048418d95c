//! What clients did and saw, and what happened to the nodes meanwhile, as they recorded it.

use std::collections::HashMap;
use std::time::Instant;

/// How a key was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A simple query.
    Simple,
    /// A statement that was prepared once.
    Prepared,
    /// An unnamed statement, parsed for it.
    Unnamed,
    /// BEGIN, INSERT and COMMIT, each sent when the one before it was answered.
    Transaction,
    /// The same in one message.
    Together,
}

impl Form {
    pub(crate) const ALL: [Self; 5] = [
        Self::Simple,
        Self::Prepared,
        Self::Unnamed,
        Self::Transaction,
        Self::Together,
    ];
}

/// What a client was told of its write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is done, by the node of this index.
    Acknowledged { node: usize },
    /// It is not done: an error that says so, or no COMMIT was sent.
    Refused { why: String },
    /// It may be done or not: 08007, or the connection was lost with it.
    Unknown { why: String },
    /// No answer came for longer than any wait lasts.
    Hanging,
}

/// A write of a key that nobody else writes.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) key: i64,
    pub(crate) form: Form,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    pub(crate) outcome: Outcome,
}

impl Write {
    /// Whether its client was told what it has to be told of a write that was under way when the
    /// primary was lost: 08007, or of a transaction whose COMMIT was not sent 08006. Who is told
    /// between two statements hears from its driver that the connection was closed.
    pub(crate) fn is_told_as_documented(&self) -> bool {
        match &self.outcome {
            Outcome::Acknowledged { .. } | Outcome::Hanging => false,
            Outcome::Unknown { why } if why == "08007" => true,
            Outcome::Refused { why } if why == "08006" => self.form == Form::Transaction,
            Outcome::Unknown { why } | Outcome::Refused { why } => {
                self.form == Form::Transaction && why == "connection closed"
            }
        }
    }
}

/// A read: by which node it was served, or what went wrong.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    pub(crate) outcome: Result<usize, String>,
}

/// What the clients did.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) writes: Vec<Write>,
    pub(crate) reads: Vec<Read>,
    /// Logins that failed.
    pub(crate) refused_logins: Vec<(Instant, String)>,
}

/// Which acknowledged writes the cluster owes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// All: the promotion waited for what had been acknowledged, and the old primary could
    /// acknowledge nothing more by itself.
    All,
    /// All but those that the old primary acknowledged from this instant until the new one was
    /// known: asynchronous replication lets it, and nobody could have prevented it.
    AllBut { from: Instant },
}

/// What happened to the nodes, and what was known of it in front of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    pub(crate) old: usize,
    pub(crate) new: usize,
    /// When the old primary was harmed.
    pub(crate) harmed: Instant,
    /// From when on nothing new was sent to the old primary, as far as the proxy's view tells.
    pub(crate) known: Instant,
    /// When the new primary took writes.
    pub(crate) promoted: Instant,
    /// From when on the new primary was known.
    pub(crate) detected: Instant,
    /// When a program that asks once a second knew it, if there is one.
    pub(crate) polled: Option<Instant>,
    pub(crate) promise: Promise,
}

/// What the last primary holds: how many rows there are of each key.
pub(crate) type Kept = HashMap<i64, usize>;
