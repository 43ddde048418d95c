//! The checked configuration as tasks use it: global settings, clusters, databases, users.
//!
//! Nothing here knows the file formats. `Default` is what an option means when no file sets it,
//! and the only place where that is written.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::hba::Hba;
use crate::auth::ident::Maps;
use crate::auth::verifier::Verifier;
use crate::config::cluster::Cluster;
use crate::config::cluster::ClusterSettings;
use crate::config::database::Database;
use crate::config::database::Pooling;
use crate::config::database::Routing;
use crate::config::database::Timeouts;
use crate::config::database::User;
use crate::config::peers::PeerId;
use crate::config::peers::Peers;
use crate::config::process::Log;
use crate::config::process::Process;
use crate::config::process::Shutdown;
use crate::config::raw::Dialect;
use crate::config::tls::Tls;
use crate::config::words::AuthType;
use crate::config::words::SslMode;
use crate::config::words::Timeout;

/// Everything that the configuration files say, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Where clients connect.
    pub listen: Listen,
    /// Where `/metrics`, `/healthz` and `/readyz` are served.
    pub http: Http,
    /// Socket options of TCP connections on both sides.
    pub tcp: Tcp,
    /// How long the addresses of hosts are kept.
    pub dns: Dns,
    /// What is logged, and how.
    pub log: Log,
    /// How clients log in.
    pub auth: Auth,
    /// Who may use the console.
    pub console: Console,
    /// TLS towards clients.
    pub client_tls: Tls,
    /// TLS towards servers.
    pub server_tls: Tls,
    /// Bounds on what clients may ask for.
    pub limits: Limits,
    /// Who the process is.
    pub process: Process,
    /// How the process ends.
    pub shutdown: Shutdown,
    /// What databases start from: [`Database::pooling`] is this with its own options laid over it.
    pub pooling: Pooling,
    /// What databases start from: see [`Database::timeouts`].
    pub timeouts: Timeouts,
    /// What databases start from: see [`Database::routing`].
    pub routing: Routing,
    /// What clusters start from: see [`Cluster::settings`].
    pub cluster: ClusterSettings,
    /// By name. A database that lists its nodes itself has a cluster of its own name here.
    pub clusters: BTreeMap<String, Arc<Cluster>>,
    /// By the name that clients give at login; `*` stands for every other name.
    pub databases: BTreeMap<String, Arc<Database>>,
    /// By name, those of the `auth_file` included.
    pub users: BTreeMap<String, Arc<User>>,
    /// Whose file it comes from.
    pub dialect: Dialect,
    /// The number of this process among its peers.
    pub peer_id: PeerId,
    /// The processes that cancel requests are passed on to.
    pub peers: Peers,
    /// What is right, but not what whoever wrote it may expect; to be said at start.
    pub notices: Vec<String>,
    /// What is wrong with files that it names, and stops nothing; to be said at start.
    pub troubles: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Listen::default(),
            http: Http::default(),
            tcp: Tcp::default(),
            dns: Dns::default(),
            log: Log::default(),
            auth: Auth::default(),
            console: Console::default(),
            client_tls: Tls::default(),
            server_tls: Tls {
                sslmode: SslMode::Prefer,
                ..Tls::default()
            },
            limits: Limits::default(),
            process: Process::default(),
            shutdown: Shutdown::default(),
            pooling: Pooling::default(),
            timeouts: Timeouts::default(),
            routing: Routing::default(),
            cluster: ClusterSettings::default(),
            clusters: BTreeMap::new(),
            databases: BTreeMap::new(),
            users: BTreeMap::new(),
            dialect: Dialect::default(),
            peer_id: PeerId::default(),
            peers: Peers::new(),
            notices: Vec::new(),
            troubles: Vec::new(),
        }
    }
}

impl Config {
    /// The database that a client means by `name`: the one so named, else the `*` entry.
    pub fn database(&self, name: &str) -> Option<&Arc<Database>> {
        self.databases
            .get(name)
            .or_else(|| self.databases.get(ANY_DATABASE))
    }

