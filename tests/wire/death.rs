//! Clients that die in the middle of something leave nothing to the next.

use std::thread;
use std::time::Duration;

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::say::copied;
use crate::say::parse;
use crate::say::query;
use crate::say::run;
use crate::say::sync;
use crate::say::terminate;
use crate::support::proxy::Proxy;
use crate::support::proxy::USER;

pub(crate) const CASES: &[Case] = &[
    ("in a transaction", in_a_transaction),
    ("in a COPY", in_a_copy),
    ("in a pipeline", in_a_pipeline),
    ("in a message", in_a_message),
    ("in a query", in_a_query),
    (
        "with a farewell in the middle of a batch",
        farewell_in_a_batch,
    ),
    ("with a farewell behind a query", farewell_behind_a_query),
    ("while it waits for a server", while_waiting),
    ("with pins", with_pins),
    (
        "a server that refuses its settings, a write behind them",
        refused_settings,
    ),
    (
        "a server that is terminated under an idle session",
        server_terminated,
    ),
    (
        "a server that is terminated under an idle session that keeps it",
        kept_server_terminated,
    ),
];

/// What a new client finds on the primary's only server.
fn check_clean(world: &World) {
    let mut next = Raw::connect(world.tight.port());
    let sql = "/* pgsluice: primary */ select current_setting('work_mem'), \
               (select count(*) from written where a = 666), \
               (select count(*) from pg_locks where locktype = 'advisory'), \
               current_setting('transaction_isolation')";
    let heard = next.q(sql);
    assert!(heard.contains("D(4MB|0|0|read committed)"), "{heard}");
    assert!(heard.ends_with("Z(I)"), "{heard}");
    assert!(next.q("begin").ends_with("C(BEGIN) Z(T)"));
    assert!(next.q("rollback").ends_with("C(ROLLBACK) Z(I)"));
}

fn dies_after(world: &World, asked: &[&str], sent: &[Vec<u8>]) {
    let mut c = Raw::connect(world.tight.port());
    for sql in asked {
        c.q(sql);
    }
    c.send(&sent.concat());
    thread::sleep(Duration::from_millis(30));
    drop(c);
    check_clean(world);
}

fn in_a_transaction(world: &World) {
    let sqls = [
        "begin isolation level serializable",
        "set work_mem='9MB'",
        "insert into written values (666)",
        "select pg_advisory_lock(5)",
    ];
    dies_after(world, &sqls, &[]);
    dies_after(world, &["begin; select 1/0"], &[]);
    dies_after(world, &sqls, &[terminate()]);
}

fn in_a_copy(world: &World) {
    let start = query("copy written from stdin");
    dies_after(world, &[], &[start.clone(), copied(b"666\n")]);
    let half = copied(&b"666\n".repeat(100_000));
    dies_after(world, &[], &[start.clone(), half[..200_000].to_vec()]);
    dies_after(world, &[], &[start, copied(b"666\n"), terminate()]);
    let start = run("copy written from stdin", &[]);
    dies_after(world, &[], &[start, sync(), copied(b"666\n")]);
    dies_after(
        world,
        &[],
        &[query("copy (select generate_series(1, 3000000)) to stdout")],
    );
}

fn in_a_pipeline(world: &World) {
    let insert = run("insert into written values (666)", &[]);
    dies_after(world, &[], std::slice::from_ref(&insert));
    dies_after(
        world,
        &[],
        &[insert.clone(), run("set work_mem='9MB'", &[])],
    );
    dies_after(
        world,
        &[],
        &[run("set work_mem='9MB'", &[]), sync(), insert.clone()],
    );
    dies_after(
        world,
        &[],
        &[query("set work_mem='9MB'"), query("begin"), insert],
    );
}

fn in_a_message(world: &World) {
    let insert = query("insert into written values (666)");
    dies_after(world, &[], &[insert[..insert.len() - 5].to_vec()]);
    dies_after(world, &["begin"], &[insert[..insert.len() - 5].to_vec()]);
    let long = parse(
        "",
        &format!(
            "insert into written values (666) -- {}",
            "x".repeat(3 << 20)
        ),
    );
    dies_after(world, &[], &[long[..2 << 20].to_vec()]);
}

fn in_a_query(world: &World) {
    dies_after(
        world,
        &[],
        &[query(
            "select pg_sleep(0.3), set_config('work_mem', '9MB', false)",
        )],
    );
    dies_after(world, &[], &[query("select repeat('x', 100000000)")]);
}

