//! The figures as a picture: `target/bench/summary.svg`.

use std::fmt::Write;
use std::fs;

use crate::cells::Target;
use crate::cells::Work;
use crate::fault::Fault;
use crate::figures::Figures;
use crate::figures::Results;
use crate::summary::Context;
use crate::summary::folder;

/// Writes `summary.svg`.
pub(crate) fn write(results: &Results, context: &Context<'_>) -> Result<(), Fault> {
    let path = folder().join("summary.svg");
    fs::write(&path, draw(results, context))?;
    println!("wrote {}", path.display());
    Ok(())
}

/// A picture of all panels that there are figures for, in rows.
fn draw(results: &Results, context: &Context<'_>) -> String {
    let keys = |wanted: fn(&Work) -> bool| -> Vec<&'static str> {
        let cells = context.options.cells.iter();
        cells.filter(|c| wanted(&c.work)).map(|c| c.key).collect()
    };
    let pgbench = keys(|work| matches!(work, Work::Pgbench(load) if !load.writes()));
    let writes = keys(|work| matches!(work, Work::Pgbench(load) if load.writes()));
    let rows = keys(|work| matches!(work, Work::Rows));
    let idle = keys(|work| matches!(work, Work::Idle));
    let wide = [
        Panel::of(
            results,
            "SELECT by key: CPU of the proxy, µs per transaction",
            &pgbench,
            |f| f.cpu_us,
        ),
        Panel::of(
            results,
            "SELECT by key: transactions per second",
            &pgbench,
            |f| Some(f.per_second),
        ),
        Panel::of(
            results,
            "SELECT by key: 99th percentile of latency, ms",
            &pgbench,
            |f| Some(f.p99_ms),
        ),
    ];
    let narrow = [
        Panel::of(results, "TPC-B, CPU µs", &writes, |f| f.cpu_us),
        Panel::of(results, "TPC-B, per second", &writes, |f| {
            Some(f.per_second)
        }),
        Panel::of(results, "100 MB result, MB/s", &rows, |f| {
            Some(f.per_second)
        }),
        Panel::of(results, "100 MB result, CPU µs/MB", &rows, |f| f.cpu_us),
        Panel::of(results, "KiB per idle client", &idle, |f| f.idle_kib).without(Target::Direct),
    ];
    let wide: Vec<_> = wide.iter().filter(|p| !p.is_empty()).collect();
    let narrow: Vec<_> = narrow.iter().filter(|p| !p.is_empty()).collect();
    let mut body = String::new();
    let mut top = HEAD;
    for panel in wide {
        panel.draw(&mut body, MARGIN, top, WIDTH - 2.0 * MARGIN);
        top += PANEL_HEIGHT;
    }
    for (i, panel) in (0_u8..).zip(&narrow) {
        let width = (WIDTH - 2.0 * MARGIN) / narrow.len() as f64;
        panel.draw(&mut body, MARGIN + width * f64::from(i), top, width - 20.0);
    }
    if !narrow.is_empty() {
        top += PANEL_HEIGHT;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{top}\" \
         viewBox=\"0 0 {WIDTH} {top}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}{body}</svg>\n",
        head(context)
    )
}

fn head(context: &Context<'_>) -> String {
    let mut text = String::new();
    let versions: Vec<_> = context
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let void = if context.faults.is_empty() {
        ""
    } else {
        "VOID. "
    };
    let rounds = context.options.rounds;
    label(
        &mut text,
        MARGIN,
        26.0,
        "font-size=\"16\" font-weight=\"bold\"",
        "pgsluice with read/write splitting beside PgBouncer",
    );
    let line = format!(
        "{void}{}; medians of {rounds} interleaved rounds",
        versions.join(", ")
    );
    label(&mut text, MARGIN, 46.0, "fill=\"#555555\"", &line);
    let mut left = MARGIN;
    for target in &context.options.targets {
        let colour = colour(*target);
        let _ = writeln!(
            text,
            "<rect x=\"{left}\" y=\"58\" width=\"12\" height=\"12\" fill=\"{colour}\"/>"
        );
        label(&mut text, left + 18.0, 68.0, "", target.name());
        left += 110.0;
    }
    text
}

