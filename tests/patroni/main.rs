//! Patroni chooses the primary, and the proxy follows: three leaders in a row are killed under load.
//! The proxy is told of one node; it has the others from Patroni, and drops and takes in again those
//! that Patroni does.
//!
//! Patroni is told to acknowledge only what a second node holds (`synchronous_mode`), so every
//! write that was acknowledged has to be there at the end, on all nodes, once.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot do its work has failed, and it measures time"
)]

#[path = "../support/mod.rs"]
mod support;

mod engine;
mod history;
mod load;
mod member;
mod watch;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::engine::Engine;
use crate::engine::MEMBERS;
use crate::history::Event;
use crate::history::Outcome;
use crate::history::Verdict;
use crate::history::What;
use crate::load::Kind;
use crate::load::Load;
use crate::support::proxy::DATABASE;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::Proxy;
use crate::support::proxy::USER;
use crate::watch::Moments;
use crate::watch::Seen;
use crate::watch::kill_the_leader;

#[test]
fn three_failovers_by_patroni_lose_nothing_that_was_acknowledged() {
    let began = Instant::now();
    let mut engine = Engine::start();
    fill(&engine);
    eprintln!("Patroni's nodes stand after {:?}", began.elapsed());
    let mut proxy = start_proxy(&engine);
    let load = Arc::new(Load::new(proxy.conninfo()));
    let sessions = start_sessions(&load);
    let mut failovers = Vec::new();
    for _ in 0..FAILOVERS {
        failovers.push(failover(&mut engine, &proxy, &load));
    }
    load.stop.store(true, Ordering::Relaxed);
    sessions.join().expect("no session panics");
    let events = load.events();
    for failover in &failovers {
        report(&events, failover);
    }
    check_writes(&engine, &events);
    check_reads(&events, &failovers);
    proxy.stop();
    eprintln!("all after {:?}", began.elapsed());
}

/// Starts the proxy, and returns when it knows all nodes.
fn start_proxy(engine: &Engine) -> Proxy {
    let global = format!("{GLOBAL}patroni_urls = {:?}\n", engine.urls());
    let ports = engine.ports();
    let proxy = Proxy::start_in(engine.folder(), &ports[..1], &global, "");
    let knows_all = wait(AGAIN_WITHIN, || {
        Seen::by(&proxy, &ports).up == [true; MEMBERS]
    });
    assert!(knows_all, "the proxy does not find the nodes");
    proxy
}

/// A failover and the time that it is answered for.
#[derive(Debug)]
struct Failover {
    moments: Moments,
    window: [Instant; 2],
}

/// Kills the leader, waits until the sessions write again, and takes the old leader back in.
fn failover(engine: &mut Engine, proxy: &Proxy, load: &Load) -> Failover {
    let start = Instant::now();
    assert!(
        wait(AGAIN_WITHIN, || load.wrote_since(start)),
        "nothing is written:\n{}",
        engine.story()
    );
    let (killed, moments) = kill_the_leader(engine, proxy);
    let known = Instant::now();
    assert!(
        wait(AGAIN_WITHIN, || load.wrote_since(known)),
        "nothing is written after a failover:\n{}",
        engine.story()
    );
    let window = [killed, Instant::now()];
    engine.begin(moments.from);
    engine.wait_whole();
    let log = engine.log(moments.from);
    let how = if log.contains("running pg_rewind") {
        "by pg_rewind"
    } else if log.contains("replica has been created") {
        "by a base backup"
    } else {
        "as it was"
    };
    eprintln!("{moments}; node{} is back {how}", moments.from);
    Failover { moments, window }
}

/// Runs the sessions in a thread of their own until they are told to stop.
fn start_sessions(load: &Arc<Load>) -> thread::JoinHandle<()> {
    let kept = Arc::clone(load);
    let sessions = thread::spawn(move || {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for i in 0..WRITERS {
                tasks.spawn(load::run(Arc::clone(&kept), Kind::Writer(i)));
            }
            for _ in 0..READERS {
                tasks.spawn(load::run(Arc::clone(&kept), Kind::Reader));
            }
            while let Some(ended) = tasks.join_next().await {
                ended.expect("no session panics");
            }
        });
    });
    let all_in = || SESSIONS <= load.logins.load(Ordering::Relaxed);
    assert!(wait(AGAIN_WITHIN, all_in), "the sessions do not log in");
    sessions
}

