//! What is wrong, in which words, and where.

use crate::config::fault::nearest;
use crate::config::tests::BASE;
use crate::config::tests::faults_of;

/// `before` stands above a good configuration, `after` below it; lines count from the start of
/// `before`, so that below it line 7 is the first.
fn check(before: &str, after: &str, expected: &[&str]) {
    let text = format!("{before}{BASE}{after}");
    assert_eq!(faults_of(&text), expected, "in:\n{text}");
}

/// One line at the top of a good file, and what is said of it.
const GLOBAL: &[(&str, &str)] = &[
    (
        "max_cleint_conn = 5",
        "max_cleint_conn: unknown option; did you mean `max_client_conn`?",
    ),
    ("zzz = 5", "zzz: unknown option"),
    (
        "listen_port = 70000",
        "listen_port: a port from 1 to 65535 is expected, `70000` came",
    ),
    ("listen_port = 0", "listen_port: it must not be 0"),
    (
        "listen_port = true",
        "listen_port: a port from 1 to 65535 is expected, `true` came",
    ),
    (
        "listen_port = \"\"",
        "listen_port: a port from 1 to 65535 is expected, nothing came",
    ),
    (
        "max_client_conn = -1",
        "max_client_conn: a whole number from 0 to 4294967295 is expected, `-1` came",
    ),
    (
        "max_client_conn = [1]",
        "max_client_conn: a whole number from 0 to 4294967295 is expected, a list came",
    ),
    (
        "max_client_conn = [[1]]",
        "max_client_conn: a value is expected, a list came",
    ),
    (
        "pool_mode = 'transacton'",
        "pool_mode: one of transaction, session, statement is expected, `transacton` came; \
             did you mean `transaction`?",
    ),
    (
        "server_lifetime = '5 parsecs'",
        "server_lifetime: a time such as 20ms, 5s or 1h, or a number of seconds, is expected, \
             `5 parsecs` came",
    ),
    (
        "server_lifetime = 'tim'",
        "server_lifetime: a time such as 20ms, 5s or 1h, or a number of seconds, is expected, \
         `tim` came",
    ),
    (
        "server_connect_timeout = 0",
        "server_connect_timeout: it must not be 0",
    ),
    (
        "tcp_keepalive = 2",
        "tcp_keepalive: true or false is expected, `2` came",
    ),
    (
        "unix_socket_mode = 777",
        "unix_socket_mode: permissions in octal, such as 0o770, is expected, `777` came",
    ),
    (
        "http_listen = 'localhost'",
        "http_listen: an address and port, such as 127.0.0.1:9127, is expected, `localhost` \
             came",
    ),
    (
        "http_listen = '127.0.0.1:6432'",
        "http_listen: this is where clients connect (listen_addr and listen_port)",
    ),
    (
        "listen_addr = ''",
        "listen_addr: nowhere to listen: no address, and no unix_socket_dir either",
    ),
    (
        "unix_socket_dir = 'none'",
        "unix_socket_dir: there is no folder /nonexistent/none",
    ),
    (
        "auth_file = 'users.txt'",
        "auth_file: /nonexistent/users.txt does not exist",
    ),
    (
        "relay_buffer_bytes_max = 1",
        "relay_buffer_bytes_max: it must be 8192 at least",
    ),
    (
        "max_packet_size = 9999",
        "max_packet_size: it must be 10000 at least",
    ),
    (
        "server_lifetime_jitter_percent = 101",
        "server_lifetime_jitter_percent: a percentage from 0 to 100 is expected",
    ),
    (
        "min_pool_size = 21",
        "min_pool_size: 21 servers are to be kept open, but a pool has 20 at most",
    ),
    (
        "nodes = ['a']",
        "nodes: nodes belong to a cluster: [clusters.NAME], or to a database",
    ),
    (
        "dbname = 'x'",
        "dbname: this option belongs to [databases.NAME]",
    ),
    (
        "pool_size = 5",
        "pool_size: this option belongs to [databases.NAME] or a node of a cluster or \
             [users.NAME] or [peers.ID]",
    ),
    (
        "client_tls_sslmode = 'require'",
        "client_tls_sslmode: TLS needs client_tls_cert_file and client_tls_key_file",
    ),
    (
        "monitor_password = 'p'",
        "clusters.main.monitor_user: monitor_password is set, but not whose it is; set \
             monitor_user",
    ),
];

#[test]
fn global_options() {
    check("", "", &[]);
    for (line, expected) in GLOBAL {
        let place = if line.starts_with("monitor") { 2 } else { 1 };
        check(&format!("{line}\n"), "", &[&format!("{place}: {expected}")]);
    }
}

