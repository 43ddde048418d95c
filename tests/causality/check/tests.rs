//! The judge against histories that are wrong in one way each, and against those that are right.

use std::time::Duration;

use super::*;
use crate::history::Part;
use crate::history::Place;

fn at(ms: u64) -> Instant {
    // Any instant will do, as long as it is the same one.
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *START.get_or_init(Instant::now) + Duration::from_millis(ms)
}

/// A write of a register that takes a millisecond.
fn write(register: usize, value: i64, ms: u64) -> Write {
    Write {
        register,
        value,
        started: at(ms),
        acknowledged: Some(at(ms + 1)),
    }
}

/// A read that takes a millisecond.
fn read(seen: &[(usize, i64)], ms: u64) -> Read {
    Read {
        seen: seen.to_vec(),
        started: at(ms),
        ended: at(ms + 1),
        place: Place {
            node: 1,
            on_replica: true,
        },
        part: Part::None,
        owed: None,
    }
}

fn session(level: Level, proxy: usize, acts: Vec<Act>) -> Session {
    Session { level, proxy, acts }
}

/// Of each register two writes by sessions of their own: at 0 and 10; the first register is behind
/// proxy 0, the second behind proxy 1.
fn writers() -> Vec<Session> {
    let writer = |register| {
        let acts = [write(register, 1, 0), write(register, 2, 10)].map(Act::Wrote);
        session(Level::Session, register, acts.to_vec())
    };
    vec![writer(0), writer(1)]
}

fn all_survive() -> Survivors {
    Survivors {
        written: [(0, 1), (0, 2), (1, 1), (1, 2), (2, 1), (2, 2)].into(),
        dead_since: None,
    }
}

/// Violations of a session at `level` behind proxy 0 that does `acts`.
fn violations(level: Level, acts: Vec<Act>) -> usize {
    let mut sessions = writers();
    sessions.push(session(level, 0, acts));
    let verdict = check(&sessions, &all_survive());
    assert!(verdict.impossible.is_empty(), "{:?}", verdict.impossible);
    verdict.of(level).violations
}

#[test]
fn a_session_sees_what_it_wrote() {
    let wrote = Act::Wrote(write(2, 1, 20));
    for (seen, expected) in [(0, 1), (1, 0)] {
        let acts = vec![wrote.clone(), Act::Read(read(&[(2, seen)], 30))];
        assert_eq!(violations(Level::Session, acts.clone()), expected);
        assert_eq!(violations(Level::Eventual, acts), expected, "the control");
    }
    let lost = Write {
        acknowledged: None,
        ..write(2, 1, 20)
    };
    for seen in [0, 1] {
        let acts = vec![Act::Wrote(lost), Act::Read(read(&[(2, seen)], 30))];
        assert_eq!(
            violations(Level::Session, acts),
            0,
            "it may be there or not"
        );
    }
}

#[test]
fn reads_do_not_go_back() {
    let twice = |first, second| vec![first, second].into_iter().map(Act::Read).collect();
    for (first, second, expected) in [
        (read(&[(0, 2)], 20), read(&[(0, 1)], 30), 1),
        (read(&[(0, 1)], 20), read(&[(0, 2)], 30), 0),
        (read(&[(0, 1)], 20), read(&[(0, 1)], 30), 0),
        // Whoever has seen the second write of one register has seen the first of the other.
        (read(&[(0, 2)], 20), read(&[(1, 0)], 30), 1),
        (read(&[(0, 2)], 20), read(&[(1, 1)], 30), 0),
    ] {
        let acts: Vec<_> = twice(first, second);
        assert_eq!(
            violations(Level::Session, acts.clone()),
            expected,
            "{acts:?}"
        );
    }
    // The two writes at 10 were under way together: one may be seen without the other.
    assert_eq!(
        violations(Level::Session, vec![Act::Read(read(&[(0, 2), (1, 1)], 20))]),
        0
    );
    assert_eq!(
        violations(Level::Session, vec![Act::Read(read(&[(0, 2), (1, 0)], 20))]),
        1
    );
}

#[test]
fn what_others_wrote_is_owed_by_level() {
    for (level, register, expected) in [
        (Level::Eventual, 0, 0),
        (Level::Session, 0, 0),
        (Level::Database, 0, 1),
        (Level::Strong, 0, 1),
        (Level::Token, 0, 0),
        // Written behind the other proxy.
        (Level::Database, 1, 0),
        (Level::Strong, 1, 1),
    ] {
        let stale = vec![Act::Read(read(&[(register, 1)], 20))];
        assert_eq!(violations(level, stale), expected, "{level:?} {register}");
        let fresh = vec![Act::Read(read(&[(register, 2)], 20))];
        assert_eq!(violations(level, fresh), 0, "{level:?} {register}");
        // It was not acknowledged when the read began.
        let early = vec![Act::Read(read(&[(register, 1)], 10))];
        assert_eq!(violations(level, early), 0, "{level:?} {register}");
    }
}

#[test]
fn a_token_stands_for_its_write_and_those_before() {
    let owing = |seen: &[(usize, i64)]| {
        let owed = Some(write(1, 2, 10));
        vec![Act::Read(Read {
            owed,
            ..read(seen, 20)
        })]
    };
    assert_eq!(violations(Level::Token, owing(&[(1, 2), (0, 1)])), 0);
    assert_eq!(violations(Level::Token, owing(&[(1, 1)])), 1);
    assert_eq!(violations(Level::Token, owing(&[(0, 0)])), 1);
}

#[test]
fn what_a_promotion_lost_is_not_owed() {
    let mut survivors = all_survive();
    survivors.written.remove(&(0, 2));
    survivors.dead_since = Some(at(12));
    let mut sessions = writers();
    // Seen, lost, and gone; what came before it is owed as ever.
    let acts = |second: Read| vec![Act::Read(read(&[(0, 2)], 15)), Act::Read(second)];
    sessions.push(session(Level::Strong, 0, acts(read(&[(0, 1), (1, 2)], 20))));
    let verdict = check(&sessions, &survivors);
    assert_eq!((verdict.lost, verdict.of(Level::Strong).violations), (1, 0));
    assert!(verdict.impossible.is_empty());
    sessions.push(session(Level::Session, 0, acts(read(&[(1, 0)], 20))));
    sessions.push(session(Level::Session, 0, acts(read(&[(0, 0)], 20))));
    let verdict = check(&sessions, &survivors);
    assert_eq!(verdict.of(Level::Session).violations, 2);
    // Nothing takes a write with it that began later.
    survivors.dead_since = Some(at(5));
    assert_eq!(check(&sessions, &survivors).impossible.len(), 1);
}

#[test]
fn values_of_nobody_are_impossible() {
    for (seen, ms) in [((0, 3), 20), ((7, 1), 20), ((0, 2), 5)] {
        let mut sessions = writers();
        sessions.push(session(
            Level::Eventual,
            0,
            vec![Act::Read(read(&[seen], ms))],
        ));
        let verdict = check(&sessions, &all_survive());
        assert_eq!(verdict.impossible.len(), 1, "{seen:?}");
    }
}
