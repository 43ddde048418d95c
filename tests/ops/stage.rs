//! A proxy with a configuration of the test's own, and clients that hold a session.

use std::fs;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use nix::sys::signal::Signal;
use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::free_ports;
use pgsluice::demo::cluster::options::Login;
use pgsluice::demo::cluster::options::Options;
use pgsluice::demo::cluster::program::Program;
use pgsluice::demo::scrape;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::NoTls;
use tokio_postgres::SimpleQueryMessage;

/// The password of the tests' role `app`.
pub(crate) const PASSWORD: &str = "wholly secret";

/// Far more than anything here takes on an idle machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A primary and some replicas with role and database `app`.
pub(crate) fn cluster(replicas: usize) -> Cluster {
    let options = Options::default().login(Login::Scram).replicas(replicas);
    let cluster = Cluster::start(&options).expect("a cluster starts");
    let primary = cluster.primary();
    let role = format!("create role app login password '{PASSWORD}'");
    primary.psql(&role).expect("a role is made");
    primary
        .psql("create database app owner app")
        .expect("a database is made");
    cluster.catch_up(0).expect("the replicas follow");
    cluster
}

/// `[clusters.main]` of all nodes.
pub(crate) fn main_cluster(cluster: &Cluster) -> String {
    let nodes: Vec<_> = cluster.nodes().iter().map(|n| n.port()).collect();
    cluster_of(&nodes)
}

/// `[clusters.main]` of the nodes on these ports.
pub(crate) fn cluster_of(ports: &[u16]) -> String {
    let nodes: Vec<_> = ports
        .iter()
        .map(|port| format!("\"127.0.0.1:{port}\""))
        .collect();
    format!(
        "[clusters.main]\nnodes = [{}]\nmonitor_user = \"postgres\"\n\
         monitor_password = \"postgres\"\nprobe_interval = \"200ms\"\n",
        nodes.join(", ")
    )
}

/// `[users.app]` with the password that the nodes know.
pub(crate) fn user_app() -> String {
    format!("[users.app]\npassword = \"{PASSWORD}\"\n")
}

/// A running proxy. Dropping it ends it.
pub(crate) struct Front {
    pub(crate) program: Program,
    pub(crate) port: u16,
    pub(crate) http: SocketAddr,
    file: PathBuf,
    folder: PathBuf,
}

impl Front {
    /// Starts one with `config` behind the lines that say where it listens.
    pub(crate) fn start(cluster: &Cluster, name: &str, config: &str) -> Self {
        Self::start_with(cluster, name, config, &[])
    }

