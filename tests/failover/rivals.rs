//! The old primary lives on, writable, beside the new one: frozen for a while, or never told. It
//! must get nothing more, though it would take it.

use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::node::Node;

use crate::history::Course;
use crate::history::Promise;
use crate::stage::ROUNDS;
use crate::stage::Stage;
use crate::stage::cut_off;
use crate::stage::promote_beside;
use crate::stage::promote_most_advanced;
use crate::stage::sleep_until;
use crate::stage::wait_for_replicas;
use crate::watch::Shown;

#[test]
fn a_frozen_primary_that_comes_back_is_fenced() {
    let stage = Stage::set("SIGSTOP, promotion after 1 s, SIGCONT");
    let old = stage.cluster.primary();
    let harmed = Instant::now();
    old.freeze();
    sleep_until(harmed, Duration::from_secs(1));
    let new = promote_most_advanced(&stage.cluster);
    let course = stage.course(harmed, new);
    // What comes from the old one later than this was not under way.
    sleep_until(course.detected, Duration::from_millis(1_500));
    let thawed = Instant::now();
    old.thaw();
    stays_fenced(&stage, thawed);
    let ending = stage.end(&course);
    ending.check();
}

#[test]
fn of_two_writable_nodes_the_newer_timeline_wins_over_the_higher_lsn() {
    let stage = Stage::set("two writable nodes, the old one ahead");
    let old = stage.cluster.primary();
    cut_off(&stage.cluster);
    let harmed = Instant::now();
    // From here on it acknowledges by itself; so what it takes until the other is known is lost.
    wait_for_replicas(old, "");
    let new = promote_beside(&stage.cluster);
    let much = "select count(pg_logical_emit_message(false, 'much', repeat('x', 1000000))) \
                from generate_series(1, 20)";
    old.psql(much).expect("it writes");
    let course = Course {
        promise: Promise::AllBut { from: harmed },
        ..stage.course(harmed, new)
    };
    stays_fenced(&stage, course.detected);
    let lsn = stage.cluster.node(new).psql(LSN).expect("it answers");
    let is_ahead = old.psql(&format!("select ({LSN}) > '{lsn}'"));
    assert_eq!(is_ahead.as_deref().ok(), Some("t"), "void: it is not ahead");
    let ending = stage.end(&course);
    ending.check();
}

/// Sees to it that the old primary would take writes, and that it is quarantined, and has no
/// servers of the proxy's.
pub(crate) fn stays_fenced(stage: &Stage, since: Instant) {
    let old = stage.cluster.primary();
    wait_for_replicas(old, "");
    let is_quarantined = |shown: &Shown| shown.excluded[0] == "quarantined";
    stage.watch.wait("quarantined", since, is_quarantined);
    old.psql("create table by_hand ()")
        .expect("void: it takes no writes");
    let split = "pgsluice_split_brain{cluster=\"main\"} 1\n";
    let waited = Instant::now();
    while 0 < servers(old) {
        assert!(
            waited.elapsed() < PATIENCE,
            "{} servers are left on the old primary",
            servers(old)
        );
    }
    while !stage.proxy.metrics().contains(split) {
        assert!(waited.elapsed() < PATIENCE, "nobody is told of it");
    }
    assert!(stage.crowd.wait_for_work(ROUNDS), "nothing is done");
}

/// Connections of the application's user.
fn servers(node: &Node) -> usize {
    let sql = "select count(*) from pg_stat_activity where usename = 'app'";
    let count = node.psql(sql).expect("it answers");
    count.parse().expect("a count")
}

const LSN: &str = "select pg_current_wal_insert_lsn()";
/// What was lost while a link was cut is sent again after seconds.
const PATIENCE: Duration = Duration::from_secs(15);