/// What clients saw of a failover.
fn report(events: &[Event], failover: &Failover) {
    let stall = |is_counted: fn(What) -> bool| {
        history::longest_stall(events, failover.window, is_counted).as_secs_f64()
    };
    let failures = history::failures(events, failover.window, |_| true);
    eprintln!(
        "{}\n  longest stall: writes {:.3} s, reads {:.3} s; errors: {failures:?}",
        failover.moments,
        stall(|what| matches!(what, What::Write { .. })),
        stall(|what| what == What::Read),
    );
}

/// All acknowledged writes are there, on every node, and none twice.
fn check_writes(engine: &Engine, events: &[Event]) {
    let leader = engine.leader().expect("there is a leader");
    let keys = keys(engine, leader);
    let verdict = Verdict::of(events, &keys);
    eprintln!("{verdict}");
    assert!(ENOUGH < verdict.acknowledged, "{verdict}");
    assert_eq!(verdict.lost, [0; 0], "lost although acknowledged");
    assert_eq!(verdict.twice, [0; 0], "written twice");
    assert_eq!(verdict.refused_and_there, [0; 0], "there although refused");
    assert_eq!(verdict.refused, 0, "writes wait for the next primary");
    for node in 0..MEMBERS {
        let alike = wait(AGAIN_WITHIN, || self::keys(engine, node) == keys);
        assert!(alike, "node{node} holds other rows than the leader");
    }
}

/// Sessions saw what they had written, no read failed, and reads went on while there was no primary.
fn check_reads(events: &[Event], failovers: &[Failover]) {
    let [first, last] = [events.first(), events.last()].map(|e| e.expect("there are events"));
    let is_read = |what| matches!(what, What::Read | What::ReadOfOwn);
    let failures = history::failures(events, [first.began, last.ended], is_read);
    assert!(failures.is_empty(), "reads failed: {failures:?}");
    for failover in failovers {
        let moments = &failover.moments;
        let [killed, _] = failover.window;
        let without = [killed + moments.missed, killed + moments.promoted];
        let is_within = |e: &&Event| {
            e.what == What::Read
                && e.outcome == Outcome::Done
                && without[0] <= e.began
                && e.ended <= without[1]
        };
        let reads = events.iter().filter(is_within).count();
        eprintln!("{reads} reads while there was no primary");
        assert!(
            0 < reads,
            "nothing could be read while there was no primary"
        );
    }
}

/// What is in the table on a node, sorted.
fn keys(engine: &Engine, node: usize) -> Vec<i64> {
    let sql = "select key from written order by key";
    let rows = engine.psql(node, DATABASE, sql).unwrap_or_default();
    rows.lines().filter_map(|l| l.parse().ok()).collect()
}

/// The application's user, database and tables. The keys have no unique index: what is written
/// twice has to show.
fn fill(engine: &Engine) {
    let leader = engine.leader().expect("there is a leader");
    let psql = |database: &str, sql: &str| {
        engine.psql(leader, database, sql).expect("SQL is run");
    };
    psql(
        "postgres",
        &format!("create role {USER} login password '{PASSWORD}'"),
    );
    psql(
        "postgres",
        &format!("create database {DATABASE} owner {USER}"),
    );
    psql(
        DATABASE,
        &format!(
            "create table written (key bigint);
             create index on written (key);
             create table item as select generate_series(1, 100) as i;
             alter table written owner to {USER};
             alter table item owner to {USER};"
        ),
    );
}

/// Polls until something holds; whether it did in time.
pub(crate) fn wait(within: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < within {
        if holds() {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}

const GLOBAL: &str = "slow_start = \"1s\"\nserver_login_retry = \"1s\"\n\
                      discovery = \"patroni\"\ndiscovery_interval = \"1s\"\n";
const FAILOVERS: usize = 3;
const WRITERS: i64 = 4;
const READERS: i64 = 4;
const SESSIONS: usize = 8;
/// Fewer acknowledged writes than this in a whole run would prove nothing.
const ENOUGH: usize = 500;
const AGAIN_WITHIN: Duration = Duration::from_secs(60);
