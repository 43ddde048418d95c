//! Nodes, roles, certificates and the choice among them, as values.
//!
//! [`choose::choose`] picks a node from a [`view::View`]; time and random bits are arguments.

pub mod choose;
pub mod draw;
pub mod health;
pub mod identity;
pub mod lsn;
pub mod policy;
pub mod score;
pub mod view;
