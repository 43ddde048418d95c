//! A running monitor, as the rest of the process uses it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use arc_swap::Guard;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::ids::NodeId;
use crate::monitor::line::Awaited;
use crate::monitor::node;
use crate::monitor::pace::DEMAND_RENEWED_AFTER;
use crate::monitor::probe::Probe;
use crate::monitor::settings::Settings;
use crate::monitor::shared::Shared;
use crate::monitor::shared::now;
use crate::topology::tracker::Change;
use crate::topology::tracker::Failure;
use crate::topology::tracker::Tracker;
use crate::topology::view::View;

/// A handle on a cluster's monitor; clones are handles on the same one.
#[derive(Clone, Debug)]
pub struct Monitor {
    shared: Arc<Shared>,
}

/// The tasks of a monitor. They end when this is dropped.
#[derive(Debug)]
pub struct Tasks {
    set: JoinSet<()>,
}

impl Tasks {
    /// Ends the tasks and waits until they have.
    pub async fn stop(mut self) {
        self.set.shutdown().await;
    }
}

impl Monitor {
    /// Starts a task per node. Call it within a runtime.
    pub fn start<P: Probe>(settings: Settings, probe: P) -> (Self, Tasks) {
        Self::watch(Shared::new(settings), probe)
    }

    /// As [`start`](Self::start), in the place of this one: what it knows of the nodes that both
    /// watch is known from the first moment.
    pub fn start_after<P: Probe>(&self, settings: Settings, probe: P) -> (Self, Tasks) {
        Self::watch(Shared::after(&self.shared, settings), probe)
    }

    fn watch<P: Probe>(shared: Shared, probe: P) -> (Self, Tasks) {
        let (shared, probe) = (Arc::new(shared), Arc::new(probe));
        let mut set = JoinSet::new();
        for node in &shared.view.load().nodes {
            set.spawn(node::watch(
                Arc::clone(&shared),
                Arc::clone(&probe),
                node.id,
            ));
        }
        (Self { shared }, Tasks { set })
    }

    /// Of one node that is taken for the primary, whatever it is: nobody is asked, and nothing that
    /// traffic shows changes that.
    pub fn unasked(settings: Settings) -> (Self, Tasks) {
        let shared = Arc::new(Shared::unasked(settings));
        (
            Self { shared },
            Tasks {
                set: JoinSet::new(),
            },
        )
    }

    /// What is known now. Takes no lock; hold it for one decision, not over an await.
    pub fn view(&self) -> Guard<Arc<View>> {
        self.shared.view.load()
    }

    /// Tells when roles, health, identities or exclusions change, by the view's version.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// How often the view has come to bar what it did not before: a link that was made at another
    /// count asks [`View::bars`]. One atomic load.
    pub fn fences(&self) -> u64 {
        self.shared.fences.load(Ordering::Acquire)
    }

    /// Asks for a sample as of `since` or later, and for the certificates that follow from it.
    pub fn request_sample(&self, since: Instant) {
        self.shared.demand(since);
    }

    /// Waits until `pick` finds what it wants in a view, at the longest to `deadline`; `None` then.
    ///
    /// With `since`, samples as of then or later are asked for as long as it waits. For example a
    /// write waits for a primary.
    ///
    /// Cancel safety: yes, nothing is held.
    pub async fn wait_for<T>(
        &self,
        since: Option<Instant>,
        deadline: Instant,
        pick: impl FnMut(&View) -> Option<T>,
    ) -> Option<T> {
        self.wait_as(Awaited::Change, since, deadline, pick).await
    }

    /// As [`wait_for`](Self::wait_for), but woken only for views that may have what is awaited. For
    /// example a read that no replica may serve waits for one that is certified.
    ///
    /// Cancel safety: yes, nothing is held.
    pub async fn wait_as<T>(
        &self,
        awaited: Awaited,
        since: Option<Instant>,
        deadline: Instant,
        mut pick: impl FnMut(&View) -> Option<T>,
    ) -> Option<T> {
        // From here on a new view is not missed.
        let place = self.shared.line.enter(awaited);
        loop {
            if let Some(found) = pick(&self.view()) {
                return Some(found);
            }
            let mut until = deadline;
            if let Some(since) = since {
                self.request_sample(since);
                until = until.min(now() + DEMAND_RENEWED_AFTER);
            }
            let woken = timeout_at(until.into(), place.woken()).await;
            if woken.is_err() && deadline <= until {
                return None;
            }
        }
    }

    /// A batch that may have written has ended, or been lost. Cheap; call it for each.
    pub fn wrote(&self) {
        self.shared.wrote();
    }

    /// A node refused a connection: it is down at once, and asked again soon.
    pub fn refused(&self, node: NodeId) {
        let tell = |tracker: &mut Tracker| tracker.on_failure(node, Failure::Refused, now());
        self.shared.tell(tell);
        self.shared.hurry(node);
    }

    /// Something else went wrong with a server on this node: it is asked at once.
    pub fn failed(&self, node: NodeId) {
        self.shared.hurry(node);
    }

    /// A server on this node reported `in_hot_standby`. News takes the node out until it has been
    /// asked, which is at once.
    pub fn in_hot_standby(&self, node: NodeId, is_standby: bool) {
        let mut is_news = false;
        self.shared.tell(|tracker| {
            let change = tracker.on_in_hot_standby(node, is_standby, now());
            is_news = change != Change::Nothing;
            change
        });
        if is_news {
            self.shared.hurry(node);
        }
    }
}

#[cfg(test)]
mod tests;
