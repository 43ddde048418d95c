//! How many servers there are, who gets them in which order, and when they are closed.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Node;

use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::PATIENCE;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::now;
use crate::stage::user_app;

#[test]
fn pools_keep_their_limits() {
    let cluster = cluster(1);
    let primary = cluster.primary();
    let names = ["sized", "one", "least", "idle", "old"];
    for name in names {
        let sql = format!("create database {name} owner app");
        primary.psql(&sql).unwrap();
    }
    cluster.catch_up(0).unwrap();
    let database =
        |name: &str, options: &str| format!("[databases.{name}]\ncluster = \"main\"\n{options}\n");
    let config = [
        "max_client_conn = 1000\nserver_login_retry = \"60s\"\n".to_owned(),
        main_cluster(&cluster),
        database("sized", "pool_size_primary = 2\npool_size_replica = 4"),
        database(
            "one",
            "pool_size = 1\nread_write_split = false\nquery_wait_timeout = \"2s\"\n\
             server_check_delay = 0",
        ),
        database(
            "reserved",
            "dbname = \"one\"\npool_size = 1\nreserve_pool_size = 1\n\
             reserve_pool_timeout = \"200ms\"\nread_write_split = false",
        ),
        database("least", "min_pool_size = 3"),
        database("idle", "server_idle_timeout = \"1s\""),
        database("old", "server_lifetime = \"1s\""),
        database(
            "failing",
            "dbname = \"app\"\nuser = \"app\"\npassword = \"wrong\"\nread_write_split = false",
        ),
        user_app(),
    ];
    let front = Front::ready(&cluster, "pools", &config.concat());
    sizes_by_role(&cluster, &front);
    first_come_first_served(&front);
    waits_end(&front);
    the_reserve_comes_in_time(&front);
    lives_of_servers(&cluster, &front);
    a_login_that_fails_is_not_tried_all_the_time(&front);
}

/// Servers of a database on a node, as the node counts them.
fn servers(node: &Node, database: &str) -> usize {
    let sql = format!(
        "select count(*) from pg_stat_activity where datname = '{database}' and usename = 'app'"
    );
    node.psql(&sql).unwrap().parse().unwrap()
}

fn wait_for_servers(node: &Node, database: &str, count: usize) {
    let until = now() + PATIENCE;
    while servers(node, database) != count {
        assert!(
            now() < until,
            "{database}: {} of {count}",
            servers(node, database)
        );
        thread::sleep(Duration::from_millis(50));
    }
}

fn sizes_by_role(cluster: &Cluster, front: &Front) {
    let (primary, replica) = (cluster.primary(), &cluster.replicas()[0]);
    thread::scope(|scope| {
        let mut all = Vec::new();
        for i in 0..14 {
            all.push(scope.spawn(move || {
                let session = front.session("sized");
                let sleep = "/* pgsluice: replica */ select pg_sleep(1)";
                let wait = ["begin; select pg_sleep(1); commit", sleep][i % 2];
                session.sql(wait).unwrap();
            }));
        }
        wait_for_servers(primary, "sized", 2);
        wait_for_servers(replica, "sized", 4);
        let labels = [("database", "sized"), ("state", "waiting")];
        assert!(1.0 <= front.metric("pgsluice_clients", &labels));
        for one in all {
            one.join().unwrap();
        }
    });
    assert_eq!(servers(primary, "sized"), 2);
    assert_eq!(servers(replica, "sized"), 4);
    let sizes = front.metric("pgsluice_pool_size", &[("database", "sized")]);
    assert!((sizes - 6.0).abs() < 0.1, "{sizes}");
}

fn first_come_first_served(front: &Front) {
    let order = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let first = front.session("one");
        let mut others: Vec<_> = (0..5).map(|_| front.session("one")).collect();
        let order = &order;
        scope.spawn(move || first.sql("select pg_sleep(1)").unwrap());
        thread::sleep(Duration::from_millis(200));
        for (i, session) in others.drain(..).enumerate() {
            scope.spawn(move || {
                session.sql("select pg_sleep(0.05)").unwrap();
                order.lock().unwrap().push(i);
            });
            thread::sleep(Duration::from_millis(60));
        }
    });
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
}

fn waits_end(front: &Front) {
    let (holder, waiter) = (front.session("one"), front.session("one"));
    holder.sql("begin").unwrap();
    let (refused, took) = waiter.timed("select 1");
    assert_eq!(refused.unwrap_err(), "08P01 query_wait_timeout");
    assert!(Duration::from_millis(1900) < took && took < Duration::from_secs(10));
    holder.sql("commit").unwrap();
    assert_eq!(front.app("one", "select 2").as_deref(), Ok("2"));
}

fn the_reserve_comes_in_time(front: &Front) {
    let (holder, waiter) = (front.session("reserved"), front.session("reserved"));
    holder.sql("begin").unwrap();
    let (done, took) = waiter.timed("select 1");
    assert_eq!(done.as_deref(), Ok("1"));
    assert!(Duration::from_millis(190) < took, "{took:?}");
    holder.sql("commit").unwrap();
}

fn lives_of_servers(cluster: &Cluster, front: &Front) {
    let primary = cluster.primary();
    let client = front.session("least");
    client.sql("begin; commit").unwrap();
    wait_for_servers(primary, "least", 3);
    drop(client);
    let began = now();
    for name in ["idle", "old"] {
        front.app(name, "begin; commit").unwrap();
    }
    wait_for_servers(primary, "idle", 0);
    wait_for_servers(primary, "old", 0);
    assert!(Duration::from_millis(700) < began.elapsed());
    let closed = |reason| front.metric("pgsluice_pool_closed_total", &[("reason", reason)]);
    assert!(1.0 <= closed("idle_timeout") && 1.0 <= closed("lifetime"));
}

fn a_login_that_fails_is_not_tried_all_the_time(front: &Front) {
    let conninfo = front.conninfo("app", "failing");
    let first = front.psql(&conninfo, PASSWORD, "select 1").unwrap_err();
    assert!(
        first.contains("password authentication failed for user \"app\""),
        "{first}"
    );
    let began = now();
    let second = front.psql(&conninfo, PASSWORD, "select 1").unwrap_err();
    assert!(
        second.contains("server login has been failing, cached error"),
        "{second}"
    );
    assert!(began.elapsed() < Duration::from_secs(5));
    let labels = [("database", "failing"), ("result", "failed")];
    let tried = front.metric("pgsluice_pool_logins_total", &labels);
    // The replica, which might only lag, and the primary.
    assert!(tried <= 2.0, "tried {tried} times");
    assert_eq!(front.logged("cannot open a server"), 2, "{}", front.log());
}
