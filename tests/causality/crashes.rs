//! A read that waits for a server of its replica while that crashes, and gets one of the replica
//! that has come back with less than it held when the read was sent there.

use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use pgsluice::demo::cluster::Cluster;

use crate::raw::Raw;
use crate::relay::Relay;
use crate::say::query;
use crate::scene;
use crate::stale::GLOBAL;
use crate::stale::READ;
use crate::support::proxy::DATABASE;
use crate::support::proxy::Proxy;
use crate::trouble::set;

#[test]
fn a_replica_that_crashed_is_not_taken_for_what_it_was() {
    let cluster = scene::cluster(1, &[]);
    let relay = Relay::start(cluster.node(1).port());
    let nodes = [cluster.primary().port(), relay.port()];
    let proxy = Proxy::start_at(&cluster, &nodes, GLOBAL, "");
    let rounds = (1..=3).map(|value| round(&cluster, &proxy, &relay, value));
    let rounds: Vec<_> = rounds.collect();
    eprintln!("{rounds:?}");
    let has_less = rounds.iter().any(|round| round.has_less);
    assert!(has_less, "void: it always came back with all that it had");
    let violations = rounds.iter().filter(|round| round.is_missed).count();
    assert_eq!(violations, 0, "violations: {violations}");
}

/// A read that asks for more than those before it has a link of its own: also when it is sent to
/// another replica because the first one died. It used to wait for that for ever.
#[test]
fn a_demanding_read_is_answered_when_its_replica_dies() {
    let cluster = scene::cluster(2, &[]);
    let global = format!("{GLOBAL}\nconsistency_wait = \"2s\"");
    let proxy = Proxy::start(&cluster, &global, "");
    for level in ["session", "database", "strong"] {
        let mut session = Raw::connect(proxy.port());
        session.send(&query(&format!("/* pgsluice: {level} */ {LONG_READ}")));
        let is_there = format!(
            "select count(*) from pg_stat_activity where state = 'active' and query like '%{level}%' \
             and pid <> pg_backend_pid()"
        );
        let here = || {
            [1, 2]
                .into_iter()
                .find(|i| cluster.node(*i).psql(&is_there).is_ok_and(|n| n == "1"))
        };
        let node = (0..100).find_map(|_| here()).expect("it runs on a replica");
        cluster.node(node).kill();
        let heard = session.until(b'Z');
        assert!(heard.contains("D(2000000)"), "{level}: {heard}");
        cluster.node(node).start().expect("it starts again");
        let serves = "select count(*) from pg_stat_replication where state = 'streaming'";
        let back = cluster.primary().wait_sql(serves, "2", "followed by both");
        back.expect("it is back");
    }
}

/// Takes a second or so.
const LONG_READ: &str = "select count(*) from generate_series(1, 2000000)";

/// What came of a crash.
#[derive(Clone, Copy, Debug)]
struct Round {
    /// The replica came back with less.
    has_less: bool,
    /// The session did not see again what it had read there.
    is_missed: bool,
}

fn round(cluster: &Cluster, proxy: &Proxy, relay: &Relay, value: u32) -> Round {
    let mut writer = Raw::connect(proxy.port());
    // Else it is not known when the replica has it.
    writer.q("set synchronous_commit = on");
    let heard = writer.q(&format!("insert into written values (77, {value})"));
    assert_eq!(heard, "C(INSERT 0 1) Z(I)");
    let streams = "select count(*) from pg_stat_replication where state = 'streaming'";
    let follows = cluster.primary().wait_sql(streams, "1", "followed");
    follows.expect("the replica is back from the crash before");
    cluster.catch_up(0).expect("it catches up");
    thread::sleep(Duration::from_millis(100));
    // It writes nothing: what it owes is what it has read from the replica.
    let mut session = Raw::connect(proxy.port());
    assert_eq!(session.value(READ), value.to_string());
    // All servers that there are are taken; a new one has to be opened.
    relay.hold(true);
    let mut others: Vec<_> = (0..SERVERS_MAX)
        .map(|_| Raw::connect(proxy.port()))
        .collect();
    for other in &mut others {
        other.send(&query("select count(*) from generate_series(1, 3000000)"));
    }
    thread::sleep(Duration::from_millis(100));
    session.send(&query(READ));
    thread::sleep(Duration::from_millis(50));
    crash(cluster);
    let here = cluster.node(1).psql_in(DATABASE, READ).expect("it answers");
    relay.hold(false);
    let heard = session.until(b'Z');
    set(cluster.node(1), "recovery_min_apply_delay", "0").expect("it is set");
    Round {
        has_less: here != value.to_string(),
        is_missed: !heard.contains(&format!("D({value})")),
    }
}

/// The replica crashes, and is back without its newest commits.
fn crash(cluster: &Cluster) {
    let replica = cluster.node(1);
    set(replica, "recovery_min_apply_delay", "5s").expect("it is set");
    let receiver = replica.psql("select pid from pg_stat_wal_receiver");
    let receiver: i32 = receiver.expect("it answers").parse().expect("a process");
    kill(Pid::from_raw(receiver), Signal::SIGKILL).expect("it is there");
    // The postmaster ends all others, then begins anew.
    let old =
        "select count(*) from pg_stat_activity where pid = ".to_owned() + &receiver.to_string();
    let back = replica.wait_sql(&old, "0", "back");
    back.expect("it comes back");
}

/// More than the pool has open.
const SERVERS_MAX: usize = 4;
