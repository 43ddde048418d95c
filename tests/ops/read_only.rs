//! A primary that is turned read only, as scripts and services stop writes before another one takes
//! over: writes wait for that.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Node;

use crate::stage::Front;
use crate::stage::PATIENCE;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::now;
use crate::stage::user_app;

/// How many write at the same time.
const WRITERS: usize = 6;

/// A cluster with a table, whose replica has it, and a proxy.
fn stage(name: &str) -> (Cluster, Front) {
    let cluster = cluster(1);
    let sql = "create table t (who int, n int); alter table t owner to app; \
        create role reader login password 'reader'; \
        alter role reader set default_transaction_read_only = on";
    cluster.primary().psql_in("app", sql).unwrap();
    cluster.catch_up(0).unwrap();
    let config = [
        main_cluster(&cluster),
        "slow_start = 0\n".to_owned(),
        "[databases.app]\ncluster = \"main\"\n".to_owned(),
        "[databases.brief]\ncluster = \"main\"\ndbname = \"app\"\nfailover_wait = \"700ms\"\n"
            .to_owned(),
        "[users.reader]\npassword = \"reader\"\n".to_owned(),
        user_app(),
    ];
    let front = Front::ready(&cluster, name, &config.concat());
    (cluster, front)
}

fn set_read_only(node: &Node, value: &str) {
    let set = format!("alter system set default_transaction_read_only = {value}");
    node.psql(&set).unwrap();
    node.psql("select pg_reload_conf()").unwrap();
}

#[test]
fn writes_wait_for_the_next_primary_and_no_client_hears_of_it() {
    let (cluster, front) = stage("read_only");
    let (front, is_promoted) = (&front, &AtomicBool::new(false));
    let at_work = &AtomicUsize::new(0);
    let write = |who: usize| {
        let session = front.session("app");
        let (mut written, mut after) = (0, 0);
        let until = now() + PATIENCE;
        while after < 20 {
            assert!(now() < until, "{who}: {after} writes after the promotion");
            let counts = is_promoted.load(Ordering::Acquire);
            let sql = format!("insert into t values ({who}, {written})");
            session
                .sql(&sql)
                .unwrap_or_else(|error| panic!("{who}: {error}"));
            at_work.fetch_add(usize::from(written == 0), Ordering::AcqRel);
            written += 1;
            after += u32::from(counts);
        }
        written
    };
    let written: usize = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|i| scope.spawn(move || write(i)))
            .collect();
        let until = now() + PATIENCE;
        while at_work.load(Ordering::Acquire) < WRITERS {
            assert!(now() < until, "not all write: {}", front.log());
            thread::sleep(Duration::from_millis(10));
        }
        set_read_only(cluster.primary(), "on");
        while front.metric("pgsluice_failover_waiting", &[]) < 5.5 {
            assert!(now() < until, "not all wait: {}", front.log());
            thread::sleep(Duration::from_millis(10));
        }
        let read = "select count(*) from t where who < 0";
        assert_eq!(front.app("app", read).as_deref(), Ok("0"), "reads go on");
        cluster.catch_up(0).unwrap();
        cluster.node(1).promote().unwrap();
        is_promoted.store(true, Ordering::Release);
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap())
            .sum()
    });
    let count = cluster
        .node(1)
        .psql_in("app", "select count(*) from t")
        .unwrap();
    assert_eq!(count, written.to_string(), "each was written once");
    assert_eq!(
        front.logged("default_transaction_read_only was turned on"),
        1
    );
}

#[test]
fn with_no_other_primary_it_is_served_as_it_is() {
    let (cluster, front) = stage("read_only_stays");
    let primary = cluster.primary();
    let insert = "insert into t values (1, 1)";
    let refused = |database: &str, least_ms: u64, most_ms: u64| {
        let (written, took) = front.session(database).timed(insert);
        let error = written.unwrap_err();
        assert!(error.starts_with("25006"), "{error}");
        let (least, most) = (
            Duration::from_millis(least_ms),
            Duration::from_millis(most_ms),
        );
        assert!(least <= took && took < most, "{error}: {took:?}");
    };
    // A role's own setting turns nothing, and its refusals are told at once.
    let reader = front.conninfo("reader", "app");
    let error = front.psql(&reader, "reader", insert).unwrap_err();
    assert!(error.contains("read-only transaction"), "{error}");
    front.app("app", insert).unwrap();
    front.app("brief", insert).unwrap();
    set_read_only(primary, "on");
    refused("brief", 300, 5_000);
    refused("brief", 0, 600);
    let session = front.session("brief");
    session.sql("begin read write").unwrap();
    session.sql(insert).unwrap();
    session.sql("commit").unwrap();
    // It is waited for too that it is turned back.
    thread::scope(|scope| {
        let waits = scope.spawn(|| front.session("app").timed(insert));
        thread::sleep(Duration::from_millis(500));
        set_read_only(primary, "off");
        let (written, took) = waits.join().unwrap();
        written.unwrap();
        assert!(Duration::from_millis(400) < took, "{took:?}");
    });
    assert_eq!(
        front.logged("default_transaction_read_only is off again"),
        1
    );
}
