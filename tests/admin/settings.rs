//! `SHOW CONFIG`, and SET of what it shows; `SHOW FDS`, `SHOW MEM`, `SHOW DNS_HOSTS` and those that
//! have no rows.

use crate::crowds::Table;
use crate::front;
use crate::raw::Raw;
use crate::stage::Front;
use crate::stage::cluster;

fn config(root: &mut Raw, key: &str) -> String {
    Table::show(root, "config").one(("key", key), "value default changeable")
}

fn answers(root: &mut Raw, text: &str, expected: &str) {
    assert_eq!(root.ask(text), [expected, "Z I"], "{text}");
}

#[test]
fn options_are_shown_and_set() {
    let cluster = cluster(0);
    let databases = [("app", ""), ("own", "pool_size = 5")];
    let mut front = front(&cluster, "settings", &databases);
    let mut root = Raw::log_in(front.port, "root").unwrap();
    shown(&front, &mut root);
    set(&mut front, &mut root);
    refused(&front, &mut root);
    descriptors(&front, &mut root);
    memory(&mut root);
    for what in ["peers", "peer_pools", "dns_zones"] {
        assert_eq!(root.ask(&format!("show {what}"))[1..], ["C SHOW", "Z I"]);
    }
}

fn shown(front: &Front, root: &mut Raw) {
    assert_eq!(config(root, "query_timeout"), "0 0 yes");
    assert_eq!(config(root, "auth_type"), "trust scram-sha-256 yes");
    assert_eq!(
        config(root, "listen_port"),
        format!("{} 6432 no", front.port)
    );
    assert_eq!(config(root, "admin_users"), "root  yes");
    assert_eq!(config(root, "server_lifetime"), "3600 3600 yes");
    assert_eq!(config(root, "auth_user"), "NULL NULL yes");
    // What only pgsluice has, in its own notation.
    assert_eq!(config(root, "read_write_split"), "true true yes");
}

/// What is set holds at once, and until the configuration is read anew.
fn set(front: &mut Front, root: &mut Raw) {
    answers(root, "set query_timeout = '0.2'", "C SET query_timeout=0.2");
    assert_eq!(config(root, "query_timeout"), "0.2 0 yes");
    let session = front.session("app");
    let said = session.sql("select pg_sleep(5)").unwrap_err();
    assert!(said.contains("query timeout"), "{said}");
    answers(
        root,
        "SET default_pool_size TO '7';",
        "C SET default_pool_size=7",
    );
    assert_eq!(
        config(root, "query_timeout"),
        "0.2 0 yes",
        "it is still set"
    );
    let sizes = |root: &mut Raw| {
        let databases = Table::show(root, "databases");
        ["app", "own"].map(|name| databases.one(("name", name), "pool_size"))
    };
    assert_eq!(sizes(root), ["7", "5"]);
    answers(root, "set dry_run = true", "C SET dry_run=true");
    assert_eq!(config(root, "dry_run"), "true false yes");
    // Taken and without effect, as by PgBouncer.
    answers(root, "set listen_port = 3", "C SET listen_port=3");
    let port = format!("{} 6432 no", front.port);
    assert_eq!(config(root, "listen_port"), port);
    answers(root, "set pkt_buf = 8192", "C SET pkt_buf=8192");
    answers(root, "reload", "C RELOAD");
    assert_eq!(config(root, "query_timeout"), "0 0 yes");
    assert_eq!(config(root, "dry_run"), "false false yes");
    assert_eq!(sizes(root), ["20", "5"]);
    assert_eq!(front.app("app", "select 1").unwrap(), "1");
}

