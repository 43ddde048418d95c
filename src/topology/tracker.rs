//! Makes a [`View`] of what the nodes answer: elects the primary, issues certificates, leaves out
//! what must not serve. Every input is one method; all of them end in the same recomputation.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use crate::ids::NodeId;
use crate::topology::certificate::Samples;
use crate::topology::health::Health;
use crate::topology::identity::Role;
use crate::topology::identity::SystemId;
use crate::topology::identity::Timeline;
use crate::topology::lsn::Lsn;
use crate::topology::lsn::WalLayout;
use crate::topology::policy::Policy;
use crate::topology::tail::Tail;
use crate::topology::tracker::shape::Freshness;
use crate::topology::tracker::shape::Shape;
use crate::topology::view::Exclusion;
use crate::topology::view::NodeView;
use crate::topology::view::View;

/// What a node says once per connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Its cluster.
    pub system: SystemId,
    /// How its write-ahead log is cut.
    pub layout: WalLayout,
}

/// What a node says at each probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it is.
    pub role: Role,
    /// The insert position of a primary, the replay position of a replica.
    pub lsn: Option<Lsn>,
    /// How far a primary's log is on disk; replicas get no more. `None` from a replica.
    pub flushed: Option<Lsn>,
    /// The timeline that it writes or follows, if it can tell.
    pub timeline: Option<Timeline>,
    /// Whether it is writable, but transactions are read only by default on the whole server
    /// (`default_transaction_read_only`).
    pub is_read_only: bool,
}

/// How a probe failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Nobody listens there.
    Refused,
    /// It runs, and has no room for another connection.
    Full,
    /// Anything else: no answer in time, a lost connection, an error.
    Failed,
}

/// What an input changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing that a reader of the view must learn of at once.
    Nothing,
    /// Certificates, positions, lag.
    Freshness,
    /// A role, a health, an identity or an exclusion; [`View::version`] has grown.
    Shape,
}

/// A cluster as it is known so far.
#[derive(Debug)]
pub struct Tracker {
    view: View,
    facts: Vec<Facts>,
    samples: Samples,
    ours: Option<SystemId>,
    accepted: Option<Timeline>,
    tail: Tail,
    /// Whose standbys are known.
    standbys_of: Option<NodeId>,
    /// What the last input left, to see what the next one changes.
    told: (Shape, Freshness),
}

/// What is known of a node and not in its view.
#[derive(Clone, Copy, Debug, Default)]
struct Facts {
    system: Option<SystemId>,
    timeline: Option<Timeline>,
    layout: WalLayout,
    flushed: Option<Lsn>,
    is_answering: bool,
    /// It was writable, and transactions were not read only by default, when it was last seen so.
    took_writes: bool,
    /// It answered to the tracker before this one, and has not failed since: that it is asked over
    /// another connection now says nothing of it, as long as it has not gone back.
    is_inherited: bool,
}

impl Tracker {
    /// Starts with nothing known. `nodes` are addresses for logs, and weights.
    pub fn new(policy: Policy, nodes: &[(Arc<str>, f64)]) -> Self {
        let node = |(i, (address, weight)): (usize, &(Arc<str>, f64))| NodeView {
            id: NodeId(u16::try_from(i).unwrap_or(u16::MAX)),
            address: Arc::clone(address),
            weight: *weight,
            role: Role::Unknown,
            health: Health::Unprobed,
            identity: None,
            exclusion: Some(Exclusion::Unprobed),
            certificate: None,
            caught_up: None,
            replayed: None,
            lag_bytes: None,
            latency: Duration::ZERO,
            incarnation: 0,
            sync: None,
            oneself: None,
            turned_read_only: None,
        };
        Self {
            view: View {
                version: 0,
                policy,
                primary: None,
                identity: None,
                primary_lost: None,
                insert_lsn: None,
                layout: WalLayout::default(),
                is_split: false,
                standbys: None,
                nodes: nodes.iter().enumerate().map(node).collect(),
            },
            facts: vec![Facts::default(); nodes.len()],
            samples: Samples::default(),
            ours: None,
            accepted: None,
            tail: Tail::default(),
            standbys_of: None,
            told: Default::default(),
        }
    }

    /// What is known now.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The cluster that the nodes are meant to be, once that is clear.
    pub fn system(&self) -> Option<SystemId> {
        self.ours
    }

    /// When the newest sample of the primary's position was asked for.
    pub fn newest_sample(&self) -> Option<Instant> {
        self.samples.newest()
    }

