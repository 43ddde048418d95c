//! How desks and their pools are made of what the configuration says.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;

use crate::auth::server_login::Credential;
use crate::config::database::EMPTY_QUERY;
use crate::config::database::Overrides;
use crate::config::database::Pooling;
use crate::config::database::Routing;
use crate::config::types::Config;
use crate::config::words::TransactionReads;
use crate::ids::NodeId;
use crate::pool::Pool;
use crate::pool::set::Key;
use crate::pool::settings::Settings;
use crate::pool::settings::WhenDown;
use crate::registry::Registry;
use crate::registry::State;
use crate::registry::crowds::CrowdLimits;
use crate::registry::crowds::Places;
use crate::registry::database::Database;
use crate::registry::desk::Desk;
use crate::registry::desk::Ways;
use crate::registry::desk::clock;
use crate::registry::dialer::Dialer;
use crate::registry::limits::Limits;
use crate::session::Rules;
use crate::session::reported::Reported;
use crate::topology::identity::Role;
use crate::wire::frames::LARGE_BYTES_MAX;

impl Registry {
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
            self.limit_servers(&state, &database, &key.user);
            Some(self.pool_settings(&database, &pooling, (node, &key.user)))
        });
        for pool in self.pools.pools() {
            let size = pool.stats(clock()).size;
            pool.connect().line.resize(size);
        }
    }

    /// The desk of a user whose pools are made, or brought up to date with the configuration; its
    /// servers log in by `identity`.
    pub(super) fn new_desk(
        &self,
        state: &State,
        database: &Arc<Database>,
        user: &str,
        (server_user, configured): Identity,
    ) -> Desk {
        let config = &state.config;
        let nodes = 0..u16::try_from(database.cluster.addresses.len()).unwrap_or(u16::MAX);
        let keys: Vec<_> = nodes
            .map(NodeId)
            .map(|node| (node, key(database, &server_user, node)))
            .collect();
        self.limit_servers(state, database, &server_user);
        // What a client has shown is of no use to log in as another.
        let is_own = configured != Credential::None || *server_user != *user;
        // What clients have shown is in no file, so it outlives a reload.
        let shown = || {
            let pools = keys.iter().filter_map(|(_, key)| self.pools.find(key));
            let mut dialers = pools.map(|pool| pool.connect());
            let found = dialers.find(|d| !d.is_own && d.user == server_user);
            found.map(|dialer| Credential::clone(&dialer.credential.load()))
        };
        let credential = match is_own {
            true => configured,
            false => shown().unwrap_or(Credential::None),
        };
        let credential = Arc::new(ArcSwap::from_pointee(credential));
        let pooling = pooling(config, database, &server_user);
        let prepared_count_max = config.limits.max_prepared_statements;
        let extra = config.auth.track_extra_parameters.iter();
        let followed = Arc::new(Reported::following(extra.map(String::as_str)));
        let pools = keys.into_iter().filter_map(|(node, key)| {
            let dialer = Dialer {
                node,
                path: Arc::clone(database.cluster.path(node)?),
                database: Arc::clone(&database.name),
                user: Arc::clone(&server_user),
                dbname: Arc::clone(&database.dbname),
                startup: pooling.startup.clone(),
                connect_query: pooling.connect_query.as_deref().unwrap_or_default().into(),
                credential: Arc::clone(&credential),
                is_own,
                followed: Arc::clone(&followed),
                connect_timeout: pooling.server_connect_timeout,
                prepared_count_max: usize::try_from(prepared_count_max).unwrap_or(usize::MAX),
                check_query: check_query(&pooling),
                address: database.cluster.address(node),
                roster: Arc::clone(&self.records.roster),
                monitor: database.cluster.monitor.clone(),
                line: Arc::default(),
                was_writable: AtomicBool::new(false),
            };
            let settings = self.pool_settings(database, &pooling, (node, &server_user));
            Some(self.pool(&key, dialer, settings))
        });
        Desk::new(
            Arc::clone(database),
            (user.into(), self.places(database, user)),
            pools.collect(),
            ways(config, database, user),
            (credential, is_own),
        )
    }

    /// A desk as that of a user (or of nobody in particular), but without pools: to see where its
    /// batches would go. Nothing is kept of it.
    pub fn desk_on_trial(&self, database: &Arc<Database>, user: Option<&str>) -> Arc<Desk> {
        let user = user.unwrap_or_default();
        let credential = Arc::new(ArcSwap::from_pointee(Credential::None));
        Arc::new(Desk::new(
            Arc::clone(database),
            (user.into(), self.places(database, user)),
            Box::default(),
            ways(&self.state().config, database, user),
            (credential, false),
        ))
    }

    fn places(&self, database: &Database, user: &str) -> Places {
        let server_user = Arc::from(pool_user(database, user));
        Places {
            database: self.crowds.of_database(&database.name),
            user: self.crowds.of_user(&Arc::from(user)),
            pool: self.crowds.of_pool(&database.name, &server_user),
        }
    }

    /// The pool of `key`, whose servers are opened by `dialer` from now on.
    fn pool(&self, key: &Key, mut dialer: Dialer, settings: Settings) -> Arc<Pool<Dialer>> {
        match self.pools.find(key) {
            Some(pool) => {
                dialer.line = Arc::clone(&pool.connect().line);
                pool.update(dialer, Dialer::is_same);
                pool
            }
            None => {
                dialer.line.resize(settings.size);
                self.pools.pool(key, || (dialer, settings))
            }
        }
    }

    /// Sets how many servers the pools of a database, and those of a user, may have together.
    pub(super) fn limit_servers(&self, state: &State, database: &Database, user: &Arc<str>) {
        let config = &state.config;
        let overrides = config.users.get(&**user).map(|user| &user.overrides);
        let of_user = overrides.and_then(|overrides| overrides.max_user_connections);
        let of_user = of_user.unwrap_or(config.limits.max_user_connections);
        self.pools.user_scope(user).set_limit(of_user);
        let of_database = database.config.pooling.max_db_connections;
        self.pools
            .database_scope(&database.name)
            .set_limit(of_database);
    }

    /// What the pool of a database on a node is run by, whose servers log in as `user`.
    pub(super) fn pool_settings(
        &self,
        database: &Database,
        pooling: &Pooling,
        (node, user): (NodeId, &Arc<str>),
    ) -> Settings {
        let role = database.cluster.view().node(node).map(|node| node.role);
        let by_role = match role {
            Some(Role::Replica) => pooling.pool_size.replica,
            Some(Role::Primary | Role::Unknown) | None => pooling.pool_size.primary,
        };
        let cluster = &database.cluster.config;
        let own = match cluster.is_plain() {
            true => None,
            false => cluster.nodes.get(node.index()).and_then(|n| n.pool_size),
        };
        let size = own.unwrap_or(by_role);
        let mut settings = Settings::of(pooling, &database.config.timeouts, size);
        // As in PgBouncer: a pool that nobody uses is kept for a forced user only.
        let is_kept = database.config.forced_user.is_some()
            || self.crowds.of_pool(&database.name, user).count() != 0;
        settings.down = match cluster.is_plain() {
            true => WhenDown::Wait,
            false => WhenDown::Tell,
        };
        let is_fenced = database
            .cluster
            .view()
            .node(node)
            .is_some_and(|n| n.is_fenced());
        settings.min = if is_kept && !is_fenced {
            settings.min
        } else {
            0
        };
        settings
    }
}

