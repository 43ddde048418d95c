//! What the sampler costs this process and the nodes: three nodes, asked each 10 ms for ten seconds,
//! and then left clean. Needs PostgreSQL's server programs.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench talks to people, and may fail loudly"
)]

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use pgsluice::config::cluster::Cluster as Settings;
use pgsluice::config::cluster::ClusterSettings;
use pgsluice::config::cluster::Node;
use pgsluice::config::database::Credentials;
use pgsluice::config::tls::Tls;
use pgsluice::config::types::Tcp;
use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;
use pgsluice::monitor::handle::Monitor;
use pgsluice::monitor::login::Login;
use pgsluice::monitor::postgres::Postgres;
use pgsluice::net::tls::dial::ServerTls;
use pgsluice::server::path::Means;
use tokio::runtime::Builder;
use tokio::time::Instant;
use tokio::time::sleep;

fn main() {
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let cluster = Cluster::start(&Options::default()).expect("a cluster");
    cluster
        .primary()
        .psql("create table t (i int)")
        .expect("a table");
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(measure(&cluster));
}

async fn measure(cluster: &Cluster) {
    let nodes = cluster.nodes().iter().map(|n| Node {
        host: "127.0.0.1".to_owned(),
        port: n.port(),
        ..Node::default()
    });
    let settings = Settings {
        name: "main".to_owned(),
        nodes: nodes.collect(),
        monitor: Credentials {
            user: "postgres".to_owned(),
            ..Credentials::default()
        },
        settings: ClusterSettings::default(),
    };
    let tls = Arc::new(ServerTls::new(&Tls::default()).expect("no TLS"));
    let login = Login::new(&settings, Means::new(tls, Tcp::default()));
    let probe = Postgres::new(login, "postgres".to_owned());
    let (monitor, tasks) = Monitor::start((&settings).into(), probe);
    sleep(Duration::from_secs(2)).await;
    report("clean", cluster, async || {
        sleep(Duration::from_secs(10)).await
    })
    .await;
    let end = Instant::now() + Duration::from_secs(10);
    // The sampler goes fast as long as it is told of writes; 10 ms of ours tell it enough.
    let mark = async || {
        while Instant::now() < end {
            monitor.wrote();
            sleep(Duration::from_millis(10)).await;
        }
    };
    report("written to", cluster, mark).await;
    tasks.stop().await;
}

/// CPU of this process and of all nodes while `work` runs.
async fn report(name: &str, cluster: &Cluster, work: impl AsyncFnOnce()) {
    let nodes = || {
        cluster
            .nodes()
            .iter()
            .map(|n| ticks_with_children(n.pid()))
            .sum::<u64>()
    };
    let (start, ours, theirs) = (Instant::now(), ticks_of("self"), nodes());
    work().await;
    let seconds = start.elapsed().as_secs_f64();
    let percent = |ticks: u64| f64::from(u32::try_from(ticks).unwrap_or(u32::MAX)) / seconds;
    println!(
        "{name}: this process {:.2} % of a core, three nodes together {:.2} %",
        percent(ticks_of("self") - ours),
        percent(nodes().saturating_sub(theirs)),
    );
}

/// User and system time of a postmaster's children, in hundredths of a second.
fn ticks_with_children(pid: Option<u32>) -> u64 {
    let Some(pid) = pid else {
        return 0;
    };
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    children.split_whitespace().map(ticks_of).sum()
}

/// User and system time, in hundredths of a second (the usual USER_HZ).
fn ticks_of(pid: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    fields.filter_map(|f| f.parse::<u64>().ok()).sum()
}
