use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::Blame;
use crate::ids::NodeId;
use crate::metrics::handles::DatabaseMetrics;
use crate::metrics::handles::ErrorMetrics;
use crate::metrics::handles::RouteLabel;
use crate::metrics::handles::RouteMetrics;
use crate::metrics::own::BOUNDS;
use crate::sqlstate::SqlState;

use super::*;

/// A value that each row can have.
fn sample(metrics: &Metrics, sheet: &mut Sheet, row: &'static Row) {
    let values = vec!["a \"b\" \\ c\nd"; row.labels.len()];
    match row.kind {
        Kind::Counter => metrics.counter(row, &values).increment(2),
        Kind::Tally => metrics.tally(row, &values).add(3),
        Kind::Gauge => sheet.gauge(row, &values, 0.5),
        Kind::Histogram => {
            let histogram = metrics.histogram(row, &values);
            histogram.record(Duration::from_micros(100));
            histogram.record(Duration::from_secs(3600));
        }
    }
}

/// Reads the text format strictly: heads first and once, each line of the row above it, no
/// series twice. Gives the value of each series.
fn read(text: &str) -> BTreeMap<String, f64> {
    let mut series = BTreeMap::new();
    let mut heads = BTreeMap::new();
    let mut current = "";
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').expect("a help text");
            assert!(
                !help.is_empty() && heads.insert(name, false).is_none(),
                "{line}"
            );
            current = name;
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a type");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(name, current, "HELP stands before TYPE");
            assert_eq!(heads.insert(name, true), Some(false), "{line}");
        } else {
            let (name, value) = line.rsplit_once(' ').expect("a value");
            assert!(name.starts_with(current), "{line} is under {current}");
            let value = value.parse().expect("a number");
            assert!(series.insert(name.to_owned(), value).is_none(), "{line}");
        }
    }
    assert!(heads.values().all(|has_type| *has_type));
    for row in rows::ALL {
        assert!(heads.contains_key(row.name), "{} has no head", row.name);
    }
    assert_eq!(heads.len(), rows::ALL.len());
    series
}

