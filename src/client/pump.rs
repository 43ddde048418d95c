//! The bytes of a link: what moves when, and what becomes of the server's replies.

use std::io;
use std::task::Context as TaskContext;
use std::task::Poll;

use bytes::BufMut;
use bytes::BytesMut;

use crate::client::ending::Ending;
use crate::client::fence::is_suspicious;
use crate::client::relay::Done;
use crate::client::relay::Relay;
use crate::client::relay::now;
use crate::error::Blame;
use crate::net::conn::Conn;
use crate::net::stream::Stream;
use crate::registry::orders::Orders;
use crate::server::Server;
use crate::session::Env;
use crate::session::Need;
use crate::session::Reply;
use crate::session::send::Sending;
use crate::sqlstate::SqlState;
use crate::wire::Fault;
use crate::wire::fields::Fields;
use crate::wire::frames::Part;
use crate::wire::frames::Piece;
use crate::wire::server;

/// Replies up to this many bytes are collected for one write; more go to the client's socket from
/// where they were read.
const COLLECTED_BYTES_MAX: usize = 16 * 1024;

/// What happened on a link.
#[derive(Debug)]
pub(super) enum Turn {
    /// Bytes moved.
    Moved,
    /// The client sent something.
    Asked,
    /// The server sent something.
    Replied,
    /// The client's stream ended or failed.
    ClientGone(Option<io::Error>),
    /// The server's stream ended or failed.
    ServerGone(Option<io::Error>),
    /// The server is to be replaced, and no transaction is running.
    Outdated,
    /// Others told the client to leave, or to when it has no transaction.
    Told,
    /// Others told it to stand still.
    Suspended,
    /// Others told it that its server may be one that must not be used.
    Fenced,
    /// A time limit has passed.
    TimeUp,
}

impl Relay {
    /// Moves what can be moved, and says what happened first. In this order: out before in, the
    /// server before the client, so that what is under way ends before more is begun.
    pub(super) fn poll_turn(&mut self, cx: &mut TaskContext<'_>, sending: Sending) -> Poll<Turn> {
        let is_moved = match self.poll_out(cx, sending) {
            Ok(is_moved) => is_moved,
            Err(turn) => return Poll::Ready(turn),
        };
        if let Poll::Ready(turn) = self.poll_replies(cx) {
            return Poll::Ready(turn);
        }
        if let Poll::Ready(turn) = self.poll_requests(cx, sending) {
            return Poll::Ready(turn);
        }
        if is_moved {
            return Poll::Ready(Turn::Moved);
        }
        let orders = self.orders(cx.waker());
        // One that keeps its server without being in a transaction leaves as if it had none.
        let may_drain = self.session.may_be_reset() && self.conn.is_flushed() && self.through == 0;
        if orders.has(Orders::LEAVE) || (orders.has(Orders::DRAIN) && may_drain) {
            return Poll::Ready(Turn::Told);
        }
        if orders.has(Orders::SUSPEND) {
            return Poll::Ready(Turn::Suspended);
        }
        if orders.has(Orders::FENCE) {
            return Poll::Ready(Turn::Fenced);
        }
        if orders.has(Orders::RENEW) && may_drain && self.is_outdated() {
            return Poll::Ready(Turn::Outdated);
        }
        self.timer
            .poll(cx, &self.session, &self.desk.limits)
            .map(|()| Turn::TimeUp)
    }

    /// Writes to both sides; whether something that others wait for was written.
    fn poll_out(&mut self, cx: &mut TaskContext<'_>, sending: Sending) -> Result<bool, Turn> {
        let mut is_moved = false;
        let Some(lease) = &mut self.lease else {
            return Ok(false);
        };
        let server = &mut **lease;
        if !server.conn.is_flushed() {
            match server.conn.poll_flush(cx) {
                Poll::Ready(Ok(())) => {
                    let is_over = self.session.next_need() != Need::None;
                    is_moved = sending == Sending::Waits || is_over;
                }
                Poll::Ready(Err(error)) => return Err(Turn::ServerGone(Some(error))),
                Poll::Pending => (),
            }
        }
        if !self.conn.is_flushed() {
            match self.conn.poll_flush(cx) {
                Poll::Ready(Ok(())) => (),
                Poll::Ready(Err(error)) => return Err(Turn::ClientGone(Some(error))),
                Poll::Pending => return Ok(is_moved),
            }
        }
        while self.through != 0 {
            let bytes = server.conn.unread().get(..self.through).unwrap_or_default();
            match self.conn.poll_through(cx, bytes) {
                Poll::Ready(Ok(count)) => {
                    server.conn.consume(count);
                    self.through -= count;
                    is_moved |= self.through == 0;
                }
                Poll::Ready(Err(error)) => return Err(Turn::ClientGone(Some(error))),
                Poll::Pending => return Ok(is_moved),
            }
        }
        Ok(is_moved)
    }

