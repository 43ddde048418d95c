//! One Patroni with its PostgreSQL.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use pgsluice::demo::cluster::binaries::Binaries;
use pgsluice::demo::cluster::node::kill_family;
use pgsluice::demo::cluster::owner::Owner;
use pgsluice::demo::cluster::program::Program;
use pgsluice::demo::scrape;
use serde_json::Value;

use crate::engine::end_at_once;

/// A node, whether it runs or not.
#[derive(Debug)]
pub(crate) struct Member {
    name: String,
    port: u16,
    rest: u16,
    folder: PathBuf,
    patroni: Option<Program>,
}

impl Member {
    /// Describes one. The watchdog of the folder knows data folders by the name `node…`.
    pub(crate) fn new(index: usize, port: u16, rest: u16, folder: &Path) -> Self {
        Self {
            name: format!("node{index}"),
            port,
            rest,
            folder: folder.to_owned(),
            patroni: None,
        }
    }

    /// Its name, to Patroni and in its folder.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// PostgreSQL's port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where its Patroni answers.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.rest)
    }

    /// Writes its configuration.
    pub(crate) fn write(&self, binaries: &Binaries, owner: &Owner, etcd: u16) {
        let (folder, name) = (self.folder.display(), &self.name);
        let (rest, port) = (self.rest, self.port);
        let bin = binaries.folder().display();
        let text = format!(
            "scope: pgsluice\n\
             name: {name}\n\
             restapi: {{listen: '127.0.0.1:{rest}', connect_address: '127.0.0.1:{rest}'}}\n\
             etcd3: {{host: '127.0.0.1:{etcd}'}}\n\
             {BOOTSTRAP}\
             postgresql:\n\
             \x20 listen: 127.0.0.1:{port}\n\
             \x20 connect_address: 127.0.0.1:{port}\n\
             \x20 data_dir: {folder}/{name}\n\
             \x20 bin_dir: {bin}\n\
             \x20 pgpass: {folder}/{name}.pgpass\n\
             \x20 parameters: {{unix_socket_directories: '{folder}', cluster_name: '{name}'}}\n\
             {LOGINS}"
        );
        let file = self.file();
        fs::write(&file, text).expect("the configuration is written");
        owner.own(&file).expect("it is there");
    }

    /// Starts its Patroni.
    pub(crate) fn start(&mut self, owner: &Owner, folder: &Path) {
        let mut patroni = Command::new("patroni");
        patroni
            .arg(self.file())
            .env("LC_ALL", "C")
            .current_dir(folder);
        owner.run_as(&mut patroni);
        let name = format!("patroni-{}", self.name);
        let program = Program::start(folder, &name, &mut patroni).expect("Patroni is installed");
        self.patroni = Some(program);
    }

    /// Kills PostgreSQL and Patroni; which first must not matter to anybody.
    pub(crate) fn kill(&mut self) {
        let file = self.folder.join(&self.name).join("postmaster.pid");
        let text = fs::read_to_string(file).unwrap_or_default();
        if let Some(mut patroni) = self.patroni.take() {
            end_at_once(&mut patroni);
        }
        if let Some(pid) = text.lines().next().and_then(|l| l.trim().parse().ok()) {
            kill_family(pid);
        }
    }

    /// What its Patroni answers at a path.
    pub(crate) fn page(&self, path: &str) -> Option<Value> {
        self.patroni.as_ref()?;
        let address = SocketAddr::from(([127, 0, 0, 1], self.rest));
        serde_json::from_str(&scrape::fetch(address, path).ok()?).ok()
    }

    /// What its Patroni and its PostgreSQL have said since it was last started.
    pub(crate) fn log(&self) -> String {
        self.patroni
            .as_ref()
            .map_or_else(String::new, Program::output)
    }

    fn file(&self) -> PathBuf {
        self.folder.join(format!("{}.yml", self.name))
    }
}

/// Times as small as they may be: a leader that is gone is missed after `ttl`. Nothing that was
/// acknowledged may be lost, so only what a synchronous replica holds is acknowledged. A leader
/// whose PostgreSQL alone has died is not started again but replaced.
///
/// Nothing here outlives the test, so nothing need reach the disk.
const BOOTSTRAP: &str = "\
bootstrap:
  dcs:
    ttl: 5
    loop_wait: 1
    retry_timeout: 2
    maximum_lag_on_failover: 1048576
    synchronous_mode: true
    primary_start_timeout: 0
    master_start_timeout: 0
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        max_connections: 100
        shared_buffers: 32MB
        fsync: 'off'
        wal_level: replica
        wal_keep_size: 256MB
        wal_log_hints: 'on'
        hot_standby: 'on'
        wal_retrieve_retry_interval: 100ms
        log_line_prefix: '%m [%p] %q%u@%d '
  initdb: [{encoding: UTF8}, {locale: C}, no-sync]
  pg_hba:
  - local all all trust
  - local replication all trust
  - host all all 127.0.0.1/32 scram-sha-256
  - host replication all 127.0.0.1/32 scram-sha-256
";

const LOGINS: &str = "  basebackup: [{checkpoint: fast}, no-sync]
  authentication:
    superuser: {username: postgres, password: postgres}
    replication: {username: replicator, password: 'also secret'}
";
