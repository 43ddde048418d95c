//! A promotion that leaves a replica behind which has *more* of the old history than the new primary
//! took over: positions of the two histories do not compare. That replica has replayed past every
//! position that the new primary will write for a while, so whoever compares them takes it for fresh.
//! (One that has less looks stale by any rule, and proves nothing.)

use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::raw::Raw;
use crate::scene;
use crate::stale::GLOBAL;
use crate::stale::READ;
use crate::support::proxy::Proxy;
use crate::trouble::set;

#[test]
fn a_replica_of_another_history_certifies_nothing() {
    let cluster = scene::cluster(2, &[]);
    let proxy = Proxy::start(&cluster, GLOBAL, "");
    let mut session = Raw::connect(proxy.port());
    let mut eventual = Raw::connect(proxy.port());
    eventual.q("set pgsluice.consistency = 'eventual'");
    session.q("insert into written values (77, 1)");
    cluster.catch_up(0).expect("the replicas follow");
    // The first replica gets no more; the second gets a megabyte.
    let nowhere = "host=/nowhere";
    set(cluster.node(1), "primary_conninfo", nowhere).expect("it is set");
    let is_alone = "select count(*) from pg_stat_wal_receiver";
    let alone = cluster.node(1).wait_sql(is_alone, "0", "cut off");
    alone.expect("it is cut off");
    let much = "select pg_logical_emit_message(false, 'much', repeat('x', 1000000))";
    cluster.primary().psql(much).expect("it writes");
    // With `synchronous_commit = off` a message waits for a commit that is not.
    let commit = "set synchronous_commit = on; create table much ()";
    cluster.primary().psql(commit).expect("it writes");
    let has_it = "select count(*) from pg_class where relname = 'much'";
    let ahead = cluster.node(2).wait_sql(has_it, "1", "ahead");
    ahead.expect("it is ahead");
    cluster.primary().kill();
    cluster.node(1).promote().expect("it is promoted");
    cluster
        .follow(2, 1)
        .expect("it is told to follow, and cannot");
    let (mut at_session, mut at_eventual) = (0, 0);
    let until = Instant::now() + Duration::from_secs(3);
    let mut value = 1;
    while Instant::now() < until {
        value += 1;
        let heard = session.q(&format!("insert into written values (77, {value})"));
        if heard != "C(INSERT 0 1) Z(I)" {
            // The new primary is not known yet.
            thread::sleep(Duration::from_millis(20));
            continue;
        }
        for _ in 0..3 {
            at_session += u32::from(session.value(READ) != value.to_string());
            at_eventual += u32::from(eventual.value(READ) != value.to_string());
            thread::sleep(Duration::from_millis(5));
        }
    }
    eprintln!("missed at session: {at_session}, at eventual: {at_eventual}; {value} writes");
    let followed = "select count(*) from pg_stat_wal_receiver where 1 < received_tli";
    let followed = cluster.node(2).psql(followed).expect("it answers");
    assert_eq!(followed, "0", "void: it could follow");
    assert_ne!(at_eventual, 0, "void: nothing was read from it");
    assert_eq!(at_session, 0, "violations: {at_session}");
}
