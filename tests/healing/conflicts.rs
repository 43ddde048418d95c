//! Conflicts with recovery: what replays on a replica takes away what a read needs.

use std::iter;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crate::Case;
use crate::raw::Raw;
use crate::say::parse;
use crate::say::query;
use crate::say::rerun;
use crate::say::run;
use crate::say::sync;
use crate::show::text;
use crate::stage::Stage;
use crate::stage::retries;

pub(crate) const CASES: &[Case] = &[
    ("before the first row, over rows that went", before_rows),
    ("before the first row, on all replicas", on_all),
    ("before the first row, over a lock", over_a_lock),
    ("before the first row, over a page", over_a_page),
    ("in a pipeline", in_a_pipeline),
    ("behind rows", behind_rows),
    ("idle in a transaction", idle_in_transaction),
    ("within a transaction", within_transaction),
];

/// Takes rows away that a snapshot of before still needs.
fn take_rows(stage: &Stage) {
    let primary = stage.cluster.primary();
    for sql in [
        "insert into shifting values (100)",
        "delete from shifting",
        "vacuum (truncate off) shifting",
    ] {
        primary.psql_in("app", sql).unwrap();
    }
}

/// Each way to send a read is cancelled by `what`, and comes again from elsewhere.
fn reads_again(stage: &Stage, what: impl Fn(&Stage)) {
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
        stage.find_sleeping(&nap);
        what(stage);
        let heard = client.until(b'Z');
        let rows = "D(1|6) D(1|7) C(SELECT 2) Z(I)";
        assert!(heard.ends_with(rows), "{way}: {heard}");
        let runs = retries(&stage.proxy) - before;
        assert!((0.9..2.1).contains(&runs), "{way}: {runs} runs more");
    }
}

fn before_rows(stage: &Stage) {
    reads_again(stage, take_rows);
}

/// A replica that has cancelled a read is not asked again: the primary is, at last.
fn on_all(stage: &Stage) {
    let nap = stage.nap();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                take_rows(stage);
                thread::sleep(Duration::from_millis(50));
            }
        });
        let before = retries(&stage.proxy);
        let mut client = stage.client();
        let sql = format!("select {nap}, on_replica(), a from seven where 6 < a");
        client.send(&query(&sql));
        let heard = client.until(b'Z');
        over.store(true, Ordering::Relaxed);
        assert!(heard.ends_with("D(1|f|7) C(SELECT 1) Z(I)"), "{heard}");
        let runs = retries(&stage.proxy) - before;
        assert!((runs - 2.0).abs() < 0.1, "{runs} runs more");
    });
}

fn over_a_lock(stage: &Stage) {
    let sql = "begin; lock table seven in access exclusive mode; commit";
    reads_again(stage, |stage| {
        stage.cluster.primary().psql_in("app", sql).unwrap();
    });
}

/// Rows of a transaction that was rolled back: no snapshot needs them, but the page is in use.
fn over_a_page(stage: &Stage) {
    stage.admin("create table page as select generate_series(1, 3) as a; grant all on page to app");
    let [direct, proxied] = both(stage).map(|mut client| {
        stage.admin("begin; insert into page select generate_series(10, 50); rollback");
        let nap = stage.nap();
        let sql = format!("select {nap} as nap, a from page where a < 4 limit 1");
        client.send(&query(&sql));
        stage.find_sleeping(&nap);
        let primary = stage.cluster.primary();
        primary.psql_in("app", "vacuum page").unwrap();
        client
    });
    let (mut direct, mut proxied) = (direct, proxied);
    let said = iter::from_fn(|| direct.try_next()).find(|message| message.tag == b'E');
    let said = text(&said.expect("a conflict").body);
    assert!(said.contains("buffer pin for too long"), "{said}");
    let heard = proxied.until(b'Z');
    assert_eq!(heard, "T(nap 23 0, a 23 0) D(1|1) C(SELECT 1) Z(I)");
}

