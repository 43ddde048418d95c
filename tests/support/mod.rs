//! What the integration tests share: throwaway clusters, and the proxy in front of one.
#![allow(dead_code, reason = "each test binary uses its part")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test without its cluster or proxy has failed"
)]

pub(crate) mod proxy;

use std::sync::OnceLock;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;

/// A primary and two replicas with default options, started on first use.
///
/// It lives as long as the process; its watchdog takes it down then. Tests that stop, promote or
/// reconfigure nodes start their own with [`Cluster::start`].
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(&Options::default()).expect("a cluster starts"))
}
