//! Commands that do something, as clients and other consoles see it.

use std::time::Duration;

use crate::front;
use crate::raw::Raw;
use crate::stage::Front;
use crate::stage::cluster;
use crate::stage::is_refused;
use crate::stage::now;

/// Long enough to see that something does not happen.
const A_WHILE: Duration = Duration::from_millis(300);

#[test]
fn commands_do_what_pgbouncers_do() {
    let cluster = cluster(0);
    let databases = [
        ("app", ""),
        ("other", ""),
        ("whole", "pool_mode = \"session\""),
    ];
    let mut front = front(&cluster, "deeds", &databases);
    let mut root = Raw::log_in(front.port, "root").unwrap();
    words(&mut root, &mut Raw::log_in(front.port, "looker").unwrap());
    pause(&front, &mut root);
    pause_all(&front, &mut root);
    kill(&front, &mut root);
    kill_client(&front, &mut root);
    disable(&front, &mut root);
    reconnect(&front, &mut root);
    suspend(&front, &mut root);
    reload(&front, &mut root);
    shutdown(&mut front, root);
}

fn done(raw: &mut Raw, text: &str, tag: &str) {
    assert_eq!(raw.ask(text), [&*format!("C {tag}"), "Z I"], "{text}");
}

fn refused(raw: &mut Raw, text: &str, message: &str) {
    let error = format!("E SERROR C08P01 M{message}");
    assert_eq!(raw.ask(text), [&*error, "Z I"], "{text}");
}

fn words(root: &mut Raw, looker: &mut Raw) {
    for (text, message) in [
        ("pause nosuch", "no such database: nosuch"),
        ("kill nosuch", "no such database: nosuch"),
        ("reconnect nosuch", "no such database: nosuch"),
        ("wait_close nosuch", "no such database: nosuch"),
        ("disable nosuch", "no such database: nosuch"),
        ("resume nosuch", "no such database: nosuch"),
        ("pause pgbouncer", "cannot pause admin db: pgbouncer"),
        ("kill pgbouncer", "cannot kill admin db: pgbouncer"),
        (
            "reconnect pgbouncer",
            "cannot reconnect admin db: pgbouncer",
        ),
        ("wait_close pgbouncer", "cannot wait in admin db: pgbouncer"),
        ("disable pgbouncer", "cannot disable admin db: pgbouncer"),
        ("enable pgbouncer", "cannot disable admin db: pgbouncer"),
        ("resume pgbouncer", "database pgbouncer is not paused"),
        ("disable", "a database is required"),
        ("enable", "a database is required"),
        ("resume", "pooler is not paused/suspended"),
        ("resume app", "database app is not paused"),
        ("kill_client", "invalid client pointer supplied"),
        ("kill_client abc", "invalid client pointer supplied"),
        ("kill_client 99999", "client not found"),
    ] {
        refused(root, text, message);
    }
    for text in ["shutdown bogus", "reload x", "suspend x"] {
        let message = format!("invalid command '{text}', use SHOW HELP;");
        refused(root, text, &message);
        refused(looker, text, &message);
    }
    for text in [
        "pause",
        "pause app",
        "resume",
        "kill",
        "kill app",
        "suspend",
        "reconnect",
        "wait_close",
        "disable app",
        "enable app",
        "disable",
        "kill_client 1",
        "kill_client",
        "reload",
        "shutdown",
        "shutdown wait_for_clients",
    ] {
        refused(looker, text, "admin access needed");
    }
}

