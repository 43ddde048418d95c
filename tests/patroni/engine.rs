//! Three Patroni nodes and an etcd, as processes of an unprivileged user in a temporary folder.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use nix::sys::signal::Signal;
use pgsluice::demo::cluster::Error;
use pgsluice::demo::cluster::binaries::Binaries;
use pgsluice::demo::cluster::folder::Folder;
use pgsluice::demo::cluster::free_ports;
use pgsluice::demo::cluster::owner::Owner;
use pgsluice::demo::cluster::program::Program;
use pgsluice::demo::cluster::run;
use pgsluice::demo::scrape;
use serde_json::Value;

use crate::member::Member;
use crate::wait;

/// The whole of it. Dropping it ends all.
#[derive(Debug)]
pub(crate) struct Engine {
    members: Vec<Member>,
    _etcd: Program,
    binaries: Binaries,
    owner: Owner,
    folder: Folder,
}

/// What Patroni says of one of its nodes.
#[derive(Debug)]
pub(crate) struct Said {
    name: String,
    role: String,
    state: String,
    timeline: Option<u64>,
}

impl Engine {
    /// Starts it, and returns when there is a leader that two replicas stream from, one of them
    /// synchronously.
    pub(crate) fn start() -> Self {
        let owner = Owner::find().expect("there is a user for it");
        let folder = Folder::make(&owner).expect("there is room");
        let binaries = Binaries::find().expect("PostgreSQL is installed");
        let ports = free_ports(2 + 2 * MEMBERS).expect("there are free ports");
        let etcd = start_etcd(&owner, folder.path(), [ports[0], ports[1]]);
        let members = (0..MEMBERS).map(|i| {
            let (postgres, rest) = (ports[2 + i], ports[2 + MEMBERS + i]);
            Member::new(i, postgres, rest, folder.path())
        });
        let mut engine = Self {
            members: members.collect(),
            _etcd: etcd,
            binaries,
            owner,
            folder,
        };
        for i in 0..MEMBERS {
            engine.members[i].write(&engine.binaries, &engine.owner, ports[0]);
            engine.begin(i);
        }
        engine.wait_whole();
        engine
    }

    /// Its folder, which goes with it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The ports of the PostgreSQL servers.
    pub(crate) fn ports(&self) -> Vec<u16> {
        self.members.iter().map(Member::port).collect()
    }

