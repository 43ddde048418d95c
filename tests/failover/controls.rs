//! What the judge has to find fault with: the same failovers without the proxy, by clients as they
//! are often written.

use std::time::Instant;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;

use crate::check::Verdict;
use crate::check::check;
use crate::crowd::Crowd;
use crate::crowd::Habit;
use crate::crowd::Orders;
use crate::history::Course;
use crate::history::Promise;
use crate::kills::hold_up_writes;
use crate::kills::promote_after_death;
use crate::stage::ROUNDS;
use crate::stage::WRITERS;
use crate::stage::cluster;
use crate::stage::conninfo;
use crate::stage::cut_off;
use crate::stage::kept;
use crate::stage::promote_beside;
use crate::stage::report;
use crate::stage::seed;
use crate::stage::wait_for_replicas;
use crate::support::proxy::DATABASE;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::USER;

/// As in `what_is_told_unknown_may_be_there_and_is_there_once`: whoever writes again what the dead
/// primary did not answer writes it twice.
#[test]
fn who_does_again_what_may_be_done_is_found_out() {
    let cluster = cluster(Options::default().set("synchronous_commit", "remote_apply"));
    let ports: Vec<_> = cluster
        .nodes()
        .iter()
        .map(|n| n.port().to_string())
        .collect();
    let crowd = Crowd::start(Orders {
        conninfo: format!(
            "host=127.0.0.1,127.0.0.1,127.0.0.1 port={} target_session_attrs=read-write \
             user={USER} password='{PASSWORD}' dbname={DATABASE}",
            ports.join(",")
        ),
        writers: WRITERS,
        readers: 0,
        habit: Habit::Retries,
        seed: seed(),
    });
    assert!(crowd.wait_for_work(ROUNDS), "void: nothing is done");
    hold_up_writes(&cluster);
    let harmed = Instant::now();
    cluster.primary().kill();
    let new = promote_after_death(&cluster);
    let course = course(harmed, new, Promise::All);
    let verdict = end("control: direct, retried", crowd, &cluster, &course);
    assert_ne!(verdict.twice.len(), 0, "the judge sees nothing");
    assert_eq!(others(&verdict, &["there"]), [""; 0]);
}

/// Clients that stay with the node that they know, which is writable, lose what they write.
#[test]
fn who_stays_with_the_old_primary_is_found_out() {
    let cluster = cluster(Options::default());
    let old = cluster.primary();
    let crowd = Crowd::start(Orders {
        conninfo: conninfo(old),
        writers: WRITERS,
        readers: 0,
        habit: Habit::Careful,
        seed: seed(),
    });
    assert!(crowd.wait_for_work(ROUNDS), "void: nothing is done");
    cut_off(&cluster);
    let harmed = Instant::now();
    wait_for_replicas(old, "");
    let new = promote_beside(&cluster);
    let course = course(harmed, new, Promise::AllBut { from: harmed });
    let verdict = end("control: direct, two writable", crowd, &cluster, &course);
    assert_ne!(verdict.unfenced.len(), 0, "the judge sees nothing");
    assert_ne!(verdict.lost.len(), 0, "the judge sees nothing");
    // What nobody could have kept is lost too.
    assert_ne!(verdict.excepted, 0, "the judge sees nothing");
    assert_eq!(others(&verdict, &["lost", "not fenced"]), [""; 0]);
}

/// A failover to a node that takes writes now, of which clients are told by nobody.
fn course(harmed: Instant, new: usize, promise: Promise) -> Course {
    let promoted = Instant::now();
    Course {
        old: 0,
        new,
        harmed,
        known: harmed,
        promoted,
        detected: promoted,
        polled: None,
        promise,
    }
}

/// Lets the clients work on for a while, sends them home and judges what they did.
fn end(name: &str, crowd: Crowd, cluster: &Cluster, course: &Course) -> Verdict {
    assert!(crowd.wait_for_work(ROUNDS), "void: nothing is done");
    let seed = crowd.seed();
    let history = crowd.stop();
    let verdict = check(&history, course, &kept(cluster.node(course.new)));
    report(name, seed, &history, course, &verdict);
    verdict
}

/// The violations that begin with none of these words.
fn others(verdict: &Verdict, words: &[&str]) -> Vec<String> {
    let mut violations = verdict.violations();
    violations.retain(|violation| !words.iter().any(|word| violation.starts_with(word)));
    violations
}