/// PAUSE of one database waits for its transactions, and for its sessions in session mode.
fn pause(front: &Front, root: &mut Raw) {
    for (database, end) in [("app", "commit"), ("whole", "")] {
        let inside = front.session(database);
        inside.sql("begin").unwrap();
        let mut pauser = Raw::log_in(front.port, "root").unwrap();
        pauser.begin(&format!("pause {database}"));
        assert!(pauser.is_silent(A_WHILE), "a transaction runs");
        inside.sql("select 1").unwrap();
        // Others go on, and a second one waits too.
        front.app("other", "select 1").unwrap();
        if end.is_empty() {
            inside.sql("commit").unwrap();
            assert!(pauser.is_silent(A_WHILE), "a session lasts");
            drop(inside);
        } else {
            inside.sql(end).unwrap();
        }
        assert_eq!(pauser.answer(), ["C PAUSE", "Z I"]);
        done(root, &format!("pause {database}"), "PAUSE");
        // Who comes now waits.
        let waiting = std::thread::scope(|scope| {
            let client = scope.spawn(|| front.app(database, "select 'served'"));
            std::thread::sleep(A_WHILE);
            assert!(!client.is_finished(), "{database} is paused");
            done(root, &format!("resume {database}"), "RESUME");
            client.join().unwrap()
        });
        assert_eq!(waiting.unwrap(), "served");
    }
}

/// PAUSE of all; whoever resumes ends the wait of whoever paused.
fn pause_all(front: &Front, root: &mut Raw) {
    done(root, "pause", "PAUSE");
    for text in ["pause", "pause app", "kill app", "suspend"] {
        refused(root, text, "already suspended/paused");
    }
    refused(root, "resume app", "database app is not paused");
    done(root, "resume", "RESUME");
    let inside = front.session("app");
    inside.sql("begin").unwrap();
    let mut pauser = Raw::log_in(front.port, "root").unwrap();
    pauser.begin("pause");
    assert!(pauser.is_silent(A_WHILE), "a transaction runs");
    done(root, "resume", "RESUME");
    let error = "E SERROR C08P01 Mpooler is not paused/suspended";
    assert_eq!(pauser.answer(), [error, "Z I"]);
    inside.sql("commit").unwrap();
    // One that leaves while it waits leaves it paused.
    inside.sql("begin").unwrap();
    pauser.begin("pause app");
    assert!(pauser.is_silent(A_WHILE), "a transaction runs");
    drop(pauser);
    inside.sql("commit").unwrap();
    done(root, "resume app", "RESUME");
}

fn kill(front: &Front, root: &mut Raw) {
    for (text, tag) in [("kill app", "app"), ("kill", "")] {
        let (idle, busy) = (front.session("app"), front.session("app"));
        let bystander = front.session("other");
        busy.sql("begin").unwrap();
        done(root, text, "KILL");
        assert_eq!(
            front.metric("pgsluice_pool_servers", &[("database", "app")]),
            0.0
        );
        for session in [idle, busy] {
            assert_eq!(session.ending(), "08P01 database removed");
        }
        let lives = bystander.sql("select 1");
        if tag.is_empty() {
            assert!(lives.is_err(), "all are killed");
        } else {
            assert_eq!(lives.unwrap(), "1");
        }
        let served = std::thread::scope(|scope| {
            let client = scope.spawn(|| front.app("app", "select 'served'"));
            std::thread::sleep(A_WHILE);
            assert!(!client.is_finished(), "it is paused");
            done(root, &format!("resume {tag}"), "RESUME");
            client.join().unwrap()
        });
        assert_eq!(served.unwrap(), "served");
    }
}

fn kill_client(front: &Front, root: &mut Raw) {
    let (first, second) = (front.session("app"), front.session("app"));
    second.sql("begin").unwrap();
    // Numbers are given in order; the last one logged in is the second.
    let last = front.logged("client logged in");
    assert!(0 < last);
    let newest = (1..200).rev().find(|id| {
        let said = root.ask(&format!("kill_client {id}"));
        said[0] == "C KILL_CLIENT"
    });
    assert!(newest.is_some());
    assert_eq!(second.ending(), "08P01 admin forced disconnect");
    assert_eq!(first.sql("select 1").unwrap(), "1");
}

fn disable(front: &Front, root: &mut Raw) {
    let before = front.session("app");
    done(root, "disable app", "DISABLE");
    let error = front.app("app", "select 1").unwrap_err();
    assert!(error.contains("database \"app\" is disabled"), "{error}");
    assert_eq!(before.sql("select 1").unwrap(), "1");
    front.app("other", "select 1").unwrap();
    done(root, "enable app", "ENABLE");
    front.app("app", "select 1").unwrap();
}

