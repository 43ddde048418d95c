//! A dry run: everything goes to the primary, and what would have gone to replicas is told, so that
//! splitting can be adopted step by step.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use crate::ids::NodeId;
use crate::metrics::Metrics;
use crate::metrics::rows;
use crate::route::Want;

/// Counts and logs of one database.
#[derive(Debug)]
pub struct DryRun {
    database: Arc<str>,
    addresses: Box<[Arc<str>]>,
    metrics: Arc<Metrics>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    batches: u64,
    to_replicas: u64,
    logged: Option<Instant>,
}

impl DryRun {
    /// Nothing was seen yet.
    pub fn new(database: &str, addresses: &[Arc<str>], metrics: &Arc<Metrics>) -> Self {
        Self {
            database: database.into(),
            addresses: addresses.into(),
            metrics: Arc::clone(metrics),
            seen: Mutex::default(),
        }
    }

    /// A batch goes to the primary; without the dry run it would have gone to `replica`.
    pub fn note(&self, want: Want, replica: Option<NodeId>, now: Instant) {
        let reason = want.reason.as_str();
        if let Some(node) = replica.and_then(|node| self.addresses.get(node.index())) {
            let labels = [&*self.database, &**node, reason];
            self.metrics.counter(rows::DRY_RUN, &labels).increment(1);
            tracing::debug!(database = &*self.database, %node, reason, "dry run: would go to a replica");
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.batches += 1;
        seen.to_replicas += u64::from(replica.is_some());
        if seen.logged.is_none_or(|at| at + LOG_INTERVAL <= now) {
            seen.logged = Some(now);
            let (batches, to_replicas) = (seen.batches, seen.to_replicas);
            drop(seen);
            tracing::info!(
                database = &*self.database,
                batches,
                to_replicas,
                "dry run: so many batches would have gone to replicas"
            );
        }
    }
}

/// Time between two lines in the log.
const LOG_INTERVAL: Duration = Duration::from_secs(60);
