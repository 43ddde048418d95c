use std::fs;
use std::process::Command;
use std::process::Stdio;

use crate::demo::cluster::Cluster;
use crate::demo::cluster::free_ports;
use crate::demo::cluster::last_lines;
use crate::demo::cluster::options::Login;
use crate::demo::cluster::options::Options;

#[test]
fn last_lines_takes_the_end() {
    assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
    assert_eq!(last_lines("a", 2), "a");
    assert_eq!(last_lines("", 2), "");
}

#[test]
fn free_ports_are_distinct() {
    let mut ports = free_ports(50).unwrap();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 50);
}

#[test]
fn a_cluster_replicates_survives_a_kill_and_leaves_nothing() {
    let cluster = Cluster::start(&Options::default().replicas(1).login(Login::Scram)).unwrap();
    let folder = cluster.folder().to_owned();
    let (primary, replica) = (cluster.primary(), cluster.node(1));
    primary.psql("create table t as select 1 as a").unwrap();
    cluster.catch_up(0).unwrap();
    assert_eq!(replica.psql("select a from t").unwrap(), "1");
    assert!(replica.psql("insert into t values (2)").is_err());

    replica.pause_replay().unwrap();
    primary.psql("insert into t values (2)").unwrap();
    assert_eq!(replica.psql("select count(*) from t").unwrap(), "1");
    replica.resume_replay().unwrap();
    cluster.catch_up(0).unwrap();
    assert_eq!(replica.psql("select count(*) from t").unwrap(), "2");

    replica.kill();
    assert!(replica.psql("select 1").is_err());
    replica.start().unwrap();
    assert_eq!(replica.psql("select count(*) from t").unwrap(), "2");

    primary.kill();
    replica.promote().unwrap();
    replica.psql("insert into t values (3)").unwrap();
    let pids = [replica.pid()];
    drop(cluster);
    assert!(!folder.exists());
    for pid in pids.into_iter().flatten() {
        assert!(!fs::exists(format!("/proc/{pid}")).unwrap());
    }
}

#[test]
fn scram_over_tcp_wants_the_password() {
    let cluster = Cluster::start(&Options::default().replicas(0).login(Login::Scram)).unwrap();
    let port = cluster.primary().port().to_string();
    let ask = |password: &str| {
        let mut psql: Command = cluster.program("psql");
        psql.args([
            "-XAtqw",
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-U",
            "postgres",
            "-c",
            "select 1",
        ])
        .env("PGPASSWORD", password)
        .stdin(Stdio::null());
        psql.output().unwrap().status.success()
    };
    assert!(ask("postgres"));
    assert!(!ask("wrong"));
}

#[test]
fn the_watchdog_ends_what_its_dead_parent_left() {
    let mut cluster = Cluster::start(&Options::default().replicas(1)).unwrap();
    let folder = cluster.folder().to_owned();
    let pids: Vec<_> = cluster.nodes().iter().filter_map(|n| n.pid()).collect();
    cluster.node(1).freeze();
    // As after a SIGKILL of this process: nobody stops the nodes, and the pipe closes.
    for node in &mut cluster.nodes {
        node.let_go();
    }
    drop(cluster);
    assert!(!folder.exists());
    assert_eq!(pids.len(), 2);
    for pid in pids {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Ours to reap, so they may still be there as zombies.
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
    }
}
