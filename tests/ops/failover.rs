//! A primary that dies, hangs or comes back: writes wait for the next one, in order and within
//! limits, and nothing goes to the old one any more.

use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Node;

use crate::stage::Front;
use crate::stage::PATIENCE;
use crate::stage::Session;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::now;
use crate::stage::user_app;

/// How many write at the same time.
const WRITERS: usize = 6;

fn config(cluster: &Cluster) -> String {
    let database = |name: &str, options: &str| {
        format!("[databases.{name}]\ncluster = \"main\"\ndbname = \"app\"\n{options}\n")
    };
    [
        main_cluster(cluster),
        "slow_start = 0\n".to_owned(),
        database("app", ""),
        database("one", "pool_size = 1"),
        database("brief", "failover_wait = \"700ms\""),
        database("never", "failover_wait = 0"),
        database("hasty", "query_wait_timeout = \"600ms\""),
        database("narrow", "failover_queue_max = 2"),
        database("looked", "auth_user = \"postgres\""),
        "[users.postgres]\npassword = \"postgres\"\n".to_owned(),
        user_app(),
    ]
    .concat()
}

/// A cluster with a table, whose replica has it, and a proxy.
fn stage(name: &str) -> (Cluster, Front) {
    let cluster = cluster(1);
    let sql = "create table t (id bigserial, who int, n int); alter table t owner to app";
    cluster.primary().psql_in("app", sql).unwrap();
    cluster.catch_up(0).unwrap();
    let front = Front::ready(&cluster, name, &config(&cluster));
    (cluster, front)
}

fn code(error: &str) -> &str {
    error.get(..5).unwrap_or(error)
}

/// Writes until 20 writes were acknowledged after the promotion; how many were lost.
fn write(front: &Front, is_promoted: &AtomicBool, who: usize) -> u32 {
    let mut session = front.session("app");
    let (mut lost, mut after) = (0, 0);
    let until = now() + PATIENCE;
    for n in 0.. {
        assert!(now() < until, "{who}: {after} writes after the promotion");
        let counts = is_promoted.load(Ordering::Acquire);
        let sql = format!("insert into t (who, n) values ({who}, {n})");
        if let Err(error) = session.sql(&sql) {
            // Only what was on its way when the primary died.
            assert_eq!(code(&error), "08007", "{who}: {error}");
            lost += 1;
            session = front.session("app");
        } else {
            after += u32::from(counts);
        }
        if 20 <= after {
            return lost;
        }
    }
    lost
}

#[test]
fn writes_wait_for_the_new_primary() {
    let (cluster, front) = stage("waits");
    let (front, is_promoted) = (&front, &AtomicBool::new(false));
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|i| scope.spawn(move || write(front, is_promoted, i)))
            .collect();
        let reader = front.session("app");
        let open = front.session("app");
        open.sql("begin").unwrap();
        open.sql("insert into t (who, n) values (-1, 1)").unwrap();
        thread::sleep(Duration::from_millis(300));
        cluster.primary().kill();
        // Reads go on while there is no primary, and new clients are let in.
        let (read, took) = reader.timed("select count(*) from t");
        read.unwrap();
        assert!(took < Duration::from_secs(3), "{took:?}");
        let newcomer = scope.spawn(|| {
            front.app(
                "app",
                "begin; insert into t (who, n) values (-2, 1); commit",
            )
        });
        thread::sleep(Duration::from_millis(1500));
        assert!(!newcomer.is_finished(), "there is no primary");
        cluster.node(1).promote().unwrap();
        is_promoted.store(true, Ordering::Release);
        for writer in writers {
            let lost = writer.join().unwrap();
            assert!(lost <= 1, "lost {lost} times");
        }
        newcomer.join().unwrap().unwrap();
        // What it had begun is gone, and that is known.
        let error = open.sql("commit").unwrap_err();
        assert!(
            code(&error) == "08006" || error.contains("closed"),
            "{error}"
        );
        let counted = front.app("app", "begin; select count(*) from t where who < 0; commit");
        assert_eq!(counted.as_deref(), Ok("1"));
    });
}

