//! Which statement runs where: told by a function that reads whether its node is in recovery.

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::say::bind;
use crate::say::describe;
use crate::say::execute;
use crate::say::flush;
use crate::say::parse;
use crate::say::query;
use crate::say::run;
use crate::say::sync;

pub(crate) const CASES: &[Case] = &[
    ("reads go to replicas", reads),
    ("writes and transactions go to the primary", writes),
    ("read-only transactions go to a replica", read_only),
    (
        "SET TRANSACTION READ ONLY moves a fresh transaction to a replica",
        set_transaction,
    ),
    (
        "SET TRANSACTION READ ONLY that comes too late stays",
        set_transaction_late,
    ),
    ("hints and pgsluice.route decide", asked),
    ("read-only sessions", read_only_sessions),
    ("a batch goes as a whole", whole),
    ("functions that write", functions),
    (
        "a read that a replica refuses runs on the primary",
        refused_read,
    ),
    ("pipelines over nodes keep their order", pipelines),
];

const WHERE: &str = "select on_replica()";

fn client(world: &World) -> Raw {
    Raw::connect(world.tight.port())
}

fn reads(world: &World) {
    let mut c = client(world);
    for sql in [
        WHERE,
        "select on_replica() from seven limit 1",
        "with x as (select 1) select on_replica() from x",
        "values (on_replica())",
        "select on_replica(); select 1",
        "-- insert\nselect on_replica() /* update */",
    ] {
        assert_eq!(c.value(sql), "t", "{sql}");
    }
    let heard = c.ask(&[run(WHERE, &[]), sync()].concat());
    assert!(heard.contains("D(t)"), "{heard}");
    c.ask(&[parse("where", WHERE), describe("where"), sync()].concat());
    let heard = c.ask(&[bind("", "where", &[]), execute("", 0), sync()].concat());
    assert!(heard.contains("D(t)"), "{heard}");
    c.ask(&[parse("", WHERE), describe(""), sync()].concat());
    let heard = c.ask(&[bind("", "", &[]), execute("", 0), sync()].concat());
    assert!(heard.contains("D(t)"), "{heard}");
    let heard = c.q("copy (select on_replica()) to stdout");
    assert!(heard.contains("d(t\\n)"), "{heard}");
}

fn writes(world: &World) {
    let mut c = client(world);
    for sql in [
        "select on_replica() from seven for update",
        "insert into written values (1) returning on_replica()",
        "select on_replica() from (select pg_advisory_xact_lock(1)) x",
        "with w as (delete from written returning a) select on_replica() from seven",
        "select on_replica(); delete from written",
    ] {
        assert_eq!(c.value(sql), "f", "{sql}");
    }
    c.q("begin");
    assert_eq!(c.value(WHERE), "f");
    c.q("commit");
    c.q("begin read write");
    assert_eq!(c.value(WHERE), "f");
    c.q("commit");
    assert_eq!(c.value("begin; select on_replica()"), "f");
    c.q("rollback");
    c.q("begin isolation level serializable read only");
    assert_eq!(c.value(WHERE), "f");
    c.q("commit");
    c.send(&[run(WHERE, &[]), flush()].concat());
    assert!(
        c.until(b'C').contains("D(f)"),
        "what follows a Flush may write"
    );
    c.ask(&sync());
}

fn read_only(world: &World) {
    let mut c = client(world);
    for begin in [
        "begin read only",
        "start transaction isolation level repeatable read, read only",
    ] {
        c.q(begin);
        assert_eq!(c.value(WHERE), "t", "{begin}");
        assert_eq!(c.value("select count(*) from seven"), "7");
        let heard = c.q("insert into written values (1)");
        assert!(
            heard.contains("E(25006") && heard.ends_with("Z(E)"),
            "{heard}"
        );
        assert!(c.q("select 1").contains("25P02"));
        assert_eq!(c.q("rollback"), "C(ROLLBACK) Z(I)");
    }
    assert_eq!(c.value("begin read only; select on_replica()"), "t");
    c.q("commit");
    c.ask(&[run("begin read only", &[]), sync()].concat());
    assert_eq!(c.value(WHERE), "t");
    c.q("commit");
    assert_eq!(
        c.value("begin; set transaction read only; select on_replica()"),
        "t"
    );
    c.q("commit");
}

