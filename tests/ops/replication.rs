//! Clients that replicate: PostgreSQL's own programs, through the proxy.

use std::fs;
use std::process::Command;
use std::process::Output;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::binaries::Binaries;
use pgsluice::demo::cluster::options::Login;
use pgsluice::demo::cluster::options::Options;

use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::main_cluster;
use crate::stage::user_app;

/// Whether a replica answers.
const IS_REPLICA: &str = "select pg_is_in_recovery()";

fn start(pool_size: u32) -> (Cluster, Front) {
    let options = Options::default().login(Login::Scram).replicas(1);
    let cluster = Cluster::start(&options.set("wal_level", "logical")).unwrap();
    let primary = cluster.primary();
    let role = format!("create role app login replication password '{PASSWORD}'");
    primary.psql(&role).unwrap();
    primary.psql("create database app owner app").unwrap();
    cluster.catch_up(0).unwrap();
    // The nodes have no database of the second name: for physical replication none is used.
    let text = format!(
        "log_format = \"pgbouncer\"\ndefault_pool_size = {pool_size}\nquery_wait_timeout = \"2s\"\nadmin_users = [\"app\"]\n\
         {}[databases.app]\ncluster = \"main\"\n[databases.replication]\ncluster = \"main\"\n{}",
        main_cluster(&cluster),
        user_app()
    );
    let front = Front::ready(&cluster, "front", &text);
    (cluster, front)
}

fn ask(front: &Front, kind: &str, sql: &str) -> Result<String, String> {
    let conninfo = format!("{} replication={kind}", front.conninfo("app", "app"));
    front.psql(&conninfo, PASSWORD, sql)
}

fn command(name: &str, front: &Front, arguments: &[&str]) -> Command {
    let mut command = Binaries::find().unwrap().command(name);
    command
        .args(["-h", "127.0.0.1", "-U", "app", "-w", "-p"])
        .arg(front.port.to_string())
        .args(arguments)
        .env("PGPASSWORD", PASSWORD);
    command
}

fn run(name: &str, front: &Front, arguments: &[&str]) -> Output {
    let output = command(name, front, arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {said}\n{}", front.log());
    output
}

/// How many servers replicate as `app`.
fn senders(cluster: &Cluster) -> String {
    let count = "select count(*) from pg_stat_activity \
                 where backend_type = 'walsender' and usename = 'app'";
    cluster.primary().psql(count).unwrap()
}

#[test]
fn postgresqls_programs_replicate() {
    let (cluster, mut front) = start(5);
    for (kind, answer) in [("true", false), ("on", false), ("database", true)] {
        let system = ask(&front, kind, "IDENTIFY_SYSTEM").unwrap();
        assert_eq!(system.ends_with("|app"), answer, "{kind}: {system}");
        assert_eq!(system.split('|').count(), 4, "{kind}: {system}");
    }
    assert_eq!(ask(&front, "database", IS_REPLICA).as_deref(), Ok("f"));
    assert!(ask(&front, "false", "IDENTIFY_SYSTEM").is_err());
    let wrong = ask(&front, "nonsense", "select 1").unwrap_err();
    assert!(
        wrong.contains("invalid value for parameter \"replication\""),
        "{wrong}"
    );
    for said in ["replication=yes", "replication=database", "replication=no"] {
        assert_ne!(front.logged(said), 0, "{said}:\n{}", front.log());
    }
    physical(&cluster, &front);
    logical(&cluster, &front);
    front.wait("left alone", |_| senders(&cluster) == "0");
    let left = "replication client was closed";
    assert_ne!(front.logged(left), 0, "{}", front.log());
    assert_eq!(front.app("app", "select 1").as_deref(), Ok("1"));
}

/// Writes something, so that nobody waits for a keepalive to learn that the end was reached.
fn go_on(cluster: &Cluster) {
    let write = "select pg_logical_emit_message(false, 'on', 'and on')";
    cluster.primary().psql(write).unwrap();
}

fn physical(cluster: &Cluster, front: &Front) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let backup = at("backup");
    run(
        "pg_basebackup",
        front,
        &["-D", &backup, "-X", "stream", "-c", "fast"],
    );
    let verified = Binaries::find()
        .unwrap()
        .command("pg_verifybackup")
        .arg(&backup)
        .output();
    let verified = verified.unwrap();
    assert!(verified.status.success(), "{verified:?}");
    fs::create_dir(at("wal")).unwrap();
    let primary = cluster.primary();
    let insert = "create table rows as select generate_series(1, 100000) as a";
    primary.psql_in("app", insert).unwrap();
    let end = primary.psql("select pg_current_wal_lsn()").unwrap();
    go_on(cluster);
    run(
        "pg_receivewal",
        front,
        &["-D", &at("wal"), "-n", "-E", &end],
    );
    assert_ne!(fs::read_dir(at("wal")).unwrap().count(), 0);
}

fn logical(cluster: &Cluster, front: &Front) {
    let slot = ["-d", "app", "-S", "through"];
    let make = ["--create-slot", "-P", "test_decoding"];
    run("pg_recvlogical", front, &[&slot[..], &make].concat());
    let primary = cluster.primary();
    primary
        .psql_in("app", "create table seen (a text)")
        .unwrap();
    // One row that is longer than any buffer.
    let insert = "insert into seen values ('short'), (repeat('long', 1000000))";
    primary.psql_in("app", insert).unwrap();
    let end = primary.psql("select pg_current_wal_lsn()").unwrap();
    go_on(cluster);
    let follow = ["--start", "-n", "-f", "-", "-E", &end];
    let output = run("pg_recvlogical", front, &[&slot[..], &follow].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("INSERT: a[text]:'short'"), "{}", text.len());
    assert!(text.contains(&"long".repeat(1_000_000)), "{}", text.len());
    run(
        "pg_recvlogical",
        front,
        &[&slot[..], &["--drop-slot"]].concat(),
    );
}

#[test]
fn who_replicates_has_a_server_of_the_pool() {
    let (cluster, mut front) = start(1);
    // One that is idle makes room.
    assert_eq!(front.app("app", "select 1").as_deref(), Ok("1"));
    let slot = ["-d", "app", "-S", "held"];
    let make = [
        "--create-slot",
        "-P",
        "test_decoding",
        "--start",
        "-n",
        "-f",
        "-",
    ];
    let mut follower = command("pg_recvlogical", &front, &[&slot[..], &make].concat());
    let mut follower = cluster.spawn("follower", &mut follower).unwrap();
    front.wait("followed", |_| senders(&cluster) == "1");
    for refused in [
        ask(&front, "database", "select 1"),
        front.app("app", "insert"),
    ] {
        let refused = refused.unwrap_err();
        assert!(refused.contains("query_wait_timeout"), "{refused}");
    }
    let console = front.conninfo("app", "pgsluice");
    for show in ["show clients", "show servers"] {
        let shown = front.psql(&console, PASSWORD, show).unwrap();
        assert_eq!(
            shown.matches("|logical|active|").count(),
            1,
            "{show}: {shown}"
        );
    }
    // It is never between two transactions, and does not hold up the end.
    let left = front.program.end(Duration::from_secs(20));
    assert!(left, "{}", front.log());
    for _ in 0..500 {
        if follower.has_ended() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let said = follower.output();
    assert!(
        follower.has_ended() && said.contains("administrator command"),
        "{said}"
    );
}
