//! What a replica is known to hold: samples of the primary's insert position, and the certificates
//! that follow from them.
//!
//! A sample is taken in this order: the local time, *then* the question to the primary. Whatever
//! any client was acknowledged before that time is at or below the position that the primary
//! answers. A replica that has replayed up to there holds it all: it is certified as of that time.

use std::collections::VecDeque;
use std::time::Instant;

use crate::topology::lsn::Lsn;

/// The primary's insert position at some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sample {
    asked_at: Instant,
    replayable: Lsn,
}

/// The samples of one primary on one timeline, the oldest first; both fields only grow.
///
/// Bounded: when it is full, every other sample of the older half goes. A replica far behind is
/// then certified in longer steps, never wrongly.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    ring: VecDeque<Sample>,
}

impl Samples {
    /// Adds a sample: the position, corrected for page headers, that the primary answered to a
    /// question sent after `asked_at`.
    ///
    /// A position below the last one means that the primary lost its newest log in a crash; what
    /// was sampled before then says nothing any more.
    pub fn push(&mut self, asked_at: Instant, replayable: Lsn) {
        if self.ring.back().is_some_and(|s| replayable < s.replayable) {
            self.ring.clear();
        }
        match self.ring.back_mut() {
            Some(last) if last.replayable == replayable => {
                last.asked_at = last.asked_at.max(asked_at);
                return;
            }
            Some(_) | None => (),
        }
        if SAMPLES_MAX <= self.ring.len() {
            self.thin();
        }
        self.ring.push_back(Sample {
            asked_at,
            replayable,
        });
    }

    /// The time as of which a replica that has replayed up to `replayed` holds everything.
    pub fn certify(&self, replayed: Lsn) -> Option<Instant> {
        let count = self.ring.partition_point(|s| s.replayable <= replayed);
        let newest = self.ring.get(count.checked_sub(1)?)?;
        Some(newest.asked_at)
    }

    /// When the newest sample was asked for.
    pub fn newest(&self) -> Option<Instant> {
        self.ring.back().map(|s| s.asked_at)
    }

    /// Forgets all: they were of another primary or timeline.
    pub fn clear(&mut self) {
        self.ring.clear();
    }

    fn thin(&mut self) {
        let mut index = 0;
        self.ring.retain(|_| {
            index += 1;
            SAMPLES_MAX / 2 < index || index % 2 == 0
        });
    }
}

/// Five seconds of samples at 10 ms before the first thinning.
const SAMPLES_MAX: usize = 512;

#[cfg(test)]
mod tests;
