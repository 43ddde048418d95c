//! Named and unnamed prepared statements over shared servers with small caches.

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::same_as_direct;
use crate::say::bind;
use crate::say::close;
use crate::say::describe;
use crate::say::execute;
use crate::say::parse;
use crate::say::rerun;
use crate::say::run;
use crate::say::sync;

pub(crate) const CASES: &[Case] = &[
    ("names come and go", names),
    ("the unnamed statement lives on across batches", unnamed),
    ("DEALLOCATE and DISCARD ALL", deallocated),
    ("names follow clients over servers", follow),
    ("a plan that no longer fits is made anew", stale),
    (
        "a plan spoilt by others is no error in a transaction",
        stale_of_others,
    ),
    ("a parse error leaves no name behind", parse_error),
    ("a long statement is used and let go", long_statement),
    ("an error after evictions", error_after_evictions),
];

fn names(world: &World) {
    same_as_direct(world, |c| {
        vec![
            c.ask(&[parse("a", "select 1"), sync()].concat()),
            c.ask(&[parse("a", "select 2"), sync()].concat()),
            c.ask(&[rerun("a", &[]), sync()].concat()),
            c.ask(&[close("a"), parse("a", "select 2"), rerun("a", &[]), sync()].concat()),
            c.ask(&[close("a"), sync()].concat()),
            c.ask(&[rerun("a", &[]), sync()].concat()),
            c.ask(&[close("a"), close("nobody"), sync()].concat()),
            c.ask(&[describe("a"), sync()].concat()),
            c.ask(&[parse("a", "select 3"), close("a"), rerun("a", &[]), sync()].concat()),
            c.ask(&[parse("b", "select 4"), sync(), rerun("b", &[]), sync()].concat()),
            c.until(b'Z'),
            // An error takes back a name given before it? No: names are not transactional.
            c.ask(&[parse("c", "select 5"), run("select 1/0", &[]), sync()].concat()),
            c.ask(&[rerun("c", &[]), sync()].concat()),
            c.ask(&[close("c"), run("select 1/0", &[]), sync()].concat()),
            c.ask(&[rerun("c", &[]), sync()].concat()),
        ]
    });
}

fn unnamed(world: &World) {
    same_as_direct(world, |c| {
        vec![
            c.ask(&[parse("", "select $1::int * 2"), describe(""), sync()].concat()),
            c.ask(&[bind("", "", &["4"]), execute("", 0), sync()].concat()),
            c.ask(&[bind("", "", &["5"]), execute("", 0), sync()].concat()),
            c.q("select 'in between'"),
            c.ask(&[bind("", "", &["6"]), execute("", 0), sync()].concat()),
            c.ask(
                &[
                    parse("", "insert into written values ($1)"),
                    describe(""),
                    sync(),
                ]
                .concat(),
            ),
            c.ask(&[bind("", "", &["4"]), execute("", 0), sync()].concat()),
            c.q("delete from written"),
            c.ask(&[parse("", "selec"), sync()].concat()),
            c.ask(&[bind("", "", &["4"]), sync()].concat()),
            c.ask(&[parse("", "select 1"), close(""), bind("", "", &[]), sync()].concat()),
        ]
    });
    // Others use the same server in between.
    let port = world.tight.port();
    let (mut a, mut b) = (Raw::connect(port), Raw::connect(port));
    a.ask(&[parse("", "select 'a'"), describe(""), sync()].concat());
    b.ask(&[parse("", "select 'b'"), describe(""), sync()].concat());
    for round in 0..4 {
        if round == 2 {
            // A Query of one takes the unnamed statement of the other along, on that server.
            let mut c = Raw::connect(port);
            c.q("select 1");
            c.q("set work_mem = '9MB'");
            c.ask(&[parse("named", "select 1"), rerun("named", &[]), sync()].concat());
        }
        for (client, own) in [(&mut a, "a"), (&mut b, "b")] {
            let heard = client.ask(&[bind("", "", &[]), execute("", 0), sync()].concat());
            assert_eq!(heard, format!("2 D({own}) C(SELECT 1) Z(I)"));
        }
    }
}

