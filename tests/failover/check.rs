//! Judges a history: a pure function of what the clients recorded, what happened, and what the
//! last primary holds.
//!
//! Each key is written by one client, once; the table has no unique index, so that a write that was
//! done twice shows. What must hold:
//!
//! * **kept**: each acknowledged write is there, unless the promise excepts it ([`Promise`]);
//! * **once**: no key is there twice;
//! * **fenced**: once the new primary is known the old one acknowledges nothing: nothing that begins
//!   from then on, and nothing that was under way but for what was being passed on ([`PASSED_ON`]);
//! * **true**: what was refused is not there, and nothing is there that nobody wrote.
//!
//! Unknown outcomes are counted, with how many of them are there. What clients may see of a failover
//! is another matter, and told apart: statements that were under way fail, and nothing that began
//! after the proxy knew ([`Verdict::late`]).

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::fmt;
use std::time::Duration;
use std::time::Instant;

use crate::history::Course;
use crate::history::History;
use crate::history::Kept;
use crate::history::Outcome;
use crate::history::Promise;
use crate::history::Write;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) acknowledged: usize,
    /// By SQLSTATE, or in words where there is none.
    pub(crate) refused: BTreeMap<String, usize>,
    pub(crate) unknown: BTreeMap<String, usize>,
    /// Writes of unknown outcome that are there.
    pub(crate) unknown_there: usize,
    /// Acknowledged by the old primary in the time that the promise excepts, and gone.
    pub(crate) excepted: usize,
    /// Acknowledged and gone.
    pub(crate) lost: Vec<Write>,
    /// Keys that are there more than once, with how often.
    pub(crate) twice: Vec<(i64, usize)>,
    /// Acknowledged by the old primary though the new one was known.
    pub(crate) unfenced: Vec<Write>,
    /// Refused, and there.
    pub(crate) untrue: Vec<Write>,
    /// There, and written by nobody.
    pub(crate) strange: Vec<i64>,
    /// What clients were denied that began after the proxy knew, in words.
    pub(crate) late: Vec<String>,
    /// Reads that failed, in words.
    pub(crate) failed_reads: Vec<String>,
    pub(crate) reads: usize,
    pub(crate) longest: Longest,
}

/// The longest waits, of what ended after the harm was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Longest {
    /// Of one write for its answer.
    pub(crate) write: Duration,
    /// Without any write acknowledged, over all clients.
    pub(crate) pause: Duration,
    /// Of one read for its answer.
    pub(crate) read: Duration,
    /// When that began.
    pub(crate) read_began: Option<Instant>,
}

impl Verdict {
    /// Each broken invariant, in words.
    pub(crate) fn violations(&self) -> Vec<String> {
        let mut words = Vec::new();
        words.extend(self.lost.iter().map(|w| format!("lost: {w:?}")));
        let twice = self.twice.iter();
        words.extend(twice.map(|(key, n)| format!("there {n} times: {key}")));
        words.extend(self.unfenced.iter().map(|w| format!("not fenced: {w:?}")));
        words.extend(self.untrue.iter().map(|w| format!("not refused: {w:?}")));
        words.extend(self.strange.iter().map(|k| format!("of nobody: {k}")));
        words
    }

    /// All writes that were not acknowledged.
    pub(crate) fn failed_writes(&self) -> usize {
        self.refused.values().sum::<usize>() + self.unknown.values().sum::<usize>()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "writes: {} acknowledged ({} excepted and gone), unknown {:?} of which {} are there, \
             refused {:?}; begun after the proxy knew and failed: {}",
            self.acknowledged,
            self.excepted,
            self.unknown,
            self.unknown_there,
            self.refused,
            self.late.len()
        )?;
        write!(
            f,
            "reads: {}, of which {} failed",
            self.reads,
            self.failed_reads.len()
        )
    }
}

