//! Transactions that bind late: where their statements run, and that nothing but the time of
//! `now()` tells.

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::say::bind;
use crate::say::execute;
use crate::say::parse;
use crate::say::query;
use crate::say::run;
use crate::say::sync;

pub(crate) const CASES: &[Case] = &[
    ("reads at the start of a transaction go to a replica", reads),
    ("the first write takes it to the primary", write),
    (
        "what a transaction may not do on two nodes binds it at once",
        bound,
    ),
    (
        "what is set in a transaction is not lost with its replica",
        kept,
    ),
    ("errors are what PostgreSQL says", errors),
    ("BEGIN in a batch with its first statement", batches),
    (
        "a transaction sees what its session wrote before",
        own_writes,
    ),
    ("a replica's refusal within a transaction is healed", healed),
    ("settings of transactions are refused and shown", settings),
];

const WHERE: &str = "select on_replica()";

fn client(world: &World) -> Raw {
    let mut c = Raw::connect(world.tight.port());
    c.q("set pgsluice.transaction_reads = 'until_write'");
    c
}

fn reads(world: &World) {
    let mut c = client(world);
    for begin in [
        "begin",
        "start transaction isolation level read committed",
        "begin read write",
    ] {
        assert_eq!(c.q(begin), direct(world, begin), "{begin}");
        assert_eq!(c.value(WHERE), "t", "{begin}");
        assert_eq!(c.value(WHERE), "t", "{begin}");
        assert_eq!(c.q("commit"), "C(COMMIT) Z(I)");
    }
    assert_eq!(c.q("begin"), "C(BEGIN) Z(T)");
    assert_eq!(c.q("rollback"), "C(ROLLBACK) Z(I)");
    let mut plain = Raw::connect(world.tight.port());
    plain.q("begin");
    assert_eq!(plain.value(WHERE), "f", "it is not so by default");
    plain.q("commit");
}

fn write(world: &World) {
    let mut c = client(world);
    c.q("begin");
    assert_eq!(c.value(WHERE), "t");
    assert_eq!(c.q("insert into written values (41)"), "C(INSERT 0 1) Z(T)");
    assert_eq!(c.value(WHERE), "f");
    assert_eq!(c.value("select count(*) from written where a = 41"), "1");
    assert_eq!(c.q("rollback"), "C(ROLLBACK) Z(I)");
    assert_eq!(c.value("select count(*) from written where a = 41"), "0");
    c.q("begin");
    assert_eq!(c.value(WHERE), "t");
    c.q("insert into written values (42)");
    assert_eq!(c.q("commit"), "C(COMMIT) Z(I)");
    assert_eq!(c.value("select count(*) from written where a = 42"), "1");
    c.q("delete from written");
}

fn bound(world: &World) {
    let mut c = client(world);
    for sql in [
        "declare late cursor for select 1",
        "savepoint late",
        "set local work_mem = '1MB'",
        "select set_config('work_mem', '1MB', true)",
        "lock table written in share mode",
        "set transaction isolation level repeatable read",
        "select a from seven for update",
    ] {
        c.q("begin");
        c.q(sql);
        assert_eq!(c.value(WHERE), "f", "{sql}");
        c.q("rollback");
    }
    for begin in [
        "begin isolation level repeatable read",
        "begin isolation level serializable",
        "/* pgsluice: primary */ begin",
    ] {
        c.q(begin);
        assert_eq!(c.value(WHERE), "f", "{begin}");
        c.q("rollback");
    }
    c.q("set default_transaction_isolation = 'repeatable read'");
    c.q("begin");
    assert_eq!(c.value(WHERE), "f");
    c.q("rollback");
}

// What was set for the transaction, or declared in it, was gone once it had a write.
fn kept(world: &World) {
    let mut c = client(world);
    let ask = "select current_setting('app.tenant')";
    let write = "insert into written values (43) returning current_setting('app.tenant'), \
                 on_replica()";
    for set in [
        "set local app.tenant = '42'",
        "select set_config('app.tenant', '42', true)",
    ] {
        for is_piped in [false, true] {
            c.q("begin");
            assert_eq!(c.value(WHERE), "t");
            if is_piped {
                c.send(&[query(WHERE), query(set), query("savepoint a"), query(ask)].concat());
                let heard = c.until_nth(b'Z', 4);
                assert!(heard.contains("D(t)"), "{heard}");
            } else {
                c.q(set);
                c.q("savepoint a");
            }
            assert_eq!(c.value(ask), "42", "{set}, piped: {is_piped}");
            let heard = c.q(write);
            assert!(heard.contains("D(42|f)"), "{set}: {heard}");
            assert_eq!(c.q("rollback to a"), "C(ROLLBACK) Z(T)");
            c.q("rollback");
        }
    }
}

