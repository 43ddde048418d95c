//! Everything a run needs: the cluster, PgBouncer and pgsluice, on free ports in one folder.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Node;
use pgsluice::demo::cluster::options;
use pgsluice::demo::cluster::settings::SUPERUSER;

use crate::cells::Target;
use crate::fault::Fault;
use crate::fault::said;
use crate::options::Options;
use crate::proc;
use crate::proxy::Proxy;

/// The PostgreSQL database with pgbench's tables; the proxies' own probes ask in another.
pub(crate) const DATABASE: &str = "bench";

/// The superuser's password, which all logins prove by SCRAM.
pub(crate) const PASSWORD: &str = "a password of the benchmark";

/// Servers per pool, of both proxies.
pub(crate) const POOL_SIZE: usize = 20;

/// What is measured, running.
#[derive(Debug)]
pub(crate) struct Rig {
    // Proxies first: they end before the nodes they talk to.
    pgbouncer: Option<Running>,
    pgsluice: Option<Running>,
    cluster: Cluster,
    /// PgBouncer before 1.21 cannot carry prepared statements across a transaction's end.
    pgbouncer_is_old: bool,
}

/// A proxy, where it listens and how it is started again.
#[derive(Debug)]
struct Running {
    proxy: Option<Proxy>,
    port: u16,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Rig {
    /// Starts the cluster, fills pgbench's tables and starts the proxies.
    pub(crate) fn start(options: &Options, stop: &AtomicBool) -> Result<Self, Fault> {
        let cluster = Cluster::start(
            &options::Options {
                password: PASSWORD.to_owned(),
                ..options::Options::default()
            }
            .login(options::Login::Scram)
            .set("max_connections", "500")
            .set("shared_buffers", "256MB")
            .set("autovacuum", "off"),
        )?;
        let mut rig = Self {
            pgbouncer: None,
            pgsluice: None,
            cluster,
            pgbouncer_is_old: false,
        };
        rig.fill(options.scale)?;
        if options.targets.contains(&Target::PgBouncer) {
            rig.pgbouncer_is_old = is_old(&pgbouncer_version()?);
            rig.pgbouncer = Some(rig.prepare_pgbouncer()?);
        }
        let ours = [Target::Pgsluice, Target::Eventual];
        if ours.iter().any(|target| options.targets.contains(target)) {
            rig.pgsluice = Some(rig.prepare_pgsluice()?);
        }
        for target in &options.targets {
            rig.restart(*target, stop)?;
        }
        Ok(rig)
    }

    /// Starts a proxy afresh; PostgreSQL itself is left as it is.
    pub(crate) fn restart(&mut self, target: Target, stop: &AtomicBool) -> Result<(), Fault> {
        let running = match target {
            Target::Eventual if self.pid(Target::Eventual).is_some() => None,
            Target::Direct => None,
            Target::PgBouncer => self.pgbouncer.as_mut(),
            Target::Pgsluice | Target::Eventual => self.pgsluice.as_mut(),
        };
        let Some(running) = running else {
            return Ok(());
        };
        running.proxy = None;
        let (program, arguments) = (&running.program, &running.arguments);
        let proxy = Proxy::start(&self.cluster, target.name(), program, arguments)?;
        proxy
            .wait_ready(running.port, DATABASE, stop)
            .map_err(|fault| said(format!("{target}: {fault}")))?;
        running.proxy = Some(proxy);
        Ok(())
    }

    /// Where clients of a target connect to.
    pub(crate) fn port(&self, target: Target) -> u16 {
        match self.running(target) {
            Some(running) => running.port,
            None => self.cluster.primary().port(),
        }
    }

    /// The database that clients of a target name, for one of pgbench's protocols.
    pub(crate) fn database(&self, target: Target, protocol: &str) -> &'static str {
        let needs_session = self.pgbouncer_is_old && protocol == "prepared";
        match target {
            Target::PgBouncer if needs_session => SESSION_DATABASE,
            Target::Eventual => EVENTUAL_DATABASE,
            Target::Direct | Target::PgBouncer | Target::Pgsluice => DATABASE,
        }
    }

