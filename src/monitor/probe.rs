//! How a node is asked, as traits: PostgreSQL in production, scripts in tests.

use std::future::Future;

use thiserror::Error;

use crate::error::Error as CrateError;
use crate::ids::NodeId;
use crate::topology::identity::Role;
use crate::topology::standby::Oneself;
use crate::topology::standby::Standbys;
use crate::topology::tracker::Answer;
use crate::topology::tracker::Failure;
use crate::topology::tracker::Hello;

/// Why a node could not be asked.
#[derive(Debug, Error)]
pub enum Trouble {
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// It runs, and has no room for another connection.
    #[error("{0}")]
    Full(CrateError),
    /// It did not answer in time.
    #[error("no answer in time")]
    Silent,
    /// It closed the connection.
    #[error("connection closed")]
    Closed,
    /// It answered an error, or the connection broke.
    #[error("{0}")]
    Failed(#[from] CrateError),
    /// It answered what could not be understood.
    #[error("expected {expected}, got {found}")]
    Nonsense {
        /// What was asked for.
        expected: &'static str,
        /// What came.
        found: String,
    },
}

impl Trouble {
    /// How it counts.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Refused => Failure::Refused,
            Self::Full(_) => Failure::Full,
            Self::Silent | Self::Closed | Self::Failed(_) | Self::Nonsense { .. } => {
                Failure::Failed
            }
        }
    }
}

/// What a node says about replication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A primary: who streams from it.
    Standbys(Standbys),
    /// A replica: what it is called there.
    Oneself(Oneself),
}

/// Connects to nodes.
pub trait Probe: Send + Sync + 'static {
    /// A connection to a node.
    type Session: Session;

    /// Connects, logs in and asks what does not change while a connection lasts.
    ///
    /// Cancel safety: yes, the connection is given up.
    fn connect(
        &self,
        node: NodeId,
    ) -> impl Future<Output = Result<(Self::Session, Hello), Trouble>> + Send;
}

/// A connection to a node.
pub trait Session: Send + 'static {
    /// Asks what the node is and how far its log goes, in one round trip.
    ///
    /// Cancel safety: no, the connection is closed after.
    fn ask(&mut self) -> impl Future<Output = Result<Answer, Trouble>> + Send;

    /// Makes a primary write the end of its log to disk.
    ///
    /// Cancel safety: no, the connection is closed after.
    fn flush(&mut self) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// Asks about replication: a primary who streams from it, a replica what it is called there.
    /// `None`: that cannot be known.
    ///
    /// Cancel safety: no, the connection is closed after.
    fn replication(
        &mut self,
        role: Role,
    ) -> impl Future<Output = Result<Option<Said>, Trouble>> + Send;

    /// Waits, between two questions, until the connection is lost.
    ///
    /// Cancel safety: yes.
    fn lost(&mut self) -> impl Future<Output = Trouble> + Send;
}
