//! Pool modes, and the time limits of clients.

use std::time::Duration;

use crate::stage::Front;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::user_app;

#[test]
fn modes_and_time_limits_of_clients() {
    let cluster = cluster(0);
    let database = |name: &str, options: &str| {
        format!("[databases.{name}]\ncluster = \"main\"\ndbname = \"app\"\n{options}\n")
    };
    let config = [
        main_cluster(&cluster),
        database("session", "pool_mode = \"session\"\npool_size = 1"),
        database("statement", "pool_mode = \"statement\""),
        database("idle", "client_idle_timeout = \"500ms\""),
        database("query", "query_timeout = \"600ms\""),
        database("idle_transaction", "idle_transaction_timeout = \"600ms\""),
        database("transaction", "transaction_timeout = \"700ms\""),
        database("kept", &format!("pool_mode = \"session\"\n{BOTH}")),
        database("pinned", BOTH),
        database(
            "late",
            "transaction_reads = \"until_write\"\ntransaction_timeout = \"700ms\"\n\
             client_idle_timeout = \"1200ms\"",
        ),
        user_app(),
    ];
    let front = Front::ready(&cluster, "modes", &config.concat());
    session_mode(&front);
    statement_mode(&front);
    limits(&front);
    who_keeps_a_server_may_be_idle(&front);
    transactions_in_a_row_are_not_one(&front);
    what_needs_no_server_is_timed_too(&front);
}

/// The limits of one query and of one transaction.
const BOTH: &str = "query_timeout = \"600ms\"\ntransaction_timeout = \"700ms\"";

fn session_mode(front: &Front) {
    let one = front.session("session");
    one.sql("set work_mem = '7MB'").unwrap();
    one.sql("create temp table t (i int)").unwrap();
    one.sql("select pg_advisory_lock(7)").unwrap();
    one.sql("insert into t values (5)").unwrap();
    assert_eq!(one.sql("select i from t").as_deref(), Ok("5"));
    assert_eq!(one.sql("show work_mem").as_deref(), Ok("7MB"));
    let pid = one.sql("select pg_backend_pid()").unwrap();
    drop(one);
    // There is only one server, and nothing of the first client is left on it.
    let two = front.session("session");
    assert_eq!(two.sql("select pg_backend_pid()").unwrap(), pid);
    assert_eq!(two.sql("show work_mem").as_deref(), Ok("4MB"));
    assert!(two.sql("select i from t").unwrap_err().starts_with("42P01"));
    let locks = "select count(*) from pg_locks where locktype = 'advisory'";
    assert_eq!(two.sql(locks).as_deref(), Ok("0"));
}

fn statement_mode(front: &Front) {
    let one = front.session("statement");
    assert_eq!(one.sql("select 1").as_deref(), Ok("1"));
    let refused = one.sql("begin").unwrap_err();
    assert!(refused.contains("statement"), "{refused}");
}

fn limits(front: &Front) {
    let short = Duration::from_millis(150);
    let idle = front.session("idle");
    assert_eq!(idle.sql("select 1").as_deref(), Ok("1"));
    assert!(idle.ending().contains("08P01 client_idle_timeout"));

    let query = front.session("query");
    query.sql("begin").unwrap();
    // Each is short; the transaction is not.
    for _ in 0..6 {
        query.sql("select pg_sleep(0.15)").unwrap();
    }
    query.sql("commit").unwrap();
    let (failed, took) = query.timed("select pg_sleep(20)");
    let failed = failed.unwrap_err();
    assert!(
        failed.contains("08P01 query timeout") || failed.contains("closed"),
        "{failed}"
    );
    assert!(took < Duration::from_secs(5), "{took:?}");

    let busy = front.session("idle_transaction");
    busy.sql("begin").unwrap();
    for _ in 0..6 {
        std::thread::sleep(short);
        assert_eq!(
            busy.sql("select 1").as_deref(),
            Ok("1"),
            "it was not idle for long"
        );
    }
    let ending = busy.ending();
    assert!(
        ending.starts_with("08P01 idle transaction timeout"),
        "{ending}"
    );

    let long = front.session("transaction");
    long.sql("begin").unwrap();
    let ending = long.ending();
    assert!(ending.contains("08P01 transaction timeout"), "{ending}");
}

/// Neither limit is one of a link, which outlives the transaction here.
fn who_keeps_a_server_may_be_idle(front: &Front) {
    let (kept, pinned) = (front.session("kept"), front.session("pinned"));
    pinned.sql("listen something").unwrap();
    kept.sql("select 1").unwrap();
    std::thread::sleep(Duration::from_millis(2100));
    for session in [kept, pinned] {
        assert_eq!(session.sql("select 1").as_deref(), Ok("1"), "it was idle");
        let pid = session.sql("select pg_backend_pid()").unwrap();
        for _ in 0..6 {
            session
                .sql("select pg_sleep(0.15)")
                .expect("each is a transaction of its own");
        }
        assert_eq!(session.sql("select pg_backend_pid()"), Ok(pid));
        session.sql("begin").unwrap();
        let ending = session.ending();
        assert!(ending.contains("08P01 transaction timeout"), "{ending}");
    }
    let (failed, took) = front.session("kept").timed("select pg_sleep(20)");
    assert!(failed.is_err() && took < Duration::from_secs(5), "{took:?}");
}

/// A client that asks without a gap keeps its server from one transaction to the next.
fn transactions_in_a_row_are_not_one(front: &Front) {
    let session = front.session("transaction");
    let heard = session.all(&["select pg_sleep(0.15)"; 8]);
    assert!(heard.iter().all(Result::is_ok), "{heard:?}");
    let heard = session.all(&["begin", "select pg_sleep(20)"]);
    assert!(heard[1].is_err(), "{heard:?}");
}

/// A BEGIN that binds late, and the end of a transaction that never did.
fn what_needs_no_server_is_timed_too(front: &Front) {
    let session = front.session("late");
    session.sql("select 1").unwrap();
    std::thread::sleep(Duration::from_millis(900));
    // The transaction is new, however old the last link.
    assert_eq!(session.all(&["begin", "select 1"])[1].as_deref(), Ok("1"));
    session.sql("commit").unwrap();
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(500));
        session.sql("begin").unwrap();
        session.sql("rollback").unwrap();
    }
    assert_eq!(session.sql("select 1").as_deref(), Ok("1"), "it was active");
    session.sql("begin").unwrap();
    let ending = session.ending();
    assert!(ending.contains("08P01 transaction timeout"), "{ending}");
}
