//! Looks for the nodes of clusters whose list is not the file's, and has them taken in while clients
//! are served.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::client::Context;
use crate::config::cluster::Node;
use crate::discovery::Fault;
use crate::discovery::list::List;
use crate::discovery::search::Scene;
use crate::discovery::search::Search;
use crate::discovery::search::pause;
use crate::registry::cluster::Cluster;
use crate::registry::orders::Orders;

/// Keeps a task for each cluster whose nodes are looked for. Does not end; dropped, the tasks do.
pub(super) async fn discover(context: Arc<Context>) {
    let mut tasks: JoinSet<String> = JoinSet::new();
    let mut running: BTreeSet<String> = BTreeSet::new();
    loop {
        let state = context.registry.state();
        let wanted = state.clusters.values();
        for cluster in wanted.filter(|cluster| cluster.configured.is_discovered()) {
            if running.insert(cluster.name.to_string()) {
                tasks.spawn(follow(Arc::clone(&context), cluster.name.to_string()));
            }
        }
        drop(state);
        // A reload may bring others.
        tokio::select! {
            biased; // A name that is free again is looked at in the same round.
            Some(ended) = tasks.join_next() => {
                if let Ok(name) = ended {
                    running.remove(&name);
                }
            }
            () = sleep(LOOK_EVERY) => (),
        }
    }
}

/// Looks for the nodes of a cluster until that is not wanted any more: its name then.
async fn follow(context: Arc<Context>, name: String) -> String {
    let mut search = Search::default();
    let mut configured = None;
    let mut log = Log::default();
    loop {
        let state = context.registry.state();
        let cluster = state.clusters.get(&name);
        let Some(cluster) = cluster.filter(|c| c.configured.is_discovered()) else {
            return name;
        };
        if configured.as_ref() != Some(&cluster.configured) {
            // Another file: what was learned from the last one does not count.
            configured = Some(Arc::clone(&cluster.configured));
            search = Search::default();
        }
        let view = Arc::clone(&cluster.view());
        let scene = Scene {
            configured: &cluster.configured,
            present: &cluster.config.nodes,
            view: &view,
            names: &context.registry.names,
            tcp: &state.config.tcp,
            tls: &state.config.server_tls,
        };
        match search.find(scene).await {
            Ok(list) => take(&context, cluster, list, &mut log),
            Err(fault) => log.failed(&name, &fault),
        }
        let wait = pause(&cluster.configured, cluster.view().primary.is_some());
        drop(state);
        sleep(wait).await;
    }
}

/// Takes in what was found, and tells clients if it is news.
fn take(context: &Context, cluster: &Cluster, list: List, log: &mut Log) {
    log.found(cluster, &list);
    let changed = context
        .registry
        .change_nodes(&cluster.configured, list.nodes.clone());
    match changed {
        Ok(false) => (),
        Ok(true) => {
            log.changed(cluster, &list.nodes);
            // Nobody chooses a node before that: there is no await in between.
            context.registry.clients.tell_all(Orders::RELOAD);
        }
        Err(error) => {
            tracing::error!(cluster = &*cluster.name, %error, "nodes that were found cannot be used");
        }
    }
}

/// What was said last, so that it is said once.
#[derive(Debug, Default)]
struct Log {
    fault: Option<String>,
    left_out: usize,
}

impl Log {
    fn failed(&mut self, cluster: &str, fault: &Fault) {
        let text = fault.to_string();
        if self.fault.is_none() {
            tracing::warn!(
                cluster,
                error = text,
                "nodes not found: the list stays as it is"
            );
        } else {
            tracing::debug!(cluster, error = text, "nodes not found");
        }
        self.fault = Some(text);
    }

    fn found(&mut self, cluster: &Cluster, list: &List) {
        let cluster = &*cluster.name;
        if self.fault.take().is_some() {
            tracing::info!(cluster, "nodes are found again");
        }
        let left_out = list.left_out;
        if left_out != 0 && self.left_out != left_out {
            tracing::warn!(cluster, left_out, "more nodes were found than can be used");
        }
        self.left_out = left_out;
    }

    fn changed(&self, cluster: &Cluster, nodes: &[Node]) {
        let source = cluster.configured.settings.discovery.source.as_str();
        let before: BTreeSet<_> = cluster.config.nodes.iter().map(Node::to_string).collect();
        let after: BTreeSet<_> = nodes.iter().map(Node::to_string).collect();
        let list = |names: Vec<&String>| {
            let names: Vec<_> = names.into_iter().map(String::as_str).collect();
            names.join(", ")
        };
        tracing::info!(
            cluster = &*cluster.name,
            source,
            added = list(after.difference(&before).collect()),
            removed = list(before.difference(&after).collect()),
            nodes = nodes.len(),
            "nodes have changed"
        );
    }
}

/// How often it is looked whether there are other clusters.
const LOOK_EVERY: Duration = Duration::from_secs(1);
