//! Nodes that get other numbers while sessions are idle: what these have read is not unread.

use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;

use crate::stage::Front;
use crate::stage::cluster;
use crate::stage::cluster_of;
use crate::stage::now;
use crate::stage::user_app;

const READ: &str = "select count(*) from seen";

/// The nodes in this order. Reads go to those that may serve in turn, however much they lag.
fn config(cluster: &Cluster, order: [usize; 3]) -> String {
    let nodes = cluster_of(&order.map(|i| cluster.node(i).port()));
    let rest = "max_lag = 0\nslow_start = 0\nstrategy = \"round_robin\"\n";
    let database = "[databases.app]\ncluster = \"main\"\n";
    [&*nodes, rest, database, &*user_app()].concat()
}

// A session took the node that now had the number for the one that it had read from.
#[test]
fn an_idle_session_does_not_go_back_when_nodes_change_places() {
    let cluster = cluster(2);
    let mut front = Front::ready(&cluster, "renumbered", &config(&cluster, [0, 1, 2]));
    front.wait("three nodes", |front| {
        2.5 < front.metric("pgsluice_node_up", &[])
    });
    front.app("app", "create table seen (i int)").unwrap();
    cluster.catch_up(0).unwrap();
    cluster.node(1).pause_replay().unwrap();
    front.app("app", "insert into seen values (1)").unwrap();
    let mut ahead = Vec::new();
    let until = now() + Duration::from_secs(20);
    while ahead.len() < 8 {
        assert!(now() < until, "{} sessions saw the row", ahead.len());
        let session = front.session("app");
        if session.sql(READ).as_deref() == Ok("1") {
            ahead.push(session);
        }
    }
    front.reload(&config(&cluster, [0, 2, 1]));
    // They have heard of it.
    thread::sleep(Duration::from_millis(300));
    let seen: Vec<_> = ahead.iter().map(|s| s.sql(READ).unwrap()).collect();
    assert_eq!(seen, ["1"; 8]);
    let behind = (0..8).map(|_| front.session("app").sql(READ).unwrap());
    assert!(
        behind.into_iter().any(|seen| seen == "0"),
        "void: none is behind"
    );
    cluster.node(1).resume_replay().unwrap();
}
