//! `SHOW LISTS` and `SHOW STATE`: how much there is of everything, and whether it is served.

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::int4;
use crate::admin::cell::text;
use crate::admin::databases;
use crate::registry::halt::Mode;
use crate::wire::write::Column;

/// The columns of `SHOW LISTS`.
pub(super) const COLUMNS: &[Column<'static>] = &[text("list"), int4("items")];

/// The columns of `SHOW STATE`.
pub(super) const STATE_COLUMNS: &[Column<'static>] = &[text("key"), text("value")];

/// The rows of `SHOW LISTS`. Nothing is kept free for clients and servers to come.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let registry = scene.registry;
    let (survey, state) = (registry.survey(scene.now), registry.state());
    let clients = survey.clients.len();
    let lists = [
        // The console counts as a database and has a pool.
        ("databases", databases::databases(scene).len() + 1),
        ("users", databases::users(scene, &survey).len()),
        ("peers", state.config.peers.len()),
        ("pools", survey.pools(scene.now).len() + 1),
        ("peer_pools", state.peers.others().len()),
        ("free_clients", 0),
        ("used_clients", clients),
        (
            "login_clients",
            registry.clients.connected().saturating_sub(clients),
        ),
        ("free_servers", 0),
        ("used_servers", survey.servers.len()),
        ("dns_names", registry.names.shown().len()),
        ("dns_zones", 0),
        ("dns_queries", registry.names.asking_count()),
        ("dns_pending", 0),
    ];
    let row = |(list, items)| vec![cell(list), cell(items)];
    lists.into_iter().map(row).collect()
}

/// The rows of `SHOW STATE`.
pub(super) fn state(scene: &Scene<'_>) -> Vec<Row> {
    let mode = scene.registry.halts.mode();
    let row = |key, is_it| vec![cell(key), cell(if is_it { "yes" } else { "no" })];
    vec![
        row("active", mode == Mode::Active),
        row("paused", mode == Mode::Paused),
        row("suspended", mode == Mode::Suspended),
    ]
}
