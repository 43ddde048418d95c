//! Files of PgBouncer in front of real clusters, as its users have them; and pgsluice beside
//! PgBouncer itself, with the same file and the same clients.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

mod cases;
#[path = "../login/certificates.rs"]
#[allow(dead_code, reason = "another test binary uses all of it")]
mod certificates;
mod client;
mod compare;
mod drivers;
mod files;
mod idle;
mod known;
#[path = "../admin/raw.rs"]
#[allow(dead_code, reason = "another test binary uses all of it")]
mod raw;
mod samples;
mod stage;

#[path = "../support/mod.rs"]
mod support;