/// Judges what was done.
pub(crate) fn check(history: &History, course: &Course, kept: &Kept) -> Verdict {
    let mut verdict = Verdict::default();
    let mut keys = HashSet::new();
    for write in &history.writes {
        keys.insert(write.key);
        verdict.account(write, course, kept.contains_key(&write.key));
    }
    for (began, why) in &history.refused_logins {
        verdict.late_unless(*began <= course.known, || format!("login: {why}"));
    }
    verdict.twice = kept
        .iter()
        .filter(|(_, n)| 1 < **n)
        .map(|(key, n)| (*key, *n))
        .collect();
    verdict.twice.sort_unstable();
    verdict.strange = kept.keys().copied().filter(|k| !keys.contains(k)).collect();
    verdict.strange.sort_unstable();
    for read in &history.reads {
        verdict.reads += 1;
        let took = read.ended.saturating_duration_since(read.began);
        if course.harmed <= read.ended && verdict.longest.read < took {
            verdict.longest.read = took;
            verdict.longest.read_began = Some(read.began);
        }
        if let Err(why) = &read.outcome {
            let at = since(read.began, course.harmed);
            verdict.failed_reads.push(format!("{at}: {why}"));
        }
    }
    verdict.longest.pause = longest_pause(&history.writes, course.harmed);
    verdict
}

impl Verdict {
    fn account(&mut self, write: &Write, course: &Course, is_there: bool) {
        let took = write.ended.saturating_duration_since(write.began);
        if course.harmed <= write.ended {
            self.longest.write = self.longest.write.max(took);
        }
        match &write.outcome {
            Outcome::Acknowledged { node } => {
                self.acknowledged += 1;
                let is_of_old = *node == course.old && course.old != course.new;
                let is_late =
                    course.detected < write.began || course.detected + PASSED_ON < write.ended;
                if is_of_old && is_late {
                    self.unfenced.push(write.clone());
                }
                match (is_there, is_of_old && is_excepted(write, course)) {
                    (true, _) => (),
                    (false, true) => self.excepted += 1,
                    (false, false) => self.lost.push(write.clone()),
                }
                return;
            }
            Outcome::Refused { why } => {
                *self.refused.entry(why.clone()).or_default() += 1;
                if is_there {
                    self.untrue.push(write.clone());
                }
            }
            Outcome::Unknown { why } => {
                *self.unknown.entry(why.clone()).or_default() += 1;
                self.unknown_there += usize::from(is_there);
            }
            Outcome::Hanging => {
                *self.unknown.entry("no answer".to_owned()).or_default() += 1;
                self.unknown_there += usize::from(is_there);
            }
        }
        let is_in_flight = write.began <= course.known && write.outcome != Outcome::Hanging;
        self.late_unless(is_in_flight, || {
            let at = since(write.began, course.harmed);
            format!("{at}: {:?} {:?}, {took:?}", write.form, write.outcome)
        });
    }

    fn late_unless(&mut self, is_early: bool, words: impl FnOnce() -> String) {
        if !is_early {
            self.late.push(words());
        }
    }
}

/// Whether nobody could have kept what the old primary acknowledged here.
fn is_excepted(write: &Write, course: &Course) -> bool {
    match course.promise {
        Promise::All => false,
        // Later than detected is a matter of fencing, and no excuse.
        Promise::AllBut { from } => from <= write.ended && write.began <= course.detected,
    }
}

/// The longest time from one acknowledgement to the next that came after `harmed`.
fn longest_pause(writes: &[Write], harmed: Instant) -> Duration {
    let is_acknowledged = |w: &&Write| matches!(w.outcome, Outcome::Acknowledged { .. });
    let mut ends: Vec<_> = writes
        .iter()
        .filter(is_acknowledged)
        .map(|w| w.ended)
        .collect();
    ends.sort_unstable();
    let pauses = ends.windows(2).filter(|pair| harmed <= pair[1]);
    let pauses = pauses.map(|pair| pair[1] - pair[0]);
    pauses.max().unwrap_or_default()
}

/// How long after `origin`, or before it.
pub(crate) fn since(at: Instant, origin: Instant) -> String {
    let seconds = at.saturating_duration_since(origin).as_secs_f64()
        - origin.saturating_duration_since(at).as_secs_f64();
    format!("{seconds:+.3} s")
}

/// How long an acknowledgement that the old primary gave in time may take to its client.
const PASSED_ON: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
