//! How people cancel: Ctrl-C in psql, a thread with psycopg.

use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::Scene;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::USER;
use crate::wait;

const SAID: &str = "canceling statement due to user request";

#[test]
fn ctrl_c_in_psql() {
    let scene = Scene::set("", "");
    let mut console = scene.console();
    let mut psql = Command::new("psql")
        .args([
            "-X",
            "-d",
            &scene.proxy.conninfo(),
            "-c",
            "select pg_sleep(60)",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait("active", || {
        console.q("show pools").contains("D(app|app|1|0|0|0|1|")
    });
    kill(
        Pid::from_raw(i32::try_from(psql.id()).unwrap()),
        Signal::SIGINT,
    )
    .unwrap();
    wait("gone", || psql.try_wait().unwrap().is_some());
    let said = psql.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains(SAID), "{said}");
}

#[test]
fn psycopg() {
    let scene = Scene::set("", "");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join(".venv/bin/python");
    assert!(
        python.exists(),
        "`make test` makes .venv with the drivers, or: tools/setup test"
    );
    let said = Command::new(python)
        .args(["-B", "-c", PROGRAM, &scene.proxy.conninfo()])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&said.stderr);
    let said = String::from_utf8_lossy(&said.stdout);
    let line = format!("{USER}: {SAID}\n");
    assert_eq!(said, format!("{line}{line}(1,)\n"), "{errors}");
    assert!(!errors.contains(PASSWORD));
}

const PROGRAM: &str = "\
import sys, threading, psycopg
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    for cancel in (connection.cancel, connection.cancel_safe):
        timer = threading.Timer(0.5, cancel)
        timer.start()
        try:
            connection.execute('select pg_sleep(60)')
        except psycopg.errors.QueryCanceled as error:
            print(connection.info.user + ': ' + str(error).splitlines()[0])
        timer.join()
    print(connection.execute('select 1').fetchone())
";
