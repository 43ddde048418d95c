//! The command line of the benchmark.

use std::env;
use std::time::Duration;

use crate::cells::CELLS;
use crate::cells::Cell;
use crate::cells::Target;
use crate::fault::Fault;
use crate::fault::said;

/// What to measure, and for how long.
#[derive(Debug)]
pub(crate) struct Options {
    /// The cells, in the order of [`CELLS`].
    pub(crate) cells: Vec<&'static Cell>,
    /// What is measured.
    pub(crate) targets: Vec<Target>,
    /// How often each cell is measured.
    pub(crate) rounds: usize,
    /// How long one pgbench run is measured, after a second to warm up.
    pub(crate) window: Duration,
    /// How many clients idle.
    pub(crate) idle_clients: usize,
    /// pgbench's scale factor: 100,000 accounts each.
    pub(crate) scale: u32,
    /// The line this run was asked for with, for the summary.
    pub(crate) asked: String,
}

impl Options {
    /// Reads them from this process's arguments.
    pub(crate) fn from_arguments() -> Result<Self, Fault> {
        let given: Vec<_> = env::args()
            .skip(1)
            .filter(|argument| argument != "--bench")
            .collect();
        Self::parse(&given)
    }

    fn parse(given: &[String]) -> Result<Self, Fault> {
        let quick = given.iter().any(|argument| argument == "--quick");
        let mut options = Self {
            cells: CELLS.iter().filter(|cell| !quick || cell.quick).collect(),
            targets: Target::ALL.to_vec(),
            rounds: 3,
            window: Duration::from_secs(if quick { 6 } else { 5 }),
            idle_clients: 5_000,
            scale: 10,
            asked: given.join(" "),
        };
        for argument in given.iter().filter(|argument| *argument != "--quick") {
            let Some((name, value)) = argument.split_once('=') else {
                return Err(said(format!("unknown argument {argument}; {USAGE}")));
            };
            options.set(name, value)?;
        }
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        match name {
            "--rounds" => self.rounds = value.parse::<usize>()?.max(1),
            "--seconds" => self.window = Duration::from_secs(value.parse::<u64>()?.max(1)),
            "--idle-clients" => self.idle_clients = value.parse()?,
            "--scale" => self.scale = value.parse::<u32>()?.max(1),
            "--cells" => self.cells = pick(CELLS.iter(), value, |cell| cell.key)?,
            "--targets" => {
                self.targets = pick(Target::ALL.iter(), value, |target| target.name())?
                    .into_iter()
                    .copied()
                    .collect();
            }
            _ => return Err(said(format!("unknown argument {name}; {USAGE}"))),
        }
        Ok(())
    }
}

/// Those whose names are in a list with commas.
fn pick<T>(
    all: impl Iterator<Item = &'static T>,
    wanted: &str,
    name: impl Fn(&T) -> &'static str,
) -> Result<Vec<&'static T>, Fault> {
    let all: Vec<_> = all.collect();
    let words: Vec<_> = wanted.split(',').collect();
    if let Some(word) = words.iter().find(|w| !all.iter().any(|t| name(t) == **w)) {
        let names: Vec<_> = all.iter().map(|t| name(t)).collect();
        return Err(said(format!(
            "{word} is none of {names}",
            names = names.join(", ")
        )));
    }
    Ok(all
        .into_iter()
        .filter(|t| words.contains(&name(t)))
        .collect())
}

const USAGE: &str = "known are --quick, --rounds=N, --seconds=N, --cells=a,b, --targets=a,b, \
                     --idle-clients=N and --scale=N";