/// Lines below a good file, and what is said of them.
const SECTIONS: &[(&str, &[&str])] = &[
    (
        "[cluster.x]",
        &[
            "7: cluster: unknown section; there are [clusters.NAME], [databases.NAME], \
               [users.NAME] and [peers.ID]; did you mean `clusters`?",
        ],
    ),
    (
        "[pgbouncer]",
        &["7: pgbouncer: global options stand at the top of the file, without a section"],
    ),
    (
        "[clusters.x]",
        &["7: clusters.x: `nodes = [\"host:port\", …]` is missing"],
    ),
    (
        "[clusters.x]\nnodes = []",
        &["8: clusters.x.nodes: the list is empty; give one node at least"],
    ),
    (
        "[clusters.x]\nnodes = ['a']\nlisten_port = 5",
        &[
            "9: clusters.x.listen_port: this option belongs to the top of the file, above the \
               first [section]",
        ],
    ),
    (
        "[databases]\nx = 'host=h'",
        &["8: databases.x: a section [databases.x] is expected, a text came"],
    ),
    (
        "[databases.x]",
        &["7: databases.x: `cluster = \"NAME\"` or `nodes = [\"host:port\", …]` is missing"],
    ),
    (
        "[databases.x]\ncluster = 'mian'",
        &["8: databases.x.cluster: there is no [clusters.mian]; did you mean `main`?"],
    ),
    (
        "[databases.x]\ncluster = 'main'\nnodes = ['c']",
        &["8: databases.x.cluster: either a cluster is named or nodes are listed, not both"],
    ),
    (
        "[databases.main]\nnodes = ['c']",
        &[
            "7: databases.main.nodes: there is [clusters.main] also; write `cluster = \
                 \"main\"`, or name one of them otherwise",
        ],
    ),
    (
        "[databases.x]\ncluster = 'main'\nmax_lag = 5",
        &[
            "9: databases.x.max_lag: this option belongs to the top of the file, above the \
               first [section] or [clusters.NAME]",
        ],
    ),
    (
        "[databases.x]\ncluster = 'main'\ndefault_pool_size = 5",
        &[
            "9: databases.x.default_pool_size: this option belongs to the top of the file, \
               above the first [section]",
        ],
    ),
    (
        "[databases.x]\ncluster = 'main'\npool_size = 0",
        &["9: databases.x.pool_size: it must not be 0"],
    ),
    (
        "[databases.x]\ncluster = 'main'\nmin_pool_size = 6\npool_size = 5",
        &[
            "9: databases.x.min_pool_size: 6 servers are to be kept open, but a pool has 5 at \
               most",
        ],
    ),
    (
        "[databases.x]\ncluster = 'main'\npassword = 'geheim'",
        &["9: databases.x.password: the password has no `user` that it would be of"],
    ),
    (
        "[databases.pgbouncer]\ncluster = 'main'",
        &["7: databases.pgbouncer: this name is reserved for the console"],
    ),
    ("[databases.app]", &["7: not valid TOML: duplicate key"]),
    (
        "[users.x]\npool_mode = 1",
        &[
            "8: users.x.pool_mode: one of transaction, session, statement is expected, `1` \
               came",
        ],
    ),
    (
        "[users.x]\npassword = 'md5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
        &[
            "8: users.x.password: the md5 secret of user x does not serve for auth_type \
               scram-sha-256; store a password or a SCRAM verifier, or set auth_type to md5",
        ],
    ),
];

#[test]
fn sections() {
    for (after, expected) in SECTIONS {
        check("", &format!("{after}\n"), expected);
    }
}

