//! What counting one transaction costs, and what the exporter's own histogram would.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use metrics::Key;
use metrics::Level;
use metrics::Metadata;
use metrics::Recorder;
use metrics_exporter_prometheus::PrometheusBuilder;

use pgsluice::ids::NodeId;
use pgsluice::metrics::Metrics;
use pgsluice::metrics::handles::DatabaseMetrics;
use pgsluice::metrics::handles::RouteLabel;
use pgsluice::metrics::handles::RouteMetrics;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    one_transaction(&mut criterion);
    exporter(&mut criterion);
    criterion.final_summary();
}

/// Three durations, four numbers of bytes, one route.
fn one_transaction(criterion: &mut Criterion) {
    let metrics = Arc::new(Metrics::new());
    let database = DatabaseMetrics::new(&metrics, "app");
    let reasons = vec![RouteLabel {
        class: "read",
        reason: "eventual",
    }];
    let routes = RouteMetrics::new(&metrics, "app", &["n1:5432", "n2:5432"], reasons);
    criterion.bench_function("metrics/one transaction", |b| {
        b.iter(|| {
            let took = black_box(Duration::from_micros(300));
            database.wait.record(Duration::ZERO);
            routes.answered(NodeId(1), took);
            database.transaction.record(took);
            database.from_clients.add(40);
            database.to_servers.add(40);
            database.from_servers.add(90);
            database.to_clients.add(90);
            routes.routed(NodeId(1), 0);
        });
    });
    criterion.bench_function("metrics/our histogram, one sample", |b| {
        b.iter(|| database.wait.record(black_box(Duration::from_micros(300))));
    });
}

/// With the upkeep that keeps its memory bounded, once per 10,000 samples.
fn exporter(criterion: &mut Criterion) {
    let bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.01, 0.1, 1.0, 10.0];
    let Ok(builder) = PrometheusBuilder::new().set_buckets(&bounds) else {
        return;
    };
    let recorder = builder.build_recorder();
    let metadata = Metadata::new(module_path!(), Level::INFO, None);
    let histogram = recorder.register_histogram(&Key::from_name("q"), &metadata);
    let handle = recorder.handle();
    let mut n = 0;
    criterion.bench_function("metrics/exporter's histogram, one sample", |b| {
        b.iter(|| {
            histogram.record(black_box(0.0003));
            n += 1;
            if n % 10_000 == 0 {
                handle.run_upkeep();
            }
        });
    });
    let counter = recorder.register_counter(&Key::from_name("c"), &metadata);
    criterion.bench_function("metrics/exporter's counter", |b| {
        b.iter(|| counter.increment(black_box(1)));
    });
}
