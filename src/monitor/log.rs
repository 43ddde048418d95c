//! Log lines for what changed from one view to the next.

use tracing::error;
use tracing::info;
use tracing::warn;

use crate::topology::health::Health;
use crate::topology::identity::Role;
use crate::topology::view::Exclusion;
use crate::topology::view::NodeView;
use crate::topology::view::View;

/// Logs what changed.
pub(super) fn changes(cluster: &str, before: &View, after: &View) {
    for (old, new) in before.nodes.iter().zip(&after.nodes) {
        node_changes(cluster, old, new);
    }
    if before.primary != after.primary {
        match after.primary_node() {
            Some(node) => {
                let timeline = after.identity.map(|i| i.timeline.0);
                info!(cluster, node = %node.address, timeline, "primary found");
            }
            None => warn!(cluster, "no primary"),
        }
    }
    match (before.is_split, after.is_split) {
        (false, true) => {
            let nodes = writable(after);
            error!(cluster, nodes, "more than one node is writable");
        }
        (true, false) => info!(cluster, "one node at the most is writable again"),
        (true, true) | (false, false) => (),
    }
}

/// The nodes that say they are writable, with cluster and timeline.
fn writable(view: &View) -> String {
    let nodes = view.nodes.iter().filter(|n| n.role == Role::Primary);
    let one = |node: &NodeView| {
        let identity = node.identity.map(|i| i.to_string()).unwrap_or_default();
        let is_it = Some(node.id) == view.primary;
        let what = if is_it { "primary" } else { "left out" };
        format!("{} ({identity}, {what})", node.address)
    };
    nodes.map(one).collect::<Vec<_>>().join(", ")
}

fn node_changes(cluster: &str, old: &NodeView, new: &NodeView) {
    let node = new.address.as_ref();
    if old.role != new.role {
        let (was, role) = (old.role.as_str(), new.role.as_str());
        info!(cluster, node, was, role, "role changed");
    }
    if old.health.as_str() != new.health.as_str() {
        match new.health {
            Health::Up { .. } => info!(cluster, node, "node is up"),
            Health::Down { .. } => warn!(cluster, node, "node is down"),
            Health::Unprobed => (),
        }
    }
    match (old.turned_read_only, new.turned_read_only) {
        (None, Some(_)) => warn!(
            cluster,
            node, "default_transaction_read_only was turned on: writes wait for another primary"
        ),
        (Some(_), None) => info!(cluster, node, "default_transaction_read_only is off again"),
        (None, None) | (Some(_), Some(_)) => (),
    }
    if old.exclusion == new.exclusion {
        return;
    }
    let identity = new.identity.map(|i| i.to_string()).unwrap_or_default();
    match new.exclusion {
        Some(Exclusion::Foreign) => {
            error!(
                cluster,
                node, identity, "node left out: it belongs to another cluster"
            );
        }
        Some(Exclusion::Quarantined) => {
            error!(
                cluster,
                node, identity, "node left out: writable, but not the primary"
            );
        }
        Some(Exclusion::Lagging) => {
            let lag_bytes = new.lag_bytes;
            warn!(
                cluster,
                node, lag_bytes, "replica left out: lag over the limit"
            );
        }
        None if old.exclusion == Some(Exclusion::Lagging) => {
            info!(cluster, node, "replica taken in again: it has caught up");
        }
        Some(
            Exclusion::NoWeight
            | Exclusion::Down
            | Exclusion::Unprobed
            | Exclusion::RoleUnknown
            | Exclusion::Uncertified,
        )
        | None => (),
    }
}
