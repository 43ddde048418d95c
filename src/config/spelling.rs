//! How options are spelt whose value is one of a few words.

use std::borrow::Cow;

use crate::config::discovery::Source;
use crate::config::value::Scalar;
use crate::config::words::AuthType;
use crate::config::words::LoadBalance;
use crate::config::words::LogFormat;
use crate::config::words::LogLevel;
use crate::config::words::PoolMode;
use crate::config::words::Roles;
use crate::config::words::SessionPins;
use crate::config::words::SslMode;
use crate::config::words::TransactionReads;
use crate::topology::policy::Consistency;
use crate::topology::policy::PrimaryReads;
use crate::topology::policy::Strategy;

/// An option whose value is one of a few words.
pub(super) trait Word: Copy + PartialEq + 'static {
    /// Each word with what it stands for.
    const ALL: &'static [(&'static str, Self)];
}

impl<T: Word> Scalar for T {
    fn kind() -> Cow<'static, str> {
        let words: Vec<_> = T::ALL.iter().map(|(word, _)| *word).collect();
        Cow::Owned(words.join(", "))
    }

    fn expected() -> Cow<'static, str> {
        Cow::Owned(format!("one of {}", T::kind()))
    }

    fn parse(text: &str) -> Option<Self> {
        let found = T::ALL.iter().find(|(w, _)| w.eq_ignore_ascii_case(text))?;
        Some(found.1)
    }

    fn show(&self) -> String {
        let found = T::ALL.iter().find(|(_, value)| value == self);
        found.map_or_else(String::new, |(word, _)| (*word).to_owned())
    }
}

impl Word for PoolMode {
    const ALL: &'static [(&'static str, Self)] = &[
        ("transaction", Self::Transaction),
        ("session", Self::Session),
        ("statement", Self::Statement),
    ];
}

impl Word for AuthType {
    const ALL: &'static [(&'static str, Self)] = &[
        ("any", Self::Any),
        ("trust", Self::Trust),
        ("plain", Self::Plain),
        ("md5", Self::Md5),
        ("scram-sha-256", Self::Scram),
        ("cert", Self::Certificate),
        ("hba", Self::Hba),
        ("ldap", Self::Ldap),
        ("pam", Self::Pam),
    ];
}

impl Word for SslMode {
    const ALL: &'static [(&'static str, Self)] = &[
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];
}

impl Word for Strategy {
    const ALL: &'static [(&'static str, Self)] = &[
        ("adaptive", Self::Adaptive),
        ("least_connections", Self::LeastConnections),
        ("round_robin", Self::RoundRobin),
        ("random", Self::Random),
    ];
}

impl Word for PrimaryReads {
    const ALL: &'static [(&'static str, Self)] = &[
        ("never", Self::Never),
        ("fallback", Self::Fallback),
        ("always", Self::Always),
    ];
}

impl Word for Consistency {
    const ALL: &'static [(&'static str, Self)] = &[
        ("eventual", Self::Eventual),
        ("session", Self::Session),
        ("database", Self::Database),
        ("strong", Self::Strong),
    ];
}

impl Word for TransactionReads {
    const ALL: &'static [(&'static str, Self)] = &[
        ("primary", Self::Primary),
        ("until_write", Self::UntilWrite),
    ];
}

impl Word for SessionPins {
    const ALL: &'static [(&'static str, Self)] =
        &[("allow", Self::Allow), ("refuse", Self::Refuse)];
}

impl Word for LogFormat {
    const ALL: &'static [(&'static str, Self)] = &[
        ("text", Self::Text),
        ("json", Self::Json),
        ("pgbouncer", Self::PgBouncer),
    ];
}

impl Word for LogLevel {
    const ALL: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

impl Word for LoadBalance {
    const ALL: &'static [(&'static str, Self)] = &[
        ("round-robin", Self::RoundRobin),
        ("disable", Self::Disable),
    ];
}

impl Word for Source {
    const ALL: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("dns", Self::Dns),
        ("patroni", Self::Patroni),
        ("replication", Self::Replication),
    ];
}

impl Word for Roles {
    const ALL: &'static [(&'static str, Self)] =
        &[("watched", Self::Watched), ("ignored", Self::Ignored)];
}
