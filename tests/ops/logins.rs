//! Who gets in, by which proof, and what the others are told.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;

use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::PATIENCE;
use crate::stage::Session;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::now;
use crate::stage::user_app;

const WRITE: &str = "begin; select current_user; commit";

#[test]
fn clients_prove_who_they_are() {
    let cluster = cluster(1);
    let primary = cluster.primary();
    primary
        .psql("create role sven login password 'of his own'")
        .unwrap();
    cluster.catch_up(0).unwrap();
    let verifier = primary
        .psql("select rolpassword from pg_authid where rolname = 'sven'")
        .unwrap();
    let config = |auth_type: &str| {
        format!(
            "auth_type = \"{auth_type}\"\nclient_login_timeout = \"3s\"\nmax_client_conn = 4\n\
             {}[databases.app]\ncluster = \"main\"\n{}[users.sven]\npassword = \"{verifier}\"\n",
            main_cluster(&cluster),
            user_app(),
        )
    };
    let write = WRITE;
    let read = "select current_user || pg_catalog.pg_is_in_recovery()::text";
    let read = format!("/* pgsluice: replica */ {read}");

    let front = Front::ready(&cluster, "scram", &config("scram-sha-256"));
    let app = front.conninfo("app", "app");
    let sven = front.conninfo("sven", "app");
    assert_eq!(front.psql(&app, PASSWORD, write).as_deref(), Ok("app"));
    // The verifier is the servers' own: what his login shows opens servers, no password is known.
    for _ in 0..2 {
        assert_eq!(
            front.psql(&sven, "of his own", write).as_deref(),
            Ok("sven")
        );
        assert_eq!(
            front.psql(&sven, "of his own", &read).as_deref(),
            Ok("sventrue")
        );
    }
    let wrong = front.psql(&sven, "not his own", write).unwrap_err();
    let unknown = front.conninfo("svon", "app");
    let nobody = front.psql(&unknown, "not his own", write).unwrap_err();
    assert_eq!(
        wrong.replace("sven", "svon"),
        nobody,
        "they can be told apart"
    );
    assert!(wrong.contains("SASL authentication failed"), "{wrong}");
    let other = front.psql(&front.conninfo("app", "other"), PASSWORD, "select 1");
    assert!(other.unwrap_err().contains("no such database: other"));
    assert!(!front.log().contains(PASSWORD) && !front.log().contains("of his own"));
    assert!(2.0 <= front.metric("pgsluice_client_logins_total", &[("result", "failed")]));
    login_takes_too_long(&front);
    no_more_clients_than_allowed(&front);
    drop(front);
    any_database(&cluster);
    by_other_methods(&cluster, &config);
}

fn by_other_methods(cluster: &Cluster, config: &dyn Fn(&str) -> String) {
    let write = WRITE;
    let front = Front::ready(cluster, "md5", &config("md5"));
    let (app, sven) = (front.conninfo("app", "app"), front.conninfo("sven", "app"));
    assert_eq!(front.psql(&app, PASSWORD, write).as_deref(), Ok("app"));
    assert_eq!(
        front.psql(&sven, "of his own", write).as_deref(),
        Ok("sven")
    );
    assert!(front.psql(&app, "wrong", write).is_err());
    drop(front);

    let front = Front::ready(cluster, "plain", &config("plain"));
    let (app, sven) = (front.conninfo("app", "app"), front.conninfo("sven", "app"));
    assert_eq!(front.psql(&app, PASSWORD, write).as_deref(), Ok("app"));
    assert_eq!(
        front.psql(&sven, "of his own", write).as_deref(),
        Ok("sven")
    );
    let wrong = front.psql(&sven, "wrong", write).unwrap_err();
    let nobody = front.psql(&front.conninfo("svon", "app"), "wrong", write);
    assert_eq!(wrong.replace("sven", "svon"), nobody.unwrap_err());
    drop(front);

    let front = Front::ready(cluster, "trust", &config("trust"));
    let app = front.conninfo("app", "app");
    assert_eq!(front.psql(&app, "", write).as_deref(), Ok("app"));
    // Nothing proves to servers who he is.
    let sven = front.psql(&front.conninfo("sven", "app"), "", write);
    assert!(sven.unwrap_err().contains("password"), "no credential");
}

/// Names that clients make up leave nothing behind.
fn any_database(cluster: &Cluster) {
    let config = format!(
        "{}[databases.\"*\"]\ncluster = \"main\"\n{}",
        main_cluster(cluster),
        user_app()
    );
    let front = Front::ready(cluster, "any", &config);
    assert_eq!(front.app("app", "select 1").as_deref(), Ok("1"));
    for i in 0..3 {
        let refused = front.app(&format!("nowhere{i}"), "select 1").unwrap_err();
        let expected = format!("database \"nowhere{i}\" does not exist");
        assert!(refused.contains(&expected), "{refused}");
    }
    let page = pgsluice::demo::scrape::fetch(front.http, "/metrics").unwrap();
    assert!(
        page.contains("database=\"app\"") && !page.contains("nowhere"),
        "{page}"
    );
}

fn login_takes_too_long(front: &Front) {
    for startup in [
        &b""[..],
        b"\0\0\0\x1f\0\x03\0\0user\0app\0database\0app\0\0",
    ] {
        let began = now();
        let mut socket = TcpStream::connect(("127.0.0.1", front.port)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(startup).unwrap();
        let mut said = Vec::new();
        socket.read_to_end(&mut said).unwrap();
        let took = began.elapsed();
        assert!(Duration::from_millis(2900) < took && took < Duration::from_secs(10));
        let text = String::from_utf8_lossy(&said);
        assert!(
            startup.is_empty() || text.contains("client_login_timeout"),
            "{text}"
        );
    }
}

fn no_more_clients_than_allowed(front: &Front) {
    let conninfo = front.conninfo("app", "app");
    let mut sessions: Vec<_> = (0..4).map(|_| front.session("app")).collect();
    let refused = Session::start(&conninfo).err().unwrap();
    assert_eq!(
        refused,
        "53300 no more connections allowed (max_client_conn)"
    );
    drop(sessions.pop());
    let until = now() + PATIENCE;
    while let Err(error) = Session::start(&conninfo) {
        assert!(now() < until, "{error}");
    }
}
