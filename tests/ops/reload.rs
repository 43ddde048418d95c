//! SIGHUP: what changes, what does not, and that nobody is dropped.

use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;

use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::Session;
use crate::stage::cluster;
use crate::stage::cluster_of;
use crate::stage::main_cluster;
use crate::stage::user_app;

const APP: &str = "[databases.app]\ncluster = \"main\"\n";

#[test]
fn reload_changes_what_the_file_says_and_drops_nobody() {
    let cluster = cluster(1);
    let before = format!(
        "{}{APP}[databases.old]\ncluster = \"main\"\ndbname = \"app\"\n{}",
        main_cluster(&cluster),
        user_app()
    );
    let mut front = Front::ready(&cluster, "reload", &before);
    a_bad_file_changes_nothing(&mut front, &before);
    databases_and_users_come_and_go(&cluster, &mut front);
    pools_are_resized(&cluster, &mut front);
    nodes_change(&cluster, &mut front);
    passwords_change(&cluster, &mut front);
}

fn a_bad_file_changes_nothing(front: &mut Front, before: &str) {
    let session = front.session("app");
    front.reload(&format!(
        "{before}\n[databases.app2]\nclusters = \"main\"\n"
    ));
    let log = front.log();
    let line = log.lines().find(|l| l.contains("reload failed")).unwrap();
    for part in ["reload.toml:", "databases.app2.clusters", "did you mean"] {
        assert!(log.contains(part), "{part} is not said:\n{line}");
    }
    assert_eq!(session.sql("select 1").as_deref(), Ok("1"));
    assert_eq!(front.app("old", "select 1").as_deref(), Ok("1"));
}

fn databases_and_users_come_and_go(cluster: &Cluster, front: &mut Front) {
    let kept = front.session("app");
    let running = front.session("app");
    let (gone, going) = (front.session("old"), front.session("old"));
    running.sql("begin").unwrap();
    going.sql("begin").unwrap();
    front.reload(&format!(
        "{}{APP}[databases.new]\ncluster = \"main\"\ndbname = \"app\"\n{}[users.postgres]\n\
         password = \"postgres\"\n",
        main_cluster(cluster),
        user_app()
    ));
    assert_eq!(front.app("new", "select 1").as_deref(), Ok("1"));
    let who = front.conninfo("postgres", "app");
    let said = front.psql(&who, "postgres", "begin; select current_user; commit");
    assert_eq!(said.as_deref(), Ok("postgres"));
    assert!(front.app("old", "select 1").is_err());
    assert!(gone.ending().contains("no such database: old"));
    // A transaction runs to its end, of whatever database.
    assert_eq!(going.sql("select 3").as_deref(), Ok("3"));
    going.sql("commit").unwrap();
    assert!(going.ending().contains("no such database: old"));
    assert_eq!(running.sql("select 2").as_deref(), Ok("2"));
    running.sql("commit").unwrap();
    assert_eq!(kept.sql("select 1").as_deref(), Ok("1"));
    assert_eq!(running.sql("select 1").as_deref(), Ok("1"));
}

fn pools_are_resized(cluster: &Cluster, front: &mut Front) {
    front.reload(&format!(
        "{}{APP}pool_size = 1\nread_write_split = false\nquery_wait_timeout = \"300ms\"\n{}",
        main_cluster(cluster),
        user_app()
    ));
    let (one, two) = (front.session("app"), front.session("app"));
    one.sql("begin").unwrap();
    assert!(
        two.sql("select 1")
            .unwrap_err()
            .contains("query_wait_timeout")
    );
    let three = front.session("app");
    front.reload(&format!(
        "{}{APP}pool_size = 3\n{}",
        main_cluster(cluster),
        user_app()
    ));
    assert_eq!(three.sql("begin").as_deref(), Ok(""));
    one.sql("commit").unwrap();
    three.sql("commit").unwrap();
}

