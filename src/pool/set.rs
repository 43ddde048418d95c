//! All pools of the process: made when first asked for, found by key, commanded by selection;
//! and what they share: limits, tasks, the alarm.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::pool::Pool;
use crate::pool::connect::Connect;
use crate::pool::gauges::Gauges;
use crate::pool::ledger::Ledger;
use crate::pool::now;
use crate::pool::reap;
use crate::pool::reap::Alarm;
use crate::pool::scope::Full;
use crate::pool::scope::Scope;
use crate::pool::scope::Scopes;
use crate::pool::settings::Settings;

/// What a pool is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The database by the name that clients use.
    pub database: Arc<str>,
    /// The user that servers log in as.
    pub user: Arc<str>,
    /// The node's address, `host:port`: it outlives a change of configuration, a `NodeId` does not.
    pub node: Arc<str>,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.database, self.user, self.node)
    }
}

/// Some of the pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of them.
    All,
    /// Those of a database.
    Database(Arc<str>),
    /// Those of a user.
    User(Arc<str>),
    /// Those of a node.
    Node(Arc<str>),
}

impl Selection {
    /// Whether the pool of `key` is one of them.
    pub fn has(&self, key: &Key) -> bool {
        match self {
            Self::All => true,
            Self::Database(database) => *database == key.database,
            Self::User(user) => *user == key.user,
            Self::Node(node) => *node == key.node,
        }
    }
}

/// All pools of the process. Dropped, it ends their tasks.
pub struct PoolSet<C: Connect> {
    pub(super) shared: Arc<Shared<C>>,
}

impl<C: Connect> PoolSet<C> {
    /// Makes an empty set and starts its task on `runtime`.
    pub fn start(runtime: Handle) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State::default()),
            tasks: Mutex::new(JoinSet::new()),
            alarm: Arc::new(Alarm::new(now())),
            runtime,
        });
        shared.spawn(reap::run(
            Arc::downgrade(&shared),
            Arc::clone(&shared.alarm),
        ));
        Self { shared }
    }

    /// The pool of `key`, made by what `make` says if there is none.
    pub fn pool(&self, key: &Key, make: impl FnOnce() -> (C, Settings)) -> Arc<Pool<C>> {
        let pool = {
            let mut state = self.shared.state();
            if let Some(pool) = state.pools.get(key) {
                return Arc::clone(pool);
            }
            let (connect, settings) = make();
            let pool = Arc::new(self.shared.make(&mut state, key, connect, settings));
            state.pools.insert(key.clone(), Arc::clone(&pool));
            pool
        };
        pool.grow(now());
        pool
    }

    /// The pool of `key`, if there is one.
    pub fn find(&self, key: &Key) -> Option<Arc<Pool<C>>> {
        self.shared.state().pools.get(key).map(Arc::clone)
    }

    /// All pools, by key.
    pub fn pools(&self) -> Vec<Arc<Pool<C>>> {
        self.shared.pools()
    }

    /// The servers that the pools of a database have, and may have (`max_db_connections`).
    pub fn database_scope(&self, database: &Arc<str>) -> Arc<Scope> {
        Arc::clone(
            self.shared
                .state()
                .databases
                .entry(Arc::clone(database))
                .or_default(),
        )
    }

    /// The servers that the pools of a user have, and may have (`max_user_connections`).
    pub fn user_scope(&self, user: &Arc<str>) -> Arc<Scope> {
        Arc::clone(
            self.shared
                .state()
                .users
                .entry(Arc::clone(user))
                .or_default(),
        )
    }

    /// Forgets the scopes of databases and users without pools: clients make names up.
    pub fn forget_unheld(&self) {
        let mut state = self.shared.state();
        state.databases.retain(|_, s| 1 < Arc::strong_count(s));
        state.users.retain(|_, s| 1 < Arc::strong_count(s));
    }

    /// Lets those who ask wait until [`resume`](Self::resume) of the same selection, also in
    /// pools made later. [`quiet`](Self::quiet) tells when no server is in use.
    pub fn pause(&self, selection: &Selection) {
        {
            let mut state = self.shared.state();
            if !state.paused.contains(selection) {
                state.paused.push(selection.clone());
            }
        }
        self.selected(selection)
            .iter()
            .for_each(|pool| pool.pause());
    }

    /// Ends [`pause`](Self::pause) of the same selection; pools that another one covers stay
    /// paused. `false` if it was not paused.
    pub fn resume(&self, selection: &Selection) -> bool {
        let (was_paused, resumed) = {
            let mut state = self.shared.state();
            let before = state.paused.len();
            state.paused.retain(|paused| paused != selection);
            let resumed: Vec<_> = state
                .pools
                .values()
                .filter(|pool| !state.paused.iter().any(|paused| paused.has(&pool.key)))
                .map(Arc::clone)
                .collect();
            (state.paused.len() < before, resumed)
        };
        resumed.iter().for_each(Pool::resume);
        was_paused
    }

    /// The selections that are paused.
    pub fn paused(&self) -> Vec<Selection> {
        self.shared.state().paused.clone()
    }

    /// Outdates every server of the selected pools: closed now if idle, else when it comes back.
    pub fn reconnect(&self, selection: &Selection) {
        self.selected(selection).iter().for_each(Pool::reconnect);
    }

    /// Notes that a node answers, so that logins that failed because it did not are tried again.
    pub fn node_answers(&self, node: &Arc<str>) {
        let selection = Selection::Node(Arc::clone(node));
        self.selected(&selection)
            .iter()
            .for_each(Pool::node_answers);
    }

    /// After a change of configuration: gives each pool the settings that `settings` says, and
    /// retires those for which it says `None`.
    pub fn reload(&self, mut settings: impl FnMut(&Key) -> Option<Settings>) {
        for pool in self.pools() {
            match settings(&pool.key) {
                Some(settings) => pool.resize(settings),
                None => self.shared.retire(&pool),
            }
        }
    }

    /// Retires the selected pools.
    pub fn forget(&self, selection: &Selection) {
        for pool in self.selected(selection) {
            self.shared.retire(&pool);
        }
    }

    /// Refuses those who ask from now on, in pools made later too; closes servers as they come
    /// back; returns when none is left and all tasks have ended.
    ///
    /// # Cancel safety
    ///
    /// Yes: the pools go on draining, and it may be called again.
    pub async fn drain(&self) {
        self.shared.state().is_draining = true;
        self.selected(&Selection::All)
            .iter()
            .for_each(|pool| pool.drain());
        let mut tasks = {
            let mut tasks = self.shared.tasks();
            // Servers that are being opened now are for nobody.
            tasks.abort_all();
            std::mem::take(&mut *tasks)
        };
        while tasks.join_next().await.is_some() {}
        self.quiet(&Selection::All).await;
    }

    fn selected(&self, selection: &Selection) -> Vec<Arc<Pool<C>>> {
        let mut pools = self.shared.pools();
        pools.retain(|pool| selection.has(&pool.key));
        pools
    }
}

