//! A tracker that takes the place of another: the list of nodes has changed, and what is known of those
//! that stay is true all the same.

use std::time::Instant;

use crate::topology::tracker::Change;
use crate::topology::tracker::Tracker;

impl Tracker {
    /// Takes over what `before` knows of the nodes that both have, by their addresses; which cluster
    /// it is, its timeline and the primary's positions hold as long as one of its nodes stays.
    ///
    /// With none in common this is another cluster, of which nothing is known.
    pub fn inherit(&mut self, before: &Self, now: Instant) -> Change {
        let mut has_ours = false;
        for (node, facts) in self.view.nodes.iter_mut().zip(&mut self.facts) {
            let known = before.view.nodes.iter().zip(&before.facts);
            let Some((old, old_facts)) = known
                .into_iter()
                .find(|(old, _)| old.address == node.address)
            else {
                continue;
            };
            *facts = *old_facts;
            facts.is_inherited = old_facts.is_answering;
            let (id, weight) = (node.id, node.weight);
            *node = old.clone();
            (node.id, node.weight) = (id, weight);
            has_ours |= before.ours.is_some() && old_facts.system == before.ours;
        }
        if !has_ours {
            return self.settle(None, now);
        }
        let primary = before.view.primary_node();
        let mut nodes = self.view.nodes.iter();
        self.view.primary =
            primary.and_then(|p| nodes.find(|n| n.address == p.address).map(|n| n.id));
        self.view.primary_lost = match (primary, self.view.primary) {
            (Some(_), None) => Some(now),
            (Some(_) | None, _) => before.view.primary_lost,
        };
        self.view.version = before.view.version;
        self.view.identity = before.view.identity;
        self.view.insert_lsn = before.view.insert_lsn;
        self.view.layout = before.view.layout;
        self.samples = before.samples.clone();
        let standbys = before.view.standbys.as_ref();
        self.view.standbys = standbys.filter(|_| self.view.primary.is_some()).cloned();
        self.standbys_of = self.view.primary;
        self.match_standbys();
        self.ours = before.ours;
        self.accepted = before.accepted;
        self.tail = before.tail;
        self.settle(None, now)
    }
}

#[cfg(test)]
mod tests;
