//! Whole logins: our client side against our server side, and against PostgreSQL, plain and over
//! TLS with certificates made for the test; and real clients with the running proxy.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod certificates;
mod driver;
mod front;
mod lookup;
mod own_sides;
mod postgres;
mod psql;
mod rules;
mod tls;
mod whole;

#[allow(
    dead_code,
    clippy::expect_used,
    reason = "the proxy of tests/ops, of which this uses a part"
)]
#[path = "../ops/stage.rs"]
mod stage;
