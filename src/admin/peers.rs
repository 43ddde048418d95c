//! `SHOW PEERS` and `SHOW PEER_POOLS`: other processes, and the cancel requests for them.

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::int4;
use crate::admin::cell::text;
use crate::wire::write::Column;

/// The columns of `SHOW PEERS`.
pub(super) const COLUMNS: &[Column<'static>] = &[
    int4("peer_id"),
    text("host"),
    int4("port"),
    int4("pool_size"),
];

/// The columns of `SHOW PEER_POOLS`.
pub(super) const POOL_COLUMNS: &[Column<'static>] = &[
    int4("peer_id"),
    int4("cl_active_cancel_req"),
    int4("cl_waiting_cancel_req"),
    int4("sv_active_cancel"),
    int4("sv_login"),
];

/// The rows of `SHOW PEERS`: of this process too, if the configuration has it.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let config = &scene.registry.state().config;
    let default_size = config.pooling.pool_size.primary;
    let peers = config.peers.values();
    peers
        .map(|peer| {
            vec![
                cell(peer.id),
                cell(&peer.host),
                cell(peer.port),
                cell(peer.pool_size.unwrap_or(default_size)),
            ]
        })
        .collect()
}

/// The rows of `SHOW PEER_POOLS`. Nobody logs in to a peer.
pub(super) fn pools(scene: &Scene<'_>) -> Vec<Row> {
    let state = scene.registry.state();
    let peers = state.peers.others();
    peers
        .map(|peer| {
            let active = peer.line.active();
            let waiting = peer.line.waiting();
            let mut row = vec![cell(peer.config.id), cell(active), cell(waiting)];
            row.extend([cell(active), cell(0)]);
            row
        })
        .collect()
}