fn errors(world: &World) {
    let mut c = client(world);
    let mut d = Raw::connect(world.primary());
    for sql in [
        "begin",
        "select 1/0",
        "select 1",
        "insert into written values (1)",
        "commit",
        "begin",
        "select 1",
        "begin",
        "select 2",
        "rollback",
        "commit",
        "begin",
        "insert into nowhere values (1)",
        "rollback",
        "begin; select 3",
        "commit; select 4",
        "begin",
        "select 5; insert into written values (5); rollback",
        "select 6",
    ] {
        assert_eq!(c.q(sql), d.q(sql), "{sql}");
    }
}

fn batches(world: &World) {
    let mut c = client(world);
    let heard = c.ask(&[run("begin", &[]), run(WHERE, &[]), sync()].concat());
    assert!(
        heard.contains("C(BEGIN)") && heard.contains("D(t)"),
        "{heard}"
    );
    let heard = c.ask(
        &[
            run("insert into written values (1) returning on_replica()", &[]),
            sync(),
        ]
        .concat(),
    );
    assert!(heard.contains("D(f)") && heard.ends_with("Z(T)"), "{heard}");
    let heard = c.ask(&[run("rollback", &[]), sync()].concat());
    assert!(heard.ends_with("C(ROLLBACK) Z(I)"), "{heard}");
    c.ask(&[parse("late", WHERE), sync()].concat());
    c.q("begin");
    let heard = c.ask(&[bind("", "late", &[]), execute("", 0), sync()].concat());
    assert!(heard.contains("D(t)"), "{heard}");
    c.q("delete from written");
    let heard = c.ask(&[bind("", "late", &[]), execute("", 0), sync()].concat());
    assert!(heard.contains("D(f)"), "{heard}");
    c.q("commit");
    c.send(&[query("begin"), query(WHERE), query("commit")].concat());
    let heard = c.until_nth(b'Z', 3);
    assert!(heard.contains("D(t)"), "{heard}");
}

fn own_writes(world: &World) {
    let mut c = client(world);
    for i in 0..20 {
        c.q(&format!("insert into written values ({i})"));
        c.q("begin");
        let count = c.value("select count(*) from written");
        assert_eq!(count, (i + 1).to_string());
        c.q("commit");
    }
    c.q("delete from written");
}

fn healed(world: &World) {
    let mut c = client(world);
    c.q("begin");
    assert_eq!(c.value(WHERE), "t");
    // Where it runs is not to be seen in its text.
    assert_eq!(c.value("select claims_to_read()"), "1");
    assert_eq!(c.value(WHERE), "f");
    assert_eq!(c.q("rollback"), "C(ROLLBACK) Z(I)");
}

fn settings(world: &World) {
    let mut c = client(world);
    assert_eq!(c.value("show pgsluice.transaction_reads"), "until_write");
    let heard = c.q("set pgsluice.transaction_reads = 'replica'");
    assert!(heard.contains("22023"), "{heard}");
    c.q("reset pgsluice.transaction_reads");
    assert_eq!(c.value("show pgsluice.transaction_reads"), "primary");
    assert_eq!(c.value("show pgsluice.consistency"), "session");
    assert_eq!(c.value("show pgsluice.max_staleness"), "0");
    let token = c.value("show pgsluice.write_token");
    assert!(token.starts_with("00000001-0/"), "{token}");
    let mut other = client(world);
    other.q(&format!("set pgsluice.wait_for = '{token}'"));
    assert_eq!(other.value("show pgsluice.wait_for"), token);
    assert_eq!(other.value(WHERE), "t");
    assert_eq!(
        other.value("/* pgsluice: strong */ select on_replica()"),
        "t"
    );
    let heard = other.q("set pgsluice.wait_for = 'tomorrow'");
    assert!(heard.contains("22023"), "{heard}");
}

/// What PostgreSQL itself says to a statement on a new connection.
fn direct(world: &World, sql: &str) -> String {
    Raw::connect(world.primary()).q(sql)
}
