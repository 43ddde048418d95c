//! The proxy as its users run it: the binary, with a configuration file, in front of a cluster.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::free_ports;
use pgsluice::demo::cluster::node::Node;
use pgsluice::demo::cluster::options::Login;
use pgsluice::demo::cluster::options::Options;
use pgsluice::demo::cluster::program::Program;
use pgsluice::demo::scrape;

/// The database, user and password of the tests' application.
pub(crate) const DATABASE: &str = "app";
/// See [`DATABASE`].
pub(crate) const USER: &str = "app";
/// See [`DATABASE`].
pub(crate) const PASSWORD: &str = "wholly secret";

/// A running proxy. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Proxy {
    program: Program,
    port: u16,
    http: SocketAddr,
}

/// Where a proxy stands, and how it reaches the nodes.
#[derive(Debug)]
pub(crate) struct Site {
    /// What it listens on.
    pub(crate) address: IpAddr,
    /// The nodes, as `host:port`.
    pub(crate) nodes: Vec<String>,
    /// A program with its arguments that runs the proxy's; none: it is run as it is.
    pub(crate) before: Vec<String>,
}

/// A primary and two replicas that log in by SCRAM and have the tests' user and database.
pub(crate) fn cluster_with_app() -> Cluster {
    cluster_of(Options::default())
}

/// As [`cluster_with_app`], with other options.
pub(crate) fn cluster_of(options: Options) -> Cluster {
    cluster_with(&options.login(Login::Scram))
}

/// As [`cluster_of`], with the login of the options.
pub(crate) fn cluster_with(options: &Options) -> Cluster {
    let cluster = Cluster::start(options).expect("a cluster starts");
    let primary = cluster.primary();
    let role = format!("create role {USER} login password '{PASSWORD}'");
    primary.psql(&role).expect("a role is made");
    let database = format!("create database {DATABASE} owner {USER}");
    primary.psql(&database).expect("a database is made");
    cluster.catch_up(0).expect("the replicas follow");
    cluster
}

impl Proxy {
    /// Starts one in front of a cluster of [`cluster_with_app`], and returns when it is ready.
    ///
    /// `global` goes to the head of the configuration, `database` into the database's section.
    pub(crate) fn start(cluster: &Cluster, global: &str, database: &str) -> Self {
        let ports: Vec<_> = cluster.nodes().iter().map(Node::port).collect();
        Self::start_at(cluster, &ports, global, database)
    }

    /// As [`Proxy::start`], with the nodes at other ports than their own.
    pub(crate) fn start_at(cluster: &Cluster, nodes: &[u16], global: &str, database: &str) -> Self {
        Self::start_in(cluster.folder(), nodes, global, database)
    }

    /// As [`Proxy::start_at`], for nodes that are no [`Cluster`], in a folder that goes with them.
    pub(crate) fn start_in(folder: &Path, nodes: &[u16], global: &str, database: &str) -> Self {
        let address = |port| format!("127.0.0.1:{port}");
        let site = Site {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            nodes: nodes.iter().map(address).collect(),
            before: Vec::new(),
        };
        let mut proxy = Self::launch(folder, &site, global, database);
        proxy.wait_ready(nodes.len());
        proxy
    }

    /// As [`Proxy::start_in`], elsewhere, without waiting for it.
    pub(crate) fn launch(folder: &Path, site: &Site, global: &str, database: &str) -> Self {
        let ports = free_ports(2).expect("there are free ports");
        let http = SocketAddr::from((site.address, ports[1]));
        let quoted = |node: &String| format!("\"{node}\"");
        let nodes: Vec<_> = site.nodes.iter().map(quoted).collect();
        let text = format!(
            "listen_addr = \"{}\"\nlisten_port = {}\nhttp_listen = \"{http}\"\n{global}\n\
             [clusters.main]\nnodes = [{}]\nmonitor_user = \"postgres\"\n\
             monitor_password = \"postgres\"\n\n\
             [databases.{DATABASE}]\ncluster = \"main\"\n{database}\n\n\
             [users.{USER}]\npassword = \"{PASSWORD}\"\n",
            site.address,
            ports[0],
            nodes.join(", "),
        );
        let name = format!("pgsluice-{}", ports[0]);
        let file = folder.join(format!("{name}.toml"));
        fs::write(&file, text).expect("the configuration is written");
        let mut words: Vec<OsString> = site.before.iter().map(OsString::from).collect();
        words.extend([binary(), "run".into(), file.into()]);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        let program = Program::start(folder, &name, &mut command).expect("it starts");
        Self {
            program,
            port: ports[0],
            http,
        }
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// Where its HTTP pages are.
    pub(crate) fn http(&self) -> SocketAddr {
        self.http
    }

    /// Its page of metrics.
    pub(crate) fn metrics(&self) -> String {
        scrape::fetch(self.http, "/metrics").expect("there are metrics")
    }

    /// Where it sent what, and why: the lines of its metrics that say so.
    pub(crate) fn routed(&self) -> String {
        let page = self.metrics();
        let routed = page
            .lines()
            .filter(|line| line.starts_with("pgsluice_routed_total") && !line.ends_with(" 0"));
        routed.collect::<Vec<_>>().join("\n")
    }

    /// All it has printed.
    pub(crate) fn output(&self) -> String {
        self.program.output()
    }

    /// How drivers are told where it is.
    pub(crate) fn conninfo(&self) -> String {
        format!(
            "host={} port={} user={USER} password='{PASSWORD}' dbname={DATABASE}",
            self.http.ip(),
            self.port
        )
    }

    /// Ends it with SIGTERM and waits until it is gone: its servers are closed then, and the nodes
    /// have counted all they did.
    pub(crate) fn stop(&mut self) {
        let log = self.program.log().to_owned();
        let went = self.program.end(Duration::from_secs(20));
        assert!(
            went,
            "SIGTERM did not end it:\n{}",
            fs::read_to_string(log).unwrap_or_default()
        );
    }

    /// Waits until it is ready and knows all nodes for fit.
    pub(crate) fn wait_ready(&mut self, nodes: usize) {
        for _ in 0..1_500 {
            assert!(
                !self.program.has_ended(),
                "it ended:\n{}",
                self.program.output()
            );
            let is_ready = scrape::fetch(self.http, "/readyz").is_ok();
            // There may be more, which it has found by itself.
            if is_ready && nodes <= self.nodes_that_serve() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("it is not ready:\n{}", self.program.output());
    }

    fn nodes_that_serve(&self) -> usize {
        let samples = scrape::samples(&self.metrics());
        let count = |name| {
            let named = samples.iter().filter(|s| s.name == name);
            named.filter(|s| 0.0 < s.value).count()
        };
        count("pgsluice_node_up").saturating_sub(count("pgsluice_node_excluded"))
    }
}

/// The proxy that is tested: the one that was built with the tests, unless another is named.
fn binary() -> OsString {
    env::var_os("PGSLUICE_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_pgsluice").into())
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the proxy said:\n{}", self.program.output());
        }
    }
}

/// The transactions that each node has committed in the application's database, by its own count.
pub(crate) fn commits(cluster: &Cluster) -> Vec<u64> {
    let sql = format!("select xact_commit from pg_stat_database where datname = '{DATABASE}'");
    let nodes = cluster.nodes().iter();
    nodes
        .map(|node| {
            node.psql(&sql)
                .expect("it answers")
                .parse()
                .expect("a count")
        })
        .collect()
}
