//! What monitoring for PgBouncer finds: Debian's exporter at the console, and the names of both
//! exporters at `/metrics`.

use std::collections::BTreeMap;
use std::process::Command;

use pgsluice::demo::scrape;

use crate::crowds::Table;
use crate::front;
use crate::raw::Raw;
use crate::stage::Front;
use crate::stage::cluster;

/// Lets Debian's prometheus-pgbouncer-exporter collect from a console: each sample as a line. Of
/// `SHOW STATS` it asks for a column that PgBouncer has not had since 1.8, for which it fails at
/// PgBouncer, too; it is let off that one.
const COLLECT: &str = r#"
import sys
from prometheus_pgbouncer_exporter.collectors import ListsCollector, PoolsCollector, StatsCollector
from prometheus_pgbouncer_exporter.utils import get_connection
del StatsCollector.metrics["total_requests"]
console = get_connection(user="looker", port=int(sys.argv[1]), host="127.0.0.1")
for collector in ListsCollector(console), PoolsCollector(None, console), StatsCollector(None, console):
    for family in collector.collect():
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            print(f"{sample.name} {labels} {float(sample.value)}")
"#;

/// A column of a result, and the metric that the community's exporter makes of it.
type Made = (&'static str, &'static str, f64);

const POOLS: [Made; 4] = [
    (
        "cl_active",
        "pgbouncer_pools_client_active_connections",
        1.0,
    ),
    (
        "cl_waiting",
        "pgbouncer_pools_client_waiting_connections",
        1.0,
    ),
    (
        "sv_active",
        "pgbouncer_pools_server_active_connections",
        1.0,
    ),
    ("sv_idle", "pgbouncer_pools_server_idle_connections", 1.0),
];

const STATS: [Made; 7] = [
    ("query_count", "pgbouncer_stats_queries_pooled_total", 1.0),
    (
        "query_time",
        "pgbouncer_stats_queries_duration_seconds_total",
        1e-6,
    ),
    (
        "bytes_received",
        "pgbouncer_stats_received_bytes_total",
        1.0,
    ),
    ("bytes_sent", "pgbouncer_stats_sent_bytes_total", 1.0),
    (
        "xact_count",
        "pgbouncer_stats_sql_transactions_pooled_total",
        1.0,
    ),
    (
        "xact_time",
        "pgbouncer_stats_server_in_transaction_seconds_total",
        1e-6,
    ),
    (
        "wait_time",
        "pgbouncer_stats_client_wait_seconds_total",
        1e-6,
    ),
];

const DATABASES: [Made; 4] = [
    ("pool_size", "pgbouncer_databases_pool_size", 1.0),
    ("reserve_pool_size", "pgbouncer_databases_reserve_pool", 1.0),
    (
        "current_connections",
        "pgbouncer_databases_current_connections",
        1.0,
    ),
    ("paused", "pgbouncer_databases_paused", 1.0),
];

#[test]
fn exporters_find_what_they_look_for() {
    let cluster = cluster(0);
    let databases = [("app", "reserve_pool_size = 3"), ("other", "pool_size = 7")];
    let front = front(&cluster, "exporter", &databases);
    let mut client = Raw::log_in_to(front.port, "app", "app").unwrap();
    client.ask("select 1");
    let mut holder = Raw::log_in_to(front.port, "app", "other").unwrap();
    holder.ask("begin read write");
    let page = scrape::samples(&scrape::fetch(front.http, "/metrics").unwrap());
    made_of_rows(&front, &page);
    for (name, value) in [
        ("pgbouncer_up", 1.0),
        ("pgbouncer_config_max_client_connections", 100.0),
        ("pgbouncer_version_info", 1.0),
    ] {
        let found: Vec<_> = page.iter().filter(|s| s.name == name).collect();
        assert_eq!(found.len(), 1, "{name}");
        assert!((found[0].value - value).abs() < 1e-9, "{name}");
    }
    collected(&front);
}

/// What the community's exporter would make of the console's rows.
fn made_of_rows(front: &Front, page: &[scrape::Sample]) {
    let mut root = Raw::log_in(front.port, "looker").unwrap();
    for (what, label, made) in [
        ("pools", "database", &POOLS[..]),
        ("stats_totals", "database", &STATS[..]),
        ("databases", "name", &DATABASES[..]),
    ] {
        let table = Table::show(&mut root, what);
        for database in ["app", "other"] {
            for (column, name, factor) in made {
                let shown = table.one((label, database), column);
                let shown = shown.parse::<f64>().unwrap() * factor;
                let is_it =
                    |s: &&scrape::Sample| s.name == *name && s.label(label) == Some(database);
                let found: Vec<_> = page.iter().filter(is_it).collect();
                assert_eq!(found.len(), 1, "{name} of {database}");
                let off = (found[0].value - shown).abs();
                assert!(off < 1e-9, "{name} of {database}: {off} off {shown}");
            }
        }
    }
    let entry = page
        .iter()
        .find(|s| s.name == "pgbouncer_databases_pool_size" && s.label("name") == Some("other"))
        .unwrap();
    assert_eq!(entry.label("host"), Some("127.0.0.1"));
    assert_eq!(
        (entry.label("database"), entry.label("force_user")),
        (Some("app"), Some(""))
    );
    assert!((entry.value - 7.0).abs() < 1e-9);
}

/// What Debian's exporter collects is at `/metrics` under the same names.
fn collected(front: &Front) {
    let output = Command::new("/usr/bin/python3")
        .args(["-c", COLLECT, &front.port.to_string()])
        .output()
        .expect("there is a Python of the system");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "tools/setup test installs it: {said}"
    );
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let page = scrape::samples(&scrape::fetch(front.http, "/metrics").unwrap());
    let ours: BTreeMap<_, _> = page
        .iter()
        .map(|sample| {
            let labels = ["database", "user"].into_iter();
            let labels = labels.filter_map(|l| Some(format!("{l}={}", sample.label(l)?)));
            let labels = labels.collect::<Vec<_>>().join(",");
            (format!("{} {labels}", sample.name), sample.value)
        })
        .collect();
    let mut count = 0;
    for line in lines.lines() {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap();
        // The collector is a client itself, and its commands are counted.
        if name.contains("database=pgbouncer") || name.starts_with("pgbouncer_used_clients") {
            continue;
        }
        let found = ours.get(name).copied();
        assert_eq!(
            found.map(|f| (f - value).abs() < 1e-9),
            Some(true),
            "{line}: {found:?}"
        );
        count += 1;
    }
    assert!(20 < count, "{lines}");
}
