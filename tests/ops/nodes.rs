//! Nodes that stop, come back, lag; policies and strategies as the nodes count them.

use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Stop;

use crate::stage::Front;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::now;
use crate::stage::user_app;

const READ: &str = "select count(*) from pg_class";

fn config(cluster: &Cluster) -> String {
    let database = |name: &str, options: &str| {
        format!("[databases.{name}]\ncluster = \"main\"\ndbname = \"app\"\n{options}\n")
    };
    let turns = |strategy: &str| {
        let cluster = main_cluster(cluster).replace("[clusters.main]", "[clusters.other]");
        let cluster = cluster.replace("other", strategy);
        let database = database(strategy, "").replace("main", strategy);
        format!("{cluster}strategy = \"{strategy}\"\n{database}")
    };
    [
        "query_wait_timeout = \"20s\"\n".to_owned(),
        main_cluster(cluster),
        "max_lag = \"2s\"\nslow_start = 0\nsample_interval_slow = \"100ms\"\n".to_owned(),
        database("app", ""),
        database("unsplit", "read_write_split = false"),
        database(
            "never",
            "primary_reads = \"never\"\nquery_wait_timeout = \"1s\"",
        ),
        database("always", "primary_reads = \"always\""),
        turns("round_robin"),
        turns("random"),
        user_app(),
    ]
    .concat()
}

/// Reads of a database per node, as routed.
fn routed(front: &Front, cluster: &Cluster, database: &str) -> Vec<f64> {
    let count = |port: u16| {
        let node = format!("127.0.0.1:{port}");
        let labels = [("database", database), ("node", &*node)];
        front.metric("pgsluice_query_seconds_count", &labels)
    };
    cluster.nodes().iter().map(|n| count(n.port())).collect()
}

/// Runs reads over several sessions; how many each node had.
fn reads(front: &Front, cluster: &Cluster, database: &str, count: usize) -> Vec<f64> {
    let before = routed(front, cluster, database);
    // A session stays where it has read, so that it does not go back in time.
    for _ in 0..count / 5 {
        let session = front.session(database);
        for _ in 0..5 {
            session.sql(READ).unwrap();
        }
    }
    let after = routed(front, cluster, database);
    before.iter().zip(&after).map(|(b, a)| a - b).collect()
}

#[test]
fn nodes_fail_and_come_back() {
    let cluster = cluster(2);
    let mut front = Front::ready(&cluster, "nodes", &config(&cluster));
    front.wait("three nodes", |front| {
        8.5 < front.metric("pgsluice_node_up", &[])
    });
    policies(&front, &cluster);
    lag_excludes(&mut front, &cluster);
    replicas_stop_and_start(&mut front, &cluster);
    primary_restarts(&mut front, &cluster);
    nobody_is_left(&mut front, &cluster);
}

fn policies(front: &Front, cluster: &Cluster) {
    for (database, least) in [("app", 1.0), ("round_robin", 20.0), ("random", 10.0)] {
        let counts = reads(front, cluster, database, 60);
        let is_shared = least <= counts[1] && least <= counts[2];
        assert!(counts[0] < 1.0 && is_shared, "{database}: {counts:?}");
    }
    let counts = reads(front, cluster, "unsplit", 20);
    assert!(
        20.0 <= counts[0] && counts[1] + counts[2] < 1.0,
        "{counts:?}"
    );
    let counts = reads(front, cluster, "always", 90);
    // Two were drawn of three, and the primary has no lag at all.
    assert!(5.0 < counts[0] && 0.0 < counts[1] + counts[2], "{counts:?}");
    let committed = |i: usize| -> u64 {
        let sql = "select xact_commit from pg_stat_database where datname = 'app'";
        cluster.node(i).psql(sql).unwrap().parse().unwrap()
    };
    let until = now() + Duration::from_secs(15);
    while !(0..3).all(|i| 5 < committed(i)) {
        assert!(now() < until, "the nodes count otherwise");
        thread::sleep(Duration::from_millis(100));
    }
}

fn lag_excludes(front: &mut Front, cluster: &Cluster) {
    let replica = &cluster.replicas()[0];
    replica.pause_replay().unwrap();
    front.app("app", "create table lag (i int)").unwrap();
    let node = format!("127.0.0.1:{}", replica.port());
    let excluded = |front: &Front| {
        let labels = [("node", &*node), ("reason", "lagging")];
        0.5 < front.metric("pgsluice_node_excluded", &labels)
    };
    front.wait("left out", |front| {
        let _ = front.app("app", "insert into lag values (1)");
        excluded(front)
    });
    let counts = reads(front, cluster, "app", 20);
    assert!(counts[1] < 1.0, "{counts:?}");
    replica.resume_replay().unwrap();
    front.wait("taken in", |front| !excluded(front));
    front.wait("read from", |front| {
        0.0 < reads(front, cluster, "app", 10)[1]
    });
}

fn replicas_stop_and_start(front: &mut Front, cluster: &Cluster) {
    let session = front.session("app");
    session.sql(READ).unwrap();
    for replica in cluster.replicas() {
        replica.stop(Stop::Fast).unwrap();
        // Not one read fails, whatever the monitor knows by then.
        for _ in 0..5 {
            session.sql(READ).unwrap();
        }
    }
    let never = front.session("never");
    let refused = never.sql(READ).unwrap_err();
    assert!(refused.starts_with("57P03 no "), "{refused}");
    for replica in cluster.replicas() {
        replica.start().unwrap();
    }
    front.wait("read from", |front| {
        let counts = reads(front, cluster, "app", 20);
        0.0 < counts[1] && 0.0 < counts[2]
    });
}

fn primary_restarts(front: &mut Front, cluster: &Cluster) {
    let session = front.session("app");
    session.sql("insert into lag values (2)").unwrap();
    let open = front.session("app");
    open.sql("begin").unwrap();
    open.sql("insert into lag values (3)").unwrap();
    cluster.primary().restart().unwrap();
    // The transaction is lost, and its client is told; the other one goes on.
    let lost = open.sql("commit").unwrap_err();
    assert!(
        lost.starts_with("08") || lost.starts_with("57P01") || lost.contains("closed"),
        "{lost}"
    );
    let (written, took) = session.timed("insert into lag values (4)");
    written.unwrap();
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(
        front
            .app(
                "app",
                "begin; select count(*) from lag where i in (3, 4); commit"
            )
            .as_deref(),
        Ok("1")
    );
}

fn nobody_is_left(front: &mut Front, cluster: &Cluster) {
    let session = front.session("never");
    for node in cluster.nodes() {
        node.stop(Stop::Fast).unwrap();
    }
    front.wait("not ready", |front| {
        pgsluice::demo::scrape::fetch(front.http, "/readyz").is_err()
    });
    assert!(pgsluice::demo::scrape::fetch(front.http, "/healthz").is_ok());
    let (refused, took) = session.timed("select 1");
    let refused = refused.unwrap_err();
    assert!(refused.starts_with("57P03 no "), "{refused}");
    assert!(Duration::from_millis(900) < took, "it waited for {took:?}");
    // What goes down is told once, soon; then the log is quiet however long it lasts.
    let is_quiet = (0..10).any(|_| {
        let lines = front.log().lines().count();
        thread::sleep(Duration::from_secs(1));
        front.log().lines().count() - lines < 8
    });
    assert!(is_quiet, "the log goes on and on:\n{}", front.log());
    for node in cluster.nodes() {
        node.start().unwrap();
    }
    front.wait_ready();
    front.app("app", "insert into lag values (5)").unwrap();
    assert_eq!(front.app("app", READ).map(|_| ()), Ok(()));
}
