//! Another configuration, or other nodes, while clients are served. What stays as it was goes on as if
//! nothing had happened: pools of nodes that stay, what is known of these, and what sessions of a
//! database have written.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use crate::auth::client_login::Proof;
use crate::config::cluster as config;
use crate::config::cluster::Node;
use crate::config::types::Config;
use crate::error::Error;
use crate::registry::Registry;
use crate::registry::State;
use crate::registry::cluster::Cluster;
use crate::registry::database::Database;
use crate::registry::keys::Keys;
use crate::registry::orders::Orders;
use crate::registry::peers::Peers;
use crate::server::path::Means;

impl Registry {
    /// Takes a new configuration. Clients are to be told.
    ///
    /// # Errors
    /// TLS files that cannot be used; then nothing has changed.
    pub fn reload(&self, config: Arc<Config>) -> Result<(), Error> {
        let old = self.state();
        let mut tls = Keys::read(&config.server_tls)?;
        if tls.print == old.tls.print {
            tls = old.tls.clone();
        }
        self.take(&old, config, tls)
    }

    /// Takes other nodes for a cluster: those that were found for `configured`, which is as the file
    /// has it. Whether they are others than before, and that still is what the file says; clients are
    /// to be told then.
    ///
    /// # Errors
    /// As [`reload`](Self::reload).
    pub fn change_nodes(
        &self,
        configured: &Arc<config::Cluster>,
        nodes: Vec<Node>,
    ) -> Result<bool, Error> {
        let old = self.state();
        let now = old.clusters.get(&configured.name);
        let is_news =
            |now: &Arc<Cluster>| now.configured == *configured && now.config.nodes != nodes;
        // During a switchover the nodes stay what they are.
        let is_switching = |now: &Arc<Cluster>| now.is_switching.load(Ordering::Acquire);
        if !now.is_some_and(|now| is_news(now) && !is_switching(now)) {
            return Ok(false);
        }
        self.found.keep(configured, nodes);
        self.take(&old, Arc::clone(&old.config), old.tls.clone())?;
        Ok(true)
    }

    fn take(&self, old: &State, config: Arc<Config>, tls: Keys) -> Result<(), Error> {
        let is_same_way = tls.print == old.tls.print && old.config.tcp == config.tcp;
        self.names.keep(config.dns.clone());
        let means = Means {
            tls: Arc::clone(&tls.tls),
            tcp: config.tcp.clone(),
            names: Arc::clone(&self.names),
        };
        let peers = Peers::new(&config, &means, &old.peers)?;
        let mut clusters = BTreeMap::new();
        for (name, new) in &config.clusters {
            let both = self.found.apply(new);
            let before = old.clusters.get(name);
            let same = before.filter(|old| {
                old.config == both.config && old.configured == both.configured && is_same_way
            });
            let cluster = match same {
                Some(same) => Arc::clone(same),
                None => Arc::new(Cluster::start(both, &means, before.map(|before| &**before))),
            };
            clusters.insert(name.clone(), cluster);
        }
        let state = State {
            databases: Mutex::new(self.databases_after(old, &config, &clusters)),
            peers,
            config,
            clusters,
            tls,
        };
        for (name, before) in &old.clusters {
            let heir = state.clusters.get(name);
            if let Some(heir) = heir.filter(|heir| !Arc::ptr_eq(heir, before)) {
                before.replace_by(heir);
            }
        }
        self.state.store(Arc::new(state));
        self.open_databases();
        self.renew();
        self.resize();
        Ok(())
    }

    /// The databases of a new configuration that were there before. Their desks are made anew, as
    /// users and limits may have changed; what was not touched is the same, and what was takes over
    /// what is known in it.
    fn databases_after(
        &self,
        old: &State,
        config: &Config,
        clusters: &BTreeMap<String, Arc<Cluster>>,
    ) -> HashMap<Arc<str>, Arc<Database>> {
        let databases = old.databases.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same_size =
            old.config.limits.statement_cache_entries == config.limits.statement_cache_entries;
        let mut after = HashMap::new();
        for (name, database) in databases.iter() {
            let new = config.database(name);
            let cluster = new.and_then(|new| clusters.get(&new.cluster));
            let (Some(new), Some(cluster)) = (new, cluster) else {
                database.retire();
                continue;
            };
            let is_same =
                *new == database.config && Arc::ptr_eq(cluster, &database.cluster) && is_same_size;
            let kept = if is_same {
                database.forget_desks();
                Arc::clone(database)
            } else {
                let all = (config, self);
                let heir = Database::start(name, new, cluster, all, Some(database));
                database.retire();
                Arc::new(heir)
            };
            after.insert(Arc::clone(name), kept);
        }
        after
    }

    /// Has the pools there are opened by what the configuration says now. Clients that keep a
    /// server which is not as good learn of it where that ends them.
    fn renew(&self) {
        for pool in self.pools.pools() {
            let key = pool.key();
            if let Ok(database) = self.database(&key.database) {
                self.desk(&database, &key.user, Proof::None);
            }
        }
        if self.state().config.pooling.server_fast_close {
            self.clients.tell_all(Orders::RENEW);
        }
    }
}
