//! What is logged, and where.

use std::fs;

use nix::sys::signal::Signal;
use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;

use crate::stage::Place;
use crate::stage::Running;
use crate::stage::wait;

#[test]
fn lines_go_to_standard_error_and_to_the_file() {
    let place =
        Place::new("log_format = \"pgbouncer\"\nlogfile = \"p.log\"\nunix_socket_dir = \".\"\n");
    let mut running = place.start(&[]);
    wait("up", || place.text("p.log").contains("process up"));
    running.end(Signal::SIGTERM);
    let text = place.text("p.log");
    let errors = place.text("stderr");
    assert!(errors.ends_with(&text), "{errors}\n{text}");
    let pid = format!(" [{}] ", running.pid());
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.split_once(&pid).expect("a pid"))
        .collect();
    let place_of = |start: &str| {
        let found = lines.iter().position(|(_, said)| said.starts_with(start));
        found.unwrap_or_else(|| panic!("no {start:?} in\n{text}"))
    };
    let order = [
        "LOG kernel file descriptor limit: ",
        &format!("LOG listening on 127.0.0.1:{}", place.port),
        "LOG listening on unix:",
        "LOG process up: PgBouncer 1.25.2",
        "LOG got SIGTERM, shutting down",
    ]
    .map(place_of);
    assert!(order.is_sorted(), "{order:?} in\n{text}");
    for (time, _) in lines {
        // 2026-11-21 03:37:22.536 UTC
        let parts: Vec<_> = time.split(' ').collect();
        assert_eq!(parts.len(), 3, "{time}");
        assert_eq!((parts[0].len(), parts[1].len()), (10, 12), "{time}");
    }
}

#[test]
fn the_file_is_opened_again_at_sighup() {
    let place = Place::new("logfile = \"p.log\"\n");
    let running = place.start(&["--quiet"]);
    wait("up", || place.text("p.log").contains("pgsluice is up"));
    fs::rename(place.path("p.log"), place.path("old.log")).unwrap();
    running.signal(Signal::SIGHUP);
    wait("reloaded", || {
        place.text("p.log").contains("configuration reloaded")
    });
    assert!(
        place
            .text("old.log")
            .contains("got SIGHUP, re-reading config")
    );
    assert_eq!(place.text("stderr"), "");
    // Another file, from now on.
    place.configure("logfile = \"other.log\"\n", &[1]);
    running.signal(Signal::SIGHUP);
    wait("reloaded", || {
        place.text("other.log").contains("configuration reloaded")
    });
}

#[test]
fn a_file_that_cannot_be_opened_is_fatal_at_the_start_and_else_not() {
    let place = Place::new("log_format = \"pgbouncer\"\nlogfile = \"none/p.log\"\n");
    let (code, said) = place.fail(&[]);
    assert_eq!(code, Some(1));
    let expected = format!(
        "] FATAL Cannot open logfile: '{}': No such file or directory\n",
        place.path("none/p.log").display()
    );
    assert!(said.ends_with(&expected), "{said}");
    place.configure("log_format = \"pgbouncer\"\n", &[1]);
    let mut running = place.start(&[]);
    place.configure(
        "log_format = \"pgbouncer\"\nlogfile = \"none/p.log\"\n",
        &[1],
    );
    running.signal(Signal::SIGHUP);
    wait("told", || {
        place.text("stderr").contains("ERROR Cannot open logfile")
    });
    assert!(running.is_up());
}

const AS_PGBOUNCER: &str =
    "log_format = \"pgbouncer\"\nlogfile = \"p.log\"\nunix_socket_dir = \".\"\n";

/// What is said of connections. It needs a server.
#[test]
fn each_connection_has_its_lines() {
    let cluster = Cluster::start(&Options::default().replicas(0)).unwrap();
    let ports = [cluster.primary().port()];
    let place = Place::with_nodes(AS_PGBOUNCER, &ports);
    let mut running = place.start(&["-q"]);
    wait("ready", || place.psql("select 1").as_deref() == Ok("1"));
    each_client_has_its_lines(&place);
    one_who_is_refused_has_its_lines(&place);
    each_server_has_its_lines(&place, &running, ports[0]);
    running.end(Signal::SIGQUIT);
}

