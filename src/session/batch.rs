//! What a session knows of the batches that are under way.

use std::sync::Arc;

use crate::session::prepared::Prepared;

/// What is no longer known for certain.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Doubts {
    /// A pin may have gone.
    pub(super) pins: bool,
    /// The server's settings may not be the session's.
    pub(super) settings: bool,
    /// What the server reports may have gone back to its start, not to the session's.
    pub(super) told: bool,
}

/// The oldest batch that is not answered to its end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Oldest {
    /// Whether it, and what was sent after it, is kept in the client's buffer.
    pub(super) retained: bool,
    /// Whether some of its reply was passed on.
    pub(super) answered: bool,
    /// Whether it has failed.
    pub(super) failed: bool,
    /// Bytes of its reply that are held back.
    pub(super) held_bytes: usize,
    /// Results that were told to their end, and portals that were bound.
    pub(super) results: u32,
    pub(super) bound: u32,
    /// How often it was run again after a failure.
    pub(super) retries: u32,
    /// What running it again may do.
    pub(super) risk: Risk,
    /// What the server still owes when it is sent again.
    pub(super) rest: Rest,
}

/// What running the oldest batch again may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Risk {
    /// Nothing: its statements do not write as far as is known, or a replica has run them.
    #[default]
    None,
    /// It is with the primary, and no replica has run all of it: it may have written.
    WritesTwice,
}

/// What becomes of the replies that a server owes when a batch is sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Rest {
    /// They are waited for and not shown.
    #[default]
    Awaited,
    /// The server is closed.
    Dropped,
}

/// What is known of the plans behind the oldest batch.
#[derive(Debug)]
pub(super) enum Plan {
    /// Nothing bad.
    Fresh,
    /// The server's plan of this statement is out of date.
    Stale(Arc<Prepared>),
    /// It was, and the batch was sent a second time.
    Renewed,
}

/// What may have been written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Writes {
    /// The running transaction, or a batch that is owed, may have.
    pub(super) running: bool,
    /// How many ReadyForQuery are owed at the most to the end of the newest batch that may have.
    pub(super) owed: u16,
    /// One that has ended may have, and that was not asked for yet.
    pub(super) told: bool,
    /// What may end the running transaction was sent, and not all was answered since.
    pub(super) ending: bool,
}

/// What may have been made or changed that the catalog knows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Defines {
    /// By the running transaction.
    pub(super) running: bool,
    /// By one that has ended, and that was not asked for yet.
    pub(super) told: bool,
}

/// Where the client's stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BatchState {
    /// Between batches.
    Between,
    /// Within one; what it is lets it go on.
    Within,
    /// Within one that failed: the server skips the rest, so it is not sent.
    Skipping,
}

/// Whether messages may go to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// They may.
    Open,
    /// Not before the prelude is answered.
    Guarded,
    /// The prelude was answered, and none was sent: the server must not go back unused.
    Due,
}