fn set_transaction(world: &World) {
    let mut c = client(world);
    for (begin, set) in [
        ("begin", "set transaction read only"),
        (
            "begin",
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        ),
        (
            "start transaction isolation level repeatable read",
            "set transaction read only",
        ),
        ("begin", "set local transaction_read_only = on"),
        ("begin", "set transaction_read_only to on"),
    ] {
        assert_eq!(c.q(begin).split(' ').next_back(), Some("Z(T)"));
        assert_eq!(c.q(set), "C(SET) Z(T)", "{set}");
        assert_eq!(c.value(WHERE), "t", "{begin}; {set}");
        let isolation = c.value("show transaction_isolation");
        let repeatable = format!("{begin} {set}")
            .to_lowercase()
            .contains("repeatable");
        assert_eq!(isolation == "repeatable read", repeatable, "{begin}; {set}");
        assert_eq!(c.value("show transaction_read_only"), "on");
        assert!(c.q("insert into written values (1)").contains("E(25006"));
        assert_eq!(c.q("rollback"), "C(ROLLBACK) Z(I)");
    }
    c.q("begin");
    let heard = c.ask(&[run("set transaction read only", &[]), sync()].concat());
    assert_eq!(heard, "1 2 C(SET) Z(T)");
    assert_eq!(c.value(WHERE), "t");
    assert_eq!(c.q("commit"), "C(COMMIT) Z(I)");
    // The server that was left is clean.
    assert_eq!(
        c.value("/* pgsluice: primary */ show transaction_read_only"),
        "off"
    );
    assert_eq!(c.q("begin"), "C(BEGIN) Z(T)");
    assert_eq!(c.value(WHERE), "f");
    assert_eq!(c.q("commit"), "C(COMMIT) Z(I)");
}

fn set_transaction_late(world: &World) {
    let mut c = client(world);
    c.q("begin");
    assert_eq!(c.value(WHERE), "f");
    c.q("set transaction read only");
    assert_eq!(c.value(WHERE), "f");
    c.q("commit");
    c.q("begin");
    c.q("set work_mem = '9MB'");
    c.q("set transaction read only");
    assert_eq!(c.value("show work_mem"), "9MB");
    c.q("commit");
    c.q("reset work_mem");
    c.q("begin isolation level serializable");
    c.q("set transaction read only");
    assert_eq!(c.value(WHERE), "f");
    c.q("commit");
    c.q("begin");
    c.q("set transaction read only, isolation level serializable");
    assert_eq!(c.value(WHERE), "f");
    c.q("commit");
    c.q("begin");
    c.q("set transaction read write");
    assert_eq!(c.value(WHERE), "f");
    c.q("commit");
    c.q("begin; select 1");
    c.q("set transaction read only");
    assert_eq!(c.value(WHERE), "f");
    c.q("commit");
    c.q("set pgsluice.route = 'primary'");
    c.q("begin");
    c.q("set transaction read only");
    assert_eq!(c.value(WHERE), "f");
    c.q("commit");
    // A pinned session keeps its server.
    c.q("reset pgsluice.route");
    c.q("create temp table pinned (a int)");
    c.q("begin");
    c.q("set transaction read only");
    assert_eq!(c.value("select count(*) from pinned"), "0");
    c.q("commit");
    c.q("drop table pinned");
}

fn asked(world: &World) {
    let mut c = client(world);
    assert_eq!(c.value("/* pgsluice: primary */ select on_replica()"), "f");
    assert_eq!(c.value("select on_replica() -- pgsluice: primary"), "f");
    assert_eq!(c.value("/* pgsluice: replica */ select on_replica()"), "t");
    let heard = c.q("/* pgsluice: replica */ insert into written values (1)");
    assert!(heard.contains("E(25006"), "{heard}");
    assert_eq!(c.q("set pgsluice.route = 'primary'"), "C(SET) Z(I)");
    assert_eq!(c.value(WHERE), "f");
    assert_eq!(c.value("show pgsluice.route"), "primary");
    assert_eq!(c.value("/* pgsluice: replica */ select on_replica()"), "t");
    c.q("set pgsluice.route to replica");
    assert_eq!(c.value(WHERE), "t");
    assert!(c.q("insert into written values (1)").contains("E(25006"));
    let heard = c.q("set pgsluice.route = 'nowhere'");
    assert!(heard.contains("E(22023"), "{heard}");
    let heard = c.ask(&[run("set pgsluice.route = 'nowhere'", &[]), sync()].concat());
    assert!(heard.contains("E(22023"), "{heard}");
    assert_eq!(c.value("show pgsluice.route"), "replica");
    c.q("set pgsluice.route = 'auto'");
    assert_eq!(c.value("show pgsluice.route"), "auto");
    c.q("set pgsluice.route = 'primary'");
    c.q("reset pgsluice.route");
    assert_eq!(c.value("show pgsluice.route"), "auto");
    c.q("set pgsluice.route = 'primary'");
    c.q("discard all");
    assert_eq!(c.value("show pgsluice.route"), "auto");
    let heard = c.q("set pgsluice.nothing = 1");
    assert!(heard.contains("E("), "{heard}");
    let mut c = Raw::connect_with(
        world.tight.port(),
        &[("options", "-c pgsluice.route=primary")],
    );
    assert_eq!(c.value(WHERE), "f");
}

