//! Options that those who come from PgBouncer may have set.

use std::fs;

use pgsluice::demo::cluster::binaries::Binaries;

use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::user_app;

#[test]
fn options_of_pgbouncers_that_few_set() {
    let cluster = cluster(0);
    let rest = format!("{}{}", main_cluster(&cluster), user_app());
    simple_queries_are_refused(&Front::ready(
        &cluster,
        "extended",
        &format!("disable_pqexec = true\n{rest}[databases.app]\ncluster = \"main\"\n"),
    ));
    let text = format!(
        "autodb_idle_timeout = \"1s\"\nserver_idle_timeout = \"1s\"\nadmin_users = [\"app\"]\n\
         {rest}[databases.\"*\"]\ncluster = \"main\"\n"
    );
    databases_are_forgotten(&mut Front::ready(&cluster, "auto", &text));
    let second = cluster.folder().join("second.toml");
    let first = format!("conffile = \"second.toml\"\n{text}");
    let mut front = Front::ready(&cluster, "conffile", &first);
    let written = fs::read_to_string(cluster.folder().join("conffile.toml")).unwrap();
    let head = written.split("conffile").next().unwrap();
    let named = |name: &str| {
        format!("{head}{rest}[databases.{name}]\ncluster = \"main\"\ndbname = \"app\"\n")
    };
    for (name, other) in [("one", "two"), ("two", "one")] {
        fs::write(&second, named(name)).unwrap();
        front.reload(&first);
        assert_eq!(
            front.app(name, "select 1").as_deref(),
            Ok("1"),
            "{}",
            front.log()
        );
        let refused = front.app(other, "select 1").unwrap_err();
        assert!(refused.contains("no such database"), "{refused}");
    }
}

fn simple_queries_are_refused(front: &Front) {
    let refused = front.app("app", "select 1").unwrap_err();
    assert!(refused.contains("FATAL:  PQexec disallowed"), "{refused}");
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("one.sql");
    fs::write(&script, "select 1;\n").unwrap();
    for (mode, is_served) in [("extended", true), ("prepared", true), ("simple", false)] {
        let mut bench = Binaries::find().unwrap().command("pgbench");
        bench.args([
            "-n",
            "-h",
            "127.0.0.1",
            "-U",
            "app",
            "-t",
            "1",
            "-M",
            mode,
            "-p",
        ]);
        bench.arg(front.port.to_string()).arg("-f").arg(&script);
        let output = bench
            .arg("app")
            .env("PGPASSWORD", PASSWORD)
            .output()
            .unwrap();
        assert_eq!(output.status.success(), is_served, "{mode}: {output:?}");
    }
}

/// Of a database for which `*` stands nothing is left when nobody uses it.
fn databases_are_forgotten(front: &mut Front) {
    let console = front.conninfo("app", "pgsluice");
    let names = |front: &Front| {
        let shown = front.psql(&console, PASSWORD, "show databases").unwrap();
        shown
            .lines()
            .filter(|line| line.starts_with("app|"))
            .count()
    };
    for round in 1..=2 {
        let kept = front.session("app");
        assert_eq!(kept.sql("select 1").as_deref(), Ok("1"));
        assert_eq!(names(front), 1);
        drop(kept);
        front.wait("forgotten", |front| {
            front.logged("a database that nobody uses is forgotten") == round
        });
        assert_eq!(names(front), 0);
    }
}
