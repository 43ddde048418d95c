//! Settings follow their session to every server, and reach no other session.

use crate::Case;
use crate::World;
use crate::raw::Raw;
use crate::say::run;
use crate::say::sync;

pub(crate) const CASES: &[Case] = &[
    ("SET follows to replicas and back", follow),
    (
        "SET in a transaction that is rolled back is not kept",
        rolled_back,
    ),
    ("SET and savepoints", savepoints),
    ("SET LOCAL ends with its transaction", local),
    ("startup parameters are honoured", startup),
    ("RESET goes back to the startup parameters", reset),
    ("set_config for the session is kept", set_config),
    ("roles follow and do not leak", roles),
    ("settings do not leak", no_leak),
    ("a session's ParameterStatus is its own", parameter_status),
    ("settings made in an unread text do not leak", unread_text),
    ("a refused startup parameter fails the login", bad_startup),
];

const REPLICA: &str = "/* pgsluice: replica */";
const PRIMARY: &str = "/* pgsluice: primary */";

fn show(client: &mut Raw, name: &str) -> [String; 2] {
    [PRIMARY, REPLICA].map(|hint| client.value(&format!("{hint} select current_setting('{name}')")))
}

pub(crate) fn check(client: &mut Raw, name: &str, value: &str) {
    assert_eq!(
        show(client, name),
        [value, value],
        "{name} on primary and replica"
    );
}

fn follow(world: &World) {
    for proxy in [&world.wide, &world.tight] {
        let mut c = Raw::connect(proxy.port());
        for (name, value) in [
            ("work_mem", "3MB"),
            ("search_path", "pg_catalog, public"),
            ("TimeZone", "Asia/Tokyo"),
            ("statement_timeout", "7s"),
            ("DateStyle", "German, DMY"),
            ("application_name", "me; 'quoted'"),
            ("client_encoding", "LATIN1"),
            ("extra_float_digits", "-2"),
            ("my.own", "thing"),
            ("bytea_output", "escape"),
        ] {
            let literal = match name {
                "search_path" | "DateStyle" => value.to_owned(),
                _ => format!("'{}'", value.replace('\'', "''")),
            };
            let heard = c.q(&format!("set {name} to {literal}"));
            assert!(heard.contains("C(SET)"), "{heard}");
            check(&mut c, name, value);
        }
        let heard = c.ask(&[run("set work_mem to '5MB'", &[]), sync()].concat());
        assert!(heard.ends_with("C(SET) Z(I)"), "{heard}");
        check(&mut c, "work_mem", "5MB");
        c.q("reset work_mem");
        check(&mut c, "work_mem", "4MB");
        c.q("set work_mem to default; set time zone 'UTC'");
        check(&mut c, "TimeZone", "UTC");
        c.q("reset all");
        check(&mut c, "statement_timeout", "0");
        check(&mut c, "bytea_output", "hex");
        c.q("set work_mem = '9MB'");
        c.q("discard all");
        check(&mut c, "work_mem", "4MB");
    }
}

fn rolled_back(world: &World) {
    let mut c = Raw::connect(world.tight.port());
    c.q("begin; set work_mem = '9MB'; set timezone = 'Asia/Tokyo'");
    assert_eq!(c.value("show work_mem"), "9MB");
    c.q("rollback");
    check(&mut c, "work_mem", "4MB");
    assert_ne!(c.value("show timezone"), "Asia/Tokyo");
    c.q("begin");
    c.q("set work_mem = '9MB'");
    c.q("select 1/0");
    c.q("commit");
    check(&mut c, "work_mem", "4MB");
    c.q("set work_mem = '9MB'; select 1/0");
    check(&mut c, "work_mem", "4MB");
    let batch = [
        run("set work_mem = '9MB'", &[]),
        run("select 1/0", &[]),
        sync(),
    ];
    c.ask(&batch.concat());
    check(&mut c, "work_mem", "4MB");
    // Of a text that fails in the middle it is not known how much was committed: nothing is kept.
    c.q("begin; set work_mem = '9MB'; commit; select 1/0");
    check(&mut c, "work_mem", "4MB");
    c.q("begin; set work_mem = '8MB'; rollback and chain; set work_mem = '7MB'; commit");
    check(&mut c, "work_mem", "7MB");
}

