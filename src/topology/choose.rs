//! The choice of the node that serves a read. Called once per query: it allocates nothing.

use std::time::Duration;
use std::time::Instant;

use crate::ids::NodeId;
use crate::topology::draw;
use crate::topology::identity::Position;
use crate::topology::policy::PrimaryReads;
use crate::topology::policy::Strategy;
use crate::topology::score;
use crate::topology::view::Exclusion;
use crate::topology::view::NodeView;
use crate::topology::view::View;

/// What a read asks of the node that serves it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ask {
    /// The node must hold everything acknowledged before this.
    pub certified_since: Option<Instant>,
    /// The node must hold everything up to here.
    pub position: Option<Position>,
    /// The session's last read, behind which it must not go back.
    pub last_read: Option<LastRead>,
    /// Nodes that have failed this read already.
    pub avoid: NodeSet,
    /// Whether the primary may serve it.
    pub primary_reads: PrimaryReads,
    /// How many reads were chosen for before; the turn under round robin.
    pub turn: u64,
}

/// Where and when a session read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastRead {
    /// The node.
    pub node: NodeId,
    /// [`NodeView::incarnation`] of it then.
    pub incarnation: u32,
    /// When the answer ended.
    pub at: Instant,
}

impl LastRead {
    /// The same on a node that is known no more.
    #[must_use]
    pub fn nowhere(self) -> Self {
        Self {
            node: NodeId(u16::MAX),
            ..self
        }
    }
}

/// A small set of nodes. Holds numbers below [`NodeSet::NODES_MAX`]; others are never in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeSet(u64);

impl NodeSet {
    /// No node.
    pub const EMPTY: Self = Self(0);

    /// How many nodes it can tell apart.
    pub const NODES_MAX: u16 = 64;

    /// The set with one node more.
    #[must_use]
    pub fn with(self, node: NodeId) -> Self {
        Self(self.0 | Self::bit(node))
    }

    /// Whether the node is in it.
    pub fn has(self, node: NodeId) -> bool {
        self.0 & Self::bit(node) != 0
    }

    fn bit(node: NodeId) -> u64 {
        1_u64.checked_shl(u32::from(node.0)).unwrap_or(0)
    }
}

/// How busy a pool on a node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Servers that are leased.
    pub in_use: u32,
    /// Servers that there may be.
    pub size: u32,
    /// Clients that wait for a server.
    pub waiting: u32,
    /// How long a query took lately; zero if there was none.
    pub latency: Duration,
}

/// How busy the pools to the nodes are. Asked for the few nodes that are compared, not for all.
pub trait Loads {
    /// The load of the pool to this node; that of an idle one if there is none.
    fn of(&self, node: NodeId) -> Load;
}

/// Loads by node, all there already.
impl<T: AsRef<[Load]> + ?Sized> Loads for T {
    fn of(&self, node: NodeId) -> Load {
        self.as_ref().get(node.index()).copied().unwrap_or_default()
    }
}

/// The node for a read, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A replica.
    Replica(NodeId),
    /// The primary, as one among equals.
    PrimaryToo(NodeId),
    /// The primary, because no replica may serve.
    PrimaryInstead(NodeId, Shortage),
    /// No node may serve.
    Nobody(Shortage),
}

impl Choice {
    /// The node, if there is one.
    pub fn node(self) -> Option<NodeId> {
        match self {
            Self::Replica(id) | Self::PrimaryToo(id) | Self::PrimaryInstead(id, _) => Some(id),
            Self::Nobody(_) => None,
        }
    }

    /// Why no replica serves, if so.
    pub fn shortage(self) -> Option<Shortage> {
        match self {
            Self::Replica(_) | Self::PrimaryToo(_) => None,
            Self::PrimaryInstead(_, shortage) | Self::Nobody(shortage) => Some(shortage),
        }
    }
}

/// Why no replica may serve, by the one that comes nearest to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shortage {
    /// The cluster has no replica that takes reads.
    NoReplica,
    /// All are down or not probed yet.
    AllDown,
    /// All that answer have failed this read already.
    Avoided,
    /// All that answer are behind by more than `max_lag`, or by an unknown time.
    Lagging,
    /// All that answer lack what the read must see, as far as one knows: a fresh sample may help.
    Stale,
}

impl Shortage {
    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoReplica => "no_replica",
            Self::AllDown => "all_down",
            Self::Avoided => "avoided",
            Self::Lagging => "lagging",
            Self::Stale => "stale",
        }
    }
}

/// Why a node may not serve a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bar {
    /// It serves no reads at all now.
    Excluded(Exclusion),
    /// It is the primary, which this read may use only if there is nothing else, or never.
    IsPrimary,
    /// It has failed this read already.
    Avoided,
    /// It may lack what the read must see.
    Stale,
}

