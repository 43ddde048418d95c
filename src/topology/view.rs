//! What is known of a cluster at one moment, as an immutable snapshot.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use crate::ids::NodeId;
use crate::topology::health::Health;
use crate::topology::identity::Identity;
use crate::topology::identity::Position;
use crate::topology::identity::Role;
use crate::topology::lsn::Lsn;
use crate::topology::lsn::WalLayout;
use crate::topology::policy::Policy;
use crate::topology::standby::Oneself;
use crate::topology::standby::Standbys;
use crate::topology::standby::SyncState;

/// A snapshot of a cluster.
#[derive(Clone, Debug)]
pub struct View {
    /// Grows when a role, a health, an identity or an exclusion changes; not when only
    /// certificates and lag do.
    pub version: u64,
    /// The rules of choice.
    pub policy: Policy,
    /// The primary, while one is known.
    pub primary: Option<NodeId>,
    /// The primary's cluster and timeline, or the last primary's.
    pub identity: Option<Identity>,
    /// Since when there is no primary; `None` while there is one and before the first.
    ///
    /// Lag is measured up to here: what nobody can write, no replica can lack.
    pub primary_lost: Option<Instant>,
    /// The primary's insert position at its last sample.
    pub insert_lsn: Option<Lsn>,
    /// How the primary's log is cut, which its positions have to be read with.
    pub layout: WalLayout,
    /// Whether more than one node of this cluster is writable.
    pub is_split: bool,
    /// What the primary says of its standbys, once it has.
    pub standbys: Option<Arc<Standbys>>,
    /// All nodes, in the order of the configuration: `NodeId` is the index.
    pub nodes: Vec<NodeView>,
}

impl View {
    /// With its first node as a primary that answers, though nobody has asked.
    #[must_use]
    pub fn taken_for_primary(mut self) -> Self {
        if let Some(node) = self.nodes.first_mut() {
            node.role = Role::Primary;
            node.health = Health::Up {
                back_at: None,
                failures: 0,
            };
            node.exclusion = None;
            self.primary = Some(node.id);
        }
        self
    }

    /// A node, unless the number is of another configuration.
    pub fn node(&self, id: NodeId) -> Option<&NodeView> {
        self.nodes.get(id.index())
    }

    /// The primary, while one is known and answers.
    pub fn primary_node(&self) -> Option<&NodeView> {
        self.primary.and_then(|id| self.node(id))
    }

    /// Whether nothing may go to a node over a link that was made to it, `as_primary` or as a
    /// replica: it must not serve at all, or another is the primary.
    pub fn bars(&self, id: NodeId, as_primary: bool) -> bool {
        let node = self.node(id);
        let is_fenced = node.is_some_and(NodeView::is_fenced);
        let is_standby = node.is_some_and(|node| node.role == Role::Replica);
        let is_replaced = self.primary.is_some_and(|primary| primary != id);
        is_fenced || (as_primary && (is_standby || is_replaced))
    }

    /// Whether it may bar what `before` did not.
    pub fn bars_more_than(&self, before: &Self) -> bool {
        let is_more = |(new, old): (&NodeView, &NodeView)| {
            (new.is_fenced() && !old.is_fenced())
                || (new.role == Role::Replica && old.role != Role::Replica)
        };
        self.primary != before.primary || self.nodes.iter().zip(&before.nodes).any(is_more)
    }

    /// Whether a node has applied what was acknowledged, as commits wait for it to do so.
    pub fn is_awaited(&self, node: &NodeView) -> bool {
        node.sync.is_some_and(SyncState::is_waited_for)
            && self.standbys.as_ref().is_some_and(|s| s.is_remote_apply)
    }

    /// Whether a node holds everything up to `position`; `false` while that is not known.
    ///
    /// A position of a timeline before the present one stands for what came over from it: what was
    /// lost in a promotion no node has.
    pub fn holds(&self, node: &NodeView, position: Position) -> bool {
        let is_in_reach = self
            .identity
            .is_some_and(|ours| node.identity == Some(ours) && position.timeline <= ours.timeline);
        is_in_reach
            && (Some(node.id) == self.primary
                || node
                    .replayed
                    .is_some_and(|replayed| self.layout.replayable(position.lsn) <= replayed))
    }

