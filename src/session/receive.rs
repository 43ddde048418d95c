//! What comes from the server: what it answers, who is to see it, and what it tells of the session.

use std::sync::Arc;

use bytes::BytesMut;

use crate::session::Env;
use crate::session::Reply;
use crate::session::Session;
use crate::session::batch::BatchState;
use crate::session::batch::Oldest;
use crate::session::batch::Plan;
use crate::session::expect::Expect;
use crate::session::expect::Own;
use crate::session::pins::Pins;
use crate::session::side::ServerSide;
use crate::sql::statement::Statement;
use crate::wire::Fault;
use crate::wire::frames::Part;
use crate::wire::frames::Piece;
use crate::wire::server;
use crate::wire::server::Status;
use crate::wire::write;

impl Session {
    /// Looks at a reply; `bytes` is the piece with its header. What the client is to be told in
    /// place of it, or after it, is appended to `says`.
    ///
    /// # Errors
    /// The server does not speak the protocol, or answers what it was not asked. It must be closed.
    pub fn on_server(
        &mut self,
        piece: Piece,
        bytes: &[u8],
        side: &mut ServerSide,
        says: &mut BytesMut,
        env: &Env<'_>,
    ) -> Result<Reply, Fault> {
        if self.breaks_off() {
            return Ok(Reply::Hide);
        }
        if matches!(piece.part, Part::Middle | Part::Last) {
            self.part_reply = self.bounded(self.part_reply, piece.size);
            return Ok(self.part_reply);
        }
        let body = bytes.get(5..).unwrap_or_default();
        let reply = match piece.tag {
            server::DATA_ROW => self.on_row(body),
            server::READY_FOR_QUERY => self.on_ready(Status::read(body)?, side, says, env)?,
            server::ERROR_RESPONSE => self.on_error(body, side, says, env),
            server::PARAMETER_STATUS => self.on_parameter(body, side)?,
            server::COMMAND_COMPLETE | server::EMPTY_QUERY_RESPONSE | server::PORTAL_SUSPENDED => {
                self.on_executed(piece.tag, body, side)
            }
            server::PARSE_COMPLETE
            | server::BIND_COMPLETE
            | server::CLOSE_COMPLETE
            | server::ROW_DESCRIPTION
            | server::NO_DATA => self.on_step(piece.tag)?,
            server::COPY_IN_RESPONSE => self.on_copy_in(),
            server::NOTICE_RESPONSE | server::PARAMETER_DESCRIPTION | server::COPY_OUT_RESPONSE => {
                self.indecisive()
            }
            server::COPY_DATA | server::COPY_DONE | server::FUNCTION_CALL_RESPONSE => {
                self.decisive()
            }
            // It belongs to no reply: what else is hidden at the moment does not matter.
            server::NOTIFICATION_RESPONSE => Reply::Pass,
            tag => return Err(Fault::UnknownTag { tag }),
        };
        self.part_reply = self.bounded(reply, piece.size);
        Ok(self.part_reply)
    }

    /// Whether the rest of a message that comes in parts is for the client, as its start was.
    pub fn passes_rest(&self) -> bool {
        self.part_reply == Reply::Pass
    }

    /// Lets go of what is held once it is too much: then there is no way back.
    fn bounded(&mut self, reply: Reply, size: usize) -> Reply {
        if reply != Reply::Hold {
            return reply;
        }
        self.oldest.held_bytes += size;
        if self.oldest.held_bytes <= self.rules.hold_bytes_max {
            return Reply::Hold;
        }
        self.decisive()
    }

    /// Whether something is to be said before the server says more.
    pub fn has_says(&self) -> bool {
        matches!(
            self.expects.head(),
            Some(Expect::SayParsed { .. } | Expect::SayClosed(_))
        )
    }

    /// Says what is ours to say now; how it is to be treated.
    pub fn say(&mut self, says: &mut BytesMut) -> Reply {
        while self.has_says() {
            self.try_name();
            match self.expects.pop() {
                Some(Expect::SayParsed { name, prepared }) => {
                    self.names.insert(&name, prepared);
                    write::empty(says, server::PARSE_COMPLETE);
                }
                Some(Expect::SayClosed(name)) => {
                    self.names.remove(&name);
                    write::empty(says, server::CLOSE_COMPLETE);
                }
                _ => (),
            }
        }
        let reply = self.indecisive();
        self.last_ahead(reply)
    }

    /// What may be followed by a failure that the client need not see.
    fn indecisive(&mut self) -> Reply {
        if self.is_hidden() {
            return Reply::Hide;
        }
        if self.may_be_sent_again() {
            return Reply::Hold;
        }
        self.oldest.answered = true;
        Reply::Pass
    }

