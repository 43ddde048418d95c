//! Databases as clients name them, users, and the settings that both may override.

use std::time::Duration;

use crate::auth::secret::Secret;
use crate::auth::server_login::Credential;
use crate::auth::verifier::Verifier;
use crate::config::types::Lookup;
use crate::config::words::PoolMode;
use crate::config::words::SessionPins;
use crate::config::words::Timeout;
use crate::config::words::TransactionReads;
use crate::topology::policy::Consistency;
use crate::topology::policy::PrimaryReads;

/// What clients name at login, on a cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Database {
    /// The name that clients give; `*` stands for every name that has no entry.
    pub name: String,
    /// The key of its cluster in `Config::clusters`.
    pub cluster: String,
    /// The PostgreSQL database; `None`: the name that the client gave.
    pub dbname: Option<String>,
    /// The role that all its servers log in as; `None`: each client's own user.
    pub forced_user: Option<Credentials>,
    /// How its users are looked up that no file lists.
    pub lookup: Lookup,
    /// Its pools.
    pub pooling: Pooling,
    /// How long clients may take, where the user sets nothing else.
    pub timeouts: Timeouts,
    /// Where its statements go.
    pub routing: Routing,
}

impl Database {
    /// The PostgreSQL database for a client that named `asked` at login.
    pub fn dbname_for<'a>(&'a self, asked: &'a str) -> &'a str {
        self.dbname.as_deref().unwrap_or(asked)
    }
}

/// Who may log in, and what differs for them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    /// The name given at login.
    pub name: String,
    /// Whether it is in the `auth_file`: then what is there counts, and it is not looked up.
    pub is_listed: bool,
    /// What the client's proof is checked against; `None`: no password lets this user in.
    pub secret: Option<Verifier>,
    /// The password towards servers where `secret` cannot serve for that.
    pub server_password: Option<Secret>,
    /// What differs from the database's settings.
    pub overrides: Overrides,
}

impl User {
    /// The password to log in to servers with, if one is known in plain text.
    pub fn password_for_servers(&self) -> Option<Secret> {
        let stored = match &self.secret {
            Some(Verifier::Plain(plain)) => Some(plain.secret()),
            Some(Verifier::Md5(_) | Verifier::Scram(_)) | None => None,
        };
        self.server_password.as_ref().or(stored).cloned()
    }

    /// What is stored that proves to servers that we are this user.
    pub fn credential(&self) -> Credential {
        match (self.password_for_servers(), &self.secret) {
            (Some(password), _) => Credential::Password(password),
            (None, Some(Verifier::Md5(hash))) => Credential::Md5(hash.clone()),
            (None, Some(Verifier::Plain(_) | Verifier::Scram(_)) | None) => Credential::None,
        }
    }
}

/// What differs for a user from the database's settings; `None`: nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// See [`Pooling::pool_mode`].
    pub pool_mode: Option<PoolMode>,
    /// Both of [`Pooling::pool_size`].
    pub pool_size: Option<u32>,
    /// See [`Pooling::reserve_pool_size`].
    pub reserve_pool_size: Option<u32>,
    /// See [`Limits::max_user_connections`](crate::config::types::Limits::max_user_connections).
    pub max_user_connections: Option<u32>,
    /// See [`Limits::max_user_client_connections`](crate::config::types::Limits::max_user_client_connections).
    pub max_user_client_connections: Option<u32>,
    /// See [`Routing::read_write_split`].
    pub read_write_split: Option<bool>,
    /// See [`Routing::dry_run`].
    pub dry_run: Option<bool>,
    /// See [`Routing::primary_reads`].
    pub primary_reads: Option<PrimaryReads>,
    /// See [`Routing::consistency`].
    pub consistency: Option<Consistency>,
    /// See [`Routing::staleness_max`].
    pub staleness_max: Option<Timeout>,
    /// See [`Routing::transaction_reads`].
    pub transaction_reads: Option<TransactionReads>,
    /// See [`Timeouts::client_idle`].
    pub client_idle_timeout: Option<Timeout>,
    /// See [`Timeouts::query`].
    pub query_timeout: Option<Timeout>,
    /// See [`Timeouts::transaction`].
    pub transaction_timeout: Option<Timeout>,
    /// See [`Timeouts::idle_transaction`].
    pub idle_transaction_timeout: Option<Timeout>,
}

