//! Several hosts of one pool.

use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::node::Stop;

use crate::database;
use crate::plain;
use crate::servers;
use crate::stage::Front;
use crate::stage::cluster;
use crate::stage::now;
use crate::stage::user_app;

const PORT: &str = "select inet_server_port()";

#[test]
fn hosts_are_taken_in_turn_and_nobody_asks_them() {
    let cluster = cluster(1);
    let ports: Vec<_> = cluster.nodes().iter().map(|n| n.port()).collect();
    let (first, second) = (ports[0].to_string(), ports[1].to_string());
    let config = [
        "server_login_retry = \"1s\"\n".to_owned(),
        plain("turns", &ports, ""),
        plain("stays", &ports, "load_balance_hosts = \"disable\""),
        plain("late", &ports[1..], ""),
        database("turns", "turns", "pool_size = 4"),
        database("stays", "stays", ""),
        database("one", "turns", "pool_size = 1"),
        database("late", "late", "query_wait_timeout = \"20s\""),
        database("never", "late", "query_wait_timeout = \"1s\""),
        user_app(),
    ];
    let front = Front::ready(&cluster, "hosts", &config.concat());
    thread::sleep(Duration::from_millis(500));
    assert_eq!(servers(&cluster, "true"), 0, "it asks");

    // Reads are not split from writes: a replica is as good as the primary.
    let sessions: Vec<_> = (0..4).map(|_| front.session("turns")).collect();
    let mut at: Vec<_> = sessions
        .iter()
        .map(|session| {
            session.sql("begin").unwrap();
            session.sql(PORT).unwrap()
        })
        .collect();
    at.sort();
    let mut expected = [&*first, &first, &second, &second];
    expected.sort_unstable();
    assert_eq!(at, expected);
    // All four are of one pool.
    assert!((front.metric("pgsluice_pool_size", &[("database", "turns")]) - 4.0).abs() < 0.1);

    let sessions: Vec<_> = (0..3).map(|_| front.session("stays")).collect();
    for session in &sessions {
        session.sql("begin").unwrap();
        assert_eq!(session.sql(PORT).unwrap(), first);
    }
    drop(sessions);

    let replica = &cluster.replicas()[0];
    replica.stop(Stop::Immediate).unwrap();
    for _ in 0..3 {
        let sql = format!("/* another server */ {PORT}");
        assert_eq!(front.app("one", &sql).as_deref(), Ok(&*first));
        front
            .app("one", "select pg_terminate_backend(pg_backend_pid())")
            .unwrap_err();
    }

    // As in PgBouncer, clients wait for a host that is down.
    let began = now();
    let refused = front.app("never", "select 1").unwrap_err();
    assert!(refused.contains("FATAL:  query_wait_timeout"), "{refused}");
    assert!(Duration::from_millis(900) < began.elapsed());
    thread::scope(|scope| {
        let waits = scope.spawn(|| front.app("late", PORT));
        thread::sleep(Duration::from_millis(1500));
        replica.start().unwrap();
        assert_eq!(waits.join().unwrap(), Ok(second.clone()));
    });
}

#[test]
fn what_is_sent_again_goes_to_the_hosts_at_once() {
    let cluster = cluster(0);
    let primary = cluster.primary();
    let table = "create table held (n int); alter table held owner to app";
    primary.psql_in("app", table).unwrap();
    let config = [
        plain("one", &[primary.port()], ""),
        database("one", "one", ""),
        user_app(),
    ];
    let front = Front::ready(&cluster, "again", &config.concat());
    let locker = front.session("one");
    locker.sql("begin; lock table held").unwrap();
    let (session, other) = (front.session("one"), front.session("one"));
    thread::scope(|scope| {
        let prepared = scope.spawn(move || session.prepare("select * from held"));
        let is_blocked = "wait_event_type = 'Lock'";
        while servers(&cluster, is_blocked) == 0 {
            thread::sleep(Duration::from_millis(10));
        }
        let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity";
        primary.psql(&format!("{end} where {is_blocked}")).unwrap();
        // Its statement was prepared by nobody, and is sent to another server.
        while servers(&cluster, is_blocked) == 0 {
            let (read, took) = other.timed("select 1");
            read.unwrap();
            assert!(took < Duration::from_secs(1), "{took:?}");
        }
        locker.sql("commit").unwrap();
        prepared.join().unwrap().unwrap();
    });
}

#[test]
fn a_name_stands_for_its_addresses() {
    let cluster = cluster(0);
    let port = cluster.primary().port();
    let config = [
        "server_login_retry = \"1s\"\n".to_owned(),
        format!("[clusters.named]\nroles = \"ignored\"\nnodes = [\"localhost:{port}\"]\n"),
        format!("[clusters.nowhere]\nroles = \"ignored\"\nnodes = [\"no.invalid:{port}\"]\n"),
        database("named", "named", ""),
        database("nowhere", "nowhere", "query_wait_timeout = \"1s\""),
        user_app(),
    ];
    let front = Front::ready(&cluster, "names", &config.concat());
    for _ in 0..3 {
        assert_eq!(front.app("named", PORT), Ok(port.to_string()));
        front
            .app("named", "select pg_terminate_backend(pg_backend_pid())")
            .unwrap_err();
    }
    let refused = front.app("nowhere", "select 1").unwrap_err();
    assert!(refused.contains("FATAL:  query_wait_timeout"), "{refused}");
}
