//! Who is let in, and what others are told.

use std::fs;

use crate::cases::Case;
use crate::cases::case;
use crate::cases::file;
use crate::client::Login;
use crate::stage::File;
use crate::stage::SECRETS;
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
    case("a list of users that is gone", lost_list),
    case("a file that makes little sense", little_sense),
];

/// Those that need a server which asks `hashed` for md5.
pub(crate) const DIGESTS: &[Case] = &[case("digests of forced users", digests)];

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

/// Whoever is in a list goes on to be known when that cannot be opened; SET does not look into it.
fn lost_list(stage: &mut Stage<'_>) {
    stage.start(file("auth_type = md5"));
    let mut console = stage.console();
    fs::rename(stage.path("users.txt"), stage.path("gone")).expect("it is moved");
    for what in ["SET log_stats = 0", "RELOAD"] {
        stage.ask(&mut console, what);
        for (label, user, password, database) in [
            ("listed", "app", PASSWORD, "app"),
            ("wrong", "app", "x", "app"),
            ("as a forced user", "stats", "s", "forced"),
            ("console", "admin", "a", "pgbouncer"),
        ] {
            let label = format!("{what}: {label}");
            let login = Login::new(user, password, database);
            if let Some(mut client) = stage.log_in(&label, login) {
                stage.ask_as(&label, &mut client, "select current_user");
            }
        }
    }
    let said = stage.output();
    let said = said
        .lines()
        .filter_map(|line| line.split_once("ERROR could"));
    let said = said.map(|(_, text)| text.to_owned()).collect();
    stage.note("what the log says that could not be done", said);
    fs::write(stage.path("users.txt"), SECRETS.replace("\"s\"", "\"t\"")).expect("a list");
    for what in ["SET log_stats = 1", "RELOAD"] {
        stage.ask(&mut console, what);
        for password in ["s", "t"] {
            let label = format!("changed, {what}: {password}");
            stage.log_in(&label, Login::new("stats", password, "forced"));
        }
    }
}

/// What contradicts itself, is of no use or is 0 keeps nobody from being served.
fn little_sense(stage: &mut Stage<'_>) {
    stage.start(File {
        databases: "app = NODE dbname=app pool_size=3 password=of_nobody",
        ..file(
            "auth_type = md5\nmin_pool_size = 10\nclient_tls_cert_file = FOLDER/gone\n\
             server_tls_sslmode = disable\nserver_tls_key_file = FOLDER/gone\n\
             client_login_timeout = 0\nsuspend_timeout = 0\nstats_period = 0\n\
             default_pool_size = 0\nlisten_backlog = 0",
        )
    });
    if let Some(mut client) = stage.log_in("right", Login::default()) {
        stage.ask(&mut client, "select current_user");
    }
    stage.log_in("wrong", Login::new("app", "x", "app"));
    let mut console = stage.console();
    stage.ask(&mut console, "SUSPEND");
    stage.ask(&mut console, "RESUME");
    stage.ask(&mut console, "RELOAD");
}

/// A digest of the list, or of the database itself, is good for a server that asks for md5.
fn digests(stage: &mut Stage<'_>) {
    let primary = stage.cluster.primary();
    let made = primary.psql(
        "do $$ begin perform set_config('password_encryption', 'md5', true); \
         create role hashed login password 'digest'; exception when others then null; end $$",
    );
    made.expect("a role");
    let stored = primary.psql("select passwd from pg_shadow where usename = 'hashed'");
    let stored = stored.expect("its digest");
    let stored = stored.trim();
    assert!(stored.starts_with("md5"), "{stored}");
    let databases = format!(
        "listed = NODE dbname=app user=hashed\n\
         given = NODE dbname=app user=hashed password={stored}"
    );
    let secrets = format!("{SECRETS}\"hashed\" \"{stored}\"\n");
    stage.start(File {
        databases: &databases,
        secrets: &secrets,
        ..file("auth_type = md5")
    });
    for (user, password, database) in [
        ("app", PASSWORD, "listed"),
        ("hashed", "digest", "listed"),
        ("app", PASSWORD, "given"),
        ("hashed", "digest", "given"),
    ] {
        let label = format!("{user} in {database}");
        if let Some(mut client) = stage.log_in(&label, Login::new(user, password, database)) {
            stage.ask_as(&label, &mut client, "select current_user");
        }
    }
}
