//! The Python drivers, each with a small application of its own beside this file.

use std::path::Path;
use std::process::Command;

use pgsluice::demo::cluster;

use crate::Scene;
use crate::support::proxy::DATABASE;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::USER;

#[test]
fn psycopg() {
    check("psycopg_app.py", 260);
}

#[test]
fn asyncpg() {
    check("asyncpg_app.py", 280);
}

/// Runs an application in two parts, so that the replicas have all when it reads.
fn check(application: &str, reads: u64) {
    let mut scene = Scene::set();
    run(&scene, application, "write");
    scene.count_from_now();
    run(&scene, application, "read");
    let (_cluster, counts) = scene.counts();
    counts.check_reads(reads, 40);
}

fn run(scene: &Scene, application: &str, part: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join(".venv/bin/python");
    assert!(
        python.exists(),
        "`make test` makes .venv with the drivers, or: tools/setup test"
    );
    let mut python = Command::new(python);
    python
        .arg("-B")
        .arg(root.join("tests/clients").join(application))
        .args([
            part,
            &scene.proxy.port().to_string(),
            USER,
            PASSWORD,
            DATABASE,
        ]);
    let said = cluster::run(application, &mut python).expect("the application does its work");
    assert!(said.ends_with("done"), "{said}");
}
