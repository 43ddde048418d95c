//! Servers that are ended on their nodes.

use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::Case;
use crate::cut::Tricky;
use crate::raw::Raw;
use crate::say::parse;
use crate::say::query;
use crate::say::rerun;
use crate::say::run;
use crate::say::sync;
use crate::stage::Stage;
use crate::stage::retries;
use crate::trick::Trick;

pub(crate) const CASES: &[Case] = &[
    ("terminated before the first row", terminated),
    ("terminated behind rows", terminated_late),
    ("terminated in a pipeline", terminated_in_a_pipeline),
    ("that say farewell behind a reply", farewell),
    ("killed before the first row", killed),
];

fn terminate(stage: &Stage, what: &str) {
    let (node, pid) = stage.find_sleeping(what);
    let replica = stage.cluster.node(node);
    let sql = format!("select pg_terminate_backend({pid})");
    replica.psql(&sql).unwrap();
}

fn terminated(stage: &Stage) {
    for way in ["simple", "extended", "prepared before"] {
        let nap = stage.nap();
        let sql = format!("select {nap}, a from seven where 5 < a order by a");
        let mut client = stage.client();
        client.ask(&[parse("napping", &sql), sync()].concat());
        let batch = match way {
            "simple" => query(&sql),
            "extended" => [run(&sql, &[]), sync()].concat(),
            _ => [rerun("napping", &[]), sync()].concat(),
        };
        let before = retries(&stage.proxy);
        client.send(&batch);
        terminate(stage, &nap);
        let heard = client.until(b'Z');
        assert!(heard.ends_with(ROWS), "{way}: {heard}");
        assert!((retries(&stage.proxy) - before - 1.0).abs() < 0.1);
    }
}

/// Rows up to the 3000th have been sent when it sleeps.
fn terminated_late(stage: &Stage) {
    let nap = stage.nap();
    let sql = format!(
        "select a, repeat('x', 20), case when a = 3000 then {nap} end \
         from generate_series(1, 3100) a"
    );
    let before = retries(&stage.proxy);
    let mut client = stage.client();
    client.send(&query(&sql));
    terminate(stage, &nap);
    let heard = client.until(b'Z');
    let rows = heard.matches(" D(").count();
    assert_eq!(rows, 2_999);
    assert!(heard.contains("D(2999|"), "each once");
    assert!(heard.contains("E(57P01 terminating connection due to administrator command)"));
    assert!(heard.ends_with("END"));
    assert!((retries(&stage.proxy) - before).abs() < 0.1);
}

fn terminated_in_a_pipeline(stage: &Stage) {
    let other = "select a from seven where a = 3";
    for place in 0..3 {
        let nap = stage.nap();
        let sql = format!("select {nap}, a from seven where 6 < a");
        let before = retries(&stage.proxy);
        let mut sqls = [other; 3];
        sqls[place] = &sql;
        let batches = sqls.map(|sql| [run(sql, &[]), sync()].concat());
        let mut client = stage.client();
        client.send(&batches.concat());
        terminate(stage, &nap);
        let heard = client.until_nth(b'Z', 3);
        let result = |sql| if sql == other { "D(3)" } else { "D(1|7)" };
        let expected = sqls.map(|sql| format!("1 2 {} C(SELECT 1) Z(I)", result(sql)));
        assert_eq!(heard, expected.join(" "));
        assert!((retries(&stage.proxy) - before - 1.0).abs() < 0.1);
    }
}

/// All servers of the node end with it, some between two batches.
fn killed(stage: &Stage) {
    let mut others: Vec<_> = (0..10).map(|_| stage.client()).collect();
    for other in &mut others {
        assert_eq!(other.value("select on_replica()"), "t");
    }
    let nap = stage.nap();
    let mut client = stage.client();
    let sql = format!("select {nap}, a from seven where 5 < a order by a");
    client.send(&query(&sql));
    let (_, pid) = stage.find_sleeping(&nap);
    let pid = Pid::from_raw(i32::try_from(pid).unwrap());
    kill(pid, Signal::SIGKILL).expect("it is killed");
    for other in &mut others {
        let heard = other.q("select a from seven where a = 3");
        assert!(heard.ends_with("D(3) C(SELECT 1) Z(I)"), "{heard}");
    }
    let heard = client.until(b'Z');
    assert!(heard.ends_with(ROWS), "{heard}");
}

const ROWS: &str = "D(1|6) D(1|7) C(SELECT 2) Z(I)";

// It was told to a client that had all it asked for, and the next one got the server: its write was
// one of unknown outcome.
fn farewell(stage: &Stage) {
    let tricky = Tricky::new(stage, "pool_size = 1");
    let insert = "insert into effects values ('x') -- a trick";
    for _ in 0..5 {
        tricky.primary.set(Trick::Farewell, 1);
        let (mut client, mut next) = (
            Raw::connect(tricky.proxy.port()),
            Raw::connect(tricky.proxy.port()),
        );
        let before = stage.effects().0;
        assert_eq!(client.q(insert), "C(INSERT 0 1) Z(I)");
        assert_eq!(next.q(insert), "C(INSERT 0 1) Z(I)");
        assert_eq!(client.q(insert), "C(INSERT 0 1) Z(I)");
        assert_eq!(tricky.primary.seen(), 3);
        assert_eq!(stage.effects().0, before + 3);
    }
}
