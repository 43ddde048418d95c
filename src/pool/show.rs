//! Pools as metrics.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::metrics::rows;
use crate::metrics::sheet::Sheet;
use crate::pool::closing::Closing;
use crate::pool::connect::Connect;
use crate::pool::ledger::totals::Stats;
use crate::pool::set::Key;
use crate::pool::set::PoolSet;

impl<C: Connect> PoolSet<C> {
    /// Puts down what every pool looks like. The servers of one that was retired are its
    /// successor's.
    pub fn show(&self, sheet: &mut Sheet, now: Instant) {
        let mut all: BTreeMap<Key, Stats> = BTreeMap::new();
        for pool in self.shared.pools_and_retired() {
            let stats = pool.stats(now);
            let (in_use, opening) = (stats.in_use, stats.opening);
            all.entry(pool.key().clone())
                .and_modify(|successor| {
                    successor.in_use += in_use;
                    successor.opening += opening;
                })
                .or_insert(stats);
        }
        for (key, stats) in &all {
            show(sheet, key, stats);
        }
    }
}

fn show(sheet: &mut Sheet, key: &Key, stats: &Stats) {
    let pool = [&*key.database, &*key.user, &*key.node];
    let with = |label| [&*key.database, &*key.user, &*key.node, label];
    for (state, n) in [
        ("active", stats.in_use),
        ("idle", stats.idle),
        ("opening", stats.opening),
    ] {
        sheet.gauge(rows::POOL_SERVERS, &with(state), f64::from(n));
    }
    sheet.gauge(rows::POOL_SIZE, &pool, f64::from(stats.size));
    sheet.gauge(rows::POOL_WAITING, &pool, f64::from(stats.waiting));
    let oldest_wait = stats.oldest_wait.as_secs_f64();
    sheet.gauge(rows::POOL_OLDEST_WAIT, &pool, oldest_wait);
    let failing = f64::from(u8::from(stats.failing));
    sheet.gauge(rows::POOL_FAILING, &pool, failing);
    let totals = &stats.totals;
    sheet.count(rows::POOL_LEASES, &pool, totals.leases);
    sheet.count(rows::POOL_WAITS, &pool, totals.waits);
    sheet.count(rows::POOL_WAIT_TIMEOUTS, &pool, totals.timeouts);
    sheet.count(rows::POOL_LOGINS, &with("ok"), totals.opened);
    sheet.count(rows::POOL_LOGINS, &with("failed"), totals.open_failed);
    for (why, n) in Closing::ALL.iter().zip(totals.closed) {
        sheet.count(rows::POOL_CLOSED, &with(why.as_str()), n);
    }
}
