//! What all clients of one user in one database share: pools, rules, and where their batches go.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use arc_swap::ArcSwap;

use crate::auth::server_login::Credential;
use crate::error::Blame;
use crate::error::Error;
use crate::ids::NodeId;
use crate::pool::Pool;
use crate::registry::cluster::Cluster;
use crate::registry::database::Database;
use crate::registry::dialer::Dialer;
use crate::registry::limits::Limits;
use crate::registry::welcome::Asked;
use crate::registry::welcome::Welcome;
use crate::route::Kind;
use crate::route::Want;
use crate::session::Classify;
use crate::session::Rules;
use crate::session::side::Role;
use crate::sqlstate::SqlState;
use crate::topology::choose::Ask;
use crate::topology::choose::Choice;
use crate::topology::choose::Load;
use crate::topology::choose::NodeSet;
use crate::topology::choose::choose;
use crate::topology::policy::PrimaryReads;
use crate::topology::view::View;

/// Most nodes of a cluster whose load is looked at without an allocation.
const LOADS_COUNT: usize = 16;

/// A chosen node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Which.
    pub node: NodeId,
    /// What it is.
    pub role: Role,
}

/// How a desk's clients are served.
#[derive(Debug)]
pub struct Ways {
    /// What its sessions go by.
    pub rules: Rules,
    /// The time limits of its clients.
    pub limits: Limits,
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
    /// Reads on the primary.
    pub primary_reads: PrimaryReads,
    /// Bytes waiting for one peer at which reading from the other stops.
    pub relay_bytes_max: usize,
    reset: Arc<str>,
    credential: Arc<ArcSwap<Credential>>,
    is_own: bool,
    turn: AtomicU64,
    welcomes: Mutex<HashMap<Asked, Welcome>>,
}

impl Desk {
    /// A desk with these pools, one a node, in their order; `credential` proves to servers who
    /// the user is, and `is_own` says that the configuration gave it.
    pub fn new(
        database: Arc<Database>,
        user: Arc<str>,
        pools: Box<[Arc<Pool<Dialer>>]>,
        ways: Ways,
        (credential, is_own): (Arc<ArcSwap<Credential>>, bool),
    ) -> Self {
        let reset = &database.config.pooling.server_reset_query;
        Self {
            primary_reads: database.config.routing.primary_reads,
            reset: reset.as_str().into(),
            database,
            user,
            pools,
            rules: Arc::new(ways.rules),
            limits: ways.limits,
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

    /// A server goes back after its batches.
    pub fn on_released(&self, node: NodeId, held: Duration, wrote: bool) {
        self.database.metrics.transaction.record(held);
        self.database.routes.answered(node, held);
        if wrote {
            self.cluster().monitor.wrote();
        }
        if let Some(pool) = self.pools.get(node.index()) {
            pool.note_latency(held);
        }
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

    /// Counts a choice: the turn under round robin, and the source of its randomness.
    pub fn next_turn(&self) -> u64 {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// The node for a want, as the cluster is now; `None` if no node may serve it.
    pub fn pick(&self, want: Want, ask: &Ask, now: Instant) -> Option<Pick> {
        self.pick_from(&self.cluster().view(), want, ask, now)
    }

    fn pick_from(&self, view: &View, want: Want, ask: &Ask, now: Instant) -> Option<Pick> {
        match want.kind {
            Kind::Primary => Self::primary(view, ask.avoid),
            Kind::Read => self.read(view, ask, now),
            Kind::Replica => {
                let ask = Ask {
                    primary_reads: PrimaryReads::Never,
                    ..*ask
                };
                self.read(view, &ask, now)
            }
            Kind::Any => {
                let ask = Ask {
                    certified_since: None,
                    last_read: None,
                    ..*ask
                };
                self.read(view, &ask, now)
                    .or_else(|| Self::primary(view, ask.avoid))
            }
        }
    }

    fn primary(view: &View, avoid: NodeSet) -> Option<Pick> {
        let node = view.primary_node().filter(|node| !avoid.has(node.id))?;
        Some(Pick {
            node: node.id,
            role: Role::Primary,
        })
    }

    fn read(&self, view: &View, ask: &Ask, now: Instant) -> Option<Pick> {
        let random = scrambled(ask.turn);
        let choice = if self.pools.len() <= LOADS_COUNT {
            let mut loads = [Load::default(); LOADS_COUNT];
            for (load, pool) in loads.iter_mut().zip(&self.pools) {
                *load = load_of(pool);
            }
            let count = self.pools.len().min(LOADS_COUNT);
            choose(
                view,
                ask,
                loads.get(..count).unwrap_or_default(),
                random,
                now,
            )
        } else {
            let loads: Vec<Load> = self.pools.iter().map(|pool| load_of(pool)).collect();
            choose(view, ask, &loads, random, now)
        };
        let role = match choice {
            Choice::Replica(_) => Role::Replica,
            Choice::PrimaryToo(_) | Choice::PrimaryInstead(..) => Role::Primary,
            Choice::Nobody(_) => return None,
        };
        let node = choice.node().and_then(|id| view.node(id))?;
        Some(Pick {
            node: node.id,
            role,
        })
    }

    /// Waits until the cluster has a node for a want, or until `deadline`.
    ///
    /// # Cancel safety
    /// Yes: nothing is held.
    pub async fn wait_and_pick(&self, want: Want, ask: &Ask, deadline: Instant) -> Option<Pick> {
        let pick = |view: &View| self.pick_from(view, want, ask, clock());
        // What waits for a replica that is as new as the session must not wait for the next sample
        // of an idle cluster.
        let last_read = ask.last_read.map(|read| read.at);
        let since = match want.kind {
            Kind::Replica | Kind::Read => ask.certified_since.max(last_read),
            Kind::Primary | Kind::Any => None,
        };
        self.cluster().monitor.wait_for(since, deadline, pick).await
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
fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn load_of(pool: &Pool<Dialer>) -> Load {
    let load = pool.load();
    Load {
        in_use: load.in_use,
        size: load.size,
        waiting: load.waiting,
        latency: load.latency,
    }
}

/// Bits that look random, from a counter (SplitMix64's finaliser).
fn scrambled(count: u64) -> u64 {
    let z = count.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}
