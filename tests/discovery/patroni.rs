//! Members of a Patroni that are added and taken away.

use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;

use crate::load::Load;
use crate::rest::Rest;
use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::Session;
use crate::stage::cluster;
use crate::stage::cluster_of;
use crate::stage::user_app;

fn config(cluster: &Cluster, rest: &Rest, seeds: &[usize]) -> String {
    let ports: Vec<_> = seeds.iter().map(|i| cluster.node(*i).port()).collect();
    [
        "admin_users = \"root\"\nlog_connections = false\nlog_disconnections = false\n".to_owned(),
        cluster_of(&ports),
        "slow_start = 0\ndiscovery = \"patroni\"\ndiscovery_interval = \"100ms\"\n".to_owned(),
        format!("patroni_urls = [\"{}\"]\n", rest.url()),
        "[databases.app]\ncluster = \"main\"\nquery_wait_timeout = \"20s\"\n".to_owned(),
        user_app(),
        format!("[users.root]\npassword = \"{PASSWORD}\"\n"),
    ]
    .concat()
}

fn address(cluster: &Cluster, node: usize) -> String {
    format!("127.0.0.1:{}", cluster.node(node).port())
}

/// Batches that a node has answered.
fn served(front: &Front, cluster: &Cluster, node: usize) -> f64 {
    let node = address(cluster, node);
    let labels = [("database", "app"), ("node", &*node)];
    front.metric("pgsluice_query_seconds_count", &labels)
}

/// Logins of clients' servers to a node.
fn logins(front: &Front, cluster: &Cluster, node: usize) -> f64 {
    let node = address(cluster, node);
    let labels = [("node", &*node)];
    front.metric("pgsluice_pool_logins_total", &labels)
}

/// The nodes that the console shows.
fn nodes(front: &Front) -> Vec<String> {
    let shown = front.psql(&front.conninfo("root", "pgsluice"), PASSWORD, "show nodes");
    let shown = shown.expect("the console answers");
    let node = |line: &str| line.split('|').nth(1).unwrap_or_default().to_owned();
    shown.lines().map(node).collect()
}

/// Our connections to a node, those of its own cluster not counted.
fn connections(cluster: &Cluster, node: usize) -> String {
    let sql = "select count(*) from pg_stat_activity where client_addr = '127.0.0.1'";
    cluster.node(node).psql(sql).unwrap()
}

const PORT: &str = "select inet_server_port()";

/// A session in a transaction on the node of this port.
fn reader_on(front: &mut Front, port: u16) -> Session {
    let mut found = None;
    front.wait("there", |front| {
        // A session reads where it has read.
        let session = front.session("app");
        session.sql("begin read only").unwrap();
        if session.sql(PORT) == Ok(port.to_string()) {
            found = Some(session);
        }
        found.is_some()
    });
    found.expect("it was waited for")
}

#[test]
fn replicas_come_and_go_under_load() {
    let cluster = cluster(2);
    let rest = Rest::start();
    rest.name(&cluster, &[(0, ""), (1, "")]);
    // A seed is enough.
    let mut front = Front::ready(&cluster, "patroni", &config(&cluster, &rest, &[0]));
    front
        .app("app", "create table work (client int, i int)")
        .unwrap();
    let load = Load::start(&front);
    front.wait("reading", |f| 20.0 < served(f, &cluster, 1));
    assert_eq!(nodes(&front), [address(&cluster, 0), address(&cluster, 1)]);
    let opened = logins(&front, &cluster, 0);

    rest.name(&cluster, &[(0, ""), (1, ""), (2, "")]);
    front.wait("taken in", |f| 20.0 < served(f, &cluster, 2));

    // Whoever is in a transaction on a node that goes ends it there.
    let open = reader_on(&mut front, cluster.node(1).port());
    rest.name(&cluster, &[(2, ""), (0, "")]);
    let kept = [address(&cluster, 0), address(&cluster, 2)];
    front.wait("taken away", |front| nodes(front) == kept);
    let before = load.done();
    front.wait("at work", |_| before + 200 < load.done());
    assert_eq!(open.sql(PORT), Ok(cluster.node(1).port().to_string()));
    open.sql("commit").unwrap();
    open.sql("begin read only").unwrap();
    assert_eq!(open.sql(PORT), Ok(cluster.node(2).port().to_string()));
    open.sql("commit").unwrap();
    front.wait("left alone", |_| connections(&cluster, 1) == "0");
    let read = served(&front, &cluster, 2);
    front.wait("read from", |f| read + 20.0 < served(f, &cluster, 2));

    // Servers of nodes that stay are those of before, but for what load there is.
    let size = 20.0;
    let opened_since = logins(&front, &cluster, 0) - opened;
    assert!(opened_since < size, "{opened_since} logins to the primary");
    nobody_answers(&mut front, &cluster, &rest, &load);
    load.end();
    assert_eq!(front.logged("no primary"), 0, "{}", front.log());
}

