//! A throwaway PostgreSQL cluster: one primary and its streaming replicas, in a temporary folder.
//!
//! The demo, the integration tests and the benches stand on it. It uses the PostgreSQL binaries
//! that are installed, listens on free ports of 127.0.0.1 and on unix sockets in its folder, and
//! runs as an unprivileged user when the caller is root (PostgreSQL refuses to run as root).
//! Nothing of it outlives the process that started it: not after [`Drop`], and not after a
//! SIGKILL either, because a small shell waits for our end of a pipe to close ([`folder`]).
//!
//! All calls block; in async code use `spawn_blocking`. It is no test of pgsluice and knows nothing
//! of it.

pub mod binaries;
pub mod folder;
pub mod node;
pub mod options;
pub mod owner;
pub mod program;
pub mod settings;

use std::fs;
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::demo::cluster::binaries::Binaries;
use crate::demo::cluster::folder::Folder;
use crate::demo::cluster::node::Node;
use crate::demo::cluster::options::Options;
use crate::demo::cluster::owner::Owner;
use crate::demo::cluster::program::Program;

/// What can go wrong with a throwaway cluster.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No folder has all the programs that are needed.
    #[error(
        "PostgreSQL's server programs were not found: looked for {wanted} in {looked}; install \
         them (Debian and Ubuntu: apt-get install postgresql) or set PGBIN to their folder"
    )]
    NoBinaries {
        /// The programs looked for.
        wanted: String,
        /// The folders looked in.
        looked: String,
    },
    /// The caller is root and there is nobody to run PostgreSQL as.
    #[error("running as root, and neither user postgres nor nobody is there to run PostgreSQL as")]
    NoUser,
    /// A program could not be started, or a file not be written.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, and on what.
        what: String,
        /// The cause.
        source: io::Error,
    },
    /// A program ended with an error.
    #[error("{program} failed: {output}")]
    Failed {
        /// Its name.
        program: String,
        /// The end of what it said.
        output: String,
    },
    /// A node did not come up, or did not reach a state, in time.
    #[error("node {node} is not {wanted} after {seconds} s; its log ends:\n{log}")]
    TooLate {
        /// Its index in the cluster.
        node: usize,
        /// The state waited for.
        wanted: &'static str,
        /// How long it was waited for.
        seconds: u64,
        /// The end of its log.
        log: String,
    },
    /// Another program took the port between our look and PostgreSQL's start.
    #[error("port {port} was taken by another program")]
    PortTaken {
        /// The port.
        port: u16,
    },
}

/// A running cluster. Node 0 starts as the primary.
///
/// Dropping it stops all nodes at once and removes the folder.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Node>,
    folder: Folder,
    binaries: Binaries,
}

