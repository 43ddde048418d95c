//! From a node to a server: its pool's turn.

use std::future::Future;
use std::future::poll_fn;
use std::pin::Pin;
use std::pin::pin;
use std::task::Context as TaskContext;
use std::task::Poll;
use std::time::Instant;

use bytes::BytesMut;
use tokio::time::Sleep;
use tokio::time::sleep;

use crate::client::ending::Ending;
use crate::client::leave::give_back;
use crate::client::pick::Errand;
use crate::client::relay::Relay;
use crate::client::relay::now;
use crate::client::timer::TimeUp;
use crate::error::Blame;
use crate::error::Error;
use crate::net::conn::Conn;
use crate::net::stream::Stream;
use crate::pool::lease::Lease;
use crate::registry::cluster::Cluster;
use crate::registry::dialer::Dialer;
use crate::registry::orders::Orders;
use crate::registry::pick::Pick;
use crate::route::Kind;
use crate::session::side::Link;
use crate::session::side::Role;
use crate::sqlstate::SqlState;
use crate::topology::choose::LastRead;
use crate::topology::choose::NodeSet;
use crate::wire::write;

/// Bytes of a client's that are read while it waits for a server.
const WAITING_BYTES_MAX: usize = 128 * 1024;

/// What ended a client's idleness.
enum Idle {
    /// It has said something.
    Asked,
    /// It is to stand still.
    Suspended,
}

/// What ended a wait for a server.
pub(super) enum Waited {
    /// The server.
    Leased(Lease<Dialer>),
    /// There will be none.
    Refused(Error),
    /// The node that it would be of is the primary no more.
    Replaced,
    /// The client's stream ended.
    Gone(Option<std::io::Error>),
    /// The client was told something.
    Told(Orders),
}

/// What standing in a pool's line came to.
enum Leased {
    /// The server.
    Yes(Lease<Dialer>),
    /// There will be none.
    No(Error),
    /// The node is the primary no more.
    Replaced,
}

impl Relay {
    /// Gets a server for a batch and lays the session on it.
    pub(super) async fn link(&mut self, errand: &mut Errand) -> Result<(), Ending> {
        loop {
            if self.take_reload()? {
                // Nodes have other numbers, perhaps.
                errand.avoid = NodeSet::EMPTY;
                errand.needs.last_read = errand.needs.last_read.map(LastRead::nowhere);
            }
            // Before the view is looked at: what is barred after that is noticed on the link.
            self.fences = self.desk.cluster().monitor.fences();
            // The clock is asked once a batch as long as nothing is waited for.
            let mut began = if errand.avoid == NodeSet::EMPTY && errand.wait.is_none() {
                self.timer.now()
            } else {
                now()
            };
            let Some(pick) = self.pick(errand, began).await? else {
                continue;
            };
            if errand.wait.is_some() {
                began = now();
            }
            if let Some(lease) = self.desk.pool(pick.node)?.try_lease(began) {
                return self.on_lease(errand, pick, lease, began);
            }
            // Boxed: a client that does not wait has no room for it.
            match Box::pin(self.wait_for_lease(pick, errand)).await? {
                Leased::Yes(lease) if self.desk.is_as_picked(pick) => {
                    return self.on_lease(errand, pick, lease, now());
                }
                // Meanwhile the node may have died and come back with less than it was chosen for.
                Leased::Yes(lease) => lease.give_back(now()),
                Leased::Replaced => (),
                // The pool is one of the last configuration.
                Leased::No(_) if self.slot.orders().has(Orders::RELOAD) => (),
                Leased::No(error) => self.on_no_server(errand, pick, error)?,
            }
        }
    }

