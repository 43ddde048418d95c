//! A database's catalog, kept fresh by a task.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use arc_swap::Guard;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep_until;
use tokio::time::timeout;
use tracing::info;
use tracing::warn;

use crate::catalog::look::Look;
use crate::catalog::look::Names;
use crate::catalog::look::TIMEOUT;
use crate::monitor::probe::Trouble;
use crate::sql::catalog::Catalog;

/// A catalog at one time.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Grows when the names change; 0 before the first look.
    pub version: u64,
    /// The names.
    pub catalog: Arc<Catalog>,
}

/// A handle on a database's catalog; clones are handles on the same one.
#[derive(Clone, Debug)]
pub struct CatalogWatch {
    shared: Arc<Shared>,
}

/// The task that keeps a catalog fresh. It ends when this is dropped.
#[derive(Debug)]
pub struct Task {
    set: JoinSet<()>,
}

impl Task {
    /// Ends the task and waits until it has.
    pub async fn stop(mut self) {
        self.set.shutdown().await;
    }
}

/// Reads a catalog's snapshots again and again.
pub type Reader = arc_swap::Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>;

#[derive(Debug)]
struct Shared {
    database: Arc<str>,
    snapshot: Arc<ArcSwap<Snapshot>>,
    touched: Notify,
}

impl CatalogWatch {
    /// Starts to look each `interval`. `database` is for logs. Call it within a runtime.
    pub fn start(database: Arc<str>, interval: Duration, look: impl Look) -> (Self, Task) {
        Self::start_with(Arc::default(), database, interval, look)
    }

    /// As [`start`](Self::start), with what was known before.
    pub fn start_with(
        known: Arc<Snapshot>,
        database: Arc<str>,
        interval: Duration,
        look: impl Look,
    ) -> (Self, Task) {
        let shared = Arc::new(Shared {
            database,
            snapshot: Arc::new(ArcSwap::new(known)),
            touched: Notify::new(),
        });
        let mut set = JoinSet::new();
        set.spawn(watch(Arc::clone(&shared), interval, look));
        (Self { shared }, Task { set })
    }

    /// A catalog that nobody looks into, where nothing depends on it.
    pub fn unasked(database: Arc<str>) -> (Self, Task) {
        let shared = Arc::new(Shared {
            database,
            snapshot: Arc::default(),
            touched: Notify::new(),
        });
        let set = JoinSet::new();
        (Self { shared }, Task { set })
    }

    /// The last snapshot; one that knows nothing before the first look. Takes no lock.
    pub fn snapshot(&self) -> Guard<Arc<Snapshot>> {
        self.shared.snapshot.load()
    }

    /// A reader of its own for one who asks often: as long as nothing is new, a look costs one load.
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.shared.snapshot))
    }

    /// A function or relation was created, altered or dropped: looks again soon.
    pub fn touch(&self) {
        self.shared.touched.notify_one();
    }
}

async fn watch(shared: Arc<Shared>, interval: Duration, look: impl Look) {
    let mut fingerprint = None;
    let mut is_failing = false;
    loop {
        let looked_at = Instant::now();
        let outcome = match timeout(TIMEOUT, look.look()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Trouble::Silent),
        };
        let was_failing = std::mem::replace(&mut is_failing, outcome.is_err());
        let database = shared.database.as_ref();
        match outcome {
            Ok(names) => publish(&shared, names, &mut fingerprint),
            Err(error) if !was_failing => warn!(database, %error, "catalog not read"),
            Err(_) => (),
        }
        let wait = if is_failing {
            interval.min(RETRY_INTERVAL)
        } else {
            interval
        };
        // Several changes in a row are looked at together.
        tokio::select! {
            biased; // Time that is up makes the bell needless.
            () = sleep_until(looked_at + wait) => (),
            () = shared.touched.notified() => sleep_until(Instant::now() + TOUCH_DELAY).await,
        }
    }
}

fn publish(shared: &Shared, names: Names, fingerprint: &mut Option<u64>) {
    let new = Some(names.fingerprint());
    if *fingerprint == new {
        return;
    }
    *fingerprint = new;
    let version = shared.snapshot.load().version + 1;
    let database = shared.database.as_ref();
    let (functions, relations) = (names.functions.len(), names.primary_relations.len());
    info!(database, version, functions, relations, "catalog read");
    shared.snapshot.store(Arc::new(Snapshot {
        version,
        catalog: Arc::new(names.into_catalog()),
    }));
}

/// How soon a look that failed is repeated.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// How long after a change the catalogs are looked at.
const TOUCH_DELAY: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests;
