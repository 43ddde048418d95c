//! How many of a line are let go, and when: a new primary does not get them all at once, and one
//! that gives no server is tried once in a while.

use std::time::Duration;
use std::time::Instant;

use crate::ids::NodeId;
use crate::topology::identity::Timeline;

/// A primary and its history, if nodes are asked for that.
type Primary = (NodeId, Option<Timeline>);

/// The pace of a line. Time is an argument.
#[derive(Debug, Default)]
pub(super) struct Ramp {
    /// Who is gone to, and since when.
    began: Option<(Primary, Instant)>,
    /// How many were let go since.
    gone: u64,
    /// Nobody goes before this.
    not_before: Option<Instant>,
    /// How often in a row no server could be had.
    failures: u32,
}

impl Ramp {
    /// The line was empty: what was let go before is long served.
    pub(super) fn begin(&mut self) {
        self.began = None;
        self.gone = 0;
    }

    /// When the first of the line may go to this primary; it does so if that is `now` or earlier.
    /// `None` while there is none.
    pub(super) fn next(&mut self, primary: Option<Primary>, now: Instant) -> Option<Instant> {
        let Some(primary) = primary else {
            self.begin();
            return None;
        };
        if self.began.is_none_or(|(before, _)| before != primary) {
            self.began = Some((primary, now));
            self.gone = 0;
        }
        let (_, began) = self.began?;
        if let Some(not_before) = self.not_before.filter(|at| now < *at) {
            return Some(not_before);
        }
        let since = began.max(self.not_before.unwrap_or(began));
        let at = since + STEP * steps(self.gone);
        if at <= now {
            self.gone += 1;
        }
        Some(at)
    }

    /// One who was let go got its server.
    pub(super) fn on_served(&mut self) {
        self.failures = 0;
    }

    /// One who was let go did not: the ramp begins anew a little later.
    pub(super) fn on_failed(&mut self, now: Instant) {
        // Many may tell of one failure.
        if self.not_before.is_some_and(|at| now < at) {
            return;
        }
        let pause = PAUSE_MIN * 2_u32.saturating_pow(self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(now + pause.min(PAUSE_MAX));
        self.gone = 0;
    }
}

/// After how many steps the next may go when `gone` have gone: the first step lets `FIRST` go, and
/// each one twice as many as the one before.
fn steps(gone: u64) -> u32 {
    (gone / FIRST + 1).ilog2()
}

/// How many may go at once.
const FIRST: u64 = 8;

/// After how long twice as many may go.
const STEP: Duration = Duration::from_millis(10);

/// How long a primary that gave no server is left alone, at first and at the most.
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(640);

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Primary = (NodeId(0), Some(Timeline(1)));
    const NEW: Primary = (NodeId(1), Some(Timeline(2)));

    /// How many go to `primary` when they are let go at these milliseconds.
    fn gone(ramp: &mut Ramp, primary: Primary, start: Instant, at_ms: &[u64]) -> Vec<u32> {
        let one = |ms: &u64| {
            let now = start + Duration::from_millis(*ms);
            let mut count = 0;
            while ramp.next(Some(primary), now).is_some_and(|at| at <= now) {
                count += 1;
            }
            count
        };
        at_ms.iter().map(one).collect()
    }

    #[test]
    fn a_new_primary_gets_more_and_more() {
        let start = tokio::time::Instant::now().into_std();
        let mut ramp = Ramp::default();
        assert_eq!(ramp.next(None, start), None);
        let counts = gone(&mut ramp, NEW, start, &[0, 0, 9, 10, 20, 30, 31, 100]);
        assert_eq!(counts, [8, 0, 0, 16, 32, 64, 0, 16256]);
    }

    #[test]
    fn another_primary_starts_the_ramp_again() {
        let start = tokio::time::Instant::now().into_std();
        let mut ramp = Ramp::default();
        assert_eq!(gone(&mut ramp, OLD, start, &[0, 50]), [8, 8 * 62]);
        assert_eq!(gone(&mut ramp, NEW, start, &[51, 61]), [8, 16]);
        assert_eq!(ramp.next(None, start), None);
        assert_eq!(gone(&mut ramp, NEW, start, &[80]), [8]);
    }

    #[test]
    fn one_that_gives_no_server_is_tried_once_in_a_while() {
        let start = tokio::time::Instant::now().into_std();
        let at = |ms| start + Duration::from_millis(ms);
        let mut ramp = Ramp::default();
        assert_eq!(gone(&mut ramp, NEW, start, &[0]), [8]);
        ramp.on_failed(at(1));
        // The others that were let go with it.
        ramp.on_failed(at(2));
        assert_eq!(ramp.next(Some(NEW), at(3)), Some(at(21)));
        assert_eq!(
            gone(&mut ramp, NEW, start, &[20, 21, 22, 31]),
            [0, 8, 0, 16]
        );
        for (failed, next) in [(40, 80), (100, 180), (200, 360), (400, 720), (800, 1440)] {
            ramp.on_failed(at(failed));
            assert_eq!(ramp.next(Some(NEW), at(failed)), Some(at(next)), "{failed}");
        }
        ramp.on_failed(at(2000));
        assert_eq!(ramp.next(Some(NEW), at(2000)), Some(at(2640)));
        ramp.on_served();
        ramp.on_failed(at(3000));
        assert_eq!(ramp.next(Some(NEW), at(3000)), Some(at(3020)));
    }
}
