//! What was done when a period of statistics began, so that SHOW STATS can tell means.
//!
//! As in PgBouncer, means are over the period at hand and the one before it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use crate::log;
use crate::metrics::figures::Figures;
use crate::registry::Registry;
use crate::registry::desk::clock;

/// What was done for each database, by a moment.
type All = BTreeMap<Arc<str>, Figures>;

/// The figures at the beginning of two periods.
#[derive(Debug)]
pub struct Periods {
    begun: Mutex<Begun>,
}

#[derive(Debug)]
struct Begun {
    /// The period before the one at hand.
    before: (Instant, All),
    /// The one at hand.
    now: (Instant, All),
}

/// What was done in a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Lately {
    /// For how long that is.
    pub time: Duration,
    /// By database.
    pub figures: BTreeMap<Arc<str>, Figures>,
}

impl Periods {
    /// The first begins at `now`.
    pub fn new(now: Instant) -> Self {
        let begun = Begun {
            before: (now, All::new()),
            now: (now, All::new()),
        };
        Self {
            begun: Mutex::new(begun),
        }
    }

    /// Whether the period at hand, of this length, is over.
    pub fn is_over(&self, period: Duration, now: Instant) -> bool {
        period <= now.saturating_duration_since(self.begun().now.0)
    }

    /// Begins another period: the figures are these. What was done in the one that ends.
    pub fn begin(&self, figures: All, now: Instant) -> Lately {
        let mut begun = self.begun();
        let ended = Lately::since(&begun.now, &figures, now);
        let next = (now, figures);
        begun.before = std::mem::replace(&mut begun.now, next);
        ended
    }

    /// What was done lately, when the figures are these.
    pub fn lately(&self, figures: &All, now: Instant) -> Lately {
        Lately::since(&self.begun().before, figures, now)
    }

    fn begun(&self) -> MutexGuard<'_, Begun> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lately {
    fn since((since, before): &(Instant, All), figures: &All, now: Instant) -> Self {
        let none = Figures::default();
        let each = |(database, figures): (&Arc<str>, &Figures)| {
            let added = figures.since(before.get(database).unwrap_or(&none));
            (Arc::clone(database), added)
        };
        Self {
            time: now.saturating_duration_since(*since),
            figures: figures.iter().map(each).collect(),
        }
    }

    /// Of all databases.
    pub fn sum(&self) -> Figures {
        let mut sum = Figures::default();
        self.figures.values().for_each(|figures| sum += *figures);
        sum
    }
}

impl Registry {
    /// Begins another period if one is over, and logs what was done in it. To be called each
    /// second or so.
    pub fn tick(&self) {
        let now = clock();
        let period = self.state().config.log.stats.period;
        if !self.records.periods.is_over(period, now) {
            return;
        }
        let figures = self.records.roster.figures();
        let lately = self.records.periods.begin(figures, now);
        let means = lately.sum().means(lately.time);
        tracing::info!(
            target: log::STATS,
            xacts = means.transactions,
            queries = means.queries,
            client_parses = means.client_parses,
            server_parses = means.server_parses,
            binds = means.binds,
            received = means.received,
            sent = means.sent,
            xact_us = means.transaction_ns / 1_000,
            query_us = means.query_ns / 1_000,
            wait_us = means.wait_ns / 1_000,
            "stats"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(queries: u64) -> All {
        let figures = Figures {
            queries,
            ..Figures::default()
        };
        [(Arc::from("a"), figures)].into()
    }

    #[test]
    fn means_reach_back_to_the_beginning_of_the_period_before() {
        let start = clock();
        let at = |seconds| start + Duration::from_secs(seconds);
        let period = Duration::from_secs(10);
        let periods = Periods::new(start);
        let check = |second, queries, expected: (u64, u64)| {
            let lately = periods.lately(&all(queries), at(second));
            let found = lately.figures.get("a").map(|f| f.queries);
            assert_eq!(
                (Some(expected.0), expected.1),
                (found, lately.time.as_secs())
            );
        };
        check(5, 3, (3, 5));
        assert!(!periods.is_over(period, at(9)));
        assert!(periods.is_over(period, at(10)));
        periods.begin(all(4), at(10));
        check(15, 6, (6, 15));
        periods.begin(all(7), at(20));
        check(21, 9, (5, 11));
        periods.begin(all(10), at(30));
        check(30, 10, (3, 10));
    }
}
