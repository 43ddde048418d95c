//! The stage of the demo: cluster, proxy, schema and load, and all that is asked of them.

use std::env;
use std::fs;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use tokio::time::Instant;

use crate::demo::Error;
use crate::demo::act::Act;
use crate::demo::cluster;
use crate::demo::cluster::Cluster;
use crate::demo::cluster::node::Node;
use crate::demo::cluster::options::Options;
use crate::demo::cluster::program::Program;
use crate::demo::cluster::settings::SUPERUSER;
use crate::demo::figures::Figures;
use crate::demo::io_error;
use crate::demo::load::Load;
use crate::demo::scrape;

/// What a node says that it did itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnCount {
    /// Transactions committed in the demo's database, by `pg_stat_database`.
    pub transactions: u64,
}

/// Everything that runs in a demo. Dropping it ends all and removes the folder.
#[derive(Debug)]
pub struct Stage {
    // Dropped in this order: clients, proxy, nodes.
    load: Vec<Program>,
    proxy: Program,
    cluster: Cluster,
    port: u16,
    http: SocketAddr,
    nodes: Vec<String>,
}

impl Stage {
    /// Starts everything, telling `say` about each step.
    ///
    /// # Errors
    ///
    /// When PostgreSQL is not installed or anything does not come up.
    pub fn set(say: &mut dyn FnMut(&str) -> Result<(), Error>) -> Result<Self, Error> {
        let begin = Instant::now();
        let cluster = Cluster::start(&Options::default())?;
        let ports: Vec<_> = cluster
            .nodes()
            .iter()
            .map(|n| n.port().to_string())
            .collect();
        say(&format!(
            "A primary and two replicas run on ports {} ({:.1} s, in {}).",
            ports.join(", "),
            begin.elapsed().as_secs_f64(),
            cluster.folder().display()
        ))?;
        cluster
            .primary()
            .psql(&format!("create database {DATABASE}"))?;
        // The proxy would log in to replicas that do not have it yet.
        cluster.catch_up(0)?;
        let port = free_port(PORT)?;
        let http = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port(HTTP_PORT)?));
        let proxy = start_proxy(&cluster, port, http)?;
        let nodes = ports.iter().map(|p| format!("127.0.0.1:{p}")).collect();
        let mut stage = Self {
            load: Vec::new(),
            proxy,
            cluster,
            port,
            http,
            nodes,
        };
        stage.wait_ready()?;
        say(&format!(
            "The proxy listens on port {port}; metrics: http://{http}/metrics"
        ))?;
        stage.make_schema()?;
        stage.start_load()?;
        say(&format!(
            "pgbench made its tables and is the load: {READERS} clients read, {WRITERS} read and write.\n"
        ))?;
        Ok(stage)
    }

    /// Plays an act.
    ///
    /// # Errors
    ///
    /// When the replica does not do as it is told.
    pub fn perform(&mut self, act: Act) -> Result<(), Error> {
        let Some(replica) = self.cluster.replicas().last() else {
            return Ok(());
        };
        match act {
            Act::Even | Act::Back => replica.resume_replay()?,
            Act::Lagging => replica.pause_replay()?,
        }
        Ok(())
    }

    /// Reads the proxy's metrics.
    ///
    /// # Errors
    ///
    /// When the proxy has ended or does not answer.
    pub fn figures(&mut self, at: Duration) -> Result<Figures, Error> {
        if self.proxy.has_ended() {
            return Err(self.proxy_fault("has ended"));
        }
        let page =
            scrape::fetch(self.http, "/metrics").map_err(|e| io_error("read the metrics", e))?;
        Ok(Figures::from_samples(
            at,
            &self.nodes,
            &scrape::samples(&page),
        ))
    }

    /// What pgbench has said so far.
    pub fn load(&self) -> Load {
        let mut sum = Load::default();
        for program in &self.load {
            sum = sum.and(Load::from_output(&program.output()));
        }
        sum
    }

    /// Ends the load.
    pub fn end_load(&mut self) {
        for program in &mut self.load {
            program.end(GRACE);
        }
    }

    /// What the nodes themselves have counted; they tell late while a session is busy, so this is
    /// for after the load.
    pub fn own_counts(&self) -> Vec<OwnCount> {
        let sql = format!("select xact_commit from pg_stat_database where datname = '{DATABASE}'");
        let ask = |node: &Node| node.psql(&sql).ok()?.parse().ok();
        let nodes = self.cluster.nodes().iter();
        nodes
            .map(|node| OwnCount {
                transactions: ask(node).unwrap_or_default(),
            })
            .collect()
    }

    /// The folder of it all.
    pub fn folder(&self) -> PathBuf {
        self.cluster.folder().to_owned()
    }

    /// Leaves the cluster and the proxy running; returns how to connect and how to end them.
    ///
    /// # Errors
    ///
    /// When they could not be left.
    pub fn keep(self) -> Result<String, Error> {
        let (primary, replicas) = self
            .nodes
            .split_first()
            .map_or(("", &[][..]), |(p, r)| (p, r));
        let folder = self.folder();
        let text = format!(
            "Kept running, without the load:\n  \
             the proxy   psql -h 127.0.0.1 -p {} -U {SUPERUSER} {DATABASE}\n  \
             metrics     http://{}/metrics\n  \
             primary     {primary}\n  replicas    {}\n  files       {}\n\
             To end it and remove the files:\n  sh {}/stop",
            self.port,
            self.http,
            replicas.join(", "),
            folder.display(),
            folder.display(),
        );
        drop(self.load);
        self.cluster.keep()?;
        self.proxy.keep();
        Ok(text)
    }

    /// Waits until the proxy says that it is ready.
    fn wait_ready(&mut self) -> Result<(), Error> {
        for _ in 0..READY_POLLS_MAX {
            if self.proxy.has_ended() {
                return Err(self.proxy_fault("ended at once"));
            }
            if scrape::fetch(self.http, "/readyz").is_ok() {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        Err(self.proxy_fault("is not ready after 20 s"))
    }

    /// Lets pgbench make its tables, through the proxy.
    fn make_schema(&self) -> Result<(), Error> {
        let mut pgbench = self.pgbench();
        pgbench.args(["-i", "-q", "-s", SCALE, DATABASE]);
        cluster::run("pgbench", &mut pgbench)?;
        self.cluster.catch_up(0)?;
        Ok(())
    }

    fn start_load(&mut self) -> Result<(), Error> {
        let runs: [(&str, &[&str], u32); 2] = [
            ("readers", &["-b", "select-only"], READERS),
            (
                "writers",
                &["-b", "select-only@3", "-b", "tpcb-like@1"],
                WRITERS,
            ),
        ];
        for (name, scripts, clients) in runs {
            let mut pgbench = self.pgbench();
            pgbench
                .args(["-n", "-P", "1", "-T", SECONDS_MAX, "-M", "prepared"])
                .args(["-c", &clients.to_string()])
                .args(scripts)
                .arg(DATABASE);
            self.load.push(self.cluster.spawn(name, &mut pgbench)?);
        }
        Ok(())
    }

    fn pgbench(&self) -> Command {
        let mut pgbench = self.cluster.program("pgbench");
        pgbench
            .args([
                "-h",
                "127.0.0.1",
                "-U",
                "postgres",
                "-p",
                &self.port.to_string(),
            ])
            .stdin(Stdio::null());
        pgbench
    }

    fn proxy_fault(&self, what: &'static str) -> Error {
        Error::Proxy {
            what,
            log: cluster::last_lines(&self.proxy.output(), 12),
        }
    }
}

/// Writes the proxy's configuration and starts it: this same binary.
fn start_proxy(cluster: &Cluster, port: u16, http: SocketAddr) -> Result<Program, Error> {
    let file = cluster.folder().join("pgsluice.toml");
    let ports: Vec<_> = cluster.nodes().iter().map(Node::port).collect();
    fs::write(&file, configuration(port, http, &ports))
        .map_err(|e| io_error("write the proxy's configuration", e))?;
    let binary = env::current_exe().map_err(|e| io_error("find this program", e))?;
    let mut proxy = Command::new(binary);
    proxy.arg("run").arg(&file);
    Ok(cluster.spawn("pgsluice", &mut proxy)?)
}

/// The proxy's configuration. With these times one sees within seconds how a
/// share goes down with the lag and comes back.
fn configuration(port: u16, http: SocketAddr, nodes: &[u16]) -> String {
    let nodes: Vec<_> = nodes
        .iter()
        .map(|node| format!("\"127.0.0.1:{node}\""))
        .collect();
    format!(
        "listen_addr = \"127.0.0.1\"\n\
         listen_port = {port}\n\
         http_listen = \"{http}\"\n\
         auth_type = \"trust\"\n\n\
         [clusters.main]\n\
         nodes = [{}]\n\
         monitor_user = \"{SUPERUSER}\"\n\
         max_lag = \"4s\"\n\
         slow_start = \"3s\"\n\n\
         [databases.{DATABASE}]\n\
         cluster = \"main\"\n\n\
         [users.{SUPERUSER}]\n",
        nodes.join(", "),
    )
}

/// `wanted` if it is free on 127.0.0.1, else any free port.
fn free_port(wanted: u16) -> Result<u16, Error> {
    let listen = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    listen(wanted)
        .or_else(|_| listen(0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|e| io_error("find a free port", e))
}

const DATABASE: &str = "demo";
const PORT: u16 = 6432;
const HTTP_PORT: u16 = 9127;
const READERS: u32 = 12;
const WRITERS: u32 = 4;
/// pgbench's scale: 100,000 accounts each.
const SCALE: &str = "5";
/// Longest run of pgbench, which wants one: a month.
const SECONDS_MAX: &str = "2592000";
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);
const READY_POLLS_MAX: u32 = 400;

#[cfg(test)]
mod tests;
