//! What all clients of one user in one database share: pools, rules, and where their batches go.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use std::time::Instant;

use arc_swap::ArcSwap;

use crate::auth::server_login::Credential;
use crate::config::database::Routing;
use crate::error::Blame;
use crate::error::Error;
use crate::ids::NodeId;
use crate::pool::Pool;
use crate::registry::cluster::Cluster;
use crate::registry::crowds::CrowdLimits;
use crate::registry::crowds::Places;
use crate::registry::database::Database;
use crate::registry::dialer::Dialer;
use crate::registry::limits::Limits;
use crate::registry::pick::Pick;
use crate::registry::welcome::Asked;
use crate::registry::welcome::Welcome;
use crate::route::Want;
use crate::session::Rules;
use crate::session::ask::Classify;
use crate::session::heal::Healing;
use crate::session::late::Alone;
use crate::sqlstate::SqlState;
use crate::topology::policy::PrimaryReads;

/// How a desk's clients are served.
#[derive(Debug)]
pub struct Ways {
    /// What its sessions go by.
    pub rules: Rules,
    /// Where its batches go.
    pub routing: Routing,
    /// The time limits of its clients.
    pub limits: Limits,
    /// How many clients there may be.
    pub crowd_limits: CrowdLimits,
    /// Bytes waiting for one peer at which reading from the other stops.
    pub relay_bytes_max: usize,
}

/// One user in one database.
pub struct Desk {
    /// The database.
    pub database: Arc<Database>,
    /// The user.
    pub user: Arc<str>,
    /// Its pools, by node.
    pub pools: Box<[Arc<Pool<Dialer>>]>,
    /// What its sessions go by.
    pub rules: Arc<Rules>,
    /// The time limits of its clients.
    pub limits: Limits,
    /// How many clients there may be.
    pub crowd_limits: CrowdLimits,
    /// Who its clients are counted with.
    pub places: Arc<Places>,
    /// Reads on the primary.
    pub primary_reads: PrimaryReads,
    /// How long a read that no replica may serve yet waits for one.
    pub consistency_wait: Duration,
    /// How long a batch waits for a primary.
    pub failover_wait: Duration,
    /// Clients of the cluster that may wait so.
    pub failover_queue_max: usize,
    /// Whether reads go to the primary all the same.
    pub is_dry_run: bool,
    /// Bytes waiting for one peer at which reading from the other stops.
    pub relay_bytes_max: usize,
    reset: Arc<str>,
    credential: Arc<ArcSwap<Credential>>,
    is_own: bool,
    pub(super) turn: AtomicU64,
    welcomes: Mutex<HashMap<Asked, Welcome>>,
}

impl Desk {
    /// A desk with these pools, one a node, in their order; `credential` proves to servers who
    /// the user is, and `is_own` says that the configuration gave it.
    pub fn new(
        database: Arc<Database>,
        (user, places): (Arc<str>, Places),
        pools: Box<[Arc<Pool<Dialer>>]>,
        ways: Ways,
        (credential, is_own): (Arc<ArcSwap<Credential>>, bool),
    ) -> Self {
        let reset = &database.config.pooling.server_reset_query;
        Self {
            primary_reads: ways.routing.primary_reads,
            consistency_wait: ways.routing.consistency_wait,
            failover_wait: ways.routing.failover_wait,
            failover_queue_max: usize::try_from(ways.routing.failover_queue_max)
                .unwrap_or(usize::MAX),
            is_dry_run: ways.routing.dry_run,
            reset: reset.as_str().into(),
            database,
            user,
            pools,
            rules: Arc::new(ways.rules),
            limits: ways.limits,
            crowd_limits: ways.crowd_limits,
            places: Arc::new(places),
            relay_bytes_max: ways.relay_bytes_max,
            credential,
            is_own,
            turn: AtomicU64::new(0),
            welcomes: Mutex::default(),
        }
    }

    /// Whether the configuration says how to log in to servers as this user.
    pub fn has_own_credential(&self) -> bool {
        self.is_own
    }

