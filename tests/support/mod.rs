//! What the integration tests share: one throwaway cluster per test process.
#![allow(dead_code, reason = "each test binary uses its part")]
#![expect(clippy::expect_used, reason = "a test without its cluster has failed")]

use std::sync::OnceLock;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;

/// A primary and two replicas with default options, started on first use.
///
/// It lives as long as the process; its watchdog takes it down then. Tests that stop, promote or
/// reconfigure nodes start their own with [`Cluster::start`].
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(&Options::default()).expect("a cluster starts"))
}
