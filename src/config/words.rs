//! Options whose value is one of a few words, and times that may be off.

use std::time::Duration;

/// How clients prove who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthType {
    /// Not at all, and the name they give does not count.
    Any,
    /// Not at all, but the user must be known.
    Trust,
    /// By the password in plain text.
    Plain,
    /// By an md5 digest; by SCRAM where the stored secret is a SCRAM verifier.
    Md5,
    /// By SCRAM-SHA-256.
    Scram,
    /// By the certificate of their TLS, made out to the user.
    Certificate,
    /// As the rules of a file say.
    Hba,
    /// By what an LDAP server says of the password, which this build does not have.
    Ldap,
    /// By what the system's PAM says of the password, which this build does not have.
    Pam,
}

/// When a server goes back to its pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PoolMode {
    /// At the end of each transaction.
    #[default]
    Transaction,
    /// When the client leaves.
    Session,
    /// After each statement; transactions of several statements are refused.
    Statement,
}

/// Where the next server is opened, of several hosts whose roles are not asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LoadBalance {
    /// On each in turn.
    #[default]
    RoundRobin,
    /// On the same one until that cannot be had.
    Disable,
}

/// Whether and how TLS is used, with the meaning libpq and PostgreSQL give these words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SslMode {
    /// Never TLS.
    #[default]
    Disable,
    /// TLS if the other side insists.
    Allow,
    /// TLS if the other side can.
    Prefer,
    /// Nothing without TLS; certificates are not checked.
    Require,
    /// The other side's certificate must come from a known authority.
    VerifyCa,
    /// As `VerifyCa`, and it must be made out to the name that was dialed.
    VerifyFull,
}

/// What to do with a session that comes to depend on its server (LISTEN, a temporary table, a
/// session's advisory lock, a WITH HOLD cursor) although its pool mode would take it away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SessionPins {
    /// The client keeps its server until what it depends on is undone.
    #[default]
    Allow,
    /// The statement is refused.
    Refuse,
}

/// Where the reads go that a transaction begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TransactionReads {
    /// To the primary, as the rest of it, unless it is read only.
    #[default]
    Primary,
    /// To a replica, until the first statement that is not a read.
    UntilWrite,
}

/// Whether it matters which node of a cluster is the primary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Roles {
    /// The nodes are asked all the time: writes go to the primary, reads may go to replicas.
    #[default]
    Watched,
    /// The nodes are never asked and need no monitor user: all are alike, and are taken in turn,
    /// as PgBouncer does.
    Ignored,
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
    /// As PgBouncer writes them.
    PgBouncer,
}

/// The least important lines that are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LogLevel {
    /// Someone must act.
    Error,
    /// The proxy had to refuse or retry.
    Warn,
    /// The life of process, pools and nodes.
    #[default]
    Info,
    /// The life of each client.
    Debug,
    /// Each frame.
    Trace,
}

/// A time after which something is ended; 0 in a file means that it never is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Timeout(Option<Duration>);

impl Timeout {
    /// Never.
    pub const OFF: Self = Self(None);

    /// After `limit`; never if that is zero.
    pub const fn after(limit: Duration) -> Self {
        if limit.is_zero() {
            Self::OFF
        } else {
            Self(Some(limit))
        }
    }

    /// The time, or `None` if it is off.
    pub const fn limit(self) -> Option<Duration> {
        self.0
    }
}
