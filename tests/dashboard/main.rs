//! The dashboard and the alerts of `docker/` against a real Prometheus that asks a real proxy under
//! load: every query of every panel has an answer, and the alerts are quiet until there is a reason.
//!
//! Grafana is in neither Debian nor any registry of packages that this tree is built from, so what it
//! draws is not looked at here; what it would ask is.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot do its work has failed, and it measures time"
)]

#[path = "../support/mod.rs"]
mod support;

mod prometheus;

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::process::Child;
use std::process::Stdio;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Stop;
use serde_json::Value;

use crate::prometheus::Alert;
use crate::prometheus::Prometheus;
use crate::support::proxy::DATABASE;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::Proxy;
use crate::support::proxy::USER;
use crate::support::proxy::cluster_with_app;

#[test]
fn every_query_of_the_dashboard_has_an_answer() {
    let cluster = cluster_with_app();
    fill(&cluster);
    let mut proxy = Proxy::start(&cluster, "server_idle_timeout = \"1s\"\n", "");
    let prometheus = Prometheus::start(&cluster, proxy.http());
    let mut pgbench = load(&cluster, &proxy);
    make_mistakes(&cluster, &proxy);
    // A node that is left out, for the panel that shows such.
    cluster.node(2).stop(Stop::Fast).expect("it stops");
    let dashboard = dashboard();
    let mut queries = Vec::new();
    collect(&dashboard, &mut queries);
    assert!(30 < queries.len(), "only {} queries", queries.len());
    for query in &queries {
        prometheus.wait(query, || {
            make_mistakes(&cluster, &proxy);
            is_answered(&prometheus, query)
        });
    }
    check_variables(&dashboard, &prometheus);
    prometheus.wait_for_alert("PgsluiceNodeDown");
    cluster.node(2).start().expect("it starts");
    pgbench.kill().expect("it runs");
    pgbench.wait().expect("it ends");
    check_alerts(&prometheus);
    cluster.primary().stop(Stop::Fast).expect("it stops");
    prometheus.wait_for_alert("PgsluiceNoPrimary");
    proxy.stop();
    prometheus.wait_for_alert("PgsluiceDown");
}

#[test]
fn panels_have_places_of_their_own_and_the_data_source_is_the_one_that_is_made() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().expect("there are panels");
    let number = |v: &Value| v.as_u64().expect("a number");
    let mut taken = HashSet::new();
    let mut ids = HashSet::new();
    for panel in panels {
        assert!(ids.insert(number(&panel["id"])), "{}", panel["title"]);
        let place = &panel["gridPos"];
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|name| number(&place[name]));
        assert!(x + w <= 24, "{}", panel["title"]);
        for cell in (y..y + h).flat_map(|y| (x..x + w).map(move |x| (x, y))) {
            assert!(taken.insert(cell), "{} at {cell:?}", panel["title"]);
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/grafana/provisioning");
    let made = fs::read_to_string(folder.join("datasources/prometheus.yml")).expect("it is there");
    let text = dashboard.to_string();
    for uid in text.split("\"uid\":\"").skip(1) {
        let uid = uid.split('"').next().expect("a text");
        let is_known = uid == "pgsluice" || made.contains(&format!("uid: {uid}\n"));
        assert!(is_known, "{uid}");
    }
}

/// What each alert looks at is there, and nothing is pending while all is well.
fn check_alerts(prometheus: &Prometheus) {
    let alerts = prometheus.alerts();
    assert!(5 < alerts.len(), "{alerts:?}");
    for alert in &alerts {
        let query = &alert.query;
        let compared = query.rsplit_once(" == ").or(query.rsplit_once(" > "));
        let (value, _) = compared.expect("an alert compares something");
        assert!(is_answered(prometheus, value), "{}: {value}", alert.name);
    }
    prometheus.wait("no alert is pending", || {
        prometheus.alerts().iter().all(Alert::is_quiet)
    });
}

