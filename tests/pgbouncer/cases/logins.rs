//! Who is let in, and what others are told.

use std::fs;

use crate::cases::Case;
use crate::cases::case;
use crate::cases::file;
use crate::client::Login;
use crate::stage::File;
use crate::stage::Stage;
use crate::support::proxy::PASSWORD;

pub(crate) const CASES: &[Case] = &[
    case("trust", |stage| all(stage, "trust")),
    case("plain", |stage| all(stage, "plain")),
    case("md5", |stage| all(stage, "md5")),
    case("scram-sha-256", |stage| all(stage, "scram-sha-256")),
    case("any", any),
    case("hba", hba),
    case("secrets of all kinds", secrets),
    case("parameters", parameters),
    case("users that are looked up", lookup),
];

/// Right and wrong ones.
fn all(stage: &mut Stage<'_>, auth_type: &str) {
    stage.start(file(&format!("auth_type = {auth_type}")));
    let right = Login::default();
    if let Some(mut client) = stage.log_in("right", right) {
        stage.ask(&mut client, "select current_user, current_database()");
    }
    for (label, user, password, database) in [
        ("a wrong password", "app", "wrong", "app"),
        ("no password", "app", "", "app"),
        ("an unknown user", "nobody", PASSWORD, "app"),
        ("a database of the server", "app", PASSWORD, "nosuch"),
        ("a forced user", "stats", "s", "forced"),
        ("console, admin", "admin", "a", "pgbouncer"),
        ("console, stats", "stats", "s", "pgbouncer"),
        ("console, other", "app", PASSWORD, "pgbouncer"),
        ("console, wrong", "admin", "wrong", "pgbouncer"),
        ("console, unknown", "nobody", "x", "pgbouncer"),
    ] {
        stage.log_in(label, Login::new(user, password, database));
    }
    stage.write(File {
        databases: "app = NODE",
        ..file(&format!("auth_type = {auth_type}"))
    });
    stage.console().ask("RELOAD");
    for (label, user, password) in [
        ("a database that is gone", "app", PASSWORD),
        ("it, and a wrong password", "app", "x"),
        ("it, and an unknown user", "x", "x"),
    ] {
        stage.log_in(label, Login::new(user, password, "forced"));
    }
}

fn any(stage: &mut Stage<'_>) {
    stage.start(File {
        databases: "app = NODE\nforced = NODE dbname=app user=app password='wholly secret'",
        ..file("auth_type = any")
    });
    for (label, database, user) in [
        ("anyone, with a forced user", "forced", "whoever"),
        ("anyone, without", "app", "whoever"),
        ("console", "pgbouncer", "whoever"),
    ] {
        let login = Login {
            database,
            user,
            ..Login::default()
        };
        if let Some(mut client) = stage.log_in(label, login) {
            stage.ask_as(label, &mut client, "select current_user");
        }
    }
}

fn hba(stage: &mut Stage<'_>) {
    let rules = "# who may\nhost app app 127.0.0.1/32 scram-sha-256\nhost all admin 127.0.0.0/8 trust\n\
                 host app stats 127.0.0.1/32 reject\nhostssl all all 0.0.0.0/0 trust\n\
                 host forced \"stats\" 127.0.0.1 255.255.255.255 md5\n";
    fs::write(stage.path("hba.conf"), rules).expect("rules");
    stage.start(file("auth_type = hba\nauth_hba_file = FOLDER/hba.conf"));
    for (label, user, password, database) in [
        ("by SCRAM", "app", PASSWORD, "app"),
        ("by SCRAM, wrong", "app", "x", "app"),
        ("trusted", "admin", "", "pgbouncer"),
        ("rejected", "stats", "s", "app"),
        ("by md5", "stats", "s", "forced"),
        ("only by TLS", "app", PASSWORD, "forced"),
        ("unknown", "nobody", PASSWORD, "app"),
    ] {
        stage.log_in(label, Login::new(user, password, database));
    }
}

/// A secret for md5 serves no SCRAM, and so on.
fn secrets(stage: &mut Stage<'_>) {
    // The md5 of "wholly secret" and "app"; a verifier of "a".
    let hash = "md5".to_owned() + &md5_of("wholly secretapp");
    let secrets = format!("\"app\" \"{hash}\"\n\"admin\" \"a\"\n\"empty\" \"\"\n");
    for auth_type in ["plain", "md5", "scram-sha-256"] {
        stage.start(File {
            secrets: &secrets,
            ..file(&format!("auth_type = {auth_type}"))
        });
        for (label, user, password) in [
            ("md5 secret", "app", PASSWORD),
            ("md5 secret, wrong", "app", "x"),
            ("empty secret", "empty", ""),
            ("empty secret, wrong", "empty", "x"),
        ] {
            let login = Login::new(user, password, "app");
            stage.log_in(&format!("{auth_type}: {label}"), login);
        }
        stage.signal(nix::sys::signal::Signal::SIGQUIT);
        stage.ends(auth_type, crate::stage::PATIENCE);
    }
}

fn md5_of(text: &str) -> String {
    let hash = postgres_protocol::authentication::md5_hash(b"app", b"wholly secret", [0; 4]);
    assert!(hash.starts_with("md5"), "{text}");
    hash.trim_start_matches("md5").to_owned()
}

fn parameters(stage: &mut Stage<'_>) {
    stage.start(file(
        "auth_type = trust\nignore_startup_parameters = extra_float_digits, statement_timeout",
    ));
    for (label, parameters) in [
        (
            "told to servers",
            &[("application_name", "me"), ("TimeZone", "Europe/Oslo")][..],
        ),
        ("ignored", &[("extra_float_digits", "3")]),
        (
            "options that are ignored",
            &[("options", "-c statement_timeout=5")],
        ),
        (
            "options that are tracked",
            &[("options", "-c datestyle=German")],
        ),
        (
            "options that are not tracked",
            &[("options", "-c enable_seqscan=off")],
        ),
        ("options of another kind", &[("options", "-d")]),
        ("a wrong value", &[("client_encoding", "nonsense")]),
        ("no database", &[("database", "")]),
    ] {
        let login = Login {
            parameters,
            ..Login::default()
        };
        if let Some(mut client) = stage.log_in(label, login) {
            stage.ask_as(label, &mut client, "show timezone");
            stage.ask_as(label, &mut client, "show datestyle");
            stage.ask_as(label, &mut client, "show application_name");
        }
    }
}

fn lookup(stage: &mut Stage<'_>) {
    let made = stage.cluster.primary().psql_in(
        "app",
        "do $$ begin create role looked_up login password 'up'; exception when others then null; end $$",
    );
    made.expect("a role");
    let options = "auth_type = scram-sha-256\nauth_user = postgres\nauth_query = SELECT usename, passwd FROM pg_shadow WHERE usename=$1";
    stage.start(file(options));
    for (label, user, password) in [
        ("right", "looked_up", "up"),
        ("wrong", "looked_up", "down"),
        ("unknown", "nobody", "up"),
        ("listed", "app", PASSWORD),
    ] {
        if let Some(mut client) = stage.log_in(label, Login::new(user, password, "app")) {
            stage.ask_as(label, &mut client, "select current_user");
        }
    }
}