impl Cluster {
    /// Starts a cluster and returns when the replicas stream. Takes 1 to 3 seconds.
    ///
    /// # Errors
    ///
    /// When PostgreSQL is not installed, or does not start.
    pub fn start(options: &Options) -> Result<Self, Error> {
        let binaries = Binaries::find()?;
        let owner = Owner::find()?;
        let folder = Folder::make(&owner)?;
        initialise(&binaries, &owner, folder.path(), options)?;
        for i in 1..=options.replicas {
            copy_node(&owner, folder.path(), i)?;
        }
        let mut last = None;
        for _ in 0..PORT_TRIES_MAX {
            match start_nodes(&binaries, &owner, &folder, options) {
                Ok(nodes) => {
                    return Ok(Self {
                        nodes,
                        folder,
                        binaries,
                    });
                }
                Err(Error::PortTaken { port }) => last = Some(Error::PortTaken { port }),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or(Error::PortTaken { port: 0 }))
    }

    /// All nodes, the first primary first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node that was the primary at the start.
    pub fn primary(&self) -> &Node {
        self.node(0)
    }

    /// The nodes that were replicas at the start.
    pub fn replicas(&self) -> &[Node] {
        self.nodes.get(1..).unwrap_or_default()
    }

    /// A node by its index; 0 is the first primary.
    ///
    /// # Panics
    ///
    /// When there is no such node: the caller said how many there are.
    #[expect(
        clippy::indexing_slicing,
        reason = "documented, and the caller's own count"
    )]
    pub fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    /// The temporary folder: data folders, logs and unix sockets. It may hold the caller's files
    /// too and goes with the cluster.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A PostgreSQL program (`psql`, `pgbench`, …), with none of the caller's `PG…` variables.
    pub fn program(&self, name: &str) -> Command {
        self.binaries.command(name)
    }

    /// Starts a program that ends with the cluster; its output goes to `NAME.log` in the folder.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn spawn(&self, name: &str, command: &mut Command) -> Result<Program, Error> {
        Program::start(self.folder.path(), name, command)
    }

    /// Waits until every running replica of `primary` has replayed what it has written by now.
    ///
    /// # Errors
    ///
    /// When that takes longer than 30 seconds, or SQL fails.
    pub fn catch_up(&self, primary: usize) -> Result<(), Error> {
        let lsn = self.node(primary).psql("select pg_current_wal_lsn()")?;
        let sql = format!(
            "select count(*) from pg_stat_replication where replay_lsn >= '{lsn}' \
             and state = 'streaming'"
        );
        let all = self.node(primary).psql(STREAMING_COUNT)?;
        self.node(primary).wait_sql(&sql, &all, "caught up with")
    }

    /// Makes `replica` follow `primary`, as after a promotion.
    ///
    /// # Errors
    ///
    /// When SQL fails on either.
    pub fn follow(&self, replica: usize, primary: usize) -> Result<(), Error> {
        let slot = settings::slot_name(replica);
        self.node(primary).psql(&create_slot(&slot))?;
        let conninfo = settings::conninfo(
            self.folder.path(),
            self.node(primary).port(),
            &settings::node_name(replica),
        );
        let set = format!("alter system set primary_conninfo = '{conninfo}'");
        self.node(replica).psql(&set)?;
        self.node(replica).psql("select pg_reload_conf()")?;
        Ok(())
    }

    /// Leaves all running and the folder in place, and returns the script that ends it all.
    ///
    /// # Errors
    ///
    /// When the script cannot be written; then all is ended.
    pub fn keep(mut self) -> Result<PathBuf, Error> {
        let script = self.folder.keep()?;
        for node in &mut self.nodes {
            node.let_go();
        }
        Ok(script)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // All at once, then the folder goes with its own `Drop`.
        thread::scope(|scope| {
            for node in &self.nodes {
                scope.spawn(|| node.end());
            }
        });
    }
}

/// Makes node 0's data folder.
fn initialise(
    binaries: &Binaries,
    owner: &Owner,
    folder: &Path,
    options: &Options,
) -> Result<(), Error> {
    let password = folder.join("password");
    write_file(&password, &options.password)?;
    owner.own(&password)?;
    let mut initdb = binaries.command("initdb");
    initdb
        .arg("--pgdata")
        .arg(settings::data_folder(folder, 0))
        .arg("--pwfile")
        .arg(&password)
        .args(["--username", settings::SUPERUSER])
        .args(["--encoding=UTF8", "--locale=C", "--no-sync", "--auth=trust"])
        .args(["--no-instructions"])
        .current_dir(folder);
    owner.run_as(&mut initdb);
    run("initdb", &mut initdb)?;
    fs::remove_file(&password).map_err(|e| io_error("remove the password file", e))
}