impl Overrides {
    /// `pooling` with what differs laid over it.
    pub fn on_pooling(&self, pooling: &Pooling) -> Pooling {
        let mut pooling = pooling.clone();
        if let Some(mode) = self.pool_mode {
            pooling.pool_mode = mode;
        }
        if let Some(size) = self.pool_size {
            pooling.pool_size = PoolSizes::both(size);
        }
        if let Some(size) = self.reserve_pool_size {
            pooling.reserve_pool_size = size;
        }
        pooling
    }

    /// `routing` with what differs laid over it.
    pub fn on_routing(&self, routing: &Routing) -> Routing {
        Routing {
            read_write_split: self.read_write_split.unwrap_or(routing.read_write_split),
            dry_run: self.dry_run.unwrap_or(routing.dry_run),
            primary_reads: self.primary_reads.unwrap_or(routing.primary_reads),
            consistency: self.consistency.unwrap_or(routing.consistency),
            staleness_max: self.staleness_max.unwrap_or(routing.staleness_max),
            transaction_reads: self.transaction_reads.unwrap_or(routing.transaction_reads),
            ..routing.clone()
        }
    }

    /// `timeouts` with what differs laid over it.
    pub fn on_timeouts(&self, timeouts: &Timeouts) -> Timeouts {
        Timeouts {
            query_wait: timeouts.query_wait,
            query_wait_notify: timeouts.query_wait_notify,
            client_idle: self.client_idle_timeout.unwrap_or(timeouts.client_idle),
            query: self.query_timeout.unwrap_or(timeouts.query),
            transaction: self.transaction_timeout.unwrap_or(timeouts.transaction),
            idle_transaction: self
                .idle_transaction_timeout
                .unwrap_or(timeouts.idle_transaction),
        }
    }
}

/// How we log in to a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Credentials {
    /// The role.
    pub user: String,
    /// What proves that we are it.
    pub credential: Credential,
}

/// A database's pools: one for each user and node.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooling {
    /// When a server goes back to its pool.
    pub pool_mode: PoolMode,
    /// Servers per pool, by the node's role. `Node::pool_size` beats it.
    pub pool_size: PoolSizes,
    /// Servers that a pool keeps open while it has clients, or always if a user is forced.
    pub min_pool_size: u32,
    /// Servers beyond the pool's size for clients that have waited `reserve_pool_timeout`.
    pub reserve_pool_size: u32,
    /// How long a client waits before the reserve is used; off: the reserve is not used.
    pub reserve_pool_timeout: Timeout,
    /// Age at which a server is closed once it is free; zero: it is used once.
    pub server_lifetime: Duration,
    /// Largest part, in percent, that is taken off `server_lifetime` at random for each server.
    pub server_lifetime_jitter_percent: u32,
    /// How long a server may be free before it is closed; off: for ever.
    pub server_idle_timeout: Timeout,
    /// How long a server may be free before it is checked ahead of its next use.
    pub server_check_delay: Duration,
    /// The check: a query, [`EMPTY_QUERY`] for an empty one, or an empty text for no check.
    pub server_check_query: String,
    /// What cleans a server of a session that has ended, in session mode.
    pub server_reset_query: String,
    /// How long connecting to a server and logging in may take.
    pub server_connect_timeout: Duration,
    /// Pause after a failed login to a server; clients get the error meanwhile.
    pub server_login_retry: Duration,
    /// Servers of all its pools together; 0: no limit.
    pub max_db_connections: u32,
    /// Clients of all its users together; 0: no limit.
    pub max_db_client_connections: u32,
    /// Whether `server_reset_query` is run in all pool modes, after each transaction.
    pub server_reset_query_always: bool,
    /// Whether the free server that was unused longest is used next.
    pub server_round_robin: bool,
    /// Whether a server that is to be replaced is closed, with its client, at the end of a
    /// transaction also in session mode.
    pub server_fast_close: bool,
    /// What is run on each new server; `None`: nothing.
    pub connect_query: Option<String>,
    /// What servers are asked for at login.
    pub startup: ServerStartup,
}

/// Settings that are asked for when a server is opened; `None`: as the node has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerStartup {
    /// `client_encoding`
    pub client_encoding: Option<String>,
    /// `datestyle`
    pub datestyle: Option<String>,
    /// `timezone`
    pub timezone: Option<String>,
    /// `application_name`
    pub application_name: Option<String>,
}

impl ServerStartup {
    /// Those that are given, by name.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("client_encoding", &self.client_encoding),
            ("datestyle", &self.datestyle),
            ("timezone", &self.timezone),
            ("application_name", &self.application_name),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }
}

