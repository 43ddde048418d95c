//! A client's task after login: batch by batch, from the client to a server and back.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use bytes::BytesMut;

use crate::client::Context;
use crate::client::ending::Ending;
use crate::client::ending::write_cancelled;
use crate::client::newcomer::StartedSession;
use crate::client::pump::Turn;
use crate::client::timer::Timer;
use crate::net::conn::Conn;
use crate::net::stream::Stream;
use crate::pool::closing::Closing;
use crate::pool::lease::Lease;
use crate::registry::clients::Entered;
use crate::registry::clients::Slot;
use crate::registry::crowds::Admitted;
use crate::registry::desk::Desk;
use crate::registry::dialer::Dialer;
use crate::registry::orders::Orders;
use crate::route::Want;
use crate::session::Again;
use crate::session::Env;
use crate::session::Need;
use crate::session::Session;
use crate::session::scan::Scanned;
use crate::session::send::Out;
use crate::session::send::Sending;
use crate::session::side::Link;
use crate::wire::server::Status;
use crate::wire::write;
use crate::wire::write::Severity;

/// A logged-in client and what it has.
pub struct Relay {
    pub(super) context: Arc<Context>,
    pub(super) desk: Arc<Desk>,
    pub(super) slot: Arc<Slot>,
    pub(super) conn: Conn<Stream>,
    pub(super) session: Session,
    pub(super) lease: Option<Lease<Dialer>>,
    /// Replies held back until it is clear that the batch need not be sent again.
    pub(super) held: BytesMut,
    /// Bytes at the start of the server's unread ones that go to the client as they are.
    pub(super) through: usize,
    pub(super) timer: Timer,
    /// What the slot wakes this task by.
    waker: Option<Waker>,
    /// Whether the client was told that its connection ends.
    pub(super) told_fatal: bool,
    /// Whether the client has a part of a message of which the rest will not come.
    pub(super) is_cut_short: bool,
    /// How often the cluster had barred a node when the link was last looked at.
    pub(super) fences: u64,
    _entered: (Entered, Admitted),
}

/// How a link ended.
pub(super) enum Done {
    /// The batch was served.
    Served,
    /// The batch has to be sent again, not to this node.
    Again(Again, Link),
}

impl Relay {
    /// A client that has logged in and whose welcome waits to be written.
    pub(super) fn new(context: &Arc<Context>, started: StartedSession, conn: Conn<Stream>) -> Self {
        let StartedSession {
            desk,
            slot,
            session,
            timer,
            entered,
        } = started;
        Self {
            context: Arc::clone(context),
            desk,
            slot,
            conn,
            session,
            lease: None,
            held: BytesMut::new(),
            through: 0,
            timer,
            waker: None,
            told_fatal: false,
            is_cut_short: false,
            fences: 0,
            _entered: entered,
        }
    }

    /// Writes the welcome.
    pub(super) async fn flush_welcome(&mut self) -> std::io::Result<()> {
        self.conn.flush().await?;
        self.shed();
        Ok(())
    }

    /// Gives back the memory that an idle client does not need.
    pub(super) fn shed(&mut self) {
        self.conn.shed();
        self.session.shed();
        if self.held.is_empty() {
            self.held = BytesMut::new();
        }
    }

    /// What the client was told and not yet done; when it is told more, `waker` is woken. A task has the
    /// same waker all its life, so the slot is rarely bothered.
    pub(super) fn orders(&mut self, waker: &Waker) -> Orders {
        if !self.waker.as_ref().is_some_and(|w| w.will_wake(waker)) {
            self.slot.register(waker);
            self.waker = Some(waker.clone());
        }
        self.slot.orders()
    }

    /// Serves the client until it leaves or must go.
    ///
    /// # Errors
    /// Why it must go.
    pub async fn run(&mut self) -> Result<(), Ending> {
        self.timer.moved(now());
        loop {
            let want = self.next_batch().await?;
            // When its last bytes came, or the batch before it was done with: not before it came.
            let came = self.timer.now();
            self.timer.batch_began(came);
            self.slot.stir();
            self.serve(want).await?;
        }
    }

    /// Waits for the next batch: what it wants.
    ///
    /// # Cancel safety
    /// Yes: all is in `self`.
    async fn next_batch(&mut self) -> Result<Want, Ending> {
        loop {
            let env = Env {
                classify: self.desk.classifier(),
                texts: &self.context.texts,
                budget: &self.desk.database.budget,
                now: self.timer.now(),
            };
            match self.session.scan(self.conn.unread(), &env)? {
                Scanned::Batch(want) => return Ok(want),
                Scanned::Alone => {
                    let alone = self.session.answer_alone(self.conn.out());
                    self.desk.on_alone(alone);
                    self.conn.consume(alone.bytes);
                    self.timer.answered_alone(alone);
                }
                Scanned::Terminate => return Err(Ending::Left),
                Scanned::Drop(size) => self.conn.consume(size),
                Scanned::More => {
                    self.wait_for_client().await?;
                    self.timer.moved(now());
                }
            }
        }
    }