#[test]
fn options_switch_the_lines_of_connections_off() {
    let cluster = Cluster::start(&Options::default().replicas(0)).unwrap();
    let ports = [cluster.primary().port()];
    let off = "log_connections = false\nlog_disconnections = false\nlog_pooler_errors = false\n";
    let place = Place::with_nodes(AS_PGBOUNCER, &ports);
    let mut running = place.start(&["-q"]);
    wait("ready", || place.psql("select 1").as_deref() == Ok("1"));
    place.configure(&format!("{AS_PGBOUNCER}{off}"), &ports);
    running.signal(Signal::SIGHUP);
    wait("reloaded", || {
        place.text("p.log").contains("configuration reloaded")
    });
    let before = place.text("p.log").len();
    place.psql("select 1").unwrap();
    running.end(Signal::SIGTERM);
    let text = place.text("p.log").split_off(before);
    assert!(text.contains("got SIGTERM"), "{text}");
    assert!(!text.contains("-0x"), "{text}");
}

/// The log, once each client that has come has gone: psql does not wait to see its end.
fn log_when_all_have_left(place: &Place) -> String {
    let count = |text: &str, what: &str| {
        let lines = text.lines().filter(|line| line.contains(" LOG C-0x"));
        lines.filter(|line| line.contains(what)).count()
    };
    wait("left", || {
        let text = place.text("p.log");
        count(&text, "login attempt: ") == count(&text, "closing because: ")
    });
    place.text("p.log")
}

fn each_client_has_its_lines(place: &Place) {
    let before = log_when_all_have_left(place).len();
    place.psql("select 1").unwrap();
    let unix = format!("host={} port={}", place.folder.path().display(), place.port);
    place.psql_at(&unix, "select 1").unwrap();
    place.psql("select 1").unwrap();
    let text = log_when_all_have_left(place).split_off(before);
    let said = |what: &str| text.lines().filter(|line| line.contains(what)).count();
    let tcp = " postgres/postgres@127.0.0.1:";
    let attempt = "login attempt: db=postgres user=postgres tls=no replication=no";
    let left = "closing because: client close request (age=0s)";
    assert_eq!(said(attempt), 3, "{text}");
    assert_eq!(said(left), 3, "{text}");
    let is_of = |line: &&str, what: &str| line.contains(what) && line.contains("LOG C-0x");
    assert_eq!(
        text.lines()
            .filter(|l| is_of(l, tcp) && l.ends_with(left))
            .count(),
        2,
        "{text}"
    );
    let by_unix = " postgres/postgres@unix(";
    let port = format!("):{} {left}", place.port);
    assert_eq!(
        text.lines()
            .filter(|l| is_of(l, by_unix) && l.ends_with(&port))
            .count(),
        1,
        "{text}"
    );
}

fn one_who_is_refused_has_its_lines(place: &Place) {
    let before = place.text("p.log").len();
    let stranger = std::process::Command::new("psql")
        .args(["-X", "-d"])
        .arg(format!(
            "host=127.0.0.1 port={} user=mallory dbname=nosuch",
            place.port
        ))
        .output()
        .unwrap();
    assert!(!stranger.status.success());
    let text = place.text("p.log").split_off(before);
    let lines: Vec<_> = text
        .lines()
        .filter(|l| l.contains("(nodb)/mallory@127.0.0.1:"))
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    let expected = [
        "login attempt: db=nosuch user=mallory tls=no replication=no",
        "closing because: ",
        "pooler error: ",
    ];
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.contains(expected), "{line}");
    }
    assert!(lines[2].contains("] WARNING C-0x"), "{}", lines[2]);
}

fn each_server_has_its_lines(place: &Place, running: &Running, port: u16) {
    assert!(
        place
            .text("p.log")
            .contains("new connection to server (from 127.0.0.1:")
    );
    running.signal(Signal::SIGUSR1);
    let closed = format!(" postgres/postgres@127.0.0.1:{port} closing because: pause mode (age=");
    wait("closed", || place.text("p.log").contains(&closed));
    running.signal(Signal::SIGUSR2);
}
