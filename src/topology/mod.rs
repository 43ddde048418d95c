//! Nodes, roles, certificates and the choice among them, as values.
//!
//! A [`tracker::Tracker`] is told what the nodes answered and makes a [`view::View`] of it;
//! [`choose::choose`] picks a node from a view. Time and random bits are arguments.

pub mod certificate;
pub mod choose;
pub mod draw;
pub mod health;
pub mod identity;
pub mod lsn;
pub mod policy;
pub mod score;
pub mod standby;
pub mod tail;
pub mod tracker;
pub mod view;
