//! The causality checker: sessions write and read registers through the proxy while the replicas
//! are given real lag, die and come back, and one takes the primary's place; then their history is
//! judged ([`check`]). No read at `session`, `database` or `strong`, or with a token, may have shown
//! less than it owed, and reads at `eventual` must have, in the same run, or it proves nothing.
//!
//! `make soak` runs it for longer. `SEED` and `SOAK_SECONDS` in the environment choose another
//! course; the seed decides what is done, not when the machine comes to do it.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::excessive_nesting,
    reason = "a test that cannot do its work has failed, and it measures time"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../wire/raw.rs"]
#[allow(dead_code, reason = "the wire tests say and hear more")]
mod raw;

#[path = "../wire/say.rs"]
#[allow(dead_code, reason = "as above")]
mod say;

#[path = "../wire/show.rs"]
mod show;

mod check;
mod client;
mod crashes;
mod history;
mod lag;
mod mutations;
mod pipelines;
mod relay;
mod run;
mod scene;
mod shares;
mod stale;
mod timelines;
mod trouble;
mod worker;