fn read_only_sessions(world: &World) {
    for set in [
        "set session characteristics as transaction read only",
        "set default_transaction_read_only = on",
        "set default_transaction_read_only to 'true'",
    ] {
        // Anew, for one that has written reads from the primary until a replica has it.
        let mut c = client(world);
        assert!(c.q(set).starts_with("C(SET)"));
        c.q("begin");
        assert_eq!(c.value(WHERE), "t", "{set}");
        assert!(
            c.q("insert into written values (1)").contains("E(25006"),
            "{set}"
        );
        c.q("rollback");
        assert!(
            c.q("insert into written values (1)").contains("E(25006"),
            "{set}"
        );
        c.q("begin read write");
        assert!(
            c.q("insert into written values (1)").contains("INSERT 0 1"),
            "{set}"
        );
        c.q("rollback");
        c.q("set session characteristics as transaction read write");
        c.q("begin");
        assert_eq!(c.value(WHERE), "f");
        c.q("rollback");
        c.q("reset default_transaction_read_only");
    }
    let mut c = Raw::connect_with(
        world.tight.port(),
        &[("options", "-c default_transaction_read_only=on")],
    );
    c.q("begin");
    assert_eq!(c.value(WHERE), "t");
    c.q("rollback");
}

fn whole(world: &World) {
    let mut c = client(world);
    let batch = [
        run(WHERE, &[]),
        run("insert into written values (1)", &[]),
        sync(),
    ];
    let heard = c.ask(&batch.concat());
    assert!(
        heard.contains("D(f)") && heard.contains("INSERT 0 1"),
        "{heard}"
    );
    assert_eq!(
        c.value("select on_replica(); insert into written values (1)"),
        "f"
    );
    c.q("delete from written");
    let mut c = client(world);
    let batch = [
        run("begin read only", &[]),
        run(WHERE, &[]),
        run("commit", &[]),
        sync(),
    ];
    assert!(c.ask(&batch.concat()).contains("D(t)"));
}

fn functions(world: &World) {
    let mut c = client(world);
    assert!(
        c.q("select writes_a_row(), on_replica()")
            .contains("D(1|f)")
    );
    assert_eq!(client(world).value("select on_replica(), random()"), "t");
    c.q("delete from written");
}

fn refused_read(world: &World) {
    let mut c = client(world);
    for _ in 0..3 {
        assert_eq!(c.value("select claims_to_read()"), "1");
    }
    let heard = client(world).ask(&[run("select claims_to_read()", &[]), sync()].concat());
    assert!(heard.contains("D(1)"), "{heard}");
    let heard = c.q("/* pgsluice: replica */ select writes_a_row()");
    assert!(heard.contains("25006"), "{heard}");
    c.q("delete from written");
}

fn pipelines(world: &World) {
    let mut c = client(world);
    c.q("delete from written");
    for _ in 0..10 {
        let all = [
            query(WHERE),
            query("insert into written values (1) returning on_replica()"),
            query("select count(*), on_replica() from written"),
            query("begin"),
            query("delete from written returning on_replica()"),
            query("commit"),
            query("select count(*), on_replica() from written"),
            query("begin read only"),
            query(WHERE),
            query("commit"),
        ];
        c.send(&all.concat());
        let heard = c.until_nth(b'Z', all.len());
        let rows: Vec<&str> = heard.split(' ').filter(|m| m.starts_with("D(")).collect();
        let counts: Vec<&str> = rows.iter().map(|r| r.split('|').next().unwrap()).collect();
        assert_eq!(counts[1], "D(f)", "{heard}");
        assert_eq!(counts[2], "D(1", "a read sees the write before it: {heard}");
        assert_eq!(
            counts[4], "D(0",
            "a read sees the commit before it: {heard}"
        );
    }
}
