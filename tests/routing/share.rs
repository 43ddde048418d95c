//! What part of a web application's statements goes to replicas, by the nodes' own count.
//!
//! A request is as a framework makes it: it looks up the session and the user, reads a page of
//! things and what belongs to them, and one in five then writes and reads again what it wrote. It
//! is a transaction, as with Django's `ATOMIC_REQUESTS`, or each statement is one.

use std::fmt;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Node;
use pgsluice::demo::cluster::options::Login;
use pgsluice::demo::cluster::options::Options;

use crate::raw::Raw;
use crate::say::run;
use crate::say::sync;
use crate::support::proxy::DATABASE;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::Proxy;
use crate::support::proxy::USER;

const TABLES: &str = "
    create table shop_session (key text primary key, user_id int);
    create table shop_user (id int primary key, name text);
    create table shop_item (id int primary key, name text, price int, owner_id int);
    create table shop_order (id serial primary key, item_id int, user_id int, state text);
    insert into shop_session select 'key ' || n, n from generate_series(1, 50) n;
    insert into shop_user select n, 'user ' || n from generate_series(1, 50) n;
    insert into shop_item select n, 'item ' || n, n, 1 + n % 50 from generate_series(1, 500) n;
    create extension pg_stat_statements;";

/// A setting, and the part of all statements that replicas have to serve, in percent: at least and
/// at most.
struct Row {
    name: &'static str,
    database: &'static str,
    settings: &'static [&'static str],
    /// Of requests without a transaction around them.
    autocommit: (f64, f64),
    /// Of requests that are transactions.
    atomic: (f64, f64),
}

const SESSION: &str = "set pgsluice.consistency = 'session'";
const EVENTUAL: &str = "set pgsluice.consistency = 'eventual'";
const STRONG: &str = "set pgsluice.consistency = 'strong'";
const UNTIL_WRITE: &str = "set pgsluice.transaction_reads = 'until_write'";

const ROWS: [Row; 5] = [
    Row {
        name: "`read_write_split = false`",
        database: "unsplit",
        settings: &[],
        autocommit: (0.0, 0.0),
        atomic: (0.0, 0.0),
    },
    Row {
        name: "`session` (default)",
        database: DATABASE,
        settings: &[SESSION],
        autocommit: (40.0, 100.0),
        atomic: (0.0, 0.0),
    },
    Row {
        name: "`session`, `until_write`",
        database: DATABASE,
        settings: &[SESSION, UNTIL_WRITE],
        autocommit: (40.0, 100.0),
        atomic: (40.0, 100.0),
    },
    Row {
        name: "`strong`, `until_write`",
        database: DATABASE,
        settings: &[STRONG, UNTIL_WRITE],
        autocommit: (20.0, 100.0),
        atomic: (20.0, 100.0),
    },
    Row {
        name: "`eventual`, `until_write`",
        database: DATABASE,
        settings: &[EVENTUAL, UNTIL_WRITE],
        autocommit: (60.0, 100.0),
        atomic: (60.0, 100.0),
    },
];

/// Statements that the nodes have counted.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    primary: u64,
    replicas: u64,
}

#[test]
fn the_share_of_reads_on_replicas() {
    let cluster = cluster();
    let unsplit = format!(
        "[databases.unsplit]\ncluster = \"main\"\ndbname = \"{DATABASE}\"\nread_write_split = false"
    );
    let proxy = Proxy::start(&cluster, "", &unsplit);
    eprintln!("seed {SEED}; {CLIENTS} clients, {REQUESTS} requests each, one in 5 writes");
    eprintln!("| setting | autocommit | each request in a transaction |");
    for row in &ROWS {
        let shares = [(false, row.autocommit), (true, row.atomic)].map(|(is_atomic, expected)| {
            reset(&cluster);
            let sent = work(&proxy, row, is_atomic);
            let counts = count(&cluster);
            let sum = counts.primary + counts.replicas;
            assert_eq!(sum, sent, "{}: each statement ran once", row.name);
            (counts, expected)
        });
        eprintln!("| {} | {} | {} |", row.name, shares[0].0, shares[1].0);
        for (counts, (least, most)) in shares {
            let percent = counts.percent();
            assert!(
                least <= percent && percent <= most,
                "{}: {counts}",
                row.name
            );
        }
    }
}

