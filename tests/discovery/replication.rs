//! Standbys as the primary names them: found, and known for synchronous or not.

use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Stop;

use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::cluster;
use crate::stage::cluster_of;
use crate::stage::user_app;

/// Has a replica stream over TCP, as one on another host does: nameless, and without a slot unless
/// there is one.
fn stream_by_tcp(cluster: &Cluster, node: usize, slot: &str) {
    let port = cluster.primary().port();
    let conninfo = format!("host=127.0.0.1 port={port} user=postgres password=postgres");
    let replica = cluster.node(node);
    for sql in [
        format!("alter system set primary_conninfo = '{conninfo}'"),
        format!("alter system set primary_slot_name = '{slot}'"),
        "alter system set cluster_name = ''".to_owned(),
    ] {
        replica.psql(&sql).unwrap();
    }
    replica.restart().unwrap();
}

fn config(ports: &[u16], options: &str) -> String {
    [
        "admin_users = \"root\"\nlog_connections = false\nlog_disconnections = false\n".to_owned(),
        cluster_of(ports),
        format!("slow_start = 0\ndiscovery_interval = \"100ms\"\n{options}\n"),
        "[databases.app]\ncluster = \"main\"\nquery_wait_timeout = \"20s\"\n".to_owned(),
        user_app(),
        format!("[users.root]\npassword = \"{PASSWORD}\"\n"),
    ]
    .concat()
}

/// What the console shows of each node: its address, and whether commits wait for it.
fn nodes(front: &Front) -> Vec<(String, String)> {
    let shown = front.psql(&front.conninfo("root", "pgsluice"), PASSWORD, "show nodes");
    let shown = shown.expect("the console answers");
    let node = |line: &str| {
        let cells: Vec<_> = line.split('|').collect();
        (cells[1].to_owned(), cells[18].to_owned())
    };
    shown.lines().map(node).collect()
}

fn addresses(front: &Front) -> Vec<String> {
    nodes(front).into_iter().map(|(node, _)| node).collect()
}

#[test]
fn a_standby_that_streams_is_found() {
    let cluster = cluster(2);
    let port = |node: usize| cluster.node(node).port();
    let address = |node: usize| format!("127.0.0.1:{}", port(node));
    stream_by_tcp(&cluster, 2, "slot2");
    // One is reached by its socket and named in the file; the other listens at another port.
    let options = format!("discovery = \"replication\"\ndiscovery_port = {}", port(2));
    let text = config(&[port(0), port(1)], &options);
    let mut front = Front::ready(&cluster, "streams", &text);
    let all = [address(0), address(1), address(2)];
    front.wait("found", |front| addresses(front) == all);
    front.wait("read from", |front| {
        front.app("app", "select 1").unwrap();
        let labels = [("node", &*all[2])];
        0.5 < front.metric("pgsluice_query_seconds_count", &labels)
    });
    // It may come back, and is one of ours as long as it answers.
    cluster.node(2).stop(Stop::Fast).unwrap();
    front.wait("down", |front| {
        front.metric("pgsluice_node_up", &[("node", &*all[2])]) < 0.5
    });
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(addresses(&front), all);
    cluster.node(2).start().unwrap();
    front.wait("up", |front| {
        0.5 < front.metric("pgsluice_node_up", &[("node", &*all[2])])
    });
    assert_eq!(addresses(&front), all);
    assert_eq!(front.logged("nodes have changed"), 1, "{}", front.log());
}

#[test]
fn synchronous_standbys_are_known_and_preferred() {
    let cluster = cluster(3);
    // Three of one name from one address: only their slots tell them apart.
    for node in [1, 2, 3] {
        stream_by_tcp(&cluster, node, &format!("slot{node}"));
    }
    let ports: Vec<_> = cluster.nodes().iter().map(|node| node.port()).collect();
    let mut front = Front::ready(&cluster, "sync", &config(&ports, ""));
    let states = |front: &Front| -> Vec<String> {
        nodes(front).into_iter().map(|(_, state)| state).collect()
    };
    front.wait("known", |front| {
        states(front) == ["", "async", "async", "async"]
    });
    // One of them gets a name of its own, and becomes what commits wait for.
    let port = cluster.primary().port();
    let named = format!(
        "alter system set primary_conninfo = 'host=127.0.0.1 port={port} user=postgres \
         password=postgres application_name=waited'"
    );
    cluster.node(2).psql(&named).unwrap();
    cluster.node(2).psql("select pg_reload_conf()").unwrap();
    for set in [
        "synchronous_standby_names = 'waited'",
        "synchronous_commit = remote_apply",
    ] {
        let set = format!("alter system set {set}");
        cluster.primary().psql(&set).unwrap();
    }
    cluster.primary().psql("select pg_reload_conf()").unwrap();
    front.wait("sync", |front| {
        states(front) == ["", "async", "sync", "async"]
    });
    let node = format!("127.0.0.1:{}", ports[2]);
    let labels = [("node", &*node), ("state", "sync")];
    assert!(0.5 < front.metric("pgsluice_node_sync_state", &labels));
    preferred(&mut front, &ports);

    // Without a slot the name says it.
    cluster
        .node(2)
        .psql("alter system set primary_slot_name = ''")
        .unwrap();
    cluster.node(2).psql("select pg_reload_conf()").unwrap();
    cluster
        .primary()
        .wait_sql(
            "select count(*) from pg_replication_slots where slot_name = 'slot2' and not active",
            "1",
            "without the slot",
        )
        .unwrap();
    let set = "alter system set synchronous_standby_names = 'ANY 1 (waited, other)'";
    cluster.primary().psql(set).unwrap();
    cluster.primary().psql("select pg_reload_conf()").unwrap();
    front.wait("quorum", |front| {
        states(front) == ["", "async", "quorum", "async"]
    });
}

/// Of equals the one that commits wait for has most of the reads.
fn preferred(front: &mut Front, ports: &[u16]) {
    let count = |front: &Front, port: u16| {
        let node = format!("127.0.0.1:{port}");
        let labels = [("database", "app"), ("node", &*node)];
        front.metric("pgsluice_query_seconds_count", &labels)
    };
    front.wait("preferred", |front| {
        let before: Vec<_> = ports.iter().map(|port| count(front, *port)).collect();
        for _ in 0..30 {
            front.session("app").sql("select 1").unwrap();
        }
        let of = |i: usize| count(front, ports[i]) - before[i];
        of(1) < of(2) && of(3) < of(2) && of(1) + of(3) < 1.5 * of(2)
    });
}
