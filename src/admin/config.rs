//! `SHOW CONFIG`: the options of the whole process.

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::text;
use crate::config::shown::Shown;
use crate::config::shown::shown;
use crate::wire::write::Column;

/// The columns.
pub(super) const COLUMNS: &[Column<'static>] = &[
    text("key"),
    text("value"),
    text("default"),
    text("changeable"),
];

/// The rows.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let options = shown(&scene.registry.state().config).into_iter();
    let row = |option: Shown| {
        let is_changeable = if option.is_changeable { "yes" } else { "no" };
        vec![
            cell(option.name),
            option.value,
            option.default,
            cell(is_changeable),
        ]
    };
    options.map(row).collect()
}
