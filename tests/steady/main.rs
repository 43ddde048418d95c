//! A steady load as an application gives it: 300 transactions a second for five minutes, nine of
//! ten of which read, through the proxy and then straight to the primary.
//!
//! `make bench-steady` runs it at length and on a proxy built for speed; as a test it is short.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot do its work has failed"
)]

#[path = "../support/mod.rs"]
mod support;

mod lag;
mod pgbench;

use std::env;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;
use pgsluice::demo::scrape;
use pgsluice::demo::scrape::Sample;

use crate::lag::Lags;
use crate::pgbench::Door;
use crate::pgbench::Latencies;
use crate::pgbench::Load;
use crate::pgbench::percentile;
use crate::support::proxy::DATABASE;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::Proxy;
use crate::support::proxy::USER;
use crate::support::proxy::cluster_of;

#[test]
fn a_steady_load_is_carried_without_timeouts_and_spread_over_the_nodes() {
    let asked = env::var("STEADY_SECONDS").ok().and_then(|s| s.parse().ok());
    let is_long = asked.is_some();
    let load = Load {
        rate: RATE,
        clients: CLIENTS,
        lasts: Duration::from_secs(asked.unwrap_or(SECONDS)),
    };
    let cluster = cluster_of(
        Options::default()
            .set("fsync", "on")
            .set("full_page_writes", "on"),
    );
    fill(&cluster, if is_long { 10 } else { 1 });
    let mut proxy = Proxy::start(&cluster, GLOBAL, "");
    let (through, lags) = measure(&cluster, &proxy, load);
    let routed = Routed::by(&proxy, &cluster);
    let page = proxy.metrics();
    proxy.stop();
    let port = cluster.primary().port();
    let straight = run(&cluster, port, load, "straight");
    print_latencies(&through, &straight, load);
    print_lags(&lags);
    routed.print(&lags);
    check(&through, load);
    check(&straight, load);
    let timeouts = sum(&page, "pgsluice_pool_wait_timeouts_total");
    assert!(
        timeouts < 0.5,
        "{timeouts} clients waited too long for a server"
    );
    let errors = sum(&page, "pgsluice_errors_total");
    assert!(errors < 0.5, "clients were sent {errors} errors");
    routed.check();
    // A machine that does much else besides is not what the bound is for.
    let bound = if is_long { 10.0 } else { 1_000.0 };
    let lag = percentile(&lags.replay, 0.99);
    assert!(lag < bound, "lag {lag} ms at the 99th percentile");
}

/// Runs the load through the proxy, and watches the replicas meanwhile.
fn measure(cluster: &Cluster, proxy: &Proxy, load: Load) -> (Latencies, Lags) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let lags = scope.spawn(|| lag::watch(cluster, proxy, &stop));
        let latencies = run(cluster, proxy.port(), load, "through");
        stop.store(true, Ordering::Relaxed);
        (latencies, lags.join().expect("it does not panic"))
    })
}

fn run(cluster: &Cluster, port: u16, load: Load, name: &str) -> Latencies {
    let door = Door {
        port,
        user: USER,
        password: PASSWORD,
        database: DATABASE,
    };
    let folder = cluster.folder().join(name);
    pgbench::run(cluster.program("pgbench"), &door, load, &folder)
}

/// pgbench's tables: 100,000 accounts for each of `scale`.
fn fill(cluster: &Cluster, scale: u32) {
    let mut pgbench = cluster.program("pgbench");
    pgbench
        .args(["--initialize", "--quiet", "--host=127.0.0.1"])
        .arg(format!("--scale={scale}"))
        .arg(format!("--port={}", cluster.primary().port()))
        .args(["--username", USER, DATABASE])
        .env("PGPASSWORD", PASSWORD);
    let output = pgbench.output().expect("pgbench is installed");
    assert!(output.status.success(), "{output:?}");
    cluster.primary().psql("checkpoint").expect("it answers");
    cluster.catch_up(0).expect("the replicas follow");
}

/// As many as were asked for, nearly: pgbench draws their moments at random.
fn check(latencies: &Latencies, load: Load) {
    let wanted = f64::from(load.rate) * load.lasts.as_secs_f64();
    let (reads, writes) = (count(&latencies.reads), count(&latencies.writes));
    let done = reads + writes;
    assert!(wanted * 0.9 < done, "{done} transactions of {wanted}");
    let share = reads / done;
    assert!((0.85..0.95).contains(&share), "reads: {share}");
}

