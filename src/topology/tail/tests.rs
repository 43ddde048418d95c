//! Samples as (ms, insert, flushed, replayed), and whether a flush is asked for.

use super::*;

#[track_caller]
fn check(samples: &[(u64, u64, u64, u64)], expected: &[bool]) {
    let start = tokio::time::Instant::now().into_std();
    let mut tail = Tail::default();
    let found: Vec<_> = samples
        .iter()
        .map(|(ms, insert, flushed, replayed)| {
            let now = start + Duration::from_millis(*ms);
            tail.on_sample(Lsn(*insert), Some(Lsn(*flushed)), now);
            tail.wants_flush(Some(Lsn(*replayed)), now)
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn quiet_end_of_the_log_is_flushed_once() {
    let stuck = [0, 500, 1_000, 1_500, 3_100].map(|ms| (ms, 200, 100, 100));
    check(&stuck, &[false, false, true, false, true]);
}

#[test]
fn log_that_moves_or_is_on_disk_is_left_alone() {
    check(&[(0, 200, 100, 100), (900, 300, 200, 200)], &[false, false]);
    check(&[(0, 200, 200, 100), (900, 200, 200, 100)], &[false, false]);
}

#[test]
fn replica_that_lacks_more_than_the_end_is_no_reason() {
    check(&[(0, 200, 100, 50), (900, 200, 100, 50)], &[false, false]);
}
