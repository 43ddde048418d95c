//! The node for a want, as the cluster is now or will be in a moment.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::error::Blame;
use crate::error::Error;
use crate::ids::NodeId;
use crate::monitor::line::Awaited;
use crate::pool::Pool;
use crate::registry::desk::Desk;
use crate::registry::desk::clock;
use crate::registry::dialer::Dialer;
use crate::route::Kind;
use crate::route::Reason;
use crate::route::Want;
use crate::session::side::Role;
use crate::sqlstate::SqlState;
use crate::topology::choose::Ask;
use crate::topology::choose::Choice;
use crate::topology::choose::Load;
use crate::topology::choose::Loads;
use crate::topology::choose::NodeSet;
use crate::topology::choose::Shortage;
use crate::topology::choose::choose;
use crate::topology::choose::weigh;
use crate::topology::policy::PrimaryReads;
use crate::topology::view::NodeView;
use crate::topology::view::View;

/// A chosen node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Which.
    pub node: NodeId,
    /// What it is.
    pub role: Role,
    /// [`NodeView::incarnation`](crate::topology::view::NodeView::incarnation) of it.
    pub incarnation: u32,
    /// How old a replica's certificate is: how far it may be behind.
    pub age: Duration,
    /// Why no replica serves, if it is a read that the primary stands in for.
    pub shortage: Option<Shortage>,
    /// Whether the read waited for a replica.
    pub has_waited: bool,
}

