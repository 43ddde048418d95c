//! Whole logins: our client side against our server side, and against PostgreSQL, plain and over
//! TLS with certificates made for the test.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod certificates;
mod driver;
mod front;
mod own_sides;
mod postgres;
mod psql;
mod tls;
