//! Large results: one client reads 100,000 rows of a kilobyte each and drops them.

use std::time::Instant;

use crate::cells::Target;
use crate::fault::Fault;
use crate::fault::said;
use crate::figures::Figures;
use crate::figures::percentile;
use crate::proc;
use crate::rig::DATABASE;
use crate::rig::Rig;
use crate::wire::Client;

/// Reads one result to warm up, then several that count.
pub(crate) fn measure(rig: &Rig, target: Target) -> Result<Figures, Fault> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut client = Client::connect(rig.port(target), DATABASE)?;
    client.query(SQL, &mut buffer)?;
    let cpu_before = rig.pid(target).map(proc::cpu).transpose()?;
    let began = Instant::now();
    let mut latencies = Vec::new();
    let mut bytes = 0;
    for _ in 0..RESULTS {
        let asked = Instant::now();
        let tally = client.query(SQL, &mut buffer)?;
        if tally.rows != ROWS {
            return Err(said(format!("{} rows came, not {ROWS}", tally.rows)));
        }
        bytes += tally.bytes;
        latencies.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    let megabytes = bytes as f64 / 1e6;
    let per_second = megabytes / began.elapsed().as_secs_f64();
    let cpu = rig.pid(target).map(proc::cpu).transpose()?;
    latencies.sort_by(f64::total_cmp);
    Ok(Figures {
        transactions: RESULTS + 1,
        per_second,
        p50_ms: percentile(&latencies, 0.50),
        p99_ms: percentile(&latencies, 0.99),
        cpu_us: cpu
            .zip(cpu_before)
            .map(|(after, before)| (after - before).as_secs_f64() * 1e6 / megabytes),
        ..Figures::default()
    })
}

/// Made on the fly, so that neither disk nor cache is measured.
const SQL: &str = "select generate_series(1, 100000), repeat('x', 1000)";
const ROWS: u64 = 100_000;
const RESULTS: u64 = 8;
const BUFFER_BYTES: usize = 256 * 1024;
