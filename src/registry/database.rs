//! A database as clients name it: its cluster, and what is known of its statements.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use ::metrics::Counter;

use crate::catalog::look::PostgresLook;
use crate::catalog::watch::CatalogWatch;
use crate::catalog::watch::Reader;
use crate::catalog::watch::Task;
use crate::config::database as config;
use crate::config::types::Config;
use crate::metrics::Metrics;
use crate::metrics::figures::Counts;
use crate::metrics::handles::DatabaseMetrics;
use crate::metrics::handles::RouteLabel;
use crate::metrics::handles::RouteMetrics;
use crate::metrics::rows;
use crate::registry::Registry;
use crate::registry::cluster::Cluster;
use crate::registry::desk::Desk;
use crate::registry::desk::clock;
use crate::registry::desks::Desks;
use crate::registry::dry_run::DryRun;
use crate::registry::last_write::LastWrite;
use crate::registry::learned::Learned;
use crate::registry::lookups::Lookups;
use crate::registry::retry_budget::RetryBudget;
use crate::route::Want;
use crate::session::ask::Classify;
use crate::session::ask::Edition;
use crate::sql::cache::Bounds;
use crate::sql::cache::Cache;
use crate::sql::classify::Syntax;
use crate::sql::statement::Class;
use crate::sql::statement::Statement;

/// Most names of a kind that are taken from a database's catalog.
const CATALOG_ROWS_MAX: u32 = 100_000;

/// A database of the configuration, or one that a client named and `*` stands for.
pub struct Database {
    /// A number that no other has.
    number: u64,
    /// The name that clients use.
    pub name: Arc<str>,
    /// Its name on the nodes.
    pub dbname: Arc<str>,
    /// What the configuration says of it.
    pub config: Arc<config::Database>,
    /// Where it is.
    pub cluster: Arc<Cluster>,
    /// What its functions do.
    pub catalog: CatalogWatch,
    _catalog_task: Task,
    /// Users that are looked up in it.
    pub lookups: Arc<Lookups>,
    /// When any of its sessions last wrote.
    pub last_write: Arc<LastWrite>,
    /// What replicas have refused.
    pub learned: Arc<Learned>,
    /// How many reads may be run again.
    pub budget: RetryBudget,
    /// What would have gone to replicas.
    pub dry: DryRun,
    /// What is counted of its clients, and of where their batches went.
    pub metrics: DatabaseMetrics,
    /// What was done for its clients without a server, and by servers that are closed.
    pub done: Arc<Counts>,
    /// Where its batches went.
    pub routes: RouteMetrics,
    registry_metrics: Arc<Metrics>,
    known: Mutex<Known>,
    desks: Desks,
    /// Of those who look users up.
    askers: Desks,
}

/// What is known of texts, and what that depends on.
struct Known {
    cache: Cache,
    catalog: Reader,
}

impl Database {
    /// A database that clients call `name`. What is known in the one whose place it takes is known in
    /// it: sessions of either write to the same.
    pub fn start(
        name: &str,
        config: &Arc<config::Database>,
        cluster: &Arc<Cluster>,
        (all, registry): (&Config, &Registry),
        before: Option<&Self>,
    ) -> Self {
        let bounds = Bounds {
            entries_max: all.limits.statement_cache_entries.max(1),
            ..Bounds::default()
        };
        let labels: Vec<_> = Want::labels()
            .map(|(class, reason)| RouteLabel { class, reason })
            .collect();
        let dbname = config.dbname_for(name);
        let (catalog, task) = if cluster.config.is_plain() {
            CatalogWatch::unasked(name.into())
        } else {
            let look = PostgresLook::new(
                cluster.login.clone(),
                cluster.monitor.clone(),
                dbname.to_owned(),
                CATALOG_ROWS_MAX,
            );
            let known = before
                .filter(|b| b.cluster.name == cluster.name && *b.dbname == *dbname)
                .map(|before| Arc::clone(&before.catalog.snapshot()));
            let known = known.unwrap_or_default();
            CatalogWatch::start_with(known, name.into(), config.routing.catalog_interval, look)
        };
        let known = Known {
            cache: Cache::new(bounds, registry.seed().number()),
            catalog: catalog.reader(),
        };
        let name: Arc<str> = name.into();
        let nodes: Vec<&str> = cluster.addresses.iter().map(|address| &**address).collect();
        Self {
            number: registry.seed().number(),
            name: Arc::clone(&name),
            dbname: config.dbname_for(&name).into(),
            config: Arc::clone(config),
            cluster: Arc::clone(cluster),
            catalog,
            _catalog_task: task,
            last_write: cluster.last_writes.of(dbname, || match before {
                Some(before) => Arc::clone(&before.last_write),
                None => Arc::new(LastWrite::new(clock())),
            }),
            learned: before.map(|b| Arc::clone(&b.learned)).unwrap_or_default(),
            budget: RetryBudget::new(config.routing.read_retries_percent, clock()),
            dry: DryRun::new(&name, &cluster.addresses, &registry.metrics),
            metrics: DatabaseMetrics::new(&registry.metrics, &config.name),
            done: registry.records.roster.done(&name),
            routes: RouteMetrics::new(&registry.metrics, &config.name, &nodes, labels),
            registry_metrics: Arc::clone(&registry.metrics),
            known: Mutex::new(known),
            lookups: before.map(|b| Arc::clone(&b.lookups)).unwrap_or_default(),
            desks: Desks::default(),
            askers: Desks::default(),
        }
    }

    /// The desk of a user, made when it is first asked for.
    pub fn desk(&self, user: &Arc<str>, make: impl FnOnce() -> Desk) -> Arc<Desk> {
        self.desks.desk(user, make)
    }

    /// The desk at which a role looks users up, made when it is first asked for.
    pub fn asking_desk(&self, role: &Arc<str>, make: impl FnOnce() -> Desk) -> Arc<Desk> {
        self.askers.desk(role, make)
    }

    /// Has desks made anew when they are asked for next: the configuration has changed.
    pub fn forget_desks(&self) {
        self.desks.forget();
        self.askers.forget();
    }

    /// Another takes its place, or nobody names it any more: it ends with the last of its clients.
    pub fn retire(&self) {
        self.desks.retire();
        self.askers.retire();
    }

    /// Counts batches sent again for a reason.
    pub fn retries(&self, reason: &'static str) -> Counter {
        self.registry_metrics
            .counter(rows::RETRIES, &[&self.name, reason])
    }

    /// All desks there are.
    pub fn all_desks(&self) -> Vec<Arc<Desk>> {
        self.desks.all()
    }
}

impl Classify for Database {
    fn classify(&self, text: &[u8], syntax: Syntax) -> Arc<Statement> {
        let statement = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let Known { cache, catalog } = &mut *known;
            cache.classify(text, syntax, &catalog.load().catalog)
        };
        if statement.class == Class::Read {
            self.learned.recall(text, &statement);
        }
        statement
    }

    fn edition(&self) -> Edition {
        Edition {
            database: self.number,
            version: self.catalog.snapshot().version,
        }
    }

    fn is_read_committed(&self) -> bool {
        self.catalog.snapshot().catalog.is_read_committed()
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