    /// Whether the end of the primary's log was not on disk at the last sample.
    pub fn is_tail_unwritten(&self) -> bool {
        self.tail.is_unwritten()
    }

    /// Whether the primary should be made to write the end of its log to disk, which replicas wait
    /// for. Saying so once counts as done. See [`Tail`].
    pub fn wants_flush(&mut self, now: Instant) -> bool {
        let replicas = self.view.nodes.iter().filter(|n| n.role == Role::Replica);
        let replayed = replicas.filter_map(|n| n.replayed).max();
        self.tail.wants_flush(replayed, now)
    }

    /// A node answered a question that was sent after `asked_at`. `hello` comes with the first
    /// answer on a new connection.
    pub fn on_answer(
        &mut self,
        id: NodeId,
        hello: Option<Hello>,
        answer: Answer,
        asked_at: Instant,
        now: Instant,
    ) -> Change {
        let policy = self.view.policy;
        let has_others = 1 < self.facts.len();
        let (Some(node), Some(facts)) = (
            self.view.nodes.get_mut(id.index()),
            self.facts.get_mut(id.index()),
        ) else {
            return Change::Nothing;
        };
        if let Some(hello) = hello {
            let has_stayed = std::mem::take(&mut facts.is_inherited)
                && facts.system == Some(hello.system)
                && answer.role == node.role
                && node.replayed <= answer.lsn;
            facts.system = Some(hello.system);
            facts.layout = hello.layout;
            if !has_stayed {
                facts.timeline = None;
                forget_replay(node);
            }
        }
        // No process goes back to an earlier timeline: a replica whose receiver has gone, as when its
        // primary dies, reads its control file, which is late.
        if facts.timeline < answer.timeline {
            forget_replay(node);
            facts.timeline = answer.timeline;
        }
        if answer.role != node.role {
            forget_replay(node);
            node.role = answer.role;
        }
        facts.is_answering = true;
        facts.flushed = answer.flushed;
        if !answer.is_read_only {
            node.turned_read_only = None;
            facts.took_writes = answer.role == Role::Primary;
        } else if facts.took_writes && has_others {
            node.turned_read_only = node.turned_read_only.or(Some(now));
        }
        node.replayed = match answer.role {
            Role::Primary => answer.lsn.map(|lsn| facts.layout.replayable(lsn)),
            Role::Replica | Role::Unknown => answer.lsn,
        };
        node.latency = smoothed(node.latency, now.saturating_duration_since(asked_at));
        let before = node.health;
        node.health = before.on_success(&policy, now);
        self.settle(Some((id, asked_at)), now)
    }

    /// A probe of a node failed; its connection is gone.
    pub fn on_failure(&mut self, id: NodeId, failure: Failure, now: Instant) -> Change {
        let policy = self.view.policy;
        let (Some(node), Some(facts)) = (
            self.view.nodes.get_mut(id.index()),
            self.facts.get_mut(id.index()),
        ) else {
            return Change::Nothing;
        };
        // It may have restarted with less than it had replayed, and serve before it is asked again.
        forget_replay(node);
        facts.is_inherited = false;
        facts.is_answering &= failure == Failure::Full;
        node.health = match failure {
            Failure::Full if node.health != Health::Unprobed => node.health,
            Failure::Refused => node.health.on_refusal(now),
            Failure::Full | Failure::Failed => node.health.on_failure(&policy, now),
        };
        self.settle(None, now)
    }

    /// Traffic to a node said whether it is in recovery. If that is news, it is taken out until it
    /// has been asked.
    pub fn on_in_hot_standby(&mut self, id: NodeId, is_standby: bool, now: Instant) -> Change {
        let Some(node) = self.view.nodes.get_mut(id.index()) else {
            return Change::Nothing;
        };
        match (node.role, is_standby) {
            (Role::Unknown, _) | (Role::Primary, false) | (Role::Replica, true) => Change::Nothing,
            (Role::Primary, true) | (Role::Replica, false) => {
                node.role = Role::Unknown;
                forget_replay(node);
                self.settle(None, now)
            }
        }
    }
}

/// A node may hold less than it did: what was certified and read before counts no more.
fn forget_replay(node: &mut NodeView) {
    node.certificate = None;
    node.replayed = None;
    node.lag_bytes = None;
    node.incarnation = node.incarnation.wrapping_add(1);
}

/// A moving average over about eight probes; the first counts in full.
fn smoothed(latency: Duration, new: Duration) -> Duration {
    if latency.is_zero() {
        new
    } else {
        (latency * 7 + new) / 8
    }
}

mod heir;

mod settle;

mod shape;

mod standbys;

#[cfg(test)]
mod tests;
