//! Those who wait for a view that serves them. A cluster that is written to publishes hundreds of
//! views a second, of which most readers can use one: they are woken for that one.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::sync::Notify;

use crate::ids::NodeId;
use crate::topology::choose::Ask;
use crate::topology::choose::is_fresh;
use crate::topology::view::NodeView;
use crate::topology::view::View;

/// What someone waits for.
#[derive(Clone, Copy, Debug)]
pub enum Awaited {
    /// Any change.
    Change,
    /// A replica that holds what a read asks for, or a change of roles and the like.
    Replica(Ask),
    /// This node, to hold it.
    Node(NodeId, Ask),
}

impl Awaited {
    /// Whether a view in which only certificates and positions are new may be what is waited for.
    fn may_be(&self, view: &View) -> bool {
        let serves = |node: &NodeView, ask: &Ask| {
            Some(node.id) != view.primary && node.exclusion.is_none() && is_fresh(view, ask, node)
        };
        match self {
            Self::Change => true,
            Self::Replica(ask) => view.nodes.iter().any(|node| serves(node, ask)),
            Self::Node(id, ask) => view.node(*id).is_some_and(|node| serves(node, ask)),
        }
    }
}

/// All who wait.
#[derive(Debug, Default)]
pub(super) struct Line {
    waiters: Mutex<Waiters>,
}

#[derive(Debug, Default)]
struct Waiters {
    count: u64,
    list: Vec<Waiter>,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    awaited: Awaited,
    bell: Arc<Notify>,
}

/// One who waits, for as long as this lives.
#[derive(Debug)]
pub(super) struct Place<'a> {
    line: &'a Line,
    number: u64,
    bell: Arc<Notify>,
}

impl Line {
    /// Waits from here on: no later view is missed.
    pub(super) fn enter(&self, awaited: Awaited) -> Place<'_> {
        let bell = Arc::new(Notify::new());
        let mut waiters = self.waiters();
        waiters.count += 1;
        let number = waiters.count;
        waiters.list.push(Waiter {
            number,
            awaited,
            bell: Arc::clone(&bell),
        });
        Place {
            line: self,
            number,
            bell,
        }
    }

    /// Roles or the like have changed: all are woken.
    pub(super) fn wake_all(&self) {
        for waiter in &self.waiters().list {
            waiter.bell.notify_one();
        }
    }

    /// Certificates or positions have changed: those are woken who may be served now.
    pub(super) fn wake_served(&self, view: &View) {
        let waiters = self.waiters();
        for waiter in waiters.list.iter().filter(|w| w.awaited.may_be(view)) {
            waiter.bell.notify_one();
        }
    }

    fn waiters(&self) -> MutexGuard<'_, Waiters> {
        // A panic leaves the list as it was.
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// Waits to be woken.
    ///
    /// Cancel safety: yes, a bell that rings while nobody listens is kept.
    pub(super) async fn woken(&self) {
        self.bell.notified().await;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let list = &mut self.line.waiters().list;
        if let Some(place) = list.iter().position(|w| w.number == self.number) {
            list.swap_remove(place);
        }
    }
}

#[cfg(test)]
mod tests;
