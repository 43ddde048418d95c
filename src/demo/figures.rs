//! The figures of the demo: what the proxy's metrics say of each node, and what changed since.

use std::time::Duration;

use crate::demo::act::Act;
use crate::demo::scrape::Sample;

/// One node's state and counters at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeFigures {
    /// `host:port`.
    pub node: String,
    /// Whether it is the primary; `None` while unknown.
    pub is_primary: Option<bool>,
    /// Whether it may be used.
    pub is_up: bool,
    /// How far its replay is behind; `None` for the primary and while unknown.
    pub lag_seconds: Option<f64>,
    /// Servers of all pools.
    pub servers: f64,
    /// Servers that are working for a client.
    pub servers_busy: f64,
    /// Reads sent to it since the proxy's start.
    pub reads: f64,
    /// Everything else sent to it.
    pub writes: f64,
    /// Time spent in its queries.
    pub query_seconds: f64,
    /// How many queries that time is of.
    pub queries: f64,
}

/// All nodes at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Time since the demo began.
    pub at: Duration,
    /// In the order of the configuration.
    pub nodes: Vec<NodeFigures>,
}

/// What one node did between two moments, per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Reads per second.
    pub reads: f64,
    /// Its part of all nodes' reads, 0 to 1.
    pub reads_share: f64,
    /// Writes per second.
    pub writes: f64,
    /// Mean time of a query; `None` without queries.
    pub latency_ms: Option<f64>,
    /// Reads counted, not per second.
    pub reads_count: f64,
}

impl Figures {
    /// Picks the figures of `nodes` (`host:port`) from a page of metrics.
    pub fn from_samples(at: Duration, nodes: &[String], samples: &[Sample]) -> Self {
        let mut figures = Self {
            at,
            nodes: nodes.iter().map(|n| NodeFigures::named(n)).collect(),
        };
        for sample in samples {
            let node = sample.label(NODE_LABEL);
            let mut all = figures.nodes.iter_mut();
            if let Some(figures) = all.find(|f| Some(f.node.as_str()) == node) {
                figures.take(sample);
            }
        }
        figures
    }

    /// What each node did since `before`; nothing when that is of other nodes.
    pub fn since(&self, before: &Self) -> Vec<Rate> {
        let seconds = self.at.saturating_sub(before.at).as_secs_f64().max(0.001);
        let changes = self.nodes.iter().enumerate().map(|(i, now)| {
            let zero = NodeFigures::default();
            let then = before.nodes.get(i).unwrap_or(&zero);
            // A restarted proxy counts from 0 again.
            let change = |of: fn(&NodeFigures) -> f64| (of(now) - of(then)).max(0.0);
            let queries = change(|f| f.queries);
            Rate {
                reads: change(|f| f.reads) / seconds,
                reads_share: 0.0,
                writes: change(|f| f.writes) / seconds,
                latency_ms: (0.0 < queries).then(|| change(|f| f.query_seconds) * 1e3 / queries),
                reads_count: change(|f| f.reads),
            }
        });
        let mut rates: Vec<_> = changes.collect();
        let all: f64 = rates.iter().map(|r| r.reads).sum();
        for rate in &mut rates {
            rate.reads_share = if 0.0 < all { rate.reads / all } else { 0.0 };
        }
        rates
    }
}

impl NodeFigures {
    fn named(node: &str) -> Self {
        Self {
            node: node.to_owned(),
            ..Self::default()
        }
    }

    fn take(&mut self, sample: &Sample) {
        let value = sample.value;
        let label_is = |name, wanted| sample.label(name) == Some(wanted);
        match sample.name.as_str() {
            "pgsluice_node_role" if 0.0 < value => {
                self.is_primary = sample.label("role").and_then(|role| match role {
                    "primary" => Some(true),
                    "replica" => Some(false),
                    _ => None,
                });
            }
            "pgsluice_node_up" => self.is_up = 0.0 < value,
            "pgsluice_node_lag_seconds" => self.lag_seconds = Some(value).filter(|v| !v.is_nan()),
            "pgsluice_pool_servers" => {
                self.servers += value;
                if label_is("state", "active") {
                    self.servers_busy += value;
                }
            }
            "pgsluice_routed_total" if label_is("class", "read") => self.reads += value,
            "pgsluice_routed_total" => self.writes += value,
            "pgsluice_query_seconds_sum" => self.query_seconds += value,
            "pgsluice_query_seconds_count" => self.queries += value,
            _ => (),
        }
    }
}

/// Reads per node and act, over the whole demo.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    rows: Vec<(Act, Vec<f64>)>,
}

impl Totals {
    /// Adds what happened in one tick of `act`.
    pub fn add(&mut self, act: Act, rates: &[Rate]) {
        let place = match self.rows.iter().position(|(a, _)| *a == act) {
            Some(place) => place,
            None => {
                self.rows.push((act, vec![0.0; rates.len()]));
                self.rows.len() - 1
            }
        };
        if let Some((_, sums)) = self.rows.get_mut(place) {
            for (sum, rate) in sums.iter_mut().zip(rates) {
                *sum += rate.reads_count;
            }
        }
    }

    /// Each act that was played, with each node's part of its reads, 0 to 1.
    pub fn shares(&self) -> Vec<(Act, Vec<f64>)> {
        let share = |sums: &Vec<f64>| {
            let all: f64 = sums.iter().sum::<f64>().max(1.0);
            sums.iter().map(|s| s / all).collect()
        };
        self.rows
            .iter()
            .map(|(act, sums)| (*act, share(sums)))
            .collect()
    }
}

const NODE_LABEL: &str = "node";

#[cfg(test)]
mod tests;
