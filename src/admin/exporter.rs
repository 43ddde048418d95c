//! What exporters make of PgBouncer's console, without one: the names and labels that
//! pgbouncer_exporter of the Prometheus community gives, and those of Debian's
//! prometheus-pgbouncer-exporter, from the same rows that the console shows.

use crate::admin::PGBOUNCER_VERSION;
use crate::admin::Scene;
use crate::admin::cell::Row;
use crate::admin::databases;
use crate::admin::lists;
use crate::admin::pools;
use crate::admin::stats;
use crate::metrics::rows::Kind;
use crate::metrics::rows::Row as Metric;
use crate::metrics::sheet::Family;
use crate::wire::write::Column;

/// One result of the console, and the metrics that are made of it.
struct Source {
    columns: &'static [Column<'static>],
    rows: fn(&Scene<'_>) -> Vec<Row>,
    /// The columns that are labels.
    labels: &'static [&'static str],
    metrics: &'static [Of],
}

/// A metric of a column, or in `SHOW LISTS` of a row.
struct Of {
    column: &'static str,
    metric: Metric,
    factor: f64,
}

const fn gauge(
    column: &'static str,
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Of {
    of(column, (name, Kind::Gauge), (labels, help), 1.0)
}

const fn total(column: &'static str, name: &'static str, help: &'static str) -> Of {
    of(column, (name, Kind::Tally), (BY_DATABASE, help), 1.0)
}

/// Of microseconds.
const fn seconds(column: &'static str, name: &'static str, help: &'static str) -> Of {
    of(column, (name, Kind::Tally), (BY_DATABASE, help), 1e-6)
}

const fn of(
    column: &'static str,
    (name, kind): (&'static str, Kind),
    (labels, help): (&'static [&'static str], &'static str),
    factor: f64,
) -> Of {
    let metric = Metric {
        name,
        kind,
        labels,
        help,
    };
    Of {
        column,
        metric,
        factor,
    }
}

const BY_DATABASE: &[&str] = &["database"];
const BY_POOL: &[&str] = &["database", "user"];
const BY_ENTRY: &[&str] = &[
    "name",
    "host",
    "port",
    "database",
    "force_user",
    "pool_mode",
];

const SOURCES: [Source; 3] = [
    Source {
        columns: databases::COLUMNS,
        rows: databases::rows,
        labels: BY_ENTRY,
        metrics: DATABASES,
    },
    Source {
        columns: stats::TOTALS_COLUMNS,
        rows: stats::totals,
        labels: BY_DATABASE,
        metrics: STATS,
    },
    Source {
        columns: pools::COLUMNS,
        rows: pools::rows,
        labels: BY_POOL,
        metrics: POOLS,
    },
];

#[rustfmt::skip]
const DATABASES: &[Of] = &[
    gauge("pool_size", "pgbouncer_databases_pool_size", BY_ENTRY, "Most servers of a pool"),
    gauge("reserve_pool_size", "pgbouncer_databases_reserve_pool", BY_ENTRY, "Servers beyond that for clients that wait long"),
    gauge("max_connections", "pgbouncer_databases_max_connections", BY_ENTRY, "Most servers of the database"),
    gauge("current_connections", "pgbouncer_databases_current_connections", BY_ENTRY, "Servers of the database"),
    gauge("paused", "pgbouncer_databases_paused", BY_ENTRY, "1 while it is paused"),
    gauge("disabled", "pgbouncer_databases_disabled", BY_ENTRY, "1 while it is disabled"),
];

#[rustfmt::skip]
const STATS: &[Of] = &[
    total("query_count", "pgbouncer_stats_queries_pooled_total", "Queries"),
    seconds("query_time", "pgbouncer_stats_queries_duration_seconds_total", "Time in queries"),
    total("bytes_received", "pgbouncer_stats_received_bytes_total", "Bytes that clients sent"),
    total("bytes_sent", "pgbouncer_stats_sent_bytes_total", "Bytes that clients were sent"),
    seconds("wait_time", "pgbouncer_stats_client_wait_seconds_total", "Time that clients waited for servers"),
    total("xact_count", "pgbouncer_stats_sql_transactions_pooled_total", "Transactions"),
    seconds("xact_time", "pgbouncer_stats_server_in_transaction_seconds_total", "Time in transactions"),
    total("client_parse_count", "pgbouncer_stats_client_parses_total", "Parse messages of clients for named statements"),
    total("server_parse_count", "pgbouncer_stats_server_parses_total", "Parse messages to servers for named statements"),
    total("bind_count", "pgbouncer_stats_binds_total", "Bind messages for named statements"),
    total("query_count", "pgbouncer_requests_total", "Queries, by Debian's name"),
    total("bytes_received", "pgbouncer_received_bytes_total", "Bytes that clients sent, by Debian's name"),
    total("bytes_sent", "pgbouncer_sent_bytes_total", "Bytes that clients were sent, by Debian's name"),
    total("query_time", "pgbouncer_query_microseconds_total", "Time in queries, by Debian's name"),
];

#[rustfmt::skip]
const POOLS: &[Of] = &[
    gauge("cl_active", "pgbouncer_pools_client_active_connections", BY_POOL, "Clients that have a server or need none"),
    gauge("cl_active_cancel_req", "pgbouncer_pools_client_active_cancel_connections", BY_POOL, "Requests to cancel on their way"),
    gauge("cl_waiting", "pgbouncer_pools_client_waiting_connections", BY_POOL, "Clients that wait for a server"),
    gauge("cl_waiting_cancel_req", "pgbouncer_pools_client_waiting_cancel_connections", BY_POOL, "Requests to cancel that wait"),
    gauge("sv_active", "pgbouncer_pools_server_active_connections", BY_POOL, "Servers that clients have"),
    gauge("sv_active_cancel", "pgbouncer_pools_server_active_cancel_connections", BY_POOL, "Connections that carry requests to cancel"),
    gauge("sv_being_canceled", "pgbouncer_pools_server_being_canceled_connections", BY_POOL, "Servers that wait for requests to cancel"),
    gauge("sv_idle", "pgbouncer_pools_server_idle_connections", BY_POOL, "Servers that nobody has"),
    gauge("sv_used", "pgbouncer_pools_server_used_connections", BY_POOL, "Servers that are checked before their next use"),
    gauge("sv_tested", "pgbouncer_pools_server_testing_connections", BY_POOL, "Servers that are checked or reset"),
    gauge("sv_login", "pgbouncer_pools_server_login_connections", BY_POOL, "Servers that are being opened"),
    gauge("maxwait", "pgbouncer_pools_client_maxwait_seconds", BY_POOL, "How long the client that waits longest has waited"),
    gauge("cl_active", "pgbouncer_active_clients", BY_POOL, "Clients that have a server or need none, by Debian's name"),
    gauge("cl_waiting", "pgbouncer_waiting_clients", BY_POOL, "Clients that wait for a server, by Debian's name"),
];

/// Of the rows of `SHOW LISTS`.
#[rustfmt::skip]
const LISTS: &[Of] = &[
    gauge("databases", "pgbouncer_databases", &[], "Databases"),
    gauge("users", "pgbouncer_users", &[], "Users"),
    gauge("pools", "pgbouncer_pools", &[], "Pools"),
    gauge("free_clients", "pgbouncer_free_clients", &[], "Places that are kept for clients"),
    gauge("used_clients", "pgbouncer_used_clients", &[], "Clients that have logged in"),
    gauge("login_clients", "pgbouncer_login_clients", &[], "Clients that log in"),
    gauge("free_servers", "pgbouncer_free_servers", &[], "Places that are kept for servers"),
    gauge("used_servers", "pgbouncer_used_servers", &[], "Servers"),
    gauge("dns_names", "pgbouncer_cached_dns_names", &[], "Names of hosts whose addresses are known"),
    gauge("dns_zones", "pgbouncer_cached_dns_zones", &[], "Zones of names that are known"),
    gauge("dns_queries", "pgbouncer_in_flight_dns_queries", &[], "Names of hosts that are being asked for"),
    gauge("dns_names", "pgbouncer_dns_names", &[], "Names of hosts whose addresses are known, by Debian's name"),
    gauge("dns_zones", "pgbouncer_dns_zones", &[], "Zones of names that are known, by Debian's name"),
    gauge("dns_queries", "pgbouncer_dns_queries", &[], "Names of hosts that are being asked for, by Debian's name"),
    gauge("dns_pending", "pgbouncer_dns_pending", &[], "Names of hosts that wait to be asked for, by Debian's name"),
];

const MAX_CLIENTS: &Metric = &Metric {
    name: "pgbouncer_config_max_client_connections",
    kind: Kind::Gauge,
    labels: &[],
    help: "Most clients at one time (max_client_conn)",
};

const MAX_OF_USER: &Metric = &Metric {
    name: "pgbouncer_config_max_user_connections",
    kind: Kind::Gauge,
    labels: &[],
    help: "Most servers of one user (max_user_connections)",
};

const VERSION: &Metric = &Metric {
    name: "pgbouncer_version_info",
    kind: Kind::Gauge,
    labels: &["version"],
    help: "The version of the PgBouncer that this is like: always 1",
};

const UP: &Metric = &Metric {
    name: "pgbouncer_up",
    kind: Kind::Gauge,
    labels: &[],
    help: "Whether the console answers: always 1",
};

/// Appends the metrics.
pub fn append(scene: &Scene<'_>, text: &mut String) {
    for source in &SOURCES {
        source.append(scene, text);
    }
    let lists = (lists::rows)(scene);
    for of in LISTS {
        let row = lists.iter().find(|row| value(row, 0) == of.column);
        let mut family = Family::begin(text, &of.metric);
        if let Some(row) = row {
            family.sample(&[], number(row, 1));
        }
    }
    let limits = &scene.registry.state().config.limits;
    let most = [
        (MAX_CLIENTS, limits.max_client_conn),
        (MAX_OF_USER, limits.max_user_connections),
    ];
    for (metric, value) in most {
        Family::begin(text, metric).sample(&[], f64::from(value));
    }
    Family::begin(text, VERSION).sample(&[PGBOUNCER_VERSION], 1.0);
    Family::begin(text, UP).sample(&[], 1.0);
}

impl Source {
    fn append(&self, scene: &Scene<'_>, text: &mut String) {
        let rows = (self.rows)(scene);
        let labels: Vec<_> = self.labels.iter().map(|name| self.place(name)).collect();
        for of in self.metrics {
            let place = self.place(of.column);
            let mut family = Family::begin(text, &of.metric);
            for row in &rows {
                let labels: Vec<_> = labels.iter().map(|place| value(row, *place)).collect();
                family.sample(&labels, number(row, place) * of.factor);
            }
        }
    }

    /// Where a column is. That there is one, the tests see to.
    fn place(&self, column: &str) -> usize {
        let place = self.columns.iter().position(|c| c.name == column);
        place.unwrap_or(usize::MAX)
    }
}

fn value(row: &Row, place: usize) -> &str {
    let cell = row.get(place).and_then(Option::as_deref);
    cell.unwrap_or_default()
}

fn number(row: &Row, place: usize) -> f64 {
    value(row, place).parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_column() {
        for source in &SOURCES {
            let columns = source.metrics.iter().map(|of| &of.column);
            for column in columns.chain(source.labels) {
                assert_ne!(source.place(column), usize::MAX, "{column}");
            }
            for of in source.metrics {
                assert_eq!(of.metric.labels, source.labels, "{}", of.metric.name);
            }
        }
    }

    #[test]
    fn every_name_is_given_once() {
        let sources = SOURCES.iter().flat_map(|source| source.metrics);
        let mut names: Vec<_> = sources.chain(LISTS).map(|of| of.metric.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(names.iter().all(|name| name.starts_with("pgbouncer_")));
    }
}
