//! Which cluster and which history a node belongs to, and who of several writable nodes is the
//! primary.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::ids::NodeId;
use crate::topology::lsn::Lsn;

/// The number that initdb gives a cluster; base backups keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SystemId(pub u64);

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The history that a node writes or follows; each promotion starts one with a higher number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timeline(pub u32);

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Cluster and history: positions in the write-ahead log compare only where both are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The cluster.
    pub system: SystemId,
    /// The history.
    pub timeline: Timeline,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.system, self.timeline)
    }
}

/// A point in a cluster's history: what `SHOW pgsluice.write_token` tells and
/// `SET pgsluice.wait_for` takes, as `TIMELINE-LSN` in hexadecimal, such as `00000001-0/16B3748`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The timeline that it was on.
    pub timeline: Timeline,
    /// The primary's insert position.
    pub lsn: Lsn,
}

/// A text that is not a position in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a write token such as 00000001-0/16B3748")]
pub struct NotAPosition;

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (timeline, lsn) = text.split_once('-').ok_or(NotAPosition)?;
        if timeline.len() != 8 || !timeline.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotAPosition);
        }
        Ok(Self {
            timeline: Timeline(u32::from_str_radix(timeline, 16).map_err(|_| NotAPosition)?),
            lsn: lsn.parse().map_err(|_| NotAPosition)?,
        })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}-{}", self.timeline.0, self.lsn)
    }
}

/// What a node is to its cluster, by its own word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Not known: never asked, or it may have changed since.
    #[default]
    Unknown,
    /// Writable. Only the one that the view names as such is *the* primary.
    Primary,
    /// In recovery: it refuses writes.
    Replica,
}

impl Role {
    /// The word in metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Primary => "primary",
            Self::Replica => "replica",
        }
    }
}

/// A node that answers, as an election sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voter {
    /// Which.
    pub node: NodeId,
    /// By its own word.
    pub role: Role,
    /// By its own word; the timeline that it writes or follows, if it is known.
    pub timeline: Option<Timeline>,
}

/// What an election found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Election {
    /// The primary and its timeline.
    pub primary: Option<(NodeId, Timeline)>,
    /// Whether nodes other than the primary are writable, too.
    pub is_split: bool,
}

/// Names the primary: the writable node on the highest timeline, never the one with the highest
/// position (an old primary that went on writing may have more).
///
/// A writable node is not the primary if any node is on a higher timeline than it, or if a primary
/// on a higher one was ever accepted (`accepted`): it has been replaced. Of several on the same
/// timeline the `incumbent` stays; with no incumbent among them there is none, because one cannot
/// know which of them has the data that was acknowledged.
pub fn elect(voters: &[Voter], incumbent: Option<NodeId>, accepted: Option<Timeline>) -> Election {
    let floor = voters.iter().filter_map(|v| v.timeline).max().max(accepted);
    let mut primary = None;
    let (mut writable_count, mut candidate_count) = (0_u32, 0_u32);
    for voter in voters.iter().filter(|v| v.role == Role::Primary) {
        writable_count += 1;
        let Some(timeline) = voter.timeline.filter(|t| Some(*t) == floor) else {
            continue;
        };
        candidate_count += 1;
        if primary.is_none() || Some(voter.node) == incumbent {
            primary = Some((voter.node, timeline));
        }
    }
    let is_clear = candidate_count < 2 || primary.map(|(node, _)| node) == incumbent;
    Election {
        primary: primary.filter(|_| is_clear),
        is_split: 1 < writable_count,
    }
}

/// Names the cluster that a list of nodes is meant to be: the one most of them belong to, the
/// first such in the list's order.
pub fn most_common(systems: impl Iterator<Item = SystemId>) -> Option<SystemId> {
    let mut counts: BTreeMap<SystemId, (usize, usize)> = BTreeMap::new();
    for (place, system) in systems.enumerate() {
        counts.entry(system).or_insert((0, place)).0 += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(_, (count, place))| (*count, usize::MAX - place))
        .map(|(system, _)| system)
}

#[cfg(test)]
mod tests;
