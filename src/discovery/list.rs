//! From what was found to the list of nodes: in an order that stays, each once, not too many.

use crate::config::cluster::Node;
use crate::topology::choose::NodeSet;

/// Most nodes of one cluster that are found: those that a set of nodes can tell apart.
pub const NODES_MAX: usize = NodeSet::NODES_MAX as usize;

/// What was found, as a list that takes the place of `present`.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// The nodes: first those that stay, in their order.
    pub nodes: Vec<Node>,
    /// How many there were beyond [`NODES_MAX`].
    pub left_out: usize,
}

impl List {
    /// Makes one. Of nodes that are written alike the first counts.
    pub fn new(present: &[Node], found: Vec<Node>) -> Self {
        let mut found: Vec<(String, Node)> = found
            .into_iter()
            .map(|node| (node.to_string(), node))
            .collect();
        // Stable, so that the first of several stays the first.
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found.dedup_by(|(b, _), (a, _)| a == b);
        let mut nodes = Vec::new();
        for node in present {
            let place = found.binary_search_by(|(name, _)| name.as_str().cmp(&node.to_string()));
            if let Ok(place) = place {
                nodes.push(found.remove(place).1);
            }
        }
        nodes.extend(found.into_iter().map(|(_, node)| node));
        let left_out = nodes.len().saturating_sub(NODES_MAX);
        nodes.truncate(NODES_MAX);
        Self { nodes, left_out }
    }
}

/// The node that the file has at this place, with its weight and the like; else one of which nothing
/// is said.
pub fn as_configured(configured: &[Node], host: &str, port: u16) -> Node {
    let same = configured.iter().find(|n| n.host == host && n.port == port);
    same.cloned().unwrap_or_else(|| Node {
        host: host.to_owned(),
        port,
        ..Node::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(text: &str) -> Vec<Node> {
        let node = |text: &str| {
            let (host, weight) = text.split_once('=').unwrap_or((text, "1"));
            Node {
                host: host.to_owned(),
                weight: weight.parse().unwrap(),
                ..Node::default()
            }
        };
        text.split_whitespace().map(node).collect()
    }

    #[test]
    fn those_that_stay_keep_their_order() {
        let check = |present: &str, found: &str, expected: &str| {
            let list = List::new(&nodes(present), nodes(found));
            assert_eq!(list.nodes, nodes(expected), "{present} then {found}");
            assert_eq!(list.left_out, 0);
        };
        check("", "b a", "a b");
        check("c b a", "a b c", "c b a");
        check("c b a", "a d c", "c a d");
        check("c b a", "x y", "x y");
        check("b a", "a=2 b=0 a=3", "b=0 a=2");
        check("b b a", "a b", "b a");
        check("a", "", "");
    }

    #[test]
    fn there_are_not_too_many() {
        let found: Vec<_> = (0..10_000).map(|i| format!("n{i:05}")).collect();
        let list = List::new(&nodes("n09999 gone"), nodes(&found.join(" ")));
        assert_eq!((list.nodes.len(), list.left_out), (NODES_MAX, 9_936));
        assert_eq!(list.nodes[0].host, "n09999", "who is there stays");
        assert_eq!(list.nodes[1].host, "n00000");
    }
}
