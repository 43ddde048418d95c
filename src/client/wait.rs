//! A batch that no node can serve now waits for one. Nothing of it has been sent anywhere, so that
//! this is as if it had come later.

use std::future::Future;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use std::time::Instant;

use tokio::time::sleep;
use tokio::time::timeout_at;

use crate::client::ending::Ending;
use crate::client::link::tell_queued;
use crate::client::pick::Errand;
use crate::client::relay::Relay;
use crate::client::relay::now;
use crate::error::Blame;
use crate::error::Error;
use crate::error::Retry;
use crate::ids::NodeId;
use crate::registry::cluster::Cluster;
use crate::registry::failover::Place;
use crate::registry::orders::Orders;
use crate::registry::pick::AVOIDED_FOR;
use crate::registry::pick::Pick;
use crate::route::Kind;
use crate::session::side::Role;
use crate::sqlstate::SqlState;
use crate::topology::choose::Ask;
use crate::topology::choose::NodeSet;
use crate::topology::policy::PrimaryReads;
use crate::topology::view::View;

/// A batch's wait for a node.
#[derive(Debug)]
pub(super) struct Wait {
    /// Whose line the place is in.
    cluster: Arc<Cluster>,
    place: Place,
    until: Instant,
    /// The option that ends it.
    limit: &'static str,
    /// Why there was no server of the node that was tried last.
    cause: Option<Error>,
}

impl Wait {
    /// The time is over.
    fn over(&self, what: &str) -> Ending {
        let message = match &self.cause {
            Some(cause) => format!("{what} within {}: {cause}", self.limit),
            None => format!("{what} within {}", self.limit),
        };
        Error::new(Blame::Server, SqlState::CANNOT_CONNECT_NOW, message).into()
    }
}

impl Relay {
    /// Whether a batch for the primary waits for its turn, even if there is a primary.
    pub(super) fn stands_in_line(&self, errand: &Errand) -> bool {
        match &errand.wait {
            Some(wait) => wait.place.stands(),
            None => self.desk.cluster().failover.is_busy(),
        }
    }

    /// Waits for a primary, in the order of arrival.
    pub(super) async fn wait_for_primary(
        &mut self,
        errand: &mut Errand,
    ) -> Result<Option<Pick>, Ending> {
        // What has failed it may be the next primary.
        errand.avoid = NodeSet::EMPTY;
        let want = errand.served_want();
        let patience = self.desk.failover_wait;
        let wait = self.wait(errand)?;
        loop {
            wait.place.stand();
            let cluster = Arc::clone(&wait.cluster);
            let turn = wait.place.turn(&cluster.monitor, patience);
            let turn = timeout_at(wait.until.into(), turn);
            match self.while_waiting(turn).await? {
                None => return Ok(None),
                Some(Err(_)) => return Err(wait.over("no primary was found")),
                Some(Ok(())) => (),
            }
            if let Some(pick) = self.desk.pick(want, &Ask::default(), now()) {
                // It may have refused before, as a standby that starts does.
                self.desk.pool(pick.node)?.node_answers();
                return Ok(Some(pick));
            }
        }
    }

    /// A node that was taken for the primary has refused a write as read only: whether the whole of it
    /// has turned so is seen by asking it.
    pub(super) async fn see_turned(&mut self, node: NodeId) -> Result<(), Ending> {
        let desk = Arc::clone(&self.desk);
        desk.on_failed(node);
        let has_turned = |view: &View| {
            let is_primary = view.primary == Some(node);
            let is_turned = view.node(node).is_none_or(|n| n.turned_read_only.is_some());
            (!is_primary || is_turned).then_some(())
        };
        let monitor = &desk.cluster().monitor;
        let seen = monitor.wait_for(None, now() + TURN_WAIT, has_turned);
        self.while_waiting(seen).await?;
        Ok(())
    }

    /// Waits for any node that may serve a read.
    pub(super) async fn wait_for_node(
        &mut self,
        errand: &mut Errand,
        ask: Ask,
    ) -> Result<Option<Pick>, Ending> {
        let want = errand.served_want();
        let wait = self.wait(errand)?;
        let until = wait.until;
        let mut ask = ask;
        loop {
            // Those that failed it may be back later, if there is no other.
            let deadline = match ask.avoid == NodeSet::EMPTY {
                true => until,
                false => until.min(now() + AVOIDED_FOR),
            };
            let desk = Arc::clone(&self.desk);
            let waited = self.while_waiting(desk.wait_and_pick(want, &ask, deadline));
            match waited.await? {
                None => return Ok(None),
                Some(Some(pick)) => return Ok(Some(pick)),
                Some(None) if until <= deadline => break,
                Some(None) => ask.avoid = NodeSet::EMPTY,
            }
        }
        let what = match want.kind {
            Kind::Replica => "no replica was available",
            Kind::Read if ask.position.is_some() => {
                "no node has reached the position of pgsluice.wait_for"
            }
            Kind::Read | Kind::Any | Kind::Primary => "no node was available",
        };
        Err(wait.over(what))
    }

