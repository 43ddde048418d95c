//! Cancel requests reach the query they mean and no other.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::raw::V3_0;
use crate::raw::V3_2;
use crate::raw::cancel;
use crate::say::query;

pub(crate) const CASES: &[Case] = &[
    (
        "a cancel ends the query, on primary and replica",
        ends_the_query,
    ),
    ("a cancel with a wrong key does nothing", wrong_key),
    ("a cancel that comes late hits nobody", late),
    ("a cancel ends the wait for a server", waiting),
];

const HINTS: [&str; 2] = ["/* pgsluice: primary */", "/* pgsluice: replica */"];

fn ends_the_query(world: &World) {
    for version in [V3_0, V3_2] {
        for hint in HINTS {
            let port = world.wide.port();
            let mut a = Raw::try_connect(port, version, &[]).unwrap();
            assert_eq!(a.key.len() == 4, version == V3_0, "{} bytes", a.key.len());
            let mut b = Raw::connect(port);
            b.send(&query(&format!("{hint} select pg_sleep(1)")));
            let started = Instant::now();
            a.send(&query(&format!("{hint} select pg_sleep(30)")));
            thread::sleep(Duration::from_millis(100));
            cancel(port, a.pid, &a.key);
            let heard = a.until(b'Z');
            assert!(
                heard.contains("E(57014") && heard.ends_with("Z(I)"),
                "{heard}"
            );
            assert!(started.elapsed() < Duration::from_secs(10));
            let heard = b.until(b'Z');
            assert!(heard.contains("C(SELECT 1)"), "{heard}");
            assert!(a.q("select 1").contains("D(1)"));
        }
    }
}

fn wrong_key(world: &World) {
    let port = world.wide.port();
    let mut a = Raw::connect(port);
    a.send(&query("select pg_sleep(0.5)"));
    thread::sleep(Duration::from_millis(50));
    let mut key = a.key.clone();
    key[0] ^= 1;
    cancel(port, a.pid, &key);
    cancel(port, a.pid, &[]);
    cancel(port, a.pid.wrapping_add(1), &a.key);
    let longer = [&a.key[..], &[0; 28]].concat();
    cancel(port, a.pid, &longer);
    let heard = a.until(b'Z');
    assert!(heard.contains("C(SELECT 1)"), "{heard}");
}

fn late(world: &World) {
    let port = world.tight.port();
    let mut a = Raw::connect(port);
    let mut b = Raw::connect(port);
    a.q("/* pgsluice: primary */ select 1");
    b.send(&query("/* pgsluice: primary */ select pg_sleep(0.5)"));
    thread::sleep(Duration::from_millis(50));
    cancel(port, a.pid, &a.key);
    let heard = b.until(b'Z');
    assert!(heard.contains("C(SELECT 1)"), "{heard}");
    assert!(a.q("select 1").contains("D(1)"));
    // Many in a row, as close to the query's end as can be: the other client never hears of it.
    let (pid, key) = (a.pid, a.key.clone());
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..100 {
                cancel(port, pid, &key);
            }
        });
        scope.spawn(move || {
            for _ in 0..200 {
                let heard = a.q("/* pgsluice: primary */ select pg_sleep(0.001)");
                assert!(heard.ends_with("Z(I)"), "{heard}");
            }
        });
        for _ in 0..200 {
            let heard = b.q("/* pgsluice: primary */ select pg_sleep(0.001)");
            assert!(heard.contains("C(SELECT 1)"), "{heard}");
        }
    });
}

fn waiting(world: &World) {
    let port = world.tight.port();
    let mut a = Raw::connect(port);
    let mut b = Raw::connect(port);
    a.q("begin");
    b.send(&query("insert into written values (99)"));
    assert!(b.is_silent(Duration::from_millis(100)));
    cancel(port, b.pid, &b.key);
    let heard = b.until(b'Z');
    assert!(heard.contains("57014"), "{heard}");
    a.q("commit");
    let mut c = Raw::connect(port);
    assert_eq!(c.value("select count(*) from written where a = 99"), "0");
}