    /// The cluster that `database` is on. Every database of a checked configuration has one.
    pub fn cluster_of(&self, database: &Database) -> Option<&Arc<Cluster>> {
        self.clusters.get(&database.cluster)
    }

    /// How many nodes all clusters have together.
    pub fn nodes_count(&self) -> usize {
        self.clusters.values().map(|c| c.nodes.len()).sum()
    }

    /// How much there is of everything, in words: `1 database, 3 nodes in 1 cluster, 2 users`.
    pub fn summary(&self) -> String {
        let count = |n: usize, what: &str| match n {
            1 => format!("1 {what}"),
            n => format!("{n} {what}s"),
        };
        format!(
            "{}, {} in {}, {}",
            count(self.databases.len(), "database"),
            count(self.nodes_count(), "node"),
            count(self.clusters.len(), "cluster"),
            count(self.users.len(), "user"),
        )
    }
}

/// Names of databases by which clients reach the console. No other database may have them.
pub const CONSOLE_DATABASES: [&str; 2] = ["pgbouncer", "pgsluice"];

/// The database entry that stands for every name that has none of its own.
pub const ANY_DATABASE: &str = "*";

/// Where clients connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Host names or addresses; `*` is every address. Empty: the Unix socket only.
    pub addrs: Vec<String>,
    /// The TCP port, and the number in the Unix socket's name.
    pub port: u16,
    /// Folder of the Unix socket `.s.PGSQL.PORT`; `None`: no Unix socket.
    pub unix_socket_dir: Option<PathBuf>,
    /// Permissions of the Unix socket, in octal.
    pub unix_socket_mode: FileMode,
    /// The group that the Unix socket is given.
    pub unix_socket_group: Option<String>,
    /// Connections that the kernel keeps until they are accepted.
    pub backlog: u32,
    /// Whether other processes may listen on the same TCP addresses.
    pub reuseport: bool,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            addrs: vec!["127.0.0.1".to_owned()],
            port: 6432,
            unix_socket_dir: None,
            unix_socket_mode: FileMode(0o777),
            unix_socket_group: None,
            backlog: 128,
            reuseport: false,
        }
    }
}

/// Permission bits of a file, `0 <= bits <= 0o777`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileMode(pub u32);

/// The HTTP side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where it listens; `None` is nowhere.
    pub listen: Option<SocketAddr>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 9127))),
        }
    }
}

/// Socket options of TCP connections to clients and servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Whether the kernel asks silent peers if they are still there.
    pub keepalive: bool,
    /// Silence before the first question; `None`: as the system is set.
    pub keepidle: Option<Duration>,
    /// Time between questions; `None`: as the system is set.
    pub keepintvl: Option<Duration>,
    /// Unanswered questions until the peer counts as gone; 0: as the system is set.
    pub keepcnt: u32,
    /// How long sent bytes may stay unacknowledged; off: as the system is set.
    pub user_timeout: Option<Duration>,
    /// Bytes of the kernel's buffers of each socket; 0: as the system is set.
    pub socket_buffer: u32,
}

impl Default for Tcp {
    fn default() -> Self {
        Self {
            keepalive: true,
            keepidle: None,
            keepintvl: None,
            keepcnt: 0,
            user_timeout: None,
            socket_buffer: 0,
        }
    }
}

/// How long what names of hosts stand for is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    /// Addresses.
    pub max_ttl: Duration,
    /// That there are none.
    pub nxdomain_ttl: Duration,
}

impl Default for Dns {
    fn default() -> Self {
        Self {
            max_ttl: Duration::from_secs(15),
            nxdomain_ttl: Duration::from_secs(15),
        }
    }
}

