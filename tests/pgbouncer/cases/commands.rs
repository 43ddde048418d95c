//! The console's commands.

use std::time::Duration;

use crate::cases::Case;
use crate::cases::case;
use crate::cases::file;
use crate::client::Login;
use crate::raw::message;
use crate::stage::File;
use crate::stage::Stage;

pub(crate) const CASES: &[Case] = &[
    case("words", words),
    case("pausing", pausing),
    case("disabling", disabling),
    case("killing", killing),
    case("reloading", reloading),
    case("users of the console", users),
];

/// Each as it is alone.
fn words(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust"));
    let mut console = stage.console();
    for text in [
        "show timezone",
        "show client_encoding",
        "show datestyle",
        "show standard_conforming_strings",
        "show default_transaction_isolation",
        "set datestyle='ISO'",
        "set client_encoding to 'UTF8'",
        "RELOAD",
        "reload;",
        "reload x",
        "",
        ";",
        "select 1",
        "show nosuch",
        "foo",
        "pause app",
        "pause app",
        "resume app",
        "resume app",
        "resume",
        "pause nosuch",
        "pause pgbouncer",
        "pause",
        "pause",
        "resume",
        "disable forced",
        "enable forced",
        "disable",
        "enable",
        "disable pgbouncer",
        "reconnect app",
        "reconnect",
        "reconnect pgbouncer",
        "wait_close app",
        "wait_close",
        "wait_close pgbouncer",
        "kill app",
        "resume app",
        "kill pgbouncer",
        "kill nosuch",
        "suspend",
        "suspend",
        "resume",
        "shutdown bogus",
        "show version; show version",
        "/* a */ show timezone",
        "pause \"app\"",
        "resume \"app\"",
        "pause 'app'",
    ] {
        stage.ask(&mut console, text);
    }
    let parse = message(b'P', b"\0show version\0\0\0");
    console.send(&[parse, message(b'S', b"")].concat());
    let heard = console.answer();
    stage.note("extended", heard);
}

/// Clients wait while their database is paused.
fn pausing(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\npool_mode = transaction"));
    let (mut console, mut client, mut busy) = (stage.console(), stage.app(), stage.app());
    stage.ask(&mut busy, "begin");
    console.begin("pause app");
    stage.note(
        "waits for the transaction",
        vec![console.is_silent(Duration::from_millis(500)).to_string()],
    );
    stage.ask(&mut busy, "commit");
    let heard = console.answer();
    stage.note("paused", heard);
    client.begin("select 1");
    stage.note(
        "waits",
        vec![client.is_silent(Duration::from_millis(500)).to_string()],
    );
    stage.ask(&mut console, "resume app");
    let heard = client.answer();
    stage.note("goes on", heard);
}

fn disabling(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\npool_mode = transaction"));
    let (mut console, mut client) = (stage.console(), stage.app());
    stage.ask(&mut console, "disable app");
    stage.ask(&mut client, "select 1");
    stage.log_in("refused", Login::default());
    stage.ask(&mut console, "enable app");
    stage.log_in("let in", Login::default());
}

fn killing(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust\npool_mode = transaction"));
    let (mut console, mut client, mut busy) = (stage.console(), stage.app(), stage.app());
    stage.ask(&mut busy, "begin");
    stage.ask(&mut console, "kill app");
    for (label, client) in [("idle", &mut client), ("busy", &mut busy)] {
        let heard = client.answer();
        stage.note(label, heard);
    }
    stage.ask(&mut console, "resume app");
    let mut client = stage.app();
    stage.ask(&mut client, "select 1");
}

/// A file with a fault changes nothing.
fn reloading(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust"));
    let mut console = stage.console();
    let mut client = stage.app();
    let more = "app = NODE dbname=app\nmore = NODE dbname=app";
    stage.write(File {
        databases: more,
        ..file("auth_type = trust")
    });
    stage.ask(&mut console, "reload");
    stage.log_in(
        "one more",
        Login {
            database: "more",
            ..Login::default()
        },
    );
    stage.write(File {
        databases: "",
        ..file("auth_type = trust\nfoo = 1")
    });
    stage.ask(&mut console, "reload");
    stage.ask(&mut client, "select 1");
    stage.log_in(
        "still there",
        Login {
            database: "more",
            ..Login::default()
        },
    );
    stage.write(File {
        secrets: "\"app\" \"wholly secret\"\n\"admin\" \"a\"\n",
        ..file("auth_type = plain")
    });
    stage.ask(&mut console, "reload");
    stage.log_in("asked for a password now", Login::default());
    stage.log_in(
        "gone",
        Login {
            user: "stats",
            password: "s",
            ..Login::default()
        },
    );
}

/// Who may do what.
fn users(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = trust"));
    let mut looker = stage.client(Login {
        user: "stats",
        database: "pgbouncer",
        ..Login::default()
    });
    for text in [
        "RELOAD",
        "pause",
        "SHUTDOWN",
        "kill app",
        "suspend",
        "resume",
        "disable app",
    ] {
        stage.ask(&mut looker, text);
    }
}
