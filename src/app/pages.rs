//! What the HTTP pages say: gauges read when somebody looks.

use std::sync::Arc;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use crate::admin::Scene;
use crate::admin::exporter;
use crate::client::Context;
use crate::http;
use crate::http::Readiness;
use crate::http::nodes;
use crate::metrics::rows;
use crate::metrics::sheet::Sheet;

/// The pages of this process.
#[derive(Debug)]
pub(super) struct Pages {
    context: Arc<Context>,
    started: f64,
}

impl Pages {
    /// Pages of a process that starts now.
    pub(super) fn new(context: Arc<Context>) -> Self {
        let started = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            context,
            started: started.as_secs_f64(),
        }
    }

    fn put_databases(&self, sheet: &mut Sheet) {
        let clients = &self.context.registry.clients;
        let logged_in = u32::try_from(clients.count()).unwrap_or(u32::MAX);
        let connected = u32::try_from(clients.connected()).unwrap_or(u32::MAX);
        let in_login = connected.saturating_sub(logged_in);
        // Those that log in have no database yet.
        sheet.gauge(rows::CLIENTS, &["", "login"], f64::from(in_login));
        let census = clients.census();
        for database in self.context.registry.databases() {
            let counts = census.get(&database.name).copied().unwrap_or_default();
            for (state, count) in [
                ("idle", counts.idle),
                ("waiting", counts.waiting),
                ("active", counts.active),
            ] {
                sheet.gauge(rows::CLIENTS, &[&database.name, state], f64::from(count));
            }
        }
        let now = tokio::time::Instant::now().into_std();
        for database in self.context.registry.databases() {
            let learned = u32::try_from(database.learned.count(now)).unwrap_or(u32::MAX);
            sheet.gauge(rows::LEARNED, &[&database.name], f64::from(learned));
            let tokens = u32::try_from(database.budget.tokens()).unwrap_or(u32::MAX);
            sheet.gauge(rows::RETRY_BUDGET, &[&database.name], f64::from(tokens));
        }
        let count_max = self.context.registry.state().config.limits.max_client_conn;
        sheet.gauge(rows::CLIENTS_MAX, &[], f64::from(count_max));
    }
}

impl http::Pages for Pages {
    fn metrics(&self) -> String {
        let mut sheet = Sheet::new();
        sheet.gauge(rows::INFO, &[env!("CARGO_PKG_VERSION")], 1.0);
        sheet.gauge(rows::START_TIME, &[], self.started);
        self.put_databases(&mut sheet);
        let now = tokio::time::Instant::now().into_std();
        self.context.registry.pools.show(&mut sheet, now);
        for cluster in self.context.registry.state().clusters.values() {
            nodes::show(&mut sheet, &cluster.name, &cluster.view(), now);
            let waiting = u32::try_from(cluster.failover.waiting()).unwrap_or(u32::MAX);
            let labels = [&*cluster.name];
            sheet.gauge(rows::FAILOVER_WAITING, &labels, f64::from(waiting));
        }
        let mut text = self.context.registry.metrics.render(sheet);
        let scene = Scene {
            registry: &self.context.registry,
            now,
        };
        exporter::append(&scene, &mut text);
        text
    }

    fn readiness(&self) -> Readiness {
        let databases = self.context.registry.databases();
        let views: Vec<_> = databases
            .iter()
            .map(|database| database.cluster.view())
            .collect();
        nodes::readiness(
            databases
                .iter()
                .zip(&views)
                .map(|(d, view)| (&*d.name, &***view)),
        )
    }
}
