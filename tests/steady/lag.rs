//! How far the replicas are behind while the load runs: by the primary's own account, and by the
//! proxy's.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::scrape;

use crate::support::proxy::Proxy;

/// Samples in milliseconds, sorted, of both replicas together.
#[derive(Debug, Default)]
pub(crate) struct Lags {
    /// `replay_lag` in `pg_stat_replication`: from the log's flush on the primary to the replica's
    /// word that it has replayed it.
    pub(crate) replay: Vec<f64>,
    /// `pgsluice_node_lag_seconds`: since the node was last known to hold everything acknowledged.
    /// It cannot be less than the time since the last sample (`sample_interval_fast`).
    pub(crate) certified: Vec<f64>,
    /// Most servers that a node had at one time, by node.
    pub(crate) servers: BTreeMap<String, f64>,
}

/// Samples until `stop` is set.
pub(crate) fn watch(cluster: &Cluster, proxy: &Proxy, stop: &AtomicBool) -> Lags {
    let mut lags = Lags::default();
    while !stop.load(Ordering::Relaxed) {
        lags.ask_primary(cluster);
        lags.ask_proxy(proxy);
        thread::sleep(PAUSE);
    }
    lags.replay.sort_by(f64::total_cmp);
    lags.certified.sort_by(f64::total_cmp);
    lags
}

impl Lags {
    fn ask_primary(&mut self, cluster: &Cluster) {
        let sql = "select extract(epoch from replay_lag) * 1000 from pg_stat_replication \
                   where replay_lag is not null";
        let rows = cluster.primary().psql(sql).expect("it answers");
        self.replay
            .extend(rows.lines().filter_map(|l| l.parse::<f64>().ok()));
    }

    fn ask_proxy(&mut self, proxy: &Proxy) {
        let mut servers: BTreeMap<String, f64> = BTreeMap::new();
        let samples = scrape::samples(&proxy.metrics());
        let primary = samples.iter().find(|s| {
            s.name == "pgsluice_node_role" && s.label("role") == Some("primary") && 0.0 < s.value
        });
        let primary = primary.and_then(|s| s.label("node"));
        for sample in &samples {
            match sample.name.as_str() {
                "pgsluice_node_lag_seconds" if sample.label("node") != primary => {
                    self.certified.push(sample.value * 1_000.0);
                }
                "pgsluice_pool_servers" => {
                    let node = sample.label("node").unwrap_or_default().to_owned();
                    *servers.entry(node).or_default() += sample.value;
                }
                _ => (),
            }
        }
        for (node, now) in servers {
            let most = self.servers.entry(node).or_default();
            *most = most.max(now);
        }
    }
}

const PAUSE: Duration = Duration::from_millis(50);