    /// The process of a proxy.
    pub(crate) fn pid(&self, target: Target) -> Option<u32> {
        self.running(target)?.proxy.as_ref().map(Proxy::pid)
    }

    /// The processes of the primary: those that a direct client adds to.
    pub(crate) fn servers(&self) -> Vec<u32> {
        let postmaster = self.cluster.primary().pid();
        postmaster.map(proc::children).unwrap_or_default()
    }

    /// The nodes, the primary first.
    pub(crate) fn nodes(&self) -> &[Node] {
        self.cluster.nodes()
    }

    /// A folder that goes with the cluster.
    pub(crate) fn folder(&self) -> &Path {
        self.cluster.folder()
    }

    /// One of PostgreSQL's programs, with the password at hand.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = self.cluster.program(name);
        command.env("PGPASSWORD", PASSWORD);
        command
    }

    /// Waits until the replicas have replayed all that was written.
    pub(crate) fn catch_up(&self) -> Result<(), Fault> {
        Ok(self.cluster.catch_up(0)?)
    }

    /// What ran, by version.
    pub(crate) fn versions(&self) -> Result<Vec<(&'static str, String)>, Fault> {
        let mut versions = vec![(
            "postgresql",
            self.cluster.primary().psql("show server_version")?,
        )];
        if self.pgbouncer.is_some() {
            let mut version = pgbouncer_version()?;
            if self.pgbouncer_is_old {
                version.push_str(" (prepared in session pooling: it knows no other way)");
            }
            versions.push(("pgbouncer", version));
        }
        versions.push(("pgsluice", env!("CARGO_PKG_VERSION").to_owned()));
        Ok(versions)
    }

    fn running(&self, target: Target) -> Option<&Running> {
        match target {
            Target::Direct => None,
            Target::PgBouncer => self.pgbouncer.as_ref(),
            Target::Pgsluice | Target::Eventual => self.pgsluice.as_ref(),
        }
    }

    fn fill(&self, scale: u32) -> Result<(), Fault> {
        let primary = self.cluster.primary();
        primary.psql(&format!("create database {DATABASE}"))?;
        let mut pgbench = self.program("pgbench");
        pgbench
            .args(["--initialize", "--quiet", "--host=127.0.0.1"])
            .args(["--username=postgres", &format!("--scale={scale}")])
            .arg(format!("--port={}", primary.port()))
            .arg(DATABASE);
        let output = pgbench.output()?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(said(format!("pgbench --initialize: {words}")));
        }
        primary.psql("checkpoint")?;
        self.catch_up()
    }

    fn prepare_pgbouncer(&self) -> Result<Running, Fault> {
        let port = free_port()?;
        let primary = self.cluster.primary().port();
        let prepared = if self.pgbouncer_is_old {
            ""
        } else {
            "max_prepared_statements = 200"
        };
        let users = self.folder().join("pgbouncer-users.txt");
        fs::write(&users, format!("\"{SUPERUSER}\" \"{PASSWORD}\"\n"))?;
        let at = format!("host=127.0.0.1 port={primary} dbname={DATABASE}");
        let ini = format!(
            "[databases]\n\
             {DATABASE} = {at}\n\
             {SESSION_DATABASE} = {at} pool_mode=session pool_size=210\n\
             [pgbouncer]\n\
             listen_addr = 127.0.0.1\n\
             listen_port = {port}\n\
             unix_socket_dir =\n\
             auth_type = scram-sha-256\n\
             auth_file = {users}\n\
             pool_mode = transaction\n\
             default_pool_size = {POOL_SIZE}\n\
             max_client_conn = {CLIENTS_MAX}\n\
             log_connections = 0\n\
             log_disconnections = 0\n\
             log_stats = 0\n\
             {prepared}\n",
            users = users.display(),
        );
        self.prepare("pgbouncer", pgbouncer_program(), port, &ini, &[])
    }

    fn prepare_pgsluice(&self) -> Result<Running, Fault> {
        let port = free_port()?;
        let nodes: Vec<_> = self.nodes().iter().map(|node| node.port()).collect();
        let toml = pgsluice_toml(port, &nodes);
        let program = PathBuf::from(env!("CARGO_BIN_EXE_pgsluice"));
        self.prepare("pgsluice", program, port, &toml, &["run"])
    }

    fn prepare(
        &self,
        name: &str,
        program: PathBuf,
        port: u16,
        configuration: &str,
        words: &[&str],
    ) -> Result<Running, Fault> {
        let file = self.folder().join(format!("{name}.conf"));
        fs::write(&file, configuration)?;
        let mut arguments: Vec<_> = words.iter().map(|w| (*w).to_owned()).collect();
        arguments.push(file.display().to_string());
        Ok(Running {
            proxy: None,
            port,
            program: self.within_reach(name, program)?,
            arguments,
        })
    }

    /// A copy of a program where the user that runs the cluster may read it.
    fn within_reach(&self, name: &str, program: PathBuf) -> Result<PathBuf, Fault> {
        if !program.is_absolute() {
            return Ok(program);
        }
        let copy = self.folder().join(name);
        fs::copy(&program, &copy).map_err(|e| said(format!("copy {}: {e}", program.display())))?;
        Ok(copy)
    }
}