/// The list stays, and it is said once.
fn nobody_answers(front: &mut Front, cluster: &Cluster, rest: &Rest, load: &Load) {
    let kept = [address(cluster, 0), address(cluster, 2)];
    for nonsense in [
        "HTTP/1.0 503 Service Unavailable\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n{\"members\": []}",
        "HTTP/1.0 200 OK\r\n\r\n{\"members\": [{\"host\": \"127.0.0.1",
    ] {
        rest.say(nonsense);
        let (asked, done) = (rest.asked(), load.done());
        front.wait("asked", |_| asked + 2 < rest.asked());
        front.wait("at work", |_| done + 20 < load.done());
        assert_eq!(nodes(front), kept, "{nonsense}");
    }
    assert_eq!(front.logged("nodes not found"), 1, "{}", front.log());
    let tagged = ", \"tags\": {\"noloadbalance\": true}";
    rest.name(cluster, &[(0, ""), (1, ""), (2, tagged)]);
    front.wait("found again", |f| f.logged("nodes are found again") == 1);
    front.wait("balanced", |front| {
        let node = address(cluster, 2);
        let labels = [("node", &*node), ("reason", "no_weight")];
        0.5 < front.metric("pgsluice_node_excluded", &labels)
    });
    let read = served(front, cluster, 1);
    front.wait("read from", |f| read + 20.0 < served(f, cluster, 1));
}

#[test]
fn who_waits_for_a_primary_gets_one_that_is_found() {
    let cluster = cluster(1);
    let rest = Rest::start();
    rest.name(&cluster, &[(1, "")]);
    let mut front = Front::ready(&cluster, "waits", &config(&cluster, &rest, &[1]));
    front.wait("asked", |_| 1 < rest.asked());
    let session = front.session("app");
    let write = thread::spawn(move || session.sql("create table work (client int, i int)"));
    front.wait("waiting", |front| {
        let labels = [("database", "app"), ("state", "waiting")];
        0.5 < front.metric("pgsluice_clients", &labels)
    });
    rest.name(&cluster, &[(0, ""), (1, "")]);
    assert_eq!(write.join().unwrap(), Ok(String::new()));
    front.app("app", "insert into work values (1, 1)").unwrap();
}

#[test]
fn a_reload_keeps_what_was_found() {
    let cluster = cluster(1);
    let rest = Rest::start();
    rest.name(&cluster, &[(0, ""), (1, "")]);
    let mut front = Front::ready(&cluster, "kept", &config(&cluster, &rest, &[0]));
    let both = [address(&cluster, 0), address(&cluster, 1)];
    front.wait("found", |front| nodes(front) == both);
    rest.say("HTTP/1.0 500 No\r\n\r\n");
    let other = config(&cluster, &rest, &[0]).replace("slow_start = 0", "slow_start = 1");
    front.reload(&other);
    assert_eq!(nodes(&front), both);
    assert_eq!(front.logged("no primary"), 0, "{}", front.log());
    // Without a search the file counts.
    front.reload(&other.replace("discovery = \"patroni\"", "discovery = \"none\""));
    assert_eq!(nodes(&front), [address(&cluster, 0)]);
    front.reload(&other);
    let asked = rest.asked();
    front.wait("asked", |_| asked < rest.asked());
    thread::sleep(Duration::from_millis(300));
    assert_eq!(nodes(&front), [address(&cluster, 0)]);
    rest.name(&cluster, &[(0, ""), (1, "")]);
    front.wait("found", |front| nodes(front) == both);
}
