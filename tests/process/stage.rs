//! A process with a folder of its own.

use std::fs;
use std::fs::File;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use pgsluice::demo::cluster::free_ports;
use tempfile::TempDir;

/// Far more than anything here takes on an idle machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with a configuration.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) port: u16,
}

impl Place {
    /// With `options` at the head of the configuration, whose one database has no server: nobody
    /// listens at its address.
    pub(crate) fn new(options: &str) -> Self {
        Self::with_nodes(options, &[1])
    }

    /// As [`Place::new`], with nodes on these ports of 127.0.0.1.
    pub(crate) fn with_nodes(options: &str, nodes: &[u16]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Self {
            folder,
            port: free_ports(1).expect("a free port")[0],
        };
        place.configure(options, nodes);
        place
    }

    /// Writes the configuration.
    pub(crate) fn configure(&self, options: &str, nodes: &[u16]) {
        let nodes: Vec<_> = nodes.iter().map(|p| format!("\"127.0.0.1:{p}\"")).collect();
        let http = match options.contains("http_listen") {
            true => "",
            false => "http_listen = \"\"\n",
        };
        let text = format!(
            "listen_port = {}\n{http}auth_type = \"trust\"\n{options}\n\
             [clusters.main]\nnodes = [{}]\nmonitor_user = \"postgres\"\n\
             monitor_password = \"postgres\"\n\
             [databases.postgres]\ncluster = \"main\"\n[users.postgres]\npassword = \"postgres\"\n",
            self.port,
            nodes.join(", "),
        );
        fs::write(self.file(), text).expect("it is written");
    }

    /// Writes a pgbouncer.ini, of which users in the file prove who they are by MD5; from now on it is
    /// the configuration.
    pub(crate) fn configure_as_pgbouncer(&self, options: &str) {
        let ini = format!(
            "[databases]\npostgres = host=127.0.0.1 port=1\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {}\nunix_socket_dir =\nauth_file = {}\n{options}",
            self.port,
            self.path("users.txt").display(),
        );
        fs::write(self.path("p.ini"), ini).expect("it is written");
        fs::write(self.path("users.txt"), "\"joe\" \"secret\"\n").expect("it is written");
    }

    /// The configuration.
    pub(crate) fn file(&self) -> PathBuf {
        let ini = self.path("p.ini");
        match ini.exists() {
            true => ini,
            false => self.path("p.toml"),
        }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a file in the folder holds; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The command that starts it, with `options` before the file.
    pub(crate) fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgsluice"));
        command
            .args(options)
            .arg(self.file())
            .current_dir(self.folder.path());
        command
    }

    /// Starts it and waits until it listens.
    pub(crate) fn start(&self, options: &[&str]) -> Running {
        self.start_as("stderr", &mut self.command(options))
    }

    /// As [`Place::start`], by another command, whose standard error goes to a file of this name.
    pub(crate) fn start_as(&self, name: &str, command: &mut Command) -> Running {
        let errors = File::create(self.path(name)).expect("a file");
        let child = command.stderr(errors).spawn().expect("it starts");
        let mut running = Running { child };
        wait(&format!("listening: {}", self.text(name)), || {
            let ended = running.child.try_wait().expect("a child");
            assert!(ended.is_none(), "it ended: {}", self.text(name));
            self.is_served()
        });
        running
    }

    /// Starts it where it must not start: its exit code and what it says.
    pub(crate) fn fail(&self, options: &[&str]) -> (Option<i32>, String) {
        let output = self.command(options).output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    }

    /// Whether somebody listens.
    pub(crate) fn is_served(&self) -> bool {
        std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
    }

    /// Runs SQL by a psql of its own.
    pub(crate) fn psql(&self, sql: &str) -> Result<String, String> {
        self.psql_at(&format!("host=127.0.0.1 port={}", self.port), sql)
    }

    /// As [`Place::psql`], at another address.
    pub(crate) fn psql_at(&self, conninfo: &str, sql: &str) -> Result<String, String> {
        let conninfo = format!("{conninfo} user=postgres dbname=postgres connect_timeout=20");
        let output = Command::new("psql")
            .args(["-XAtq", "-d", &conninfo, "-c", sql])
            .current_dir(self.folder.path())
            .output()
            .expect("there is a psql");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    }
}

/// A running process. Dropped, it is ended.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// A child that runs.
    pub(crate) fn of(child: Child) -> Self {
        Self { child }
    }

    /// Its number.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a number")
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("it is there");
    }

    /// Whether it runs.
    pub(crate) fn is_up(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait("ended", || !self.is_up());
        self.child.wait().expect("a child")
    }

    /// Ends it with a signal and waits until it has ended.
    pub(crate) fn end(&mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A psql that holds its connection until it is told to leave.
pub(crate) struct Held {
    child: Child,
}

impl Held {
    /// Connects and runs `sql`.
    pub(crate) fn start(place: &Place, sql: &str) -> Self {
        let conninfo = format!(
            "host=127.0.0.1 port={} user=postgres dbname=postgres",
            place.port
        );
        let mut child = Command::new("psql")
            .args(["-XAtq", "-d", &conninfo])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("there is a psql");
        say(&mut child, sql);
        Self { child }
    }

    /// As [`Held::start`], and waits until `sql` was run.
    pub(crate) fn settle(place: &Place, sql: &str) -> Self {
        let mut held = Self::start(place, sql);
        let done = place.path(&format!("done-{}", held.child.id()));
        held.say(&format!("\\! touch {}", done.display()));
        wait(sql, || done.exists());
        held
    }

    /// Runs more.
    pub(crate) fn say(&mut self, sql: &str) {
        say(&mut self.child, sql);
    }

    /// Leaves; what was printed, with what went wrong.
    pub(crate) fn leave(mut self) -> String {
        drop(self.child.stdin.take());
        let output = self.child.wait_with_output().expect("a child");
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text += &String::from_utf8_lossy(&output.stderr);
        text
    }
}

fn say(child: &mut Child, sql: &str) {
    use std::io::Write;
    let stdin = child.stdin.as_mut().expect("it is piped");
    // It may be gone, which shows in what it prints.
    let _ = writeln!(stdin, "{sql}");
}

/// Waits until `is_so`.
pub(crate) fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = now() + PATIENCE;
    while !is_so() {
        assert!(now() < until, "not {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The time.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