    fn may_be_sent_again(&self) -> bool {
        self.expects.open() != 0
            && (self.may_run_elsewhere() || self.may_renew() || self.may_be_refused())
    }

    /// What was owed next is there: if it changes a name, that may have to be taken back.
    fn try_name(&mut self) {
        if let Some(
            Expect::Named { name, .. } | Expect::SayParsed { name, .. } | Expect::SayClosed(name),
        ) = self.expects.head()
            && self.may_be_sent_again()
        {
            self.names.try_change(name);
        }
    }

    /// The server waits for data to copy.
    fn on_copy_in(&mut self) -> Reply {
        self.oldest.retained = false;
        self.copying_in = self.expects.begin_copy();
        self.reopen_batch();
        self.decisive()
    }

    /// Of an Execute that copies, the Syncs so far were ignored: its batch goes on.
    fn reopen_batch(&mut self) {
        let executes = matches!(self.expects.head(), Some(Expect::Executed { .. }));
        if executes && self.expects.open() == 0 && self.batch == BatchState::Between {
            self.batch = BatchState::Within;
        }
    }

    /// What the client has to see, so that there is no way back.
    pub(super) fn decisive(&mut self) -> Reply {
        if self.is_hidden() {
            return Reply::Hide;
        }
        self.oldest.answered = true;
        Reply::Pass
    }

    /// Part of a result. One that more follow in the batch may still be followed by a failure; a
    /// server sends little of it before the last, too.
    fn part_of_result(&mut self) -> Reply {
        let has_more = match self.expects.head() {
            Some(Expect::Executed { statement })
                if statement.as_ref().is_none_or(|s| s.effects.is_empty()) =>
            {
                self.expects.executes_more()
            }
            Some(Expect::Queried {
                statement: Some(statement),
                ..
            }) if statement.effects.is_empty() => {
                let results = usize::try_from(self.oldest.results).unwrap_or(usize::MAX);
                results.saturating_add(1) < statement.statements
            }
            _ => false,
        };
        if has_more {
            self.indecisive()
        } else {
            self.decisive()
        }
    }

    pub(super) fn is_hidden(&self) -> bool {
        self.again.is_some() || matches!(self.expects.head(), Some(Expect::Own(_)))
    }

    fn on_row(&mut self, body: &[u8]) -> Reply {
        if let Some(Expect::Own(Own::Pins)) = self.expects.head()
            && let Ok(Some(answer)) = server::first_column(body)
        {
            self.pins.on_probe(answer);
        }
        self.part_of_result()
    }

    /// ParseComplete and its like: the oldest that is owed must be its own.
    fn on_step(&mut self, tag: u8) -> Result<Reply, Fault> {
        if matches!(
            self.expects.head(),
            Some(Expect::Queried { .. } | Expect::Own(_))
        ) || self.again.is_some()
        {
            return Ok(self.indecisive());
        }
        let reply = match (tag, self.expects.head()) {
            (server::PARSE_COMPLETE, Some(Expect::Hidden | Expect::HiddenParse(_)))
            | (server::CLOSE_COMPLETE, Some(Expect::Hidden | Expect::HiddenClose(_))) => {
                Reply::Hide
            }
            (
                server::PARSE_COMPLETE,
                Some(Expect::Named { .. } | Expect::Unnamed { .. } | Expect::Long(_)),
            )
            | (server::BIND_COMPLETE, Some(Expect::Bound(_)))
            | (server::CLOSE_COMPLETE, Some(Expect::Closed))
            | (server::ROW_DESCRIPTION | server::NO_DATA, Some(Expect::Described(_))) => {
                self.indecisive()
            }
            // FETCH and its like describe their rows when they are executed.
            (server::ROW_DESCRIPTION, Some(Expect::Executed { .. })) => {
                return Ok(self.indecisive());
            }
            _ => return Err(Fault::UnknownTag { tag }),
        };
        self.try_name();
        match self.expects.pop() {
            Some(Expect::Named { name, prepared }) => self.names.insert(&name, prepared),
            Some(Expect::Bound(_)) => self.oldest.bound += 1,
            Some(Expect::Long(name)) => {
                self.pins.add(Pins::LONG_NAMED);
                self.long_names.push(name);
            }
            _ => (),
        }
        Ok(self.last_ahead(reply))
    }