impl Bar {
    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Excluded(exclusion) => exclusion.as_str(),
            Self::IsPrimary => "primary",
            Self::Avoided => "avoided",
            Self::Stale => "stale",
        }
    }

    fn shortage(self) -> Shortage {
        match self {
            Self::Excluded(Exclusion::Foreign | Exclusion::Quarantined | Exclusion::NoWeight)
            | Self::IsPrimary => Shortage::NoReplica,
            Self::Excluded(Exclusion::Down | Exclusion::Unprobed | Exclusion::RoleUnknown) => {
                Shortage::AllDown
            }
            Self::Excluded(Exclusion::Uncertified | Exclusion::Lagging) => Shortage::Lagging,
            Self::Avoided => Shortage::Avoided,
            Self::Stale => Shortage::Stale,
        }
    }
}

/// A node as a candidate for a read, for people to read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Explanation {
    /// The node.
    pub node: NodeId,
    /// Its score ([`score::score`]), or why it may not serve.
    pub score: Result<f64, Bar>,
    /// How far it is behind at most.
    pub lag: Option<Duration>,
    /// How old its certificate is.
    pub certificate_age: Option<Duration>,
}

/// Chooses the node for a read. `loads` are those of the caller's pools.
///
/// `random` are random bits. With strategy `Adaptive` two candidates are drawn by their weight
/// (lag and slow start taken off), and the one with more free servers and less latency is taken.
pub fn choose<L>(view: &View, ask: &Ask, loads: &L, random: u64, now: Instant) -> Choice
where
    L: Loads + ?Sized,
{
    let picked = match view.policy.strategy {
        Strategy::Adaptive => draw::draw(view, ask, random, now)
            .map(|(first, second)| score::better(view, first, second, loads)),
        Strategy::Random => draw::draw(view, ask, random, now).map(|(first, _)| first),
        Strategy::LeastConnections => draw::least_busy(view, ask, loads, random, now),
        Strategy::RoundRobin => draw::next_in_turn(view, ask, now),
    };
    match picked {
        Some(node) if Some(node.id) == view.primary => Choice::PrimaryToo(node.id),
        Some(node) => Choice::Replica(node.id),
        None => without_replica(view, ask, now),
    }
}

/// What [`choose`] weighs for each node, in the view's order. Slow; for people.
pub fn explain<L>(view: &View, ask: &Ask, loads: &L, now: Instant) -> Vec<Explanation>
where
    L: Loads + ?Sized,
{
    let one = |node: &NodeView| Explanation {
        node: node.id,
        score: weigh(view, ask, node, now)
            .map(|share| score::score(share, node, loads.of(node.id))),
        lag: view.lag(node, now),
        certificate_age: node.certificate.map(|c| now.saturating_duration_since(c)),
    };
    view.nodes.iter().map(one).collect()
}

/// Whether a node may serve a read, and with which weight, load aside.
///
/// # Errors
/// The first reason why it may not.
pub fn weigh(view: &View, ask: &Ask, node: &NodeView, now: Instant) -> Result<f64, Bar> {
    let is_primary = Some(node.id) == view.primary;
    if let Some(exclusion) = node.exclusion {
        return Err(Bar::Excluded(exclusion));
    }
    if is_primary && ask.primary_reads != PrimaryReads::Always {
        return Err(Bar::IsPrimary);
    }
    if ask.avoid.has(node.id) {
        return Err(Bar::Avoided);
    }
    let lag = view.lag(node, now);
    if let (Some(lag), Some(lag_max)) = (lag, view.policy.lag_max)
        && lag_max < lag
    {
        return Err(Bar::Excluded(Exclusion::Lagging));
    }
    if !is_fresh(view, ask, node) {
        return Err(Bar::Stale);
    }
    let share = score::share_by_lag(&view.policy, lag.unwrap_or_default());
    Ok(node.weight * share * node.health.ramp(&view.policy, now))
}

/// Whether the node holds what the session wrote, and all that it has read before. The primary
/// does, but for a position of a later timeline than its own.
pub fn is_fresh(view: &View, ask: &Ask, node: &NodeView) -> bool {
    if !ask
        .position
        .is_none_or(|position| view.holds(node, position))
    {
        return false;
    }
    if Some(node.id) == view.primary {
        return true;
    }
    let holds = |since: Instant| node.certificate.is_some_and(|c| since <= c);
    let holds_read = |read: LastRead| {
        (read.node == node.id && read.incarnation == node.incarnation) || holds(read.at)
    };
    ask.certified_since.is_none_or(holds) && ask.last_read.is_none_or(holds_read)
}

/// The primary if it may stand in, with the reason why no replica serves.
#[cold]
fn without_replica(view: &View, ask: &Ask, now: Instant) -> Choice {
    let shortage = view
        .nodes
        .iter()
        .filter_map(|node| weigh(view, ask, node, now).err())
        .map(Bar::shortage)
        .max()
        .unwrap_or(Shortage::NoReplica);
    match view.primary_node() {
        Some(primary)
            if ask.primary_reads != PrimaryReads::Never
                && !ask.avoid.has(primary.id)
                && ask
                    .position
                    .is_none_or(|position| view.holds(primary, position))
                && matches!(primary.exclusion, None | Some(Exclusion::NoWeight)) =>
        {
            Choice::PrimaryInstead(primary.id, shortage)
        }
        Some(_) | None => Choice::Nobody(shortage),
    }
}

#[cfg(test)]
mod tests;
