//! The figures on the terminal.

use crate::cells::Target;
use crate::figures::Figures;
use crate::figures::Results;
use crate::figures::Spread;
use crate::summary;
use crate::summary::Context;

/// Prints one measurement as it comes.
pub(crate) fn print_one(round: usize, key: &str, target: Target, figures: &Figures) {
    let round = round + 1;
    let mut line = format!("round {round} {key:<12} {target:<10}");
    let mut add = |name: &str, value: Option<f64>, digits: usize| {
        if let Some(value) = value.filter(|v| v.is_finite()) {
            line.push_str(&format!("  {name} {value:.digits$}"));
        }
    };
    add("per second", Some(figures.per_second), 0);
    add("p50 ms", Some(figures.p50_ms), 2);
    add("p99 ms", Some(figures.p99_ms), 2);
    add("cpu us", figures.cpu_us, 1);
    add("idle KiB", figures.idle_kib, 2);
    add("used KiB", figures.used_kib, 2);
    println!("{line}");
}

/// Prints medians, spreads, ratios and bars.
pub(crate) fn print(results: &Results, context: &Context<'_>) {
    println!();
    println!(
        "Medians of {} rounds; in parentheses the spread in percent.",
        context.options.rounds
    );
    println!();
    println!(
        "| cell | target | tps | p50 ms | p99 ms | CPU µs/transaction | CPU over PgBouncer's |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|");
    for cell in &context.options.cells {
        for target in context.options.targets.iter().filter(|t| cell.has(**t)) {
            print_row(results, cell.key, *target);
        }
    }
    println!();
    println!("rows: megabytes per second, CPU per megabyte. idle: CPU per login.");
    print_idle(results, context);
    println!(
        "pgsluice's reads: {}; transactions counted by the replicas: {}",
        context.reads_expected, context.reads_on_replicas
    );
    println!();
    for bar in summary::bars(results) {
        let word = if bar.is_met { "met   " } else { "MISSED" };
        println!(
            "{word} {}: {:.3} (bar {:.3})",
            bar.name, bar.value, bar.limit
        );
    }
    for fault in &context.faults {
        println!("VOID: {fault}");
    }
}

fn print_row(results: &Results, key: &'static str, target: Target) {
    let text = |figure: fn(&Figures) -> Option<f64>, digits| {
        with_spread(results.spread(key, target, figure), digits)
    };
    let ratio = match target {
        Target::Pgsluice => results.ratio(key, Target::PgBouncer, |f| f.cpu_us),
        Target::Direct | Target::PgBouncer | Target::Eventual => None,
    };
    println!(
        "| {key} | {target} | {} | {} | {} | {} | {} |",
        text(|f| Some(f.per_second), 0),
        text(|f| Some(f.p50_ms), 2),
        text(|f| Some(f.p99_ms), 2),
        text(|f| f.cpu_us, 1),
        ratio.map_or_else(
            || "–".to_owned(),
            |r| { format!("{:.2} ({:.2}–{:.2})", r.median, r.least, r.most) }
        ),
    );
}

fn print_idle(results: &Results, context: &Context<'_>) {
    for target in &context.options.targets {
        let idle = results.spread("idle", *target, |f| f.idle_kib);
        let used = results.spread("idle", *target, |f| f.used_kib);
        if let Some((idle, used)) = idle.zip(used) {
            let (count, idle, used) = (context.idle_clients, idle.median, used.median);
            println!(
                "{target}: {idle:.2} KiB per client logged in, {used:.2} five seconds after a query \
                 ({count} clients; 100 for direct)"
            );
        }
    }
}

fn with_spread(spread: Option<Spread>, digits: usize) -> String {
    let Some(spread) = spread else {
        return "–".to_owned();
    };
    let percent = (spread.most - spread.least) / spread.median * 100.0;
    format!("{:.digits$} ({percent:.0})", spread.median)
}
