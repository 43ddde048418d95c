//! Who gets in, by psql and SCRAM; and that one can look when all other places are taken.

use crate::raw::Raw;
use crate::stage::Front;
use crate::stage::Session;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::user_app;

fn config(nodes: &str, head: &str) -> String {
    let users = "[users.root]\npassword = \"root's\"\n[users.looker]\npassword = \"looker's\"\n";
    let database = "[databases.app]\ncluster = \"main\"\n";
    [head, nodes, database, &user_app(), users].concat()
}

#[test]
fn the_console_is_for_those_who_are_named() {
    let cluster = cluster(0);
    let nodes = main_cluster(&cluster);
    let head = "max_client_conn = 1\nadmin_users = \"root\"\nstats_users = \"looker\"\n";
    let mut front = Front::ready(&cluster, "named", &config(&nodes, head));
    let ask = |front: &Front, user: &str, password: &str| {
        let conninfo = front.conninfo(user, "pgsluice");
        front.psql(&conninfo, password, "show version")
    };
    let session = front.session("app");
    assert_eq!(session.sql("select 1").as_deref(), Ok("1"));
    let full = Session::start(&front.conninfo("app", "app")).err().unwrap();
    assert!(full.contains("max_client_conn"), "{full}");
    for user in ["root", "looker"] {
        let version = ask(&front, user, &format!("{user}'s")).unwrap();
        assert!(version.starts_with("PgBouncer "), "{version}");
        let wrong = ask(&front, user, "wrong").unwrap_err();
        assert!(wrong.contains("SASL authentication failed"), "{wrong}");
    }
    let refused = Session::start(&front.conninfo("app", "pgsluice"))
        .err()
        .unwrap();
    assert_eq!(refused, "08P01 not allowed");
    let wrong = front.psql(&front.conninfo("app", "pgbouncer"), "wrong", "show version");
    let wrong = wrong.unwrap_err();
    assert!(wrong.contains("SASL authentication failed"), "{wrong}");

    // A reload takes rights away from those who are in, too.
    let conninfo = front.conninfo("root", "pgsluice");
    let conninfo = format!("{conninfo} password='root\\'s'");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.unwrap();
    let connected = tokio_postgres::connect(&conninfo, tokio_postgres::NoTls);
    let (root, connection) = runtime.block_on(connected).unwrap();
    let connection = runtime.spawn(connection);
    let said = |text: &str| match runtime.block_on(root.simple_query(text)) {
        Ok(messages) => format!("{} messages", messages.len()),
        Err(error) => error.as_db_error().unwrap().message().to_owned(),
    };
    assert_eq!(said("show version"), "3 messages");
    front.reload(&config(
        &nodes,
        "max_client_conn = 1\nstats_users = \"looker\"\n",
    ));
    assert_eq!(said("show version"), "admin access needed");
    assert_eq!(said("explain route select 1"), "admin access needed");
    drop(connection);
}

/// The places of the console are for those who may use it: who only knocks has none.
#[test]
fn strangers_take_no_place_of_the_console() {
    let cluster = cluster(0);
    let nodes = main_cluster(&cluster);
    let head = "max_client_conn = 1\nadmin_users = \"root\"\n";
    let front = Front::ready(&cluster, "strangers", &config(&nodes, head));
    let _session = front.session("app");
    let strangers: Vec<_> = (0..12)
        .map(|_| Raw::knock(front.port, "whoever", "pgbouncer"))
        .map(|mut stranger| {
            let (tag, _) = stranger.next().expect("it is asked for its password");
            assert_eq!(tag, b'R');
            stranger
        })
        .collect();
    let conninfo = front.conninfo("root", "pgsluice");
    let version = front.psql(&conninfo, "root's", "show version").unwrap();
    assert!(version.starts_with("PgBouncer "), "{version}");
    drop(strangers);
}
