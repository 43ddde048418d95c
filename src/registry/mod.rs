//! The clusters, databases, desks, pools and clients of this process.
//!
//! What the configuration decides is in one [`State`], replaced as a whole by a reload: clusters
//! and databases that did not change are taken over, the others are made anew. Clients hold their
//! [`desk::Desk`] and take the new one when they are told to.

pub mod clients;
pub mod cluster;
pub mod database;
pub mod desk;
pub mod dialer;
pub mod limits;
pub mod seed;
pub mod welcome;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;

use arc_swap::ArcSwap;
use tokio::runtime::Handle;

use crate::auth::client_login::Proof;
use crate::auth::server_login::Credential;
use crate::auth::verifier::Verifier;
use crate::config::database::Pooling;
use crate::config::types::Config;
use crate::error::Blame;
use crate::error::Error;
use crate::ids::NodeId;
use crate::metrics::Metrics;
use crate::pool::set::Key;
use crate::pool::set::PoolSet;
use crate::pool::settings::Settings;
use crate::registry::clients::Clients;
use crate::registry::cluster::Cluster;
use crate::registry::database::Database;
use crate::registry::desk::Desk;
use crate::registry::dialer::Dialer;
use crate::registry::limits::Limits;
use crate::registry::seed::Seed;
use crate::session::Rules;
use crate::sqlstate::SqlState;
use crate::topology::identity::Role;

/// Everything that clients share.
pub struct Registry {
    /// All pools.
    pub pools: PoolSet<Dialer>,
    /// All clients.
    pub clients: Arc<Clients>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    state: ArcSwap<State>,
    seed: Seed,
    server_ids: Arc<AtomicU64>,
}

/// What one configuration decides.
pub struct State {
    /// The configuration.
    pub config: Arc<Config>,
    /// Its clusters.
    pub clusters: BTreeMap<String, Arc<Cluster>>,
    databases: Mutex<HashMap<Arc<str>, Arc<Database>>>,
}

impl Registry {
    /// A registry for a configuration, whose monitors it starts. Call it within a runtime.
    ///
    /// # Errors
    /// TLS files that cannot be used.
    pub fn start(config: Arc<Config>, metrics: Arc<Metrics>, seed: Seed) -> Result<Self, Error> {
        let clusters = config
            .clusters
            .iter()
            .map(|(name, cluster)| (name.clone(), Cluster::start(cluster, &config)))
            .map(|(name, cluster)| cluster.map(|cluster| (name, Arc::new(cluster))))
            .collect::<Result<_, _>>()?;
        let state = State {
            config,
            clusters,
            databases: Mutex::default(),
        };
        Ok(Self {
            pools: PoolSet::start(Handle::current()),
            clients: Arc::default(),
            metrics,
            state: ArcSwap::from_pointee(state),
            seed,
            server_ids: Arc::default(),
        })
    }

    /// What the configuration decides now.
    pub fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Takes a new configuration.
    ///
    /// # Errors
    /// TLS files that cannot be used; then nothing has changed.
    pub fn reload(&self, config: Arc<Config>) -> Result<(), Error> {
        let old = self.state();
        let tls_is_same = old.config.server_tls == config.server_tls;
        let mut clusters = BTreeMap::new();
        for (name, new) in &config.clusters {
            let same = old
                .clusters
                .get(name)
                .filter(|old| *old.config == **new && tls_is_same);
            let cluster = match same {
                Some(same) => Arc::clone(same),
                None => Arc::new(Cluster::start(new, &config)?),
            };
            clusters.insert(name.clone(), cluster);
        }
        let state = State {
            config,
            clusters,
            databases: Mutex::default(),
        };
        self.state.store(Arc::new(state));
        self.resize();
        Ok(())
    }

    /// The database that clients call `name`.
    ///
    /// # Errors
    /// There is none.
    pub fn database(&self, name: &str) -> Result<Arc<Database>, Error> {
        let state = self.state.load();
        let unknown = || {
            let message = format!("no such database: {name}");
            Error::new(Blame::Client, SqlState::NO_SUCH_DATABASE, message)
        };
        let mut databases = state
            .databases
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = databases.get(name) {
            return Ok(Arc::clone(database));
        }
        let config = state.config.database(name).ok_or_else(unknown)?;
        let cluster = state.clusters.get(&config.cluster).ok_or_else(unknown)?;
        let database = Database::start(name, config, cluster, (&state.config, self));
        let database = Arc::new(database);
        databases.insert(Arc::clone(&database.name), Arc::clone(&database));
        Ok(database)
    }

    /// The databases that clients have used, and those that the configuration names.
    pub fn databases(&self) -> Vec<Arc<Database>> {
        let state = self.state.load();
        let databases = state
            .databases
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        databases.values().map(Arc::clone).collect()
    }