    /// Reads from the server unless the client is behind.
    fn poll_replies(&mut self, cx: &mut TaskContext<'_>) -> Poll<Turn> {
        let Some(lease) = &mut self.lease else {
            return Poll::Pending;
        };
        if self.through != 0 || self.desk.relay_bytes_max <= self.conn.out().len() {
            return Poll::Pending;
        }
        lease.conn.poll_fill(cx).map(|read| match read {
            Ok(0) => Turn::ServerGone(None),
            Ok(_) => Turn::Replied,
            Err(error) => Turn::ServerGone(Some(error)),
        })
    }

    /// Reads from the client unless the server, or the session, is behind.
    fn poll_requests(&mut self, cx: &mut TaskContext<'_>, sending: Sending) -> Poll<Turn> {
        let ahead_bytes_max = match sending {
            // What is there is the start of one message, which its own limit bounds.
            Sending::All => usize::MAX,
            Sending::Waits => self.desk.relay_bytes_max,
            Sending::Terminate => 0,
        };
        if ahead_bytes_max <= self.session.ahead_bytes(self.conn.unread().len()) {
            return Poll::Pending;
        }
        self.conn.poll_fill(cx).map(|read| match read {
            Ok(0) => Turn::ClientGone(None),
            Ok(_) => Turn::Asked,
            Err(error) => Turn::ClientGone(Some(error)),
        })
    }

    /// Does what a turn asks for; `None` if the link goes on.
    pub(super) fn on_turn(&mut self, turn: Turn) -> Result<Option<Done>, Ending> {
        match turn {
            Turn::Moved if self.through == 0 => {
                self.timer.moved(now());
                self.take_replies()
            }
            Turn::Moved => Ok(None),
            Turn::Asked => {
                let now = now();
                self.timer.asked(now);
                if self.session.is_idle() {
                    self.timer.transaction_began(now);
                }
                if self.through == 0 {
                    self.take_replies()
                } else {
                    Ok(None)
                }
            }
            Turn::Replied => {
                self.timer.moved(now());
                self.take_replies()
            }
            Turn::ClientGone(error) => Err(Ending::Gone(error)),
            Turn::ServerGone(error) => {
                let reason = error.map_or_else(
                    || "server closed the connection unexpectedly".to_owned(),
                    |error| format!("connection to the server was lost: {error}"),
                );
                self.on_server_lost(reason)
            }
            Turn::Told => Err(Ending::told(self.slot.parting())),
            Turn::Suspended => Ok(None),
            Turn::Fenced => {
                self.slot.carried_out(Orders::FENCE);
                Ok(None)
            }
            Turn::Outdated => Err(Ending::outdated()),
            Turn::TimeUp => self.on_time_up().map(|()| None),
        }
    }

    /// Looks at what the server sent, to the last whole piece.
    fn take_replies(&mut self) -> Result<Option<Done>, Ending> {
        if self.lease.is_none() {
            return Ok(Some(Done::Served));
        }
        let faulty = self.take_pieces();
        match faulty {
            Ok(()) if self.told_fatal && self.through == 0 => Err(self.on_told_fatal()),
            Ok(()) => {
                let done = self.on_need()?;
                if done.is_none() {
                    self.note_kept();
                }
                Ok(done)
            }
            Err(fault) => self.on_server_lost(format!("the server broke the protocol: {fault}")),
        }
    }

