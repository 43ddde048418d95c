//! How many servers and clients there may be, and who gets them.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use crate::database;
use crate::plain;
use crate::servers;
use crate::stage::Front;
use crate::stage::PATIENCE;
use crate::stage::Session;
use crate::stage::cluster;
use crate::stage::now;
use crate::stage::user_app;

const USERS: &str = "[users.u1]\nmax_user_connections = 2\n[users.u2]\n\
                     max_user_client_connections = 1\n[users.u3]\n";

#[test]
fn limits_hold_across_pools() {
    let cluster = cluster(0);
    for user in ["u1", "u2", "u3"] {
        let sql = format!("create role {user} login password 'wholly secret'");
        cluster.primary().psql(&sql).unwrap();
    }
    let users = USERS.replace("]\n", "]\npassword = \"wholly secret\"\n");
    let config = [
        "auth_type = \"trust\"\nadmin_users = [\"u3\"]\nmax_client_conn = 100\n\
         server_login_retry = \"1s\"\n"
            .to_owned(),
        plain("main", &[cluster.primary().port()], ""),
        database(
            "servers",
            "main",
            "max_db_connections = 2\nquery_wait_timeout = \"2s\"",
        ),
        database("one", "main", ""),
        database("two", "main", "query_wait_timeout = \"2s\""),
        database("few", "main", "max_db_client_connections = 2"),
        database(
            "forced",
            "main",
            "user = \"app\"\nmin_pool_size = 3\npool_size = 3",
        ),
        users,
        user_app(),
    ];
    let front = Front::ready(&cluster, "room", &config.concat());
    a_forced_user_has_one_pool_kept_ahead(&cluster, &front);
    idle_servers_make_room(&cluster, &front);
    a_user_has_no_more_servers_than_allowed(&front);
    clients_are_counted(&front);
}

fn session(front: &Front, user: &str, database: &str) -> Result<Session, String> {
    Session::start(&front.conninfo(user, database))
}

fn wait_for(cluster: &pgsluice::demo::cluster::Cluster, which: &str, count: usize) {
    let until = now() + PATIENCE;
    while servers(cluster, which) != count {
        assert!(
            now() < until,
            "{which}: {} of {count}",
            servers(cluster, which)
        );
        thread::sleep(Duration::from_millis(50));
    }
}

fn a_forced_user_has_one_pool_kept_ahead(
    cluster: &pgsluice::demo::cluster::Cluster,
    front: &Front,
) {
    // Nobody has logged in.
    wait_for(cluster, "usename = 'app'", 3);
    let sessions: Vec<_> = ["u1", "u2", "u3", "app"]
        .map(|user| session(front, user, "forced").unwrap())
        .into();
    let pids: BTreeSet<_> = sessions
        .iter()
        .take(3)
        .map(|session| {
            session.sql("begin").unwrap();
            session
                .sql("select current_user || pg_backend_pid()")
                .unwrap()
        })
        .collect();
    assert_eq!(pids.len(), 3);
    assert!(pids.iter().all(|pid| pid.starts_with("app")), "{pids:?}");
    // There is no fourth: the pool is one for all of them.
    thread::scope(|scope| {
        let waits = scope.spawn(|| sessions[3].timed("select 1"));
        thread::sleep(Duration::from_millis(300));
        sessions[0].sql("commit").unwrap();
        let (done, took) = waits.join().unwrap();
        assert_eq!(done.as_deref(), Ok("1"));
        assert!(Duration::from_millis(200) < took, "{took:?}");
    });
    assert_eq!(servers(cluster, "usename = 'app'"), 3);
}

fn idle_servers_make_room(cluster: &pgsluice::demo::cluster::Cluster, front: &Front) {
    let [a, b, c] = ["app", "u2", "u3"].map(|user| session(front, user, "servers").unwrap());
    a.sql("select 1").unwrap();
    b.sql("begin").unwrap();
    // Its server takes the place of the one that is idle.
    assert_eq!(c.sql("begin; select current_user").as_deref(), Ok("u3"));
    let ours = "usename in ('u2', 'u3')";
    assert_eq!(servers(cluster, ours), 2);
    let evicted = [("database", "servers"), ("reason", "evicted")];
    assert!(1.0 <= front.metric("pgsluice_pool_closed_total", &evicted));
    // Both are in use: there is no room.
    assert_eq!(a.sql("select 1").unwrap_err(), "08P01 query_wait_timeout");
    c.sql("commit").unwrap();
    let again = session(front, "app", "servers").unwrap();
    assert_eq!(again.sql("select 2").as_deref(), Ok("2"));
}

fn a_user_has_no_more_servers_than_allowed(front: &Front) {
    let busy: Vec<_> = (0..2)
        .map(|_| session(front, "u1", "one").unwrap())
        .collect();
    let other = session(front, "u1", "two").unwrap();
    busy.iter().for_each(|one| drop(one.sql("begin").unwrap()));
    assert_eq!(
        other.sql("select 1").unwrap_err(),
        "08P01 query_wait_timeout"
    );
    assert_eq!(
        session(front, "app", "two")
            .unwrap()
            .sql("select 1")
            .as_deref(),
        Ok("1")
    );
}

fn clients_are_counted(front: &Front) {
    let refused = |user, database| session(front, user, database).err().unwrap();
    let _one = session(front, "u2", "one").unwrap();
    assert_eq!(
        refused("u2", "two"),
        "08P01 client connections exceeded (max_user_client_connections)"
    );
    let (first, _second) = (
        session(front, "app", "few").unwrap(),
        session(front, "u1", "few"),
    );
    // Those of admins in other databases than the console are not exempt.
    for user in ["app", "u3"] {
        let said = "08P01 client connections exceeded (max_db_client_connections)";
        assert_eq!(refused(user, "few"), said);
    }
    assert!(
        front
            .psql(&front.conninfo("u3", "pgsluice"), "", "show version")
            .is_ok()
    );
    drop(first);
    let until = now() + PATIENCE;
    while session(front, "app", "few").is_err() {
        assert!(now() < until, "its place is not free");
    }
}
