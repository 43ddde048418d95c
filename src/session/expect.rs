//! The replies that a server owes, oldest first: what they belong to, and who is to see them.

mod earlier;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::session::Unnamed;
use crate::session::prepared::OnServer;
use crate::session::prepared::Prepared;
use crate::sql::statement::Statement;
use crate::sqlstate::SqlState;
use crate::wire::fields::Fields;

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
    },
    /// CloseComplete of a portal, or of a statement that the server knows by the client's name.
    Closed,
    /// ReadyForQuery after a Sync.
    Synced {
        /// The batch's bytes as the client sent them.
        bytes: usize,
    },
    /// ReadyForQuery after a Sync of our own in place of the client's Flush.
    Ahead {
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
    /// Nothing: data to copy, or its end, was sent here.
    Data(Data),
    /// Nothing: what is owed next changes the unnamed statement, which was this one before.
    Unnaming(Box<Unnamed>),
    /// An error that the server was made to raise in place of what the client asked, so that it
    /// skips and rolls back as it must; the client is told this instead.
    Refused {
        /// What the client is told.
        refusal: Box<Refusal>,
        /// For a Query: the batch's bytes. For a message within a batch: `None`.
        query_bytes: Option<usize>,
    },
}

/// What a client sends while it copies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// CopyData.
    Some,
    /// CopyDone.
    Done,
    /// CopyFail.
    Fail,
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

impl Refusal {
    /// Whether the client is told this in place of the error. That a name is taken is found last:
    /// what the server finds before is told as it is.
    pub fn stands_for(&self, fields: &Fields<'_>) -> bool {
        self.sqlstate != SqlState::DUPLICATE_STATEMENT || fields.code() == Some(self.sqlstate)
    }
}

