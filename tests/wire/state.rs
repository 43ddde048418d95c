//! What pins a session to its server, and what unpins it.

use std::time::Duration;

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::say::run;
use crate::say::sync;

pub(crate) const CASES: &[Case] = &[
    ("LISTEN pins, and hears while idle", listen),
    (
        "notifications are heard between hidden queries",
        listen_between,
    ),
    ("temporary tables pin until they are gone", temporary),
    ("advisory locks of the session pin until unlocked", advisory),
    (
        "an advisory lock taken by a failed statement pins",
        advisory_in_failure,
    ),
    ("WITH HOLD cursors pin until closed", hold_cursor),
    ("SQL PREPARE pins until DEALLOCATE", sql_prepare),
    ("SQL PREPARE in a failed query pins", sql_prepare_in_failure),
    ("DISCARD ALL unpins", discard_all),
    ("what pins is rolled back", rolled_back),
    ("pins cannot be had on a replica", on_replica),
    ("pins can be refused", refused),
];

/// Whether the one server on the primary is free for `other` within a moment.
fn is_free(world: &World) -> bool {
    let mut other = Raw::connect(world.tight.port());
    other.send(&crate::say::query("/* pgsluice: primary */ select 1"));
    !other.is_silent(Duration::from_millis(400))
}

fn listen(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    assert_eq!(a.q("listen news"), "C(LISTEN) Z(I)");
    assert!(!is_free(world));
    world.admin("notify news, 'first'");
    assert_eq!(a.until(b'A'), "A(news first)");
    a.q("notify news, 'own'");
    let heard = a.q("select 1");
    assert!(heard.contains("D(1)"), "{heard}");
    a.q("unlisten news");
    assert!(is_free(world));
    let mut b = Raw::connect(world.tight.port());
    b.q("select 1");
    world.admin("notify news, 'late'");
    assert!(b.is_silent(Duration::from_millis(200)));
    // In a transaction it begins with the commit.
    a.q("begin");
    a.q("listen news");
    a.q("commit");
    world.admin("notify news, 'third'");
    assert_eq!(a.until(b'A'), "A(news third)");
    a.ask(&[run("unlisten *", &[]), sync()].concat());
    assert!(is_free(world));
}

// A notification that came behind the proxy's own question after pins was swallowed with its
// answer.
fn listen_between(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    a.q("listen busy");
    let admin = std::thread::scope(|scope| {
        let admin = scope.spawn(|| {
            let primary = world.cluster.primary();
            for _ in 0..10 {
                let many = "do $$ begin for i in 1..20 loop perform pg_notify('busy', i::text); \
                            perform pg_sleep(0); end loop; end $$";
                primary.psql_in("app", many).unwrap();
            }
        });
        let mut heard = String::new();
        for _ in 0..300 {
            // Each may unpin, so the proxy asks.
            heard.push_str(&a.q("unlisten nothing"));
        }
        admin.join().unwrap();
        std::thread::sleep(Duration::from_millis(100));
        heard.push_str(&a.q("select 'end'"));
        heard
    });
    assert_eq!(admin.matches("A(busy").count(), 200);
}

fn temporary(world: &World) {
    for end in ["drop table mine", "discard temp", "discard all"] {
        let mut a = Raw::connect(world.tight.port());
        a.q("create temp table mine (a int)");
        assert!(!is_free(world), "{end}");
        assert!(a.q("insert into mine values (1)").contains("INSERT 0 1"));
        assert!(a.q("select * from mine").contains("D(1)"));
        a.q(end);
        assert!(is_free(world), "{end}");
    }
    let mut a = Raw::connect(world.tight.port());
    a.q("create temp table mine as select 1 as a");
    drop(a);
    let mut b = Raw::connect(world.tight.port());
    assert!(
        b.q("/* pgsluice: primary */ select * from mine")
            .contains("42P01")
    );
    b.q("select 1 as a into temp mine");
    assert!(!is_free(world));
    b.q("drop table mine");
    b.q("begin; create temp table mine (a int) on commit drop; commit");
    assert!(is_free(world));
}