// The proxy waited for replies that the server owed only after a Sync, and kept the server.
fn farewell_in_a_batch(world: &World) {
    let insert = run("insert into written values (666)", &[]);
    dies_after(world, &[], &[insert.clone(), terminate()]);
    dies_after(world, &["begin"], &[insert.clone(), terminate()]);
    dies_after(world, &["begin read only"], &[insert, terminate()]);
}

fn farewell_behind_a_query(world: &World) {
    let mut c = Raw::connect(world.tight.port());
    let insert = query("insert into written values (667)");
    c.send(&[insert, query("select pg_sleep(0.1)"), terminate()].concat());
    assert!(c.until_nth(b'Z', 2).contains("INSERT 0 1"));
    assert!(c.try_next().is_none());
    check_clean(world);
    let mut c = Raw::connect(world.tight.port());
    assert_eq!(
        c.value("/* pgsluice: primary */ delete from written where a = 667 returning a"),
        "667"
    );
}

fn while_waiting(world: &World) {
    let mut holder = Raw::connect(world.tight.port());
    holder.q("begin");
    for _ in 0..5 {
        let mut c = Raw::connect(world.tight.port());
        c.send(&query("insert into written values (666)"));
        thread::sleep(Duration::from_millis(20));
    }
    holder.q("commit");
    check_clean(world);
}

fn with_pins(world: &World) {
    let sqls = [
        "listen x",
        "create temp table t (a int)",
        "select pg_advisory_lock(5)",
        "set work_mem='9MB'",
    ];
    dies_after(world, &sqls, &[]);
    dies_after(world, &sqls, &[terminate()]);
}

fn server_terminated(world: &World) {
    let mut c = Raw::connect(world.tight.port());
    c.q("set work_mem = '6MB'");
    assert_eq!(c.value("/* pgsluice: primary */ show work_mem"), "6MB");
    let terminate = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                     where usename = 'app' and datname = 'app'";
    for node in world.cluster.nodes() {
        node.psql(terminate).unwrap();
    }
    thread::sleep(Duration::from_millis(100));
    let heard = c.q("insert into written values (668)");
    assert!(heard.contains("INSERT 0 1"), "{heard}");
    assert_eq!(c.value("select current_setting('work_mem')"), "6MB");
    assert_eq!(c.value("/* pgsluice: primary */ show work_mem"), "6MB");
    c.q("delete from written");
    // One that is in a transaction is told.
    c.q("begin");
    world.cluster.primary().psql(terminate).unwrap();
    thread::sleep(Duration::from_millis(100));
    let heard = c.until(b'E');
    assert!(heard.contains("57P01"), "{heard}");
    assert!(c.try_next().is_none());
    check_clean(world);
}

// A client that does not read while it is idle took the farewell for the answer to the write that
// it sent next, which was committed by another server.
fn kept_server_terminated(world: &World) {
    let proxy = Proxy::start(&world.cluster, "", "pool_mode = \"session\"");
    let mut c = Raw::connect(proxy.port());
    let pid = c.value("select my_pid()");
    world
        .cluster
        .primary()
        .psql(&format!("select pg_terminate_backend({pid})"))
        .unwrap();
    thread::sleep(Duration::from_millis(100));
    // The connection may be closed by then.
    let _ = c.try_send(&query("insert into written values (670)"));
    let heard = c.until(b'Z');
    assert!(
        heard.starts_with("E(57P01") && heard.ends_with("END"),
        "{heard}"
    );
    assert_eq!(
        world.admin("select count(*) from written where a = 670"),
        "0"
    );
}

// The client was told what was wrong with the setting, as if nothing else had been done.
fn refused_settings(world: &World) {
    world.admin(&format!("alter role {USER} superuser"));
    let mut c = Raw::connect(world.tight.port());
    let set = c.q("/* pgsluice: primary */ set log_statement = 'ddl'");
    assert_eq!(set, "C(SET) Z(I)");
    // The server is another's in between, and has to be given the setting again.
    Raw::connect(world.tight.port()).value("/* pgsluice: primary */ select 1");
    world.admin(&format!("alter role {USER} nosuperuser"));
    c.send(&query("insert into written select 909 from pg_sleep(0.2)"));
    let heard = c.until(b'E');
    let count = || world.admin("select count(*) from written where a = 909");
    let done = (0..100).any(|_| {
        thread::sleep(Duration::from_millis(20));
        count() == "1"
    });
    assert!(done, "void: {heard}");
    assert!(
        heard.contains("08007") && heard.contains("log_statement"),
        "{heard}"
    );
    check_clean(world);
}
