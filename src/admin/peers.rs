//! `SHOW PEERS` and `SHOW PEER_POOLS`: processes that pass requests to cancel on to each other.
//! There are none yet.

use crate::admin::Scene;
use crate::admin::cell::Row;
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
pub(super) const POOLS_COLUMNS: &[Column<'static>] = &[
    int4("peer_id"),
    int4("cl_active_cancel_req"),
    int4("cl_waiting_cancel_req"),
    int4("sv_active_cancel"),
    int4("sv_login"),
];

/// The rows of either.
pub(super) fn rows(_: &Scene<'_>) -> Vec<Row> {
    Vec::new()
}
