//! Nodes and databases as the pages show them.

use std::time::Instant;

use crate::http::Readiness;
use crate::metrics::rows;
use crate::metrics::sheet::Sheet;
use crate::topology::choose;
use crate::topology::choose::Ask;
use crate::topology::identity::Role;
use crate::topology::policy::PrimaryReads;
use crate::topology::view::View;

/// Puts down what is known of a cluster's nodes.
pub fn show(sheet: &mut Sheet, cluster: &str, view: &View, now: Instant) {
    // The least that a read can ask for, so that the score is about the node alone.
    let ask = Ask {
        primary_reads: PrimaryReads::Always,
        ..Ask::default()
    };
    let is_split = f64::from(u8::from(view.is_split));
    sheet.gauge(rows::SPLIT_BRAIN, &[cluster], is_split);
    for node in &view.nodes {
        let labels = [cluster, &*node.address];
        let with = |label| [cluster, &*node.address, label];
        // What it was before it went down it may be no more.
        let present = match node.health.is_up() {
            true => node.role,
            false => Role::Unknown,
        };
        for role in [Role::Primary, Role::Replica, Role::Unknown] {
            let is_so = f64::from(u8::from(present == role));
            sheet.gauge(rows::NODE_ROLE, &with(role.as_str()), is_so);
        }
        let is_up = f64::from(u8::from(node.health.is_up()));
        sheet.gauge(rows::NODE_UP, &labels, is_up);
        let is_turned = f64::from(u8::from(node.turned_read_only.is_some()));
        sheet.gauge(rows::NODE_READ_ONLY, &labels, is_turned);
        if let Some(exclusion) = node.exclusion {
            sheet.gauge(rows::NODE_EXCLUDED, &with(exclusion.as_str()), 1.0);
        }
        if let Some(sync) = node.sync {
            sheet.gauge(rows::NODE_SYNC, &with(sync.as_str()), 1.0);
        }
        if let Some(lag) = view.lag(node, now) {
            sheet.gauge(rows::NODE_LAG_SECONDS, &labels, lag.as_secs_f64());
        }
        if let Some(bytes) = node.lag_bytes {
            // Exact below 2^53 bytes.
            sheet.gauge(rows::NODE_LAG_BYTES, &labels, bytes as f64);
        }
        let score = choose::weigh(view, &ask, node, now).unwrap_or(0.0);
        sheet.gauge(rows::NODE_SCORE, &labels, score);
    }
}

/// Ready when for each database the primary is known or a node may serve reads.
pub fn readiness<'a>(databases: impl IntoIterator<Item = (&'a str, &'a View)>) -> Readiness {
    let reasons: Vec<_> = databases
        .into_iter()
        .filter(|(_, view)| !is_served(view))
        .map(|(database, view)| reason(database, view))
        .collect();
    match reasons.is_empty() {
        true => Readiness::Ready,
        false => Readiness::NotReady(reasons),
    }
}

fn is_served(view: &View) -> bool {
    view.primary.is_some() || view.nodes.iter().any(|node| node.exclusion.is_none())
}

fn reason(database: &str, view: &View) -> String {
    let nodes: Vec<_> = view
        .nodes
        .iter()
        .filter_map(|node| Some(format!("{} {}", node.address, node.exclusion?.as_str())))
        .collect();
    format!("{database}: no node may serve ({})", nodes.join(", "))
}

#[cfg(test)]
mod tests;