fn cluster() -> Cluster {
    let options = Options::default()
        .login(Login::Scram)
        .set("shared_preload_libraries", "pg_stat_statements")
        .set("pg_stat_statements.track_utility", "off");
    let cluster = Cluster::start(&options).expect("a cluster starts");
    let primary = cluster.primary();
    let role = format!("create role {USER} login password '{PASSWORD}'");
    primary.psql(&role).expect("a role is made");
    let database = format!("create database {DATABASE} owner {USER}");
    primary.psql(&database).expect("a database is made");
    primary.psql_in(DATABASE, TABLES).expect("it has tables");
    let grants = format!(
        "grant all on all tables in schema public to {USER}; grant all on all sequences in schema public to {USER}"
    );
    primary.psql_in(DATABASE, &grants).expect("they are usable");
    cluster.catch_up(0).expect("the replicas follow");
    cluster
}

/// All clients' requests; how many statements they sent, BEGIN and COMMIT not counted.
fn work(proxy: &Proxy, row: &Row, is_atomic: bool) -> u64 {
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| scope.spawn(move || client(proxy.port(), row, is_atomic, n)))
            .collect();
        let sent = clients.into_iter().map(|c| c.join().expect("it works"));
        sent.sum()
    })
}

fn client(port: u16, row: &Row, is_atomic: bool, n: u64) -> u64 {
    let mut raw = Raw::connect_with(port, &[("database", row.database)]);
    for setting in row.settings {
        let answer = raw.q(setting);
        assert!(answer.contains("C(SET)"), "{answer}");
    }
    let mut chance = SEED.wrapping_add(n);
    let mut sent = 0;
    for _ in 0..REQUESTS {
        let roll = roll(&mut chance);
        if is_atomic {
            raw.q("BEGIN");
        }
        for (sql, value) in statements(roll) {
            let answer = raw.ask(&[run(sql, &[&value]), sync()].concat());
            assert!(!answer.contains("E("), "{sql}: {answer}");
            sent += 1;
        }
        if is_atomic {
            raw.q("COMMIT");
        }
        // The client's own work: templates and the network.
        thread::sleep(Duration::from_millis(4 + roll % 8));
    }
    sent
}

/// The statements of one request, with a value each.
fn statements(roll: u64) -> Vec<(&'static str, String)> {
    let user = 1 + roll % 50;
    let mut all = vec![
        (
            "select user_id from shop_session where key = $1",
            format!("key {user}"),
        ),
        (
            "select id, name from shop_user where id = $1",
            user.to_string(),
        ),
        (
            "select count(*) from shop_item where owner_id = $1",
            user.to_string(),
        ),
        (
            "select id, name, price from shop_item where owner_id = $1 order by id limit 20",
            user.to_string(),
        ),
        (
            "select i.name from shop_item i join shop_user u on u.id = i.owner_id where u.id = $1",
            user.to_string(),
        ),
        (
            "select count(*) from shop_order where user_id = $1",
            user.to_string(),
        ),
    ];
    if (roll >> 8).is_multiple_of(5) {
        all.extend([
            ("insert into shop_order (item_id, user_id, state) values (1, $1, 'new') returning id", user.to_string()),
            ("update shop_item set price = price + 1 where id = $1", user.to_string()),
            ("select state from shop_order where user_id = $1 order by id desc limit 1", user.to_string()),
        ]);
    }
    all
}

/// splitmix64.
fn roll(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn reset(cluster: &Cluster) {
    cluster.catch_up(0).expect("the replicas follow");
    for node in cluster.nodes() {
        let done = node.psql_in(DATABASE, "select pg_stat_statements_reset()");
        done.expect("it forgets");
    }
}

fn count(cluster: &Cluster) -> Counts {
    let of = |node: &Node| -> u64 {
        let sql = format!(
            "select coalesce(sum(calls), 0) from pg_stat_statements \
             where userid = '{USER}'::regrole and query like '%shop\\_%'"
        );
        let count = node.psql_in(DATABASE, &sql).expect("it answers");
        count.parse().expect("a count")
    };
    Counts {
        primary: of(cluster.primary()),
        replicas: cluster.replicas().iter().map(of).sum(),
    }
}

impl Counts {
    fn percent(self) -> f64 {
        100.0 * self.replicas as f64 / (self.primary + self.replicas).max(1) as f64
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} %", self.percent())
    }
}

const SEED: u64 = 20_240_501;

const CLIENTS: u64 = 8;

const REQUESTS: u64 = 60;
