//! The clusters, databases, desks, pools and clients of this process.
//!
//! What the configuration decides is in one [`State`], replaced as a whole by a reload: clusters
//! and databases that did not change are taken over, the others are made anew. Clients hold their
//! [`desk::Desk`] and take the new one when they are told to.

pub mod autodb;
pub mod cancels;
pub mod client_key;
pub mod clients;
pub mod cluster;
pub mod crowds;
pub mod database;
pub mod desk;
pub mod dialer;
pub mod dry_run;
pub mod failover;

mod fence;

pub mod found;
pub mod halt;

mod desks;
mod keys;

pub mod last_write;
pub mod learned;
pub mod limits;
pub mod lookups;

mod make;
mod reload;

pub mod orders;
pub mod parting;
pub mod patience;
pub mod peers;
pub mod periods;
pub mod pick;
pub mod place;
pub mod records;
pub mod replication;
pub mod requests;
pub mod retry_budget;
pub mod run;
pub mod seed;
pub mod survey;
pub mod switchover;
pub mod welcome;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use arc_swap::ArcSwap;
use tokio::runtime::Handle;

use crate::auth::client_login::Proof;
use crate::auth::server_login::Credential;
use crate::config::types::ANY_DATABASE;
use crate::config::types::Config;
use crate::error::Blame;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::net::names::Names;
use crate::pool::set::PoolSet;
use crate::pool::set::Selection;
use crate::registry::clients::Clients;
use crate::registry::cluster::Cluster;
use crate::registry::crowds::Crowds;
use crate::registry::database::Database;
use crate::registry::desk::Desk;
use crate::registry::dialer::Dialer;
use crate::registry::found::Found;
use crate::registry::halt::Halts;
use crate::registry::keys::Keys;
use crate::registry::make::asker_identity;
use crate::registry::make::client_identity;
use crate::registry::orders::Orders;
use crate::registry::peers::Peers;
use crate::registry::records::Records;
use crate::registry::seed::Seed;
use crate::server::path::Means;
use crate::sqlstate::SqlState;
use crate::topology::health::Health;

/// Everything that clients share.
pub struct Registry {
    /// All pools.
    pub pools: PoolSet<Dialer>,
    /// All clients.
    pub clients: Arc<Clients>,
    /// How many clients databases, users and pools have.
    pub crowds: Crowds,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What is kept for those who look.
    pub records: Records,
    /// What was told to stop.
    pub halts: Halts,
    /// What the names of hosts stand for.
    pub names: Arc<Names>,
    state: ArcSwap<State>,
    found: Found,
    seed: Seed,
}

/// What one configuration decides.
pub struct State {
    /// The configuration.
    pub config: Arc<Config>,
    /// Its clusters.
    pub clusters: BTreeMap<String, Arc<Cluster>>,
    /// Other processes.
    pub peers: Peers,
    tls: Keys,
    databases: Mutex<HashMap<Arc<str>, Arc<Database>>>,
}

impl Registry {
    /// A registry for a configuration, whose monitors it starts. Call it within a runtime.
    ///
    /// # Errors
    /// TLS files that cannot be used.
    pub fn start(config: Arc<Config>, metrics: Arc<Metrics>, seed: Seed) -> Result<Self, Error> {
        let tls = Keys::read(&config.server_tls)?;
        let names = Arc::new(Names::new(config.dns.clone()));
        let means = Means {
            tls: Arc::clone(&tls.tls),
            tcp: config.tcp.clone(),
            names: Arc::clone(&names),
        };
        let found = Found::default();
        let start = |(name, cluster): (&String, &Arc<_>)| {
            let cluster = Cluster::start(found.apply(cluster), &means, None);
            (name.clone(), Arc::new(cluster))
        };
        let state = State {
            clusters: config.clusters.iter().map(start).collect(),
            peers: Peers::new(&config, &means, &Peers::default())?,
            config,
            tls,
            databases: Mutex::default(),
        };
        let registry = Self {
            pools: PoolSet::start(Handle::current()),
            clients: Arc::default(),
            crowds: Crowds::default(),
            metrics,
            halts: Halts::default(),
            names,
            state: ArcSwap::from_pointee(state),
            found,
            seed,
            records: Records::default(),
        };
        registry.open_databases();
        Ok(registry)
    }

