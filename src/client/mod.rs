//! One task per client.

pub mod greet;
pub mod login;
