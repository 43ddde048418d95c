//! pgbench in its three protocol modes.

use std::process::Command;

use pgsluice::demo::cluster;

use crate::Scene;
use crate::support::proxy::DATABASE;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::USER;

#[test]
fn pgbench_simple() {
    check("simple");
}

#[test]
fn pgbench_extended() {
    check("extended");
}

#[test]
fn pgbench_prepared() {
    check("prepared");
}

/// Its tables are made through the proxy; 200 transactions write, 2,000 read.
fn check(mode: &str) {
    let mut scene = Scene::set();
    run(&scene, &["-i", "-q", "-s", "1"]);
    run(
        &scene,
        &["-n", "-M", mode, "-c", "4", "-t", "50", "-b", "tpcb-like"],
    );
    scene.count_from_now();
    let said = run(
        &scene,
        &[
            "-n",
            "-M",
            mode,
            "-c",
            "16",
            "-t",
            "125",
            "-b",
            "select-only",
        ],
    );
    assert!(
        said.contains("transactions actually processed: 2000/2000"),
        "{said}"
    );
    let (cluster, counts) = scene.counts();
    counts.check_reads(2_000, 100);
    counts.check_spread();
    let sql = "select count(*), sum(delta) = (select sum(abalance) from pgbench_accounts), \
               sum(delta) = (select sum(bbalance) from pgbench_branches) from pgbench_history";
    let sums = cluster
        .primary()
        .psql_in(DATABASE, sql)
        .expect("it answers");
    assert_eq!(sums, "200|t|t");
}

fn run(scene: &Scene, arguments: &[&str]) -> String {
    let mut pgbench: Command = scene.cluster.program("pgbench");
    pgbench
        .args(arguments)
        .args(["-h", "127.0.0.1", "-p", &scene.proxy.port().to_string()])
        .args(["-U", USER, DATABASE])
        .env("PGPASSWORD", PASSWORD);
    cluster::run("pgbench", &mut pgbench).expect("pgbench does its work")
}
