//! The run: rounds of cells, each cell against all targets in turn.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::cells::Cell;
use crate::cells::Target;
use crate::cells::Work;
use crate::chart;
use crate::fault::Fault;
use crate::fault::said;
use crate::figures::Figures;
use crate::figures::Results;
use crate::idle;
use crate::options::Options;
use crate::pgbench;
use crate::reads;
use crate::rig::Rig;
use crate::rows;
use crate::summary;
use crate::summary::Context;
use crate::table;

/// Measures all that `options` ask for, prints and writes it; false when the run is void.
pub(crate) fn run(options: &Options, stop: &AtomicBool) -> Result<bool, Fault> {
    let began = Instant::now();
    let idle_clients = options.idle_clients.min(idle::allow_sockets()?);
    println!("bench: starting a primary, two replicas and the proxies");
    let mut rig = Rig::start(options, stop)?;
    // Roles, lag and catalogs are known by then.
    thread::sleep(Duration::from_secs(2));
    let mut bench = Bench {
        options,
        idle_clients,
        stop,
        results: Results::default(),
        reads: 0,
        faults: Vec::new(),
    };
    let before = reads::counts(&rig)?;
    for round in 0..options.rounds {
        for cell in &options.cells {
            bench.cell(&mut rig, cell, round)?;
        }
    }
    let on_replicas = match reads::check(&rig, &before, bench.reads) {
        Ok(seen) => seen,
        Err(fault) => {
            bench.faults.push(fault.to_string());
            reads::on_replicas(&before, &reads::counts(&rig)?)
        }
    };
    let context = Context {
        options,
        idle_clients,
        versions: rig.versions()?,
        reads_expected: bench.reads,
        reads_on_replicas: on_replicas,
        faults: bench.faults,
        lasted: began.elapsed(),
    };
    drop(rig);
    table::print(&bench.results, &context);
    let is_valid = context.faults.is_empty();
    summary::write(&bench.results, &context)?;
    chart::write(&bench.results, &context)?;
    Ok(is_valid)
}

struct Bench<'a> {
    options: &'a Options,
    idle_clients: usize,
    stop: &'a AtomicBool,
    results: Results,
    /// How many of pgsluice's transactions belong on replicas.
    reads: u64,
    faults: Vec<String>,
}

impl Bench<'_> {
    /// Measures one cell against all targets; each round begins with another target.
    fn cell(&mut self, rig: &mut Rig, cell: &Cell, round: usize) -> Result<(), Fault> {
        let count = self.options.targets.len();
        let in_turn = self.options.targets.iter().cycle().skip(round % count);
        for target in in_turn.take(count).filter(|target| cell.has(**target)) {
            if self.stop.load(Ordering::Relaxed) {
                return Err(said("stopped"));
            }
            match self.measure(rig, cell, *target) {
                Ok(figures) => {
                    table::print_one(round, cell.key, *target, &figures);
                    self.results.add(cell.key, *target, figures);
                }
                Err(fault) if self.stop.load(Ordering::Relaxed) => return Err(fault),
                Err(fault) => {
                    let round = round + 1;
                    println!("round {round} {} {target}: VOID: {fault}", cell.key);
                    self.faults
                        .push(format!("{} {target} round {round}: {fault}", cell.key));
                    // A round without one target's figure would pair the others wrongly.
                    self.results.add(cell.key, *target, VOID);
                }
            }
        }
        Ok(())
    }

    fn measure(&mut self, rig: &mut Rig, cell: &Cell, target: Target) -> Result<Figures, Fault> {
        match cell.work {
            Work::Pgbench(load) => {
                let before = reads::counts(rig)?;
                let figures = pgbench::measure(rig, target, &load, self.options.window, self.stop)?;
                if load.writes() {
                    rig.catch_up()?;
                } else {
                    self.count_reads(rig, target, &before, &figures)?;
                }
                Ok(figures)
            }
            Work::Rows => {
                let figures = rows::measure(rig, target)?;
                if target == Target::Pgsluice {
                    self.reads += figures.transactions;
                }
                Ok(figures)
            }
            Work::Idle => {
                rig.restart(target, self.stop)?;
                let figures = idle::measure(rig, target, self.idle_clients, self.stop)?;
                rig.restart(target, self.stop)?;
                Ok(figures)
            }
        }
    }

    /// Checks that most of a run's reads are in the replicas' counts at once; the rest is checked at
    /// the end of all, as a busy server reports once a second and an idle one after ten.
    fn count_reads(
        &mut self,
        rig: &Rig,
        target: Target,
        before: &[u64],
        figures: &Figures,
    ) -> Result<(), Fault> {
        if target != Target::Pgsluice {
            return Ok(());
        }
        self.reads += figures.transactions;
        let seen = reads::on_replicas(before, &reads::counts(rig)?);
        if seen < figures.transactions / 2 {
            return Err(said(format!(
                "{} reads, of which the replicas counted only {seen}",
                figures.transactions
            )));
        }
        Ok(())
    }
}

const VOID: Figures = Figures {
    transactions: 0,
    per_second: f64::NAN,
    p50_ms: f64::NAN,
    p99_ms: f64::NAN,
    cpu_us: None,
    idle_kib: None,
    used_kib: None,
};
