//! `SHOW MEM`: what there is of the things that PgBouncer keeps in caches of their own. Here they come
//! from the process's memory at large: none is kept free, and what they point to is not counted.

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::int4;
use crate::admin::cell::text;
use crate::admin::databases;
use crate::config::database::User;
use crate::pool::Pool;
use crate::registry::clients::Slot;
use crate::registry::database::Database;
use crate::registry::dialer::Dialer;
use crate::registry::requests::Request;
use crate::server::Server;
use crate::session::prepared::Prepared;
use crate::wire::write::Column;

/// The columns.
pub(super) const COLUMNS: &[Column<'static>] = &[
    text("name"),
    int4("size"),
    int4("used"),
    int4("free"),
    int4("memtotal"),
];

/// The rows.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let registry = scene.registry;
    let survey = registry.survey(scene.now);
    let prepared = survey.servers.iter().map(|server| server.card.prepared());
    [
        (
            "user_cache",
            size_of::<User>(),
            databases::users(scene, &survey).len(),
        ),
        (
            "db_cache",
            size_of::<Database>(),
            databases::databases(scene).len() + 1,
        ),
        (
            "pool_cache",
            size_of::<Pool<Dialer>>(),
            registry.pools.pools().len(),
        ),
        (
            "outstanding_request_cache",
            size_of::<Request>(),
            survey.requests.len(),
        ),
        ("server_cache", size_of::<Server>(), survey.servers.len()),
        ("client_cache", size_of::<Slot>(), survey.clients.len()),
        (
            "server_prepared_statement_cache",
            size_of::<Prepared>(),
            prepared.sum(),
        ),
    ]
    .into_iter()
    .map(|(name, size, used)| {
        vec![
            cell(name),
            cell(size),
            cell(used),
            cell(0),
            cell(size * used),
        ]
    })
    .collect()
}