fn advisory(world: &World) {
    let mut a = Raw::connect(world.wide.port());
    let mut b = Raw::connect(world.wide.port());
    a.q("select pg_advisory_lock(42)");
    for _ in 0..3 {
        assert_eq!(b.value("select pg_try_advisory_lock(42)"), "f");
    }
    assert_eq!(a.value("select pg_advisory_unlock(42)"), "t");
    assert_eq!(b.value("select pg_try_advisory_lock(42)"), "t");
    drop(b);
    let mut c = Raw::connect(world.wide.port());
    let free = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        c.value("select pg_try_advisory_lock(42)") == "t"
    });
    assert!(free, "the lock ends with its client");
    let mut a = Raw::connect(world.tight.port());
    a.q("select pg_advisory_lock(1), pg_advisory_lock(2)");
    assert!(!is_free(world));
    a.q("select pg_advisory_unlock(1)");
    assert!(!is_free(world));
    a.ask(&[run("select pg_advisory_unlock($1)", &["2"]), sync()].concat());
    assert!(is_free(world));
    a.q("begin; select pg_advisory_xact_lock(5)");
    a.q("commit");
    assert!(is_free(world));
}

// The lock outlives the failure of the statement that took it.
fn advisory_in_failure(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    a.q("select pg_advisory_lock(77), 1/(a - 1) from generate_series(1, 1) a");
    assert_eq!(a.value("select pg_advisory_unlock(77)"), "t");
    assert!(is_free(world));
    a.q("begin");
    a.q("select pg_advisory_lock(78), 1/(a - 1) from generate_series(1, 1) a");
    a.q("rollback");
    assert_eq!(a.value("select pg_advisory_unlock(78)"), "t");
    let failing = "select pg_advisory_lock(79), 1/(a - 1) from generate_series(1, 1) a";
    a.ask(&[run(failing, &[]), sync()].concat());
    assert_eq!(a.value("select pg_advisory_unlock(79)"), "t");
    assert!(is_free(world));
}

fn hold_cursor(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    a.q("begin; declare k cursor with hold for select a from seven order by a; commit");
    assert!(!is_free(world));
    assert!(a.q("fetch 2 from k").contains("D(1) D(2)"));
    assert!(a.q("fetch 1 from k").contains("D(3)"));
    a.q("close k");
    assert!(is_free(world));
}

fn sql_prepare(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    a.q("prepare s as select 5");
    assert!(!is_free(world));
    assert!(a.q("execute s").contains("D(5)"));
    a.q("deallocate s");
    assert!(is_free(world));
}

fn sql_prepare_in_failure(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    a.q("prepare left_over as select 5; select 1/0");
    assert!(a.q("execute left_over").contains("D(5)"));
    a.q("deallocate left_over");
    a.q("begin");
    a.q("prepare left_over as select 6");
    a.q("rollback");
    assert!(a.q("execute left_over").contains("D(6)"));
    a.q("deallocate all");
    assert!(is_free(world));
}

fn discard_all(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    a.q("listen x");
    a.q("select pg_advisory_lock(9)");
    a.q("create temp table mine (a int)");
    a.q("prepare s as select 1");
    assert!(!is_free(world));
    assert_eq!(a.q("discard all"), "C(DISCARD ALL) Z(I)");
    assert!(is_free(world));
}

fn rolled_back(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    for sql in ["listen x", "create temp table mine (a int)"] {
        a.q("begin");
        a.q(sql);
        a.q("rollback");
        assert!(is_free(world), "{sql}");
    }
}

fn on_replica(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    for sql in ["select pg_advisory_lock(3)", "prepare s as select 1"] {
        a.q("begin read only");
        assert_eq!(a.value("select on_replica()"), "t");
        let heard = a.q(sql);
        assert!(
            heard.contains("E(25006") && heard.ends_with("Z(E)"),
            "{heard}"
        );
        assert!(heard.contains("on a replica"), "{heard}");
        a.q("rollback");
        a.q("begin read only");
        let heard = a.ask(&[run(sql, &[]), sync()].concat());
        assert!(
            heard.contains("E(25006") && heard.ends_with("Z(E)"),
            "{heard}"
        );
        a.q("rollback");
    }
    assert!(is_free(world));
}

fn refused(world: &World) {
    let mut proxy = crate::Proxy::start(&world.cluster, "session_pins = \"refuse\"", "");
    let mut a = Raw::connect(proxy.port());
    for sql in [
        "listen x",
        "create temp table t (a int)",
        "select pg_advisory_lock(3)",
    ] {
        let heard = a.q(sql);
        assert!(heard.contains("E(0A000"), "{heard}");
    }
    assert!(a.q("select 1").contains("D(1)"));
    proxy.stop();
}
