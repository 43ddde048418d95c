//! Large messages and slow clients: the proxy's memory stays bounded.

use std::fs;
use std::io::Write;
use std::thread;
use std::time::Duration;

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::say::bind;
use crate::say::copied;
use crate::say::copy_done;
use crate::say::execute;
use crate::say::parse;
use crate::say::query;
use crate::say::run;
use crate::say::sync;

pub(crate) const CASES: &[Case] = &[
    ("a row of 100 MB", row),
    ("100 MB of rows", rows),
    ("COPY of 100 MB out", copy_out),
    ("COPY of 100 MB in", copy_in),
    ("a query of 100 MB", long_query),
    ("a parameter of 100 MB", parameter),
    (
        "a parameter of 100 MB behind an error",
        parameter_behind_error,
    ),
    ("a client that does not read", does_not_read),
    (
        "a client that does not read and goes on writing",
        writes_and_does_not_read,
    ),
];

const LARGE: usize = 100_000_000;

/// What the proxy may need more than before, in KiB.
const GROWTH_KIB_MAX: u64 = 16 * 1024;

fn status(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|l| l.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Runs `case` with a client, and checks the peak of the proxy's memory.
fn bounded(world: &World, case: impl FnOnce(&mut Raw)) {
    let pid = world.wide.pid();
    let mut client = Raw::connect(world.wide.port());
    client.q("/* pgsluice: primary */ select 1");
    // Forgets the peak.
    fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    let before = status(pid, "VmRSS");
    case(&mut client);
    let peak = status(pid, "VmHWM");
    eprintln!("    VmRSS {before} KiB before, peak {peak} KiB");
    assert!(
        peak < before + GROWTH_KIB_MAX,
        "{before} KiB before, peak {peak} KiB"
    );
    assert!(client.q("select 'usable'").contains("D(usable)"));
}

fn row(world: &World) {
    for hint in ["/* pgsluice: primary */", "/* pgsluice: replica */"] {
        bounded(world, |c| {
            c.send(&query(&format!("{hint} select repeat('x', {LARGE})")));
            let (tags, bytes) = c.drain_until_ready();
            assert_eq!(tags, "TDCZ");
            assert!(LARGE as u64 <= bytes, "{bytes}");
        });
    }
}

fn rows(world: &World) {
    bounded(world, |c| {
        c.send(
            &[
                run(
                    "select repeat('y', 990) from generate_series(1, 100000)",
                    &[],
                ),
                sync(),
            ]
            .concat(),
        );
        let (tags, bytes) = c.drain_until_ready();
        assert_eq!(tags, "12DCZ");
        assert!(100_000_000 <= bytes, "{bytes}");
    });
}

fn copy_out(world: &World) {
    bounded(world, |c| {
        c.send(&query(
            "copy (select repeat('y', 990) from generate_series(1, 100000)) to stdout",
        ));
        let (tags, bytes) = c.drain_until_ready();
        assert_eq!(tags, "HdcCZ");
        assert!(99_000_000 <= bytes, "{bytes}");
    });
}

fn copy_in(world: &World) {
    world.admin("create table if not exists large (a text); grant all on large to app");
    for bytes_each in [1_000, 1_000_000] {
        bounded(world, |c| {
            c.q("begin");
            c.send(&query("copy large from stdin"));
            c.until(b'G');
            let mut line = vec![b'z'; bytes_each];
            line[bytes_each - 1] = b'\n';
            let message = copied(&line);
            for _ in 0..LARGE / bytes_each {
                c.send(&message);
            }
            let heard = c.ask(&copy_done());
            assert_eq!(heard, format!("C(COPY {}) Z(T)", LARGE / bytes_each));
            c.q("rollback");
        });
    }
}

fn long_query(world: &World) {
    bounded(world, |c| {
        c.send(&query(&format!("select length('{}')", "q".repeat(LARGE))));
        assert!(c.until(b'Z').contains(&format!("D({LARGE})")));
    });
}

fn parameter(world: &World) {
    bounded(world, |c| {
        let value = "v".repeat(LARGE);
        let batch = [
            parse("", "select length($1)"),
            bind("", "", &[&value]),
            execute("", 0),
            sync(),
        ];
        c.send(&batch.concat());
        assert!(c.until(b'Z').contains(&format!("D({LARGE})")));
    });
}

// The rest of a message was not passed on when the server's error came in the middle of it, and
// the server took what followed for the rest.
fn parameter_behind_error(world: &World) {
    bounded(world, |c| {
        let value = "v".repeat(LARGE);
        let batch = [
            parse("", "selec"),
            bind("", "", &[&value]),
            execute("", 0),
            sync(),
        ];
        let heard = c.ask(&batch.concat());
        assert!(
            heard.starts_with("E(42601") && heard.ends_with("Z(I)"),
            "{heard}"
        );
        let heard = c.ask(&[run("select 1/0", &[]), bind("", "", &[&value]), sync()].concat());
        assert!(
            heard.contains("E(22012") && heard.ends_with("Z(I)"),
            "{heard}"
        );
    });
}

fn does_not_read(world: &World) {
    bounded(world, |c| {
        let mut slow: Vec<Raw> = (0..4).map(|_| Raw::connect(world.wide.port())).collect();
        for client in &mut slow {
            client.send(&query(&format!("select repeat('x', {LARGE})")));
        }
        thread::sleep(Duration::from_millis(700));
        // Others are served in the meantime.
        assert!(c.q("select 5").contains("D(5)"));
        for client in &mut slow {
            let (tags, bytes) = client.drain_until_ready();
            assert_eq!(tags, "TDCZ");
            assert!(LARGE as u64 <= bytes, "{bytes}");
        }
    });
}

fn writes_and_does_not_read(world: &World) {
    bounded(world, |c| {
        let batch = query("select repeat('w', 1000)").repeat(1000);
        let mut total = Vec::new();
        let mut sent = 0;
        // Until it takes no more.
        for _ in 0..2_000 {
            let count = c.send_within(&batch, Duration::from_millis(300));
            sent += count;
            if count < batch.len() {
                total = batch[count..].to_vec();
                break;
            }
        }
        assert!(sent < 60_000_000, "it takes no more at some point: {sent}");
        let queries = (sent + total.len()) / query("select repeat('w', 1000)").len();
        let mut writer = c.writer();
        let rest = thread::spawn(move || writer.write_all(&total).unwrap());
        let mut heard = 0;
        while heard < queries {
            heard += usize::from(c.next().tag == b'Z');
        }
        rest.join().unwrap();
    });
}
