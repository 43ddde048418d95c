//! Whether pgsluice's reads went to the replicas: by the nodes' own counts.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::fault::Fault;
use crate::fault::said;
use crate::rig::DATABASE;
use crate::rig::Rig;

/// Transactions that each node has counted in the benchmark's database.
pub(crate) fn counts(rig: &Rig) -> Result<Vec<u64>, Fault> {
    let sql = format!(
        "select xact_commit + xact_rollback from pg_stat_database where datname = '{DATABASE}'"
    );
    rig.nodes()
        .iter()
        .map(|node| Ok(node.psql(&sql)?.parse()?))
        .collect()
}

/// Transactions of the replicas since `before`.
pub(crate) fn on_replicas(before: &[u64], now: &[u64]) -> u64 {
    let pairs = now.iter().zip(before).skip(1);
    pairs.map(|(now, before)| now.saturating_sub(*before)).sum()
}

/// Checks that at least `expected` transactions have run on the replicas since `before`.
///
/// PostgreSQL's servers report what they did up to 10 s after they fell idle, hence the patience.
pub(crate) fn check(rig: &Rig, before: &[u64], expected: u64) -> Result<u64, Fault> {
    let began = Instant::now();
    loop {
        let seen = on_replicas(before, &counts(rig)?);
        if expected <= seen + expected / 50 {
            return Ok(seen);
        }
        if PATIENCE < began.elapsed() {
            return Err(said(format!(
                "pgsluice ran {expected} reads, and the replicas counted only {seen}"
            )));
        }
        thread::sleep(Duration::from_millis(500));
    }
}

const PATIENCE: Duration = Duration::from_secs(14);
