//! What of a view is compared to see whether an input changed it.

use std::time::Instant;

use crate::ids::NodeId;
use crate::topology::identity::Identity;
use crate::topology::identity::Role;
use crate::topology::lsn::Lsn;
use crate::topology::tracker::Tracker;
use crate::topology::view::Exclusion;

/// Roles, healths, identities and exclusions.
pub(super) type Shape = (Option<NodeId>, bool, Vec<NodeShape>);

/// A node's part of it: role, health, identity, exclusion, incarnation, whether it has turned read only.
pub(super) type NodeShape = (
    Role,
    &'static str,
    Option<Identity>,
    Option<Exclusion>,
    u32,
    bool,
);

/// The primary's position, and each node's certificate and replay position.
pub(super) type Freshness = (Option<Lsn>, Vec<(Option<Instant>, Option<Lsn>)>);

impl Tracker {
    pub(super) fn shape(&self) -> Shape {
        let nodes = self.view.nodes.iter();
        let one = nodes.map(|n| {
            let health = n.health.as_str();
            let is_turned = n.turned_read_only.is_some();
            (
                n.role,
                health,
                n.identity,
                n.exclusion,
                n.incarnation,
                is_turned,
            )
        });
        (self.view.primary, self.view.is_split, one.collect())
    }

    pub(super) fn freshness(&self) -> Freshness {
        let nodes = self.view.nodes.iter();
        let one = nodes.map(|n| (n.certificate, n.replayed));
        (self.view.insert_lsn, one.collect())
    }
}
