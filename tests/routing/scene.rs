//! A cluster with the corpus's schema in several databases, and the proxy in front of it.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Login;
use pgsluice::demo::cluster::options::Options;

use crate::raw::Raw;
use crate::support::proxy::DATABASE;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::Proxy;
use crate::support::proxy::USER;

/// What runs in a database of this list is the same: names of one length, so that what is cut or
/// padded is so everywhere.
pub(crate) const DATABASES: [&str; 6] = [
    "routing_a",
    "routing_b",
    "routing_c",
    "routing_d",
    "routing_e",
    "routing_f",
];

pub(crate) struct Scene {
    // Dropped in this order.
    pub(crate) proxy: Proxy,
    pub(crate) cluster: Cluster,
}

impl Scene {
    pub(crate) fn set() -> Self {
        let options = Options::default()
            .login(Login::Scram)
            .set("max_prepared_transactions", "10")
            .set("max_standby_streaming_delay", "500ms")
            .set("autovacuum", "off");
        let cluster = Cluster::start(&options).expect("a cluster starts");
        let primary = cluster.primary();
        let run = |sql: &str| primary.psql(sql).expect("it runs");
        run(&format!(
            "create role {USER} superuser login password '{PASSWORD}'"
        ));
        run(&format!("create database {DATABASE} owner {USER}"));
        let schema = std::fs::read_to_string(folder().join("schema.sql")).expect("it is there");
        let schema = format!("set role {USER}; set client_min_messages = warning;\n{schema}");
        primary
            .psql_in(DATABASE, &schema)
            .expect("the schema is made");
        let mut sections = String::new();
        for database in DATABASES {
            run(&format!(
                "create database {database} template {DATABASE} owner {USER}"
            ));
            sections.push_str(&format!("[databases.{database}]\ncluster = \"main\"\n"));
        }
        cluster.catch_up(0).expect("the replicas follow");
        let proxy = Proxy::start(&cluster, "", &sections);
        Self { proxy, cluster }
    }

    pub(crate) fn primary(&self, database: &str) -> Raw {
        connect(self.cluster.primary().port(), database)
    }

    pub(crate) fn standby(&self, database: &str) -> Raw {
        connect(self.cluster.node(1).port(), database)
    }

    pub(crate) fn proxied(&self, database: &str) -> Raw {
        connect(self.proxy.port(), database)
    }
}

/// The folder of this test.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/routing")
}

fn connect(port: u16, database: &str) -> Raw {
    Raw::connect_with(port, &[("database", database)])
}

/// Waits until the replicas hold what the primary has.
pub(crate) struct Pace {
    nodes: Mutex<Nodes>,
}

struct Nodes {
    primary: Raw,
    replicas: Vec<Raw>,
    last: String,
}

impl Pace {
    pub(crate) fn new(scene: &Scene) -> Self {
        let nodes = scene.cluster.nodes();
        let mut raws = nodes.iter().map(|n| connect(n.port(), "postgres"));
        let primary = raws.next().unwrap();
        let nodes = Nodes {
            primary,
            replicas: raws.collect(),
            last: String::new(),
        };
        Self {
            nodes: Mutex::new(nodes),
        }
    }

    pub(crate) fn catch_up(&self) {
        let mut nodes = self.nodes.lock().unwrap();
        let nodes = &mut *nodes;
        let now = nodes.primary.value("select pg_current_wal_flush_lsn()");
        if now == nodes.last {
            return;
        }
        let sql = format!("select pg_last_wal_replay_lsn() >= '{now}'");
        let deadline = Instant::now() + Duration::from_secs(20);
        for replica in &mut nodes.replicas {
            while replica.value(&sql) != "t" {
                assert!(Instant::now() < deadline, "the replicas follow");
                std::thread::sleep(Duration::from_micros(300));
            }
        }
        nodes.last = now;
    }
}
