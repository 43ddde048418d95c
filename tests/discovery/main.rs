//! Nodes that come and go while clients are at work.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod dns;
mod load;
mod patroni;
mod replication;
mod rest;

#[path = "../ops/stage.rs"]
#[allow(dead_code, reason = "another test binary uses all of it")]
mod stage;
