//! Reads by their texts that write, or that ask for what only a primary has.

use std::thread;
use std::time::Duration;

use crate::Case;
use crate::forms::FORMS;
use crate::raw::Raw;
use crate::say::parse;
use crate::say::rerun;
use crate::say::sync;
use crate::stage::Stage;
use crate::stage::TRUST;
use crate::stage::learned;
use crate::stage::retries;
use crate::support::proxy::Proxy;

pub(crate) const CASES: &[Case] = &[
    ("each kind and each form", all),
    ("what was learned is forgotten in time", forgotten),
    ("a healed write is seen by its session", own_writes),
    ("what the primary refuses too is told", refused_twice),
    ("a read-only transaction is told", read_only_transaction),
];

/// What stands between `select` and the name of the first column, what stands behind, and what one
/// run leaves behind: rows and steps.
const KINDS: &[(&str, &str, &str, (u64, u64))] = &[
    ("view", "n", "from by_view", (1, 1)),
    ("function", "claims_to_read()", "", (1, 1)),
    ("operator", "1 <!> 2", "", (1, 1)),
    ("domain", "5::by_domain", "", (1, 1)),
    ("policy", "a", "from guarded", (1, 1)),
    ("aggregate", "by_aggregate(a)", "from one", (1, 1)),
    ("cast", "(3::by_cast).i", "", (1, 1)),
    ("nextval", "steps_on()", "", (0, 1)),
    ("unlogged", "asks_unlogged()", "", (0, 0)),
    ("recovery", "asks_recovery()", "", (0, 0)),
];

/// A statement of this kind that no other is like, but for its limit.
fn statement(stage: &Stage, kind: usize) -> impl Fn(u32) -> String + use<> {
    let (number, (_, what, from, _)) = (stage.number(), KINDS[kind]);
    move |limit| format!("select {what} as c{number} {from} limit {limit}")
}

fn plus(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    (a.0 + b.0, a.1 + b.1)
}

fn all(stage: &Stage) {
    for (kind, (name, _, _, leaves)) in KINDS.iter().enumerate() {
        for (i, (form_name, form)) in FORMS.iter().enumerate() {
            // All forms of the first, and each of the others in a third of them.
            if 0 < kind && i % 3 != kind % 3 {
                continue;
            }
            let case = format!("{name}, {form_name}");
            let sql = statement(stage, kind);
            let direct = form(&mut stage.direct(), &sql(10));
            let (before, asked) = (stage.effects(), retries(&stage.proxy));
            let mut client = stage.client();
            let heard = form(&mut client, &sql(10));
            assert_eq!(heard, direct, "{case}: left: through the proxy");
            let after = plus(before, *leaves);
            assert_eq!(stage.effects(), after, "{case}: exactly once");
            let healed = retries(&stage.proxy) - asked;
            assert!((healed - 1.0).abs() < 0.1, "{case}: {healed} runs more");
            // From now on by any session, by any protocol, with other literals.
            let known = learned(&stage.proxy);
            form(&mut stage.client(), &sql(20));
            let mut runs = plus(after, *leaves);
            if !form_name.contains("of t") {
                let mut other = stage.client();
                other.ask(&[parse("x", &sql(30)), rerun("x", &[]), sync()].concat());
                other.q(&sql(40));
                runs = plus(plus(runs, *leaves), *leaves);
            }
            assert_eq!(stage.effects(), runs, "{case}: learned");
            let again = retries(&stage.proxy) - asked - healed;
            assert!(again.abs() < 0.1, "{case}: {again} tried on a replica");
            let routed = learned(&stage.proxy) - known;
            assert!(0.9 < routed, "{case}: {routed} routed by what was learned");
        }
    }
}

fn forgotten(stage: &Stage) {
    let proxy = Proxy::start(&stage.cluster, TRUST, "learned_ttl = \"2s\"");
    let sql = statement(stage, 0);
    let mut client = Raw::connect(proxy.port());
    let mut ask = || {
        let (before, asked) = (stage.effects(), retries(&proxy));
        let heard = client.q(&sql(10));
        assert!(heard.ends_with("C(SELECT 1) Z(I)"), "{heard}");
        assert_eq!(stage.effects(), plus(before, (1, 1)));
        retries(&proxy) - asked
    };
    assert!(0.9 < ask(), "the replica refuses it");
    assert!(ask() < 0.1, "that is known");
    thread::sleep(Duration::from_millis(2_100));
    assert!(0.9 < ask(), "the replica is asked again");
    assert!(ask() < 0.1, "and that is known again");
}

/// The replicas do not replay what was healed, so that who reads there misses it.
fn own_writes(stage: &Stage) {
    for (form_name, form) in FORMS {
        let sql = statement(stage, 0);
        let mut client = stage.client();
        assert_eq!(client.value("select on_replica()"), "t");
        pause(stage, "pg_wal_replay_pause");
        form(&mut client, &sql(10));
        let seen = client.value("select count(*) from effects");
        let is_there = stage.direct().value("select count(*) from effects");
        let behind: Vec<_> = stage
            .cluster
            .replicas()
            .iter()
            .map(|replica| Raw::connect(replica.port()).value("select count(*) from effects"))
            .collect();
        pause(stage, "pg_wal_replay_resume");
        assert_eq!(seen, is_there, "{form_name}");
        assert!(
            !behind.contains(&is_there),
            "the replicas are behind: {behind:?}"
        );
    }
}

fn pause(stage: &Stage, function: &str) {
    for replica in stage.cluster.replicas() {
        replica.psql(&format!("select {function}()")).unwrap();
    }
    if function == "pg_wal_replay_resume" {
        stage.cluster.catch_up(0).expect("the replicas follow");
    }
}

fn refused_twice(stage: &Stage) {
    let number = stage.number();
    let sql = format!("select refuses() as c{number}");
    let known = learned(&stage.proxy);
    for _ in 0..2 {
        let heard = stage.client().q(&sql);
        assert!(heard.contains("E(55000 never)"), "{heard}");
    }
    assert!((learned(&stage.proxy) - known).abs() < 0.1);
}

fn read_only_transaction(stage: &Stage) {
    let sql = statement(stage, 0);
    let before = stage.effects();
    let mut client = stage.client();
    client.q("begin read only");
    let heard = client.q(&sql(10));
    assert!(
        heard.contains("E(25006") && heard.ends_with("Z(E)"),
        "{heard}"
    );
    assert!(client.q("rollback").ends_with("Z(I)"));
    assert_eq!(stage.effects(), before);
    // It taught nothing: outside it is tried on a replica.
    let asked = retries(&stage.proxy);
    client.q(&sql(10));
    assert!(0.9 < retries(&stage.proxy) - asked);
    assert_eq!(stage.effects(), plus(before, (1, 1)));
}
