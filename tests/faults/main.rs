//! A thousand clients read and write while replicas are killed with SIGKILL and started again: no
//! client sees an error for a read whose answer had not begun, and none is left hanging.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot do its work has failed, and it measures time"
)]

#[path = "../support/mod.rs"]
mod support;

mod client;
mod tally;
mod trouble;

use std::env;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use nix::sys::resource::Resource;
use nix::sys::resource::getrlimit;
use nix::sys::resource::setrlimit;
use pgsluice::demo::cluster::Cluster;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time;

use crate::support::proxy::DATABASE;
use crate::support::proxy::Proxy;
use crate::support::proxy::USER;
use crate::support::proxy::cluster_with_app;
use crate::tally::Tally;

/// What all clients and the troublemaker share.
#[derive(Debug)]
struct Scene {
    tally: Tally,
    stop: AtomicBool,
    conninfo: String,
}

#[test]
fn killed_replicas_cost_no_client_an_error() {
    let seed = env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(rand::random::<u64>);
    eprintln!("SEED={seed}");
    allow_sockets();
    let cluster = Arc::new(cluster_with_app());
    fill(&cluster);
    let global = "auth_type = \"trust\"\nmax_client_conn = 2000\nslow_start = \"1s\"\n\
                  server_login_retry = \"1s\"\n";
    let proxy = Proxy::start(&cluster, global, "");
    let scene = Arc::new(Scene {
        tally: Tally::default(),
        stop: AtomicBool::new(false),
        conninfo: proxy.conninfo(),
    });
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(run(&scene, &cluster, seed));
    eprintln!("{}", scene.tally);
    scene.tally.check();
    check_table(&cluster, &scene.tally);
    drop(proxy);
}

/// Lets the clients work, makes trouble, then waits for each of them.
async fn run(scene: &Arc<Scene>, cluster: &Arc<Cluster>, seed: u64) {
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let scene = Arc::clone(scene);
        clients.spawn(client::run(scene, number, seed));
    }
    let all_in = async {
        while scene.tally.logins.load(Ordering::Relaxed) < CLIENTS {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    time::timeout(LOGINS_WITHIN, all_in)
        .await
        .expect("all clients log in");
    eprintln!("{CLIENTS} clients are in");
    let nodes = Arc::clone(cluster);
    let watched = Arc::clone(scene);
    let trouble = tokio::task::spawn_blocking(move || trouble::make(&nodes, &watched, seed));
    trouble.await.expect("trouble was made");
    scene.stop.store(true, Ordering::Relaxed);
    let mut hanging = clients.len();
    let all_out = async {
        while let Some(ended) = clients.join_next().await {
            ended.expect("no client panics");
            hanging -= 1;
        }
    };
    let ended = time::timeout(client::ANSWER_WITHIN + Duration::from_secs(5), all_out).await;
    assert!(ended.is_ok(), "{hanging} clients are left hanging");
}

/// A table that reads are checked against, one that counts writes, and a function that gives the
/// node's name as a read would give anything else: `current_setting('cluster_name')` by itself is
/// known to differ by node, and goes to the primary.
fn fill(cluster: &Cluster) {
    let sql = format!(
        "create table item as select i, md5(i::text) as text from generate_series(1, 1000) i;
         alter table item add primary key (i);
         create table written (client int, i int, primary key (client, i));
         create function whereabouts() returns text stable language sql
             as $$ select current_setting('cluster_name') $$;
         alter table item owner to {USER};
         alter table written owner to {USER};"
    );
    let primary = cluster.primary();
    primary.psql_in(DATABASE, &sql).expect("tables are made");
    cluster.catch_up(0).expect("the replicas follow");
}

/// Every write that was acknowledged is there, once.
fn check_table(cluster: &Cluster, tally: &Tally) {
    let sql = "select count(*) from written";
    let rows = cluster
        .primary()
        .psql_in(DATABASE, sql)
        .expect("it answers");
    let acknowledged = tally.writes.load(Ordering::Relaxed);
    assert_eq!(rows, acknowledged.to_string());
}

fn allow_sockets() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("there is a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("up to the hard one");
}

/// How many clients there are.
const CLIENTS: u64 = 1_000;
const LOGINS_WITHIN: Duration = Duration::from_secs(60);
