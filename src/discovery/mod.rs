//! Finds the nodes of a cluster: by the addresses of their names, from Patroni, from the primary.
//!
//! Only the list comes from there. What each node is (primary or replica, of which cluster, how far)
//! it is asked itself, by the [`monitor`](crate::monitor). Every answer is bounded before it is
//! looked at, what cannot be a node is left out, and an answer without any node is none.

pub mod dns;

pub mod list;

pub mod patroni;

pub mod replication;

pub mod rest;

pub mod search;

use thiserror::Error;

/// Why no list came about.
#[derive(Debug, Error)]
pub enum Fault {
    /// It could not be asked.
    #[error("{at}: {why}")]
    Unreachable {
        /// Who.
        at: String,
        /// Why.
        why: String,
    },
    /// It answered something else.
    #[error("{at}: expected {expected}, got {found}")]
    Nonsense {
        /// Who.
        at: String,
        /// What was asked for.
        expected: &'static str,
        /// What came.
        found: String,
    },
    /// There was nobody to be asked, or nobody has said anything of use.
    #[error("{0}")]
    Nobody(String),
}
