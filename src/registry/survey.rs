//! What clients and servers do at one moment, for those who look.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use crate::auth::server_login::Credential;
use crate::config::database::Database;
use crate::config::words::LoadBalance;
use crate::config::words::PoolMode;
use crate::pool::ledger::answer::Fitness;
use crate::registry::Registry;
use crate::registry::clients::Slot;
use crate::registry::desk::Desk;
use crate::registry::halt::is_console;
use crate::registry::make::pooling;
use crate::registry::place::Place;
use crate::registry::place::SlotLink;
use crate::registry::requests::Request;
use crate::registry::requests::Stage;
use crate::server::CancelHandle;
use crate::server::roster::Card;
use crate::session::reported::Reported;

/// All clients that have logged in, and all servers.
#[derive(Debug)]
pub struct Survey {
    /// The clients, by number.
    pub clients: Vec<Client>,
    /// The servers, by number.
    pub servers: Vec<Server>,
    /// Requests to cancel, by number.
    pub requests: Vec<Request>,
}

/// A client.
#[derive(Debug)]
pub struct Client {
    /// Who it is.
    pub slot: Arc<Slot>,
    /// What it does.
    pub place: Place,
    /// The user whose pool serves it.
    pub pool_user: Arc<str>,
    /// The server that it has, by its place in [`Survey::servers`].
    pub server: Option<usize>,
}

/// A server.
#[derive(Debug)]
pub struct Server {
    /// Which.
    pub card: Arc<Card>,
    /// What it does.
    pub state: ServerState,
    /// When that began, or the batch that it works on.
    pub since: Instant,
    /// What it is set to, if that is known.
    pub reported: Option<Arc<Reported>>,
    /// The client that has it, by its place in [`Survey::clients`].
    pub client: Option<usize>,
}

/// What a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// It is being opened.
    New,
    /// A client has it.
    Active,
    /// Nobody has it.
    Idle,
    /// Nobody has had it for so long that it is checked before its next use.
    Used,
    /// It is checked or reset.
    Tested,
    /// Nobody has it: requests to cancel its last query are on their way.
    BeingCanceled,
}

/// A pool, as PgBouncer sees one: a database and a user, on whatever nodes.
pub type PoolName = (Arc<str>, Arc<str>);

/// Who does what in a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolCensus {
    /// Clients that have a server or need none at the moment.
    pub clients_active: u32,
    /// Clients that wait for a server.
    pub clients_waiting: u32,
    /// How long the first of them has waited.
    pub wait_max: Duration,
    /// Servers that clients have.
    pub active: u32,
    /// Servers that nobody has.
    pub idle: u32,
    /// Those that nobody has had for long.
    pub used: u32,
    /// Servers that are checked or reset.
    pub tested: u32,
    /// Servers that are being opened.
    pub new: u32,
    /// Requests to cancel that are on their way.
    pub cancels: u32,
    /// Requests to cancel that wait for their turn.
    pub cancels_waiting: u32,
    /// Servers that nobody has until such requests have arrived.
    pub being_canceled: u32,
}

impl Registry {
    /// What clients and servers do now.
    pub fn survey(&self, now: Instant) -> Survey {
        let slots = self.clients.all();
        let idle = self.idle_servers(now);
        let mut servers: Vec<_> = self
            .records
            .roster
            .cards()
            .into_iter()
            .map(new_server)
            .collect();
        let mut places: HashMap<*const CancelHandle, usize> = HashMap::new();
        for (i, server) in servers.iter_mut().enumerate() {
            let Some(login) = server.card.login() else {
                continue;
            };
            places.insert(Arc::as_ptr(&login.cancel), i);
            server.state = match login.cancel.is_held() {
                true => ServerState::BeingCanceled,
                false => ServerState::Tested,
            };
            if let Some(seen) = idle.get(&server.card.id.0) {
                server.state = seen.state;
                server.since = seen.since;
                server.reported = Some(Arc::clone(&seen.reported));
            }
        }
        let mut clients: Vec<_> = slots.into_iter().map(|s| self.new_client(s)).collect();
        for (i, client) in clients.iter_mut().enumerate() {
            let SlotLink::Linked(key) = &client.place.link else {
                continue;
            };
            client.server = places.get(&Arc::as_ptr(key)).copied();
            if let Some(server) = client.server.and_then(|s| servers.get_mut(s)) {
                server.state = ServerState::Active;
                server.since = client.place.since;
                server.reported = Some(Arc::clone(&client.place.told));
                server.client = Some(i);
            }
        }
        Survey {
            clients,
            servers,
            requests: self.records.requests.now(),
        }
    }