    /// Where the nodes' Patronis answer.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.members.iter().map(Member::url).collect()
    }

    /// Which node leads, by Patroni's own word.
    pub(crate) fn leader(&self) -> Option<usize> {
        let said = self.said();
        let leader = said.iter().find(|s| s.role == "leader")?;
        self.members.iter().position(|m| m.name() == leader.name)
    }

    /// Kills a node's Patroni and PostgreSQL, with all that they have forked, by SIGKILL.
    pub(crate) fn kill(&mut self, index: usize) {
        self.members[index].kill();
    }

    /// Starts a node's Patroni, which starts PostgreSQL or makes a replica of what it finds.
    pub(crate) fn begin(&mut self, index: usize) {
        let Self {
            members,
            owner,
            folder,
            ..
        } = self;
        members[index].start(owner, folder.path());
    }

    /// Waits until there is a leader, and all others stream from it on its timeline, one of them
    /// synchronously.
    pub(crate) fn wait_whole(&self) {
        let settled = wait(WHOLE_WITHIN, || self.is_whole());
        assert!(settled, "Patroni's nodes do not settle:\n{}", self.story());
    }

    /// Runs SQL on a node as the superuser.
    pub(crate) fn psql(&self, index: usize, database: &str, sql: &str) -> Result<String, Error> {
        let mut psql = self.binaries.command("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres"])
            .args(["-d", database, "-c", sql, "-h"])
            .arg(self.folder.path())
            .args(["-p", &self.members[index].port().to_string()])
            .env("PGCONNECT_TIMEOUT", "5");
        run("psql", &mut psql)
    }

    /// All that a node's Patroni has logged since the node was last started.
    pub(crate) fn log(&self, index: usize) -> String {
        self.members[index].log()
    }

    /// What Patroni and its nodes say, for a test that has failed.
    pub(crate) fn story(&self) -> String {
        let mut text = format!("{:#?}\n", self.said());
        for (i, member) in self.members.iter().enumerate() {
            let answer = self.psql(i, "postgres", STATE);
            text.push_str(&format!("{}: {answer:?}\n", member.name()));
            let log = member.log();
            let lines: Vec<_> = log.lines().collect();
            let from = lines.len().saturating_sub(25);
            text.push_str(&format!(
                "{}:\n{}\n",
                member.name(),
                lines[from..].join("\n")
            ));
        }
        text
    }

    fn is_whole(&self) -> bool {
        let said = self.said();
        let runs = |s: &Said| s.state == "running" || s.state == "streaming";
        let alike = said.windows(2).all(|w| w[0].timeline == w[1].timeline);
        let roles = |role: &str| said.iter().filter(|s| s.role == role).count();
        if said.len() != MEMBERS || !said.iter().all(runs) || !alike {
            return false;
        }
        roles("leader") == 1 && roles("sync_standby") == 1 && self.streamed_from() == MEMBERS - 1
    }

    /// How many replicas the leader itself knows to stream.
    fn streamed_from(&self) -> usize {
        let sql = "select count(*) from pg_stat_replication where state = 'streaming'";
        let leader = self.leader();
        let rows = leader.and_then(|leader| self.psql(leader, "postgres", sql).ok());
        rows.and_then(|rows| rows.parse().ok()).unwrap_or(0)
    }

    /// The answer of the first Patroni that gives one.
    fn said(&self) -> Vec<Said> {
        let mut pages = self.members.iter().filter_map(|m| m.page("/cluster"));
        let Some(page) = pages.next() else {
            return Vec::new();
        };
        let members = page["members"].as_array().cloned().unwrap_or_default();
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let said = members.iter().map(|m| Said {
            name: text(&m["name"]),
            role: text(&m["role"]),
            state: text(&m["state"]),
            timeline: m["timeline"].as_u64(),
        });
        said.collect()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // At once, so that none promotes itself because another has gone.
        for member in &mut self.members {
            member.kill();
        }
    }
}

/// One etcd; that it is one of three matters to its operators only.
fn start_etcd(owner: &Owner, folder: &Path, ports: [u16; 2]) -> Program {
    let [clients, peers] = ports.map(|port| format!("http://127.0.0.1:{port}"));
    let mut etcd = Command::new("etcd");
    etcd.arg("--data-dir")
        .arg(folder.join("etcd"))
        .args([
            "--name",
            "etcd",
            "--initial-cluster",
            &format!("etcd={peers}"),
        ])
        .args(["--listen-client-urls", &clients])
        .args(["--advertise-client-urls", &clients])
        .args(["--listen-peer-urls", &peers])
        .args(["--initial-advertise-peer-urls", &peers])
        .current_dir(folder);
    owner.run_as(&mut etcd);
    let program = Program::start(folder, "etcd", &mut etcd).expect("etcd is installed");
    let address = SocketAddr::from(([127, 0, 0, 1], ports[0]));
    let is_well = || scrape::fetch(address, "/health").is_ok_and(|page| page.contains("true"));
    assert!(
        wait(ETCD_WITHIN, is_well),
        "etcd does not start:\n{}",
        program.output()
    );
    program
}

/// Ends a process at once.
pub(crate) fn end_at_once(program: &mut Program) {
    program.signal(Signal::SIGKILL);
    let began = Instant::now();
    program.end(Duration::from_secs(5));
    debug_assert!(began.elapsed() < Duration::from_secs(5));
}

/// How many nodes there are.
pub(crate) const MEMBERS: usize = 3;

/// For who reads of a failure.
const STATE: &str = "select pg_is_in_recovery(), current_setting('synchronous_standby_names'), \
    (select json_agg(r) from pg_stat_replication r), \
    (select json_agg(a) from pg_stat_activity a where wait_event_type = 'IPC')";

const ETCD_WITHIN: Duration = Duration::from_secs(30);
const WHOLE_WITHIN: Duration = Duration::from_secs(90);
