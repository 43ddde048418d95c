//! The replies that a server owes, oldest first: what they belong to, and who is to see them.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::session::prepared::Prepared;
use crate::sql::statement::Statement;
use crate::sqlstate::SqlState;

/// Most replies owed at a time; then the client is not read until some have come.
pub const EXPECTS_COUNT_MAX: usize = 16 * 1024;

/// One reply, or one group of replies, that is owed.
#[derive(Debug)]
pub enum Expect {
    /// ParseComplete of a statement that the client prepares under a name of its own.
    Named {
        /// Its name.
        name: Box<[u8]>,
        /// What it becomes.
        prepared: Arc<Prepared>,
    },
    /// ParseComplete of the unnamed statement, or of one that is passed on under its own name.
    Unnamed {
        /// The session's version of it; 0 for a named one.
        version: u64,
    },
    /// ParseComplete of a named statement too long to be kept, which has its own name.
    Long(Box<[u8]>),
    /// ParseComplete of the unnamed statement, which only we asked for.
    Hidden,
    /// ParseComplete of a text that the server lacked.
    HiddenParse(Arc<Prepared>),
    /// CloseComplete of a text that had to go for another.
    HiddenClose(Arc<Prepared>),
    /// BindComplete, of a portal of this statement if it is a named one.
    Bound(Option<Arc<Prepared>>),
    /// RowDescription or NoData, a ParameterDescription before it or not.
    Described(Option<Arc<Prepared>>),
    /// CommandComplete, EmptyQueryResponse or PortalSuspended, with rows or copied data before it.
    Executed {
        /// What is executed, if it does something to the session.
        statement: Option<Arc<Statement>>,
        /// Whether data to copy was sent right behind it, to its end.
        has_data: bool,
    },
    /// CloseComplete of a portal, or of a statement that the server knows by the client's name.
    Closed,
    /// ReadyForQuery after a Sync.
    Synced {
        /// The batch's bytes as the client sent them.
        bytes: usize,
    },
    /// All replies to a Query, to its ReadyForQuery.
    Queried {
        /// What it was; `None` if it was too long to be read.
        statement: Option<Arc<Statement>>,
        /// The batch's bytes as the client sent them.
        bytes: usize,
    },
    /// All replies to a FunctionCall, to its ReadyForQuery.
    Called {
        /// The batch's bytes as the client sent them.
        bytes: usize,
    },
    /// All replies to a Query of our own.
    Own(Own),
    /// Nothing of the server's: ParseComplete, told when its turn comes.
    SayParsed {
        /// The name to give then.
        name: Box<[u8]>,
        /// What it names.
        prepared: Arc<Prepared>,
    },
    /// Nothing of the server's: CloseComplete of this name of the client's.
    SayClosed(Box<[u8]>),
    /// An error that the server was made to raise in place of what the client asked, so that it
    /// skips and rolls back as it must; the client is told this instead.
    Refused {
        /// What the client is told.
        refusal: Box<Refusal>,
        /// For a Query: the batch's bytes. For a message within a batch: `None`.
        query_bytes: Option<usize>,
    },
}

/// A Query of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// Lays the session's settings on the server.
    Prelude,
    /// Asks what still keeps the session on its server.
    Pins,
    /// Rolls a transaction back that goes on elsewhere.
    Leave,
    /// Begins a transaction that was rolled back elsewhere.
    Begin,
}

/// What a client is told in place of a server's error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub sqlstate: SqlState,
    /// The message.
    pub message: String,
    /// What would help.
    pub hint: Option<&'static str>,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Expects {
    queue: VecDeque<Expect>,
    /// How many ReadyForQuery are owed, our own queries' not counted.
    open: usize,
    /// How many that give or take a name.
    naming: usize,
}

impl Expects {
    /// Whether nothing is owed.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether so much is owed that the client must wait.
    pub fn is_full(&self) -> bool {
        EXPECTS_COUNT_MAX <= self.queue.len()
    }

    /// How many of the client's batches are not yet answered to their end.
    pub fn open(&self) -> usize {
        self.open
    }

    /// What is owed next.
    pub fn head(&self) -> Option<&Expect> {
        self.queue.front()
    }

    /// Owes one more.
    pub fn push(&mut self, expect: Expect) {
        self.open += usize::from(expect.ends_batch());
        self.naming += usize::from(expect.is_naming());
        self.queue.push_back(expect);
    }

    /// The oldest has come.
    pub fn pop(&mut self) -> Option<Expect> {
        let expect = self.queue.pop_front()?;
        self.open -= usize::from(expect.ends_batch());
        self.naming -= usize::from(expect.is_naming());
        Some(expect)
    }

    /// After an error: takes what the server skips, up to the reply that ends the batch.
    pub fn skip(&mut self) -> Vec<Expect> {
        let is_end = |expect: &Expect| expect.ends_batch() || matches!(expect, Expect::Own(_));
        let count = self.queue.iter().position(is_end);
        let count = count.unwrap_or(self.queue.len());
        let skipped: Vec<_> = self.queue.drain(..count).collect();
        self.naming -= skipped.iter().filter(|e| e.is_naming()).count();
        skipped
    }

    /// Data to copy was sent to its end: that of the Execute sent last, if nothing is between.
    pub fn on_copied(&mut self) {
        if let Some(Expect::Executed { has_data, .. }) = self.queue.back_mut() {
            *has_data = true;
        }
    }

    /// While data is copied in, the server ignores a Sync: it will not answer those that were sent
    /// right after the Execute at the head. Whether there was one.
    pub fn drop_ignored_syncs(&mut self) -> bool {
        let mut dropped = false;
        while matches!(self.queue.get(1), Some(Expect::Synced { .. })) {
            self.queue.remove(1);
            self.open -= 1;
            dropped = true;
        }
        dropped
    }

    /// The newest name or un-naming of `name` that is on its way: `Some(None)` if it is being
    /// closed.
    pub fn pending_name(&self, name: &[u8]) -> Option<Option<&Arc<Prepared>>> {
        if self.naming == 0 {
            return None;
        }
        self.queue.iter().rev().find_map(|expect| match expect {
            Expect::Named { name: n, prepared } | Expect::SayParsed { name: n, prepared }
                if **n == *name =>
            {
                Some(Some(prepared))
            }
            Expect::SayClosed(n) if **n == *name => Some(None),
            _ => None,
        })
    }

    /// Forgets all, and gives the storage back.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.open = 0;
        self.naming = 0;
    }

    /// Gives the storage back when nothing is owed, which makes an idle session small.
    pub fn shed(&mut self) {
        if self.queue.is_empty() && self.queue.capacity() != 0 {
            self.queue = VecDeque::new();
        }
    }
}

impl Expect {
    fn is_naming(&self) -> bool {
        matches!(
            self,
            Self::Named { .. } | Self::SayParsed { .. } | Self::SayClosed(_)
        )
    }

    fn ends_batch(&self) -> bool {
        match self {
            Self::Synced { .. } | Self::Queried { .. } | Self::Called { .. } => true,
            Self::Refused { query_bytes, .. } => query_bytes.is_some(),
            Self::Named { .. }
            | Self::Unnamed { .. }
            | Self::Long(_)
            | Self::Hidden
            | Self::HiddenParse(_)
            | Self::HiddenClose(_)
            | Self::Bound(_)
            | Self::Described(_)
            | Self::Executed { .. }
            | Self::Closed
            | Self::Own(_)
            | Self::SayParsed { .. }
            | Self::SayClosed(_) => false,
        }
    }
}
