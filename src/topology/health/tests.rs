//! Health as transcripts: `.` a good probe, `x` a failed one, `r` a refused connection.

use std::time::Duration;

use crate::topology::health::*;
use crate::topology::policy::Policy;

/// What health is after each event: `u`p, `d`own.
#[track_caller]
fn check(events: &str, expected: &str) {
    let (policy, now) = (Policy::default(), tokio::time::Instant::now().into_std());
    let mut health = Health::default();
    let states: String = events
        .chars()
        .map(|event| {
            health = match event {
                '.' => health.on_success(&policy, now),
                'x' => health.on_failure(&policy, now),
                _ => health.on_refusal(now),
            };
            if health.is_up() { 'u' } else { 'd' }
        })
        .collect();
    assert_eq!(states, expected, "after {events}");
}

#[test]
fn first_probe_decides() {
    check(".", "u");
    check("x", "d");
    check("r", "d");
}

#[test]
fn down_takes_three_failures_in_a_row() {
    check(".xx.xx.xxx", "uuuuuuuuud");
}

#[test]
fn refused_connection_counts_at_once() {
    check("..r", "uud");
}

#[test]
fn up_again_takes_two_successes_in_a_row() {
    check(".r.x.r..", "uddddddu");
}

#[test]
fn down_since_is_when_it_was_first_noticed() {
    let (policy, start) = (Policy::default(), tokio::time::Instant::now().into_std());
    let health = Health::default()
        .on_refusal(start)
        .on_success(&policy, start + Duration::from_secs(1))
        .on_failure(&policy, start + Duration::from_secs(2));
    let expected = Health::Down {
        since: start,
        successes: 0,
    };
    assert_eq!(health, expected);
}

#[test]
fn share_ramps_up_after_return_only() {
    let (policy, start) = (Policy::default(), tokio::time::Instant::now().into_std());
    let first = Health::default().on_success(&policy, start);
    assert_eq!(first.ramp(&policy, start), 1.0);
    let back = first
        .on_refusal(start)
        .on_success(&policy, start)
        .on_success(&policy, start);
    let ramp = |seconds| back.ramp(&policy, start + Duration::from_secs(seconds));
    assert_eq!([0, 5, 10, 20].map(ramp), [0.05, 0.5, 1.0, 1.0]);
    assert_eq!(Health::default().ramp(&policy, start), 0.0);
}

#[test]
fn no_slow_start_is_no_division_by_zero() {
    let policy = Policy {
        slow_start: Duration::ZERO,
        successes_min: 0,
        ..Policy::default()
    };
    let now = tokio::time::Instant::now().into_std();
    let back = Health::default().on_refusal(now).on_success(&policy, now);
    assert_eq!(back.ramp(&policy, now), 1.0);
}
