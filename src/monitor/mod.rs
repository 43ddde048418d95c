//! Probes of the nodes and the freshness sampler.
//!
//! One task per node asks it one question over a connection of its own, again and again: what it
//! is, how far its log goes, on which timeline. The same answer serves as probe of health and role,
//! as sample of the primary's position and as replay position of a replica, so that everything is
//! one round trip. [`pace`] says when the next is due: often while someone writes, at once when a
//! reader waits for a certificate, rarely else. A [`Tracker`](crate::topology::tracker::Tracker)
//! makes a view of the answers; it is published whole, and reading it takes no lock.

pub mod handle;

pub mod line;

mod log;

pub mod login;

mod node;

pub mod pace;

pub mod postgres;

pub mod probe;

pub mod questions;

pub mod replication;

pub mod settings;

mod shared;
