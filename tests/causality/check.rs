//! Judges a history.
//!
//! Each register has one writer, which writes growing values one after the other; so a value that
//! is seen tells which writes were seen. What a read owes is a floor under each register it read:
//!
//! * what its session wrote before, and was acknowledged;
//! * what its session has read before;
//! * what was acknowledged before a write *began* that its session has made or seen: whoever holds
//!   that write holds those, because PostgreSQL's commits are in one order. So reads do not go back
//!   across registers either;
//! * at `database`, what was acknowledged through the same proxy before the read began; at
//!   `strong`, through any;
//! * the write whose token was waited for.
//!
//! **Promotion.** One primary dies without warning, with `synchronous_commit = off`, and a replica
//! takes over that may lack what was acknowledged: that is what asynchronous replication is, and no
//! proxy can mend it. What survived is what the last primary holds at the end. A write that did not
//! is taken out of all floors, as if its outcome were unknown; having *seen* it still binds its
//! reader to what was acknowledged before it began. So the time before the promotion and the time
//! after it are judged by the same rules, and reads across it too. It is no way out for the proxy:
//! a write that began when the old primary was dead must have survived.

use std::collections::HashMap;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::time::Instant;

use crate::history::Act;
use crate::history::Level;
use crate::history::Read;
use crate::history::Session;
use crate::history::Write;

/// What the cluster holds in the end.
#[derive(Debug, Default)]
pub(crate) struct Survivors {
    /// Register and value of each write that is there.
    pub(crate) written: HashSet<(usize, i64)>,
    /// When the primary that may have taken writes with it was dead.
    pub(crate) dead_since: Option<Instant>,
}

/// What was found at one level.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finding {
    pub(crate) reads: usize,
    pub(crate) on_replicas: usize,
    /// Reads that showed less than they owed.
    pub(crate) violations: usize,
    /// The first of them, in words.
    pub(crate) words: String,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) levels: HashMap<&'static str, Finding>,
    pub(crate) acknowledged: usize,
    pub(crate) unknown: usize,
    /// Acknowledged, and lost in the promotion.
    pub(crate) lost: usize,
    /// What cannot be, whatever the level: values that nobody wrote, writes lost for no reason.
    pub(crate) impossible: Vec<String>,
}

impl Verdict {
    pub(crate) fn of(&self, level: Level) -> Finding {
        self.levels.get(name(level)).cloned().unwrap_or_default()
    }
}

/// The name of a level in reports.
pub(crate) fn name(level: Level) -> &'static str {
    match level {
        Level::Token => "token",
        Level::Eventual | Level::Session | Level::Database | Level::Strong => level.setting(),
    }
}

/// Judges all that was done.
pub(crate) fn check(sessions: &[Session], survivors: &Survivors) -> Verdict {
    let past = Past::of(sessions, survivors);
    let mut verdict = Verdict::default();
    past.account(survivors, &mut verdict);
    for session in sessions {
        let mut reader = Reader::new(session, &past);
        for act in &session.acts {
            match act {
                Act::Wrote(write) => reader.wrote(write),
                Act::Read(read) => reader.read(read, &mut verdict),
            }
        }
    }
    verdict
}

/// What is known of a register: its writes by value, and what of them is owed from when on.
#[derive(Debug, Default)]
struct Register {
    proxy: usize,
    writes: HashMap<i64, Write>,
    /// When it was acknowledged and the value, of what survived, both growing.
    owed: Vec<(Instant, i64)>,
    /// The values that survived, growing.
    survived: Vec<i64>,
}

impl Register {
    /// The newest value that was acknowledged by `at`.
    fn owed_at(&self, at: Instant) -> i64 {
        let count = self
            .owed
            .partition_point(|(acknowledged, _)| *acknowledged <= at);
        count.checked_sub(1).map_or(0, |i| self.owed[i].1)
    }

    /// The newest that survived of what whoever saw `value` has seen.
    fn kept_of(&self, value: i64) -> i64 {
        let count = self.survived.partition_point(|kept| *kept <= value);
        count.checked_sub(1).map_or(0, |i| self.survived[i])
    }
}

#[derive(Debug)]
struct Past {
    registers: HashMap<usize, Register>,
}