/// Bars in groups: a group for a cell, a bar for a target.
#[derive(Debug)]
struct Panel {
    title: &'static str,
    groups: Vec<(&'static str, Vec<(Target, f64)>)>,
}

impl Panel {
    fn of(
        results: &Results,
        title: &'static str,
        keys: &[&'static str],
        figure: fn(&Figures) -> Option<f64>,
    ) -> Self {
        let bars = |key| {
            let targets = Target::ALL.iter();
            targets
                .filter_map(|t| Some((*t, results.spread(key, *t, figure)?.median)))
                .collect::<Vec<_>>()
        };
        Self {
            title,
            groups: keys.iter().map(|key| (*key, bars(*key))).collect(),
        }
    }

    /// Leaves out a target that would make the others too small to see.
    fn without(mut self, target: Target) -> Self {
        for (_, bars) in &mut self.groups {
            bars.retain(|(t, _)| *t != target);
        }
        self
    }

    fn is_empty(&self) -> bool {
        self.groups.iter().all(|(_, bars)| bars.is_empty())
    }

    fn draw(&self, out: &mut String, left: f64, top: f64, width: f64) {
        let most = self
            .groups
            .iter()
            .flat_map(|(_, bars)| bars.iter().map(|(_, value)| *value))
            .fold(0.0, f64::max);
        let base = top + PANEL_HEIGHT - 40.0;
        let tallest = PANEL_HEIGHT - 90.0;
        label(out, left, top + 16.0, "font-weight=\"bold\"", self.title);
        let _ = writeln!(
            out,
            "<line x1=\"{left:.1}\" y1=\"{base:.1}\" x2=\"{:.1}\" y2=\"{base:.1}\" \
             stroke=\"#999999\"/>",
            left + width
        );
        let group_width = width / self.groups.len() as f64;
        for (i, (key, bars)) in (0_u8..).zip(&self.groups) {
            let from = left + group_width * f64::from(i);
            let bar_width = (group_width * 0.84 / bars.len() as f64).min(46.0);
            let indent = (group_width - bar_width * bars.len() as f64) / 2.0;
            for (j, (target, value)) in (0_u8..).zip(bars) {
                let height = value / most * tallest;
                let (x, y) = (from + indent + bar_width * f64::from(j), base - height);
                let inner = bar_width - 2.0;
                let colour = colour(*target);
                let _ = writeln!(
                    out,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{inner:.1}\" \
                     height=\"{height:.1}\" fill=\"{colour}\"/>"
                );
                let style = "text-anchor=\"middle\" font-size=\"9\" fill=\"#333333\"";
                label(out, x + inner / 2.0, y - 4.0, style, &short(*value));
            }
            let middle = from + group_width / 2.0;
            label(
                out,
                middle,
                base + 16.0,
                "text-anchor=\"middle\" font-size=\"11\"",
                key,
            );
        }
    }
}

fn label(out: &mut String, x: f64, y: f64, style: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(out, "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{text}</text>");
}

/// Three digits or so.
fn short(value: f64) -> String {
    if 10_000.0 <= value {
        format!("{:.1}k", value / 1_000.0)
    } else if 100.0 <= value {
        format!("{value:.0}")
    } else if 10.0 <= value {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn colour(target: Target) -> &'static str {
    match target {
        Target::Direct => "#a8b0b8",
        Target::PgBouncer => "#4a6fa5",
        Target::Pgsluice => "#e07a3f",
        Target::Eventual => "#f2b48f",
    }
}

const WIDTH: f64 = 1_100.0;
const MARGIN: f64 = 30.0;
const HEAD: f64 = 84.0;
const PANEL_HEIGHT: f64 = 220.0;
