//! One side of the comparison: PgBouncer, or pgsluice, with the same file in front of the same
//! server, and what was heard from it.

use std::env;
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use nix::sys::signal::Signal;
use nix::unistd::User;
use nix::unistd::geteuid;
use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::free_ports;
use pgsluice::demo::cluster::program::Program;

use crate::client::Client;
use crate::client::Login;

/// Far more than anything here takes on an idle machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The name under which pgsluice is compared.
const OURS: &str = "pgsluice";

/// The two programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pooler {
    program: PathBuf,
    /// `None`: it is pgsluice.
    version: Option<(u32, u32)>,
}

impl Pooler {
    /// pgsluice.
    pub(crate) fn ours() -> Self {
        Self {
            program: env!("CARGO_BIN_EXE_pgsluice").into(),
            version: None,
        }
    }

    /// PgBouncer: `PGBOUNCER`, or the one that the system has.
    pub(crate) fn theirs() -> Self {
        let program = env::var_os("PGBOUNCER").map_or_else(
            || {
                let places = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].map(PathBuf::from);
                let found = places.into_iter().find(|place| place.exists());
                found.expect("pgbouncer is installed (tools/setup test), or PGBOUNCER names it")
            },
            PathBuf::from,
        );
        let output = Command::new(&program).arg("-V").output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let numbers = text.lines().next().unwrap_or_default();
        let numbers = numbers.trim_start_matches("PgBouncer ");
        let mut numbers = numbers.split('.').map(|n| n.parse().expect("a version"));
        let version = (numbers.next().expect("one"), numbers.next().expect("two"));
        Self {
            program,
            version: Some(version),
        }
    }

    /// Its version; `None` for pgsluice, which is as new as can be.
    pub(crate) fn version(&self) -> Option<(u32, u32)> {
        self.version
    }

    fn name(&self) -> &'static str {
        match self.version {
            Some(_) => "pgbouncer",
            None => OURS,
        }
    }
}

/// What a case does with a side, and what it has heard: under each label what belongs together.
pub(crate) struct Stage<'c> {
    /// The server.
    pub(crate) cluster: &'c Cluster,
    pooler: Pooler,
    folder: PathBuf,
    port: u16,
    program: Option<Program>,
    starts: usize,
    /// Labels with what was heard.
    pub(crate) heard: Vec<(String, Vec<String>)>,
}

/// What stands in the file besides what all cases need.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct File<'a> {
    /// Lines of `[databases]`; `NODE` is the server's address.
    pub(crate) databases: &'a str,
    /// Lines of `[users]`.
    pub(crate) users: &'a str,
    /// Lines of `[pgbouncer]`; `FOLDER` is a folder of this side.
    pub(crate) pgbouncer: &'a str,
    /// The auth_file.
    pub(crate) secrets: &'a str,
}

/// Users and their secrets, as most cases have them.
pub(crate) const SECRETS: &str =
    "\"app\" \"wholly secret\"\n\"admin\" \"a\"\n\"stats\" \"s\"\n\"postgres\" \"postgres\"\n";