/// RECONNECT closes each server when it is released; WAIT_CLOSE waits for that.
fn reconnect(front: &Front, root: &mut Raw) {
    let session = front.session("app");
    let pid = session.sql("select pg_backend_pid()").unwrap();
    session.sql("begin").unwrap();
    assert_eq!(session.sql("select pg_backend_pid()").unwrap(), pid);
    done(root, "reconnect app", "RECONNECT");
    let mut waiter = Raw::log_in(front.port, "root").unwrap();
    waiter.begin("wait_close app");
    assert!(waiter.is_silent(A_WHILE), "the server is in use");
    done(root, "wait_close other", "WAIT_CLOSE");
    assert_eq!(session.sql("select pg_backend_pid()").unwrap(), pid);
    session.sql("commit").unwrap();
    assert_eq!(waiter.answer(), ["C WAIT_CLOSE", "Z I"]);
    assert_ne!(session.sql("select pg_backend_pid()").unwrap(), pid);
}

/// While it is suspended nobody is served, and nobody can connect; then all go on.
fn suspend(front: &Front, root: &mut Raw) {
    let (idle, within) = (front.session("app"), front.session("app"));
    within.sql("begin").unwrap();
    done(root, "pause other", "PAUSE");
    refused(root, "suspend", "cannot suspend with paused databases");
    done(root, "resume other", "RESUME");
    done(root, "suspend", "SUSPEND");
    refused(root, "suspend", "already suspended/paused");
    std::thread::scope(|scope| {
        let clients = [
            scope.spawn(|| idle.sql("select 1").unwrap()),
            scope.spawn(|| within.sql("select 1").unwrap()),
            scope.spawn(|| front.app("app", "select 1").unwrap()),
        ];
        std::thread::sleep(A_WHILE);
        assert!(clients.iter().all(|client| !client.is_finished()));
        done(root, "resume", "RESUME");
        for client in clients {
            assert_eq!(client.join().unwrap(), "1");
        }
    });
    within.sql("commit").unwrap();
}

fn reload(front: &Front, root: &mut Raw) {
    done(root, "reload", "RELOAD");
    front.write("nonsense = 1\n");
    let error = "E SERROR CF0000 MRELOAD failed, see logs for additional details";
    assert_eq!(root.ask("reload"), [error, "Z I"]);
    front.app("app", "select 1").unwrap();
}

/// The process waits for the last transaction, turns away those who come, and ends.
fn shutdown(front: &mut Front, mut root: Raw) {
    let (inside, idle) = (front.session("app"), front.session("app"));
    inside.sql("begin").unwrap();
    done(&mut root, "shutdown wait_for_servers", "SHUTDOWN");
    refused(&mut root, "resume", "pooler is shutting down");
    front.wait("closed", |front| is_refused(front.port));
    let error = idle.sql("select 1").unwrap_err();
    assert_eq!(error, "08P01 server shutting down");
    assert!(!front.program.has_ended());
    assert_eq!(inside.sql("select 1").unwrap(), "1");
    inside.sql("commit").unwrap();
    let began = now();
    front.wait("ended", |front| front.program.has_ended());
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn shutdown_is_at_once_or_when_the_last_client_has_left() {
    let cluster = cluster(0);
    let mut at_once = front(&cluster, "at_once", &[("app", "")]);
    let inside = at_once.session("app");
    inside.sql("begin").unwrap();
    let mut root = Raw::log_in(at_once.port, "root").unwrap();
    assert_eq!(root.ask("shutdown"), ["end"]);
    at_once.wait("ended", |front| front.program.has_ended());
    drop(inside);

    let mut patient = front(&cluster, "patient", &[("app", "")]);
    let client = patient.session("app");
    let mut root = Raw::log_in(patient.port, "root").unwrap();
    done(&mut root, "shutdown wait_for_clients", "SHUTDOWN");
    drop(root);
    patient.wait("closed", |front| is_refused(front.port));
    client.sql("select 1").unwrap();
    client.sql("begin").unwrap();
    client.sql("commit").unwrap();
    assert!(!patient.program.has_ended());
    drop(client);
    patient.wait("ended", |front| front.program.has_ended());
}
