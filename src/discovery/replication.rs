//! Standbys that stream from the primary and that the file does not name.
//!
//! The primary knows from where each streams, not where it listens: the port is the primary's, or the
//! one of the configuration. The monitor asks for all of it; here is only decided.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use crate::config::cluster::Cluster;
use crate::config::cluster::Node;
use crate::discovery::Fault;
use crate::discovery::list::NODES_MAX;
use crate::topology::identity::Role;
use crate::topology::standby::Oneself;
use crate::topology::standby::Standby;
use crate::topology::standby::Standbys;
use crate::topology::view::Exclusion;
use crate::topology::view::NodeView;
use crate::topology::view::View;

/// What is kept from one look to the next.
#[derive(Debug, Default)]
pub struct Followers {
    /// When a node that was found was last named, or answered.
    seen: BTreeMap<String, Instant>,
    /// Found, and then known for nodes that are on the list by another name.
    aliases: BTreeSet<String>,
    silent_looks: u32,
}

impl Followers {
    /// The nodes of the file, those found before that are not gone, and those that are new. `present`
    /// are the nodes of the view, in its order.
    ///
    /// # Errors
    /// The primary does not name its standbys.
    pub fn find(
        &mut self,
        configured: &Cluster,
        present: &[Node],
        view: &View,
        now: Instant,
    ) -> Result<Vec<Node>, Fault> {
        let (Some(primary), Some(standbys)) = (view.primary_node(), &view.standbys) else {
            return self.on_silence(present, view.primary_node());
        };
        self.silent_looks = 0;
        let own: Vec<_> = view.nodes.iter().map(own_word).collect();
        let places = standbys.places(&own);
        let mut list = configured.nodes.clone();
        let file: BTreeSet<String> = list.iter().map(Node::to_string).collect();
        for ((node, seen), place) in present.iter().zip(&view.nodes).zip(&places) {
            let name = node.to_string();
            if file.contains(&name) {
                continue;
            }
            if is_alias(seen, view, &file) {
                self.note_alias(name);
                continue;
            }
            let is_needed = place.is_some() || seen.id == primary.id || is_ours(seen);
            if self.stays(name, is_needed, now) {
                list.push(node.clone());
            }
        }
        // One that has not said yet who it is may be any of those that are not known.
        let is_open = |n: &NodeView| n.role == Role::Replica && n.oneself.is_none();
        if !view.nodes.iter().any(is_open) {
            let discovery = &configured.settings.discovery;
            let of_primary = present.get(primary.id.index()).map(|node| node.port);
            if let Some(port) = discovery.port.or(of_primary) {
                self.add_new(&mut list, standbys, &places, port);
            }
        }
        Ok(list)
    }

    /// There is nobody to ask, or nothing is said: that is no news at first.
    fn on_silence(
        &mut self,
        present: &[Node],
        primary: Option<&NodeView>,
    ) -> Result<Vec<Node>, Fault> {
        let Some(primary) = primary else {
            return Ok(present.to_vec());
        };
        self.silent_looks = self.silent_looks.saturating_add(1);
        if self.silent_looks < SILENT_LOOKS_MAX {
            return Ok(present.to_vec());
        }
        Err(Fault::Unreachable {
            at: primary.address.to_string(),
            why: "it does not name its standbys; monitor_user needs pg_monitor".to_owned(),
        })
    }

    /// Whether a node that was found before is on the list still.
    fn stays(&mut self, name: String, is_needed: bool, now: Instant) -> bool {
        let last = *self.seen.get(&name).filter(|_| !is_needed).unwrap_or(&now);
        let stays = now.saturating_duration_since(last) < GONE_AFTER;
        if stays {
            self.seen.insert(name, last);
        } else {
            self.seen.remove(&name);
        }
        stays
    }

    fn note_alias(&mut self, name: String) {
        if NODES_MAX <= self.aliases.len() {
            self.aliases.clear();
        }
        self.aliases.insert(name);
    }

    fn add_new(
        &self,
        list: &mut Vec<Node>,
        standbys: &Standbys,
        places: &[Option<usize>],
        port: u16,
    ) {
        for (i, standby) in standbys.list.iter().enumerate() {
            let Some(address) = standby.address.filter(|_| is_server(standby)) else {
                continue;
            };
            if places.contains(&Some(i)) {
                continue;
            }
            let node = Node {
                host: address.to_string(),
                port,
                ..Node::default()
            };
            let name = node.to_string();
            let is_there = list.iter().any(|n| n.to_string() == name);
            if !is_there && !self.aliases.contains(&name) {
                list.push(node);
            }
        }
    }
}

/// What a replica says of itself. A primary's slot is that of former days.
fn own_word(node: &NodeView) -> Option<&Oneself> {
    match node.role {
        Role::Replica => node.oneself.as_deref(),
        Role::Primary | Role::Unknown => None,
    }
}

/// Whether a node that was found is one of the file, or one before it, by another name.
fn is_alias(node: &NodeView, view: &View, file: &BTreeSet<String>) -> bool {
    let Some(own) = own_word(node) else {
        return false;
    };
    view.nodes.iter().any(|other| {
        let is_before = other.id < node.id || file.contains(&*other.address);
        let is_same = own_word(other).is_some_and(|word| word.started == own.started);
        other.id != node.id && is_before && is_same
    })
}

/// Whether it answers as one of ours, though the primary does not name it.
fn is_ours(node: &NodeView) -> bool {
    let is_stray = matches!(
        node.exclusion,
        Some(Exclusion::Foreign | Exclusion::Quarantined)
    );
    node.health.is_up() && !is_stray
}

/// Whether it may be a PostgreSQL that answers queries, and not a program that copies the log.
fn is_server(standby: &Standby) -> bool {
    standby.is_streaming && !COPIERS.contains(&&*standby.name)
}

/// PostgreSQL's own programs, as they call themselves.
const COPIERS: [&str; 2] = ["pg_receivewal", "pg_basebackup"];

/// How long a node that was found may neither be named nor answer.
const GONE_AFTER: Duration = Duration::from_secs(30);

/// Looks without a word of the primary's after which that is an error.
const SILENT_LOOKS_MAX: u32 = 3;

#[cfg(test)]
mod tests;
