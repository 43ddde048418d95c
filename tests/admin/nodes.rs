//! `SHOW NODES`, and what `EXPLAIN ROUTE` says of nodes that may not serve.

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Stop;

use crate::ask;
use crate::front;
use crate::stage::Front;
use crate::stage::cluster;

const EXPLAIN: &str = "explain route select count(*) from pg_class";

#[test]
fn nodes_are_shown_with_what_keeps_them_from_serving() {
    let cluster = cluster(2);
    let mut front = front(&cluster, "nodes", &[("app", "")]);
    front.wait("three nodes", |front| {
        ask(front, "show nodes")
            .iter()
            .all(|node| node[4].is_empty())
    });
    let nodes = ask(&front, "show nodes");
    assert_eq!(nodes.len(), 3);
    let system = cluster
        .primary()
        .psql("select system_identifier from pg_control_system()");
    let system = system.unwrap();
    for (shown, node) in nodes.iter().zip(cluster.nodes()) {
        let role = if node.port() == cluster.primary().port() {
            "primary"
        } else {
            "replica"
        };
        let address = format!("127.0.0.1:{}", node.port());
        assert_eq!(shown[..4], ["main", &*address, role, "up"], "{shown:?}");
        assert_eq!((&*shown[8], &shown[9]), ("1", &system), "{shown:?}");
        assert_eq!((&*shown[11], &*shown[12]), ("1", "1"), "{shown:?}");
        assert_eq!(
            shown[7].is_empty(),
            role == "primary",
            "a certificate: {shown:?}"
        );
        assert!(
            shown[6].parse::<f64>().is_ok_and(|lag| lag < 2_000.0),
            "{shown:?}"
        );
    }
    busy_servers(&front);
    failures(&mut front, &cluster);
}

fn busy_servers(front: &Front) {
    let session = front.session("app");
    session.sql("begin").unwrap();
    let nodes = ask(front, "show nodes");
    assert_eq!((&*nodes[0][14], &*nodes[0][17]), ("1", "0"), "{nodes:?}");
    let rows = ask(front, EXPLAIN);
    let candidate = rows.iter().find(|row| row[0] == "candidate").unwrap();
    assert_eq!((&*candidate[6], &*candidate[7]), ("1", "20"), "{rows:?}");
    session.sql("rollback").unwrap();
}

fn failures(front: &mut Front, cluster: &Cluster) {
    let lagging = &cluster.replicas()[0];
    lagging.pause_replay().unwrap();
    front.app("app", "create table lag (i int)").unwrap();
    becomes(front, lagging.port(), "lagging");
    let others = verdicts(front);
    assert_eq!(
        others
            .iter()
            .filter(|(_, verdict)| verdict == "serves")
            .count(),
        1
    );
    lagging.resume_replay().unwrap();
    becomes(front, lagging.port(), "serves");

    let stopped = &cluster.replicas()[1];
    stopped.stop(Stop::Immediate).unwrap();
    becomes(front, stopped.port(), "down");
    let down = ask(front, "show nodes").into_iter().nth(2).unwrap();
    assert_eq!(
        (&*down[3], &*down[4], &*down[12]),
        ("down", "down", ""),
        "{down:?}"
    );

    lagging.stop(Stop::Immediate).unwrap();
    becomes(front, lagging.port(), "down");
    let rows = ask(front, EXPLAIN);
    let choice = rows.last().unwrap();
    assert_eq!(
        (&*choice[1], &*choice[12]),
        ("primary", "no replica may serve"),
        "{rows:?}"
    );
}

/// Each node, and whether it may serve a read.
fn verdicts(front: &Front) -> Vec<(String, String)> {
    let rows = ask(front, EXPLAIN).into_iter();
    let candidates = rows.filter(|row| row[0] == "candidate");
    candidates
        .map(|row| (row[2].clone(), row[1].clone()))
        .collect()
}

/// Writes until the node is judged so.
fn becomes(front: &mut Front, port: u16, verdict: &str) {
    let node = format!("127.0.0.1:{port}");
    front.wait(verdict, |front| {
        let _ = front.app("app", "insert into lag values (1)");
        verdicts(front).contains(&(node.clone(), verdict.to_owned()))
    });
}
