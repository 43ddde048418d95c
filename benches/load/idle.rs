//! Idle clients: what each costs in memory, and what a login costs in CPU.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use nix::sys::resource::Resource;
use nix::sys::resource::getrlimit;
use nix::sys::resource::setrlimit;

use crate::cells::Target;
use crate::fault::Fault;
use crate::fault::said;
use crate::figures::Figures;
use crate::proc;
use crate::rig::DATABASE;
use crate::rig::Rig;
use crate::wire::Client;

/// Logs `count` clients in, one after the other, and weighs the target before and after.
pub(crate) fn measure(
    rig: &Rig,
    target: Target,
    count: usize,
    stop: &AtomicBool,
) -> Result<Figures, Fault> {
    // A server of PostgreSQL's own is a process, and their number is limited.
    let count = match target {
        Target::Direct => count.min(DIRECT_MAX),
        Target::PgBouncer | Target::Pgsluice | Target::Eventual => count,
    };
    let port = rig.port(target);
    let mut clients = Vec::with_capacity(count + WARM_UP);
    let log_in = |clients: &mut Vec<Client>, count| {
        for _ in 0..count {
            if stop.load(Ordering::Relaxed) {
                return Err(said("stopped"));
            }
            clients.push(Client::connect(port, DATABASE)?);
        }
        Ok(())
    };
    log_in(&mut clients, WARM_UP)?;
    query_all(&mut clients)?;
    thread::sleep(SETTLE);
    let empty = weigh(rig, target)?;
    let cpu_before = rig.pid(target).map(proc::cpu).transpose()?;
    log_in(&mut clients, count)?;
    let cpu = rig.pid(target).map(proc::cpu).transpose()?;
    thread::sleep(SETTLE);
    let idle = weigh(rig, target)?;
    query_all(&mut clients)?;
    thread::sleep(REST);
    let used = weigh(rig, target)?;
    let each = |kib: f64| Some((kib - empty) / count as f64);
    Ok(Figures {
        transactions: u64::try_from(clients.len() + WARM_UP).unwrap_or(u64::MAX),
        per_second: f64::NAN,
        p50_ms: f64::NAN,
        p99_ms: f64::NAN,
        cpu_us: cpu
            .zip(cpu_before)
            .map(|(after, before)| (after - before).as_secs_f64() * 1e6 / count as f64),
        idle_kib: each(idle),
        used_kib: each(used),
    })
}

fn query_all(clients: &mut [Client]) -> Result<(), Fault> {
    let mut buffer = vec![0; 4_096];
    for client in clients {
        client.query("select 1", &mut buffer)?;
    }
    Ok(())
}

/// Memory of the target in KiB.
fn weigh(rig: &Rig, target: Target) -> Result<f64, Fault> {
    let pids = match rig.pid(target) {
        Some(pid) => vec![pid],
        None => rig.servers(),
    };
    let mut sum = 0.0;
    for pid in pids {
        sum += proc::memory_kib(pid)? as f64;
    }
    Ok(sum)
}

/// Lets this process, and those it starts, have as many sockets as the system allows; returns for
/// how many clients that is enough.
pub(crate) fn allow_sockets() -> Result<usize, Fault> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(usize::try_from(hard)
        .unwrap_or(usize::MAX)
        .saturating_sub(500))
}

const DIRECT_MAX: usize = 100;
const WARM_UP: usize = 20;
const SETTLE: Duration = Duration::from_millis(1_500);
/// Buffers may be kept a while for the next query.
const REST: Duration = Duration::from_secs(5);
