//! Old primaries are cut off: the servers of a node that must not be used are closed, and whoever
//! is linked to one is told. Links look for themselves before anything goes over them; this is for
//! those that stand still.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::pool::set::Selection;
use crate::registry::Registry;
use crate::registry::cluster::Cluster;
use crate::registry::orders::Orders;
use crate::registry::place::SlotLink;

impl Registry {
    /// Cuts off what must not be used since this was last called.
    pub fn fence(&self) {
        for cluster in self.state().clusters.values() {
            let fences = cluster.monitor.fences();
            if cluster.fenced.swap(fences, Ordering::AcqRel) != fences {
                self.fence_cluster(cluster);
            }
        }
    }

    fn fence_cluster(&self, cluster: &Arc<Cluster>) {
        let view = cluster.view().clone();
        // Those that are kept open are not opened again.
        self.resize();
        for node in view.nodes.iter().filter(|node| node.is_fenced()) {
            self.pools
                .reconnect(&Selection::Node(Arc::clone(&node.address)));
        }
        for slot in self.clients.of_databases() {
            let is_linked = matches!(slot.place().link, SlotLink::Linked(_));
            let database = self.known_database(&slot.database);
            if is_linked && database.is_some_and(|d| Arc::ptr_eq(&d.cluster, cluster)) {
                slot.tell(Orders::FENCE);
            }
        }
    }
}