    /// Starts one in another environment.
    pub(crate) fn start_with(
        cluster: &Cluster,
        name: &str,
        config: &str,
        env: &[(&str, String)],
    ) -> Self {
        let ports = free_ports(2).expect("there are free ports");
        let http = SocketAddr::from(([127, 0, 0, 1], ports[1]));
        let file = cluster.folder().join(format!("{name}.toml"));
        fs::write(&file, text(ports[0], http, config)).expect("the file is written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsluice"));
        command.arg("run").arg(&file);
        command.envs(env.iter().map(|(name, value)| (name, value)));
        let program = cluster.spawn(name, &mut command).expect("it starts");
        let mut front = Self {
            program,
            port: ports[0],
            http,
            file,
            folder: cluster.folder().to_owned(),
        };
        front.wait("up", |front| {
            assert!(!front.program.has_ended(), "it ended:\n{}", front.log());
            scrape::fetch(front.http, "/healthz").is_ok()
        });
        front
    }

    /// Starts one and waits until it is ready.
    pub(crate) fn ready(cluster: &Cluster, name: &str, config: &str) -> Self {
        let mut front = Self::start(cluster, name, config);
        front.wait_ready();
        front
    }

    /// Waits until `/readyz` says so.
    pub(crate) fn wait_ready(&mut self) {
        self.wait("ready", |front| {
            scrape::fetch(front.http, "/readyz").is_ok()
        });
    }

    /// Waits until `is_so`.
    pub(crate) fn wait(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let until = now() + PATIENCE;
        while !is_so(self) {
            assert!(now() < until, "not {what}:\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Gives it another configuration and waits until it has said what it makes of it.
    pub(crate) fn reload(&mut self, config: &str) {
        let said = |log: &str| {
            let lines = log.lines();
            lines
                .filter(|l| l.contains("configuration reloaded") || l.contains("reload failed"))
                .count()
        };
        let before = said(&self.log());
        self.write(config);
        self.program.signal(Signal::SIGHUP);
        self.wait("reloaded", |front| before < said(&front.log()));
    }

    /// Puts another configuration in its file's place.
    pub(crate) fn write(&self, config: &str) {
        fs::write(&self.file, text(self.port, self.http, config)).expect("the file is written");
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.program.output()
    }

    /// Lines of its log that have `what`.
    pub(crate) fn logged(&self, what: &str) -> usize {
        self.log().lines().filter(|l| l.contains(what)).count()
    }

    /// How drivers are told where it is.
    pub(crate) fn conninfo(&self, user: &str, database: &str) -> String {
        format!(
            "host=127.0.0.1 port={} user={user} dbname={database}",
            self.port
        )
    }

    /// Runs SQL in a psql of its own.
    pub(crate) fn psql(&self, conninfo: &str, password: &str, sql: &str) -> Result<String, String> {
        let output = Command::new("psql")
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", conninfo, "-c", sql])
            .env("PGPASSWORD", password)
            .env("PGCONNECT_TIMEOUT", "20")
            .current_dir(&self.folder)
            .output()
            .expect("there is a psql");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// As user `app` in a database.
    pub(crate) fn app(&self, database: &str, sql: &str) -> Result<String, String> {
        self.psql(&self.conninfo("app", database), PASSWORD, sql)
    }

    /// The sum of the samples of a metric that have these labels.
    pub(crate) fn metric(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let page = scrape::fetch(self.http, "/metrics").expect("there are metrics");
        let samples = scrape::samples(&page);
        let is_it = |s: &&scrape::Sample| {
            s.name == name && labels.iter().all(|(l, v)| s.label(l) == Some(v))
        };
        samples.iter().filter(is_it).map(|s| s.value).sum()
    }

    /// A session of user `app`.
    pub(crate) fn session(&self, database: &str) -> Session {
        Session::start(&self.conninfo("app", database)).expect("it logs in")
    }
}

fn text(port: u16, http: SocketAddr, config: &str) -> String {
    format!("listen_addr = \"127.0.0.1\"\nlisten_port = {port}\nhttp_listen = \"{http}\"\n{config}")
}

/// Whether a socket is refused at this port.
pub(crate) fn is_refused(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_err()
}

/// A client that holds its connection.
pub(crate) struct Session {
    runtime: Runtime,
    client: tokio_postgres::Client,
    connection: JoinHandle<Result<(), tokio_postgres::Error>>,
}

impl Session {
    /// Logs in.
    pub(crate) fn start(conninfo: &str) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let conninfo = format!("{conninfo} password='{PASSWORD}'");
        let connected = runtime
            .block_on(async { timeout(PATIENCE, tokio_postgres::connect(&conninfo, NoTls)).await })
            .expect("an answer in time");
        let (client, connection) = connected.map_err(|error| said(&error))?;
        let connection = runtime.spawn(connection);
        Ok(Self {
            runtime,
            client,
            connection,
        })
    }

    /// The first value of the last row, or what went wrong.
    pub(crate) fn sql(&self, sql: &str) -> Result<String, String> {
        self.all(&[sql]).remove(0)
    }

    /// That of each, all sent at once.
    pub(crate) fn all(&self, sqls: &[&str]) -> Vec<Result<String, String>> {
        let asked = join_all(sqls.iter().map(|sql| self.answer(sql)));
        self.runtime
            .block_on(async { timeout(PATIENCE, asked).await })
            .expect("an answer in time")
    }

    async fn answer(&self, sql: &str) -> Result<String, String> {
        let rows = self.client.simple_query(sql).await;
        let rows = rows.map_err(|error| said(&error))?;
        let rows = rows.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        });
        Ok(rows.last().unwrap_or_default())
    }

    /// As `sql`, with how long it took.
    pub(crate) fn timed(&self, sql: &str) -> (Result<String, String>, Duration) {
        let began = now();
        let done = self.sql(sql);
        (done, began.elapsed())
    }

    /// Prepares a statement, which sends its text and nothing else: what went wrong.
    pub(crate) fn prepare(&self, sql: &str) -> Result<(), String> {
        let prepared = self
            .runtime
            .block_on(async { timeout(PATIENCE, self.client.prepare(sql)).await });
        let prepared = prepared.expect("an answer in time");
        prepared.map(drop).map_err(|error| said(&error))
    }

    /// What the proxy says when it ends the connection, which it must.
    pub(crate) fn ending(mut self) -> String {
        let ended = self
            .runtime
            .block_on(async { timeout(PATIENCE, &mut self.connection).await });
        match ended.expect("it ends").expect("it does not panic") {
            Ok(()) => String::new(),
            Err(error) => said(&error),
        }
    }
}

fn said(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("{} {}", error.code().code(), error.message()),
        None => error.to_string(),
    }
}

/// The time.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