    /// Databases that have a name in the configuration are there before their first client, for
    /// metrics and readiness.
    fn open_databases(&self) {
        let state = self.state();
        let names = state.config.databases.keys();
        for name in names.filter(|name| *name != ANY_DATABASE) {
            // A checked configuration has the cluster of each.
            let Ok(database) = self.database(name) else {
                continue;
            };
            // A pool of a forced user is filled without a client.
            if let Some(forced) = &database.config.forced_user
                && database.config.pooling.min_pool_size != 0
            {
                self.desk(&database, &forced.user, Proof::None);
            }
        }
    }

    /// What the configuration decides now.
    pub fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Outdates servers: closed now if idle, else when they come back; of sessions that keep
    /// theirs at once where `server_fast_close` says so.
    pub fn reconnect(&self, selection: &Selection) {
        self.pools.reconnect(selection);
        if self.state().config.pooling.server_fast_close {
            self.clients.tell_all(Orders::RENEW);
        }
    }

    /// The database that clients call `name`.
    ///
    /// # Errors
    /// There is none.
    pub fn database(&self, name: &str) -> Result<Arc<Database>, Error> {
        let state = self.state.load();
        let unknown = || {
            let message = format!("no such database: {name}");
            Error::new(Blame::Client, SqlState::PROTOCOL, message)
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
        let database = Database::start(name, config, cluster, (&state.config, self), None);
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

    /// The database of this name, if one of its clients has logged in or the configuration names
    /// it.
    pub fn known_database(&self, name: &str) -> Option<Arc<Database>> {
        let state = self.state.load();
        let databases = state
            .databases
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        databases.get(name).map(Arc::clone)
    }

    /// Forgets a database that the nodes do not have, unless the configuration names it: clients
    /// may name as many as they like where there is an entry `*`.
    pub fn forget(&self, database: &Database) {
        let state = self.state();
        if state.config.databases.contains_key(&*database.name) {
            return;
        }
        {
            let mut databases = state
                .databases
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            match databases.get(&database.name) {
                Some(known) if std::ptr::eq(&**known, database) => (),
                // Another has taken its place, or it is forgotten already.
                Some(_) | None => return,
            }
            databases.remove(&database.name);
        }
        database.retire();
        let selection = Selection::Database(Arc::clone(&database.name));
        self.pools.forget(&selection);
        self.records.roster.forget(&database.name);
    }

    /// A random number that is not the last one.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The desk of `user` in `database`, made when it is first asked for; `proof` is what the
    /// client has shown, with which servers are logged in to where no secret is configured.
    pub fn desk(&self, database: &Arc<Database>, user: &str, proof: Proof) -> Arc<Desk> {
        let state = self.state();
        let desk = database.desk(&Arc::from(user), || {
            let identity = client_identity(&state.config, database, user);
            self.new_desk(&state, database, user, identity)
        });
        if !desk.has_own_credential() {
            desk.set_credential(match proof {
                Proof::None => return desk,
                Proof::Password(password) => Credential::Password(password),
                Proof::Md5(hash) => Credential::Md5(hash),
                Proof::Scram(keys) => Credential::Scram(keys),
            });
        }
        desk
    }

    /// The desk at which a role looks up users of `database`: its servers log in as that role,
    /// whomever the database forces for clients.
    pub fn asking_desk(&self, database: &Arc<Database>, role: &str) -> Arc<Desk> {
        let state = self.state();
        database.asking_desk(&Arc::from(role), || {
            let identity = asker_identity(&state.config, database, role);
            self.new_desk(&state, database, role, identity)
        })
    }

    /// Lets pools try at once to open servers on nodes that answer, where they failed to.
    pub fn forgive(&self) {
        for cluster in self.state().clusters.values() {
            let view = cluster.view();
            let is_well = |health| matches!(health, Health::Up { failures: 0, .. });
            let well = view.nodes.iter().filter(|node| is_well(node.health));
            for node in well {
                self.pools.node_answers(&node.address);
            }
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
