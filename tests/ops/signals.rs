//! What servers and statements show by the way: promotions, new functions, errors, bytes.

use pgsluice::demo::cluster::node::Stop;

use crate::stage::Front;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::user_app;

#[test]
fn traffic_tells_what_changes() {
    let cluster = cluster(1);
    // The monitor by itself would need a minute for anything.
    let slow = main_cluster(&cluster).replace("\"200ms\"", "\"60s\"")
        + "sample_interval_slow = \"60s\"\nmax_lag = 0\n";
    let config = format!(
        "catalog_interval = \"1h\"\n{slow}[databases.app]\ncluster = \"main\"\n{}",
        user_app()
    );
    let mut front = Front::ready(&cluster, "signals", &config);
    functions_are_known_soon(&mut front);
    what_is_sent_is_counted(&front);
    a_promotion_is_seen(&mut front, &cluster);
}

fn functions_are_known_soon(front: &mut Front) {
    let session = front.session("app");
    let define = "create function twice(i int) returns int language sql immutable as \
                  $$ select 2 * i $$";
    session.sql(define).unwrap();
    let on_replica = |front: &Front| {
        let labels = [("database", "app"), ("class", "read")];
        front.metric("pgsluice_routed_total", &labels)
    };
    // Unknown functions go to the primary, this one no longer when the catalog was read again.
    front.wait("known", |front| {
        let before = on_replica(front);
        assert_eq!(front.app("app", "select twice(4)").as_deref(), Ok("8"));
        before < on_replica(front)
    });
}

fn what_is_sent_is_counted(front: &Front) {
    let session = front.session("app");
    let bytes = |peer, direction| {
        let labels = [
            ("database", "app"),
            ("peer", peer),
            ("direction", direction),
        ];
        front.metric("pgsluice_bytes_total", &labels)
    };
    let before = bytes("client", "out");
    session
        .sql("begin; select repeat('x', 100000); commit")
        .unwrap();
    // What a link has sent its client is counted when it ends; the end of it may be sent after that.
    session.sql("select 1").unwrap();
    assert!(before + 100_000.0 < bytes("client", "out"));
    assert!(100_000.0 < bytes("server", "in"));
    assert!(0.0 < bytes("client", "in") && 0.0 < bytes("server", "out"));
    assert!(session.sql("select 1/0").is_err());
    let labels = [("blame", "server"), ("sqlstate", "22012")];
    assert!(1.0 <= front.metric("pgsluice_errors_total", &labels));
    session.sql("begin").unwrap();
    let active = [("database", "app"), ("state", "active")];
    assert!(1.0 <= front.metric("pgsluice_clients", &active));
    session.sql("rollback").unwrap();
}

/// The replica is promoted; what its servers say of themselves is the first that is heard of it.
fn a_promotion_is_seen(front: &mut Front, cluster: &pgsluice::demo::cluster::Cluster) {
    let replica = &cluster.replicas()[0];
    let reader = front.session("app");
    reader.sql("select count(*) from pg_class").unwrap();
    cluster.primary().stop(Stop::Fast).unwrap();
    replica.promote().unwrap();
    front.wait("writing again", |front| {
        let _ = reader.sql("select count(*) from pg_class");
        front
            .app("app", "create table if not exists promoted (i int)")
            .is_ok()
    });
    assert_eq!(front.logged("primary found"), 2, "{}", front.log());
}