/// The replica is taken out while clients use it, and one of them waits for a server on it.
fn nodes_change(cluster: &Cluster, front: &mut Front) {
    let head = format!("{APP}pool_size = 1\n{}", user_app());
    let primary = cluster.primary().port();
    let both = format!("{}{head}", main_cluster(cluster));
    let alone = format!("{}{head}", cluster_of(&[primary]));
    front.reload(&both);
    front.wait("reads on the replica", |front| {
        let sql = "/* pgsluice: replica */ select pg_catalog.pg_is_in_recovery()";
        front.app("app", sql).as_deref() == Ok("t")
    });
    thread::scope(|scope| {
        let (holder, waiter) = (front.session("app"), front.session("app"));
        let held = scope.spawn(move || holder.sql("/* pgsluice: replica */ select pg_sleep(1)"));
        thread::sleep(Duration::from_millis(200));
        let waiting = scope.spawn(move || waiter.sql("select count(*) from pg_class"));
        thread::sleep(Duration::from_millis(100));
        front.reload(&alone);
        assert!(held.join().unwrap().is_ok(), "what runs ends");
        let served = waiting.join().unwrap();
        assert!(served.is_ok(), "who waited is served elsewhere: {served:?}");
    });
    let replica = cluster.replicas()[0].port();
    let labels = [("node", &*format!("127.0.0.1:{replica}"))];
    assert!(
        front.metric("pgsluice_node_up", &labels) < 1.0,
        "it is not watched"
    );
    let left = "select count(*) from pg_stat_activity where usename = 'app'";
    cluster.replicas()[0].wait_sql(left, "0", "left").unwrap();
    front.reload(&both);
    front.wait("reads on the replica", |front| {
        let sql = "/* pgsluice: replica */ select pg_catalog.pg_is_in_recovery()";
        front.app("app", sql).as_deref() == Ok("t")
    });
}

fn passwords_change(cluster: &Cluster, front: &mut Front) {
    let old = front.session("app");
    let primary = cluster.primary();
    primary.psql("alter role app password 'another'").unwrap();
    cluster.catch_up(0).unwrap();
    let user = "[users.app]\npassword = \"another\"\n";
    front.reload(&format!("{}{APP}{user}", main_cluster(cluster)));
    let refused = front.app("app", "select 1").unwrap_err();
    assert!(refused.contains("SASL authentication failed"), "{refused}");
    assert_ne!(PASSWORD, "another");
    let conninfo = front.conninfo("app", "app");
    let said = front.psql(&conninfo, "another", "begin; select 4; commit");
    assert_eq!(said.as_deref(), Ok("4"));
    assert_eq!(
        old.sql("select 1").as_deref(),
        Ok("1"),
        "who is in stays in"
    );
    assert!(!front.log().contains("another"));
}

#[test]
fn a_login_that_waits_over_a_reload_goes_by_the_new_configuration() {
    let cluster = cluster(0);
    let config = |host: &str, options: &str| {
        format!(
            "[clusters.main]\nroles = \"ignored\"\nnodes = [\"{host}:{}\"]\n{APP}pool_size = 1\n\
             {options}\n{}",
            cluster.primary().port(),
            user_app()
        )
    };
    let mut front = Front::ready(&cluster, "login", &config("127.0.0.1", ""));
    let brief = "client_idle_timeout = \"500ms\"";
    // The first time the pool stays, the second time it is another.
    for (host, work_mem) in [("127.0.0.1", "5MB"), ("localhost", "6MB")] {
        front.reload(&config("127.0.0.1", ""));
        let holder = front.session("app");
        holder.sql("begin").unwrap();
        // Nobody has asked for that yet, so that a server has to be asked what it means.
        let conninfo = front.conninfo("app", "app");
        let conninfo = format!("{conninfo} options='-c work_mem={work_mem}'");
        let waiting = thread::spawn(move || Session::start(&conninfo));
        thread::sleep(Duration::from_millis(300));
        assert!(!waiting.is_finished());
        front.reload(&config(host, brief));
        if host == "127.0.0.1" {
            holder.sql("commit").unwrap();
        }
        let session = waiting.join().unwrap().expect("it is let in");
        let shown = session.sql("show work_mem");
        assert_eq!(shown.as_deref(), Ok(work_mem));
        assert_eq!(session.ending(), "08P01 client_idle_timeout");
    }
}
