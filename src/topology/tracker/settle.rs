//! What follows from the facts: which cluster this is, who its primary is, which certificates that
//! gives, and what must not serve. All of it is recomputed at each input.

use std::time::Instant;

use crate::ids::NodeId;
use crate::topology::health::Health;
use crate::topology::identity::Identity;
use crate::topology::identity::Role;
use crate::topology::identity::Voter;
use crate::topology::identity::elect;
use crate::topology::identity::most_common;
use crate::topology::tracker::Change;
use crate::topology::tracker::Tracker;
use crate::topology::view::Exclusion;
use crate::topology::view::NodeView;

impl Tracker {
    /// Recomputes all that follows from the facts. `asked` is the node that has just answered.
    pub(super) fn settle(&mut self, asked: Option<(NodeId, Instant)>, now: Instant) -> Change {
        self.recognise();
        self.elect(now);
        self.forget_standbys();
        if let Some((id, asked_at)) = asked.filter(|(id, _)| Some(*id) == self.view.primary) {
            self.sample(id, asked_at, now);
        }
        self.certify();
        for i in 0..self.view.nodes.len() {
            self.exclude(i, now);
        }
        let (shape, freshness) = (self.shape(), self.freshness());
        let change = if shape != self.told.0 {
            self.view.version += 1;
            Change::Shape
        } else if freshness != self.told.1 {
            Change::Freshness
        } else {
            Change::Nothing
        };
        self.told = (shape, freshness);
        change
    }

    /// Decides once which cluster this is: when all nodes have been probed, or most agree.
    fn recognise(&mut self) {
        if self.ours.is_none() {
            let systems = || self.facts.iter().filter_map(|f| f.system);
            let found = most_common(systems());
            let votes = systems().filter(|s| Some(*s) == found).count();
            if self.is_probed() || self.facts.len() < 2 * votes {
                self.ours = found;
            }
        }
        for (node, facts) in self.view.nodes.iter_mut().zip(&self.facts) {
            node.identity = match (facts.system, facts.timeline) {
                (Some(system), Some(timeline)) => Some(Identity { system, timeline }),
                (Some(_) | None, _) => None,
            };
        }
    }

    /// Whether every node has answered or failed once.
    fn is_probed(&self) -> bool {
        let is_unprobed = |n: &NodeView| n.health == Health::Unprobed;
        !self.view.nodes.iter().any(is_unprobed)
    }

    /// Names the primary. The first election waits until every node was probed, lest an old
    /// primary that answers first be taken for the present one.
    fn elect(&mut self, now: Instant) {
        let (Some(ours), true) = (self.ours, self.accepted.is_some() || self.is_probed()) else {
            return;
        };
        let voters: Vec<_> = self
            .view
            .nodes
            .iter()
            .zip(&self.facts)
            .filter(|(n, f)| f.system == Some(ours) && (n.health.is_up() || f.is_answering))
            .map(|(n, f)| Voter {
                node: n.id,
                role: n.role,
                timeline: f.timeline,
            })
            .collect();
        let election = elect(&voters, self.view.primary, self.accepted);
        self.view.is_split = election.is_split;
        let is_up = |id| self.view.node(id).is_some_and(|n| n.health.is_up());
        match election.primary.filter(|(id, _)| is_up(*id)) {
            Some((id, timeline)) => {
                self.view.primary = Some(id);
                self.view.primary_lost = None;
                self.accepted = Some(timeline);
                self.follow(Identity {
                    system: ours,
                    timeline,
                });
            }
            None if self.view.primary.is_some() => {
                self.view.primary = None;
                self.view.primary_lost = Some(now);
            }
            None => (),
        }
    }

    /// Certificates hold within one timeline of one cluster.
    fn follow(&mut self, identity: Identity) {
        if self.view.identity == Some(identity) {
            return;
        }
        self.view.identity = Some(identity);
        self.view.insert_lsn = None;
        self.samples.clear();
        for node in &mut self.view.nodes {
            node.certificate = None;
            node.lag_bytes = None;
        }
    }

    fn sample(&mut self, id: NodeId, asked_at: Instant, now: Instant) {
        let Some(node) = self.view.nodes.get(id.index()) else {
            return;
        };
        if let Some(replayable) = node.replayed {
            self.samples.push(asked_at, replayable);
            self.view.insert_lsn = Some(replayable);
            let facts = self.facts.get(id.index());
            self.view.layout = facts.map(|f| f.layout).unwrap_or_default();
            let flushed = facts.and_then(|f| f.flushed);
            self.tail.on_sample(replayable, flushed, now);
        }
    }

    /// Issues certificates to the replicas that follow the primary's timeline, and takes them from
    /// all others. With no primary none is issued.
    fn certify(&mut self) {
        let (primary, ours) = (self.view.primary, self.view.identity);
        for node in &mut self.view.nodes {
            if node.role != Role::Replica || node.identity.is_none() || node.identity != ours {
                node.certificate = None;
                node.lag_bytes = None;
                continue;
            }
            let (Some(replayed), Some(_)) = (node.replayed, primary) else {
                continue;
            };
            let certificate = self.samples.certify(replayed);
            node.certificate = node.certificate.max(certificate);
            node.caught_up = node.caught_up.max(node.certificate);
            node.lag_bytes = self.view.insert_lsn.map(|lsn| lsn.bytes_since(replayed));
        }
    }

    fn exclude(&mut self, i: usize, now: Instant) {
        let Some(node) = self.view.nodes.get(i) else {
            return;
        };
        let exclusion = self.exclusion(i, node, now);
        if let Some(node) = self.view.nodes.get_mut(i) {
            node.exclusion = exclusion;
        }
    }

    fn exclusion(&self, i: usize, node: &NodeView, now: Instant) -> Option<Exclusion> {
        let system = self.facts.get(i).and_then(|f| f.system);
        if system.is_some() && self.ours.is_some() && system != self.ours {
            return Some(Exclusion::Foreign);
        }
        match (node.health, node.role) {
            (Health::Unprobed, _) => Some(Exclusion::Unprobed),
            (Health::Down { .. }, _) => Some(Exclusion::Down),
            (Health::Up { .. }, Role::Unknown) => Some(Exclusion::RoleUnknown),
            (Health::Up { .. }, Role::Primary) if Some(node.id) != self.view.primary => {
                let is_decided = self.accepted.is_some() || self.is_probed();
                Some(if is_decided {
                    Exclusion::Quarantined
                } else {
                    Exclusion::RoleUnknown
                })
            }
            (Health::Up { .. }, Role::Primary | Role::Replica) if node.weight <= 0.0 => {
                Some(Exclusion::NoWeight)
            }
            (Health::Up { .. }, Role::Primary) => None,
            (Health::Up { .. }, Role::Replica) => self.behind(node, now),
        }
    }

    /// Whether a replica is too far behind. One that was left out must catch up by a quarter of
    /// the limit before it is taken in again.
    fn behind(&self, node: &NodeView, now: Instant) -> Option<Exclusion> {
        let Some(lag) = self.view.lag(node, now) else {
            return self.view.primary.map(|_| Exclusion::Uncertified);
        };
        let lag_max = self.view.policy.lag_max?;
        let limit = match node.exclusion {
            Some(Exclusion::Lagging) => lag_max - lag_max / 4,
            Some(_) | None => lag_max,
        };
        (limit < lag).then_some(Exclusion::Lagging)
    }
}