    /// What proves to servers who the user is.
    pub fn credential(&self) -> Credential {
        Credential::clone(&self.credential.load())
    }

    /// Takes what a client has shown.
    pub fn set_credential(&self, credential: Credential) {
        if **self.credential.load() != credential {
            self.credential.store(Arc::new(credential));
        }
    }

    /// What makes a server fit for others after a session (`server_reset_query`).
    pub fn reset_query(&self) -> Arc<str> {
        Arc::clone(&self.reset)
    }

    /// Whether that is done whenever a server is released (`server_reset_query_always`).
    pub fn resets_always(&self) -> bool {
        self.database.config.pooling.server_reset_query_always && !self.reset.is_empty()
    }

    /// The welcomes made so far, by the settings that were asked for.
    pub fn welcomes(&self) -> MutexGuard<'_, HashMap<Asked, Welcome>> {
        self.welcomes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what texts are.
    pub fn classifier(&self) -> &(dyn Classify + Sync) {
        &*self.database
    }

    /// A batch has got a server.
    pub fn on_linked(&self, want: Want, pick: Pick, waited: Duration) {
        self.database.metrics.wait.record(waited);
        self.database.routes.routed(pick.node, want.index());
    }

    /// A batch has needed no server.
    pub fn on_alone(&self, alone: Alone) {
        let done = &self.database.done;
        done.queries.add(1);
        done.transactions.add(u64::from(alone.is_first));
        done.received
            .add(u64::try_from(alone.bytes).unwrap_or(u64::MAX));
    }

    /// A server goes back after its batches.
    pub fn on_released(&self, node: NodeId, held: Duration) {
        self.database.metrics.transaction.record(held);
        self.database.routes.answered(node, held);
        if let Some(pool) = self.pools.get(node.index()) {
            pool.note_latency(held);
        }
    }

    /// A batch that may have written has ended, or its outcome was lost. To be called before its
    /// client is told.
    pub fn on_wrote(&self, at: Instant) {
        self.database.last_write.note(at);
        self.cluster().monitor.wrote();
    }

    /// A server of this node was lost, or none could be had.
    pub fn on_failed(&self, node: NodeId) {
        self.cluster().monitor.failed(node);
    }

    /// A server of this node has said whether it is a standby.
    pub fn on_role(&self, node: NodeId, is_standby: bool) {
        self.cluster().monitor.in_hot_standby(node, is_standby);
    }

    /// Functions or relations may have changed: what is known of them is renewed soon.
    pub fn on_defined(&self) {
        self.database.catalog.touch();
    }

    /// What a replica has refused went well on the primary.
    pub fn on_healed(&self, healing: &Healing, now: Instant) {
        let ttl = self.database.config.routing.learned_ttl;
        let node = self.cluster().address(healing.node);
        for (statement, text) in &healing.statements {
            let how = (&node, healing.sqlstate);
            self.database
                .learned
                .learn((text, statement), how, ttl, now);
            tracing::info!(
                database = &*self.database.name,
                %node,
                sqlstate = healing.sqlstate.as_str(),
                "a statement that a replica refused counts as a write for a while"
            );
        }
    }

    /// A batch is sent again.
    pub fn on_again(&self, reason: &'static str) {
        self.database.retries(reason).increment(1);
    }

    /// The cluster behind it.
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.database.cluster
    }

    /// The pool to a node.
    ///
    /// # Errors
    /// There is no such node any more.
    pub fn pool(&self, node: NodeId) -> Result<&Arc<Pool<Dialer>>, Error> {
        self.pools.get(node.index()).ok_or_else(|| {
            Error::new(
                Blame::Proxy,
                SqlState::CANNOT_CONNECT,
                "the node was removed",
            )
        })
    }

    /// Until when a client that came now may wait for a node.
    pub fn wait_deadline(&self, now: Instant) -> Instant {
        const FOREVER: Duration = Duration::from_secs(86_400);
        now + self
            .database
            .config
            .timeouts
            .query_wait
            .limit()
            .unwrap_or(FOREVER)
    }
}

/// The time on the runtime's clock.
pub(super) fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
