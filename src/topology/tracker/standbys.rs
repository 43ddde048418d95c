//! What is known of a primary's standbys: only what the present primary says counts.

use std::sync::Arc;

use crate::ids::NodeId;
use crate::topology::identity::Role;
use crate::topology::standby::Oneself;
use crate::topology::standby::Standbys;
use crate::topology::tracker::Change;
use crate::topology::tracker::Tracker;

impl Tracker {
    /// A node said who streams from it.
    pub fn on_standbys(&mut self, id: NodeId, standbys: Standbys) -> Change {
        if self.view.primary != Some(id) || self.view.standbys.as_deref() == Some(&standbys) {
            return Change::Nothing;
        }
        self.view.standbys = Some(Arc::new(standbys));
        self.standbys_of = Some(id);
        self.match_standbys();
        Change::Freshness
    }

    /// A node said by which name it streams.
    pub fn on_oneself(&mut self, id: NodeId, oneself: Oneself) -> Change {
        let Some(node) = self.view.nodes.get_mut(id.index()) else {
            return Change::Nothing;
        };
        if node.oneself.as_deref() == Some(&oneself) {
            return Change::Nothing;
        }
        node.oneself = Some(Arc::new(oneself));
        self.match_standbys();
        Change::Freshness
    }

    /// Another primary has other standbys; it is asked for them soon.
    pub(super) fn forget_standbys(&mut self) {
        if self.standbys_of == self.view.primary {
            return;
        }
        self.standbys_of = self.view.primary;
        self.view.standbys = None;
        self.match_standbys();
    }

    /// Says of each node whether commits wait for it.
    pub(super) fn match_standbys(&mut self) {
        let states = match &self.view.standbys {
            None => vec![None; self.view.nodes.len()],
            Some(standbys) => {
                // A primary may still be set to the slot from which it once streamed.
                let own = self.view.nodes.iter().map(|node| match node.role {
                    Role::Replica => node.oneself.as_deref(),
                    Role::Primary | Role::Unknown => None,
                });
                let own: Vec<_> = own.collect();
                let state = |place: Option<usize>| Some(standbys.list.get(place?)?.sync);
                standbys.places(&own).into_iter().map(state).collect()
            }
        };
        for (node, state) in self.view.nodes.iter_mut().zip(states) {
            node.sync = state;
        }
    }
}

#[cfg(test)]
mod tests;
