//! Handles that tasks hold, made once: no label is looked at in the path of a query.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::time::Duration;

use ::metrics::Counter;

use crate::error::Blame;
use crate::ids::NodeId;
use crate::metrics::Metrics;
use crate::metrics::own::Histogram;
use crate::metrics::own::Tally;
use crate::metrics::rows;
use crate::sqlstate::SqlState;

/// What is counted of one database's clients.
#[derive(Debug)]
pub struct DatabaseMetrics {
    /// Time from asking for a server to having it.
    pub wait: Arc<Histogram>,
    /// Time of transactions; its count is the number of transactions.
    pub transaction: Arc<Histogram>,
    /// Ages of the certificates that reads on replicas relied on.
    pub staleness: Arc<Histogram>,
    /// By [`Served`].
    reads: [Arc<Tally>; Served::ALL.len()],
    /// Bytes that clients sent.
    pub from_clients: Arc<Tally>,
    /// Bytes that clients were sent.
    pub to_clients: Arc<Tally>,
    /// Bytes that servers sent.
    pub from_servers: Arc<Tally>,
    /// Bytes that servers were sent.
    pub to_servers: Arc<Tally>,
    /// Logins of clients that succeeded.
    pub logins: Counter,
    /// Logins of clients that failed.
    pub logins_failed: Counter,
}

impl DatabaseMetrics {
    /// Makes the handles of a database.
    pub fn new(metrics: &Metrics, database: &str) -> Self {
        let histogram = |row| metrics.histogram(row, &[database]);
        let bytes = |peer, way| metrics.tally(rows::BYTES, &[database, peer, way]);
        let logins = |result| metrics.counter(rows::CLIENT_LOGINS, &[database, result]);
        Self {
            wait: histogram(rows::WAIT),
            transaction: histogram(rows::TRANSACTION),
            staleness: histogram(rows::READ_STALENESS),
            reads: Served::ALL
                .map(|served| metrics.tally(rows::READS, &[database, served.as_str()])),
            from_clients: bytes("client", "in"),
            to_clients: bytes("client", "out"),
            from_servers: bytes("server", "in"),
            to_servers: bytes("server", "out"),
            logins: logins("ok"),
            logins_failed: logins("failed"),
        }
    }
}

/// What became of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// A replica served it at once.
    Replica,
    /// A replica did, after a wait for a fresh sample.
    ReplicaAfterWait,
    /// The primary did, for no replica was known to hold what it needs.
    PrimaryStale,
    /// The primary did, for no replica may serve.
    PrimaryInstead,
    /// The primary did, as one among equals.
    PrimaryToo,
    /// A replica refused it, and it was run on the primary.
    Healed,
    /// Its server failed, and it was run on another.
    Retried,
}

impl Served {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Replica,
        Self::ReplicaAfterWait,
        Self::PrimaryStale,
        Self::PrimaryInstead,
        Self::PrimaryToo,
        Self::Healed,
        Self::Retried,
    ];

    /// The metric label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replica => "replica",
            Self::ReplicaAfterWait => "replica_after_wait",
            Self::PrimaryStale => "primary_stale",
            Self::PrimaryInstead => "primary_instead",
            Self::PrimaryToo => "primary_too",
            Self::Healed => "healed",
            Self::Retried => "retried",
        }
    }
}

impl DatabaseMetrics {
    /// Counts a read.
    pub fn served(&self, served: Served) {
        let place = Served::ALL.iter().position(|s| *s == served);
        if let Some(tally) = place.and_then(|place| self.reads.get(place)) {
            tally.add(1);
        }
    }

    /// Counts bytes read from and written to clients.
    pub fn clients(&self, read: u64, written: u64) {
        self.from_clients.add(read);
        self.to_clients.add(written);
    }

    /// Counts bytes read from and written to servers.
    pub fn servers(&self, read: u64, written: u64) {
        self.from_servers.add(read);
        self.to_servers.add(written);
    }
}

/// What each node was sent for one database: reads and writes by reason, and how long they took.
#[derive(Debug)]
pub struct RouteMetrics {
    metrics: Arc<Metrics>,
    database: Box<str>,
    /// Addresses by [`NodeId`].
    nodes: Vec<Box<str>>,
    labels: Vec<RouteLabel>,
    /// By node and reason; made when first counted, for most reasons never come up.
    counters: Vec<OnceLock<Arc<Tally>>>,
    /// By [`NodeId`].
    queries: Vec<Arc<Histogram>>,
}

/// Why a batch goes where it goes, as labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteLabel {
    /// `read` or `write`.
    pub class: &'static str,
    /// The reason.
    pub reason: &'static str,
}

impl RouteMetrics {
    /// Makes the handles of a database for its nodes, in the order of their ids, and for all
    /// reasons there are, in the order of their indexes.
    pub fn new(
        metrics: &Arc<Metrics>,
        database: &str,
        nodes: &[&str],
        labels: Vec<RouteLabel>,
    ) -> Self {
        let query = |node: &&str| metrics.histogram(rows::QUERY, &[database, node]);
        Self {
            metrics: Arc::clone(metrics),
            database: database.into(),
            nodes: nodes.iter().map(|node| (*node).into()).collect(),
            counters: vec![OnceLock::new(); nodes.len() * labels.len()],
            labels,
            queries: nodes.iter().map(query).collect(),
        }
    }

    /// Counts one batch that `node` answered.
    pub fn answered(&self, node: NodeId, took: Duration) {
        if let Some(query) = self.queries.get(node.index()) {
            query.record(took);
        }
    }

    /// The times of the batches that `node` answered.
    pub fn times(&self, node: NodeId) -> Option<&Arc<Histogram>> {
        self.queries.get(node.index())
    }

    /// Counts one batch sent to `node` for the reason of this index.
    pub fn routed(&self, node: NodeId, reason: usize) {
        let place = node.index() * self.labels.len() + reason;
        let (Some(counter), Some(label), Some(address)) = (
            self.counters.get(place),
            self.labels.get(reason),
            self.nodes.get(node.index()),
        ) else {
            // A node that a change of configuration has taken away.
            debug_assert!(reason < self.labels.len(), "a reason without a label");
            return;
        };
        let make = || {
            let values = [&*self.database, address, label.class, label.reason];
            self.metrics.tally(rows::ROUTED, &values)
        };
        counter.get_or_init(make).add(1);
    }
}

/// Errors by blame and SQLSTATE.
#[derive(Debug)]
pub struct ErrorMetrics {
    metrics: Arc<Metrics>,
    known: Mutex<HashMap<(Blame, SqlState), Counter>>,
}

impl ErrorMetrics {
    /// Makes an empty set of counters.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            known: Mutex::default(),
        }
    }

    /// Counts one. Code of users may raise any SQLSTATE: beyond [`SQLSTATES_MAX`] new ones are
    /// counted as `other`.
    pub fn count(&self, blame: Blame, sqlstate: SqlState) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(&(blame, sqlstate)) {
            return counter.increment(1);
        }
        if SQLSTATES_MAX <= known.len() {
            let other = self
                .metrics
                .counter(rows::ERRORS, &[blame.as_str(), "other"]);
            return other.increment(1);
        }
        let labels = [blame.as_str(), sqlstate.as_str()];
        let counter = self.metrics.counter(rows::ERRORS, &labels);
        counter.increment(1);
        known.insert((blame, sqlstate), counter);
    }
}

/// Most pairs of blame and SQLSTATE that are told apart.
pub const SQLSTATES_MAX: usize = 256;
