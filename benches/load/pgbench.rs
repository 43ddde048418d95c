//! One run of pgbench, with the proxy's CPU clock read in step with pgbench's own progress.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;
use std::process::Child;
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use crate::cells::Load;
use crate::cells::Script;
use crate::cells::Target;
use crate::fault::Fault;
use crate::fault::said;
use crate::figures::Figures;
use crate::figures::percentile;
use crate::proc;
use crate::rig::Rig;

/// Runs pgbench for a second to warm up, then for `window`, which is what counts.
pub(crate) fn measure(
    rig: &Rig,
    target: Target,
    load: &Load,
    window: Duration,
    stop: &AtomicBool,
) -> Result<Figures, Fault> {
    let logs = rig.folder().join("bench-log");
    fs::create_dir_all(&logs)?;
    let mut pgbench = start(rig, target, load, window, &logs)?;
    let watched = watch(&mut pgbench, rig.pid(target), window, stop);
    if watched.is_err() {
        let _ = pgbench.kill();
    }
    let mut said_last = String::new();
    if let Some(mut out) = pgbench.stdout.take() {
        out.read_to_string(&mut said_last)?;
    }
    let status = pgbench.wait()?;
    let watched = watched?;
    check(&said_last, &watched.complaints, status.success())?;
    let latencies = read_logs(&logs, &watched)?;
    fs::remove_dir_all(&logs)?;
    Ok(Figures {
        transactions: whole_number(&said_last, "number of transactions actually processed: ")?,
        per_second: watched.transactions / watched.lasted.as_secs_f64(),
        p50_ms: percentile(&latencies, 0.50),
        p99_ms: percentile(&latencies, 0.99),
        cpu_us: watched
            .cpu
            .map(|cpu| cpu.as_secs_f64() * 1e6 / watched.transactions),
        ..Figures::default()
    })
}

fn start(
    rig: &Rig,
    target: Target,
    load: &Load,
    window: Duration,
    logs: &Path,
) -> Result<Child, Fault> {
    let protocol = load.protocol;
    let mut pgbench = rig.program("pgbench");
    pgbench
        .args(["--no-vacuum", "--host=127.0.0.1", "--username=postgres"])
        .arg(format!("--port={}", rig.port(target)))
        .arg(format!("--protocol={protocol}"))
        .arg(format!("--client={}", load.clients))
        .arg(format!("--jobs={}", load.clients.min(2)))
        // The window is between progress reports, one a second; the first ends the warm-up.
        .arg(format!("--time={}", window.as_secs() + 2))
        .args(["--progress=1", "--log"])
        .arg(format!("--sampling-rate={SAMPLING_RATE}"))
        .arg(format!("--log-prefix={}", logs.join("log").display()))
        .args(match load.script {
            Script::SelectOnly => &["--builtin=select-only"][..],
            Script::TpcB => &["--builtin=tpcb-like"],
            Script::Mixed => &["--builtin=select-only@9", "--builtin=simple-update@1"],
        })
        .arg(rig.database(target, protocol))
        .current_dir(logs)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(pgbench.spawn()?)
}

/// What was seen while pgbench ran.
#[derive(Debug)]
struct Watched {
    began: Duration,
    ended: Duration,
    lasted: Duration,
    transactions: f64,
    cpu: Option<Duration>,
    complaints: Vec<String>,
}

/// Reads pgbench's progress to its end.
fn watch(
    pgbench: &mut Child,
    proxy: Option<u32>,
    window: Duration,
    stop: &AtomicBool,
) -> Result<Watched, Fault> {
    let errors = pgbench.stderr.take();
    let lines = BufReader::new(errors.ok_or_else(|| said("pgbench has no stderr"))?).lines();
    let mut complaints = Vec::new();
    let mut transactions = 0.0;
    let mut first: Option<Mark> = None;
    let mut last: Option<Mark> = None;
    for line in lines {
        let line = line?;
        if stop.load(Ordering::Relaxed) {
            return Err(said("stopped"));
        }
        let Some(rate) = rate(&line) else {
            if !line.starts_with("pgbench (") {
                complaints.push(line);
            }
            continue;
        };
        let now = Mark::now(proxy)?;
        let Some(began) = &first else {
            first = Some(now);
            continue;
        };
        if began.at.elapsed() <= window + Duration::from_millis(500) {
            let before = last.as_ref().unwrap_or(began);
            transactions += rate * (now.at - before.at).as_secs_f64();
            last = Some(now);
        }
    }
    match (first, last) {
        (Some(first), Some(last)) => Ok(Watched {
            began: first.clock,
            ended: last.clock,
            lasted: last.at - first.at,
            transactions,
            cpu: last.cpu.zip(first.cpu).map(|(last, first)| last - first),
            complaints,
        }),
        _ => Err(said(format!(
            "pgbench made no progress: {}",
            complaints.join("; ")
        ))),
    }
}

/// A moment by all the clocks that matter.
#[derive(Debug)]
struct Mark {
    at: Instant,
    clock: Duration,
    cpu: Option<Duration>,
}

impl Mark {
    fn now(proxy: Option<u32>) -> Result<Self, Fault> {
        Ok(Self {
            cpu: proxy.map(proc::cpu).transpose()?,
            at: Instant::now(),
            clock: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        })
    }
}

/// The rate in `progress: 1.0 s, 11965.0 tps, lat 1.332 ms stddev 0.912, 0 failed`.
fn rate(line: &str) -> Option<f64> {
    let (_, rest) = line.strip_prefix("progress: ")?.split_once(" s, ")?;
    rest.split_once(" tps")?.0.parse().ok()
}

fn check(said_last: &str, complaints: &[String], is_success: bool) -> Result<(), Fault> {
    let failed = whole_number(said_last, "number of failed transactions: ").unwrap_or(0);
    if is_success && complaints.is_empty() && failed == 0 {
        return Ok(());
    }
    let few: Vec<_> = complaints.iter().take(5).map(String::as_str).collect();
    Err(said(format!(
        "pgbench had errors ({failed} failed transactions): {}",
        few.join("; ")
    )))
}

fn whole_number(text: &str, before: &str) -> Result<u64, Fault> {
    let rest = text
        .lines()
        .find_map(|line| line.strip_prefix(before))
        .ok_or_else(|| said(format!("pgbench did not print `{before}`")))?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Ok(digits.parse()?)
}

/// Latencies in milliseconds of the transactions that ended in the window, sorted.
///
/// A line is `client transaction latency_us script epoch_s epoch_us`.
fn read_logs(logs: &Path, watched: &Watched) -> Result<Vec<f64>, Fault> {
    let mut latencies = Vec::new();
    for entry in fs::read_dir(logs)? {
        let text = fs::read_to_string(entry?.path())?;
        for line in text.lines() {
            let fields: Vec<_> = line.split(' ').collect();
            let [_, _, latency, _, seconds, micros, ..] = fields.as_slice() else {
                continue;
            };
            let ended = Duration::new(seconds.parse()?, micros.parse::<u32>()? * 1_000);
            if watched.began <= ended && ended <= watched.ended {
                latencies.push(latency.parse::<f64>()? / 1_000.0);
            }
        }
    }
    latencies.sort_by(f64::total_cmp);
    Ok(latencies)
}

/// Enough for a 99th percentile, few enough not to cost pgbench anything that shows.
const SAMPLING_RATE: f64 = 0.2;
