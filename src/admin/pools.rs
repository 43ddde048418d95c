//! `SHOW POOLS`: a row for each database and user, on whatever nodes. `SHOW NODES` tells nodes apart.

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::int4;
use crate::admin::cell::text;
use crate::config::value::Scalar;
use crate::config::words::LoadBalance;
use crate::config::words::PoolMode;
use crate::registry::halt::CONSOLE;
use crate::registry::survey::PoolCensus;
use crate::wire::write::Column;

/// The columns.
pub(super) const COLUMNS: &[Column<'static>] = &[
    text("database"),
    text("user"),
    int4("cl_active"),
    int4("cl_waiting"),
    int4("cl_active_cancel_req"),
    int4("cl_waiting_cancel_req"),
    int4("sv_active"),
    int4("sv_active_cancel"),
    int4("sv_being_canceled"),
    int4("sv_idle"),
    int4("sv_used"),
    int4("sv_tested"),
    int4("sv_login"),
    int4("maxwait"),
    int4("maxwait_us"),
    text("pool_mode"),
    text("load_balance_hosts"),
];

/// The rows.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let registry = scene.registry;
    let survey = registry.survey(scene.now);
    let pools = survey.pools(scene.now);
    let mut rows: Vec<_> = pools
        .iter()
        .map(|(name, census)| {
            let database = registry.known_database(&name.0);
            let balance = database.and_then(|d| registry.balance(&d.config));
            let ways = (registry.pool_mode(name), balance);
            row((&name.0, &name.1), census, ways)
        })
        .collect();
    let consoles = PoolCensus {
        clients_active: u32::try_from(survey.consoles()).unwrap_or(u32::MAX),
        ..PoolCensus::default()
    };
    rows.push(row(
        (CONSOLE, CONSOLE),
        &consoles,
        (PoolMode::Statement, None),
    ));
    rows
}

fn row(
    (database, user): (&str, &str),
    census: &PoolCensus,
    (mode, balance): (PoolMode, Option<LoadBalance>),
) -> Row {
    vec![
        cell(database),
        cell(user),
        cell(census.clients_active),
        cell(census.clients_waiting),
        cell(census.cancels),
        cell(census.cancels_waiting),
        cell(census.active),
        cell(census.cancels),
        cell(census.being_canceled),
        cell(census.idle),
        cell(census.used),
        cell(census.tested),
        cell(census.new),
        cell(census.wait_max.as_secs()),
        cell(census.wait_max.subsec_micros()),
        cell(mode.show()),
        balance.map(|balance| balance.show()),
    ]
}
