//! What is asked of pools and of those that were retired alike: a RELOAD that moves a host does not
//! end the transactions on the old one, and who waits for servers waits for these too.

use std::sync::Arc;

use crate::pool::Pool;
use crate::pool::connect::Connect;
use crate::pool::now;
use crate::pool::set::PoolSet;
use crate::pool::set::Selection;

impl<C: Connect> PoolSet<C> {
    /// Waits until the selected pools have no server in use or being opened.
    ///
    /// # Cancel safety
    ///
    /// Yes, because it changes nothing.
    pub async fn quiet(&self, selection: &Selection) {
        for pool in self.with_retired(selection) {
            pool.quiet().await;
        }
    }

    /// Servers in use that are closed when they come back, in all selected pools.
    pub fn outdated(&self, selection: &Selection) -> u32 {
        let now = now();
        let pools = self.with_retired(selection).into_iter();
        pools.map(|pool| pool.stats(now).outdated).sum()
    }

    /// Servers in use, in all selected pools.
    pub fn in_use(&self, selection: &Selection) -> u32 {
        let pools = self.with_retired(selection).into_iter();
        pools.map(|pool| pool.load().in_use).sum()
    }

    fn with_retired(&self, selection: &Selection) -> Vec<Arc<Pool<C>>> {
        let mut pools = self.shared.pools_and_retired();
        pools.retain(|pool| selection.has(pool.key()));
        pools
    }
}