    /// No server could be had of a node, and nothing was sent: another is tried, or the same one
    /// when it is well.
    pub(super) fn on_no_server(
        &self,
        errand: &mut Errand,
        pick: Pick,
        error: Error,
    ) -> Result<(), Ending> {
        let lags = self.desk.may_lag(pick, &error);
        if !lags {
            self.desk.on_failed(pick.node);
        }
        // What the primary may say otherwise, if it is asked.
        let has_primary =
            errand.kind == Kind::Any || self.desk.primary_reads != PrimaryReads::Never;
        let is_final = error.retry() == Retry::No && !(lags && has_primary);
        if is_final || errand.kind == Kind::Replica {
            return Err(error.into());
        }
        if pick.role == Role::Replica {
            errand.avoid = errand.avoid.with(pick.node);
            return Ok(());
        }
        let is_full = error.sqlstate() == SqlState::TOO_MANY_CONNECTIONS;
        if is_full || self.desk.failover_wait.is_zero() || self.desk.cluster().config.is_plain() {
            return Err(error.into());
        }
        errand.avoid = errand.avoid.with(pick.node);
        let kind = errand.kind;
        let wait = self.wait(errand)?;
        wait.cause = Some(error);
        if kind == Kind::Primary {
            wait.cluster.failover.on_failed(now());
            wait.place.stand();
        }
        Ok(())
    }

    /// A batch has its server.
    pub(super) fn on_waited_well(&self, errand: &mut Errand) {
        if let Some(wait) = errand.wait.take() {
            wait.cluster.failover.on_served();
        }
    }

    /// The wait of a batch, which begins now if it has not yet.
    ///
    /// # Errors
    /// Too many wait, or it may not.
    fn wait<'e>(&self, errand: &'e mut Errand) -> Result<&'e mut Wait, Ending> {
        let cluster = self.desk.cluster();
        let before = errand.wait.take();
        let wait = match before {
            Some(wait) if Arc::ptr_eq(&wait.cluster, cluster) => wait,
            before => Box::new(self.new_wait(before)?),
        };
        Ok(errand.wait.insert(wait))
    }

    /// A place in the line of the cluster there is now, for as long as was left in that `before`.
    fn new_wait(&self, before: Option<Box<Wait>>) -> Result<Wait, Ending> {
        let cluster = Arc::clone(self.desk.cluster());
        let came = self.timer.began();
        let count_max = self.desk.failover_queue_max;
        let place = cluster.failover.enter(came, count_max).ok_or_else(|| {
            let message = format!(
                "no node is available, and {count_max} clients wait for one \
                 (failover_queue_max)"
            );
            Error::new(Blame::Proxy, SqlState::TOO_MANY_CONNECTIONS, message)
        })?;
        let by_query = self.desk.wait_deadline(came);
        let by_failover = now() + self.desk.failover_wait;
        let (until, limit) = match by_query < by_failover {
            true => (by_query, "query_wait_timeout"),
            false => (by_failover, "failover_wait"),
        };
        Ok(match before {
            Some(before) => Wait {
                cluster,
                place,
                ..*before
            },
            None => Wait {
                cluster,
                place,
                until,
                limit,
                cause: None,
            },
        })
    }

    /// Waits for `future`, unless the client leaves or is told to; `None` if the configuration has
    /// changed. The client is told once that it waits, when it has for long.
    async fn while_waiting<T>(
        &mut self,
        future: impl Future<Output = T>,
    ) -> Result<Option<T>, Ending> {
        self.slot.wait(now());
        let notify = self.desk.database.config.timeouts.query_wait_notify;
        let mut notice = notify.limit().map(|limit| Box::pin(sleep(limit)));
        let mut future = pin!(future);
        let waited = poll_fn(|cx| {
            if let Poll::Ready(found) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(Some(found)));
            }
            tell_queued(cx, &mut notice, self.conn.out());
            let waited = self.poll_waiting(cx).map(Err);
            if waited.is_pending() && self.slot.orders().has(Orders::RELOAD) {
                return Poll::Ready(Ok(None));
            }
            waited
        })
        .await;
        waited.map_err(|waited| self.on_waited(waited))
    }
}

/// How long it is waited for that a node is seen to have turned read only: its processes are told of that one by
/// one.
const TURN_WAIT: Duration = Duration::from_millis(500);