fn in_a_pipeline(stage: &Stage) {
    let other = "select a from seven where a = 3";
    for (place, is_one_batch) in [(0, false), (1, false), (2, false), (0, true), (2, true)] {
        let nap = stage.nap();
        let sql = format!("select {nap}, a from seven where 6 < a");
        let mut sqls = [other; 3];
        sqls[place] = &sql;
        let result = |sql| if sql == other { "D(3)" } else { "D(1|7)" };
        let (end, ready, count) = if is_one_batch {
            (Vec::new(), "", 1)
        } else {
            (sync(), " Z(I)", 3)
        };
        let mut batches = sqls
            .map(|sql| [run(sql, &[]), end.clone()].concat())
            .concat();
        let expected = sqls.map(|sql| format!("1 2 {} C(SELECT 1){ready}", result(sql)));
        let mut expected = expected.join(" ");
        if is_one_batch {
            batches.extend(sync());
            expected.push_str(" Z(I)");
        }
        let mut client = stage.client();
        client.send(&batches);
        stage.find_sleeping(&nap);
        take_rows(stage);
        assert_eq!(client.until_nth(b'Z', count), expected);
    }
}

/// A client of a replica itself, or of the proxy.
fn both(stage: &Stage) -> [Raw; 2] {
    [stage.cluster.replicas()[0].port(), stage.proxy.port()].map(Raw::connect)
}

/// What is heard of a conflict is what the replica says.
fn behind_rows(stage: &Stage) {
    let mut heard = Vec::new();
    for mut client in both(stage) {
        let nap = stage.nap();
        let sql = format!(
            "select a, repeat('x', 20) as x, case when a = 3000 then {nap} end as nap \
             from generate_series(1, 3100) a"
        );
        let before = retries(&stage.proxy);
        client.send(&query(&sql));
        stage.find_sleeping(&nap);
        take_rows(stage);
        heard.push(client.until(b'Z'));
        assert!((retries(&stage.proxy) - before).abs() < 0.1);
        // The session goes on.
        assert!(client.q("select 1").ends_with("C(SELECT 1) Z(I)"));
    }
    assert_eq!(heard[1], heard[0], "left: through the proxy");
    assert!(heard[1].contains("D(2999|"));
    assert!(heard[1].contains("E(40001 canceling statement due to conflict with recovery) Z(I)"));
    assert_eq!(heard[1].matches(" D(").count(), 2_999);
}

const BEGIN: &str = "begin isolation level repeatable read read only";

fn idle_in_transaction(stage: &Stage) {
    let mut heard = Vec::new();
    for mut client in both(stage) {
        client.q(BEGIN);
        assert_eq!(client.value("select on_replica()"), "t");
        assert_eq!(client.value("select count(*) from seven"), "7");
        take_rows(stage);
        heard.push(client.until(b'Z'));
    }
    assert_eq!(heard[1], heard[0], "left: through the proxy");
    let said = "E(40001 terminating connection due to conflict with recovery) END";
    assert_eq!(heard[1], said);
}

fn within_transaction(stage: &Stage) {
    let mut heard = Vec::new();
    for mut client in both(stage) {
        let before = retries(&stage.proxy);
        let nap = stage.nap();
        client.q(BEGIN);
        client.send(&query(&format!("select {nap}, a from seven")));
        stage.find_sleeping(&nap);
        take_rows(stage);
        heard.push(client.until(b'Z'));
        heard.push(client.q("select 1"));
        heard.push(client.q("rollback"));
        assert!((retries(&stage.proxy) - before).abs() < 0.1);
    }
    assert_eq!(heard[3..], heard[..3], "left: through the proxy");
    assert!(heard[3].ends_with("E(40001 canceling statement due to conflict with recovery) Z(E)"));
    assert_eq!(heard[5], "C(ROLLBACK) Z(I)");
}
