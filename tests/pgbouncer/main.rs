//! Files of PgBouncer in front of real clusters, as its users have them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod files;

#[path = "../support/mod.rs"]
mod support;
