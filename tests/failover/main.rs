//! Failover on real PostgreSQL: the primary is killed, frozen, cut off or replaced while it lives,
//! under load. Clients write unique keys and record what they are told of each; [`check`] then
//! judges that against what the last primary holds: nothing that was acknowledged is lost, nothing
//! is there twice, nothing is acknowledged by the old primary once the new one is known; reads go
//! on, and of the writes only those fail that were under way. [`controls`] sees to it that the
//! judge finds fault where there is some.
//!
//! `SEED` in the environment chooses another course; the seed decides what clients do, not when the
//! machine comes to do it. Each scenario prints a line for the table in `docs/OPERATIONS.md`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::excessive_nesting,
    reason = "a test that cannot do its work has failed, and it measures time"
)]

#[path = "../support/mod.rs"]
mod support;

mod check;
mod controls;
mod crowd;
mod history;
mod kills;
mod namespace;
mod partitions;
mod patience;
mod poller;
mod reader;
mod rivals;
mod stage;
mod switchover;
mod watch;
mod writer;