#[test]
fn every_row_is_shown_with_its_head_and_values() {
    let metrics = Metrics::new();
    let empty = read(&metrics.render(Sheet::new()));
    assert!(empty.is_empty());
    let mut sheet = Sheet::new();
    for row in rows::ALL {
        sample(&metrics, &mut sheet, row);
    }
    let series = read(&metrics.render(sheet));
    for row in rows::ALL {
        let n = series.keys().filter(|name| {
            let rest = name.strip_prefix(row.name);
            rest.is_some_and(|rest| {
                ["", "_sum", "_count", "_bucket"].contains(&rest.split('{').next().unwrap())
            })
        });
        let expected = match row.kind {
            Kind::Histogram => BOUNDS.len() + 3,
            Kind::Counter | Kind::Tally | Kind::Gauge => 1,
        };
        assert_eq!(n.count(), expected, "{}", row.name);
    }
    let value = |name: &str| series.get(name).copied();
    assert_eq!(value("pgsluice_clients_max"), Some(0.5));
    let label = r#"{database="a \"b\" \\ c\nd""#;
    let wait = |suffix: &str| value(&format!("pgsluice_wait_seconds{suffix}"));
    assert_eq!(wait(&format!("_count{label}}}")), Some(2.0));
    assert_eq!(wait(&format!("_sum{label}}}")), Some(3600.0001));
    assert_eq!(
        wait(&format!(r#"_bucket{label},le="0.00005"}}"#)),
        Some(0.0)
    );
    assert_eq!(wait(&format!(r#"_bucket{label},le="0.0001"}}"#)), Some(1.0));
    assert_eq!(wait(&format!(r#"_bucket{label},le="120"}}"#)), Some(1.0));
    assert_eq!(wait(&format!(r#"_bucket{label},le="+Inf"}}"#)), Some(2.0));
}

#[test]
fn names_say_kind_and_unit() {
    for row in rows::ALL {
        let rises = matches!(row.kind, Kind::Counter | Kind::Tally);
        assert_eq!(row.name.ends_with("_total"), rises, "{}", row.name);
        assert!(row.name.starts_with("pgsluice_"));
        assert!(
            !row.help.ends_with('.') && !row.help.is_empty(),
            "{}",
            row.name
        );
    }
    let mut names: Vec<_> = rows::ALL.iter().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), rows::ALL.len());
}

#[test]
fn bounds_rise_and_are_what_they_say() {
    let histogram = Histogram::default();
    for (i, bound) in BOUNDS.iter().enumerate() {
        let bound = Duration::from_secs_f64(bound.parse().unwrap());
        histogram.record(bound);
        assert_eq!(histogram.snapshot().at_most[i], i as u64 + 1, "{bound:?}");
        assert!(i == 0 || histogram.snapshot().at_most[i - 1] == i as u64);
    }
}

#[test]
fn handles_of_one_series_share_it() {
    let metrics = Arc::new(Metrics::new());
    let (one, other) = (
        DatabaseMetrics::new(&metrics, "app"),
        DatabaseMetrics::new(&metrics, "app"),
    );
    one.transaction.record(Duration::from_millis(1));
    other.transaction.record(Duration::from_millis(2));
    other.to_clients.add(7);
    one.logins.increment(1);
    other.logins.increment(1);
    assert_eq!(one.transaction.snapshot().sum, Duration::from_millis(3));
    assert_eq!(one.to_clients.total(), 7);
    let series = read(&metrics.render(Sheet::new()));
    let logins = r#"pgsluice_client_logins_total{database="app",result="ok"}"#;
    assert_eq!(series.get(logins), Some(&2.0));
}

#[test]
fn routes_count_by_node_and_reason() {
    let metrics = Arc::new(Metrics::new());
    let label = |class, reason| RouteLabel { class, reason };
    let reasons = vec![label("read", "eventual"), label("write", "insert")];
    let routes = RouteMetrics::new(&metrics, "app", &["n1:5432", "n2:5432"], reasons);
    routes.routed(NodeId(1), 0);
    routes.routed(NodeId(1), 0);
    routes.routed(NodeId(0), 1);
    routes.answered(NodeId(1), Duration::from_millis(2));
    // A node that a change of configuration has taken away.
    routes.routed(NodeId(7), 0);
    routes.answered(NodeId(7), Duration::from_millis(2));
    assert_eq!(routes.times(NodeId(1)).unwrap().snapshot().count, 1);
    assert_eq!(routes.times(NodeId(0)).unwrap().snapshot().count, 0);
    let series = read(&metrics.render(Sheet::new()));
    let value = |node: &str, class: &str, reason: &str| {
        let name = format!(
            r#"pgsluice_routed_total{{database="app",node="{node}",class="{class}",reason="{reason}"}}"#
        );
        series.get(&name).copied()
    };
    assert_eq!(value("n2:5432", "read", "eventual"), Some(2.0));
    assert_eq!(value("n1:5432", "write", "insert"), Some(1.0));
    // Reasons that never came up have no series: there are many.
    assert_eq!(value("n1:5432", "read", "eventual"), None);
    let tallies = metrics.tallies(rows::ROUTED);
    let read = ["app", "n2:5432", "read", "eventual"].map(str::to_owned);
    let write = ["app", "n1:5432", "write", "insert"].map(str::to_owned);
    assert_eq!(tallies, [(read.to_vec(), 2), (write.to_vec(), 1)]);
}

#[test]
fn sqlstates_without_end_are_counted_as_other() {
    let metrics = Arc::new(Metrics::new());
    let errors = ErrorMetrics::new(Arc::clone(&metrics));
    for n in 0..300 {
        let sqlstate = SqlState::parse(format!("U{n:04}").as_bytes()).unwrap();
        errors.count(Blame::Client, sqlstate);
    }
    errors.count(Blame::Client, SqlState::parse(b"U0001").unwrap());
    let series = read(&metrics.render(Sheet::new()));
    let value = |sqlstate: &str| {
        let name = format!(r#"pgsluice_errors_total{{blame="client",sqlstate="{sqlstate}"}}"#);
        series.get(&name).copied()
    };
    assert_eq!(value("U0001"), Some(2.0));
    assert_eq!(value("other"), Some(44.0));
    assert_eq!(value("U0299"), None);
}
