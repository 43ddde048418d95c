//! Simple and extended protocol, pipelines, portals.

use crate::Case;
use crate::World;
use crate::same_as_direct;
use crate::say::bind;
use crate::say::close_portal;
use crate::say::describe;
use crate::say::describe_portal;
use crate::say::execute;
use crate::say::flush;
use crate::say::framed;
use crate::say::parse;
use crate::say::query;
use crate::say::run;
use crate::say::sync;

pub(crate) const CASES: &[Case] = &[
    ("simple queries", simple),
    ("several statements in one query", several),
    ("extended batches", extended),
    ("an error skips to Sync and rolls back", error_skips),
    ("pipelined batches", pipelined),
    ("a long pipeline", long_pipeline),
    ("Flush gives what there is", flushed),
    ("portals with row limits", portals),
    ("Describe of statement and portal", described),
    ("transactions", transactions),
    ("notices", notices),
    ("FunctionCall", function_call),
    ("queries sent without waiting", simple_pipelined),
    ("messages byte by byte", byte_by_byte),
];

fn simple(world: &World) {
    same_as_direct(world, |c| {
        [
            "select 1",
            "",
            ";",
            "  -- nothing",
            "select 1 as a, null as b, 'ä' as c",
            "select * from nowhere",
            "selec 1",
            "show work_mem",
            "values (1), (2)",
            "table seven",
            "select",
            "explain (costs off) select 1",
            "select 1/0",
            "insert into written values (1), (2)",
            "update written set a = 3 where false",
            "delete from written",
            "create table made_here (a int)",
            "drop table made_here",
            "select * from seven where a < 3 for update",
            "with gone as (delete from written returning a) select count(*) from gone",
        ]
        .map(|sql| c.q(sql))
        .to_vec()
    });
}

fn several(world: &World) {
    same_as_direct(world, |c| {
        [
            "select 1; select 2",
            "select 1; select 1/0; select 3",
            "insert into written values (7); select count(*) from written; delete from written",
            "insert into written values (7); select 1/0",
            "select count(*) from written",
            "begin; insert into written values (8)",
            "rollback; select count(*) from written",
            "begin; select 1/0; commit",
            "rollback",
            ";;select 1;;",
            "begin; commit; select 5",
        ]
        .map(|sql| c.q(sql))
        .to_vec()
    });
}

fn extended(world: &World) {
    same_as_direct(world, |c| {
        vec![
            c.ask(&[run("select 1", &[]), sync()].concat()),
            c.ask(&[run("select $1::int + 1", &["41"]), sync()].concat()),
            c.ask(&[run("select $1::int", &["x"]), sync()].concat()),
            c.ask(&[run("", &[]), sync()].concat()),
            c.ask(&[run("selec", &[]), sync()].concat()),
            c.ask(&sync()),
            c.ask(&[run("select 1; select 2", &[]), sync()].concat()),
            c.ask(&[run("insert into written values ($1)", &["5"]), sync()].concat()),
            c.ask(
                &[
                    run("delete from written", &[]),
                    run("select 2", &[]),
                    sync(),
                ]
                .concat(),
            ),
            // Bind with too few parameters.
            c.ask(&[parse("", "select $1::int"), bind("", "", &[]), sync()].concat()),
        ]
    });
}

fn error_skips(world: &World) {
    same_as_direct(world, |c| {
        let mut heard = Vec::new();
        let batch = [
            run("insert into written values (1)", &[]),
            run("select 1/0", &[]),
            run("insert into written values (2)", &[]),
            sync(),
        ];
        heard.push(c.ask(&batch.concat()));
        heard.push(c.q("select count(*) from written"));
        // What fails to parse, then named things that must not come to be.
        let batch = [
            run("selec", &[]),
            parse("never", "select 1"),
            bind("p", "never", &[]),
            sync(),
        ];
        heard.push(c.ask(&batch.concat()));
        heard.push(c.ask(&[bind("", "never", &[]), sync()].concat()));
        heard.push(c.ask(&[parse("never", "select 2"), sync()].concat()));
        heard.push(c.ask(&[bind("", "never", &[]), execute("", 0), sync()].concat()));
        // Within a transaction the error stays.
        heard.push(c.q("begin"));
        heard.push(c.ask(&[run("select 1/0", &[]), sync()].concat()));
        heard.push(c.ask(&[run("select 1", &[]), sync()].concat()));
        heard.push(c.q("rollback"));
        heard
    });
}

