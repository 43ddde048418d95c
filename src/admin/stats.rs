//! `SHOW STATS` and its like: what was done for the clients of each database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::numeric;
use crate::admin::cell::text;
use crate::metrics::figures::Figures;
use crate::wire::write::Column;

/// How many figures PgBouncer tells.
const COUNT: usize = 11;

/// The columns of `SHOW STATS`.
pub(super) const COLUMNS: &[Column<'static>] = &[
    text("database"),
    numeric("total_server_assignment_count"),
    numeric("total_xact_count"),
    numeric("total_query_count"),
    numeric("total_received"),
    numeric("total_sent"),
    numeric("total_xact_time"),
    numeric("total_query_time"),
    numeric("total_wait_time"),
    numeric("total_client_parse_count"),
    numeric("total_server_parse_count"),
    numeric("total_bind_count"),
    numeric("avg_server_assignment_count"),
    numeric("avg_xact_count"),
    numeric("avg_query_count"),
    numeric("avg_recv"),
    numeric("avg_sent"),
    numeric("avg_xact_time"),
    numeric("avg_query_time"),
    numeric("avg_wait_time"),
    numeric("avg_client_parse_count"),
    numeric("avg_server_parse_count"),
    numeric("avg_bind_count"),
];

/// The columns of `SHOW STATS_TOTALS`.
pub(super) const TOTALS_COLUMNS: &[Column<'static>] = &[
    text("database"),
    numeric("server_assignment_count"),
    numeric("xact_count"),
    numeric("query_count"),
    numeric("bytes_received"),
    numeric("bytes_sent"),
    numeric("xact_time"),
    numeric("query_time"),
    numeric("wait_time"),
    numeric("client_parse_count"),
    numeric("server_parse_count"),
    numeric("bind_count"),
];

/// The columns of `SHOW STATS_AVERAGES`.
pub(super) const AVERAGES_COLUMNS: &[Column<'static>] = &[
    text("database"),
    numeric("server_assignment_count"),
    numeric("xact_count"),
    numeric("query_count"),
    numeric("bytes_received"),
    numeric("bytes_sent"),
    numeric("xact_time"),
    numeric("query_time"),
    numeric("wait_time"),
    numeric("avg_client_parse_count"),
    numeric("avg_server_parse_count"),
    numeric("avg_bind_count"),
];

/// The columns of `SHOW TOTALS`.
pub(super) const SUM_COLUMNS: &[Column<'static>] = &[text("name"), numeric("value")];

/// What `SHOW TOTALS` calls the figures, behind `total_` or `avg_`.
const SUM_NAMES: [&str; COUNT] = [
    "server_assignment_count",
    "xact_count",
    "query_count",
    "client_bytes",
    "server_bytes",
    "xact_time",
    "query_time",
    "wait_time",
    "ps_client_parse_count",
    "ps_server_parse_count",
    "ps_bind_count",
];

/// What was done for each database, in all and in the mean of late.
struct Done {
    totals: BTreeMap<Arc<str>, Figures>,
    lately: BTreeMap<Arc<str>, Figures>,
    time: Duration,
}

impl Done {
    fn of(scene: &Scene<'_>) -> Self {
        let registry = scene.registry;
        let totals = registry.records.roster.figures();
        let lately = registry.records.periods.lately(&totals, scene.now);
        Self {
            totals,
            lately: lately.figures,
            time: lately.time,
        }
    }

    /// Each database with its totals and means.
    fn each(&self) -> impl Iterator<Item = (&Arc<str>, [u64; COUNT], [u64; COUNT])> {
        self.totals.iter().map(|(database, totals)| {
            let lately = self.lately.get(database).copied().unwrap_or_default();
            (database, told(totals), told(&lately.means(self.time)))
        })
    }
}

/// The figures in PgBouncer's order; times in microseconds.
fn told(figures: &Figures) -> [u64; COUNT] {
    [
        figures.assignments,
        figures.transactions,
        figures.queries,
        figures.received,
        figures.sent,
        figures.transaction_ns / 1_000,
        figures.query_ns / 1_000,
        figures.wait_ns / 1_000,
        figures.client_parses,
        figures.server_parses,
        figures.binds,
    ]
}

/// The rows of `SHOW STATS`.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let done = Done::of(scene);
    done.each()
        .map(|(database, totals, means)| row(database, totals.into_iter().chain(means)))
        .collect()
}

/// The rows of `SHOW STATS_TOTALS`.
pub(super) fn totals(scene: &Scene<'_>) -> Vec<Row> {
    let done = Done::of(scene);
    done.each()
        .map(|(database, totals, _)| row(database, totals))
        .collect()
}

/// The rows of `SHOW STATS_AVERAGES`.
pub(super) fn averages(scene: &Scene<'_>) -> Vec<Row> {
    let done = Done::of(scene);
    done.each()
        .map(|(database, _, means)| row(database, means))
        .collect()
}

fn row(database: &str, figures: impl IntoIterator<Item = u64>) -> Row {
    let figures = figures.into_iter().map(cell);
    [cell(database)].into_iter().chain(figures).collect()
}

/// The rows of `SHOW TOTALS`: of all databases together.
pub(super) fn sums(scene: &Scene<'_>) -> Vec<Row> {
    let done = Done::of(scene);
    let sum = |of: &BTreeMap<Arc<str>, Figures>| {
        let mut sum = Figures::default();
        of.values().for_each(|figures| sum += *figures);
        sum
    };
    let means = sum(&done.lately).means(done.time);
    let list = |prefix: &'static str, figures: Figures| {
        let values = told(&figures).into_iter();
        SUM_NAMES
            .into_iter()
            .zip(values)
            .map(move |(name, value)| vec![cell(format!("{prefix}_{name}")), cell(value)])
    };
    list("total", sum(&done.totals))
        .chain(list("avg", means))
        .collect()
}
