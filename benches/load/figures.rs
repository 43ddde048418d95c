//! What one measurement gives, and how several become one.

use std::collections::BTreeMap;

use crate::cells::Target;

/// What one measurement gave; what it does not measure is NaN or `None`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// How many transactions (or results) it ran in all, warm-up included.
    pub(crate) transactions: u64,
    /// Transactions per second; for `rows` megabytes per second.
    pub(crate) per_second: f64,
    /// Median latency.
    pub(crate) p50_ms: f64,
    /// 99th percentile of latency.
    pub(crate) p99_ms: f64,
    /// CPU microseconds of the proxy per transaction; for `rows` per megabyte; for `idle` per login.
    pub(crate) cpu_us: Option<f64>,
    /// KiB of the target per idle client.
    pub(crate) idle_kib: Option<f64>,
    /// The same five seconds after each client has run a query.
    pub(crate) used_kib: Option<f64>,
}

/// All measurements of a run: by cell and target, one per round.
#[derive(Debug, Default)]
pub(crate) struct Results {
    by_cell: BTreeMap<(&'static str, Target), Vec<Figures>>,
}

impl Results {
    /// Adds what a round gave.
    pub(crate) fn add(&mut self, cell: &'static str, target: Target, figures: Figures) {
        self.by_cell
            .entry((cell, target))
            .or_default()
            .push(figures);
    }

    /// What all rounds gave.
    pub(crate) fn rounds(&self, cell: &'static str, target: Target) -> &[Figures] {
        self.by_cell.get(&(cell, target)).map_or(&[], Vec::as_slice)
    }

    /// Median and spread of one figure; `None` where it was not measured.
    pub(crate) fn spread(
        &self,
        cell: &'static str,
        target: Target,
        figure: impl Fn(&Figures) -> Option<f64>,
    ) -> Option<Spread> {
        Spread::of(self.rounds(cell, target).iter().filter_map(figure))
    }

    /// Median and spread of pgsluice's figure over another target's, round by round.
    ///
    /// Rounds drift as the machine does; the two figures of one round drift together.
    pub(crate) fn ratio(
        &self,
        cell: &'static str,
        to: Target,
        figure: impl Fn(&Figures) -> Option<f64>,
    ) -> Option<Spread> {
        let ours = self.rounds(cell, Target::Pgsluice).iter();
        let theirs = self.rounds(cell, to).iter();
        Spread::of(
            ours.zip(theirs)
                .filter_map(|(a, b)| Some(figure(a)? / figure(b)?)),
        )
    }
}

/// A median with the least and the most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    /// The middle value, or the mean of the middle two.
    pub(crate) median: f64,
    /// The least value.
    pub(crate) least: f64,
    /// The greatest value.
    pub(crate) most: f64,
}

impl Spread {
    /// Of some values; those that are no numbers do not count.
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<_> = values.filter(|v| v.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let upper = *values.get(values.len() / 2)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(Self {
            median: f64::midpoint(lower, upper),
            least,
            most,
        })
    }
}

/// A percentile of sorted values, NaN of none.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let wanted = sorted.len() as f64 * share;
    sorted
        .iter()
        .zip(1_u32..)
        .find(|(_, rank)| wanted <= f64::from(*rank))
        .map_or(f64::NAN, |(value, _)| *value)
}