impl Past {
    fn of(sessions: &[Session], survivors: &Survivors) -> Self {
        let mut registers: HashMap<usize, Register> = HashMap::new();
        for session in sessions {
            for act in &session.acts {
                let Act::Wrote(write) = act else { continue };
                let register = registers.entry(write.register).or_default();
                register.proxy = session.proxy;
                register.writes.insert(write.value, *write);
            }
        }
        for (number, register) in &mut registers {
            let is_there = |write: &&Write| survivors.written.contains(&(*number, write.value));
            let there: Vec<_> = register.writes.values().filter(is_there).collect();
            let owed = there
                .iter()
                .filter_map(|w| Some((w.acknowledged?, w.value)));
            register.owed = owed.collect();
            register.owed.sort_unstable();
            register.survived = there.iter().map(|w| w.value).collect();
            register.survived.sort_unstable();
        }
        Self { registers }
    }

    /// Counts the writes, and looks for those that have no excuse to be gone.
    fn account(&self, survivors: &Survivors, verdict: &mut Verdict) {
        for write in self.registers.values().flat_map(|r| r.writes.values()) {
            let is_there = survivors.written.contains(&(write.register, write.value));
            match write.acknowledged {
                None => verdict.unknown += 1,
                Some(_) if is_there => verdict.acknowledged += 1,
                Some(_) => {
                    verdict.acknowledged += 1;
                    verdict.lost += 1;
                    if survivors.dead_since.is_none_or(|dead| dead < write.started) {
                        let words = format!("acknowledged and gone: {write:?}");
                        verdict.impossible.push(words);
                    }
                }
            }
        }
    }
}

/// A session on its way through its history.
struct Reader<'a> {
    session: &'a Session,
    past: &'a Past,
    /// The newest value of each register that it wrote or saw, of what survived.
    known: HashMap<usize, i64>,
    /// What was acknowledged by then it has seen, or something that came after.
    since: Option<Instant>,
}

impl<'a> Reader<'a> {
    fn new(session: &'a Session, past: &'a Past) -> Self {
        Self {
            session,
            past,
            known: HashMap::new(),
            since: None,
        }
    }

    fn wrote(&mut self, write: &Write) {
        if write.acknowledged.is_some() {
            self.knows(write);
        }
    }

    /// From here on it must not be shown less than this write.
    fn knows(&mut self, write: &Write) {
        let Some(register) = self.past.registers.get(&write.register) else {
            return;
        };
        let kept = register.kept_of(write.value);
        let known = self.known.entry(write.register).or_default();
        *known = kept.max(*known);
        self.since = self.since.max(Some(write.started));
    }

    fn read(&mut self, read: &Read, verdict: &mut Verdict) {
        if self.session.level == Level::Token {
            // At `eventual`, the token aside: nothing is owed from one read to the next.
            (self.known, self.since) = (HashMap::new(), None);
            if let Some(owed) = &read.owed {
                self.knows(owed);
            }
        }
        for (number, value) in read.seen.iter().filter(|(_, value)| *value != 0) {
            let write = self
                .past
                .registers
                .get(number)
                .and_then(|r| r.writes.get(value));
            match write {
                Some(write) if write.started <= read.ended => self.knows(write),
                Some(_) | None => verdict.impossible.push(format!("of nobody: {read:?}")),
            }
        }
        let finding = verdict.levels.entry(name(self.session.level)).or_default();
        finding.reads += 1;
        finding.on_replicas += usize::from(read.place.on_replica);
        let short: Vec<_> = read
            .seen
            .iter()
            .map(|(register, value)| (*register, *value, self.owes(*register, read)))
            .filter(|(_, value, owed)| value < owed)
            .collect();
        finding.violations += usize::from(!short.is_empty());
        if !short.is_empty() && finding.words.len() < WORDS_BYTES_MAX {
            let level = name(self.session.level);
            let _ = writeln!(
                finding.words,
                "{level}: register, seen, owed {short:?}: {read:?}"
            );
        }
    }

    /// The least value that a read had to show.
    fn owes(&self, number: usize, read: &Read) -> i64 {
        let Some(register) = self.past.registers.get(&number) else {
            return 0;
        };
        let by_order = self.since.map_or(0, |since| register.owed_at(since));
        let known = self.known.get(&number).copied().unwrap_or_default();
        let by_time = match self.session.level {
            Level::Eventual | Level::Session | Level::Token => 0,
            Level::Database if register.proxy != self.session.proxy => 0,
            Level::Database | Level::Strong => register.owed_at(read.started),
        };
        known.max(by_order).max(by_time)
    }
}

const WORDS_BYTES_MAX: usize = 4_000;

#[cfg(test)]
mod tests;
