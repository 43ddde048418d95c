//! What is measured, against what.

use std::fmt;

/// What clients connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// The primary itself.
    Direct,
    /// PgBouncer in front of the primary.
    PgBouncer,
    /// pgsluice in front of the primary and its replicas.
    Pgsluice,
    /// The same process, with `consistency = "eventual"`.
    Eventual,
}

impl Target {
    /// All of them.
    pub(crate) const ALL: &[Self] = &[
        Self::Direct,
        Self::PgBouncer,
        Self::Pgsluice,
        Self::Eventual,
    ];

    /// Its name in options, JSON and tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::PgBouncer => "pgbouncer",
            Self::Pgsluice => "pgsluice",
            Self::Eventual => "eventual",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One row of the benchmark.
#[derive(Debug)]
pub(crate) struct Cell {
    /// Its name in options, JSON and tables.
    pub(crate) key: &'static str,
    /// What clients do.
    pub(crate) work: Work,
    /// Whether `--quick` has it.
    pub(crate) quick: bool,
}

impl Cell {
    /// Whether a target is measured in it: consistency is compared where it may matter.
    pub(crate) fn has(&self, target: Target) -> bool {
        target != Target::Eventual || LEVELS.contains(&self.key)
    }
}

/// The cells in which `session` is held against `eventual`.
pub(crate) const LEVELS: &[&str] = &["simple16", "mixed16"];

/// What clients do in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// pgbench.
    Pgbench(Load),
    /// One client reads results of 100,000 rows and drops them.
    Rows,
    /// Clients log in and do nothing.
    Idle,
}

/// How pgbench runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// Which of its scripts.
    pub(crate) script: Script,
    /// `-M`: simple, extended or prepared.
    pub(crate) protocol: &'static str,
    /// How many clients.
    pub(crate) clients: usize,
}

impl Load {
    /// Whether it goes to the primary.
    pub(crate) fn writes(&self) -> bool {
        matches!(self.script, Script::TpcB | Script::Mixed)
    }
}

/// A script of pgbench's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// `-S`: one SELECT by primary key.
    SelectOnly,
    /// A transaction of seven statements that writes.
    TpcB,
    /// Nine times `SelectOnly`, once a transaction of five statements that writes.
    Mixed,
}

const fn select(key: &'static str, protocol: &'static str, clients: usize) -> Cell {
    Cell {
        key,
        work: Work::Pgbench(Load {
            script: Script::SelectOnly,
            protocol,
            clients,
        }),
        quick: clients == 16,
    }
}

/// All cells, in the order in which a round measures them.
pub(crate) const CELLS: &[Cell] = &[
    select("simple1", "simple", 1),
    select("simple16", "simple", 16),
    select("simple200", "simple", 200),
    select("extended1", "extended", 1),
    select("extended16", "extended", 16),
    select("extended200", "extended", 200),
    select("prepared1", "prepared", 1),
    select("prepared16", "prepared", 16),
    select("prepared200", "prepared", 200),
    Cell {
        key: "rows",
        work: Work::Rows,
        quick: false,
    },
    Cell {
        key: "tpcb16",
        work: Work::Pgbench(Load {
            script: Script::TpcB,
            protocol: "simple",
            clients: 16,
        }),
        quick: true,
    },
    Cell {
        key: "mixed16",
        work: Work::Pgbench(Load {
            script: Script::Mixed,
            protocol: "simple",
            clients: 16,
        }),
        quick: true,
    },
    Cell {
        key: "idle",
        work: Work::Idle,
        quick: false,
    },
];