/// Batches by the node they were sent to, and the node's pool.
#[derive(Debug)]
struct Routed {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    name: String,
    role: &'static str,
    pool: f64,
    reads: f64,
    writes: f64,
}

impl Routed {
    fn by(proxy: &Proxy, cluster: &Cluster) -> Self {
        let samples = scrape::samples(&proxy.metrics());
        let nodes = cluster.nodes().iter().map(|node| {
            let name = format!("127.0.0.1:{}", node.port());
            Node {
                role: if node.index() == 0 {
                    "primary"
                } else {
                    "replica"
                },
                pool: total(&samples, &name, "pgsluice_pool_size", None),
                reads: total(&samples, &name, "pgsluice_routed_total", Some("read")),
                writes: total(&samples, &name, "pgsluice_routed_total", Some("write")),
                name,
            }
        });
        Self {
            nodes: nodes.collect(),
        }
    }

    fn print(&self, lags: &Lags) {
        eprintln!("| node | role | pool's size | most servers | reads | writes |");
        eprintln!("|---|---|--:|--:|--:|--:|");
        for (i, node) in self.nodes.iter().enumerate() {
            let most = lags.servers.get(&node.name).copied().unwrap_or(0.0);
            eprintln!(
                "| node{i} | {} | {} | {most} | {} | {} |",
                node.role, node.pool, node.reads, node.writes
            );
        }
    }

    /// The replicas' pools are alike, and so are their shares of the reads; the primary has next
    /// to none of them, and all writes.
    fn check(&self) {
        let reads: f64 = self.nodes.iter().map(|n| n.reads).sum();
        let astray = self.nodes[0].reads / reads;
        assert!(astray < 0.05, "{astray} of the reads: {self:?}");
        let pools: f64 = self.replicas().map(|n| n.pool).sum();
        for node in self.replicas() {
            let (share, fair) = (node.reads / reads, node.pool / pools);
            assert!(
                (share - fair).abs() < 0.15,
                "{share} of the reads: {self:?}"
            );
            assert!(node.writes < 0.5, "a replica was sent writes: {self:?}");
        }
    }

    fn replicas(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|n| n.role == "replica")
    }
}

/// What a node's samples of a metric come to.
fn total(samples: &[Sample], node: &str, metric: &str, class: Option<&str>) -> f64 {
    let is_it = |s: &&Sample| {
        s.name == metric && s.label("node") == Some(node) && s.label("class") == class
    };
    let values = samples.iter().filter(is_it).map(|s| s.value);
    values.fold(0.0, |sum, value| sum + value)
}

fn print_latencies(through: &Latencies, straight: &Latencies, load: Load) {
    eprintln!(
        "{} transactions a second for {} s by {} clients; milliseconds",
        load.rate,
        load.lasts.as_secs(),
        load.clients
    );
    eprintln!("| | count | median | 95 % | 99 % | longest |");
    eprintln!("|---|--:|--:|--:|--:|--:|");
    for (name, latencies) in [("pgsluice", through), ("primary alone", straight)] {
        let rows = [
            ("all", latencies.all()),
            ("reads", latencies.reads.clone()),
            ("writes", latencies.writes.clone()),
        ];
        for (what, sorted) in rows {
            eprintln!(
                "| {name}, {what} | {} | {} |",
                sorted.len(),
                spread(&sorted)
            );
        }
    }
}

fn print_lags(lags: &Lags) {
    eprintln!("| replicas' lag, ms | samples | median | 95 % | 99 % | longest |");
    eprintln!("|---|--:|--:|--:|--:|--:|");
    for (name, sorted) in [
        ("replay_lag, by the primary", &lags.replay),
        ("age of certificate, by pgsluice", &lags.certified),
    ] {
        eprintln!("| {name} | {} | {} |", sorted.len(), spread(sorted));
    }
}

fn spread(sorted: &[f64]) -> String {
    let parts = [0.5, 0.95, 0.99, 1.0].map(|part| format!("{:.2}", percentile(sorted, part)));
    parts.join(" | ")
}

fn sum(page: &str, name: &str) -> f64 {
    let samples = scrape::samples(page);
    let named = samples.iter().filter(|s| s.name == name);
    named.map(|s| s.value).sum()
}

#[expect(clippy::cast_precision_loss, reason = "a count")]
fn count(values: &[f64]) -> f64 {
    values.len() as f64
}

const GLOBAL: &str = "pool_size_primary = 20\npool_size_replica = 40\n";
const RATE: u32 = 300;
const CLIENTS: u32 = 20;
/// As a test.
const SECONDS: u64 = 8;
