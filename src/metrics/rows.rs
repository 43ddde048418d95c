//! Every metric as one row: name with its unit, kind, labels, help.

/// One metric.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// With its unit at the end (`_seconds`, `_bytes`), and `_total` if it only rises.
    pub name: &'static str,
    /// What it is, and where it is kept.
    pub kind: Kind,
    /// The names of its labels. Their values are few: names from the configuration, words of ours,
    /// SQLSTATEs.
    pub labels: &'static [&'static str],
    /// What it says, for people.
    pub help: &'static str,
}

/// What a metric is, and where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only rises; kept by the exporter.
    Counter,
    /// Only rises; kept by us because it is in the path of each transaction, or by those whom
    /// we ask when somebody looks.
    Tally,
    /// A value now; asked for when somebody looks.
    Gauge,
    /// How many took how long; kept by us.
    Histogram,
}

impl Kind {
    /// The word after TYPE.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter | Self::Tally => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Row {
    /// A mistake of ours if the row is used as what it is not.
    pub(super) fn check(&self, kind: Kind, values: &[&str]) {
        debug_assert_eq!(self.kind, kind, "{}", self.name);
        debug_assert_eq!(self.labels.len(), values.len(), "{}", self.name);
    }
}

macro_rules! rows {
    ($($id:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $help, ".")]
            pub const $id: &Row = &Row {
                name: $name,
                kind: Kind::$kind,
                labels: &[$($label),*],
                help: $help,
            };
        )*
        /// All of them, in the order in which they are shown.
        pub const ALL: &[&Row] = &[$($id),*];
    };
}

rows! {
    INFO = Gauge "pgsluice_info" ["version"]
        "The version that runs: always 1";
    START_TIME = Gauge "pgsluice_start_time_seconds" []
        "When the process started, in seconds since 1970";
    CLIENTS = Gauge "pgsluice_clients" ["database", "state"]
        "Clients by what they do: login, idle, active, waiting";
    CLIENTS_MAX = Gauge "pgsluice_clients_max" []
        "Most clients at one time (max_client_conn)";
    CLIENT_LOGINS = Counter "pgsluice_client_logins_total" ["database", "result"]
        "Logins of clients: ok, failed";
    ERRORS = Counter "pgsluice_errors_total" ["blame", "sqlstate"]
        "Errors that clients were sent, by whose fault they are and SQLSTATE";

    POOL_SERVERS = Gauge "pgsluice_pool_servers" ["database", "user", "node", "state"]
        "Servers by state: active, idle, opening";
    POOL_SIZE = Gauge "pgsluice_pool_size" ["database", "user", "node"]
        "Most servers of a pool, its reserve not counted";
    POOL_WAITING = Gauge "pgsluice_pool_waiting" ["database", "user", "node"]
        "Clients that wait for a server";
    POOL_OLDEST_WAIT = Gauge "pgsluice_pool_oldest_wait_seconds" ["database", "user", "node"]
        "How long the client that waits longest has waited";
    POOL_FAILING = Gauge "pgsluice_pool_failing" ["database", "user", "node"]
        "1 while the last login to the node failed";
    POOL_LEASES = Tally "pgsluice_pool_leases_total" ["database", "user", "node"]
        "Servers given to clients";
    POOL_WAITS = Tally "pgsluice_pool_waits_total" ["database", "user", "node"]
        "Servers given to clients that had to wait in line";
    POOL_WAIT_TIMEOUTS = Tally "pgsluice_pool_wait_timeouts_total" ["database", "user", "node"]
        "Clients that waited for longer than query_wait_timeout";
    POOL_LOGINS = Tally "pgsluice_pool_logins_total" ["database", "user", "node", "result"]
        "Logins to nodes: ok, failed";
    POOL_CLOSED = Tally "pgsluice_pool_closed_total" ["database", "user", "node", "reason"]
        "Servers closed, by reason";

    WAIT = Histogram "pgsluice_wait_seconds" ["database"]
        "Time from asking for a server to having it";
    TRANSACTION = Histogram "pgsluice_transaction_seconds" ["database"]
        "Time of transactions, single statements included";
    QUERY = Histogram "pgsluice_query_seconds" ["database", "node"]
        "Time from sending a batch to a server to the end of its reply";
    BYTES = Tally "pgsluice_bytes_total" ["database", "peer", "direction"]
        "Bytes from and to clients and servers";
    ROUTED = Tally "pgsluice_routed_total" ["database", "node", "class", "reason"]
        "Reads and writes by the node they were sent to and the reason";
    RETRIES = Counter "pgsluice_retries_total" ["database", "reason"]
        "Reads that were run again on another server";
    READS = Tally "pgsluice_reads_total" ["database", "outcome"]
        "Reads by what became of them: replica, replica_after_wait, primary_stale, primary_instead, primary_too, healed, retried";
    READ_STALENESS = Histogram "pgsluice_read_staleness_seconds" ["database"]
        "Age of the certificate of the replica that served a read: what it saw was no older";
    DRY_RUN = Counter "pgsluice_dry_run_total" ["database", "node", "reason"]
        "Batches that would have gone to this replica, were it not for dry_run";
    LEARNED = Gauge "pgsluice_learned_statements" ["database"]
        "Statements that count as writes because a replica refused them";
    RETRY_BUDGET = Gauge "pgsluice_retry_budget" ["database"]
        "Reads that may be run again at this moment";

    SPLIT_BRAIN = Gauge "pgsluice_split_brain" ["cluster"]
        "1 while more than one node of the cluster is writable: all but the primary are left out";
    FAILOVER_WAITING = Gauge "pgsluice_failover_waiting" ["cluster"]
        "Clients that wait for a primary";
    NODE_ROLE = Gauge "pgsluice_node_role" ["cluster", "node", "role"]
        "1 for the role the node has: primary, replica, unknown (as while it is down)";
    NODE_UP = Gauge "pgsluice_node_up" ["cluster", "node"]
        "1 while the node answers";
    NODE_READ_ONLY = Gauge "pgsluice_node_read_only" ["cluster", "node"]
        "1 while default_transaction_read_only is on where writes were taken before";
    NODE_EXCLUDED = Gauge "pgsluice_node_excluded" ["cluster", "node", "reason"]
        "1 for the reason why the node must not serve";
    NODE_SYNC = Gauge "pgsluice_node_sync_state" ["cluster", "node", "state"]
        "1 for what the primary says of the node as its standby: sync, quorum, potential, async";
    NODE_LAG_BYTES = Gauge "pgsluice_node_lag_bytes" ["cluster", "node"]
        "Bytes of log that the node has not replayed";
    NODE_LAG_SECONDS = Gauge "pgsluice_node_lag_seconds" ["cluster", "node"]
        "How far the node is behind at most: the age of the last moment at which it held everything acknowledged";
    NODE_SCORE = Gauge "pgsluice_node_score" ["cluster", "node"]
        "The weight of the node for a read without demands: configured weight, lag, slow start";
}
