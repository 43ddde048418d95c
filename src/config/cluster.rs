//! A cluster: the nodes that replicate one primary, and how they are watched and chosen.

use std::fmt;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Duration;

use crate::auth::secret::Secret;
use crate::config::database::Credentials;
use crate::config::discovery::Discovery;
use crate::config::discovery::Source;
use crate::config::words::LoadBalance;
use crate::config::words::Roles;
use crate::config::words::Timeout;
use crate::topology::policy::Policy;
use crate::topology::policy::PrimaryReads;
use crate::topology::policy::Strategy;

/// The nodes that replicate one primary. Which of them is the primary is found out by asking.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// The name in the configuration, and the label in metrics and logs.
    pub name: String,
    /// In the order of the file; never empty.
    pub nodes: Vec<Node>,
    /// How the nodes are asked about role, health and lag.
    pub monitor: Credentials,
    /// How nodes are watched and chosen.
    pub settings: ClusterSettings,
}

impl Cluster {
    /// Whether nobody asks its nodes what they are: they are hosts of one pool.
    pub fn is_plain(&self) -> bool {
        self.settings.roles == Roles::Ignored
    }

    /// Whether its nodes are looked for.
    pub fn is_discovered(&self) -> bool {
        self.settings.discovery.source != Source::None && !self.is_plain()
    }
}

/// One PostgreSQL host and port.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// A host name, an address, or the folder of a Unix socket (it begins with `/`, or with `@` if it
    /// is abstract).
    pub host: String,
    /// The port, or the number in the Unix socket's name.
    pub port: u16,
    /// The one of its addresses that is meant, where each of them is a node.
    pub address: Option<IpAddr>,
    /// Share of reads relative to the other nodes; 0: no reads.
    pub weight: f64,
    /// Servers per pool on this node, whatever its role; `None`: as the database says.
    pub pool_size: Option<u32>,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: 5432,
            address: None,
            weight: 1.0,
            pool_size: None,
        }
    }
}

impl Node {
    /// Whether the node is reached by a Unix socket.
    pub fn is_unix(&self) -> bool {
        self.host.starts_with(['/', '@'])
    }

    /// Where it is dialed, if that is not any address of its host.
    pub fn socket_address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.address?, self.port))
    }
}

/// `host:port`, an IPv6 address in brackets. No two nodes of a cluster are written alike.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(address) = self.socket_address() {
            return address.fmt(f);
        }
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// How the nodes of a cluster are watched and chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterSettings {
    /// Whether it matters which node is the primary.
    pub roles: Roles,
    /// Where the next server is opened if they are not.
    pub load_balance_hosts: LoadBalance,
    /// The role that asks the nodes, as the file has it; [`Cluster::monitor`] is what is used.
    pub monitor_user: Option<String>,
    /// Its password, as the file has it.
    pub monitor_password: Option<Secret>,
    /// The PostgreSQL database that the nodes are asked in.
    pub monitor_dbname: String,
    /// How one of several nodes that may serve is chosen.
    pub strategy: Strategy,
    /// Whether reads may be served by the primary. See `Routing::primary_reads` for a database's.
    pub primary_reads: PrimaryReads,
    /// A replica further behind than this serves no reads; off: however far.
    pub max_lag: Timeout,
    /// Time between two probes of a node's role and health.
    pub probe_interval: Duration,
    /// How long a probe may take, connecting included.
    pub probe_timeout: Duration,
    /// Failed probes in a row after which a node is down. A refused connection counts at once.
    pub probe_failures_max: u32,
    /// Good probes in a row after which a node that was down is up.
    pub probe_successes_min: u32,
    /// Time between two samples of the WAL positions while someone writes.
    pub sample_interval_fast: Duration,
    /// Time between two samples while nobody does.
    pub sample_interval_slow: Duration,
    /// How long a node that came back takes to get its full share of reads.
    pub slow_start: Duration,
    /// The command that stops the old primary at a switchover.
    pub on_switchover: Option<String>,
    /// How long a switchover may take.
    pub switchover_timeout: Duration,
    /// Who is asked for the nodes.
    pub discovery: Discovery,
}

impl Default for ClusterSettings {
    fn default() -> Self {
        Self {
            roles: Roles::default(),
            load_balance_hosts: LoadBalance::default(),
            monitor_user: None,
            monitor_password: None,
            monitor_dbname: "postgres".to_owned(),
            strategy: Strategy::default(),
            primary_reads: PrimaryReads::default(),
            max_lag: Timeout::after(Duration::from_secs(10)),
            probe_interval: Duration::from_secs(1),
            probe_timeout: Duration::from_secs(1),
            probe_failures_max: 3,
            probe_successes_min: 2,
            sample_interval_fast: Duration::from_millis(10),
            sample_interval_slow: Duration::from_secs(1),
            slow_start: Duration::from_secs(10),
            on_switchover: None,
            switchover_timeout: Duration::from_secs(20),
            discovery: Discovery::default(),
        }
    }
}

impl ClusterSettings {
    /// The rules by which nodes are judged and chosen.
    pub fn policy(&self) -> Policy {
        Policy {
            strategy: self.strategy,
            lag_max: self.max_lag.limit(),
            lag_free: self.sample_interval_slow * LAG_FREE_PERCENT / 100,
            slow_start: self.slow_start,
            failures_max: self.probe_failures_max,
            successes_min: self.probe_successes_min,
        }
    }
}

/// Lag that costs a replica nothing, as a part of the time between two slow samples: between them
/// an idle cluster's lag, an upper bound, grows by that time, and for a while by twice that.
const LAG_FREE_PERCENT: u32 = 220;