/// How clients log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// How clients prove who they are.
    pub auth_type: AuthType,
    /// The rules of `AuthType::Hba`.
    pub hba_file: Option<PathBuf>,
    /// The maps that rules name.
    pub ident_file: Option<PathBuf>,
    /// What is in `hba_file`.
    pub hba: Arc<Hba>,
    /// What is in `ident_file`.
    pub maps: Arc<Maps>,
    /// Where users are looked up that no file lists; databases start from it.
    pub lookup: Lookup,
    /// More users, in the format of PgBouncer's userlist.txt.
    pub auth_file: Option<PathBuf>,
    /// Who is in `auth_file`.
    pub listed: Arc<Listed>,
    /// PBKDF2 rounds of a SCRAM verifier that is made from a plain password.
    pub scram_iterations: u32,
    /// How long a client may take to log in; zero: as long as it likes.
    pub client_login_timeout: Duration,
    /// Startup parameters that are neither applied nor refused.
    pub ignore_startup_parameters: Vec<String>,
    /// Whether a client's address is added to its `application_name` at login.
    pub application_name_add_host: bool,
    /// Settings that follow a client by what servers report of them, besides those that always do.
    pub track_extra_parameters: Vec<String>,
}

/// Users with what is stored of them, if there is anything.
pub type Listed = BTreeMap<String, Option<Verifier>>;

impl Default for Auth {
    fn default() -> Self {
        Self {
            auth_type: AuthType::Scram,
            hba_file: None,
            ident_file: None,
            hba: Arc::default(),
            maps: Arc::default(),
            lookup: Lookup::default(),
            auth_file: None,
            listed: Arc::default(),
            scram_iterations: 4096,
            client_login_timeout: Duration::from_secs(60),
            ignore_startup_parameters: Vec::new(),
            application_name_add_host: false,
            track_extra_parameters: vec!["IntervalStyle".to_owned()],
        }
    }
}

/// How users are looked up that no file lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The role that asks; `None`: nobody is looked up.
    pub user: Option<String>,
    /// What it asks: `$1` is the user, and a row of name and secret is the answer.
    pub query: String,
    /// The database of ours where it asks; `None`: the one that the client wants.
    pub dbname: Option<String>,
    /// How long an answer holds; zero: each login asks.
    pub ttl: Duration,
}

impl Default for Lookup {
    fn default() -> Self {
        let query = "SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END \
                     FROM pg_authid WHERE rolname=$1 AND rolcanlogin";
        Self {
            user: None,
            query: query.to_owned(),
            dbname: None,
            ttl: Duration::ZERO,
        }
    }
}

/// Who may use the console, by the names of users.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Console {
    /// They may give every command.
    pub admin_users: Vec<String>,
    /// They may look, and change nothing.
    pub stats_users: Vec<String>,
}

/// Bounds on what clients may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Clients at one time.
    pub max_client_conn: u32,
    /// Servers of one user, in all databases together; 0: no limit.
    pub max_user_connections: u32,
    /// Clients of one user, in all databases together; 0: no limit.
    pub max_user_client_connections: u32,
    /// Largest protocol message let through, in bytes.
    pub max_packet_size: u32,
    /// Whether simple queries are refused.
    pub disable_pqexec: bool,
    /// How long a database that `*` stands for is kept when nobody uses it.
    pub autodb_idle: Timeout,
    /// Named prepared statements that one server keeps; 0: names are not tracked.
    pub max_prepared_statements: u32,
    /// Statements whose class is remembered.
    pub statement_cache_entries: u32,
    /// Bytes waiting for one peer at which reading from the other side stops.
    pub relay_buffer_bytes_max: u32,
    /// How long a cancel request may wait for its turn and take to arrive; zero: for ever.
    pub cancel_wait_timeout: Duration,
    /// How long clients may take to flush what they have when the process is suspended.
    pub suspend_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_client_conn: 100,
            max_user_connections: 0,
            max_user_client_connections: 0,
            max_packet_size: 2_147_483_647,
            disable_pqexec: false,
            autodb_idle: Timeout::after(Duration::from_secs(3600)),
            max_prepared_statements: 200,
            statement_cache_entries: 8192,
            relay_buffer_bytes_max: 65_536,
            cancel_wait_timeout: Duration::from_secs(10),
            suspend_timeout: Duration::from_secs(10),
        }
    }
}