    /// Serves one batch, on another node when it must be.
    async fn serve(&mut self, want: Want) -> Result<(), Ending> {
        let mut errand = self.errand(want);
        loop {
            match self.link(&mut errand).await {
                Ok(()) => (),
                Err(Ending::Cancelled) => return self.on_cancelled(),
                Err(ending) => return Err(ending),
            }
            match self.exchange().await? {
                Done::Served if self.lease.is_some() => return self.reset_released().await,
                Done::Served => return Ok(()),
                Done::Again(again, link) => {
                    errand.is_sent_again(again, link.node);
                    self.needs_more(&mut errand);
                    self.on_again(again);
                    self.look_again(again)?;
                }
            }
        }
    }

    /// The batch was cancelled while it waited for a server: it is answered as a server would.
    fn on_cancelled(&mut self) -> Result<(), Ending> {
        self.slot.carried_out(Orders::CANCEL);
        // What came behind it came since it was looked at.
        self.timer.moved(now());
        self.conn.consume(self.session.take_consumed());
        let bytes = self.session.give_up().ok_or(Ending::Cancelled)?;
        self.conn.consume(bytes);
        write_cancelled(self.conn.out(), Severity::Error);
        write::ready_for_query(self.conn.out(), Status::Idle);
        self.timer.released(now());
        Ok(())
    }

    /// Relays until the server goes back.
    async fn exchange(&mut self) -> Result<Done, Ending> {
        loop {
            let sending = self.push()?;
            if sending == Sending::Terminate && self.session.is_answered() {
                return Err(Ending::Left);
            }
            let is_due = self.session.must_say() || self.session.next_need() == Need::Leave;
            let turn = if is_due && self.through == 0 {
                Turn::Moved
            } else {
                poll_fn(|cx| self.poll_turn(cx, sending)).await
            };
            if let Turn::Suspended = turn {
                Box::pin(self.stand_still()).await?;
            }
            let done = match self.is_fenced() {
                true => self.on_fenced()?,
                false => self.on_turn(turn)?,
            };
            if let Some(done) = done {
                return Ok(done);
            }
        }
    }

    /// Sends what may be sent of what the client sent.
    fn push(&mut self) -> Result<Sending, Ending> {
        let Some(lease) = &mut self.lease else {
            return Ok(Sending::Waits);
        };
        let server = &mut **lease;
        self.conn.consume(self.session.take_consumed());
        let env = Env {
            classify: self.desk.classifier(),
            texts: &self.context.texts,
            budget: &self.desk.database.budget,
            now: self.timer.now(),
        };
        let mut out = Out {
            side: &mut server.side,
            bytes: server.conn.out(),
            env: &env,
        };
        let sending = self.session.send(self.conn.unread(), &mut out)?;
        self.conn.consume(self.session.take_consumed());
        Ok(sending)
    }

    /// What follows from what the session needs now; `None` if the link goes on.
    pub(super) fn on_need(&mut self) -> Result<Option<Done>, Ending> {
        let Some(lease) = &mut self.lease else {
            return Ok(Some(Done::Served));
        };
        let server = &mut **lease;
        if let Some(body) = self.session.take_prelude_error() {
            return self.on_prelude_error(&body);
        }
        self.session.upkeep(&mut server.side, server.conn.out());
        match self.session.next_need() {
            Need::None => Ok(None),
            Need::Leave => {
                self.session.leave(server.conn.out());
                Ok(None)
            }
            Need::Release if self.through == 0 => {
                self.release();
                Ok(Some(Done::Served))
            }
            Need::Release => Ok(None),
            Need::Again(Again::Here) => {
                self.held.clear();
                self.session
                    .on_again_here(&mut server.side, server.conn.out());
                Ok(None)
            }
            Need::Again(again) => {
                self.held.clear();
                let link = self.session.link().copied();
                if let (Again::NewPrimary, Some(link)) = (again, &link) {
                    // It may have been promoted since.
                    let is_standby = server.side.in_recovery == Some(true);
                    self.desk.on_role(link.node, is_standby);
                }
                if let (Again::Elsewhere, Some(link)) = (again, &link) {
                    self.desk.on_failed(link.node);
                }
                let is_dirty = self.session.breaks_off() || self.session.is_in_transaction();
                self.session.rewind();
                self.drop_lease(is_dirty.then_some(Closing::Dropped));
                Ok(link.map(|link| Done::Again(again, link)))
            }
        }
    }

    /// Tells others what the link has shown that concerns them.
    pub(super) fn pass_on_news(&mut self, lease: &mut Lease<Dialer>) {
        let traffic = lease.conn.take_traffic();
        let metrics = &self.desk.database.metrics;
        metrics.servers(traffic.read, traffic.written);
        let traffic = self.conn.take_traffic();
        metrics.clients(traffic.read, traffic.written);
        if self.session.take_defined() {
            self.desk.on_defined();
        }
        if let Some(healing) = self.session.take_healed() {
            self.desk.on_healed(&healing, now());
        }
    }

    /// Something may have been written: others learn of it before the client does.
    pub(super) fn pass_on_write(&mut self, at: Instant) {
        if self.session.take_wrote() {
            self.desk.on_wrote(at);
        }
    }
}

/// The time on the runtime's clock.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