#[test]
fn they_wait_in_order_and_within_limits() {
    let (cluster, mut front) = stage("limits");
    let refused = |session: &Session, expected: &str, least: u64, most: u64| {
        let (written, took) = session.timed("insert into t (who, n) values (-1, 1)");
        let error = written.unwrap_err();
        assert_eq!(code(&error), expected, "{error}");
        let (least, most) = (Duration::from_millis(least), Duration::from_millis(most));
        assert!(least <= took && took < most, "{error}: {took:?}");
        error
    };
    let [brief, never, hasty, narrow] =
        ["brief", "never", "hasty", "narrow"].map(|database| front.session(database));
    cluster.primary().kill();
    let error = refused(&brief, "57P03", 690, 5_000);
    assert!(error.contains("failover_wait"), "{error}");
    refused(&never, "57P03", 0, 600);
    let error = refused(&hasty, "57P03", 590, 5_000);
    assert!(error.contains("query_wait_timeout"), "{error}");
    thread::scope(|scope| {
        let mut waiting = Vec::new();
        for i in 0..12 {
            let session = front.session("one");
            let sql = format!("insert into t (who, n) values ({i}, 2)");
            waiting.push(scope.spawn(move || session.sql(&sql)));
            let count = f64::from(i + 1);
            front.wait("in line", |front| {
                let waits = front.metric("pgsluice_failover_waiting", &[("cluster", "main")]);
                count - 0.5 < waits
            });
        }
        let error = refused(&narrow, "53300", 0, 600);
        assert!(error.contains("failover_queue_max"), "{error}");
        cluster.node(1).promote().unwrap();
        for waits in waiting {
            waits.join().unwrap().unwrap();
        }
    });
    let order = "select string_agg(who::text, ' ' order by id) from t where n = 2";
    let order = front.app("app", &format!("begin; {order}; commit"));
    assert_eq!(order.as_deref(), Ok("0 1 2 3 4 5 6 7 8 9 10 11"));
    let waiting = front.metric("pgsluice_failover_waiting", &[]);
    assert!(waiting < 0.5, "{waiting}");
}

/// A client that logs in by itself.
fn newcomer(cluster: &Cluster, conninfo: &str) -> Child {
    let mut newcomer = Command::new("psql");
    newcomer
        .args(["-XAtq", "-d", conninfo, "-c", "select 1"])
        .env("PGPASSWORD", "late")
        .env("PGCONNECT_TIMEOUT", "20")
        .current_dir(cluster.folder())
        .stdout(Stdio::null());
    newcomer.spawn().unwrap()
}

