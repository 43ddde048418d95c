//! Histories made by hand: each violation is found, and what is none is not.

use std::sync::LazyLock;
use std::time::Duration;
use std::time::Instant;

use crate::check::Verdict;
use crate::check::check;
use crate::history::Course;
use crate::history::Form;
use crate::history::History;
use crate::history::Kept;
use crate::history::Outcome;
use crate::history::Promise;
use crate::history::Read;
use crate::history::Write;

/// The old primary is harmed at 100 ms, which is known at 110; the new one takes writes at 200, and
/// is known at 210.
fn course(promise: Promise) -> Course {
    Course {
        old: 0,
        new: 1,
        harmed: at(100),
        known: at(110),
        promoted: at(200),
        detected: at(210),
        polled: None,
        promise,
    }
}

fn at(ms: u64) -> Instant {
    static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    *ORIGIN + Duration::from_millis(ms)
}

fn by(node: usize) -> Outcome {
    Outcome::Acknowledged { node }
}

fn refused() -> Outcome {
    let why = "08001".to_owned();
    Outcome::Refused { why }
}

fn unknown() -> Outcome {
    let why = "08007".to_owned();
    Outcome::Unknown { why }
}

fn write(key: i64, (began, ended): (u64, u64), outcome: Outcome) -> Write {
    Write {
        key,
        form: Form::Simple,
        began: at(began),
        ended: at(ended),
        outcome,
    }
}

fn judge(writes: Vec<Write>, kept: &[(i64, usize)], promise: Promise) -> Verdict {
    let history = History {
        writes,
        ..History::default()
    };
    let kept: Kept = kept.iter().copied().collect();
    check(&history, &course(promise), &kept)
}

/// The kinds of violations found, by their first word, and how many failed late.
fn found(writes: Vec<Write>, kept: &[(i64, usize)]) -> (Vec<String>, usize) {
    let verdict = judge(writes, kept, Promise::All);
    let first_words = |words: &String| words.split(':').next().unwrap_or_default().to_owned();
    let violations = verdict.violations().iter().map(first_words).collect();
    (violations, verdict.late.len())
}

#[test]
fn a_good_history_has_no_violations() {
    let writes = vec![
        write(1, (10, 20), by(0)),
        // Under way when the old primary was harmed.
        write(2, (95, 120), unknown()),
        write(3, (96, 120), unknown()),
        // It waited.
        write(4, (130, 230), by(1)),
        write(5, (220, 230), by(1)),
        // Long before the harm, which is none of this.
        write(6, (0, 1), by(0)),
    ];
    let kept = [(1, 1), (2, 1), (4, 1), (5, 1), (6, 1)];
    assert_eq!(found(writes.clone(), &kept), (vec![], 0));
    let verdict = judge(writes, &kept, Promise::All);
    assert_eq!((verdict.acknowledged, verdict.failed_writes()), (4, 2));
    assert_eq!(verdict.unknown_there, 1);
    assert_eq!(verdict.longest.write, Duration::from_millis(100));
    assert_eq!(verdict.longest.pause, Duration::from_millis(210));
}

#[test]
fn each_violation_is_found() {
    for (write, copies, expected) in [
        (write(1, (10, 20), by(0)), 0, "lost"),
        (write(1, (220, 230), by(1)), 0, "lost"),
        (write(1, (10, 20), by(0)), 2, "there 2 times"),
        (write(1, (95, 120), unknown()), 2, "there 2 times"),
        (write(1, (130, 140), refused()), 1, "not refused"),
        // It is there, for whatever reason, and was written to the wrong node.
        (write(1, (220, 230), by(0)), 1, "not fenced"),
        (write(1, (90, 1_300), by(0)), 1, "not fenced"),
    ] {
        let kept = [(1, copies)];
        let kept = if copies == 0 { &[] } else { &kept[..] };
        let (violations, _) = found(vec![write.clone()], kept);
        assert_eq!(violations, [expected], "{write:?}");
    }
    assert_eq!(found(vec![], &[(7, 1)]).0, ["of nobody"]);
}

#[test]
fn only_what_was_under_way_may_fail() {
    for (outcome, began, expected) in [
        (unknown(), 99, 0),
        (unknown(), 110, 0),
        (unknown(), 111, 1),
        (refused(), 105, 0),
        (refused(), 150, 1),
        (refused(), 300, 1),
        (Outcome::Hanging, 90, 1),
    ] {
        let write = write(1, (began, began + 5), outcome);
        let (violations, late) = found(vec![write.clone()], &[]);
        assert_eq!((violations, late), (vec![], expected), "{write:?}");
    }
    let history = History {
        refused_logins: vec![(at(105), "08001".to_owned()), (at(150), "08001".to_owned())],
        ..History::default()
    };
    let verdict = check(&history, &course(Promise::All), &Kept::new());
    assert_eq!(verdict.late, ["login: 08001"]);
}

#[test]
fn what_the_old_primary_took_before_it_was_known_may_be_excepted() {
    let promise = Promise::AllBut { from: at(150) };
    for ((began, ended), node, excepted, lost) in [
        ((10, 20), 0, 0, 1),
        ((140, 149), 0, 0, 1),
        ((140, 150), 0, 1, 0),
        ((205, 209), 0, 1, 0),
        ((209, 220), 0, 1, 0),
        // The new one has no excuse, and the old one none any more.
        ((205, 209), 1, 0, 1),
        ((211, 220), 0, 0, 1),
    ] {
        let verdict = judge(vec![write(1, (began, ended), by(node))], &[], promise);
        let seen = (verdict.excepted, verdict.lost.len());
        assert_eq!(seen, (excepted, lost), "{began} to {ended} by {node}");
    }
}

#[test]
fn reads_are_counted_with_their_errors() {
    let read = |outcome| Read {
        began: at(120),
        ended: at(150),
        outcome,
    };
    let history = History {
        reads: vec![read(Ok(1)), read(Err("57P03".to_owned()))],
        ..History::default()
    };
    let verdict = check(&history, &course(Promise::All), &Kept::new());
    assert_eq!((verdict.reads, verdict.failed_reads.len()), (2, 1));
    assert_eq!(verdict.failed_reads, ["+0.020 s: 57P03"]);
    assert_eq!(verdict.longest.read, Duration::from_millis(30));
}
