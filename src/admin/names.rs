//! `SHOW DNS_HOSTS` and `SHOW DNS_ZONES`: the names of hosts whose addresses are known.

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::int4;
use crate::admin::cell::int8;
use crate::admin::cell::text;
use crate::net::names::Shown;
use crate::wire::write::Column;

/// The columns of `SHOW DNS_HOSTS`.
pub(super) const COLUMNS: &[Column<'static>] = &[text("hostname"), int8("ttl"), text("addrs")];

/// The columns of `SHOW DNS_ZONES`.
pub(super) const ZONES_COLUMNS: &[Column<'static>] =
    &[text("zonename"), int8("serial"), int4("count")];

/// The rows of `SHOW DNS_HOSTS`.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let names = scene.registry.names.shown();
    let row = |shown: Shown| {
        let addresses: Vec<_> = shown.addresses.iter().map(ToString::to_string).collect();
        vec![
            cell(shown.name),
            cell(shown.left.as_secs()),
            cell(addresses.join(",")),
        ]
    };
    names.into_iter().map(row).collect()
}

/// The rows of `SHOW DNS_ZONES`: nobody looks at zones, names are asked for anew.
pub(super) fn zones(_: &Scene<'_>) -> Vec<Row> {
    Vec::new()
}
