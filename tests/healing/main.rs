//! What goes wrong with a read that was sent to a replica, on real clusters: the replica refuses it
//! (it writes after all), cancels it for recovery, or dies. The client hears what it would from one
//! sound server, or an error; it sees no row twice, and what is written is written once.
//!
//! Each test runs a table of cases on a cluster of its own. `HEALING_CASE=part-of-a-name` runs some
//! of the cases, `SEED=number` repeats a run.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::excessive_nesting,
    reason = "a test may fail loudly"
)]

mod budget;
mod conflicts;
mod cut;
mod deadlock;
mod forms;
mod late;
mod lost;
#[path = "../wire/raw.rs"]
#[allow(dead_code, reason = "shared with another test")]
mod raw;
mod refused;
#[path = "../wire/say.rs"]
#[allow(dead_code, reason = "shared with another test")]
mod say;
#[path = "../wire/show.rs"]
mod show;
mod stage;
mod trick;
mod unseen;

#[path = "../support/mod.rs"]
mod support;

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::stage::Stage;

/// One case: what it shows, and how.
type Case = (&'static str, fn(&Stage));

/// Runs all cases, and tells of all that failed.
fn check(stage: &Stage, tables: &[&[Case]]) {
    let wanted = std::env::var("HEALING_CASE").unwrap_or_default();
    let mut failed = Vec::new();
    for (name, case) in tables.iter().copied().flatten() {
        if !name.contains(&wanted) {
            continue;
        }
        let started = Instant::now();
        if catch_unwind(AssertUnwindSafe(|| case(stage))).is_err() {
            failed.push(*name);
        }
        eprintln!("{name}: {:?}", started.elapsed());
    }
    assert!(failed.is_empty(), "these failed: {failed:#?}");
}

/// Chance that can be repeated.
fn chance() -> StdRng {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(rand::random::<u64>);
    eprintln!("SEED={seed}");
    StdRng::seed_from_u64(seed)
}

#[test]
fn what_a_replica_refuses_is_done_once() {
    let stage = Stage::new(&[]);
    check(&stage, &[refused::CASES, late::CASES, unseen::CASES]);
}

#[test]
fn what_recovery_cancels_runs_elsewhere_or_is_told() {
    let stage = Stage::new(&[
        ("max_standby_streaming_delay", "50ms"),
        ("hot_standby_feedback", "off"),
        ("autovacuum", "off"),
    ]);
    check(&stage, &[conflicts::CASES]);
}

#[test]
fn a_deadlock_with_recovery_runs_elsewhere() {
    let stage = Stage::new(&[
        ("max_standby_streaming_delay", "60s"),
        ("max_prepared_transactions", "5"),
        ("hot_standby_feedback", "off"),
        ("autovacuum", "off"),
    ]);
    check(&stage, &[deadlock::CASES]);
}

#[test]
fn what_dies_is_repeated_only_if_it_may() {
    let stage = Stage::new(&[]);
    // The last one makes a replica start anew.
    check(&stage, &[cut::CASES, budget::CASES, lost::CASES]);
}
