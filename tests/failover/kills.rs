//! The primary is killed under load, and one of its replicas promoted, sooner or later.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;

use crate::history::Course;
use crate::poller::POLL;
use crate::stage::GLOBAL;
use crate::stage::Stage;
use crate::stage::WRITERS;
use crate::stage::cluster;
use crate::stage::promote_most_advanced;
use crate::stage::sleep_until;
use crate::support::proxy::Proxy;

#[test]
fn a_killed_primary_and_a_promotion_at_once() {
    fail_over("kill -9, promotion after 0 s", Duration::ZERO);
}

#[test]
fn a_killed_primary_and_a_promotion_after_two_seconds() {
    fail_over("kill -9, promotion after 2 s", Duration::from_secs(2));
}

#[test]
fn a_killed_primary_and_a_promotion_after_ten_seconds() {
    fail_over("kill -9, promotion after 10 s", Duration::from_secs(10));
}

/// With `remote_apply` and replay paused, writes are on the replicas and not acknowledged: then what
/// clients are told is unknown is there, once. Doing it again would do it twice.
#[test]
fn what_is_told_unknown_may_be_there_and_is_there_once() {
    let options = Options::default().set("synchronous_commit", "remote_apply");
    let cluster = cluster(options);
    let proxy = Proxy::start(&cluster, GLOBAL, "");
    let stage = Stage::before("kill -9, writes on the replicas", cluster, proxy);
    hold_up_writes(&stage.cluster);
    let course = kill_and_promote(&stage, Duration::ZERO);
    let ending = stage.end(&course);
    ending.check();
    let there = ending.verdict.unknown_there;
    assert!(WRITERS / 2 <= there, "void: {there} were under way");
}

/// Lets writes come to the replicas and be acknowledged by none of them: each writer is under way
/// with one.
pub(crate) fn hold_up_writes(cluster: &Cluster) {
    for replica in cluster.replicas() {
        replica.pause_replay().expect("it pauses");
    }
    thread::sleep(Duration::from_millis(500));
}

fn fail_over(name: &'static str, after: Duration) {
    let stage = Stage::set(name);
    let course = kill_and_promote(&stage, after);
    let ending = stage.end(&course);
    ending.check();
    // Detection is passive: sooner than a poller could have found out.
    let lost = course.known - course.harmed;
    assert!(lost < POLL, "{lost:?}");
}

/// Kills the primary, and promotes another so long after that.
pub(crate) fn kill_and_promote(stage: &Stage, after: Duration) -> Course {
    let harmed = Instant::now();
    stage.cluster.primary().kill();
    sleep_until(harmed, after);
    let new = promote_after_death(&stage.cluster);
    stage.course(harmed, new)
}

/// Promotes one of those that have lost their primary.
pub(crate) fn promote_after_death(cluster: &Cluster) -> usize {
    for replica in cluster.replicas() {
        // What was on its way is received; nobody has more later.
        let is_alone = "select count(*) from pg_stat_wal_receiver";
        let alone = replica.wait_sql(is_alone, "0", "without its primary");
        alone.expect("it has lost its primary");
        // It may have been paused.
        replica.resume_replay().expect("it replays");
    }
    promote_most_advanced(cluster)
}
