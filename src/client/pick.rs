//! From a want to a node: with what the session needs of it, and with patience where a fresh sample
//! may help.

use std::future::Future;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use std::time::Instant;

use crate::client::ending::Ending;
use crate::client::link::Waited;
use crate::client::relay::Relay;
use crate::client::relay::now;
use crate::client::wait::Wait;
use crate::ids::NodeId;
use crate::metrics::handles::Served;
use crate::registry::pick::Pick;
use crate::route::Kind;
use crate::route::Want;
use crate::route::freshness::Needs;
use crate::session::Again;
use crate::session::Env;
use crate::session::side::Role;
use crate::topology::choose::Ask;
use crate::topology::choose::NodeSet;
use crate::topology::choose::Shortage;

/// How long a session waits at the most for a certificate of the node to which it would move.
const MOVE_WAIT_MAX: Duration = Duration::from_millis(5);

/// What a batch asks for, at its first attempt and at those after it.
#[derive(Debug)]
pub(super) struct Errand {
    /// What the batch wants.
    pub(super) want: Want,
    /// The kind of node to look for: another in a dry run and after a replica's refusal.
    pub(super) kind: Kind,
    /// What the node must hold.
    pub(super) needs: Needs,
    /// Nodes that have failed it.
    pub(super) avoid: NodeSet,
    /// The node that has refused it as read only, until it is known whether the whole of it is.
    pub(super) refused_by: Option<NodeId>,
    /// Its wait for a node, from when there was none to when it has a server.
    pub(super) wait: Option<Box<Wait>>,
}

impl Errand {
    /// What is asked of the cluster.
    pub(super) fn served_want(&self) -> Want {
        Want {
            kind: self.kind,
            ..self.want
        }
    }

    /// The batch has to be sent again, not to `node`.
    pub(super) fn is_sent_again(&mut self, again: Again, node: NodeId) {
        match again {
            Again::Primary => self.kind = Kind::Primary,
            // The view knows that it is a standby, or will know what it has turned.
            Again::NewPrimary => return,
            Again::IfTurned => {
                self.refused_by = Some(node);
                return;
            }
            Again::Here | Again::Elsewhere => (),
        }
        self.avoid = self.avoid.with(node);
    }
}

impl Relay {
    /// What the batch that was looked at needs, which has just come.
    pub(super) fn errand(&self, want: Want) -> Errand {
        let database_write = self.desk.database.last_write.at();
        let is_dry = self.desk.is_dry_run && want.kind != Kind::Primary;
        let kind = if is_dry { Kind::Primary } else { want.kind };
        Errand {
            want,
            kind,
            needs: self.session.needs(self.timer.now(), database_write),
            avoid: NodeSet::EMPTY,
            refused_by: None,
            wait: None,
        }
    }

    /// The batch is sent again: it may stand behind others on the link, which have read since it
    /// began.
    pub(super) fn needs_more(&self, errand: &mut Errand) {
        let needs = self.session.needs(self.timer.now(), None);
        errand.needs.last_read = needs.last_read.or(errand.needs.last_read);
    }

    /// Looks at the batch anew that goes to another replica: the next link is made for it. As what came
    /// behind a batch, it might have to wait for a link of its own, for ever.
    pub(super) fn look_again(&mut self, again: Again) -> Result<(), Ending> {
        if again != Again::Elsewhere {
            return Ok(());
        }
        let env = Env {
            classify: self.desk.classifier(),
            texts: &self.context.texts,
            budget: &self.desk.database.budget,
            now: self.timer.now(),
        };
        self.session.scan(self.conn.unread(), &env)?;
        Ok(())
    }

    /// The batch is sent again.
    pub(super) fn on_again(&self, again: Again) {
        self.desk.on_again(again.as_str());
        let metrics = &self.desk.database.metrics;
        match again {
            Again::Primary => metrics.served(Served::Healed),
            Again::Elsewhere => metrics.served(Served::Retried),
            Again::Here | Again::NewPrimary | Again::IfTurned => (),
        }
    }

    /// Chooses a node; with none to be had, waits for the cluster to change, as long as a batch
    /// may wait. `None`: the configuration has changed meanwhile.
    pub(super) async fn pick(
        &mut self,
        errand: &mut Errand,
        now: Instant,
    ) -> Result<Option<Pick>, Ending> {
        let ask = Ask {
            certified_since: errand.needs.certified_since,
            position: errand.needs.position,
            last_read: errand.needs.last_read,
            avoid: errand.avoid,
            primary_reads: self.desk.primary_reads,
            turn: self.desk.next_turn(),
        };
        if self.desk.is_dry_run && errand.want.kind != Kind::Primary {
            self.desk.try_dry(errand.want, &ask, now);
        }
        let want = errand.served_want();
        let tried = match want.kind {
            Kind::Primary if self.stands_in_line(errand) => Tried::Nobody,
            Kind::Primary if errand.refused_by.is_some() => Tried::Nobody,
            _ => self.try_pick(want, &ask, now),
        };
        let pick = match tried {
            Tried::Found(pick) => Some(pick),
            // Boxed: a client that does not wait has no room for it.
            tried => Box::pin(self.pick_in_time(errand, ask, tried, now)).await?,
        };
        if let Some(pick) = pick
            && matches!(want.kind, Kind::Read | Kind::Replica)
        {
            self.count(pick);
        }
        Ok(pick)
    }

