//! What is done when servers are opened, waited for, given back and replaced.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use crate::database;
use crate::plain;
use crate::servers;
use crate::stage::Front;
use crate::stage::PATIENCE;
use crate::stage::cluster;
use crate::stage::now;
use crate::stage::user_app;

#[test]
fn servers_are_greeted_reset_and_replaced() {
    let cluster = cluster(0);
    let primary = cluster.primary();
    for sql in ["create table resets(i int)", "grant all on resets to app"] {
        primary.psql_in("app", sql).unwrap();
    }
    let config = |work_mem: &str| {
        [
            "server_reset_query_always = true\nserver_round_robin = true\n\
             server_fast_close = true\nquery_wait_notify = \"1s\"\n\
             application_name_add_host = true\n"
                .to_owned(),
            plain("main", &[primary.port()], ""),
            database(
                "greeted",
                "main",
                &format!(
                    "connect_query = \"set work_mem = '{work_mem}'\"\nserver_reset_query = \"\"\n\
                     timezone = \"Asia/Tokyo\"\ndatestyle = \"German\"\npool_mode = \"session\""
                ),
            ),
            database("wrong", "main", "connect_query = \"select nosuch\""),
            database(
                "reset",
                "main",
                "server_reset_query = \"insert into resets values (1)\"",
            ),
            database(
                "handed",
                "main",
                "server_reset_query = \"\"\npool_mode = \"session\"\npool_size = 1",
            ),
            database("turns", "main", "server_reset_query = \"\""),
            database("one", "main", "pool_size = 1"),
            database("kept", "main", "min_pool_size = 2"),
            user_app(),
        ]
        .concat()
    };
    let mut front = Front::ready(&cluster, "opened", &config("7MB"));
    servers_are_as_asked_for(&front);
    without_a_reset_servers_are_handed_on(&front);
    the_reset_runs_after_each_transaction(&front);
    idle_servers_are_used_in_turn(&front);
    who_waits_is_told(&front);
    a_wrong_setting_costs_no_server(&front);
    a_pool_is_kept_while_it_has_clients(&cluster, &front);

    // Its server is to be another: the session ends with its transaction.
    let session = front.session("greeted");
    session.sql("begin").unwrap();
    let other = front.session("turns");
    other.sql("select 1").unwrap();
    front.reload(&config("8MB"));
    assert_eq!(session.sql("show work_mem").as_deref(), Ok("7MB"));
    session.sql("commit").unwrap();
    assert_eq!(session.ending(), "08P01 database configuration changed");
    assert_eq!(front.app("greeted", "show work_mem").as_deref(), Ok("8MB"));
    assert_eq!(other.sql("select 1").as_deref(), Ok("1"));
}

fn servers_are_as_asked_for(front: &Front) {
    let session = front.session("greeted");
    assert_eq!(session.sql("show work_mem").as_deref(), Ok("7MB"));
    assert_eq!(session.sql("show timezone").as_deref(), Ok("Asia/Tokyo"));
    assert_eq!(session.sql("show datestyle").as_deref(), Ok("German, DMY"));
    // Clients that ask for another get that.
    let conninfo = front.conninfo("app", "greeted") + " options='-c timezone=UTC'";
    let asked = front.psql(
        &conninfo,
        crate::stage::PASSWORD,
        "show timezone; show work_mem",
    );
    assert_eq!(asked.as_deref(), Ok("UTC\n7MB"));
    let name = front.app("greeted", "show application_name").unwrap();
    assert!(name.starts_with("psql - 127.0.0.1:"), "{name}");
    let name = session.sql("show application_name").unwrap();
    assert!(name.starts_with("app - 127.0.0.1:"), "{name}");
    assert_eq!(front.app("wrong", "select 1").as_deref(), Ok("1"));
    assert_eq!(front.logged("connect_query failed"), 1, "{}", front.log());
}