fn deallocated(world: &World) {
    same_as_direct(world, |c| {
        let mut heard = Vec::new();
        let give = [parse("a", "select 1"), parse("b", "select 2"), sync()].concat();
        let try_both = |c: &mut Raw| {
            let one = c.ask(&[rerun("a", &[]), sync()].concat());
            format!("{one} / {}", c.ask(&[rerun("b", &[]), sync()].concat()))
        };
        for way in ["deallocate a", "deallocate prepare all", "discard all"] {
            heard.push(c.ask(&give));
            heard.push(c.q(way));
            heard.push(try_both(c));
            c.q("deallocate all");
            heard.push(c.ask(&give));
            heard.push(c.ask(&[run(way, &[]), sync()].concat()));
            heard.push(try_both(c));
            c.q("deallocate all");
        }
        heard.push(c.q("deallocate nobody"));
        heard.push(c.q("prepare s as select 8; execute s"));
        heard.push(c.q("execute s"));
        heard.push(c.q("deallocate s"));
        heard.push(c.q("execute s"));
        heard
    });
}

fn follow(world: &World) {
    let port = world.wide.port();
    let mut clients: Vec<Raw> = (0..6).map(|_| Raw::connect(port)).collect();
    for client in &mut clients {
        for i in 0..5 {
            let (name, sql) = (
                format!("s{i}"),
                format!("select {i}, $1::text, on_replica()"),
            );
            let heard = client.ask(&[parse(&name, &sql), sync()].concat());
            assert_eq!(heard, "1 Z(I)");
        }
    }
    let mut replies = 0;
    for round in 0..6 {
        // Every second round holds servers in transactions, so that others are used.
        for client in &mut clients {
            if round % 2 == 1 {
                client.q("begin");
            }
        }
        for (k, client) in clients.iter_mut().enumerate() {
            for i in 0..5 {
                let name = format!("s{}", (i * 3 + k) % 5);
                let heard = client.ask(&[rerun(&name, &["x"]), sync()].concat());
                let expected = format!("2 D({}|x|", (i * 3 + k) % 5);
                assert!(heard.starts_with(&expected), "{heard}");
                replies += 1;
            }
        }
        for client in &mut clients {
            client.q("commit");
        }
    }
    assert_eq!(replies, 180);
    let most =
        "select coalesce(max(n), 0) from (select count(*) as n from pg_prepared_statements) k";
    for client in &mut clients {
        let count: u32 = client.value(most).parse().unwrap();
        assert!(count <= 2, "{count} statements on a server");
    }
}

fn stale(world: &World) {
    let heard = same_as_direct(world, |c| {
        c.q("drop table if exists grows; create table grows (a int); insert into grows values (1)");
        c.ask(
            &[
                parse("g", "select * from grows for update"),
                rerun("g", &[]),
                sync(),
            ]
            .concat(),
        );
        c.q("alter table grows add b int default 2");
        let ours = c.ask(&[rerun("g", &[]), sync()].concat());
        // Directly this is an error until the client prepares anew; the proxy does it.
        let fits = ours.contains("D(1|2)") || ours.contains("0A000");
        let after = c.q("select 1");
        c.q("drop table grows");
        vec![fits.to_string(), after]
    });
    assert_eq!(heard[0], "true");
    for proxy in [&world.wide, &world.tight] {
        let mut c = Raw::connect(proxy.port());
        c.q("drop table if exists grows; create table grows (a int); insert into grows values (1)");
        let sql = "select * from grows for update";
        c.ask(&[parse("g", sql), rerun("g", &[]), sync()].concat());
        c.q("alter table grows add b int default 2");
        let heard = c.ask(&[rerun("g", &[]), sync()].concat());
        assert_eq!(heard, "2 D(1|2) C(SELECT 1) Z(I)");
        c.q("alter table grows add c int default 3");
        let heard = c.ask(&[describe("g"), rerun("g", &[]), sync()].concat());
        assert!(heard.contains("D(1|2|3)"), "{heard}");
        c.q("drop table grows");
    }
}