fn refused(front: &Front, root: &mut Raw) {
    for text in [
        "set nosuch = 1",
        "set query_timeout = 'x'",
        "set pool_mode = often",
        "set server_tls_sslmode = 'bogus'",
        "set max_client_conn = 0",
    ] {
        answers(root, text, "E SERROR C08P01 MSET failed");
    }
    let mut looker = Raw::log_in(front.port, "looker").unwrap();
    answers(
        &mut looker,
        "set verbose = 1",
        "E SERROR C08P01 Madmin access needed",
    );
    answers(
        &mut looker,
        "show fds",
        "E SERROR C08P01 Madmin access needed",
    );
    assert!(looker.ask("show config").len() > 98);
    // What is right but cannot be used leaves what was before in use.
    let said = root.ask("set server_tls_ca_file = '/nonexistent'");
    let kept = "N SNOTICE C00000 MTLS settings could not be applied, still using old configuration";
    assert_eq!(said, [kept, "C SET server_tls_ca_file=/nonexistent", "Z I"]);
    assert_eq!(config(root, "server_tls_ca_file"), "  yes");
    let statement = "set pool_mode=transaction;show version";
    let invalid = format!("E SERROR C08P01 Minvalid command '{statement}', use SHOW HELP;");
    answers(root, statement, &invalid);
}

fn descriptors(front: &Front, root: &mut Raw) {
    let mut client = Raw::log_in_to(front.port, "app", "app").unwrap();
    client.ask("begin read write");
    let fds = Table::show(root, "fds");
    let listening = fds.one(("task", "pooler"), "addr port user database");
    assert_eq!(listening, format!("127.0.0.1 {} NULL NULL", front.port));
    let clients = fds.one(
        ("task", "client"),
        "fd link user database client_encoding std_strings",
    );
    let clients: Vec<_> = clients.split(' ').collect();
    assert_eq!(clients[2..], ["app", "app", "UTF8", "on"]);
    let server = fds.values(("link", clients[0]), "task fd");
    assert_eq!(server, [format!("server {}", clients[1])]);
    client.ask("rollback");
}

fn memory(root: &mut Raw) {
    let memory = Table::show(root, "mem");
    let row = memory.one(("name", "client_cache"), "size used free memtotal");
    let numbers: Vec<usize> = row.split(' ').map(|n| n.parse().unwrap()).collect();
    let clients = Table::show(root, "clients")
        .values(("type", "C"), "id")
        .len();
    assert_eq!((numbers[1], numbers[2]), (clients, 0), "{row}");
    assert_eq!(numbers[3], numbers[0] * numbers[1]);
    let of = |name: &str, columns: &str| -> Vec<usize> {
        let row = memory.one(("name", name), columns);
        row.split(' ').map(|n| n.parse().unwrap()).collect()
    };
    // All trust: nobody has shown anything, and nobody is forced or was looked up.
    assert_eq!(of("credentials_cache", "used"), [0]);
    assert_eq!(of("peer_cache", "used"), [0]);
    assert_eq!(of("peer_pool_cache", "used"), [0]);
    // Clients that are alike share a set.
    let sets = of("var_list_cache", "used")[0];
    assert!(1 <= sets && sets <= clients + 5, "{sets} sets");
    // The one that asks has a buffer.
    let buffers = of("iobuf_cache", "size used free memtotal");
    assert_eq!(buffers[0], 8192);
    assert_eq!(buffers[3], 8192 * (buffers[1] + buffers[2]));
    assert!((1..=clients + 2).contains(&buffers[1]), "{buffers:?}");
}

#[test]
fn names_of_hosts_are_shown_with_their_addresses() {
    let cluster = cluster(0);
    let port = cluster.primary().port();
    let text = format!(
        "auth_type = \"trust\"\nadmin_users = \"root\"\n[clusters.main]\n\
         nodes = [\"localhost:{port}\"]\nmonitor_user = \"postgres\"\n\
         monitor_password = \"postgres\"\n[databases.app]\ncluster = \"main\"\n[users.root]\n{}",
        crate::stage::user_app()
    );
    let mut front = Front::ready(&cluster, "names", &text);
    front.app("app", "select 1").unwrap();
    let mut root = Raw::log_in(front.port, "root").unwrap();
    let hosts = Table::show(&mut root, "dns_hosts");
    let row = hosts.one(("hostname", "localhost"), "ttl addrs");
    let (left, addresses) = row.split_once(' ').unwrap();
    assert!(left.parse::<u64>().unwrap() <= 15, "{row}");
    assert!(addresses.contains("127.0.0.1"), "{row}");
    let lists = Table::show(&mut root, "lists");
    assert_eq!(lists.one(("list", "dns_names"), "items"), "1");
    // Statistics come as a line a period.
    root.ask("set stats_period = 1");
    front.wait("statistics", |front| front.logged("stats") != 0);
}