/// Makes a replica's data folder from that of node 0, which has never run.
///
/// A folder that was shut down cleanly is a base backup by itself; copying it before the first
/// start saves a `pg_basebackup` per replica and lets all nodes start at the same time.
fn copy_node(owner: &Owner, folder: &Path, index: usize) -> Result<(), Error> {
    let mut copy = Command::new("cp");
    copy.arg("-R")
        .arg(settings::data_folder(folder, 0))
        .arg(settings::data_folder(folder, index))
        .current_dir(folder);
    owner.run_as(&mut copy);
    run("cp", &mut copy)?;
    let signal = settings::data_folder(folder, index).join("standby.signal");
    write_file(&signal, "")?;
    owner.own(&signal)
}

/// Starts all nodes at the same time on fresh ports and waits for the replicas to stream.
fn start_nodes(
    binaries: &Binaries,
    owner: &Owner,
    folder: &Folder,
    options: &Options,
) -> Result<Vec<Node>, Error> {
    let ports = free_ports(options.replicas + 1)?;
    let mut nodes = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let replica_of = (0 < index).then(|| ports.first().copied()).flatten();
        settings::write(folder.path(), index, *port, replica_of, options)?;
        for name in settings::FILES {
            owner.own(&settings::data_folder(folder.path(), index).join(name))?;
        }
        let node = Node::new(binaries, owner, folder.path(), index, *port);
        node.spawn()?;
        nodes.push(node);
    }
    for node in &nodes {
        node.wait_ready()?;
        if node.index() == 0 {
            let slots: Vec<_> = (1..=options.replicas)
                .map(|i| create_slot(&settings::slot_name(i)))
                .collect();
            node.psql(&slots.join(";"))?;
        }
    }
    if let Some(primary) = nodes.first() {
        let all = options.replicas.to_string();
        primary.wait_sql(STREAMING_COUNT, &all, "streamed from by all replicas")?;
    }
    Ok(nodes)
}

/// Free ports of 127.0.0.1, below the range that the system hands out for port 0.
///
/// A node that is down for a while would otherwise lose its port to some outgoing connection.
///
/// # Errors
///
/// When there are none.
pub fn free_ports(count: usize) -> Result<Vec<u16>, Error> {
    let mut held = Vec::new();
    for _ in 0..count {
        let taken = |_| TcpListener::bind(("127.0.0.1", rand::random_range(PORTS)));
        let mut tries = (0..1_000).map(taken);
        match tries.find_map(Result::ok) {
            Some(listener) => held.push(listener),
            None => return Err(Error::PortTaken { port: PORTS.start }),
        }
    }
    held.iter()
        .map(|l| l.local_addr().map(|a| a.port()))
        .collect::<Result<_, _>>()
        .map_err(|e| io_error("ask for a free port", e))
}

/// Creates a replication slot unless it is there.
fn create_slot(slot: &str) -> String {
    format!(
        "select pg_create_physical_replication_slot('{slot}', true) where not exists \
         (select from pg_replication_slots where slot_name = '{slot}')"
    )
}

/// Runs a program to its end and returns what it printed.
///
/// # Errors
///
/// When it cannot be started or ends with an error; the error holds its last words.
pub fn run(program: &str, command: &mut Command) -> Result<String, Error> {
    let output = command
        .output()
        .map_err(|e| io_error(&format!("start {program}"), e))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned());
    }
    let mut words = String::from_utf8_lossy(&output.stderr).into_owned();
    words.push_str(&String::from_utf8_lossy(&output.stdout));
    Err(Error::Failed {
        program: program.to_owned(),
        output: last_lines(&words, 12),
    })
}

/// The last lines of a text.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    let from = lines.len().saturating_sub(count);
    lines.get(from..).unwrap_or_default().join("\n")
}

fn write_file(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(|e| io_error(&format!("write {}", path.display()), e))
}

fn io_error(what: &str, source: io::Error) -> Error {
    Error::Io {
        what: what.to_owned(),
        source,
    }
}

const STREAMING_COUNT: &str = "select count(*) from pg_stat_replication where state = 'streaming'";
const PORTS: std::ops::Range<u16> = 12_000..32_000;
const PORT_TRIES_MAX: u32 = 5;
const POLL: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests;