    /// A random number that is not the last one.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The desk of `user` in `database`, made when it is first asked for; `proof` is what the
    /// client has shown, with which servers are logged in to where no secret is configured.
    pub fn desk(&self, database: &Arc<Database>, user: &str, proof: Proof) -> Arc<Desk> {
        let state = self.state();
        let desk = database.desk(&Arc::from(user), || self.new_desk(&state, database, user));
        if !desk.has_own_credential() {
            desk.set_credential(match proof {
                Proof::None => return desk,
                Proof::Password(password) => Credential::Password(password),
                Proof::Scram(keys) => Credential::Scram(keys),
            });
        }
        desk
    }

    fn new_desk(&self, state: &State, database: &Arc<Database>, user: &str) -> Desk {
        let (server_user, credential) = server_identity(&state.config, database, user);
        let is_own = credential != Credential::None;
        let credential = Arc::new(ArcSwap::from_pointee(credential));
        let cluster = &database.cluster;
        let pools = (0..cluster.addresses.len())
            .filter_map(|i| u16::try_from(i).ok().map(NodeId))
            .filter_map(|node| {
                let path = Arc::clone(cluster.path(node)?);
                let key = Key {
                    database: Arc::clone(&database.name),
                    user: user.into(),
                    node: cluster.address(node),
                };
                let pooling = pooling(&state.config, database, user);
                let settings = self.pool_settings(database, &pooling, node);
                Some(self.pools.pool(&key, || {
                    let dialer = Dialer {
                        node,
                        path,
                        user: Arc::clone(&server_user),
                        dbname: Arc::clone(&database.dbname),
                        credential: Arc::clone(&credential),
                        connect_timeout: pooling.server_connect_timeout,
                        prepared_count_max: usize::try_from(
                            state.config.limits.max_prepared_statements,
                        )
                        .unwrap_or(usize::MAX),
                        check_query: check_query(&pooling),
                        ids: Arc::clone(&self.server_ids),
                    };
                    (dialer, settings)
                }))
            })
            .collect();
        let pooling = pooling(&state.config, database, user);
        let rules = Rules {
            mode: pooling.pool_mode,
            split: database.config.routing.read_write_split,
            pins: database.config.routing.session_pins,
            message_bytes_max: state
                .config
                .limits
                .max_packet_size
                .min(crate::wire::frames::LARGE_BYTES_MAX),
            tracks_prepared: state.config.limits.max_prepared_statements != 0,
        };
        let timeouts = match state.config.users.get(user) {
            Some(user) => user.overrides.on_timeouts(&database.config.timeouts),
            None => database.config.timeouts.clone(),
        };
        let limits = Limits::from(&timeouts);
        Desk::new(
            Arc::clone(database),
            user.into(),
            pools,
            (rules, limits),
            (credential, is_own),
        )
    }

    /// Fits all pools to the configuration, and to the roles that nodes have now.
    pub fn resize(&self) {
        let state = self.state();
        self.pools.reload(|key| {
            let database = self.database(&key.database).ok()?;
            let index = database
                .cluster
                .addresses
                .iter()
                .position(|a| *a == key.node)?;
            let node = NodeId(u16::try_from(index).ok()?);
            let pooling = pooling(&state.config, &database, &key.user);
            Some(self.pool_settings(&database, &pooling, node))
        });
    }

    fn pool_settings(&self, database: &Database, pooling: &Pooling, node: NodeId) -> Settings {
        let role = database.cluster.view().node(node).map(|node| node.role);
        let by_role = match role {
            Some(Role::Primary) => pooling.pool_size.primary,
            _ => pooling.pool_size.replica,
        };
        let own = database
            .cluster
            .config
            .nodes
            .get(node.index())
            .and_then(|n| n.pool_size);
        Settings::of(pooling, &database.config.timeouts, own.unwrap_or(by_role))
    }
}

/// How the pools of a user in a database are run.
fn pooling(config: &Config, database: &Database, user: &str) -> Pooling {
    match config.users.get(user) {
        Some(user) => user.overrides.on_pooling(&database.config.pooling),
        None => database.config.pooling.clone(),
    }
}

fn check_query(pooling: &Pooling) -> Arc<str> {
    if pooling.server_check_query == crate::config::database::EMPTY_QUERY {
        "".into()
    } else {
        pooling.server_check_query.as_str().into()
    }
}

/// Who a user is on the nodes, and what is configured to prove it.
fn server_identity(config: &Config, database: &Database, user: &str) -> (Arc<str>, Credential) {
    if let Some(forced) = &database.config.forced_user {
        let credential = forced
            .password
            .clone()
            .map_or(Credential::None, Credential::Password);
        return (forced.user.as_str().into(), credential);
    }
    let known = config.users.get(user);
    let password = known.and_then(|user| user.password_for_servers());
    let credential = match (password, known.and_then(|user| user.secret.as_ref())) {
        (Some(password), _) => Credential::Password(password),
        (None, Some(Verifier::Md5(hash))) => Credential::Md5(hash.clone()),
        (None, _) => Credential::None,
    };
    (user.into(), credential)
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