#[test]
fn an_old_primary_that_comes_back_is_fenced() {
    let (cluster, mut front) = stage("fence");
    let (old, new) = (cluster.primary(), cluster.node(1));
    // A user that is looked up on the primary, over a server that is there when it hangs.
    old.psql("create role late login password 'late'").unwrap();
    cluster.catch_up(0).unwrap();
    let late_one = front.conninfo("late", "looked");
    front.psql(&late_one, "late", "select 1").unwrap();
    let sessions: Vec<_> = (0..3).map(|_| front.session("app")).collect();
    for session in &sessions {
        session.sql("begin").unwrap();
        session.sql("insert into t (who, n) values (7, 1)").unwrap();
    }
    let mut sessions = sessions.into_iter();
    let (frozen, early, late) = (
        sessions.next().unwrap(),
        sessions.next().unwrap(),
        sessions.next().unwrap(),
    );
    thread::scope(|scope| {
        old.freeze();
        let committing = scope.spawn(move || frozen.timed("commit"));
        let mut newcomer = newcomer(&cluster, &late_one);
        new.promote().unwrap();
        let of_new = format!("127.0.0.1:{}", new.port());
        front.wait("found", |front| {
            let labels = [("node", &*of_new), ("role", "primary")];
            0.5 < front.metric("pgsluice_node_role", &labels)
        });
        front
            .app("app", "insert into t (who, n) values (8, 1)")
            .unwrap();
        assert!(newcomer.wait().unwrap().success(), "{}", front.log());
        // It was sent and has no answer; its client need not wait for the old primary to hear that.
        let (committed, _) = committing.join().unwrap();
        let error = committed.unwrap_err();
        assert_eq!(code(&error), "08007", "{error}");
        let error = early.sql("commit").unwrap_err();
        assert!(
            code(&error) == "08006" || error.contains("closed"),
            "{error}"
        );
    });
    old.thaw();
    let of_old = format!("127.0.0.1:{}", old.port());
    front.wait("split", |front| {
        let labels = [("node", &*of_old), ("reason", "quarantined")];
        let excluded = front.metric("pgsluice_node_excluded", &labels);
        let split = front.metric("pgsluice_split_brain", &[("cluster", "main")]);
        0.5 < excluded && 0.5 < split
    });
    let error = late.sql("commit").unwrap_err();
    assert!(
        code(&error) == "08006" || error.contains("closed"),
        "{error}"
    );
    let both = "more than one node is writable";
    front.wait("told", |front| front.logged(both) == 1);
    assert!(front.log().contains(&of_old), "{}", front.log());
    is_left_alone(&front, old, new);
}

#[test]
fn links_older_than_a_reload_are_fenced_by_what_is_known_now() {
    let (cluster, mut front) = stage("heir");
    // Nobody asks by himself: what the present monitor hears from traffic the former does not.
    let rare = config(&cluster).replace("\"200ms\"", "\"60s\"");
    front.reload(&rare);
    let old = front.session("app");
    old.sql("begin").unwrap();
    old.sql("insert into t (who, n) values (3, 1)").unwrap();
    front.reload(&rare.replace("slow_start = 0\n", "slow_start = 0\nmax_lag = \"59s\"\n"));
    let reader = front.session("app");
    reader.prepare("select count(*) from t").unwrap();
    // After a write nodes are asked often, for a second.
    thread::sleep(Duration::from_millis(1500));
    cluster.node(1).promote().unwrap();
    let of_new = format!("127.0.0.1:{}", cluster.node(1).port());
    front.wait("found", |front| {
        reader.sql("select 1").unwrap();
        let labels = [("node", &*of_new), ("role", "primary")];
        0.5 < front.metric("pgsluice_node_role", &labels)
    });
    front
        .app("app", "insert into t (who, n) values (4, 1)")
        .unwrap();
    let error = old.sql("commit").unwrap_err();
    assert!(
        code(&error) == "08006" || error.contains("closed"),
        "{error}"
    );
    let kept = |node: &Node| node.psql_in("app", "select string_agg(who::text, ' ') from t");
    assert_eq!(kept(cluster.node(1)).as_deref().ok(), Some("4"));
    assert_eq!(kept(cluster.primary()).as_deref().ok(), Some(""));
}

/// None of our servers is there, and what goes on goes to the new primary.
fn is_left_alone(front: &Front, old: &Node, new: &Node) {
    let sql = "select count(*) from pg_stat_activity where usename = 'app'";
    old.wait_sql(sql, "0", "left alone").unwrap();
    for i in 0..20 {
        let sql = format!("insert into t (who, n) values (9, {i})");
        front.app("app", &sql).unwrap();
    }
    let count = |node: &Node| {
        let sql = "select count(*) from t where who in (7, 8, 9)";
        node.psql_in("app", sql).unwrap()
    };
    assert_eq!(count(new), "21");
    // At the most the commit that was on its way.
    assert!(["0", "1"].contains(&&*count(old)), "{}", count(old));
}
