//! What a monitor needs to know, from a cluster's configuration.

use std::sync::Arc;
use std::time::Duration;

use crate::config::cluster::Cluster;
use crate::topology::policy::Policy;

/// What a monitor needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The cluster's name, for logs.
    pub cluster: Arc<str>,
    /// Address (for logs) and weight of each node.
    pub nodes: Vec<(Arc<str>, f64)>,
    /// The rules of choice.
    pub policy: Policy,
    /// How long a probe may take, connecting included.
    pub probe_timeout: Duration,
    /// Time between two questions while someone writes.
    pub interval_fast: Duration,
    /// Time between two questions while nobody does.
    pub interval_slow: Duration,
    /// Time between two questions about replication.
    pub interval_replication: Duration,
}

impl From<&Cluster> for Settings {
    fn from(cluster: &Cluster) -> Self {
        let from = &cluster.settings;
        let policy = from.policy();
        // Lag is known to within one interval. A quarter of the limit keeps an idle cluster from
        // looking half as far behind as it may be.
        let lag_max = policy.lag_max.unwrap_or(Duration::MAX);
        let interval_slow = from
            .sample_interval_slow
            .min(from.probe_interval)
            .min(lag_max / 4)
            .max(from.sample_interval_fast);
        let nodes = cluster.nodes.iter();
        Self {
            cluster: Arc::from(cluster.name.as_str()),
            nodes: nodes
                .map(|node| (Arc::from(node.to_string()), node.weight))
                .collect(),
            policy: Policy {
                lag_free: policy.lag_free.min(lag_max / 2),
                ..policy
            },
            probe_timeout: from.probe_timeout,
            interval_fast: from.sample_interval_fast,
            interval_slow,
            interval_replication: from.probe_interval,
        }
    }
}
