//! What happened to each statement, and what must hold of it.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;
use std::time::Instant;

/// A statement, from its sending to its end.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) what: What,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    pub(crate) outcome: Outcome,
}

/// What a statement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Wrote a key that no other statement writes.
    Write { key: i64 },
    /// Read the key that its session had just written; fails if it is not there.
    ReadOfOwn,
    /// Read what was there before all writes.
    Read,
}

/// How it ended, by what its client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Well.
    Done,
    /// With an error that says that it had no effect.
    Refused(String),
    /// Nobody knows.
    Unknown(String),
}

/// What the keys in the table say of the writes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) acknowledged: usize,
    /// Acknowledged and not there.
    pub(crate) lost: Vec<i64>,
    /// There more than once.
    pub(crate) twice: Vec<i64>,
    /// Refused and there all the same.
    pub(crate) refused_and_there: Vec<i64>,
    pub(crate) unknown: usize,
    pub(crate) unknown_and_there: usize,
    pub(crate) refused: usize,
}

impl Verdict {
    /// Judges the writes among `events` by the keys that are in the table at the end.
    pub(crate) fn of(events: &[Event], keys: &[i64]) -> Self {
        let mut counts: HashMap<i64, usize> = HashMap::new();
        for key in keys {
            *counts.entry(*key).or_default() += 1;
        }
        let mut verdict = Self::default();
        for event in events {
            let What::Write { key } = event.what else {
                continue;
            };
            let count = counts.get(&key).copied().unwrap_or(0);
            if 1 < count {
                verdict.twice.push(key);
            }
            match event.outcome {
                Outcome::Done => {
                    verdict.acknowledged += 1;
                    verdict.lost.extend((count == 0).then_some(key));
                }
                Outcome::Refused(_) => {
                    verdict.refused += 1;
                    verdict.refused_and_there.extend((0 < count).then_some(key));
                }
                Outcome::Unknown(_) => {
                    verdict.unknown += 1;
                    verdict.unknown_and_there += usize::from(0 < count);
                }
            }
        }
        verdict
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} writes acknowledged, {} lost, {} twice; {} of unknown outcome, of which {} are \
             there; {} refused, of which {} are there",
            self.acknowledged,
            self.lost.len(),
            self.twice.len(),
            self.unknown,
            self.unknown_and_there,
            self.refused,
            self.refused_and_there.len(),
        )
    }
}

/// The longest time in a window in which nothing of a kind ended well.
pub(crate) fn longest_stall(
    events: &[Event],
    window: [Instant; 2],
    is_counted: impl Fn(What) -> bool,
) -> Duration {
    let done = events
        .iter()
        .filter(|e| is_counted(e.what) && e.outcome == Outcome::Done && window[0] <= e.ended);
    let mut ends: Vec<_> = done.map(|e| e.ended.min(window[1])).collect();
    ends.sort();
    let mut last = window[0];
    let mut longest = Duration::ZERO;
    for end in ends.into_iter().chain([window[1]]) {
        longest = longest.max(end - last);
        last = end;
    }
    longest
}

/// How statements of a kind that began in a window failed, each way with its number.
pub(crate) fn failures(
    events: &[Event],
    window: [Instant; 2],
    is_counted: impl Fn(What) -> bool,
) -> HashMap<String, usize> {
    let mut failures = HashMap::new();
    for event in events {
        let is_within = window[0] <= event.ended && event.began <= window[1];
        match &event.outcome {
            Outcome::Refused(words) | Outcome::Unknown(words)
                if is_within && is_counted(event.what) =>
            {
                *failures.entry(words.clone()).or_default() += 1;
            }
            Outcome::Refused(_) | Outcome::Unknown(_) | Outcome::Done => (),
        }
    }
    failures
}

#[test]
fn the_verdict_finds_what_is_lost_twice_or_there_against_its_word() {
    let at = Instant::now();
    let refused = Outcome::Refused(String::from("25006"));
    let unknown = Outcome::Unknown(String::from("08007"));
    let outcomes = [
        Outcome::Done,
        Outcome::Done,
        Outcome::Done,
        refused.clone(),
        refused,
        unknown.clone(),
        unknown.clone(),
        unknown,
    ];
    let event = |(key, outcome)| Event {
        what: What::Write { key },
        began: at,
        ended: at,
        outcome,
    };
    let events: Vec<_> = (1..).zip(outcomes).map(event).collect();
    let verdict = Verdict::of(&events, &[1, 3, 3, 5, 7, 8, 8]);
    let expected = Verdict {
        acknowledged: 3,
        lost: vec![2],
        twice: vec![3, 8],
        refused_and_there: vec![5],
        unknown: 3,
        unknown_and_there: 2,
        refused: 2,
    };
    assert_eq!(verdict, expected);
}

#[test]
fn the_longest_stall_is_looked_for_at_the_windows_ends_too() {
    let at = Instant::now();
    let second = |n| at + Duration::from_secs(n);
    let event = |n| Event {
        what: What::Read,
        began: at,
        ended: second(n),
        outcome: Outcome::Done,
    };
    let check = |ends: &[u64], expected| {
        let events: Vec<_> = ends.iter().copied().map(event).collect();
        let stall = longest_stall(&events, [second(10), second(20)], |what| what == What::Read);
        assert_eq!(stall, Duration::from_secs(expected), "{ends:?}");
    };
    check(&[], 10);
    check(&[1, 11, 13, 19, 25], 6);
    check(&[14], 6);
    check(&[9, 12, 14, 21], 6);
}
