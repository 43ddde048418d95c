//! How a cluster's nodes are chosen, and when they count as up, down or behind.

use std::time::Duration;

/// How one of several nodes that may serve is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// By weight, lag, free servers and latency; the better of two drawn nodes.
    #[default]
    Adaptive,
    /// The node with the fewest servers in use for its weight.
    LeastConnections,
    /// Each in turn, by weight.
    RoundRobin,
    /// Drawn by weight.
    Random,
}

/// Whether reads may be served by the primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PrimaryReads {
    /// Never: with no replica that may serve, a read waits and then fails.
    Never,
    /// Only while no replica may serve.
    #[default]
    Fallback,
    /// Always: the primary is one of the nodes to choose from.
    Always,
}

/// What a read must not miss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Consistency {
    /// Nothing: any replica within `max_lag` will do, and reads may go back in time.
    Eventual,
    /// What its own session wrote, and what that has read before.
    #[default]
    Session,
    /// And what all sessions of its database wrote, through this process.
    Database,
    /// Everything that was acknowledged to anyone before it came.
    Strong,
}

impl Consistency {
    /// The word in configuration, settings and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eventual => "eventual",
            Self::Session => "session",
            Self::Database => "database",
            Self::Strong => "strong",
        }
    }

    /// All of them, the weakest first.
    pub const ALL: [Self; 4] = [Self::Eventual, Self::Session, Self::Database, Self::Strong];
}

/// The rules of a cluster, the same for all its nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// How one of several nodes is chosen.
    pub strategy: Strategy,
    /// A replica further behind serves no reads; `None`: however far.
    pub lag_max: Option<Duration>,
    /// Lag that costs a replica nothing. Lag is an upper bound that grows between two samples, so
    /// this is not below two of their intervals.
    pub lag_free: Duration,
    /// How long a node that came back takes to get its full share.
    pub slow_start: Duration,
    /// Failed probes in a row after which a node is down.
    pub failures_max: u32,
    /// Good probes in a row after which a node that was down is up.
    pub successes_min: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            lag_max: Some(Duration::from_secs(10)),
            lag_free: Duration::from_millis(2_200),
            slow_start: Duration::from_secs(10),
            failures_max: 3,
            successes_min: 2,
        }
    }
}