/// `server_reset_query` is empty, in session mode.
fn without_a_reset_servers_are_handed_on(front: &Front) {
    let pid = |after: &str| {
        let sql = format!("{after}; select pg_backend_pid()");
        let said = front.app("handed", &sql).unwrap();
        said.lines().last().unwrap().to_owned()
    };
    let first = pid("select 1");
    assert_eq!(pid("set work_mem = '1MB'"), first);
    assert_eq!(front.app("handed", "show work_mem").as_deref(), Ok("4MB"));
    assert_eq!(pid("create temp table left_behind()"), first);
    assert_ne!(pid("select 1"), first);
}

fn the_reset_runs_after_each_transaction(front: &Front) {
    let session = front.session("reset");
    let count = |session: &crate::stage::Session| -> usize {
        session
            .sql("select count(*) from resets")
            .unwrap()
            .parse()
            .unwrap()
    };
    let before = count(&session);
    session.sql("set work_mem = '5MB'").unwrap();
    session.sql("begin; select 1; commit").unwrap();
    assert_eq!(count(&session), before + 3);
    // What the session has set is not lost by it.
    assert_eq!(session.sql("show work_mem").as_deref(), Ok("5MB"));
}

fn idle_servers_are_used_in_turn(front: &Front) {
    let sessions: Vec<_> = (0..3).map(|_| front.session("turns")).collect();
    sessions
        .iter()
        .for_each(|one| drop(one.sql("begin").unwrap()));
    sessions
        .iter()
        .for_each(|one| drop(one.sql("commit").unwrap()));
    let pid = |i: usize| sessions[i].sql("select pg_backend_pid()").unwrap();
    let pids: Vec<_> = (0..6).map(|_| pid(0)).collect();
    assert_eq!(pids.iter().collect::<BTreeSet<_>>().len(), 3, "{pids:?}");
    assert_eq!(pids[..3], pids[3..]);
}

fn who_waits_is_told(front: &Front) {
    // The welcome of a psql is known then: the next logs in without a server.
    front.app("one", "select 1").unwrap();
    let holder = front.session("one");
    holder.sql("begin").unwrap();
    thread::scope(|scope| {
        let waits = scope.spawn(|| {
            let conninfo = front.conninfo("app", "one");
            let output = std::process::Command::new("psql")
                .args(["-XAt", "-d", &conninfo, "-c", "select 1", "-c", "select 2"])
                .env("PGPASSWORD", crate::stage::PASSWORD)
                .output();
            output.unwrap()
        });
        thread::sleep(Duration::from_secs(3));
        holder.sql("commit").unwrap();
        let output = waits.join().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let said = "NOTICE:  No server connection available in postgres backend, client being \
                    queued\n";
        assert_eq!(told, said);
        assert_eq!(output.stdout, b"1\n2\n");
    });
}

/// A login that asks for what PostgreSQL refuses leaves the server that said so to others.
fn a_wrong_setting_costs_no_server(front: &Front) {
    let pid = || front.app("one", "select pg_backend_pid()").unwrap();
    let before = pid();
    let wrong = " options='-c work_mem=5MB -c statement_timout=5s'";
    let wrong = front.conninfo("app", "one") + wrong;
    let refused = front.psql(&wrong, crate::stage::PASSWORD, "select 1");
    let refused = refused.unwrap_err();
    assert!(refused.contains("\"statement_timout\""), "{refused}");
    assert_eq!(pid(), before);
    assert_eq!(front.app("one", "show work_mem").as_deref(), Ok("4MB"));
}

fn a_pool_is_kept_while_it_has_clients(cluster: &pgsluice::demo::cluster::Cluster, front: &Front) {
    let name = "application_name like 'kept%'";
    let conninfo = front.conninfo("app", "kept") + " application_name=kept";
    let session = crate::stage::Session::start(&conninfo).unwrap();
    session.sql("select 1").unwrap();
    let until = now() + PATIENCE;
    let labels = [("database", "kept"), ("state", "idle")];
    while front.metric("pgsluice_pool_servers", &labels) < 1.9 {
        assert!(now() < until, "{} servers", servers(cluster, name));
        thread::sleep(Duration::from_millis(50));
    }
}
