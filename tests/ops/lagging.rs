//! A replica that lags does not know yet who may log in, and what databases there are.

use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::Session;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::user_app;

#[test]
fn what_a_lagging_replica_does_not_know_is_not_final() {
    let cluster = cluster(1);
    let config = format!(
        "{}[databases.\"*\"]\ncluster = \"main\"\n{}[users.later]\npassword = \"{PASSWORD}\"\n",
        main_cluster(&cluster),
        user_app()
    );
    let front = Front::ready(&cluster, "lagging", &config);
    let (primary, replica) = (cluster.primary(), &cluster.replicas()[0]);
    replica.psql("select pg_wal_replay_pause()").unwrap();
    let state = "select pg_get_wal_replay_pause_state()";
    replica.wait_sql(state, "paused", "paused").unwrap();
    let role = format!("create role later login password '{PASSWORD}'");
    for sql in [&*role, "create database fresh"] {
        primary.psql(sql).unwrap();
    }

    let log_in = |user: &str, database: &str, options: &str| {
        let conninfo = front.conninfo(user, database);
        Session::start(&format!("{conninfo} options='-c work_mem={options}'"))
    };
    for (user, database) in [("later", "app"), ("app", "fresh")] {
        let one = log_in(user, database, "5MB").expect("the primary knows it");
        let refused = format!("pool={database}/{user}@127.0.0.1:{} ", replica.port());
        assert!(
            0 < front.logged(&refused),
            "it was not asked:\n{}",
            front.log()
        );
        // What it said is remembered, and no more final than it was.
        let two = log_in(user, database, "6MB").expect("the primary knows it");
        for session in [one, two] {
            let read = session.sql("select count(*) from pg_class where relname = 'pg_class'");
            assert_eq!(read.as_deref(), Ok("1"));
        }
    }

    // What the primary refuses one does not put an end to the others.
    let one = log_in("app", "fresh", "5MB").unwrap();
    primary.psql("drop database fresh with (force)").unwrap();
    let heard = [
        log_in("app", "fresh", "7MB").err().unwrap(),
        one.sql("select 1").unwrap_err(),
    ];
    let is_it = |said: &String| {
        said.starts_with("3D000") && said.contains("database \"fresh\" does not exist")
    };
    assert!(heard.iter().all(is_it), "{heard:?}");
}
