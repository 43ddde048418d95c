//! What a client finds on the servers that it gets.

use crate::cases::Case;
use crate::cases::case;
use crate::cases::file;
use crate::cases::since;
use crate::client::Login;
use crate::raw::message;
use crate::stage::File;
use crate::stage::Stage;

pub(crate) const CASES: &[Case] = &[
    case("session", session),
    case("transaction", transaction),
    case("statement", statement),
    since((1, 21), "prepared", prepared),
    case("a server that dies", dies),
    case("connect_query", connect_query),
    case("per user", per_user),
];

fn session(stage: &mut Stage<'_>) {
    stage.start(file(
        "auth_type = trust\npool_mode = session\ndefault_pool_size = 1",
    ));
    let mut client = stage.app();
    for sql in [
        "set work_mem = '5MB'",
        "create temp table mine (a int)",
        "select 1; select 2",
        "select nonsense",
        "begin",
        "select nonsense",
        "select 1",
        "rollback",
        "listen news",
        "notify news, 'hello'",
        "copy (select 1) to stdout",
        "",
        "show work_mem",
    ] {
        stage.ask(&mut client, sql);
    }
    drop(client);
    let mut client = stage.app();
    stage.ask(&mut client, "show work_mem");
    stage.ask(&mut client, "select to_regclass('pg_temp.mine') is null");
}

fn transaction(stage: &mut Stage<'_>) {
    stage.start(file(
        "auth_type = trust\npool_mode = transaction\ndefault_pool_size = 1",
    ));
    let mut client = stage.app();
    for sql in [
        "select 1",
        "begin; select 1; commit",
        "begin",
        "select nonsense",
        "commit",
        "set timezone = 'Europe/Oslo'",
        "set datestyle = 'German'",
        "select now() is not null",
    ] {
        stage.ask(&mut client, sql);
    }
    let mut other = stage.app();
    stage.ask(&mut other, "show timezone");
    stage.ask(&mut client, "show timezone");
}

fn statement(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\npool_mode = statement"));
    let mut client = stage.app();
    stage.ask(&mut client, "select 1");
    stage.ask(&mut client, "begin");
    let mut client = stage.app();
    stage.ask(&mut client, "begin; select 1; commit");
}

fn prepared(stage: &mut Stage<'_>) {
    stage.start(file(
        "auth_type = trust\npool_mode = transaction\nmax_prepared_statements = 10",
    ));
    let (sync, parse) = (message(b'S', b""), b"s1\0select $1::int + 1\0\0\0");
    let bind = message(b'B', b"\0s1\0\0\0\0\x01\0\0\0\x015\0\0");
    for (label, bytes) in [
        ("describe", message(b'D', b"Ss1\0")),
        ("bind", bind.clone()),
        ("close", message(b'C', b"Ss1\0")),
        ("gone", [message(b'C', b"Ss1\0"), bind].concat()),
        ("unknown", message(b'B', b"\0s2\0\0\0\0\0\0\0")),
        ("wrong", message(b'P', b"s3\0selec\0\0\0")),
        ("again", message(b'P', b"s1\0select 1\0\0\0")),
    ] {
        // Each by a client of its own: PgBouncer closes some.
        let mut client = stage.app();
        client.send(&[message(b'P', parse), sync.clone()].concat());
        let heard = client.answer();
        stage.note("parse", heard);
        client.send(&[bytes, sync.clone()].concat());
        let heard = client.answer();
        stage.note(label, heard);
    }
}

/// In the middle of a transaction, and between two.
fn dies(stage: &mut Stage<'_>) {
    stage.start(file(
        "auth_type = trust\npool_mode = transaction\ndefault_pool_size = 1",
    ));
    let mut client = stage.app();
    let name = if stage.is_ours() {
        "dies-ours"
    } else {
        "dies-theirs"
    };
    client.ask(&format!("set application_name = '{name}'"));
    stage.ask(&mut client, "begin");
    let kill = format!(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = '{name}'"
    );
    let killed = stage.cluster.primary().psql(&kill).expect("it is told");
    stage.note("killed", vec![killed]);
    let heard = client.answer();
    stage.note("told", heard);
    let mut client = stage.app();
    stage.ask(&mut client, "select 1");
}

fn connect_query(stage: &mut Stage<'_>) {
    stage.start(File {
        databases: "app = NODE connect_query='set work_mem=\"7MB\"'\n\
                    forced = NODE dbname=app user=app connect_query='nonsense'",
        ..file("auth_type = trust")
    });
    let mut client = stage.app();
    stage.ask(&mut client, "show work_mem");
    let mut client = stage.client(Login {
        database: "forced",
        ..Login::default()
    });
    stage.ask(&mut client, "select 1");
}

fn per_user(stage: &mut Stage<'_>) {
    stage.start(File {
        users: "app = pool_mode=statement max_user_connections=3",
        ..file("auth_type = trust\npool_mode = session")
    });
    let mut client = stage.app();
    stage.ask(&mut client, "begin");
}