fn pipelined(world: &World) {
    same_as_direct(world, |c| {
        let batches = [
            run("select 1", &[]),
            sync(),
            run("select 1/0", &[]),
            run("select 3", &[]),
            sync(),
            run("insert into written values (4)", &[]),
            sync(),
            run("select count(*) from written", &[]),
            sync(),
            run("delete from written", &[]),
            sync(),
            query("select 6"),
            sync(),
        ];
        c.send(&batches.concat());
        vec![c.until_nth(b'Z', 7), c.q("select 7")]
    });
}

fn long_pipeline(world: &World) {
    same_as_direct(world, |c| {
        let mut writer = c.writer();
        let sender = std::thread::spawn(move || {
            use std::io::Write;
            let mut batch = parse("many", "select $1::int");
            for i in 0..20_000 {
                let value = i.to_string();
                batch.extend(bind("", "many", &[&value]));
                batch.extend(execute("", 0));
                if i % 7 == 0 {
                    batch.extend(sync());
                }
            }
            batch.extend(sync());
            writer.write_all(&batch).unwrap();
        });
        let heard = c.until_nth(b'Z', 20_000_usize.div_ceil(7) + 1);
        sender.join().unwrap();
        let ends = heard.ends_with("2 D(19999) C(SELECT 1) Z(I)");
        vec![heard.len().to_string(), ends.to_string()]
    });
}

fn flushed(world: &World) {
    same_as_direct(world, |c| {
        let mut heard = Vec::new();
        c.send(&[parse("known", "select $1::int"), describe("known"), flush()].concat());
        heard.push(c.until(b'T'));
        c.send(&[bind("", "known", &["3"]), execute("", 0), flush()].concat());
        heard.push(c.until(b'C'));
        heard.push(c.ask(&sync()));
        // The server knows the text now: the proxy answers by itself, in its turn.
        c.send(&[parse("again", "select $1::int"), flush()].concat());
        heard.push(c.until(b'1'));
        heard.push(c.ask(&sync()));
        let batch = [
            bind("", "again", &["1"]),
            execute("", 0),
            parse("third", "select $1::int"),
            flush(),
        ];
        c.send(&batch.concat());
        heard.push(c.until(b'1'));
        heard.push(c.ask(&sync()));
        c.send(&[run("select 1/0", &[]), flush()].concat());
        heard.push(c.until(b'E'));
        c.send(&[run("select 1", &[]), flush()].concat());
        heard.push(c.ask(&sync()));
        c.send(&[parse("", "select 1"), flush()].concat());
        heard.push(c.until(b'1'));
        c.send(&[bind("", "", &[]), flush()].concat());
        heard.push(c.until(b'2'));
        c.send(&[execute("", 0), flush()].concat());
        heard.push(c.until(b'C'));
        heard.push(c.ask(&sync()));
        heard
    });
}

fn portals(world: &World) {
    same_as_direct(world, |c| {
        let mut heard = vec![c.q("begin")];
        let open = [parse("", "table seven"), bind("p", "", &[])];
        heard.push(c.ask(&[open.concat(), execute("p", 3), sync()].concat()));
        heard.push(c.ask(&[execute("p", 3), sync()].concat()));
        heard.push(c.ask(&[run("select 'between'", &[]), sync()].concat()));
        heard.push(c.ask(&[execute("p", 0), execute("p", 0), sync()].concat()));
        heard.push(c.ask(&[close_portal("p"), execute("p", 0), sync()].concat()));
        heard.push(c.q("rollback"));
        // A portal ends with its transaction, which is the batch's here.
        let open = [parse("", "table seven"), bind("p", "", &[])];
        heard.push(c.ask(&[open.concat(), execute("p", 2), execute("p", 2), sync()].concat()));
        heard.push(c.ask(&[execute("p", 0), sync()].concat()));
        heard.push(c.ask(&[bind("p", "", &[]), bind("p", "", &[]), sync()].concat()));
        heard.push(c.q("begin; declare k cursor for table seven; fetch 2 from k"));
        heard.push(c.ask(&[run("fetch 2 from k", &[]), execute("", 0), sync()].concat()));
        heard.push(c.ask(&[describe_portal("k"), execute("k", 1), sync()].concat()));
        heard.push(c.q("close k; commit"));
        heard
    });
}