#[test]
fn nodes() {
    let cases: &[(&str, &str)] = &[
        ("'a', 'a:5432'", "clusters.x.nodes: a:5432 is listed twice"),
        (
            "''",
            "clusters.x.nodes: `` is not a host name, address or folder",
        ),
        ("'a:'", "clusters.x.nodes: `` is not a port from 1 to 65535"),
        (
            "'a:0'",
            "clusters.x.nodes: `0` is not a port from 1 to 65535",
        ),
        (
            "'a:1:2'",
            "clusters.x.nodes: `a:1:2` is not a node; \"host:port\" is expected",
        ),
        (
            "'a,b'",
            "clusters.x.nodes: `a,b` is not a host name, address or folder; make each host an \
             entry of the list",
        ),
        (
            "'postgres://u:geheim@h/d'",
            "clusters.x.nodes: \"host:port\" is expected, the address `postgres://…` came",
        ),
        (
            "5",
            "clusters.x.nodes: \"host:port\" or { host = …, port = … } is expected, a number came",
        ),
        ("{ port = 5 }", "clusters.x.nodes[0].host: host is missing"),
        (
            "{ host = 'h:5' }",
            "clusters.x.nodes[0].host: `h:5` is not a host name, address or folder; the port \
             stands in `port`",
        ),
        (
            "{ host = 'h', wieght = 1 }",
            "clusters.x.nodes[0].wieght: unknown option; did you mean `weight`?",
        ),
        (
            "{ host = 'h', weight = -1 }",
            "clusters.x.nodes[0].weight: a number from 0 to 1000000 is expected, `-1` came",
        ),
        (
            "{ host = 'h', weight = nan }",
            "clusters.x.nodes[0].weight: a number from 0 to 1000000 is expected, `nan` came",
        ),
    ];
    for (nodes, expected) in cases {
        let after = format!("[clusters.x]\nnodes = [{nodes}]\n");
        check("", &after, &[&format!("8: {expected}")]);
    }
}

#[test]
fn nobody_and_nothing() {
    let no_database = "databases: there is no database; add [databases.NAME]";
    let no_user = "users: nobody can log in: there are no users; add [users.NAME] or an auth_file";
    let expected = |f: &[&str]| -> Vec<String> { f.iter().map(|s| (*s).to_owned()).collect() };
    assert_eq!(faults_of(""), expected(&[no_database, no_user]));
    assert_eq!(faults_of("auth_type = 'trust'"), expected(&[no_database]));
}

#[test]
fn monitor_needs_a_password_or_to_be_told() {
    let scram = "[clusters.c]\nnodes = ['a']\n[databases.d]\ncluster = 'c'\n\
                 [users.u]\npassword = 'SCRAM-SHA-256$4096:c2FsdA==$\
                 iaytrj3aI9qqXHNXMyTZkx0gwHpQ2jqJL4bsO5Ci9pM=:\
                 iaytrj3aI9qqXHNXMyTZkx0gwHpQ2jqJL4bsO5Ci9pM='\n";
    let expected = "1: clusters.c.monitor_user: nothing to ask the nodes with, as no password is \
                    known in plain text; set monitor_user and monitor_password to a role that may \
                    log in (monitor_user alone where the nodes trust this host)";
    assert_eq!(faults_of(scram), [expected]);
    assert!(faults_of(&format!("monitor_user = 'm'\n{scram}")).is_empty());
}

#[test]
fn all_are_reported_at_once_in_the_order_of_lines() {
    let text = "a = 1\nlisten_port = 0\nb = = 2\nc = 3\n[users.u]\npasword = 'x'\n";
    let lines: Vec<_> = faults_of(text);
    let starts: Vec<_> = lines
        .iter()
        .map(|f| f.split(' ').next().unwrap_or(""))
        .collect();
    assert_eq!(starts, ["1:", "2:", "3:", "3:", "4:", "6:"], "{lines:#?}");
}

#[test]
fn no_fault_shows_a_secret() {
    let texts = [
        "[databases.x]\npassword = ['geheim']",
        "[databases.x]\npassword = 'geheim",
        "[databases.x]\npassword = geheim",
        "[databases.x]\npassword = \"geheim\\q\"",
        "[databases.x]\npassword = \"geheim\\u0000\"",
        "[databases.x]\npassword = { geheim = 1 }",
        "[users.x]\npassword = \"geheim\" \"geheim\"",
        "monitor_password = ['geheim', 1]",
    ];
    for text in texts {
        let faults = faults_of(text);
        assert!(!faults.is_empty(), "{text}");
        // A key is not a secret.
        let shown = faults.iter().any(|f| f.contains("geheim"));
        assert!(!shown, "{text}: {faults:#?}");
    }
}

#[test]
fn typos_find_what_was_meant() {
    let known = ["pool_size", "pool_mode", "port", "host", "max_client_conn"];
    let cases: &[(&str, Option<&str>)] = &[
        ("pool_size", Some("pool_size")),
        ("pool_szie", Some("pool_size")),
        ("poolsize", Some("pool_size")),
        ("POOL_SIZE", Some("pool_size")),
        ("prot", Some("port")),
        ("max_clients_con", Some("max_client_conn")),
        ("x", None),
        ("", None),
        ("something_else", None),
    ];
    for (word, expected) in cases {
        assert_eq!(nearest(word, known), *expected, "{word}");
    }
    assert_eq!(nearest(&"x".repeat(100_000), known), None);
}