    /// Stands in the pool's line. Who wants the primary leaves it when that is another.
    async fn wait_for_lease(&mut self, pick: Pick, errand: &Errand) -> Result<Leased, Ending> {
        self.slot.wait(now());
        let pool = std::sync::Arc::clone(self.desk.pool(pick.node)?);
        let notify = self.desk.database.config.timeouts.query_wait_notify;
        // Both waits together are no longer than a batch may wait.
        let began = self.timer.began();
        let deadline = errand.wait.as_ref().map(|_| self.desk.wait_deadline(began));
        let cluster = std::sync::Arc::clone(self.desk.cluster());
        let waited = {
            let mut leasing = pin!(pool.lease(deadline));
            let mut notice = notify.limit().map(|limit| Box::pin(sleep(limit)));
            let mut replaced = pin!(replaced(&cluster, pick));
            poll_fn(|cx| {
                tell_queued(cx, &mut notice, self.conn.out());
                let waited = self.poll_lease(cx, leasing.as_mut());
                match waited.is_pending() {
                    true => replaced.as_mut().poll(cx),
                    false => waited,
                }
            })
            .await
        };
        match waited {
            Waited::Leased(lease) => {
                if self.slot.orders().has(Orders::SUSPEND) {
                    Box::pin(self.stand_still()).await?;
                }
                Ok(Leased::Yes(lease))
            }
            Waited::Refused(error) => Ok(Leased::No(error)),
            Waited::Replaced => Ok(Leased::Replaced),
            waited @ (Waited::Gone(_) | Waited::Told(_)) => Err(self.on_waited(waited)),
        }
    }

    fn poll_lease(
        &mut self,
        cx: &mut TaskContext<'_>,
        leasing: Pin<&mut impl Future<Output = Result<Lease<Dialer>, Error>>>,
    ) -> Poll<Waited> {
        match leasing.poll(cx) {
            Poll::Ready(Ok(lease)) => Poll::Ready(Waited::Leased(lease)),
            Poll::Ready(Err(error)) => Poll::Ready(Waited::Refused(error)),
            Poll::Pending => self.poll_waiting(cx),
        }
    }

