//! `SHOW NODES`: what is known of each node.

use std::time::Instant;

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::decimal;
use crate::admin::cell::int4;
use crate::admin::cell::int8;
use crate::admin::cell::millis;
use crate::admin::cell::numeric;
use crate::admin::cell::text;
use crate::registry::Registry;
use crate::registry::cluster::Cluster;
use crate::topology::choose;
use crate::topology::choose::Ask;
use crate::topology::policy::PrimaryReads;
use crate::topology::view::NodeView;
use crate::topology::view::View;
use crate::wire::write::Column;

pub(super) const COLUMNS: &[Column<'_>] = &[
    text("cluster"),
    text("node"),
    text("role"),
    text("health"),
    text("excluded"),
    int8("lag_bytes"),
    numeric("lag_ms"),
    numeric("certificate_age_ms"),
    int8("timeline"),
    numeric("system_id"),
    text("lsn"),
    numeric("weight"),
    numeric("score"),
    numeric("latency_ms"),
    int4("sv_active"),
    int4("sv_idle"),
    int4("sv_login"),
    int4("cl_waiting"),
    text("sync_state"),
];

/// One row a node, by cluster, in the order of the configuration.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for cluster in scene.registry.state().clusters.values() {
        let view = cluster.view();
        for node in &view.nodes {
            let crowd = Crowd::of(scene.registry, cluster, node, scene.now);
            rows.push(row(cluster, &view, node, (crowd, scene.now)));
        }
    }
    rows
}

fn row(cluster: &Cluster, view: &View, node: &NodeView, (crowd, now): (Crowd, Instant)) -> Row {
    // The least that a read can ask for, so that this is about the node alone.
    let ask = Ask {
        primary_reads: PrimaryReads::Always,
        ..Ask::default()
    };
    let weighed = choose::weigh(view, &ask, node, now);
    let age = node.certificate.map(|c| now.saturating_duration_since(c));
    vec![
        cell(&cluster.name),
        cell(&node.address),
        cell(node.role.as_str()),
        cell(node.health.as_str()),
        weighed.err().map(|bar| bar.as_str().to_owned()),
        node.lag_bytes.map(|bytes| bytes.to_string()),
        view.lag(node, now).map(millis),
        age.map(millis),
        node.identity.map(|identity| identity.timeline.to_string()),
        node.identity.map(|identity| identity.system.to_string()),
        node.replayed.map(|lsn| lsn.to_string()),
        cell(decimal(node.weight)),
        weighed.ok().map(decimal),
        cell(millis(node.latency)),
        cell(crowd.active),
        cell(crowd.idle),
        cell(crowd.opening),
        cell(crowd.waiting),
        node.sync.map(|sync| sync.as_str().to_owned()),
    ]
}

/// The servers of all pools on a node, and who waits for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Crowd {
    active: u32,
    idle: u32,
    opening: u32,
    waiting: u32,
}

impl Crowd {
    fn of(registry: &Registry, cluster: &Cluster, node: &NodeView, now: Instant) -> Self {
        let mut crowd = Self::default();
        for pool in registry.pools.pools() {
            let key = pool.key();
            // Clusters may have a node in common; what they have on it is told apart.
            let database = registry.known_database(&key.database);
            let is_here = database.is_some_and(|d| d.cluster.name == cluster.name);
            if key.node == node.address && is_here {
                let stats = pool.stats(now);
                crowd.active += stats.in_use;
                crowd.idle += stats.idle;
                crowd.opening += stats.opening;
                crowd.waiting += stats.waiting;
            }
        }
        crowd
    }
}