/// Read/write splitting on, pools as PgBouncer's, all logins by SCRAM.
fn pgsluice_toml(port: u16, nodes: &[u16]) -> String {
    let nodes: Vec<_> = nodes
        .iter()
        .map(|node| format!("\"127.0.0.1:{node}\""))
        .collect();
    let nodes = nodes.join(", ");
    format!(
        "listen_addr = \"127.0.0.1\"\n\
         listen_port = {port}\n\
         auth_type = \"scram-sha-256\"\n\
         max_client_conn = {CLIENTS_MAX}\n\
         http_listen = \"\"\n\
         log_connections = false\n\
         log_disconnections = false\n\
         read_write_split = true\n\
         pool_mode = \"transaction\"\n\
         pool_size_primary = {POOL_SIZE}\n\
         pool_size_replica = {POOL_SIZE}\n\
         [clusters.bench]\n\
         nodes = [{nodes}]\n\
         [databases.{DATABASE}]\n\
         cluster = \"bench\"\n\
         [databases.{EVENTUAL_DATABASE}]\n\
         cluster = \"bench\"\n\
         dbname = \"{DATABASE}\"\n\
         consistency = \"eventual\"\n\
         [users.{SUPERUSER}]\n\
         password = \"{PASSWORD}\"\n"
    )
}

/// `PGBOUNCER`, else the one on the path.
fn pgbouncer_program() -> PathBuf {
    match env::var_os("PGBOUNCER") {
        Some(program) => PathBuf::from(program),
        None => PathBuf::from("pgbouncer"),
    }
}

/// `1.24.1`, say.
fn pgbouncer_version() -> Result<String, Fault> {
    let program = pgbouncer_program();
    let output = Command::new(&program)
        .arg("--version")
        .output()
        .map_err(|e| {
            said(format!(
                "{}: {e}; install PgBouncer or set PGBOUNCER to its program",
                program.display()
            ))
        })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("PgBouncer "))
        .ok_or_else(|| said(format!("{} is no PgBouncer", program.display())))?;
    Ok(version.trim().to_owned())
}

fn is_old(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map_while(|part| part.parse::<u32>().ok());
    (parts.next(), parts.next()) < (Some(1), Some(21))
}

fn free_port() -> Result<u16, Fault> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

const SESSION_DATABASE: &str = "bench_session";
const EVENTUAL_DATABASE: &str = "bench_eventual";
const CLIENTS_MAX: usize = 20_000;
