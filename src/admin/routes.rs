//! `SHOW ROUTES`: how many batches went where, and why. The numbers of `pgsluice_routed_total`.

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::int8;
use crate::admin::cell::text;
use crate::metrics::rows;
use crate::wire::write::Column;

pub(super) const COLUMNS: &[Column<'_>] = &[
    text("database"),
    text("node"),
    text("class"),
    text("reason"),
    int8("count"),
];

/// One row for each database, node, class and reason that came up, in this order.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let mut tallies = scene.registry.metrics.tallies(rows::ROUTED);
    tallies.sort_unstable();
    let row = |(labels, count): (Vec<String>, u64)| {
        let labels = labels.into_iter().map(Some);
        labels.chain([cell(count)]).collect()
    };
    tallies.into_iter().map(row).collect()
}
