//! Nodes that were found for clusters, in the place of those of the file.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use crate::config::cluster::Cluster;
use crate::config::cluster::Node;

/// A cluster by the file, and with the nodes that it has now.
#[derive(Clone, Debug)]
pub struct Both {
    /// With the nodes that it has.
    pub config: Arc<Cluster>,
    /// As the file has it.
    pub configured: Arc<Cluster>,
}

/// The nodes that were found for each cluster.
#[derive(Debug, Default)]
pub(super) struct Found(Mutex<BTreeMap<String, List>>);

#[derive(Debug)]
struct List {
    /// For what they were found.
    configured: Arc<Cluster>,
    nodes: Vec<Node>,
}

impl Found {
    /// Keeps what was found for a cluster of the file.
    pub(super) fn keep(&self, configured: &Arc<Cluster>, nodes: Vec<Node>) {
        let configured = Arc::clone(configured);
        let list = List { configured, nodes };
        self.lists().insert(list.configured.name.clone(), list);
    }

    /// A cluster of the file with the nodes found for it, unless the file has changed what is looked
    /// for: what was found is forgotten then.
    pub(super) fn apply(&self, configured: &Arc<Cluster>) -> Both {
        let mut lists = self.lists();
        let config = match lists.get(&configured.name) {
            Some(list) if is_same_search(&list.configured, configured) => Arc::new(Cluster {
                nodes: list.nodes.clone(),
                ..Cluster::clone(configured)
            }),
            Some(_) | None => {
                lists.remove(&configured.name);
                Arc::clone(configured)
            }
        };
        Both {
            config,
            configured: Arc::clone(configured),
        }
    }

    fn lists(&self) -> MutexGuard<'_, BTreeMap<String, List>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the same is looked for with both.
fn is_same_search(one: &Cluster, other: &Cluster) -> bool {
    one.is_discovered()
        && other.is_discovered()
        && one.nodes == other.nodes
        && one.settings.discovery == other.settings.discovery
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::discovery::Source;

    fn cluster(source: Source, port: u16, name: &str) -> Arc<Cluster> {
        let config = crate::config::types::Config::parse(
            "[clusters.a]\nnodes = [\"h:1\"]\nmonitor_user = \"m\"\n[users.u]\npassword = \"u\"\n\
             [databases.a]\ncluster = \"a\"\n",
            std::path::Path::new("a.toml"),
        );
        let mut cluster = Cluster::clone(&config.unwrap().clusters["a"]);
        name.clone_into(&mut cluster.name);
        cluster.settings.discovery.source = source;
        cluster.nodes[0].port = port;
        Arc::new(cluster)
    }

    #[test]
    fn what_was_found_holds_for_what_was_looked_for() {
        let found = Found::default();
        let file = cluster(Source::Patroni, 1, "a");
        let ports = |both: &Both| both.config.nodes.iter().map(|n| n.port).collect::<Vec<_>>();
        assert_eq!(ports(&found.apply(&file)), [1]);
        let node = |port| Node {
            port,
            ..Node::default()
        };
        found.keep(&file, vec![node(5), node(6)]);
        assert_eq!(ports(&found.apply(&file)), [5, 6]);
        assert_eq!(found.apply(&file).configured, file);
        let other = cluster(Source::Patroni, 1, "b");
        assert_eq!(ports(&found.apply(&other)), [1], "another cluster");
        let mut lag = Cluster::clone(&file);
        lag.settings.slow_start *= 2;
        let lag = Arc::new(lag);
        let both = found.apply(&lag);
        assert_eq!(ports(&both), [5, 6], "what else has changed counts");
        assert_eq!(both.config.settings, lag.settings);
        let moved = cluster(Source::Patroni, 2, "a");
        assert_eq!(ports(&found.apply(&moved)), [2], "other seeds");
        assert_eq!(ports(&found.apply(&file)), [1], "it was forgotten");
        found.keep(&file, vec![node(5)]);
        let none = cluster(Source::None, 1, "a");
        assert_eq!(ports(&found.apply(&none)), [1], "no search any more");
    }
}
