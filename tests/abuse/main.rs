//! Bad input: whatever bytes a client sends, it gets a clear error or a close; memory stays
//! bounded, no server is lost, and other clients do not notice.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot do its work has failed, and it measures time"
)]

#[path = "../support/mod.rs"]
mod support;

mod after_login;
mod bystander;
mod cuts;
mod flood;
mod login;
mod raw;
mod scene;
mod startup;
