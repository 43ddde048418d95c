//! `SHOW MEM`: what there is of the things that PgBouncer keeps in caches of their own, in its order.
//! Here all but buffers come from the process's memory at large: none is kept free, and what they
//! point to is not counted.

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::int4;
use crate::admin::cell::text;
use crate::admin::databases;
use crate::auth::server_login::Credential;
use crate::config::database::User;
use crate::config::peers as config;
use crate::net::shelf;
use crate::pool::Pool;
use crate::registry::clients::Slot;
use crate::registry::database::Database;
use crate::registry::dialer::Dialer;
use crate::registry::peers::Peer;
use crate::registry::requests::Request;
use crate::server::Server;
use crate::session::prepared::Prepared;
use crate::session::reported::Reported;
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
    let (survey, state) = (registry.survey(scene.now), registry.state());
    let users = databases::users(scene, &survey).len();
    let databases = databases::databases(scene).len() + 1;
    let prepared = survey.servers.iter().map(|server| server.card.prepared());
    let buffers = shelf::counts();
    vec![
        row::<User>("user_cache", users),
        row::<Credential>("credentials_cache", registry.credentials_count()),
        row::<Database>("db_cache", databases),
        row::<config::Peer>("peer_cache", state.config.peers.len()),
        row::<Peer>("peer_pool_cache", state.peers.others().len()),
        row::<Pool<Dialer>>("pool_cache", registry.pools.pools().len()),
        row::<Request>("outstanding_request_cache", survey.requests.len()),
        row::<Server>("server_cache", survey.servers.len()),
        row::<Slot>("client_cache", survey.clients.len()),
        cells(
            "iobuf_cache",
            shelf::BUFFER_BYTES,
            buffers.used,
            buffers.free,
        ),
        row::<Reported>("var_list_cache", survey.settings_count()),
        row::<Prepared>("server_prepared_statement_cache", prepared.sum()),
    ]
}

/// Things of one type, of which none is kept free.
fn row<T>(name: &'static str, used: usize) -> Row {
    cells(name, size_of::<T>(), used, 0)
}

fn cells(name: &'static str, size: usize, used: usize, free: usize) -> Row {
    vec![
        cell(name),
        cell(size),
        cell(used),
        cell(free),
        cell(size * (used + free)),
    ]
}