// One client's plan on a shared server was spoilt by ALTER TABLE; another client, who prepares the
// same text afterwards in a transaction, got the first one's error once per try, for ever.
fn stale_of_others(world: &World) {
    let port = world.tight.port();
    let (mut a, mut b) = (Raw::connect(port), Raw::connect(port));
    a.q("drop table if exists shared; create table shared (a int); insert into shared values (1)");
    let sql = "select * from shared for update";
    a.ask(&[parse("g", sql), rerun("g", &[]), sync()].concat());
    a.q("alter table shared add b int default 2");
    let mut heard = Vec::new();
    for _ in 0..3 {
        b.q("begin");
        let batch = [close("x"), parse("x", sql), rerun("x", &[]), sync()];
        heard.push(b.ask(&batch.concat()));
        b.q("rollback");
    }
    assert!(heard[2].contains("D(1|2)"), "{heard:#?}");
    assert!(heard[1].contains("D(1|2)"), "{heard:#?}");
    a.q("drop table shared");
}

fn parse_error(world: &World) {
    same_as_direct(world, |c| {
        vec![
            c.ask(&[parse("e", "select nothing from nowhere"), sync()].concat()),
            c.ask(&[rerun("e", &[]), sync()].concat()),
            c.ask(&[parse("e", "select 1"), rerun("e", &[]), sync()].concat()),
            c.ask(&[parse("f", "select nothing from nowhere"), sync()].concat()),
            c.ask(&[parse("f", "select nothing from nowhere"), sync()].concat()),
        ]
    });
}

// A named statement too long to be kept was forgotten when a short unnamed one came.
fn long_statement(world: &World) {
    same_as_direct(world, |c| {
        let long = format!("select length('{}')", "x".repeat(2 << 20));
        vec![
            c.ask(&[parse("long", &long), sync()].concat()),
            c.ask(&[rerun("long", &[]), sync()].concat()),
            c.ask(&[run("select 1", &[]), sync()].concat()),
            c.q("select 2"),
            c.ask(&[rerun("long", &[]), sync()].concat()),
            c.ask(&[parse("", &long), sync()].concat()),
            c.ask(&[bind("", "", &[]), execute("", 0), sync()].concat()),
            c.ask(&[parse("long", "select 1"), sync()].concat()),
            c.ask(&[close("long"), sync()].concat()),
            c.ask(&[parse("long", "select 1"), rerun("long", &[]), sync()].concat()),
            c.q("deallocate all"),
        ]
    });
    let mut c = Raw::connect(world.tight.port());
    let heard = c.ask(&[parse("long", "select 1"), rerun("long", &[]), sync()].concat());
    assert_eq!(heard, "1 2 D(1) C(SELECT 1) Z(I)");
}

fn error_after_evictions(world: &World) {
    same_as_direct(world, |c| {
        let mut heard = Vec::new();
        for i in 0..4 {
            let sql = format!("select {i}");
            heard.push(c.ask(&[parse(&format!("n{i}"), &sql), sync()].concat()));
        }
        for i in 0..4 {
            let name = format!("n{i}");
            let batch = [
                rerun(&name, &[]),
                run("select 1/0", &[]),
                rerun("n0", &[]),
                rerun("n1", &[]),
                parse("skipped", "select 9"),
                sync(),
            ];
            heard.push(c.ask(&batch.concat()));
            for j in 0..4 {
                heard.push(c.ask(&[rerun(&format!("n{j}"), &[]), sync()].concat()));
            }
        }
        heard
    });
}