    /// While the client waits: whether it leaves, or is told to.
    pub(super) fn poll_waiting(&mut self, cx: &mut TaskContext<'_>) -> Poll<Waited> {
        if let Poll::Ready(Err(error)) = self.conn.poll_flush(cx) {
            return Poll::Ready(Waited::Gone(Some(error)));
        }
        while self.conn.unread().len() < WAITING_BYTES_MAX {
            match self.conn.poll_fill(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Waited::Gone(None)),
                Poll::Ready(Err(error)) => return Poll::Ready(Waited::Gone(Some(error))),
                Poll::Ready(Ok(_)) => (),
                Poll::Pending => break,
            }
        }
        let orders = self.orders(cx.waker());
        if orders.has(Orders::LEAVE) || orders.has(Orders::CANCEL) {
            return Poll::Ready(Waited::Told(orders));
        }
        Poll::Pending
    }

    pub(super) fn on_waited(&mut self, waited: Waited) -> Ending {
        self.unlink();
        match waited {
            Waited::Gone(error) => Ending::Gone(error),
            Waited::Told(orders) if orders.has(Orders::CANCEL) => Ending::Cancelled,
            Waited::Told(_) | Waited::Leased(_) | Waited::Replaced => {
                Ending::told(self.slot.parting())
            }
            Waited::Refused(error) => error.into(),
        }
    }

    fn on_lease(
        &mut self,
        errand: &mut Errand,
        pick: Pick,
        mut lease: Lease<Dialer>,
        now: Instant,
    ) -> Result<(), Ending> {
        self.slot.link(&lease.cancel, self.timer.began());
        // From here on a cancel request goes to the server; one that came before is seen here.
        if self.slot.orders().has(Orders::CANCEL) {
            self.unlink();
            give_back(lease, now);
            return Err(Ending::Cancelled);
        }
        self.timer.linked(now);
        // One that comes from another server, or of which none knew, goes on.
        if !self.session.is_unbound() && !self.session.is_moving() {
            self.timer.transaction_began(now);
        }
        self.on_waited_well(errand);
        let server = &mut *lease;
        // It may have been opened when nodes had other numbers.
        server.node = pick.node;
        let if_read_only = match errand.kind {
            Kind::Primary => server.side.if_read_only(self.desk.has_turned(pick.node)),
            Kind::Read | Kind::Replica | Kind::Any => None,
        };
        let link = Link {
            node: pick.node,
            incarnation: pick.incarnation,
            role: pick.role,
            want: errand.served_want(),
            if_read_only,
            goes_on: self.session.goes_on(&errand.needs),
            has_asked: false,
        };
        self.session
            .on_linked(link, &mut server.side, server.conn.out());
        let waited = self.timer.waited();
        server.side.meter.counts.wait_ns.add_time_alone(waited);
        self.desk.on_linked(errand.want, pick, waited);
        self.lease = Some(lease);
        Ok(())
    }

    /// Waits for bytes of a client that has no server: flushes what it is owed, and notices when
    /// it has to go.
    pub(super) async fn wait_for_client(&mut self) -> Result<(), Ending> {
        loop {
            match poll_fn(|cx| self.poll_client(cx)).await? {
                Idle::Asked => return Ok(()),
                // Boxed: few ever do.
                Idle::Suspended => Box::pin(self.stand_still()).await?,
            }
        }
    }

    fn poll_client(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<Idle, Ending>> {
        if !self.conn.is_flushed()
            && let Poll::Ready(Err(error)) = self.conn.poll_flush(cx)
        {
            return Poll::Ready(Err(Ending::Gone(Some(error))));
        }
        match self.conn.poll_fill(cx) {
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(Ending::Gone(None))),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(Ending::Gone(Some(error)))),
            Poll::Ready(Ok(_)) => return Poll::Ready(Ok(Idle::Asked)),
            Poll::Pending => (),
        }
        let orders = self.orders(cx.waker());
        if !orders.is_empty() {
            if let Err(ending) = self.obey(orders) {
                return Poll::Ready(Err(ending));
            }
            if orders.has(Orders::SUSPEND) {
                return Poll::Ready(Ok(Idle::Suspended));
            }
        }
        self.timer
            .poll(cx, &self.session, &self.desk.limits)
            .map(|()| self.on_time_up().map(|()| Idle::Asked))
    }

    /// Does what the client was told, now that it has no server.
    fn obey(&mut self, orders: Orders) -> Result<(), Ending> {
        if orders.has(Orders::LEAVE)
            || (orders.has(Orders::DRAIN) && self.conn.is_flushed() && !self.session.is_unbound())
        {
            return Err(Ending::told(self.slot.parting()));
        }
        if orders.has(Orders::CANCEL) {
            // It came too late: there is no query any more.
            self.slot.carried_out(Orders::CANCEL);
        }
        if orders.has(Orders::RENEW) {
            self.slot.carried_out(Orders::RENEW);
        }
        if orders.has(Orders::FENCE) {
            self.slot.carried_out(Orders::FENCE);
        }
        if orders.has(Orders::SHED) {
            self.slot.carried_out(Orders::SHED);
            self.shed();
        }
        self.take_reload().map(drop)
    }

    /// Takes the configuration anew if that was asked for; whether it was.
    fn take_reload(&mut self) -> Result<bool, Ending> {
        if !self.slot.orders().has(Orders::RELOAD) {
            return Ok(false);
        }
        self.slot.carried_out(Orders::RELOAD);
        self.reload()?;
        Ok(true)
    }

    /// A limit may have passed.
    pub(super) fn on_time_up(&mut self) -> Result<(), Ending> {
        let Some(which) = self.timer.time_up(&self.session, &self.desk.limits) else {
            return Ok(());
        };
        // PgBouncer's words, and its code for all that it says itself.
        let message = match which {
            TimeUp::ClientIdle => "client_idle_timeout",
            TimeUp::Query => "query timeout",
            TimeUp::Transaction => "transaction timeout",
            TimeUp::IdleTransaction => "idle transaction timeout",
        };
        Err(Error::new(Blame::Client, SqlState::PROTOCOL, message).into())
    }

    /// The client's connection, for a last word.
    pub fn into_conn(self) -> Conn<Stream> {
        self.conn
    }
}

/// Waits until a node that was chosen as the primary is that no more; for ever for another.
async fn replaced(cluster: &Cluster, pick: Pick) -> Waited {
    if pick.role != Role::Primary || cluster.config.is_plain() {
        std::future::pending::<()>().await;
    }
    cluster.replaced(pick.node).await;
    Waited::Replaced
}

/// Tells a client that it waits, once, when it is time.
pub(super) fn tell_queued(
    cx: &mut TaskContext<'_>,
    notice: &mut Option<Pin<Box<Sleep>>>,
    out: &mut BytesMut,
) {
    if !notice
        .as_mut()
        .is_some_and(|due| due.as_mut().poll(cx).is_ready())
    {
        return;
    }
    *notice = None;
    let report = write::Report {
        severity: write::Severity::Notice,
        sqlstate: SqlState::SUCCESS,
        message: "No server connection available in postgres backend, client being queued",
        hint: None,
    };
    write::report(out, &report);
}