fn savepoints(world: &World) {
    for (sqls, expected) in [
        (
            "begin|savepoint a|set work_mem='9MB'|rollback to a|commit",
            "4MB",
        ),
        (
            "begin|set work_mem='8MB'|savepoint a|set work_mem='9MB'|rollback to a|commit",
            "8MB",
        ),
        (
            "begin|savepoint a|set work_mem='9MB'|release a|commit",
            "9MB",
        ),
        (
            "begin|savepoint a|set work_mem='9MB'|savepoint a|release a|rollback to a|commit",
            "4MB",
        ),
        (
            "begin|set work_mem='5MB'|savepoint a|savepoint b|set work_mem='9MB'|release b|\
             rollback to a|commit",
            "5MB",
        ),
        (
            "begin|savepoint a|set work_mem='9MB'|select 1/0|rollback to a|commit",
            "4MB",
        ),
        (
            "begin; savepoint a; set work_mem='9MB'; rollback to a; commit",
            "4MB",
        ),
        (
            "begin|savepoint a|set work_mem='9MB'|rollback to a|set work_mem='3MB'|commit",
            "3MB",
        ),
    ] {
        let mut c = Raw::connect(world.tight.port());
        for sql in sqls.split('|') {
            c.q(sql);
        }
        assert_eq!(show(&mut c, "work_mem"), [expected, expected], "{sqls}");
    }
}

fn local(world: &World) {
    let mut c = Raw::connect(world.tight.port());
    c.q("begin; set local work_mem = '9MB'; set local timezone = 'Asia/Tokyo'");
    assert_eq!(c.value("show work_mem"), "9MB");
    c.q("commit");
    check(&mut c, "work_mem", "4MB");
    assert_ne!(c.value("show timezone"), "Asia/Tokyo");
    let heard = c.q("set local work_mem = '9MB'");
    assert!(heard.contains("25P01"), "{heard}");
    check(&mut c, "work_mem", "4MB");
    c.q("begin; set work_mem = '6MB'; set local work_mem = '9MB'; commit");
    check(&mut c, "work_mem", "6MB");
}

fn startup(world: &World) {
    for proxy in [&world.wide, &world.tight] {
        let mut c = Raw::connect_with(
            proxy.port(),
            &[
                ("options", "-c work_mem=77MB --search_path=pg_catalog"),
                ("application_name", "starter"),
                ("TimeZone", "Asia/Tokyo"),
                ("datestyle", "German"),
                ("client_encoding", "latin1"),
                ("extra_float_digits", "2"),
            ],
        );
        let told = |name: &str| {
            c.parameters
                .iter()
                .rfind(|(n, _)| n == name)
                .unwrap()
                .1
                .clone()
        };
        assert_eq!(told("application_name"), "starter");
        assert_eq!(told("TimeZone"), "Asia/Tokyo");
        assert_eq!(told("client_encoding"), "LATIN1");
        for (name, value) in [
            ("work_mem", "77MB"),
            ("search_path", "pg_catalog"),
            ("application_name", "starter"),
            ("TimeZone", "Asia/Tokyo"),
            ("DateStyle", "German, DMY"),
            ("extra_float_digits", "2"),
        ] {
            check(&mut c, name, value);
        }
        let mut other = Raw::connect(proxy.port());
        check(&mut other, "work_mem", "4MB");
        check(&mut other, "application_name", "");
        check(&mut c, "work_mem", "77MB");
    }
}

fn reset(world: &World) {
    let parameters = [
        ("options", "-c work_mem=77MB"),
        ("application_name", "starter"),
        ("TimeZone", "Asia/Tokyo"),
    ];
    for how in [
        "reset all",
        "discard all",
        "reset work_mem; reset timezone; reset application_name",
    ] {
        for one_by_one in [false, true] {
            let mut c = Raw::connect_with(world.tight.port(), &parameters);
            c.q("set work_mem = '9MB'; set timezone = 'UTC'; set application_name = 'x'");
            check(&mut c, "work_mem", "9MB");
            check(&mut c, "TimeZone", "UTC");
            if one_by_one {
                for sql in how.split("; ") {
                    c.q(sql);
                }
            } else {
                c.q(how);
            }
            check(&mut c, "work_mem", "77MB");
            check(&mut c, "TimeZone", "Asia/Tokyo");
            check(&mut c, "application_name", "starter");
        }
    }
    // Within a transaction too.
    let mut c = Raw::connect_with(world.tight.port(), &parameters);
    c.q("set work_mem = '9MB'");
    c.q("begin");
    c.q("reset work_mem");
    assert_eq!(c.value("show work_mem"), "77MB");
    c.q("commit");
    check(&mut c, "work_mem", "77MB");
    c.q("set timezone = 'UTC'");
    c.q("begin");
    c.q("set timezone to default");
    assert_eq!(c.value("show timezone"), "Asia/Tokyo");
    c.q("rollback");
    check(&mut c, "TimeZone", "UTC");
}

