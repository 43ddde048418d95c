//! The ring of samples. What certificates promise is tested in `tracker/tests/promise.rs`.

use std::time::Duration;

use proptest::prelude::prop;
use proptest::prop_assert;
use proptest::prop_assert_eq;
use proptest::proptest;

use super::*;

fn at(ms: u64) -> Instant {
    // The same origin for one test: instants are only compared within it.
    thread_local!(static ORIGIN: Instant = tokio::time::Instant::now().into_std());
    ORIGIN.with(|origin| *origin + Duration::from_millis(ms))
}

/// Samples (ms, position) and then: a replica at each position is certified as of …
#[track_caller]
fn check(samples: &[(u64, u64)], expected: &[(u64, Option<u64>)]) {
    let mut ring = Samples::default();
    for (ms, lsn) in samples {
        ring.push(at(*ms), Lsn(*lsn));
    }
    for (lsn, ms) in expected {
        assert_eq!(ring.certify(Lsn(*lsn)), ms.map(at), "position {lsn}");
    }
}

#[test]
fn replica_is_certified_as_of_the_newest_sample_it_reached() {
    let samples = [(10, 100), (20, 150), (30, 200)];
    check(&[], &[(100, None)]);
    check(
        &samples,
        &[
            (99, None),
            (100, Some(10)),
            (149, Some(10)),
            (150, Some(20)),
            (999, Some(30)),
        ],
    );
}

#[test]
fn idle_primary_renews_without_new_positions() {
    check(
        &[(10, 100), (20, 100), (1_000, 100)],
        &[(99, None), (100, Some(1_000))],
    );
}

#[test]
fn position_that_falls_voids_older_samples() {
    // The primary crashed and lost the end of its log: 200 is other data now.
    check(
        &[(10, 150), (20, 200), (30, 160)],
        &[(155, None), (160, Some(30)), (200, Some(30))],
    );
}

proptest! {
    #[test]
    fn thinning_certifies_later_but_never_wrongly(steps in prop::collection::vec(0_u64..50, 1..4_000)) {
        let (mut ring, mut all, mut lsn) = (Samples::default(), Vec::new(), 0);
        for (i, step) in steps.iter().enumerate() {
            lsn += step;
            ring.push(at(i as u64), Lsn(lsn));
            all.push((at(i as u64), lsn));
        }
        prop_assert!(ring.ring.len() <= SAMPLES_MAX);
        for replayed in [lsn, lsn / 2, lsn / 3, lsn / 7] {
            let exact = all.iter().rev().find(|s| s.1 <= replayed).map(|s| s.0);
            prop_assert!(ring.certify(Lsn(replayed)) <= exact);
        }
        prop_assert_eq!(ring.certify(Lsn(lsn)), all.last().map(|s| s.0));
    }
}