    /// Chooses without waiting. A read moves between replicas once in a while.
    fn try_pick(&mut self, want: Want, ask: &Ask, now: Instant) -> Tried {
        if want.kind == Kind::Read
            && let Some(moved) = self.try_to_move(want, ask, now)
        {
            return moved;
        }
        match self.desk.pick(want, ask, now) {
            Some(pick) if want.kind == Kind::Read && pick.shortage == Some(Shortage::Stale) => {
                Tried::Stale(pick)
            }
            Some(pick) => Tried::Found(pick),
            None => Tried::Nobody,
        }
    }

    /// Once in a while a session reads from where it would without its last read.
    fn try_to_move(&mut self, want: Want, ask: &Ask, now: Instant) -> Option<Tried> {
        let last = ask.last_read?;
        if !self.session.may_settle_anew(now) {
            return None;
        }
        self.session.settle_again(now);
        let free = Ask {
            last_read: None,
            ..*ask
        };
        let drawn = self.desk.pick(want, &free, now)?;
        if drawn.role != Role::Replica || drawn.node == last.node {
            return None;
        }
        Some(if self.desk.is_fresh(drawn, ask) {
            Tried::Found(drawn)
        } else {
            Tried::MayMove(drawn)
        })
    }

    /// Waits for what could not be had at once.
    async fn pick_in_time(
        &mut self,
        errand: &mut Errand,
        ask: Ask,
        tried: Tried,
        now: Instant,
    ) -> Result<Option<Pick>, Ending> {
        let want = errand.served_want();
        let mut tried = tried;
        if let Some(node) = errand.refused_by.take() {
            self.see_turned(node).await?;
            if !self.stands_in_line(errand) {
                tried = self.try_pick(want, &ask, self::now());
            }
        }
        if let Tried::MayMove(drawn) = tried {
            if let Some(pick) = self.move_to(&ask, drawn, now).await? {
                return Ok(Some(pick));
            }
            tried = self.try_pick(want, &ask, now);
        }
        match tried {
            Tried::Found(pick) => Ok(Some(pick)),
            Tried::Stale(primary) => {
                let waited = self.wait_for_replica(want, &ask, now).await?;
                // The primary may be another by now, or none.
                let pick = waited.or_else(|| self.desk.pick(want, &ask, self::now()));
                Ok(Some(pick.unwrap_or(primary)))
            }
            Tried::MayMove(_) | Tried::Nobody => match want.kind {
                Kind::Primary => self.wait_for_primary(errand).await,
                Kind::Read | Kind::Replica | Kind::Any => self.wait_for_node(errand, ask).await,
            },
        }
    }

    /// Counts a read that has its node.
    fn count(&self, pick: Pick) {
        let metrics = &self.desk.database.metrics;
        let served = match (pick.role, pick.shortage) {
            (Role::Replica, _) if pick.has_waited => Served::ReplicaAfterWait,
            (Role::Replica, _) => Served::Replica,
            (Role::Primary, None) => Served::PrimaryToo,
            (Role::Primary, Some(Shortage::Stale)) => Served::PrimaryStale,
            (Role::Primary, Some(_)) => Served::PrimaryInstead,
        };
        metrics.served(served);
        self.desk.database.budget.on_served();
        if pick.role == Role::Replica {
            metrics.staleness.record(pick.age);
        }
    }

    /// Waits until the replica that was drawn is known to hold what the session has read.
    async fn move_to(
        &mut self,
        ask: &Ask,
        drawn: Pick,
        now: Instant,
    ) -> Result<Option<Pick>, Ending> {
        let deadline = now + MOVE_WAIT_MAX.min(self.desk.consistency_wait);
        let desk = Arc::clone(&self.desk);
        let waited = self
            .waiting(desk.wait_for_one(drawn, ask, deadline))
            .await?;
        Ok(waited.map(|age| Pick { age, ..drawn }))
    }

    /// Waits for any replica that holds what is needed; `None` if that takes too long.
    async fn wait_for_replica(
        &mut self,
        want: Want,
        ask: &Ask,
        now: Instant,
    ) -> Result<Option<Pick>, Ending> {
        let wait = self.desk.consistency_wait;
        let cluster = Arc::clone(self.desk.cluster());
        if wait.is_zero() || !cluster.patience.has(now) {
            return Ok(None);
        }
        let desk = Arc::clone(&self.desk);
        let found = self
            .waiting(desk.wait_for_replica(want, ask, now + wait))
            .await?;
        cluster.patience.note(found.is_some(), wait, self::now());
        Ok(found.map(|pick| Pick {
            has_waited: true,
            ..pick
        }))
    }

    /// Waits for `future`, unless the client leaves or is told to.
    async fn waiting<T>(&mut self, future: impl Future<Output = T>) -> Result<T, Ending> {
        self.slot.wait(now());
        let mut future = pin!(future);
        let waited = poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(found) => Poll::Ready(Ok(found)),
            Poll::Pending => self.poll_waiting(cx).map(Err),
        })
        .await;
        waited.map_err(|waited: Waited| self.on_waited(waited))
    }
}

/// What a choice without waiting came to.
enum Tried {
    /// The node.
    Found(Pick),
    /// This replica, once it is known to hold what the session has read.
    MayMove(Pick),
    /// A replica, once one is known to hold what is needed; else this node, the primary.
    Stale(Pick),
    /// No node may serve.
    Nobody,
}