fn set_config(world: &World) {
    let mut c = Raw::connect(world.tight.port());
    assert_eq!(
        c.value("select set_config('work_mem', '9MB', false)"),
        "9MB"
    );
    check(&mut c, "work_mem", "9MB");
    let select = "select set_config($1, $2, false)";
    c.ask(&[run(select, &["work_mem", "8MB"]), sync()].concat());
    assert_eq!(c.value("/* pgsluice: primary */ show work_mem"), "8MB");
    c.q("select set_config('work_mem', '2MB', true)");
    assert_eq!(c.value("/* pgsluice: primary */ show work_mem"), "8MB");
    drop(c);
    let mut other = Raw::connect(world.tight.port());
    check(&mut other, "work_mem", "4MB");
}

fn roles(world: &World) {
    let mut c = Raw::connect(world.tight.port());
    let mut other = Raw::connect(world.tight.port());
    c.q("set role other");
    for _ in 0..2 {
        for hint in [PRIMARY, REPLICA] {
            assert_eq!(c.value(&format!("{hint} select current_user")), "other");
            assert_eq!(other.value(&format!("{hint} select current_user")), "app");
        }
    }
    c.q("reset role");
    assert_eq!(c.value("select current_user"), "app");
    c.q("set role other");
    c.q("reset all");
    assert_eq!(c.value("select current_user"), "other");
    c.q("set session authorization default");
    assert_eq!(c.value("select current_user"), "app");
}

fn no_leak(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    let mut b = Raw::connect(world.tight.port());
    let names = [
        "work_mem",
        "timezone",
        "search_path",
        "statement_timeout",
        "my.tenant",
        "default_transaction_read_only",
    ];
    let all = |client: &mut Raw| {
        names.map(|name| {
            client.value(&format!(
                "{PRIMARY} select coalesce(current_setting('{name}', true), '')"
            ))
        })
    };
    let before = all(&mut b);
    a.q("set work_mem='1MB'; set timezone='Asia/Tokyo'; set search_path=pg_catalog");
    a.q("set statement_timeout='8s'; set my.tenant='7'; set default_transaction_read_only=on");
    let of_a = all(&mut a);
    assert_eq!(
        of_a[..],
        ["1MB", "Asia/Tokyo", "pg_catalog", "8s", "7", "on"]
    );
    for _ in 0..3 {
        assert_eq!(all(&mut b), before);
        assert_eq!(all(&mut a), of_a);
    }
    drop(a);
    assert_eq!(all(&mut b), before);
    // A transaction of another client in the middle of which the first one leaves its settings.
    assert_eq!(all(&mut Raw::connect(world.tight.port())), before);
}

fn parameter_status(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    let mut b = Raw::connect(world.tight.port());
    assert_eq!(
        a.q("set timezone='Asia/Tokyo'"),
        "C(SET) S(TimeZone=Asia/Tokyo) Z(I)"
    );
    assert_eq!(
        b.q("/* pgsluice: primary */ select 1"),
        "T(?column? 23 0) D(1) C(SELECT 1) Z(I)"
    );
    assert_eq!(
        a.q("/* pgsluice: primary */ select 1"),
        "T(?column? 23 0) D(1) C(SELECT 1) Z(I)"
    );
    let heard = a.q("begin; set timezone='UTC'");
    assert_eq!(heard, "C(BEGIN) C(SET) S(TimeZone=UTC) Z(T)");
    assert_eq!(a.q("rollback"), "C(ROLLBACK) S(TimeZone=Asia/Tokyo) Z(I)");
    check(&mut a, "TimeZone", "Asia/Tokyo");
}

// A query of over a megabyte is not read: what it SETs stayed on the server for whoever came next.
fn unread_text(world: &World) {
    let mut a = Raw::connect(world.tight.port());
    let mut b = Raw::connect(world.tight.port());
    let long = format!(
        "set work_mem='9MB'; create temp table unread (a int); select length('{}')",
        "x".repeat(2 << 20)
    );
    let heard = a.q(&long);
    assert!(heard.contains("D(2097152)"), "{heard}");
    drop(a);
    assert_eq!(b.value("/* pgsluice: primary */ show work_mem"), "4MB");
    assert_eq!(
        b.value("/* pgsluice: primary */ select to_regclass('unread')"),
        "NULL"
    );
}

fn bad_startup(world: &World) {
    for parameters in [
        &[("work_mem", "lots")][..],
        &[("options", "-c nothing_like_it=1")],
        &[("options", "-x")],
        &[("replication", "nonsense")],
    ] {
        let refused = Raw::try_connect(world.tight.port(), crate::raw::V3_0, parameters);
        assert!(refused.is_err(), "{parameters:?}");
    }
    let mut c = Raw::connect(world.tight.port());
    check(&mut c, "work_mem", "4MB");
}