fn described(world: &World) {
    same_as_direct(world, |c| {
        let sql = "select $1::int as a, $2::text as b";
        vec![
            c.ask(&[parse("d", sql), describe("d"), sync()].concat()),
            c.ask(
                &[
                    describe("d"),
                    bind("p", "d", &["1", "x"]),
                    describe_portal("p"),
                    sync(),
                ]
                .concat(),
            ),
            c.ask(&[describe("nobody"), sync()].concat()),
            c.ask(&[describe_portal("nobody"), sync()].concat()),
            c.ask(
                &[
                    parse("", "insert into written values ($1)"),
                    describe(""),
                    sync(),
                ]
                .concat(),
            ),
            c.ask(&[describe(""), sync()].concat()),
        ]
    });
}

fn transactions(world: &World) {
    same_as_direct(world, |c| {
        [
            "begin",
            "insert into written values (1)",
            "savepoint a",
            "select 1/0",
            "select 1",
            "rollback to a",
            "select count(*) from written",
            "rollback",
            "commit",
            "begin",
            "begin",
            "select 1/0",
            "commit",
            "start transaction isolation level repeatable read",
            "show transaction_isolation",
            "commit and chain",
            "show transaction_isolation",
            "rollback",
            "begin read only",
            "insert into written values (1)",
            "rollback",
            "begin isolation level serializable read only deferrable",
            "select 1",
            "commit",
            "end",
        ]
        .map(|sql| c.q(sql))
        .to_vec()
    });
}

fn notices(world: &World) {
    same_as_direct(world, |c| {
        vec![
            c.q("do $$ begin raise notice 'hello %', 1; raise warning 'and more'; end $$"),
            c.q("drop table if exists nowhere"),
            c.ask(&[run("do $$ begin raise notice 'hi'; end $$", &[]), sync()].concat()),
            c.q("set client_min_messages to error"),
            c.q("drop table if exists nowhere"),
            c.q("reset client_min_messages"),
        ]
    });
}

fn function_call(world: &World) {
    same_as_direct(world, |c| {
        // int4pl(1, 2) in text, then a function that does not exist.
        let call = |oid: u32| {
            let mut body = oid.to_be_bytes().to_vec();
            body.extend([0, 0, 0, 2]);
            for value in *b"12" {
                body.extend([0, 0, 0, 1, value]);
            }
            body.extend([0, 0]);
            framed(Some(b'F'), &body)
        };
        vec![c.ask(&call(177)), c.ask(&call(1)), c.q("select 1")]
    });
}

fn simple_pipelined(world: &World) {
    same_as_direct(world, |c| {
        let sqls = [
            "select 1",
            "insert into written values (1)",
            "select 1/0",
            "begin",
            "select 2",
            "select 1/0",
            "select 3",
            "rollback",
            "delete from written",
            "select 4",
        ];
        c.send(&sqls.map(query).concat());
        vec![c.until_nth(b'Z', sqls.len())]
    });
}

fn byte_by_byte(world: &World) {
    same_as_direct(world, |c| {
        let bytes = [
            query("select 1"),
            run("select $1::int", &["2"]),
            sync(),
            run("select 1/0", &[]),
            run("select 3", &[]),
            sync(),
        ];
        for byte in bytes.concat() {
            c.send(&[byte]);
        }
        vec![c.until_nth(b'Z', 3)]
    });
}
