//! From the client's messages to the server's, and what each will be answered with.

use std::sync::Arc;
use std::time::Instant;

use bytes::BufMut;
use bytes::BytesMut;

use crate::error::Blame;
use crate::error::Error;
use crate::session::Env;
use crate::session::RETAINED_BYTES_MAX;
use crate::session::Session;
use crate::session::ahead::Ahead;
use crate::session::batch::BatchState;
use crate::session::batch::Stage;
use crate::session::expect::Data;
use crate::session::expect::Expect;
use crate::session::moving::Moving;
use crate::session::scan::Progress;
use crate::session::scan::Scanned;
use crate::session::scan::may_read;
use crate::session::side::Role;
use crate::session::side::ServerSide;
use crate::sql::effect::Effect;
use crate::sql::statement::Statement;
use crate::wire;
use crate::wire::client;
use crate::wire::frames::Part;
use crate::wire::frames::Piece;
use crate::wire::server::Status;

/// Bytes for the server over which no more is taken from the client until some are written.
pub const OUT_BYTES_MAX: usize = 64 * 1024;

/// How far sending came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// All that is there was sent; more may come.
    All,
    /// What is there must wait: for replies, for another server, or for what is to be written.
    Waits,
    /// The client takes its leave.
    Terminate,
}

/// Where sending writes to, and what it may ask.
pub struct Out<'a, 'e> {
    /// What pgsluice knows of the server.
    pub side: &'a mut ServerSide,
    /// The server's out-buffer.
    pub bytes: &'a mut BytesMut,
    /// The rest.
    pub env: &'a Env<'e>,
}

impl Session {
    /// Sends what may be sent of `unread`, all that the client's buffer holds.
    ///
    /// # Errors
    /// The client does not speak the protocol.
    pub fn send(&mut self, unread: &[u8], out: &mut Out<'_, '_>) -> Result<Sending, Error> {
        loop {
            let shown = unread.get(self.sent..).unwrap_or_default();
            if shown.is_empty() {
                return Ok(Sending::All);
            }
            if self.is_blocked(out.bytes.len()) {
                return Ok(Sending::Waits);
            }
            if self.batch == BatchState::Between
                && self.frames.is_at_start()
                && let Some(stop) = self.gate(shown, out.env)?
            {
                return Ok(stop);
            }
            if self.is_in_doubt(shown, out.env)? {
                return Ok(Sending::Waits);
            }
            let piece = self
                .frames
                .next(shown)
                .map_err(|fault| fault.blamed(Blame::Client))?;
            let Some(piece) = piece else {
                return Ok(Sending::All);
            };
            let bytes = shown.get(..piece.size).unwrap_or_default();
            if piece.tag == client::TERMINATE {
                return Ok(Sending::Terminate);
            }
            self.stage = Stage::Open;
            self.sent += piece.size;
            self.batch_bytes += piece.size;
            if RETAINED_BYTES_MAX < self.sent {
                self.oldest.retained = false;
            }
            self.allow(piece.tag)?;
            self.send_piece(piece, bytes, out)
                .map_err(|fault| fault.blamed(Blame::Client))?;
            self.count_sent(piece.size, out.side, out.env.now);
        }
    }

    /// Takes how many of the client's unread bytes are done with.
    pub fn take_consumed(&mut self) -> usize {
        let sent = if self.oldest.retained {
            0
        } else {
            std::mem::take(&mut self.sent)
        };
        std::mem::take(&mut self.consumed) + sent
    }

    /// The first `bytes` of what was sent are answered.
    pub(super) fn done_with(&mut self, bytes: usize) {
        self.sent -= bytes;
        self.consumed += bytes;
    }

    fn is_blocked(&self, out_bytes: usize) -> bool {
        OUT_BYTES_MAX <= out_bytes
            || self.expects.is_full()
            || self.again.is_some()
            || self.stage == Stage::Guarded
            || self.is_leaving()
    }

