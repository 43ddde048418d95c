//! Real clients through the real proxy to a real cluster: what they write arrives on the primary,
//! and what they read comes from the replicas, by the nodes' own count.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a client that cannot do its work has failed its test"
)]

#[path = "../support/mod.rs"]
mod support;

mod drivers;
mod pgbench;
mod psql;
mod rust;

use std::fmt;

use pgsluice::demo::cluster::Cluster;

use crate::support::proxy::Proxy;
use crate::support::proxy::cluster_with_app;
use crate::support::proxy::commits;

/// A cluster, the proxy in front of it, and the nodes' counts from before a client came.
struct Scene {
    // Dropped in this order.
    proxy: Proxy,
    cluster: Cluster,
    before: Vec<u64>,
}

/// What a client did by the nodes' own counts.
struct Counts {
    /// What the proxy says of it, for a test that fails.
    routed: String,
    primary: u64,
    replicas: Vec<u64>,
}

impl Scene {
    fn set() -> Self {
        let cluster = cluster_with_app();
        let proxy = Proxy::start(&cluster, "", "");
        Self {
            before: commits(&cluster),
            proxy,
            cluster,
        }
    }

    /// Counts from here on, with a new proxy; for a client that has written what it will now read.
    fn count_from_now(&mut self) {
        self.proxy.stop();
        self.proxy = Proxy::start(&self.cluster, "", "");
        self.cluster.catch_up(0).expect("the replicas follow");
        self.before = commits(&self.cluster);
    }

    /// Stops the proxy, so that the nodes have counted all, and tells what they did.
    fn counts(mut self) -> (Cluster, Counts) {
        let routed = self.proxy.routed();
        self.proxy.stop();
        let after = commits(&self.cluster);
        let change = |i: usize| after[i].saturating_sub(self.before[i]);
        let counts = Counts {
            routed,
            primary: change(0),
            replicas: (1..after.len()).map(change).collect(),
        };
        (self.cluster, counts)
    }
}

impl Counts {
    /// `reads` were on the replicas, and the primary had few transactions. A client's reads stay on
    /// one replica as long as that serves it well, so one client alone may use one.
    fn check_reads(&self, reads: u64, primary_max: u64) {
        let sum: u64 = self.replicas.iter().sum();
        assert!(reads <= sum, "{reads} reads, but {self}");
        assert!(self.primary <= primary_max, "over {primary_max}: {self}");
    }

    /// Each replica had a part of the reads. Each client stays where it was put at first, so with few
    /// clients the parts are far from equal.
    fn check_spread(&self) {
        let sum: u64 = self.replicas.iter().sum();
        let fair = sum / 10;
        assert!(
            self.replicas.iter().all(|r| fair <= *r),
            "one has under {fair}: {self}"
        );
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            primary,
            replicas,
            routed,
        } = self;
        write!(f, "primary {primary}, replicas {replicas:?}\n{routed}")
    }
}
