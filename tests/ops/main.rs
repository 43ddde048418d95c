//! The binary as its operators run it: logins, pools, limits, reloads, shutdown, nodes that fail.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod failover;
mod first_steps;
mod lagging;
mod logins;
mod modes;
mod nodes;
mod others;
mod pools;
mod read_only;
mod reload;
mod renumbered;
mod replication;
mod routing;
mod shutdown;
mod signals;
mod stage;
mod switchover;
mod tls;
