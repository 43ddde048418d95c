//! Requests to cancel that are slow to arrive: they wait for their turn, they are given up in time,
//! and they end the query they mean or none.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test may fail loudly"
)]

mod drivers;
mod others;
mod queue;
mod relay;

#[path = "../wire/raw.rs"]
#[allow(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::excessive_nesting,
    reason = "another test binary uses all of it"
)]
mod raw;

#[path = "../wire/say.rs"]
#[allow(dead_code, reason = "another test binary uses all of it")]
mod say;

#[path = "../wire/show.rs"]
mod show;

#[path = "../support/mod.rs"]
mod support;

use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;

use crate::raw::Raw;
use crate::relay::Relay;
use crate::support::proxy::Proxy;
use crate::support::proxy::cluster_of;

/// One node, a relay before it, and the proxy before that.
struct Scene {
    // Dropped in this order.
    proxy: Proxy,
    relay: Relay,
    _cluster: Cluster,
}

impl Scene {
    fn set(global: &str, database: &str) -> Self {
        let cluster = cluster_of(Options::default().replicas(0));
        let relay = Relay::start(cluster.primary().port());
        let global = format!("admin_users = \"app\"\nlog_format = \"pgbouncer\"\n{global}");
        Self {
            proxy: Proxy::start_at(&cluster, &[relay.port()], &global, database),
            relay,
            _cluster: cluster,
        }
    }

    /// What `SHOW POOLS` says of requests to cancel: active and waiting ones, those that have a
    /// connection, servers that are kept for them.
    fn requests(&self, console: &mut Raw) -> String {
        let shown = console.q("show pools");
        let row = shown.split("D(").find(|row| row.starts_with("app|app|"));
        let row: Vec<_> = row.unwrap().split('|').collect();
        [row[4], row[5], row[7], row[8]].join(" ")
    }

    fn console(&self) -> Raw {
        Raw::connect_with(self.proxy.port(), &[("database", "pgbouncer")])
    }
}

/// Waits until `is_so`.
fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_500 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("not {what}");
}
