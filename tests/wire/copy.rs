//! COPY in and out, in every protocol, with failures from either side.

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::same_as_direct;
use crate::say::bind;
use crate::say::copied;
use crate::say::copy_done;
use crate::say::copy_fail;
use crate::say::describe_portal;
use crate::say::execute;
use crate::say::parse;
use crate::say::query;
use crate::say::run;
use crate::say::sync;

pub(crate) const CASES: &[Case] = &[
    ("COPY out", out),
    ("COPY in by a query", simple),
    ("COPY in by the extended protocol", extended),
    ("COPY in as libpq pipelines it", as_libpq),
    ("COPY in that the client fails", client_fails),
    ("COPY in that the server fails", server_fails),
    (
        "COPY in that fails within a message",
        fails_within_a_message,
    ),
    ("COPY of several tables in one query", several),
];

const TABLE: &str = "create temp table if not exists copied (a int, b text)";

fn out(world: &World) {
    same_as_direct(world, |c| {
        vec![
            c.q("copy seven to stdout"),
            c.q("copy seven to stdout (format binary)"),
            c.q("copy (select a, 'x,y' from seven) to stdout (format csv, header)"),
            c.q("copy nowhere to stdout"),
            c.q("copy (select 1/(a-3) from seven) to stdout"),
            c.ask(&[run("copy seven to stdout", &[]), sync()].concat()),
            c.ask(
                &[
                    run("copy seven to stdout", &[]),
                    run("select 1", &[]),
                    sync(),
                ]
                .concat(),
            ),
            c.q("copy seven to stdout; select 1; copy seven to stdout"),
        ]
    });
}

fn simple(world: &World) {
    same_as_direct(world, |c| {
        let mut heard = vec![c.q(TABLE)];
        c.send(&query("copy copied from stdin"));
        heard.push(c.until(b'G'));
        heard.push(
            c.ask(
                &[
                    copied(b"1\tone\n2\ttwo\n"),
                    copied(b"3\t\\N\n"),
                    copy_done(),
                ]
                .concat(),
            ),
        );
        // All at once, without waiting for the server to be ready.
        let all = [
            query("copy copied from stdin"),
            copied(b"4\tfo"),
            copied(b"ur\n"),
            copy_done(),
        ];
        heard.push(c.ask(&all.concat()));
        let binary = [
            &b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"[..],
            &[0, 2, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 1, b'b', 0xff, 0xff],
        ];
        let all = [
            query("copy copied from stdin (format binary)"),
            copied(&binary.concat()),
            copy_done(),
        ];
        heard.push(c.ask(&all.concat()));
        heard.push(c.q("select * from copied order by a"));
        heard.push(c.q("drop table copied"));
        heard
    });
}

fn extended(world: &World) {
    same_as_direct(world, |c| {
        let mut heard = vec![c.q(TABLE)];
        let all = [
            run("copy copied from stdin", &[]),
            copied(b"1\tone\n"),
            copy_done(),
            sync(),
        ];
        heard.push(c.ask(&all.concat()));
        // More of the pipeline behind it.
        let all = [
            run("copy copied from stdin", &[]),
            copied(b"2\ttwo\n"),
            copy_done(),
            run("select count(*) from copied", &[]),
            sync(),
            run("select 5", &[]),
            sync(),
        ];
        c.send(&all.concat());
        heard.push(c.until_nth(b'Z', 2));
        heard.push(c.q("drop table copied"));
        heard
    });
}

/// Parse, Bind, Describe, Execute, Sync; and when the server is ready to copy: the data and Sync.
fn libpq_copy(c: &mut Raw, data: &[u8], end: &[u8]) -> String {
    let head = [
        parse("", "copy copied from stdin"),
        bind("", "", &[]),
        describe_portal(""),
        execute("", 0),
        sync(),
    ];
    c.send(&head.concat());
    let ready = c.until(b'G');
    format!(
        "{ready} / {}",
        c.ask(&[copied(data), end.to_vec(), sync()].concat())
    )
}

