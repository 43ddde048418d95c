//! What ends a run early.

use std::io;
use std::num::ParseFloatError;
use std::num::ParseIntError;

use pgsluice::demo::cluster;
use tokio::task::JoinError;

/// Why a run could not be made, or a measurement not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The cluster did not start, or did not do what it was asked for.
    #[error("the cluster: {0}")]
    Cluster(#[from] cluster::Error),
    /// A file, a socket or a program.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// What a program printed was no number where one was expected.
    #[error("{0}")]
    NotWhole(#[from] ParseIntError),
    /// What a program printed was no number where one was expected.
    #[error("{0}")]
    NotNumber(#[from] ParseFloatError),
    /// The system said no.
    #[error("{0}")]
    System(#[from] nix::Error),
    /// The thread that measures ended by a panic.
    #[error("{0}")]
    Panic(#[from] JoinError),
    /// The figures could not be written as JSON.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// Anything else, in words.
    #[error("{0}")]
    Said(String),
}

/// A fault in words.
pub(crate) fn said(words: impl Into<String>) -> Fault {
    Fault::Said(words.into())
}