    fn on_executed(&mut self, tag: u8, body: &[u8], side: &mut ServerSide) -> Reply {
        let reply = self.part_of_result();
        // The client may learn of a commit by this alone.
        self.writes.told |= self.writes.running;
        self.copying_in = false;
        self.expects.end_copy();
        self.reopen_batch();
        match self.expects.head() {
            Some(Expect::Executed { .. }) => {
                self.oldest.results += 1;
                if let Some(Expect::Executed {
                    statement: Some(statement),
                }) = self.expects.pop()
                    && tag == server::COMMAND_COMPLETE
                {
                    self.note_tried(&statement);
                    self.on_done(&statement, side);
                }
            }
            Some(Expect::Queried { statement, .. }) => {
                self.oldest.results += 1;
                // Of several statements, a later one may fail; no failure takes this back.
                let deallocates = tag == server::COMMAND_COMPLETE && body == b"DEALLOCATE ALL\0";
                let last = statement.as_ref().filter(|s| s.statements <= 1);
                last.iter().for_each(|statement| self.note_tried(statement));
                if let Some(statement) = last.filter(|s| !s.effects.is_empty()).map(Arc::clone) {
                    self.on_done(&statement, side);
                }
                if deallocates {
                    self.on_deallocated_all(side);
                }
            }
            _ => (),
        }
        reply
    }

    fn on_ready(
        &mut self,
        status: Status,
        side: &mut ServerSide,
        says: &mut BytesMut,
        env: &Env<'_>,
    ) -> Result<Reply, Fault> {
        self.copying_in = false;
        if let Some(&Expect::Own(own)) = self.expects.head() {
            self.expects.pop();
            match own {
                Own::Prelude => self.on_prelude_done(side),
                Own::Pins => (),
                Own::Leave | Own::Begin => self.on_moved(status),
            }
            return Ok(Reply::Hide);
        }
        let mut reply = self.decisive();
        let bytes = match self.expects.pop() {
            Some(Expect::Ahead { bytes }) => {
                self.settle_ahead();
                reply = Reply::Hide;
                bytes
            }
            Some(Expect::Synced { bytes } | Expect::Called { bytes }) => bytes,
            Some(Expect::Refused {
                query_bytes: Some(bytes),
                ..
            }) => bytes,
            Some(Expect::Queried { statement, bytes }) => {
                match statement {
                    Some(statement) if 1 < statement.statements => {
                        self.on_several(&statement, side);
                    }
                    Some(_) => (),
                    None => self.on_unread(),
                }
                bytes
            }
            _ => {
                return Err(Fault::UnknownTag {
                    tag: server::READY_FOR_QUERY,
                });
            }
        };
        if self.again.is_some() {
            self.status = status;
            return Ok(Reply::Hide);
        }
        self.count_answer(status, side, env.now);
        self.names.settle();
        self.settle_moving(status);
        self.on_healed();
        self.end_transaction(status, env);
        self.restore_told(status, side, says);
        if self.oldest.retained {
            let done = bytes.min(self.sent);
            self.done_with(done);
        }
        self.oldest = Oldest {
            retained: self.oldest.retained,
            ..Oldest::default()
        };
        self.plan = Plan::Fresh;
        Ok(reply)
    }

    /// A text that was not read is over: the server has to be asked what it did.
    fn on_unread(&mut self) {
        self.doubts.settings = true;
        self.doubts.pins = true;
        self.pins.add(Pins::PROBED);
    }

    /// A text of several statements is over: its effects are known only if all of it succeeded.
    fn on_several(&mut self, statement: &Statement, side: &mut ServerSide) {
        if self.oldest.failed {
            self.doubts.settings |= !statement.effects.is_empty();
            self.on_failed_with_pins(statement);
        } else {
            self.note_tried(statement);
            self.on_done(statement, side);
        }
    }

    fn end_transaction(&mut self, status: Status, env: &Env<'_>) {
        if self.writes.running {
            self.note_write(env.now);
        }
        self.note_read(env.now);
        self.writes.owed = self.writes.owed.saturating_sub(1);
        self.writes.ending &= self.expects.open() != 0;
        if status == Status::Idle {
            // What was sent behind this batch may write too.
            let has_more = !self.expects.is_empty() || self.batch != BatchState::Between;
            self.writes.running &= has_more && self.writes.owed != 0;
            self.defines.told |= self.defines.running;
            self.defines.running &= has_more;
            self.portals.clear();
            match (self.pending.is_empty(), self.oldest.failed) {
                (true, _) => (),
                (false, true) => self.on_rolled_back(),
                (false, false) => self.on_committed(),
            }
        }
        self.status = status;
    }
}