fn key(database: &Database, user: &str, node: NodeId) -> Key {
    Key {
        database: Arc::clone(&database.name),
        user: pool_user(database, user).into(),
        node: database.cluster.address(node),
    }
}

/// The user whose pool serves a client: the one that the database forces, else its own.
fn pool_user<'a>(database: &'a Database, user: &'a str) -> &'a str {
    let forced = database.config.forced_user.as_ref();
    forced.map_or(user, |forced| &forced.user)
}

/// How a user's clients are served in a database.
fn ways(config: &Config, database: &Database, user: &str) -> Ways {
    let none = Overrides::default();
    let overrides = config.users.get(user).map_or(&none, |u| &u.overrides);
    let timeouts = overrides.on_timeouts(&database.config.timeouts);
    let mut routing = overrides.on_routing(&database.config.routing);
    // Nobody knows which of the hosts is what.
    routing.read_write_split &= !database.cluster.config.is_plain();
    Ways {
        rules: rules(
            config,
            &routing,
            &pooling(config, database, pool_user(database, user)),
        ),
        routing,
        limits: Limits::from(&timeouts),
        crowd_limits: crowd_limits(config, database, user),
        relay_bytes_max: bytes(config.limits.relay_buffer_bytes_max),
    }
}

/// How many clients there may be.
fn crowd_limits(config: &Config, database: &Database, user: &str) -> CrowdLimits {
    let overrides = config.users.get(user).map(|user| &user.overrides);
    let of_user = overrides.and_then(|o| o.max_user_client_connections);
    CrowdLimits {
        database: database.config.pooling.max_db_client_connections,
        user: of_user.unwrap_or(config.limits.max_user_client_connections),
    }
}

fn rules(config: &Config, routing: &Routing, pooling: &Pooling) -> Rules {
    Rules {
        mode: pooling.pool_mode,
        split: routing.read_write_split,
        consistency: routing.consistency,
        staleness_max: routing.staleness_max,
        transaction_reads: if routing.dry_run {
            TransactionReads::Primary
        } else {
            routing.transaction_reads
        },
        pins: routing.session_pins,
        refuses_queries: config.limits.disable_pqexec,
        message_bytes_max: config.limits.max_packet_size.min(LARGE_BYTES_MAX),
        tracks_prepared: config.limits.max_prepared_statements != 0,
        read_retries_max: routing.read_retries_max,
        hold_bytes_max: bytes(routing.reply_hold_bytes_max),
    }
}

fn bytes(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// How the pools of a user in a database are run.
pub(super) fn pooling(config: &Config, database: &Database, user: &str) -> Pooling {
    match config.users.get(user) {
        Some(user) => user.overrides.on_pooling(&database.config.pooling),
        None => database.config.pooling.clone(),
    }
}

fn check_query(pooling: &Pooling) -> Arc<str> {
    if pooling.server_check_query == EMPTY_QUERY {
        "".into()
    } else {
        pooling.server_check_query.as_str().into()
    }
}

/// Who one is on the nodes, and what is configured to prove it.
pub(super) type Identity = (Arc<str>, Credential);

/// Who clients of a user are on the nodes.
pub(super) fn client_identity(config: &Config, database: &Database, user: &str) -> Identity {
    match &database.config.forced_user {
        Some(forced) => (forced.user.as_str().into(), forced.credential.clone()),
        None => (user.into(), stored(config, user)),
    }
}

/// Who looks users up.
pub(super) fn asker_identity(config: &Config, database: &Database, role: &str) -> Identity {
    let forced = database.config.forced_user.as_ref();
    match forced.filter(|forced| forced.user == role) {
        Some(forced) => (forced.user.as_str().into(), forced.credential.clone()),
        None => (role.into(), stored(config, role)),
    }
}

/// What is stored of a user that proves to servers who it is.
fn stored(config: &Config, user: &str) -> Credential {
    let known = config.users.get(user);
    known.map(|user| user.credential()).unwrap_or_default()
}