fn as_libpq(world: &World) {
    same_as_direct(world, |c| {
        vec![
            c.q(TABLE),
            libpq_copy(c, b"1\tone\n", &copy_done()),
            libpq_copy(c, b"2\ttwo\n", &copy_done()),
            libpq_copy(c, b"3\tthree\n", &copy_fail("changed my mind")),
            c.q("select * from copied"),
            libpq_copy(c, b"x\tnot a number\n", &copy_done()),
            libpq_copy(c, b"4\tfour\n", &copy_done()),
            c.q("begin"),
            libpq_copy(c, b"5\tfive\n", &copy_done()),
            libpq_copy(c, b"x\tnot a number\n", &copy_done()),
            c.q("rollback"),
            c.q("select count(*) from copied"),
            c.q("drop table copied"),
        ]
    });
}

fn client_fails(world: &World) {
    same_as_direct(world, |c| {
        let all = [
            query("copy copied from stdin"),
            copied(b"1\tone\n"),
            copy_fail("no more"),
        ];
        let batch = [
            run("copy copied from stdin", &[]),
            copied(b"1\tone\n"),
            copy_fail("no more"),
            run("select 1", &[]),
            sync(),
        ];
        vec![
            c.q(TABLE),
            c.ask(&all.concat()),
            c.q("select 1"),
            c.ask(&batch.concat()),
            c.q("select count(*) from copied"),
            // A query in the place of copied data.
            c.q("drop table copied"),
        ]
    });
}

fn server_fails(world: &World) {
    same_as_direct(world, |c| {
        let mut heard = vec![c.q(TABLE)];
        c.send(&query("copy copied from stdin"));
        heard.push(c.until(b'G'));
        c.send(&copied(b"x\tnot a number\n"));
        heard.push(c.until(b'Z'));
        // The client has not heard it yet and goes on.
        for _ in 0..100 {
            c.send(&copied(b"1\tone\n"));
        }
        c.send(&copy_done());
        heard.push(c.q("select count(*) from copied"));
        let all = [
            run("copy copied from stdin", &[]),
            copied(b"x\tnot a number\n"),
            copied(&b"2\ttwo\n".repeat(20_000)),
            copy_done(),
            sync(),
        ];
        heard.push(c.ask(&all.concat()));
        heard.push(c.q("select count(*) from copied"));
        heard.push(c.q("drop table copied"));
        heard
    });
}

// The server's error came when half of a CopyData message had been passed on: its server went to
// the next client, whose query was then read as the rest of the message.
fn fails_within_a_message(world: &World) {
    for proxy in [&world.wide, &world.tight] {
        for head in [
            query("copy written from stdin"),
            run("copy written from stdin", &[]),
        ] {
            let is_simple = head[0] == b'Q';
            let (mut a, mut b) = (Raw::connect(proxy.port()), Raw::connect(proxy.port()));
            a.send(&head);
            if !is_simple {
                // Without Flush the server keeps its answer to itself until the error.
                a.send(&copied(b"not a number\n"));
            }
            let half = copied(&b"1\n".repeat(100_000));
            if is_simple {
                a.until(b'G');
                a.send(&copied(b"not a number\n"));
            }
            a.send(&half[..100_000]);
            let heard = a.until(b'E');
            assert!(heard.contains("22P02"), "{heard}");
            let other = std::thread::spawn(move || b.q("/* pgsluice: primary */ select 'mine'"));
            std::thread::sleep(std::time::Duration::from_millis(100));
            a.send(&half[100_000..]);
            if is_simple {
                a.send(&copy_done());
                a.until(b'Z');
            } else {
                a.ask(&[copy_done(), sync()].concat());
            }
            assert!(other.join().unwrap().contains("D(mine)"));
            assert!(
                a.q("/* pgsluice: primary */ select 'own'")
                    .contains("D(own)")
            );
        }
    }
}

fn several(world: &World) {
    same_as_direct(world, |c| {
        let mut heard = vec![c.q(TABLE)];
        let both = "copy copied from stdin; select 1; copy copied from stdin";
        c.send(&query(both));
        heard.push(c.until(b'G'));
        c.send(&[copied(b"1\tone\n"), copy_done()].concat());
        heard.push(c.until(b'G'));
        heard.push(c.ask(&[copied(b"2\ttwo\n"), copy_done()].concat()));
        heard.push(c.q("select * from copied"));
        heard.push(c.q("drop table copied"));
        heard
    });
}
