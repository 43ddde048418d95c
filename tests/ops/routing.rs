//! Splitting, dry runs and consistency as databases and users have them.

use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::user_app;

/// STABLE, so that it may be read on a replica, unlike what it calls.
const WHERE: &str = "create function on_replica() returns bool language sql stable \
                     as 'select pg_catalog.pg_is_in_recovery()'";

#[test]
fn databases_and_users_say_where_their_reads_go() {
    let cluster = cluster(1);
    let primary = cluster.primary();
    primary.psql_in("app", WHERE).unwrap();
    let role = format!("create role careful login password '{PASSWORD}'");
    primary.psql(&role).unwrap();
    cluster.catch_up(0).unwrap();
    let database = |name: &str, options: &str| {
        format!("[databases.{name}]\ncluster = \"main\"\ndbname = \"app\"\n{options}\n")
    };
    let config = [
        "consistency_wait = \"5s\"\n".to_owned(),
        main_cluster(&cluster),
        database("split", ""),
        database("whole", "read_write_split = false"),
        database("dry", "dry_run = true"),
        database("late", "transaction_reads = \"until_write\""),
        user_app(),
        format!("[users.careful]\npassword = \"{PASSWORD}\"\nread_write_split = false\n"),
    ];
    let front = Front::ready(&cluster, "routing", &config.concat());
    where_reads_go(&front);
    a_dry_run_tells(&front);
    levels_are_shown(&front);
}

fn where_reads_go(front: &Front) {
    let on_replica = |user: &str, database: &str, sql: &str| {
        let conninfo = front.conninfo(user, database);
        front.psql(&conninfo, PASSWORD, sql).unwrap()
    };
    let read = "select on_replica()";
    assert_eq!(on_replica("app", "split", read), "t");
    assert_eq!(on_replica("careful", "split", read), "f");
    assert_eq!(on_replica("app", "whole", read), "f");
    assert_eq!(on_replica("app", "dry", read), "f");
    let session = front.session("late");
    session.sql("begin").unwrap();
    assert_eq!(session.sql(read).as_deref(), Ok("t"));
    session.sql("commit").unwrap();
}

fn a_dry_run_tells(front: &Front) {
    let before = front.metric("pgsluice_dry_run_total", &[("database", "dry")]);
    for _ in 0..10 {
        front.app("dry", "select count(*) from pg_class").unwrap();
    }
    let told = front.metric("pgsluice_dry_run_total", &[("database", "dry")]);
    assert_eq!(told - before, 10.0);
    front.app("dry", "create table dry (i int)").unwrap();
    let same = front.metric("pgsluice_dry_run_total", &[("database", "dry")]);
    assert_eq!(same, told, "a write would not have gone there");
    assert!(0 < front.logged("dry run"), "{}", front.log());
    let reads = front.metric("pgsluice_reads_total", &[("database", "dry")]);
    assert_eq!(reads, 0.0, "nothing was read for the client's sake");
}

fn levels_are_shown(front: &Front) {
    let session = front.session("split");
    assert_eq!(
        session.sql("show pgsluice.consistency").as_deref(),
        Ok("session")
    );
    session.sql("set pgsluice.consistency = strong").unwrap();
    assert_eq!(
        session.sql("show pgsluice.consistency").as_deref(),
        Ok("strong")
    );
    assert_eq!(session.sql("select on_replica()").as_deref(), Ok("t"));
    let waited = front.metric(
        "pgsluice_reads_total",
        &[("database", "split"), ("outcome", "replica_after_wait")],
    );
    assert!(1.0 <= waited, "a strong read waits for a sample");
    let wrong = session
        .sql("set pgsluice.consistency = 'high'")
        .unwrap_err();
    assert!(wrong.starts_with("22023"), "{wrong}");
    session.sql("set pgsluice.max_staleness = '10s'").unwrap();
    assert_eq!(
        session.sql("show pgsluice.max_staleness").as_deref(),
        Ok("10s")
    );
    let token = session.sql("show pgsluice.write_token").unwrap();
    session.sql("reset pgsluice.consistency").unwrap();
    session.sql("create table seen as select 1 as i").unwrap();
    let later = session.sql("show pgsluice.write_token").unwrap();
    assert!(token < later, "{token} {later}");
    let other = front.session("split");
    other
        .sql(&format!("set pgsluice.wait_for = '{later}'"))
        .unwrap();
    assert_eq!(other.sql("select i from seen").as_deref(), Ok("1"));
}