impl<C: Connect> fmt::Debug for PoolSet<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolSet").finish_non_exhaustive()
    }
}

/// What the pools of a set share.
pub(super) struct Shared<C: Connect> {
    state: Mutex<State<C>>,
    /// The task of `reap`, and those that open servers.
    tasks: Mutex<JoinSet<()>>,
    pub(super) alarm: Arc<Alarm>,
    runtime: Handle,
}

impl<C: Connect> Shared<C> {
    /// All pools, by key.
    pub(super) fn pools(&self) -> Vec<Arc<Pool<C>>> {
        self.state().pools.values().map(Arc::clone).collect()
    }

    /// Those too that were retired and whose last server is not gone yet, behind the others.
    pub(super) fn pools_and_retired(&self) -> Vec<Arc<Pool<C>>> {
        let state = self.state();
        let pools = state.pools.values().chain(&state.retired);
        pools.map(Arc::clone).collect()
    }

    /// Drains a pool and takes it out of the set: who asks for its key gets another.
    fn retire(&self, pool: &Arc<Pool<C>>) {
        pool.drain();
        let mut state = self.state();
        state.pools.remove(&pool.key);
        if !pool.is_empty() {
            state.retired.push(Arc::clone(pool));
        }
    }

    /// Forgets the retired pools whose last server is gone.
    pub(super) fn forget_retired(&self) {
        self.state().retired.retain(|pool| !pool.is_empty());
    }

    /// Starts a task that the set owns.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks();
        // Those that have ended would stay in memory.
        while tasks.try_join_next().is_some() {}
        tasks.spawn_on(task, &self.runtime);
    }

    /// Closes the server idle for longest among the other pools of the scope of `pool` that is
    /// full; `false` if there is none.
    pub(super) fn evict_for(&self, pool: &Pool<C>, full: Full) -> bool {
        let selection = match full {
            Full::Database => Selection::Database(Arc::clone(&pool.key.database)),
            Full::User => Selection::User(Arc::clone(&pool.key.user)),
        };
        self.pools()
            .into_iter()
            .filter(|other| selection.has(&other.key) && other.key != pool.key)
            .filter_map(|other| {
                let since = other.books().idle_since();
                since.map(|since| (since, other))
            })
            .min_by_key(|(since, _)| *since)
            .is_some_and(|(_, other)| other.evict())
    }

    fn make(
        self: &Arc<Self>,
        state: &mut State<C>,
        key: &Key,
        connect: C,
        settings: Settings,
    ) -> Pool<C> {
        let gauges = Gauges::default();
        gauges.show_size(settings.size);
        let pool = Pool {
            connect: ArcSwap::from_pointee(connect),
            ledger: Mutex::new(Ledger::new(settings)),
            gauges,
            scopes: Scopes {
                database: Arc::clone(
                    state
                        .databases
                        .entry(Arc::clone(&key.database))
                        .or_default(),
                ),
                user: Arc::clone(state.users.entry(Arc::clone(&key.user)).or_default()),
            },
            quiet: Notify::new(),
            shared: Arc::downgrade(self),
            alarm: Arc::clone(&self.alarm),
            key: key.clone(),
        };
        if state.is_draining {
            pool.drain();
        } else if state.paused.iter().any(|paused| paused.has(key)) {
            pool.pause();
        }
        pool
    }

    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct State<C: Connect> {
    pools: BTreeMap<Key, Arc<Pool<C>>>,
    /// Pools of no key any more that still have servers: there may be several that had the same.
    retired: Vec<Arc<Pool<C>>>,
    databases: HashMap<Arc<str>, Arc<Scope>>,
    users: HashMap<Arc<str>, Arc<Scope>>,
    paused: Vec<Selection>,
    is_draining: bool,
}

impl<C: Connect> Default for State<C> {
    fn default() -> Self {
        Self {
            pools: BTreeMap::new(),
            retired: Vec::new(),
            databases: HashMap::new(),
            users: HashMap::new(),
            paused: Vec::new(),
            is_draining: false,
        }
    }
}