    /// Whether the batch that starts with `shown` must not start yet.
    fn gate(&mut self, shown: &[u8], env: &Env<'_>) -> Result<Option<Sending>, Error> {
        if matches!(
            shown,
            [
                client::COPY_DATA | client::COPY_DONE | client::COPY_FAIL,
                ..
            ]
        ) {
            return Ok(None);
        }
        let Some(link) = self.link else {
            return Ok(Some(Sending::Waits));
        };
        if self.expects.changes_settings() || self.ahead != Ahead::No {
            return Ok(Some(Sending::Waits));
        }
        let in_transaction = self.expects.open() == 0 && self.status != Status::Idle;
        // What was scanned for this link, and what follows a transaction's start, goes to it. The
        // primary serves everything.
        let is_for_this_link = self.expects.open() == 0 && self.scan.progress == Progress::Linked;
        if link.role == Role::Replica && !in_transaction && !is_for_this_link {
            match self.scan(shown, env)? {
                Scanned::More | Scanned::Drop(_) => return Ok(Some(Sending::All)),
                Scanned::Terminate => return Ok(Some(Sending::Terminate)),
                Scanned::Alone => return Ok(Some(Sending::Waits)),
                Scanned::Batch(_) if self.scan.is_in_doubt => {
                    self.scan_reset();
                    return Ok(Some(Sending::Waits));
                }
                Scanned::Batch(want) if self.must_wait(&link, want) => {
                    return Ok(Some(Sending::Waits));
                }
                Scanned::Batch(_) => (),
            }
        }
        if in_transaction && let Some(stop) = self.gate_transaction(shown, env)? {
            return Ok(Some(stop));
        }
        if let Moving::Begun(_) = self.moving {
            self.moving = Moving::No;
        }
        if link.role == Role::Primary && self.expects.open() != 0 {
            // What follows was not looked at: it may write, and must not be sent twice.
            self.oldest.retained = false;
        }
        if self.expects.open() == 0 {
            // What is in front of it and not kept would be taken for its own.
            self.oldest.retained =
                (self.status == Status::Idle || self.is_late()) && self.sent == 0;
            self.oldest.answered = false;
            self.oldest.failed = false;
        }
        Ok(None)
    }

    fn send_piece(
        &mut self,
        piece: Piece,
        bytes: &[u8],
        out: &mut Out<'_, '_>,
    ) -> Result<(), wire::Fault> {
        if matches!(piece.part, Part::Middle | Part::Last) {
            return self.send_rest(piece, bytes, out);
        }
        let is_copy = matches!(
            piece.tag,
            client::COPY_DATA | client::COPY_DONE | client::COPY_FAIL
        );
        let is_skipped = self.batch == BatchState::Skipping && piece.tag != client::SYNC;
        self.sends_rest = !is_skipped;
        if is_skipped {
            return Ok(());
        }
        if is_copy {
            return self.send_copied(piece, bytes, out);
        }
        if self.batch == BatchState::Between {
            self.batch = BatchState::Within;
        }
        let body = bytes.get(5..).unwrap_or_default();
        match piece.tag {
            client::QUERY => self.send_query(piece, bytes, out)?,
            client::PARSE if piece.part == Part::First => {
                self.send_long_parse(piece, bytes, out)?
            }
            client::PARSE => self.send_parse(&client::Parse::read(body)?, out),
            client::BIND => self.send_bind(piece, &client::Bind::read(body)?, out),
            client::DESCRIBE | client::CLOSE => self.send_target(piece.tag, bytes, out)?,
            client::EXECUTE => {
                let (portal, _) = client::string(body, "Execute")?;
                let statement = self
                    .portals
                    .iter()
                    .find(|(p, _)| **p == *portal)
                    .map(|(_, s)| Arc::clone(s));
                self.expects.push(Expect::Executed { statement });
                out.bytes.put_slice(bytes);
            }
            client::SYNC => {
                out.bytes.put_slice(bytes);
                self.end_batch_with(out, |bytes| Expect::Synced { bytes });
            }
            client::FLUSH if self.scan.is_ahead => self.sync_ahead(out),
            client::FUNCTION_CALL => {
                self.note_unknown();
                out.bytes.put_slice(bytes);
                if piece.part == Part::Whole {
                    self.end_batch_with(out, |bytes| Expect::Called { bytes });
                }
            }
            _ => {
                self.is_flushed |= piece.tag == client::FLUSH;
                out.bytes.put_slice(bytes);
            }
        }
        Ok(())
    }

    /// Whether the client waits for what is ours to say now.
    pub fn must_say(&self) -> bool {
        self.is_flushed && self.has_says()
    }

    /// The rest of a frame that came in parts.
    fn send_rest(
        &mut self,
        piece: Piece,
        bytes: &[u8],
        out: &mut Out<'_, '_>,
    ) -> Result<(), wire::Fault> {
        if !self.sends_rest {
            return Ok(());
        }
        out.bytes.put_slice(bytes);
        match (piece.part, piece.tag) {
            (Part::Last, client::QUERY) => {
                self.end_batch_with(out, |bytes| Expect::Queried {
                    statement: None,
                    bytes,
                });
            }
            (Part::Last, client::FUNCTION_CALL) => {
                self.end_batch_with(out, |bytes| Expect::Called { bytes });
            }
            _ => (),
        }
        Ok(())
    }

