//! A pgbouncer.ini as it is, with the words that split, and with a fault.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::free_ports;
use pgsluice::demo::cluster::node::Node;
use pgsluice::demo::cluster::program::Program;

use crate::support::proxy::DATABASE;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::USER;
use crate::support::proxy::cluster_with_app;

/// The proxy with a pgbouncer.ini.
struct Served<'c> {
    cluster: &'c Cluster,
    program: Program,
    port: u16,
}

impl<'c> Served<'c> {
    /// Starts one; `databases` and `pgbouncer` are lines of these sections.
    fn start(cluster: &'c Cluster, databases: &str, pgbouncer: &str) -> Self {
        let port = free_ports(1).expect("a port")[0];
        let folder = cluster.folder();
        let users = folder.join(format!("users-{port}.txt"));
        fs::write(&users, format!("\"{USER}\" \"{PASSWORD}\"\n")).expect("users");
        let text = format!(
            "[databases]\n{databases}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir = {}\nauth_type = scram-sha-256\nrunning_as_root = warn\nauth_file = {}\n{pgbouncer}\n",
            folder.display(),
            users.display(),
        );
        let file = write(cluster, &format!("pgbouncer-{port}.ini"), &text);
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsluice"));
        command.arg(&file);
        let name = format!("ini-{port}");
        let program = cluster.spawn(&name, &mut command).expect("it starts");
        let mut served = Self {
            cluster,
            program,
            port,
        };
        served.wait_ready();
        served
    }

    /// What psql prints for `sql` through it, at a host or in a folder.
    fn psql(&self, host: &str, sql: &str) -> Result<String, String> {
        let mut command = self.cluster.program("psql");
        command
            .args(["-X", "-At", "-h", host, "-p", &self.port.to_string()])
            .args(["-U", USER, "-d", DATABASE, "-c", sql])
            .env("PGPASSWORD", PASSWORD)
            .env("PGCONNECT_TIMEOUT", "5");
        let output = command.output().expect("psql runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    }

    fn wait_ready(&mut self) {
        let mut last = Err("not tried".to_owned());
        for _ in 0..300 {
            assert!(!self.program.has_ended(), "{}", self.program.output());
            last = self.psql("127.0.0.1", "select 1");
            if last.is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("{last:?}:\n{}", self.program.output());
    }
}

fn write(cluster: &Cluster, name: &str, text: &str) -> PathBuf {
    let file = cluster.folder().join(name);
    fs::write(&file, text).expect("a file");
    file
}

#[test]
fn a_file_serves_as_it_is() {
    let cluster = cluster_with_app();
    let port = cluster.primary().port();
    let databases = format!("* = host=127.0.0.1 port={port}");
    let served = Served::start(&cluster, &databases, "pool_mode = transaction");
    let folder = cluster.folder().display().to_string();
    for host in ["127.0.0.1", folder.as_str()] {
        let sql = "create temp table t (i int); select current_user || ' ' || current_database()";
        let printed = served.psql(host, sql).expect("an answer");
        assert_eq!(printed, "CREATE TABLE\napp app", "at {host}");
    }
    // All goes to the one host that is named.
    let sql = "select inet_server_port(), pg_is_in_recovery()";
    assert_eq!(served.psql("127.0.0.1", sql), Ok(format!("{port}|f")));
}

#[test]
fn two_words_send_reads_to_replicas() {
    let cluster = cluster_with_app();
    let made = cluster.primary().psql_in(
        DATABASE,
        "create function on_replica() returns bool language sql stable as 'select pg_is_in_recovery()'",
    );
    made.expect("a function");
    cluster.catch_up(0).expect("the replicas follow");
    let nodes = cluster.nodes().iter().map(Node::port);
    let nodes: Vec<_> = nodes.map(|port| format!("127.0.0.1:{port}")).collect();
    let databases = format!("app = nodes={} read_write_split=1", nodes.join(","));
    let monitor = "pool_mode=transaction\nmonitor_user=postgres\nmonitor_password=postgres";
    let served = Served::start(&cluster, &databases, monitor);
    let mut was_on_replica = false;
    for _ in 0..100 {
        was_on_replica |= served.psql("127.0.0.1", "select on_replica()") == Ok("t".to_owned());
        if was_on_replica {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    assert!(was_on_replica, "{}", served.program.output());
    let written = served.psql("127.0.0.1", "create table written as select 1 as i");
    assert_eq!(written, Ok("SELECT 1".to_owned()));
}

#[test]
fn faults_end_it_in_pgbouncers_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bad.ini");
    fs::write(&file, "[pgbouncer]\nfoo = 1\nlisten_port = x\n").expect("a file");
    let run = |file: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsluice"));
        let output = command.arg(file).output().expect("it runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let file = file.display().to_string();
    let (code, said) = run(&file);
    assert_eq!(code, Some(1), "{said}");
    for expected in [
        "] ERROR unknown parameter: pgbouncer/foo".to_owned(),
        format!("] ERROR invalid value \"1\" for parameter foo in configuration ({file}:2)"),
        format!("invalid value \"x\" for parameter listen_port in configuration ({file}:3)"),
        "] FATAL cannot load config file".to_owned(),
    ] {
        assert!(said.contains(&expected), "{expected} is not in:\n{said}");
    }
    let (code, said) = run("/nonexistent.ini");
    assert_eq!(code, Some(1), "{said}");
    let expected = "could not load file \"/nonexistent.ini\": No such file or directory";
    assert!(said.contains(expected), "{said}");
}
