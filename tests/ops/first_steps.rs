//! What goes wrong for one who starts it for the first time, and what is said then.

use std::fs;
use std::process::Command;
use std::process::Output;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::free_ports;
use pgsluice::demo::cluster::node::Stop;

use crate::stage::Front;
use crate::stage::cluster;
use crate::stage::cluster_of;
use crate::stage::main_cluster;
use crate::stage::user_app;

const APP: &str = "[databases.app]\ncluster = \"main\"\n";

fn run(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pgsluice"))
        .args(words)
        .output()
        .expect("it starts")
}

#[test]
fn a_typo_is_said_with_file_line_and_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    let text = "max_client_con = 5\n[clusters.main]\nnodes = [\"localhost\"]\nstrategy = \"fast\"\n\
                [databases.app]\ncluster = \"mian\"\n";
    fs::write(&file, text).unwrap();
    for command in ["check", "run"] {
        let output = run(&[command, file.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success());
        for part in [
            "my.toml:1",
            "max_client_con",
            "max_client_conn",
            "my.toml:4",
            "adaptive",
            "my.toml:6",
            "mian",
        ] {
            assert!(
                said.contains(part),
                "{command}: {part} is not said:\n{said}"
            );
        }
    }
    let output = run(&["check", "/nonexistent/file.toml"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nonexistent/file.toml"));
}

#[test]
fn trouble_at_the_start_is_said_once_and_heals() {
    let cluster = cluster(1);
    a_taken_port(&cluster);
    nobody_there(&cluster);
    wrong_monitor_password(&cluster);
}

fn a_taken_port(cluster: &pgsluice::demo::cluster::Cluster) {
    let config = format!("{}{APP}{}", main_cluster(cluster), user_app());
    let first = Front::ready(cluster, "first", &config);
    let file = cluster.folder().join("second.toml");
    let ports = free_ports(1).unwrap();
    let text = format!(
        "listen_addr = \"127.0.0.1\"\nlisten_port = {}\nhttp_listen = \"127.0.0.1:{}\"\n{config}",
        first.port, ports[0]
    );
    fs::write(&file, text).unwrap();
    let output = run(&["run", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    let at = format!("could not listen on 127.0.0.1:{}", first.port);
    assert!(said.contains(&at) && said.contains("in use"), "{said}");
}

/// PostgreSQL is down, and one address is wrong for good.
fn nobody_there(cluster: &pgsluice::demo::cluster::Cluster) {
    let wrong = free_ports(1).unwrap()[0];
    for node in cluster.nodes() {
        node.stop(Stop::Fast).unwrap();
    }
    let ports = [cluster.node(0).port(), cluster.node(1).port(), wrong];
    let config = format!(
        "{}{APP}query_wait_timeout = \"500ms\"\n{}",
        cluster_of(&ports),
        user_app()
    );
    let mut front = Front::start(cluster, "nobody", &config);
    let refused = front.app("app", "select 1").unwrap_err();
    assert!(refused.contains("no node is available"), "{refused}");
    thread::sleep(Duration::from_secs(2));
    for port in ports {
        let node = format!("127.0.0.1:{port}");
        let lines = front.log();
        let about = lines
            .lines()
            .filter(|l| l.contains(&node) && (l.contains("WARN") || l.contains("ERROR")));
        let count = about.count();
        assert!(
            (1..=2).contains(&count),
            "{count} lines about {node}:\n{lines}"
        );
    }
    for node in cluster.nodes() {
        node.start().unwrap();
    }
    front.wait_ready();
    front.wait("served", |front| front.app("app", "begin; commit").is_ok());
}

fn wrong_monitor_password(cluster: &pgsluice::demo::cluster::Cluster) {
    let monitor = main_cluster(cluster).replace(
        "monitor_password = \"postgres\"",
        "monitor_password = \"forgotten\"",
    );
    let config = format!(
        "{monitor}{APP}query_wait_timeout = \"500ms\"\n{}",
        user_app()
    );
    let mut front = Front::start(cluster, "monitor", &config);
    front.wait("said", |front| {
        0 < front.logged("password authentication failed for user \"postgres\"")
    });
    thread::sleep(Duration::from_secs(2));
    let log = front.log();
    let count = front.logged("password authentication failed");
    assert!(count <= 2 * cluster.nodes().len(), "{count} lines:\n{log}");
    assert!(!log.contains("forgotten"), "{log}");
    front.reload(&format!("{}{APP}{}", main_cluster(cluster), user_app()));
    front.wait_ready();
    front.app("app", "begin; commit").unwrap();
}
