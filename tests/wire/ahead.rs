//! Statements that are prepared up to a Flush and run later, as asyncpg does.

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::say::bind;
use crate::say::close;
use crate::say::describe;
use crate::say::execute;
use crate::say::flush;
use crate::say::parse;
use crate::say::query;
use crate::say::sync;

pub(crate) const CASES: &[Case] = &[
    ("what is prepared up to a Flush runs on a replica", reads),
    ("its server is free meanwhile", free),
    ("what writes is prepared and run on the primary", writes),
    ("within a transaction it stays there", transaction),
    ("a replica's refusal of it is healed", refused),
    ("what fails is skipped to Sync", failures),
];

const WHERE: &str = "select on_replica()";
const THREE: &str = "select a from seven where a = 3";

fn client(world: &World) -> Raw {
    Raw::connect(world.tight.port())
}

/// Parse, Describe, Flush: all that came, to the description of the rows.
fn prepare(c: &mut Raw, name: &str, sql: &str) -> String {
    c.send(&[parse(name, sql), describe(name), flush()].concat());
    c.until(b'T')
}

fn rerun(c: &mut Raw, name: &str) -> String {
    c.ask(&[bind("", name, &[]), execute("", 0), sync()].concat())
}

fn reads(world: &World) {
    for port in [world.tight.port(), world.wide.port()] {
        let mut c = Raw::connect(port);
        for name in ["ahead", ""] {
            let heard = prepare(&mut c, name, WHERE);
            assert_eq!(heard, "1 t([0, 0]) T(on_replica 16 0)");
            for _ in 0..3 {
                assert_eq!(rerun(&mut c, name), "2 D(t) C(SELECT 1) Z(I)");
            }
        }
        c.ask(&[close("ahead"), sync()].concat());
    }
}

/// Each node of the proxy has one server.
fn free(world: &World) {
    let (mut c, mut other) = (client(world), client(world));
    for _ in 0..4 {
        prepare(&mut c, "", WHERE);
        for _ in 0..4 {
            assert_eq!(other.value(WHERE), "t");
        }
        other.q("insert into written values (1)");
        assert_eq!(rerun(&mut c, ""), "2 D(t) C(SELECT 1) Z(I)");
    }
    other.q("delete from written");
}

fn writes(world: &World) {
    let mut c = client(world);
    c.q("delete from written");
    let insert = "insert into written values (1) returning on_replica()";
    prepare(&mut c, "writes", insert);
    assert_eq!(rerun(&mut c, "writes"), "2 D(f) C(INSERT 0 1) Z(I)");
    // The read behind it sees what it wrote.
    prepare(&mut c, "counts", "select count(*) from written");
    assert_eq!(rerun(&mut c, "counts"), "2 D(1) C(SELECT 1) Z(I)");
    // One that was prepared on a replica runs on the primary with a write.
    prepare(&mut c, "where", WHERE);
    let both = [
        bind("", "where", &[]),
        execute("", 0),
        parse("", "delete from written"),
        bind("", "", &[]),
        execute("", 0),
        sync(),
    ];
    let heard = c.ask(&both.concat());
    assert_eq!(heard, "2 D(f) C(SELECT 1) 1 2 C(DELETE 1) Z(I)");
}

fn transaction(world: &World) {
    let mut c = client(world);
    c.q("begin");
    prepare(&mut c, "within", WHERE);
    assert_eq!(rerun(&mut c, "within"), "2 D(f) C(SELECT 1) Z(T)");
    c.q("insert into written values (1)");
    prepare(&mut c, "", "select count(*) from written");
    assert_eq!(rerun(&mut c, ""), "2 D(1) C(SELECT 1) Z(T)");
    c.q("rollback");
    assert_eq!(rerun(&mut c, "within"), "2 D(t) C(SELECT 1) Z(I)");
}

fn refused(world: &World) {
    let mut c = client(world);
    c.q("delete from written");
    for _ in 0..2 {
        let heard = prepare(&mut c, "", "select claims_to_read() as ahead");
        assert_eq!(heard, "1 t([0, 0]) T(ahead 23 0)");
        assert_eq!(rerun(&mut c, ""), "2 D(1) C(SELECT 1) Z(I)");
    }
    assert_eq!(c.value("select count(*) from written"), "2");
    c.q("delete from written");
}

fn failures(world: &World) {
    crate::same_as_direct(world, |c| {
        let mut heard = Vec::new();
        for (name, sql) in [("a", "select nonsense"), ("", "selec 1"), ("a", THREE)] {
            c.send(&[parse(name, sql), describe(name), flush()].concat());
            let end = if sql == THREE { b'T' } else { b'E' };
            heard.push(c.until(end));
            // Skipped, if it failed.
            c.send(&[query("select 2"), bind("", name, &[]), execute("", 0)].concat());
            c.send(&[sync(), query("select 3")].concat());
            heard.push(c.until_nth(b'Z', if sql == THREE { 3 } else { 2 }));
        }
        // The batch behind it was sent with it.
        let all = [
            parse("b", "select nonsense"),
            flush(),
            parse("c", "select 1"),
            bind("", "c", &[]),
            execute("", 0),
            flush(),
            sync(),
            describe("c"),
            sync(),
        ];
        c.send(&all.concat());
        heard.push(c.until_nth(b'Z', 2));
        // A name that is taken.
        c.send(&[parse("a", THREE), describe("a"), flush(), sync()].concat());
        heard.push(c.until(b'Z'));
        heard.push(c.ask(&[close("a"), sync()].concat()));
        heard
    });
}