impl<'c> Stage<'c> {
    /// A folder and a port for a pooler that is not started yet.
    pub(crate) fn new(cluster: &'c Cluster, pooler: &Pooler) -> Self {
        let port = free_ports(1).expect("a port")[0];
        let folder = cluster.folder().join(format!("{}-{port}", pooler.name()));
        fs::create_dir(&folder).expect("a folder");
        if geteuid().is_root() {
            let user = User::from_name("postgres").expect("users").expect("one");
            chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).expect("it is given");
        }
        Self {
            cluster,
            pooler: pooler.clone(),
            folder,
            port,
            program: None,
            starts: 0,
            heard: Vec::new(),
        }
    }

    /// Whether this is pgsluice.
    pub(crate) fn is_ours(&self) -> bool {
        self.pooler.version.is_none()
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.program.as_ref().map_or(0, Program::pid)
    }

    /// Where it listens, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A file in the folder of this side.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes the configuration.
    pub(crate) fn write(&self, file: File<'_>) {
        let at = format!("host=127.0.0.1 port={}", self.cluster.primary().port());
        let text = format!(
            "[databases]\n{}\n[users]\n{}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\n\
             unix_socket_dir = FOLDER\nauth_file = FOLDER/users.txt\nadmin_users = admin\n\
             stats_users = stats\n{}\n",
            file.databases, file.users, self.port, file.pgbouncer
        );
        let folder = self.folder.display().to_string();
        let text = text.replace("NODE", &at).replace("FOLDER", &folder);
        fs::write(self.path("pooler.ini"), text).expect("the file is written");
        fs::write(self.path("users.txt"), file.secrets).expect("the users are written");
    }

    /// Starts the pooler with this configuration, and returns when it listens.
    pub(crate) fn start(&mut self, file: File<'_>) {
        self.write(file);
        self.serve();
    }

    /// Starts the pooler with what is written, and returns when it listens.
    pub(crate) fn serve(&mut self) {
        self.launch();
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let program = self.program.as_mut().expect("it runs");
            let is_late = program.has_ended() || until < Instant::now();
            assert!(!is_late, "{}: {}", self.pooler.name(), program.output());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts the pooler with what is written.
    pub(crate) fn launch(&mut self) {
        let mut command = Command::new(&self.pooler.program);
        command.arg(self.path("pooler.ini"));
        if geteuid().is_root() {
            command.args(["-u", "postgres"]);
        }
        self.starts += 1;
        let name = format!("{}-{}-{}", self.pooler.name(), self.port, self.starts);
        self.program = Some(self.cluster.spawn(&name, &mut command).expect("it starts"));
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        self.program.as_ref().expect("it runs").signal(signal);
    }

    /// Notes whether it ends within `limit`.
    pub(crate) fn ends(&mut self, label: &str, limit: Duration) {
        let until = Instant::now() + limit;
        let program = self.program.as_mut().expect("it runs");
        while !program.has_ended() && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
        let said = if program.has_ended() {
            "has ended"
        } else {
            "runs on"
        };
        self.note(label, vec![said.to_owned()]);
    }

    /// Notes what was heard.
    pub(crate) fn note(&mut self, label: &str, heard: Vec<String>) {
        let port = self.port.to_string();
        let folder = self.folder.display().to_string();
        let masked = heard.into_iter().map(|line| {
            let line = line.replace(&folder, "FOLDER");
            line.replace(&port, "PORT")
        });
        self.heard.push((label.to_owned(), masked.collect()));
    }

    /// Logs in and notes what is heard.
    pub(crate) fn log_in(&mut self, label: &str, login: Login<'_>) -> Option<Client> {
        let (heard, client) = Client::log_in(self.port, login);
        self.note(label, heard);
        client
    }

    /// Logs in as the application, which has to succeed; nothing is noted.
    pub(crate) fn app(&self) -> Client {
        self.client(Login::default())
    }

    /// Logs in to the console, which has to succeed; nothing is noted.
    pub(crate) fn console(&self) -> Client {
        self.client(Login {
            user: "admin",
            password: "a",
            database: "pgbouncer",
            ..Login::default()
        })
    }

    /// Logs in, which has to succeed; nothing is noted.
    pub(crate) fn client(&self, login: Login<'_>) -> Client {
        let (heard, client) = Client::log_in(self.port, login);
        client.unwrap_or_else(|| panic!("{}: {heard:?}\n{}", self.pooler.name(), self.output()))
    }

    /// Asks and notes what is heard, under the text itself.
    pub(crate) fn ask(&mut self, client: &mut Client, sql: &str) {
        let heard = client.ask(sql);
        self.note(sql, heard);
    }

    /// Asks and notes what is heard, under the text behind a label.
    pub(crate) fn ask_as(&mut self, label: &str, client: &mut Client, sql: &str) {
        let heard = client.ask(sql);
        self.note(&format!("{label}: {sql}"), heard);
    }

    /// Cancels what a client does.
    pub(crate) fn cancel(&self, client: &Client) {
        client.cancel(self.port);
    }

    /// What it has logged.
    pub(crate) fn output(&self) -> String {
        let program = self.program.as_ref();
        program.map_or_else(String::new, Program::output)
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        if let Some(program) = &self.program {
            program.signal(Signal::SIGQUIT);
        }
    }
}