impl Default for Pooling {
    fn default() -> Self {
        Self {
            pool_mode: PoolMode::default(),
            pool_size: PoolSizes::both(20),
            min_pool_size: 0,
            reserve_pool_size: 0,
            reserve_pool_timeout: Timeout::after(Duration::from_secs(5)),
            server_lifetime: Duration::from_secs(3600),
            server_lifetime_jitter_percent: 10,
            server_idle_timeout: Timeout::after(Duration::from_secs(600)),
            server_check_delay: Duration::from_secs(30),
            server_check_query: EMPTY_QUERY.to_owned(),
            server_reset_query: "DISCARD ALL".to_owned(),
            server_connect_timeout: Duration::from_secs(15),
            server_login_retry: Duration::from_secs(15),
            max_db_connections: 0,
            max_db_client_connections: 0,
            server_reset_query_always: false,
            server_round_robin: false,
            server_fast_close: false,
            connect_query: None,
            startup: ServerStartup::default(),
        }
    }
}

/// The value of `server_check_query` that stands for an empty query.
pub const EMPTY_QUERY: &str = "<empty>";

/// Servers per pool, by the role of the node it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSizes {
    /// On the primary, and on a node whose role is not known yet.
    pub primary: u32,
    /// On a replica.
    pub replica: u32,
}

impl PoolSizes {
    /// The same on nodes of either role.
    pub const fn both(size: u32) -> Self {
        Self {
            primary: size,
            replica: size,
        }
    }
}

/// How long clients may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// How long a client waits for a server.
    pub query_wait: Timeout,
    /// How long it waits before it is told so by a notice.
    pub query_wait_notify: Timeout,
    /// How long a client may be idle outside a transaction.
    pub client_idle: Timeout,
    /// How long one query may take.
    pub query: Timeout,
    /// How long one transaction may take.
    pub transaction: Timeout,
    /// How long a client may be idle in a transaction.
    pub idle_transaction: Timeout,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            query_wait: Timeout::after(Duration::from_secs(120)),
            query_wait_notify: Timeout::after(Duration::from_secs(5)),
            client_idle: Timeout::OFF,
            query: Timeout::OFF,
            transaction: Timeout::OFF,
            idle_transaction: Timeout::OFF,
        }
    }
}

/// Where a database's statements go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Routing {
    /// Whether reads go to replicas; if not, everything goes to the primary.
    pub read_write_split: bool,
    /// Whether reads may be served by the primary; a database starts from its cluster's.
    pub primary_reads: PrimaryReads,
    /// Whether all goes to the primary for all that, and what would have gone to replicas is counted.
    pub dry_run: bool,
    /// What reads must not miss.
    pub consistency: Consistency,
    /// How old what a read sees may be; off: as old as `max_lag` lets it be.
    pub staleness_max: Timeout,
    /// How long a read that no replica may serve yet waits for one.
    pub consistency_wait: Duration,
    /// How long a batch waits for a primary while there is none.
    pub failover_wait: Duration,
    /// Clients of a cluster that may wait so.
    pub failover_queue_max: u32,
    /// Where the reads go that a transaction begins with.
    pub transaction_reads: TransactionReads,
    /// How long a statement that a replica refused counts as a write.
    pub learned_ttl: Duration,
    /// What happens to sessions that come to depend on their server.
    pub session_pins: SessionPins,
    /// How often a read that failed before its reply began is run on another node.
    pub read_retries_max: u32,
    /// Reads that may be run again, in percent of those that were served.
    pub read_retries_percent: u32,
    /// Bytes of a read's reply that are held back so that it can be run again.
    pub reply_hold_bytes_max: u32,
    /// Time between two looks at the catalogs for functions that write.
    pub catalog_interval: Duration,
}

impl Default for Routing {
    fn default() -> Self {
        Self {
            read_write_split: true,
            primary_reads: PrimaryReads::default(),
            dry_run: false,
            consistency: Consistency::default(),
            staleness_max: Timeout::OFF,
            consistency_wait: Duration::from_millis(20),
            failover_wait: Duration::from_secs(30),
            failover_queue_max: 5_000,
            transaction_reads: TransactionReads::default(),
            learned_ttl: Duration::from_secs(600),
            session_pins: SessionPins::default(),
            read_retries_max: 3,
            read_retries_percent: 20,
            reply_hold_bytes_max: 16_384,
            catalog_interval: Duration::from_secs(60),
        }
    }
}