impl Desk {
    /// Counts a choice: the turn under round robin, and the source of its randomness.
    pub fn next_turn(&self) -> u64 {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// The turn that [`next_turn`](Self::next_turn) would give.
    pub fn turn(&self) -> u64 {
        self.turn.load(Ordering::Relaxed)
    }

    /// Counts, and logs once in a while, which replica would have served a want.
    pub fn try_dry(&self, want: Want, ask: &Ask, now: Instant) {
        let replica = self
            .pick(want, ask, now)
            .filter(|pick| pick.role == Role::Replica);
        self.database.dry.note(want, replica.map(|p| p.node), now);
    }

    /// The node for a want, as the cluster is now; `None` if no node may serve it.
    pub fn pick(&self, want: Want, ask: &Ask, now: Instant) -> Option<Pick> {
        self.pick_from(&self.cluster().view(), want, ask, now)
    }

    fn pick_from(&self, view: &View, want: Want, ask: &Ask, now: Instant) -> Option<Pick> {
        match want.kind {
            Kind::Primary => Self::primary(view, ask.avoid).filter(|_| !self.gives_way(view, now)),
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
                    position: None,
                    last_read: None,
                    ..*ask
                };
                self.read(view, &ask, now)
                    .or_else(|| Self::primary(view, ask.avoid))
            }
        }
    }

    /// Whether a node has turned read only as a whole.
    pub fn has_turned(&self, node: NodeId) -> bool {
        let view = self.cluster().view();
        view.node(node)
            .is_some_and(|node| node.turned_read_only.is_some())
    }

    /// Whether what is for the primary waits because that has turned read only.
    fn gives_way(&self, view: &View, now: Instant) -> bool {
        let primary = view.primary_node();
        primary.is_some_and(|node| node.gives_way_until(self.failover_wait, now).is_some())
    }

    fn primary(view: &View, avoid: NodeSet) -> Option<Pick> {
        let node = view.primary_node().filter(|node| !avoid.has(node.id))?;
        Some(Pick {
            node: node.id,
            role: Role::Primary,
            incarnation: node.incarnation,
            age: Duration::ZERO,
            shortage: None,
            has_waited: false,
        })
    }

    fn read(&self, view: &View, ask: &Ask, now: Instant) -> Option<Pick> {
        let random = scrambled(ask.turn);
        let choice = choose(view, ask, &PoolLoads(&self.pools), random, now);
        let role = match choice {
            Choice::Replica(_) => Role::Replica,
            Choice::PrimaryToo(_) | Choice::PrimaryInstead(..) => Role::Primary,
            Choice::Nobody(_) => return None,
        };
        let node = choice.node().and_then(|id| view.node(id))?;
        Some(Pick {
            node: node.id,
            role,
            incarnation: node.incarnation,
            age: age(node, now),
            shortage: choice.shortage(),
            has_waited: false,
        })
    }

    /// Waits until the cluster has a node for a want, or until `deadline`.
    ///
    /// # Cancel safety
    /// Yes: nothing is held.
    pub async fn wait_and_pick(&self, want: Want, ask: &Ask, deadline: Instant) -> Option<Pick> {
        let pick = |view: &View| self.pick_from(view, want, ask, clock());
        let since = match want.kind {
            Kind::Replica | Kind::Read => Some(since(ask)),
            Kind::Primary | Kind::Any => None,
        };
        self.cluster().monitor.wait_for(since, deadline, pick).await
    }

    /// Waits until the cluster has a node of this kind for what is asked by ourselves, or until
    /// `deadline`. Those that have failed it are tried again if there is no other.
    ///
    /// # Cancel safety
    /// Yes: nothing is held.
    pub async fn wait_for_own(&self, kind: Kind, ask: &mut Ask, deadline: Instant) -> Option<Pick> {
        let want = Want {
            kind,
            reason: Reason::Setting,
        };
        if ask.avoid != NodeSet::EMPTY {
            let until = deadline.min(clock() + AVOIDED_FOR);
            if let Some(pick) = self.wait_and_pick(want, ask, until).await {
                return Some(pick);
            }
            ask.avoid = NodeSet::EMPTY;
        }
        self.wait_and_pick(want, ask, deadline).await
    }

    /// Whether a login that a node refused may be one that only lags: a replica that has not replayed
    /// a role, its password or a database yet. What the primary says is final.
    pub fn may_lag(&self, pick: Pick, error: &Error) -> bool {
        let sqlstate = error.sqlstate();
        pick.role == Role::Replica
            && !self.cluster().config.is_plain()
            && error.blame() == Blame::Server
            && (sqlstate.class() == NOT_AUTHORIZED_CLASS || sqlstate == SqlState::NO_SUCH_DATABASE)
    }

    /// Waits for work on a node; `None` if that was chosen as the primary and is so no more: then it
    /// may never answer.
    ///
    /// # Cancel safety
    /// That of `work`, which is given up.
    pub async fn unless_replaced<T>(&self, pick: Pick, work: impl Future<Output = T>) -> Option<T> {
        let cluster = self.cluster();
        let is_primary = pick.role == Role::Primary && !cluster.config.is_plain();
        tokio::select! {
            biased; // What is done is done.
            done = work => Some(done),
            () = cluster.replaced(pick.node), if is_primary => None,
        }
    }

    /// Waits until a replica holds what a read needs, or until `deadline`.
    ///
    /// # Cancel safety
    /// Yes: nothing is held.
    pub async fn wait_for_replica(&self, want: Want, ask: &Ask, deadline: Instant) -> Option<Pick> {
        let pick = |view: &View| {
            let pick = self.pick_from(view, want, ask, clock())?;
            (pick.role == Role::Replica).then_some(pick)
        };
        let monitor = &self.cluster().monitor;
        let awaited = Awaited::Replica(*ask);
        monitor
            .wait_as(awaited, Some(since(ask)), deadline, pick)
            .await
    }

    /// Whether a node that was chosen a while ago still holds what it did then.
    pub fn is_as_picked(&self, pick: Pick) -> bool {
        let view = self.cluster().view();
        let node = view.node(pick.node);
        node.is_some_and(|node| node.incarnation == pick.incarnation)
            && !view.bars(pick.node, pick.role == Role::Primary)
    }

    /// Whether a node that was chosen without its session's last read holds that too.
    pub fn is_fresh(&self, drawn: Pick, ask: &Ask) -> bool {
        let view = self.cluster().view();
        let node = view.node(drawn.node);
        node.is_some_and(|node| weigh(&view, ask, node, clock()).is_ok())
    }

    /// Waits until this node holds what a read needs, or until `deadline`: how old its
    /// certificate is then.
    ///
    /// # Cancel safety
    /// Yes: nothing is held.
    pub async fn wait_for_one(
        &self,
        drawn: Pick,
        ask: &Ask,
        deadline: Instant,
    ) -> Option<Duration> {
        let is_fresh = |view: &View| {
            let node = view.node(drawn.node)?;
            let may_serve =
                node.incarnation == drawn.incarnation && weigh(view, ask, node, clock()).is_ok();
            may_serve.then(|| age(node, clock()))
        };
        let monitor = &self.cluster().monitor;
        let awaited = Awaited::Node(drawn.node, *ask);
        monitor
            .wait_as(awaited, Some(since(ask)), deadline, is_fresh)
            .await
    }
}

/// As of when a sample may give a replica what `ask` wants of it.
fn since(ask: &Ask) -> Instant {
    let last_read = ask.last_read.map(|read| read.at);
    let since = ask.certified_since.max(last_read);
    // A position may be reached at any time, which only a new sample shows.
    match (since, ask.position) {
        (Some(since), None) => since,
        (Some(_) | None, _) => clock(),
    }
}

/// How old a node's certificate is; zero if it has none, as the primary.
fn age(node: &NodeView, now: Instant) -> Duration {
    let certificate = node.certificate.map(|c| now.saturating_duration_since(c));
    certificate.unwrap_or_default()
}

/// SQLSTATE class of a role or a password that is not known.
const NOT_AUTHORIZED_CLASS: &str = "28";

/// How long nodes are left alone that have failed what waits.
pub const AVOIDED_FOR: Duration = Duration::from_millis(100);

/// The loads of pools, by node.
struct PoolLoads<'a>(&'a [Arc<Pool<Dialer>>]);

impl Loads for PoolLoads<'_> {
    fn of(&self, node: NodeId) -> Load {
        self.0
            .get(node.index())
            .map_or_else(Load::default, |pool| load_of(pool))
    }
}

/// How busy a pool is, as a choice weighs it.
pub fn load_of(pool: &Pool<Dialer>) -> Load {
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
