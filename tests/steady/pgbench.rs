//! pgbench at a fixed rate, and what its log says.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

/// A load: how many transactions a second, by how many clients, for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) rate: u32,
    pub(crate) clients: u32,
    pub(crate) lasts: Duration,
}

/// Latencies in milliseconds, sorted: from when a transaction was due to its end.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    pub(crate) reads: Vec<f64>,
    pub(crate) writes: Vec<f64>,
}

/// Where clients connect.
#[derive(Debug)]
pub(crate) struct Door<'a> {
    pub(crate) port: u16,
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) database: &'a str,
}

/// Nine transactions of ten read one row; one of ten is `BEGIN`, an update, a read, an insert and
/// `END`.
///
/// `pgbench` is the program's command; it logs each transaction into `folder`.
pub(crate) fn run(mut pgbench: Command, door: &Door, load: Load, folder: &Path) -> Latencies {
    fs::create_dir_all(folder).expect("a folder for the log");
    pgbench
        .args(["--no-vacuum", "--protocol=prepared", "--log"])
        .args(["--builtin=select-only@9", "--builtin=simple-update@1"])
        .arg(format!("--log-prefix={}", folder.join("log").display()))
        .arg(format!("--rate={}", load.rate))
        .arg(format!("--client={}", load.clients))
        .arg(format!("--time={}", load.lasts.as_secs()))
        .args(["--jobs=2", "--host=127.0.0.1"])
        .arg(format!("--port={}", door.port))
        .arg(format!("--username={}", door.user))
        .arg(door.database)
        .env("PGPASSWORD", door.password)
        .current_dir(folder)
        .stdin(Stdio::null());
    let output = pgbench.output().expect("pgbench is installed");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("failed transactions: 0 "),
        "pgbench had errors:\n{said}\n{complaints}"
    );
    read_log(folder)
}

impl Latencies {
    /// All together, sorted.
    pub(crate) fn all(&self) -> Vec<f64> {
        let mut all = [self.reads.as_slice(), &self.writes].concat();
        all.sort_by(f64::total_cmp);
        all
    }

    fn add(&mut self, line: &str) {
        let fields: Vec<_> = line.split(' ').collect();
        // client, transaction, latency in µs, script, seconds, µs, lag behind the schedule in µs
        let [_, _, latency, script, ..] = fields.as_slice() else {
            return;
        };
        let latency = latency.parse::<f64>().expect("a time") / 1_000.0;
        match *script {
            "0" => self.reads.push(latency),
            _ => self.writes.push(latency),
        }
    }
}

/// The value below which a part of sorted values lies.
pub(crate) fn percentile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index between 0 and `last`"
    )]
    let index = (last as f64 * part).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

fn read_log(folder: &Path) -> Latencies {
    let mut latencies = Latencies::default();
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it is there").path();
        for line in fs::read_to_string(path).expect("a log").lines() {
            latencies.add(line);
        }
    }
    latencies.reads.sort_by(f64::total_cmp);
    latencies.writes.sort_by(f64::total_cmp);
    latencies
}

#[test]
fn percentiles_are_of_the_values_that_were_seen() {
    let values: Vec<f64> = (0..=100).map(f64::from).collect();
    let check = |part, expected: f64| {
        let found = percentile(&values, part);
        assert!((found - expected).abs() < 0.01, "{part}: {found}");
    };
    check(0.0, 0.0);
    check(0.5, 50.0);
    check(0.99, 99.0);
    check(1.0, 100.0);
    assert!(percentile(&[], 0.5).is_nan());
}
