//! One connection to PostgreSQL: dial, login, internal queries, cancel.

pub mod cancel;
pub mod dial;
pub mod login;
pub mod query;