/// The queue. Its counts are small, as every idle client has one; the queue is never so long that
/// they overflow.
#[derive(Debug, Default)]
pub struct Expects {
    queue: VecDeque<Expect>,
    /// How many ReadyForQuery are owed, our own queries' not counted.
    open: u16,
    /// How many that change what a name stands for, the client's or the server's.
    naming: u16,
    /// How many that change settings, or take all prepared statements from the server.
    setting: u16,
    /// Whether the server has asked for data to copy in answer to the oldest.
    copies: bool,
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
        usize::from(self.open)
    }

    /// Whether settings are on their way, or all prepared statements on theirs out: how and where
    /// what follows is to be run, and what the server has then, is known when that is answered.
    pub fn changes_settings(&self) -> bool {
        self.setting != 0
    }

    /// All prepared statements have gone but those that were sent behind what took them.
    pub fn on_deallocated_all(&mut self, prepared: &mut OnServer) {
        prepared.clear();
        for expect in &mut self.queue {
            match expect {
                Expect::Named { prepared: sent, .. } | Expect::HiddenParse(sent) => {
                    prepared.restore(sent);
                }
                // It is not to come back if the server skips this.
                Expect::HiddenClose(_) => *expect = Expect::Hidden,
                _ => (),
            }
        }
    }

    /// What is owed next.
    pub fn head(&self) -> Option<&Expect> {
        self.queue.front()
    }

    /// What is owed next, to add to it.
    pub fn head_mut(&mut self) -> Option<&mut Expect> {
        self.queue.front_mut()
    }

    /// Whether the oldest is followed by another Execute in its batch.
    pub fn executes_more(&self) -> bool {
        let mut behind = self.queue.iter().skip(1);
        let next = behind.find(|e| e.ends_batch() || matches!(e, Expect::Executed { .. }));
        matches!(next, Some(Expect::Executed { .. }))
    }

    /// Owes one more.
    pub fn push(&mut self, expect: Expect) {
        self.open += u16::from(expect.ends_batch());
        self.naming += u16::from(expect.is_naming());
        self.setting += u16::from(expect.is_setting());
        self.queue.push_back(expect);
    }

    /// The oldest has come.
    pub fn pop(&mut self) -> Option<Expect> {
        let expect = self.queue.pop_front()?;
        self.uncount(&expect);
        self.copies = false;
        // Data behind what copied nothing is ignored by the server.
        while let Some(Expect::Data(_) | Expect::Unnaming(_)) = self.queue.front() {
            if let Some(passed) = self.queue.pop_front() {
                self.uncount(&passed);
            }
        }
        Some(expect)
    }

    fn uncount(&mut self, expect: &Expect) {
        self.open -= u16::from(expect.ends_batch());
        self.naming -= u16::from(expect.is_naming());
        self.setting -= u16::from(expect.is_setting());
    }

    /// Whether something of the batch that is being sent is owed, so that the server may skip the
    /// rest of it.
    pub fn may_skip(&self) -> bool {
        let last = self.queue.back();
        last.is_some_and(|expect| !expect.ends_batch() && !matches!(expect, Expect::Own(_)))
    }

    /// After an error: takes what the server skips. After a Query's that is nothing; else all, be it
    /// a Query, to the next Sync. Whether that Sync was sent.
    ///
    /// Source: `ignore_till_sync` in src/backend/tcop/postgres.c.
    pub fn skip(&mut self) -> (Vec<Expect>, bool) {
        if self.head().is_some_and(Expect::ends_batch) {
            return (Vec::new(), true);
        }
        let is_end = |expect: &Expect| expect.is_synced() || matches!(expect, Expect::Own(_));
        let place = self.queue.iter().position(is_end);
        let count = place.unwrap_or(self.queue.len());
        let skipped: Vec<_> = self.queue.drain(..count).collect();
        for expect in &skipped {
            self.uncount(expect);
        }
        self.copies = false;
        (skipped, place.is_some())
    }

    /// Data to copy, or its end, is sent behind all that is owed.
    pub fn push_data(&mut self, data: Data) {
        let is_more = matches!(self.queue.back(), Some(Expect::Data(last)) if *last == data);
        if !self.queue.is_empty() && !is_more {
            self.queue.push_back(Expect::Data(data));
        }
    }

    /// The server asks for data to copy. It ignores each Sync until it has the end of the data: of
    /// those that were sent, none in front of the data will be answered. Whether the end is still to
    /// be sent.
    ///
    /// Source: `CopyGetData` in src/backend/commands/copyfromparse.c.
    pub fn begin_copy(&mut self) -> bool {
        self.copies = true;
        self.drop_syncs();
        let mut sent = self.queue.iter().skip(1);
        let sent = sent.find(|e| !matches!(e, Expect::Synced { .. } | Expect::Data(Data::Some)));
        !matches!(sent, Some(Expect::Data(_)))
    }

    /// The data was taken to its end, or to the client's CopyFail: no Sync before that is answered.
    pub fn end_copy(&mut self) {
        while std::mem::take(&mut self.copies) {
            self.drop_syncs();
            if let Some(Expect::Data(data)) = self.queue.get(1) {
                self.copies = *data == Data::Some;
                self.queue.remove(1);
            }
        }
    }

    /// The server has failed over the data. A Sync behind data is taken to come after what was bad,
    /// which it does where each CopyData holds whole rows.
    pub fn fail_copy(&mut self, is_canceled: bool) {
        let mut sent = self.queue.iter().skip(1);
        let sent = sent.find(|e| !matches!(e, Expect::Synced { .. } | Expect::Data(Data::Some)));
        if is_canceled && matches!(sent, Some(Expect::Data(Data::Fail))) {
            self.end_copy();
        } else if std::mem::take(&mut self.copies) {
            self.drop_syncs();
        }
    }

    /// Drops the Syncs right behind the oldest.
    fn drop_syncs(&mut self) {
        while matches!(self.queue.get(1), Some(Expect::Synced { .. })) {
            self.queue.remove(1);
            self.open -= 1;
        }
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
        self.setting = 0;
        self.copies = false;
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
            Self::Named { .. }
                | Self::SayParsed { .. }
                | Self::SayClosed(_)
                | Self::Hidden
                | Self::HiddenParse(_)
                | Self::HiddenClose(_)
                | Self::Unnaming(_)
        )
    }

    fn is_setting(&self) -> bool {
        match self {
            Self::Executed { statement } | Self::Queried { statement, .. } => {
                statement.as_ref().is_some_and(|s| s.changes_settings())
            }
            _ => false,
        }
    }

    fn ends_batch(&self) -> bool {
        match self {
            Self::Synced { .. }
            | Self::Ahead { .. }
            | Self::Queried { .. }
            | Self::Called { .. } => true,
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
            | Self::Data(_)
            | Self::Unnaming(_)
            | Self::SayParsed { .. }
            | Self::SayClosed(_) => false,
        }
    }
}