    /// How many credentials are kept besides those of users: of whom databases force, of users that were
    /// looked up, and what clients have shown.
    pub fn credentials_count(&self) -> usize {
        let state = self.state();
        let databases = state.config.databases.values();
        let forced_count = databases.filter(|d| d.forced_user.is_some()).count();
        let is_shown =
            |desk: &Arc<Desk>| !desk.has_own_credential() && desk.credential() != Credential::None;
        let databases = self.databases();
        let known = databases.iter().map(|database| {
            let shown = database.all_desks().into_iter().filter(is_shown);
            shown.count() + database.lookups.count()
        });
        forced_count + known.sum::<usize>()
    }

    /// The user whose pool serves a client: the one that the database forces, else its own.
    pub fn pool_user(&self, database: &str, user: &Arc<str>) -> Arc<str> {
        let database = self.known_database(database);
        let forced =
            database.and_then(|d| Some(d.config.forced_user.as_ref()?.user.as_str().into()));
        forced.unwrap_or_else(|| Arc::clone(user))
    }

    /// When servers go back in a pool.
    pub fn pool_mode(&self, (database, user): &PoolName) -> PoolMode {
        let config = &self.state().config;
        match self.known_database(database) {
            Some(database) => pooling(config, &database, user).pool_mode,
            None => config.pooling.pool_mode,
        }
    }

    /// How the hosts of a database are taken, if it has several whose roles nobody asks.
    pub fn balance(&self, database: &Database) -> Option<LoadBalance> {
        let state = self.state();
        let cluster = state.config.cluster_of(database)?;
        let has_several = cluster.is_plain() && 1 < cluster.nodes.len();
        has_several.then_some(cluster.settings.load_balance_hosts)
    }

    fn new_client(&self, slot: Arc<Slot>) -> Client {
        Client {
            place: slot.place(),
            pool_user: self.pool_user(&slot.database, &slot.user),
            server: None,
            slot,
        }
    }

    fn idle_servers(&self, now: Instant) -> HashMap<u64, IdleServer> {
        let mut idle = HashMap::new();
        for pool in self.pools.pools() {
            pool.each_idle(now, |server, since, fitness| {
                let state = match fitness {
                    Fitness::Fit => ServerState::Idle,
                    Fitness::Unchecked => ServerState::Used,
                };
                let seen = IdleServer {
                    state,
                    since,
                    reported: Arc::clone(&server.side.reported),
                };
                idle.insert(server.id.0, seen);
            });
        }
        idle
    }
}

struct IdleServer {
    state: ServerState,
    since: Instant,
    reported: Arc<Reported>,
}

fn new_server(card: Arc<Card>) -> Server {
    Server {
        state: ServerState::New,
        since: card.since,
        reported: None,
        client: None,
        card,
    }
}

impl Client {
    /// The pool that serves it.
    pub fn pool(&self) -> PoolName {
        (Arc::clone(&self.slot.database), Arc::clone(&self.pool_user))
    }
}

impl Survey {
    /// Those of databases, by pool.
    pub fn pools(&self, now: Instant) -> BTreeMap<PoolName, PoolCensus> {
        let mut pools: BTreeMap<PoolName, PoolCensus> = BTreeMap::new();
        for client in self
            .clients
            .iter()
            .filter(|c| !is_console(&c.slot.database))
        {
            let census = pools.entry(client.pool()).or_default();
            if matches!(client.place.link, SlotLink::Waiting) {
                let waited = now.saturating_duration_since(client.place.since);
                census.clients_waiting += 1;
                census.wait_max = census.wait_max.max(waited);
            } else {
                census.clients_active += 1;
            }
        }
        for request in &self.requests {
            let client = self.clients.iter().find(|c| c.slot.id == request.slot.id);
            if let Some(client) = client {
                let census = pools.entry(client.pool()).or_default();
                match request.stage {
                    Stage::Waiting => census.cancels_waiting += 1,
                    Stage::Active => census.cancels += 1,
                }
            }
        }
        for server in &self.servers {
            let purpose = &server.card.purpose;
            let name = (Arc::clone(&purpose.database), Arc::clone(&purpose.user));
            let census = pools.entry(name).or_default();
            match server.state {
                ServerState::New => census.new += 1,
                ServerState::Active => census.active += 1,
                ServerState::Idle => census.idle += 1,
                ServerState::Used => census.used += 1,
                ServerState::Tested => census.tested += 1,
                ServerState::BeingCanceled => census.being_canceled += 1,
            }
        }
        pools
    }

    /// How many sets of watched settings clients and servers have: many share one.
    pub fn settings_count(&self) -> usize {
        let of_clients = self.clients.iter().map(|client| &client.place.told);
        let of_servers = self.servers.iter().filter_map(|s| s.reported.as_ref());
        let sets: HashSet<_> = of_clients.chain(of_servers).map(Arc::as_ptr).collect();
        sets.len()
    }

    /// Clients of the console.
    pub fn consoles(&self) -> usize {
        let slots = self.clients.iter();
        slots.filter(|c| is_console(&c.slot.database)).count()
    }
}