/// The variables offer values, by which the queries then select.
fn check_variables(dashboard: &Value, prometheus: &Prometheus) {
    let variables = dashboard["templating"]["list"].as_array();
    let variables = variables.expect("there are variables");
    for variable in variables {
        let definition = variable["definition"].as_str().expect("a text");
        let inner = definition
            .strip_prefix("label_values(")
            .and_then(|rest| rest.strip_suffix(')')?.split_once(", "));
        let (metric, label) = inner.expect("label_values(metric, label)");
        let samples = prometheus.query(metric);
        let has_label = |s: &Value| s["metric"][label].is_string();
        assert!(samples.iter().any(has_label), "{definition}");
    }
}

/// Whether a query of a panel gives numbers, with all values of the variables selected.
fn is_answered(prometheus: &Prometheus, query: &str) -> bool {
    let query = query
        .replace("$__rate_interval", "5s")
        .replace("$instance", ".*")
        .replace("$database", ".*");
    assert!(!query.contains('$'), "an unknown variable: {query}");
    let samples = prometheus.query(&query);
    let value = |s: &Value| s["value"][1].as_str().and_then(|v| v.parse::<f64>().ok());
    let is_number = |s: &Value| value(s).is_some_and(f64::is_finite);
    samples.iter().any(is_number)
}

/// All queries of a dashboard, wherever they stand.
fn collect(value: &Value, queries: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(query) = fields.get("expr").and_then(Value::as_str) {
                queries.push(query.to_owned());
            }
            fields.values().for_each(|field| collect(field, queries));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, queries)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => (),
    }
}

fn dashboard() -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/grafana/dashboards");
    let text = fs::read_to_string(folder.join("pgsluice.json")).expect("it is there");
    serde_json::from_str(&text).expect("it is JSON")
}

fn load(cluster: &Cluster, proxy: &Proxy) -> Child {
    cluster
        .program("pgbench")
        .args(["--no-vacuum", "--rate=200", "--client=8", "--time=120"])
        .args(["--builtin=select-only@9", "--builtin=simple-update@1"])
        .args(["--host=127.0.0.1", "--username", USER, DATABASE])
        .arg(format!("--port={}", proxy.port()))
        .env("PGPASSWORD", PASSWORD)
        .current_dir(cluster.folder())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pgbench is installed")
}

/// What does not go as it should, so that there is something to show: a login with a wrong
/// password, and a read that a replica refuses, each time another one.
fn make_mistakes(cluster: &Cluster, proxy: &Proxy) {
    let psql = |password: &str, sql: &str| {
        let mut psql = cluster.program("psql");
        psql.args(["-XAtq", "-h", "127.0.0.1", "-U", USER, "-d", DATABASE])
            .args(["-p", &proxy.port().to_string(), "-c", sql])
            .env("PGPASSWORD", password)
            .stdin(Stdio::null());
        psql.output().expect("psql is installed").status.success()
    };
    assert!(!psql("wrong", "select 1"));
    let name = rand::random::<u32>();
    let sql = format!("select next_ticket() as \"{name}\"");
    assert!(psql(PASSWORD, &sql));
}

/// pgbench's tables, and a function that says that it does not write and does.
fn fill(cluster: &Cluster) {
    let mut pgbench = cluster.program("pgbench");
    pgbench
        .args(["--initialize", "--quiet", "--host=127.0.0.1", "--scale=1"])
        .arg(format!("--port={}", cluster.primary().port()))
        .args(["--username", USER, DATABASE])
        .env("PGPASSWORD", PASSWORD);
    let output = pgbench.output().expect("pgbench is installed");
    assert!(output.status.success(), "{output:?}");
    let sql = format!(
        "create sequence ticket;
         create function next_ticket() returns bigint stable language sql
             as $$ select nextval('ticket') $$;
         grant usage on sequence ticket to {USER};"
    );
    let primary = cluster.primary();
    primary.psql_in(DATABASE, &sql).expect("SQL is run");
    cluster.catch_up(0).expect("the replicas follow");
}
