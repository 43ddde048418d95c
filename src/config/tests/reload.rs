//! What a reload changes, and what it cannot.

use std::sync::Arc;

use crate::auth::verifier::Verifier;
use crate::config::reload::Changes;
use crate::config::reload::diff;
use crate::config::tests::BASE;
use crate::config::tests::good;
use crate::config::types::Config;

#[test]
fn the_same_file_changes_nothing() {
    let (old, new) = (good(BASE), good(BASE));
    let (used, changes) = diff(&old, new);
    assert_eq!(changes, Changes::default());
    assert!(changes.is_empty());
    assert_eq!(used, old);
    assert!(Arc::ptr_eq(&used.clusters["main"], &old.clusters["main"]));
    assert!(Arc::ptr_eq(&used.databases["app"], &old.databases["app"]));
    assert!(Arc::ptr_eq(&used.users["joe"], &old.users["joe"]));
}

#[test]
fn what_only_a_restart_takes_over_stays_as_it_was() {
    let old = good(&format!("unix_socket_dir = '/tmp'\n{BASE}"));
    let new = good(&format!(
        "max_client_conn = 5\nlisten_port = 7000\nlisten_addr = '*, ::1'\nhttp_listen = ''\n\
         unix_socket_mode = 0o700\nlog_format = 'json'\nlisten_backlog = 1\n{BASE}"
    ));
    let (used, changes) = diff(&old, new);
    let shown: Vec<_> = changes.options.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["max_client_conn: `100` -> `5`"]);
    let mut shown: Vec<_> = changes.ignored.iter().map(ToString::to_string).collect();
    shown.sort();
    assert_eq!(
        shown,
        [
            "http_listen: `127.0.0.1:9127` -> ``",
            "listen_addr: `127.0.0.1` -> `*, ::1`",
            "listen_backlog: `128` -> `1`",
            "listen_port: `6432` -> `7000`",
            "log_format: `text` -> `json`",
            "unix_socket_dir: `/tmp` -> ``",
            "unix_socket_mode: `0777` -> `0700`",
        ]
    );
    assert_eq!(used.limits.max_client_conn, 5);
    assert_eq!((&used.listen, &used.http), (&old.listen, &old.http));
    assert_eq!(used.log, old.log);
}

#[test]
fn entries_come_go_and_change() {
    let old = good(&format!("{BASE}[databases.gone]\ncluster = 'main'\n"));
    let new = good(&format!(
        "default_pool_size = 5\n{BASE}server_password = 'x'\n\
         [databases.new]\nnodes = ['z']\n[users.ann]\npassword = 'p'\n"
    ));
    let (used, changes) = diff(&old, new);
    assert_eq!(changes.databases.added, ["new"]);
    assert_eq!(changes.databases.removed, ["gone"]);
    // Its pools are smaller now.
    assert_eq!(changes.databases.changed, ["app"]);
    assert_eq!(changes.users.added, ["ann"]);
    assert_eq!(changes.users.changed, ["joe"]);
    assert_eq!(changes.clusters.added, ["new"]);
    assert!(!changes.is_empty());
    let shown = format!("{changes:?}");
    assert!(
        !shown.contains("'x'") && !shown.contains("\"x\""),
        "{shown}"
    );
    assert_eq!(used.databases.len(), 2);
}

#[test]
fn a_password_alone_is_a_change_and_is_not_shown() {
    let with = |password: &str| {
        good(&format!(
            "monitor_user = 'm'\nmonitor_password = '{password}'\n{BASE}"
        ))
    };
    let (_, changes) = diff(&with("geheim1"), with("geheim2"));
    assert_eq!(changes.clusters.changed, ["main"]);
    assert!(!format!("{changes:?}").contains("geheim"));
}

/// Logins of those who are known and of those who are not go by the same rounds.
#[test]
fn other_rounds_make_other_verifiers() {
    let with = |rounds: &str| good(&format!("scram_iterations = {rounds}\n{BASE}"));
    let plain = |config: &Config| match &config.users["joe"].secret {
        Some(Verifier::Plain(plain)) => plain.clone(),
        other => panic!("{other:?}"),
    };
    let old = with("4096");
    plain(&old).derive(b"salt", 4096);
    let (used, changes) = diff(&old, with("4096"));
    assert!(plain(&used).derived().is_some(), "it is not made again");
    assert!(changes.is_empty());
    let (used, changes) = diff(&old, with("5000"));
    assert!(plain(&used).derived().is_none());
    assert!(changes.users.is_empty(), "it is the same password");
}
