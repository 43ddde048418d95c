//! The figures as `target/bench/summary.json`, and the bars that they are held against.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::cells::LEVELS;
use crate::cells::Target;
use crate::fault::Fault;
use crate::figures::Figures;
use crate::figures::Results;
use crate::figures::Spread;
use crate::options::Options;
use crate::proc;
use crate::rig::POOL_SIZE;

/// What a run's figures stand in.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// What was asked for.
    pub(crate) options: &'a Options,
    /// How many clients idled.
    pub(crate) idle_clients: usize,
    /// What ran.
    pub(crate) versions: Vec<(&'static str, String)>,
    /// pgsluice's reads.
    pub(crate) reads_expected: u64,
    /// How many transactions the replicas counted.
    pub(crate) reads_on_replicas: u64,
    /// What makes the run void.
    pub(crate) faults: Vec<String>,
    /// How long it took.
    pub(crate) lasted: Duration,
}

/// A bar, and whether it was cleared.
#[derive(Debug)]
pub(crate) struct Bar {
    /// What is held against it.
    pub(crate) name: String,
    /// The most (or the least) that clears it.
    pub(crate) limit: f64,
    /// What was measured.
    pub(crate) value: f64,
    /// Whether it was cleared.
    pub(crate) is_met: bool,
}

/// All bars that the run has figures for.
pub(crate) fn bars(results: &Results) -> Vec<Bar> {
    let mut bars = Vec::new();
    for key in CPU_BARS {
        let ratio = results.ratio(key, Target::PgBouncer, |f| f.cpu_us);
        bars.extend(at_most(&format!("{key}: CPU over PgBouncer's"), 1.0, ratio));
    }
    for key in LEVELS {
        let ratio = results.ratio(key, Target::Eventual, |f| f.cpu_us);
        let name = format!("{key}: CPU of session over eventual");
        bars.extend(at_most(&name, 1.03, ratio));
    }
    let ratio = results.ratio("rows", Target::PgBouncer, |f| f.cpu_us);
    bars.extend(at_most("rows: CPU per byte over PgBouncer's", 0.5, ratio));
    let ratio = results.ratio("rows", Target::Direct, |f| Some(f.per_second));
    bars.extend(ratio.map(|ratio| Bar {
        name: "rows: throughput over direct".to_owned(),
        limit: 0.9,
        value: ratio.median,
        is_met: 0.9 <= ratio.median,
    }));
    let theirs = results.spread("idle", Target::PgBouncer, |f| f.idle_kib);
    let ours = results.spread("idle", Target::Pgsluice, |f| f.idle_kib);
    if let Some(theirs) = theirs {
        let name = "idle: KiB per client, PgBouncer's + 2";
        bars.extend(at_most(name, theirs.median + 2.0, ours));
    }
    bars
}

fn at_most(name: &str, limit: f64, value: Option<Spread>) -> Option<Bar> {
    value.map(|value| Bar {
        name: name.to_owned(),
        limit,
        value: value.median,
        is_met: value.median <= limit,
    })
}

/// Writes `summary.json`.
pub(crate) fn write(results: &Results, context: &Context<'_>) -> Result<(), Fault> {
    let options = context.options;
    let cells: Map<_, _> = options
        .cells
        .iter()
        .map(|cell| (cell.key.to_owned(), cell_json(results, cell.key, options)))
        .collect();
    let ratios = |figure: fn(&Figures) -> Option<f64>| -> Map<String, Value> {
        let keys = options.cells.iter().map(|cell| cell.key);
        keys.filter_map(|key| {
            let ratio = results.ratio(key, Target::PgBouncer, figure)?;
            Some((key.to_owned(), json!(rounded(ratio.median))))
        })
        .collect()
    };
    let bars: Vec<_> = bars(results)
        .into_iter()
        .map(|bar| {
            json!({ "name": bar.name, "limit": rounded(bar.limit), "value": rounded(bar.value),
                    "met": bar.is_met })
        })
        .collect();
    let summary = json!({
        "is_valid": context.faults.is_empty(),
        "faults": context.faults,
        "machine": proc::machine(),
        "versions": context.versions.iter().cloned().collect::<BTreeMap<_, _>>(),
        "asked": options.asked,
        "settings": {
            "rounds": options.rounds,
            "window_seconds": options.window.as_secs(),
            "scale": options.scale,
            "pool_size": POOL_SIZE,
            "idle_clients": context.idle_clients,
        },
        "lasted_seconds": context.lasted.as_secs(),
        "reads": {
            "by_pgsluice": context.reads_expected,
            "counted_by_replicas": context.reads_on_replicas,
        },
        "cpu_ratio": ratios(|f| f.cpu_us),
        "tps_ratio": ratios(|f| Some(f.per_second)),
        "p99_ratio": ratios(|f| Some(f.p99_ms)),
        "memory_ratio": ratios(|f| f.idle_kib),
        "bars": bars,
        "cells": cells,
    });
    fs::create_dir_all(folder())?;
    let path = folder().join("summary.json");
    fs::write(&path, serde_json::to_string_pretty(&summary)? + "\n")?;
    println!("wrote {}", path.display());
    Ok(())
}

fn cell_json(results: &Results, key: &'static str, options: &Options) -> Value {
    let mut cell = Map::new();
    for target in &options.targets {
        let mut figures = Map::new();
        for (name, figure) in FIGURES {
            if let Some(spread) = results.spread(key, *target, figure) {
                let rounds: Vec<_> = results
                    .rounds(key, *target)
                    .iter()
                    .map(|f| figure(f).map(rounded))
                    .collect();
                let (median, least, most) = (spread.median, spread.least, spread.most);
                let value = json!({ "median": rounded(median), "min": rounded(least),
                                    "max": rounded(most), "rounds": rounds });
                figures.insert((*name).to_owned(), value);
            }
        }
        cell.insert(target.name().to_owned(), Value::Object(figures));
    }
    if let Some(ratio) = results.ratio(key, Target::PgBouncer, |f| f.cpu_us) {
        let (median, least, most) = (ratio.median, ratio.least, ratio.most);
        let value =
            json!({ "median": rounded(median), "min": rounded(least), "max": rounded(most) });
        cell.insert("cpu_ratio".to_owned(), value);
    }
    Value::Object(cell)
}

/// Four digits are more than the measurements hold.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// Where results go: `target/bench`.
pub(crate) fn folder() -> PathBuf {
    // The program is in target/release/deps.
    let here = std::env::current_exe().unwrap_or_default();
    let target = here.ancestors().nth(3).map(PathBuf::from);
    target
        .unwrap_or_else(|| PathBuf::from("target"))
        .join("bench")
}

type Figure = fn(&Figures) -> Option<f64>;

const FIGURES: &[(&str, Figure)] = &[
    ("per_second", |f| Some(f.per_second)),
    ("p50_ms", |f| Some(f.p50_ms)),
    ("p99_ms", |f| Some(f.p99_ms)),
    ("cpu_us", |f| f.cpu_us),
    ("idle_kib", |f| f.idle_kib),
    ("used_kib", |f| f.used_kib),
];

const CPU_BARS: &[&str] = &[
    "simple16",
    "extended16",
    "prepared16",
    "simple200",
    "extended200",
    "prepared200",
];