    fn take_pieces(&mut self) -> Result<(), Fault> {
        let Some(lease) = &mut self.lease else {
            return Ok(());
        };
        let Server {
            node,
            conn,
            frames,
            side,
            ..
        } = &mut ***lease;
        let env = Env {
            classify: self.desk.classifier(),
            texts: &self.context.texts,
            budget: &self.desk.database.budget,
            now: self.timer.now(),
        };
        let mut says = BytesMut::new();
        let mut is_suspect = false;
        let transaction = side.meter.transaction();
        let mut sorter = Sorter {
            client: &mut self.conn,
            server: conn,
            held: &mut self.held,
            run: 0,
            behind: 0,
            passed: 0,
        };
        while let Some(piece) = frames.next(sorter.unsorted())? {
            if self.session.has_says() {
                let reply = self.session.say(&mut says);
                sorter.say(&mut says, reply);
            }
            let bytes = sorter.unsorted().get(..piece.size).unwrap_or_default();
            let is_fatal = is_fatal(piece, bytes);
            let reply = self
                .session
                .on_server(piece, bytes, side, &mut says, &env)?;
            if piece.tag == server::ERROR_RESPONSE && reply == Reply::Pass {
                let code = Fields::new(bytes.get(5..).unwrap_or_default()).code();
                let code = code.unwrap_or(SqlState::INTERNAL);
                self.context.errors.count(Blame::Server, code);
                is_suspect |= is_suspicious(code);
            }
            self.told_fatal |= is_fatal && reply == Reply::Pass;
            is_suspect |= is_fatal;
            sorter.sort(piece.size, reply);
            sorter.say(&mut says, Reply::Pass);
        }
        if self.session.must_say() && frames.is_at_start() {
            let reply = self.session.say(&mut says);
            sorter.say(&mut says, reply);
        }
        side.meter.count_passed(sorter.passed);
        // What was sent behind the end of a transaction begins another.
        if let Some(began) = side.meter.transaction()
            && transaction.is_some_and(|before| before < began)
        {
            self.timer.transaction_began(began);
        }
        self.through = sorter.finish();
        if is_suspect || std::mem::take(&mut side.has_read_only_news) {
            self.desk.on_failed(*node);
        }
        if let Some(is_standby) = side.take_role_news() {
            self.desk.on_role(*node, is_standby);
        }
        self.session.learn_late(self.conn.unread(), &env);
        self.pass_on_write(self.timer.now());
        Ok(())
    }
}

/// Sorts a server's bytes: what goes to the client, what is held back, what is dropped.
struct Sorter<'a> {
    client: &'a mut Conn<Stream>,
    server: &'a mut Conn<Stream>,
    /// What was held back before; then the run is empty.
    held: &'a mut BytesMut,
    /// Bytes at the front of what the server sent that are for the client and still in place.
    run: usize,
    /// Bytes behind the run that are held back and still in place: they are copied only if nothing
    /// comes with them that lets them go, as rows do their description.
    behind: usize,
    /// Bytes that go to the client.
    passed: usize,
}

impl Sorter<'_> {
    /// What was not looked at.
    fn unsorted(&self) -> &[u8] {
        let sorted = self.run + self.behind;
        self.server.unread().get(sorted..).unwrap_or_default()
    }

    /// The next `size` bytes are of this kind.
    fn sort(&mut self, size: usize, reply: Reply) {
        match reply {
            Reply::Pass => {
                self.let_go();
                self.run += size;
                self.passed += size;
            }
            Reply::Hold => self.behind += size,
            Reply::Hide => {
                self.collect();
                self.server.consume(size);
            }
        }
    }

    /// Puts in what is ours to say.
    fn say(&mut self, says: &mut BytesMut, reply: Reply) {
        if says.is_empty() {
            return;
        }
        self.collect();
        match reply {
            Reply::Hold => self.held.put_slice(says),
            Reply::Pass | Reply::Hide => {
                self.let_go();
                self.passed += says.len();
                self.client.out().put_slice(says);
            }
        }
        says.clear();
    }

    /// What was held back goes to the client.
    fn let_go(&mut self) {
        if !self.held.is_empty() {
            debug_assert_eq!(self.run, 0, "what is held back came before");
            self.client.out().put_slice(self.held);
            self.passed += self.held.len();
            self.held.clear();
        }
        self.passed += self.behind;
        self.run += std::mem::take(&mut self.behind);
    }

    /// Copies the run to the client's out-buffer, and what is behind it to what is held back.
    fn collect(&mut self) {
        let Self { run, behind, .. } = *self;
        if run + behind == 0 {
            return;
        }
        let sorted = self.server.unread().get(..run + behind);
        let (to_client, to_hold) = sorted.unwrap_or_default().split_at(run);
        self.client.out().put_slice(to_client);
        self.held.put_slice(to_hold);
        self.server.consume(run + behind);
        (self.run, self.behind) = (0, 0);
    }

    /// Nothing more has come: how many bytes are to be written from where they are.
    fn finish(mut self) -> usize {
        if self.run <= COLLECTED_BYTES_MAX || self.behind != 0 {
            self.collect();
        }
        self.run
    }
}

/// Whether the server ends the connection with this.
fn is_fatal(piece: Piece, bytes: &[u8]) -> bool {
    piece.tag == server::ERROR_RESPONSE
        && piece.part == Part::Whole
        && Fields::new(bytes.get(5..).unwrap_or_default()).is_fatal()
}
