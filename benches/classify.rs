//! What it costs to know what a text is: from the cache, by the key, and without either.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use criterion::Throughput;
use pgsluice::sql::cache::Bounds;
use pgsluice::sql::cache::Cache;
use pgsluice::sql::catalog::Catalog;
use pgsluice::sql::classify::Syntax;
use pgsluice::sql::classify::classify;

/// (name, text with `{}` where a literal may be fresh).
fn texts() -> Vec<(&'static str, String)> {
    let orm = format!(
        "SELECT {} FROM \"shop_order\" INNER JOIN \"shop_customer\" ON (\"shop_order\".\"customer_id\" = \
         \"shop_customer\".\"id\") WHERE (\"shop_order\".\"state\" = 'paid' AND \"shop_order\".\"total\" \
         > 100.50 AND UPPER(\"shop_customer\".\"name\"::text) LIKE UPPER('%smith%') AND NOT \
         (\"shop_order\".\"id\" IN (3, 5, 8, {{}}))) ORDER BY \"shop_order\".\"created_at\" DESC LIMIT 21",
        (0..12)
            .map(|i| format!("\"shop_order\".\"column_{i}\""))
            .collect::<Vec<_>>()
            .join(", "),
    );
    let list: Vec<_> = (1_000_000..1_002_500).map(|i: u32| i.to_string()).collect();
    vec![
        (
            "pgbench",
            "SELECT abalance FROM pgbench_accounts WHERE aid = {};".to_owned(),
        ),
        ("orm", orm),
        (
            "in_list_20k",
            format!("SELECT a FROM t WHERE b IN ({}, {{}})", list.join(",")),
        ),
    ]
}

fn seen(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("seen");
    let catalog = Arc::new(Catalog::default());
    for (name, text) in texts() {
        let text = text.replace("{}", "4711");
        let mut cache = Cache::new(Bounds::default(), 1);
        for _ in 0..3 {
            cache.classify(text.as_bytes(), Syntax::default(), &catalog);
        }
        group.bench_function(name, |b| {
            b.iter(|| cache.classify(black_box(text.as_bytes()), Syntax::default(), &catalog));
        });
    }
}

fn fresh_literal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fresh_literal");
    let catalog = Arc::new(Catalog::default());
    for (name, text) in texts() {
        // More texts than a cache holds, so that none is met again while it is still there.
        let count = if text.len() < 2_000 { 50_000 } else { 500 };
        let fresh: Vec<_> = (0..count)
            .map(|i| text.replace("{}", &(i * 7 + 13).to_string()))
            .collect();
        let mut cache = Cache::new(Bounds::default(), 1);
        let mut next = fresh.iter().cycle();
        group.bench_function(name, |b| {
            b.iter(|| {
                let text = next.next().map(String::as_bytes).unwrap_or_default();
                cache.classify(black_box(text), Syntax::default(), &catalog)
            });
        });
    }
}

fn unseen(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("unseen");
    let catalog = Catalog::default();
    for (name, text) in texts() {
        let text = text.replace("{}", "4711");
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| classify(black_box(text.as_bytes()), Syntax::default(), &catalog));
        });
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    seen(&mut criterion);
    fresh_literal(&mut criterion);
    unseen(&mut criterion);
    criterion.final_summary();
}