    /// How far a node is behind at most: the age of what it is known to hold.
    ///
    /// Zero for the primary; `None` if nothing is known of it yet.
    pub fn lag(&self, node: &NodeView, now: Instant) -> Option<Duration> {
        if Some(node.id) == self.primary {
            return Some(Duration::ZERO);
        }
        let until = self.primary_lost.unwrap_or(now);
        node.caught_up.map(|c| until.saturating_duration_since(c))
    }
}

/// A node in a [`View`].
#[derive(Clone, Debug)]
pub struct NodeView {
    /// Its place in the cluster.
    pub id: NodeId,
    /// `host:port`, for logs and metrics.
    pub address: Arc<str>,
    /// Its share of reads relative to the others; 0: no reads.
    pub weight: f64,
    /// What it says it is.
    pub role: Role,
    /// Whether it answers.
    pub health: Health,
    /// Its cluster and timeline, once both are known.
    pub identity: Option<Identity>,
    /// Why it must not serve, if so.
    pub exclusion: Option<Exclusion>,
    /// It holds everything that any client was acknowledged before this instant. `None`: nothing
    /// is certain. Always `None` for the primary, which holds everything.
    pub certificate: Option<Instant>,
    /// As `certificate`, but kept when a promotion voids that: good enough to say how far behind
    /// it is, not to promise a session its writes.
    pub caught_up: Option<Instant>,
    /// How far its replay has come; the insert position on the primary.
    pub replayed: Option<Lsn>,
    /// Bytes of the write-ahead log that it has not replayed, at the last probe.
    pub lag_bytes: Option<u64>,
    /// How long it takes to answer a probe, smoothed.
    pub latency: Duration,
    /// Grows when the node may have lost what it had replayed: at a restart and a change of
    /// timeline. What was read from it before may be newer than what it holds now.
    pub incarnation: u32,
    /// Whether commits wait for it, if the primary names it.
    pub sync: Option<SyncState>,
    /// What it says of itself as a standby.
    pub oneself: Option<Arc<Oneself>>,
    /// Since when transactions are read only by default on all of it, though it took writes before:
    /// another may be about to become the primary. `None` if it has no other nodes beside it.
    pub turned_read_only: Option<Instant>,
}

impl NodeView {
    /// Until when writes wait for another primary, if this one has turned read only: for `patience`
    /// from then. After that it is served as it is.
    pub fn gives_way_until(&self, patience: Duration, now: Instant) -> Option<Instant> {
        let until = self.turned_read_only.map(|since| since + patience);
        until.filter(|until| now < *until)
    }

    /// Whether nothing may be asked of it, neither reads nor writes: it is of another history.
    pub fn is_fenced(&self) -> bool {
        matches!(
            self.exclusion,
            Some(Exclusion::Foreign | Exclusion::Quarantined)
        )
    }
}

/// Why a node must not serve, the least hopeful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Exclusion {
    /// It belongs to another cluster (its system identifier differs).
    Foreign,
    /// It is writable but not the primary: a replaced primary that does not know it.
    Quarantined,
    /// It takes no reads by configuration: its weight is 0.
    NoWeight,
    /// It does not answer.
    Down,
    /// It has not answered yet.
    Unprobed,
    /// It may have changed its role; it is being asked.
    RoleUnknown,
    /// Nothing is known yet of how far it is behind.
    Uncertified,
    /// It is further behind than `max_lag`, or was and has not caught up enough.
    Lagging,
}

impl Exclusion {
    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Foreign => "foreign",
            Self::Quarantined => "quarantined",
            Self::NoWeight => "no_weight",
            Self::Down => "down",
            Self::Unprobed => "unprobed",
            Self::RoleUnknown => "role_unknown",
            Self::Uncertified => "uncertified",
            Self::Lagging => "lagging",
        }
    }
}