    fn send_copied(
        &mut self,
        piece: Piece,
        bytes: &[u8],
        out: &mut Out<'_, '_>,
    ) -> Result<(), wire::Fault> {
        out.bytes.put_slice(bytes);
        let data = match piece.tag {
            client::COPY_DONE => Data::Done,
            client::COPY_FAIL => Data::Fail,
            _ => Data::Some,
        };
        self.copying_in &= data == Data::Some;
        self.expects.push_data(data);
        // Copied data belongs to a batch that was sent; it is no start of the next.
        if self.batch == BatchState::Between {
            self.batch_bytes = 0;
            self.oldest.retained = false;
        }
        Ok(())
    }

    fn send_query(
        &mut self,
        piece: Piece,
        bytes: &[u8],
        out: &mut Out<'_, '_>,
    ) -> Result<(), wire::Fault> {
        self.note_unnaming();
        self.unnamed.forget();
        out.side.unnamed = None;
        if piece.part == Part::First {
            self.note_unknown();
            out.bytes.put_slice(bytes);
            return Ok(());
        }
        let text = client::query(bytes.get(5..).unwrap_or_default())?;
        let statement = self.next_statement(text, out.env);
        let refusal = self.refusal(&statement);
        // A failed transaction refuses by itself whatever does not end it.
        let fails = self.status == Status::Failed
            && self.expects.open() == 0
            && self.batch_bytes == piece.size
            && statement.statements <= 1;
        if let Some(refusal) = refusal.filter(|_| !fails) {
            // Fails to parse, so the transaction fails as it would have.
            wire::write::query(out.bytes, b"pgsluice refuses");
            let query_bytes = Some(self.batch_bytes);
            self.count_query(out.side);
            self.expects.push(Expect::Refused {
                refusal: Box::new(refusal),
                query_bytes,
            });
            self.end_batch();
            return Ok(());
        }
        self.note_class(&statement, out.env.now);
        self.note_run(&statement, text);
        self.note_begin(&statement);
        match self.rewritten(&statement, out) {
            Some(text) => wire::write::query(out.bytes, &text),
            None => out.bytes.put_slice(bytes),
        }
        let statement = Some(statement);
        self.end_batch_with(out, |bytes| Expect::Queried { statement, bytes });
        Ok(())
    }

    /// What the next text in the stream is: as scanned, or looked at now.
    pub(super) fn next_statement(&mut self, text: &[u8], env: &Env<'_>) -> Arc<Statement> {
        if self.scan.statements.is_empty() {
            env.classify.classify(text, self.syntax())
        } else {
            self.scan.statements.remove(0)
        }
    }

    /// A statement goes to the server: whether it may write decides what later reads must see.
    pub(super) fn note_class(&mut self, statement: &Statement, now: Instant) {
        let on_primary = self.is_on_primary();
        let (class, _) = statement.verdict(now);
        if on_primary && (!may_read(class) || self.is_healing()) {
            self.note_may_write();
        }
        self.defines.running |= on_primary && statement.may_define();
        self.writes.ending |= statement.effects.iter().any(Effect::ends_transaction);
    }

    /// Something goes to the server of which it is not known what it is.
    pub(super) fn note_unknown(&mut self) {
        if self.is_on_primary() {
            self.note_may_write();
        }
        self.writes.ending = true;
    }

    /// What goes to the server may write: so it is until its batch was answered to its end.
    pub(super) fn note_may_write(&mut self) {
        self.writes.running = true;
        self.writes.owed = u16::try_from(self.expects.open() + 1).unwrap_or(u16::MAX);
    }

    pub(super) fn is_on_primary(&self) -> bool {
        self.link.is_none_or(|link| link.role == Role::Primary)
    }

    fn end_batch_with(&mut self, out: &Out<'_, '_>, expect: impl FnOnce(usize) -> Expect) {
        self.count_query(out.side);
        self.expects.push(expect(self.batch_bytes));
        self.end_batch();
    }

    pub(super) fn end_batch(&mut self) {
        self.batch = BatchState::Between;
        self.batch_bytes = 0;
        self.is_flushed = false;
        if self.scan.asked.is_some() {
            self.note_asked();
        }
        self.scan_reset();
    }
}
