//! `SHOW DATABASES` and `SHOW USERS`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::int4;
use crate::admin::cell::text;
use crate::config::database::Database;
use crate::config::types::ANY_DATABASE;
use crate::config::value::Scalar;
use crate::pool::set::Selection;
use crate::registry::halt::CONSOLE;
use crate::registry::survey::Survey;
use crate::wire::write::Column;

/// The columns of `SHOW DATABASES`.
pub(super) const COLUMNS: &[Column<'static>] = &[
    text("name"),
    text("host"),
    int4("port"),
    text("database"),
    text("force_user"),
    int4("pool_size"),
    int4("min_pool_size"),
    int4("reserve_pool_size"),
    int4("server_lifetime"),
    text("pool_mode"),
    text("load_balance_hosts"),
    int4("max_connections"),
    int4("current_connections"),
    int4("max_client_connections"),
    int4("current_client_connections"),
    int4("paused"),
    int4("disabled"),
];

/// The columns of `SHOW USERS`.
pub(super) const USERS_COLUMNS: &[Column<'static>] = &[
    text("name"),
    text("pool_size"),
    text("reserve_pool_size"),
    text("pool_mode"),
    int4("max_user_connections"),
    int4("current_connections"),
    int4("max_user_client_connections"),
    int4("current_client_connections"),
];

/// How many servers the console's pool may have, says PgBouncer.
const CONSOLE_POOL_SIZE: u32 = 2;

/// The databases there are: those of the configuration, and those that `*` stands for and a client
/// has named.
pub(super) fn databases(scene: &Scene<'_>) -> BTreeMap<String, Arc<Database>> {
    let state = scene.registry.state();
    let mut databases = state.config.databases.clone();
    databases.remove(ANY_DATABASE);
    for database in scene.registry.databases() {
        let name = database.name.to_string();
        databases
            .entry(name)
            .or_insert_with(|| Arc::clone(&database.config));
    }
    databases
}

/// The rows of `SHOW DATABASES`.
pub(super) fn rows(scene: &Scene<'_>) -> Vec<Row> {
    let survey = scene.registry.survey(scene.now);
    let databases = databases(scene);
    let mut rows: BTreeMap<String, Row> = databases
        .iter()
        .map(|(name, config)| (name.clone(), row(scene, &survey, name, config)))
        .collect();
    rows.insert(CONSOLE.to_owned(), console(scene, &survey));
    rows.into_values().collect()
}

fn row(scene: &Scene<'_>, survey: &Survey, name: &str, database: &Database) -> Row {
    let registry = scene.registry;
    let config = &registry.state().config;
    let nodes = config.cluster_of(database).map(|c| c.nodes.as_slice());
    let nodes = nodes.unwrap_or_default();
    let hosts: Vec<_> = nodes.iter().map(|n| n.host.to_string()).collect();
    let pooling = &database.pooling;
    let selection = Selection::Database(name.into());
    let is_paused = registry.pools.paused().contains(&selection);
    let is_disabled = !registry.halts.gates.is_open(name);
    // That of the entry; none if it has none of its own.
    let mode = (pooling.pool_mode != config.pooling.pool_mode).then(|| pooling.pool_mode.show());
    vec![
        cell(name),
        cell(hosts.join(",")),
        nodes.first().map(|node| node.port.to_string()),
        cell(database.dbname_for(name)),
        database.forced_user.as_ref().map(|f| f.user.clone()),
        cell(pooling.pool_size.primary),
        cell(pooling.min_pool_size),
        cell(pooling.reserve_pool_size),
        cell(pooling.server_lifetime.as_secs()),
        mode,
        registry.balance(database).map(|balance| balance.show()),
        cell(pooling.max_db_connections),
        cell(servers(survey, |database, _| database == name)),
        cell(pooling.max_db_client_connections),
        cell(clients(survey, |database, _| database == name)),
        cell(u8::from(is_paused)),
        cell(u8::from(is_disabled)),
    ]
}

fn console(scene: &Scene<'_>, survey: &Survey) -> Row {
    let config = &scene.registry.state().config;
    vec![
        cell(CONSOLE),
        None,
        cell(config.listen.port),
        cell(CONSOLE),
        cell(CONSOLE),
        cell(CONSOLE_POOL_SIZE),
        cell(0),
        cell(0),
        cell(config.pooling.server_lifetime.as_secs()),
        cell("statement"),
        None,
        cell(config.pooling.max_db_connections),
        cell(0),
        cell(0),
        cell(survey.consoles()),
        cell(0),
        cell(0),
    ]
}

/// Who may log in, or has.
pub(super) fn users(scene: &Scene<'_>, survey: &Survey) -> BTreeSet<String> {
    let config = &scene.registry.state().config;
    let mut users: BTreeSet<_> = config.users.keys().cloned().collect();
    let forced = config.databases.values();
    users.extend(forced.filter_map(|d| Some(d.forced_user.as_ref()?.user.clone())));
    users.extend(survey.clients.iter().map(|c| c.slot.user.to_string()));
    users.insert(CONSOLE.to_owned());
    users
}

/// The rows of `SHOW USERS`.
pub(super) fn user_rows(scene: &Scene<'_>) -> Vec<Row> {
    let config = &scene.registry.state().config;
    let survey = scene.registry.survey(scene.now);
    let number = |n: Option<u32>| cell(n.map_or_else(String::new, |n| n.to_string()));
    let row = |user: &String| {
        let own = config.users.get(user).map(|user| &user.overrides);
        vec![
            cell(user),
            number(own.and_then(|own| own.pool_size)),
            number(own.and_then(|own| own.reserve_pool_size)),
            own.and_then(|own| Some(own.pool_mode?.show())),
            cell(
                own.and_then(|own| own.max_user_connections)
                    .unwrap_or(config.limits.max_user_connections),
            ),
            cell(servers(&survey, |_, server_user| server_user == user)),
            cell(
                own.and_then(|own| own.max_user_client_connections)
                    .unwrap_or(config.limits.max_user_client_connections),
            ),
            cell(clients(&survey, |_, client_user| client_user == user)),
        ]
    };
    users(scene, &survey).iter().map(row).collect()
}

/// How many servers there are of such a database and user.
fn servers(survey: &Survey, is_meant: impl Fn(&str, &str) -> bool) -> usize {
    let purposes = survey.servers.iter().map(|server| &server.card.purpose);
    purposes.filter(|p| is_meant(&p.database, &p.user)).count()
}

/// How many clients there are of such a database and user.
fn clients(survey: &Survey, is_meant: impl Fn(&str, &str) -> bool) -> usize {
    let slots = survey.clients.iter().map(|client| &client.slot);
    slots.filter(|s| is_meant(&s.database, &s.user)).count()
}
