//! A client that replicates: it has a server of its own from its login to its end, and all that the
//! two say to each other is passed on as it is.
//!
//! Messages are counted, not read: after START_REPLICATION both sides copy at the same time, and
//! there is no transaction at whose end anything could be done.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Context as TaskContext;
use std::task::Poll;

use crate::client::Context;
use crate::client::ending::Ending;
use crate::client::ending::Fate;
use crate::client::lines::Subject;
use crate::client::relay::now;
use crate::client::say_last;
use crate::client::way::Broken;
use crate::client::way::Way;
use crate::error::Blame;
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
use crate::wire::client;
use crate::wire::frames::Side;
use crate::wire::server;

/// What a login for replication has made.
pub(super) struct Guest {
    pub(super) desk: Arc<Desk>,
    pub(super) slot: Arc<Slot>,
    pub(super) lease: Lease<Dialer>,
    pub(super) entered: (Entered, Admitted),
}

/// A client that replicates, and its server.
pub(super) struct Replica {
    context: Arc<Context>,
    guest: Guest,
    conn: Conn<Stream>,
    /// From the client to the server.
    there: Way,
    /// And back.
    back: Way,
}

impl Replica {
    /// A client that has logged in and whose welcome waits to be written.
    pub(super) fn new(context: &Arc<Context>, guest: Guest, conn: Conn<Stream>) -> Self {
        let bytes_max = guest.desk.rules.message_bytes_max;
        Self {
            context: Arc::clone(context),
            guest,
            conn,
            there: Way::new(Side::Client { bytes_max }),
            back: Way::new(Side::Server),
        }
    }

    /// Serves the client to its end.
    pub(super) async fn serve(mut self: Box<Self>) {
        let (slot, lease) = (&self.guest.slot, &self.guest.lease);
        slot.link(&lease.cancel, now());
        // While it logged in nobody told it anything.
        let ending = match self.fenced() {
            Some(ending) => ending,
            None => poll_fn(|cx| self.poll_end(cx)).await,
        };
        self.count();
        let Self {
            context,
            guest,
            mut conn,
            back,
            ..
        } = *self;
        let Guest {
            desk, slot, lease, ..
        } = &guest;
        let subject = Subject {
            id: slot.id,
            about: &slot.about,
            database: &slot.database,
            user: &desk.user,
        };
        subject.leaves(&ending);
        tracing::debug!(server = lease.id.0, "replication ends");
        guest.lease.close(Closing::Replication);
        context.registry.clients.leave(&guest.slot);
        if let Ending::Fatal(error) = &ending {
            context.errors.count(error.blame(), error.sqlstate());
        }
        // What is said within a message is taken for a part of it.
        let is_mute = !back.is_between_messages() && !matches!(ending, Ending::Gone(_));
        let ending = if is_mute { &Ending::Told } else { &ending };
        say_last(&mut conn, ending).await;
        drop(guest.entered);
    }

    fn poll_end(&mut self, cx: &mut TaskContext<'_>) -> Poll<Ending> {
        if let Poll::Ready(ending) = self.poll_orders(cx) {
            return Poll::Ready(ending);
        }
        if self.guest.slot.orders().has(Orders::SUSPEND) {
            return Poll::Pending;
        }
        let server = &mut self.guest.lease.conn;
        let back = self.back.poll_pass(server, &mut self.conn, cx);
        let there = self.there.poll_pass(&mut self.conn, server, cx);
        self.count();
        match (back, there) {
            (Poll::Ready(broken), _) => Poll::Ready(self.on_server(broken)),
            (Poll::Pending, Poll::Ready(broken)) => Poll::Ready(self.on_client(broken)),
            (Poll::Pending, Poll::Pending) => Poll::Pending,
        }
    }

    /// What the client was told by others. It is never between transactions, so it leaves for what
    /// others leave for at their end.
    fn poll_orders(&mut self, cx: &mut TaskContext<'_>) -> Poll<Ending> {
        let slot = &self.guest.slot;
        slot.register(cx.waker());
        let orders = slot.orders();
        if orders.has(Orders::LEAVE) || orders.has(Orders::DRAIN) {
            return Poll::Ready(Ending::told(slot.parting()));
        }
        for done in [Orders::CANCEL, Orders::RELOAD, Orders::SHED] {
            slot.carried_out(done);
        }
        if orders.has(Orders::FENCE) {
            slot.carried_out(Orders::FENCE);
            if let Some(ending) = self.fenced() {
                return Poll::Ready(ending);
            }
        }
        if orders.has(Orders::RENEW) {
            slot.carried_out(Orders::RENEW);
            if self.guest.lease.is_outdated() {
                return Poll::Ready(Ending::outdated());
            }
        }
        let is_told = orders.has(Orders::SUSPEND);
        let is_still = is_told && self.poll_flushed(cx).is_ready();
        self.guest.slot.stand_still(is_still);
        Poll::Pending
    }

    /// How it ends if its node is not the primary any more.
    fn fenced(&self) -> Option<Ending> {
        let is_barred = (self.guest.desk.cluster()).bars(self.guest.lease.node, true);
        let reason = "the node is not the primary any more";
        is_barred.then(|| Ending::server_lost(Fate::None, reason.to_owned()))
    }

    /// Writes; a stream that fails shows it when it is read again.
    fn poll_flushed(&mut self, cx: &mut TaskContext<'_>) -> Poll<()> {
        let server = self.guest.lease.conn.poll_flush(cx);
        let client = self.conn.poll_flush(cx);
        match (server, client) {
            (Poll::Ready(_), Poll::Ready(_)) => Poll::Ready(()),
            (_, _) => Poll::Pending,
        }
    }

    /// The way from the server is broken.
    fn on_server(&self, broken: Broken) -> Ending {
        let reason = match broken {
            Broken::To(error) => return Ending::Gone(Some(error)),
            _ if self.there.last() == Some(client::TERMINATE) => return Ending::Left,
            // It has said why.
            _ if self.back.last() == Some(server::ERROR_RESPONSE) => return Ending::Told,
            Broken::End => "server closed the connection unexpectedly".to_owned(),
            Broken::From(error) => format!("connection to the server was lost: {error}"),
            Broken::Wire(fault) => format!("the server broke the protocol: {fault}"),
        };
        Ending::server_lost(Fate::None, reason)
    }

    /// The way from the client is broken.
    fn on_client(&self, broken: Broken) -> Ending {
        match broken {
            Broken::To(error) => {
                let reason = format!("connection to the server was lost: {error}");
                Ending::server_lost(Fate::None, reason)
            }
            Broken::End if self.there.last() == Some(client::TERMINATE) => Ending::Left,
            Broken::End => Ending::Gone(None),
            Broken::From(error) => Ending::Gone(Some(error)),
            Broken::Wire(fault) => Ending::Fatal(fault.blamed(Blame::Client)),
        }
    }

    /// Counts the bytes that went by.
    fn count(&mut self) {
        let metrics = &self.guest.desk.database.metrics;
        let traffic = self.guest.lease.conn.take_traffic();
        metrics.servers(traffic.read, traffic.written);
        let traffic = self.conn.take_traffic();
        metrics.clients(traffic.read, traffic.written);
    }
}
