//! Decisions in words, for `EXPLAIN ROUTE`.

use std::time::Duration;
use std::time::Instant;

use crate::admin::cell::millis;
use crate::route;
use crate::route::Kind;
use crate::route::freshness::Needs;
use crate::sql::explain::Explanation;
use crate::sql::explain::Known;
use crate::sql::names::Builtin;
use crate::sql::statement::Class;
use crate::sql::statement::Hint;
use crate::sql::statement::Reason;
use crate::topology::choose::Bar;
use crate::topology::policy::PrimaryReads;
use crate::topology::policy::Strategy;
use crate::topology::view::Exclusion;

/// A class.
pub(super) fn class(class: Class) -> &'static str {
    match class {
        Class::Neutral => "neutral",
        Class::Read => "read",
        Class::Write => "write",
    }
}

/// A kind of node.
pub(super) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Primary => "primary",
        Kind::Read | Kind::Replica => "replica",
        Kind::Any => "any",
    }
}

/// Why a statement is of its class: the token that decided and where it is, and what it does.
pub(super) fn statement(text: &[u8], found: &Explanation) -> String {
    let does = match found.function {
        Some(function) => self::function(function),
        None => self::does(found.statement.reason),
    };
    let Some(range) = &found.token else {
        return match found.statement.reason {
            Reason::Read => "nothing in it speaks against a replica".to_owned(),
            _ => format!("it {does}"),
        };
    };
    let before = text.get(..range.start).unwrap_or_default();
    let place = String::from_utf8_lossy(before).chars().count() + 1;
    let token = text.get(range.clone()).unwrap_or_default();
    let token = String::from_utf8_lossy(token);
    format!("{token} at character {place} {does}")
}

fn function(function: Known) -> &'static str {
    match function {
        Known::Volatile => "is a volatile function, says the catalog of the database",
        Known::Unknown => {
            "is a function that neither PostgreSQL nor the catalog of the database has"
        }
        Known::Builtin(Builtin::Anywhere) => "is a function of PostgreSQL's own, fit for replicas",
        Known::Builtin(Builtin::Primary) => {
            "is a function of PostgreSQL's own that writes or fails on a replica"
        }
        Known::Builtin(Builtin::PerNode) => {
            "is a function of PostgreSQL's own that tells of the node it runs on"
        }
        Known::Builtin(Builtin::PerSession) => {
            "is a function of PostgreSQL's own that works on one server's session"
        }
    }
}

fn does(reason: Reason) -> &'static str {
    match reason {
        Reason::Read => "only reads",
        Reason::Empty => "is empty",
        Reason::Setting => "is about settings, which follow the session",
        Reason::Transaction => "controls a transaction",
        Reason::Cursor => "follows the transaction that it is in",
        Reason::Command => "is no command that is known to only read",
        Reason::DataModifying => "changes rows",
        Reason::Locking => "locks rows or tables",
        Reason::Into => "makes a table",
        Reason::Function => "calls a function that may write",
        Reason::UnknownFunction => "calls a function that nobody knows",
        Reason::PerNode => "tells of the node that is asked",
        Reason::PerSession => "lives in one server's session",
        Reason::Copy => "copies from the client, or from or to a file or program",
        Reason::Learned => "was refused by a replica lately",
        Reason::Doubtful => "cannot be read for certain",
    }
}

/// Why a batch wants the kind of node that it wants.
pub(super) fn reason(reason: route::Reason, hint: Option<Hint>) -> String {
    let why = match reason {
        route::Reason::Statement(_) => "by what the statement is",
        route::Reason::SplitOff => "read_write_split is off for this database",
        route::Reason::SessionMode => "with pool_mode = session a client keeps one server",
        route::Reason::Hint => match hint {
            Some(Hint::Replica) => "the statement has the hint pgsluice: replica",
            Some(Hint::Primary) | None => "the statement has the hint pgsluice: primary",
        },
        route::Reason::Setting => "pgsluice.route says so",
        route::Reason::ReadOnlyTransaction => "it begins a read-only transaction",
        route::Reason::Transaction => "it begins a transaction that may write",
        route::Reason::LateBinding => "its transaction has only read so far",
        route::Reason::Serializable => "no replica can be serializable",
        route::Reason::Flush
        | route::Reason::Large
        | route::Reason::FunctionCall
        | route::Reason::UnknownStatement => "it cannot be known in full",
    };
    format!("{}: {why}", reason.as_str())
}

/// A read is a write for a while.
pub(super) const LEARNED: &str = "only reads, as far as one sees, but a replica refused its like \
                                  lately: see SHOW LEARNED";

/// What a node must hold to serve a read.
pub(super) fn needs(needs: &Needs, now: Instant) -> String {
    let since = needs.certified_since.map(|since| {
        let age = now.saturating_duration_since(since);
        if age.is_zero() {
            "everything acknowledged before it came".to_owned()
        } else {
            format!("everything acknowledged until {} ms ago", millis(age))
        }
    });
    let position = needs.position.map(|p| format!("everything up to {p}"));
    match (since, position) {
        (None, None) => "any node within max_lag will do".to_owned(),
        (Some(one), None) | (None, Some(one)) => format!("the node must hold {one}"),
        (Some(one), Some(other)) => format!("the node must hold {one}, and {other}"),
    }
}

/// No replica may serve a read yet.
pub(super) fn may_wait(limit: Duration) -> String {
    format!(
        "no replica is known to hold that: it waits up to {limit:?} for one, then the primary serves"
    )
}

/// Why a node may not serve a read.
pub(super) fn bar(bar: Bar, primary_reads: PrimaryReads) -> &'static str {
    match bar {
        Bar::IsPrimary => match primary_reads {
            PrimaryReads::Never => "the primary serves none of these",
            PrimaryReads::Fallback | PrimaryReads::Always => {
                "the primary serves reads only when no replica may"
            }
        },
        Bar::Avoided => "it has failed this read",
        Bar::Stale => "it may lack what the read must see",
        Bar::Excluded(Exclusion::Foreign) => "it belongs to another cluster",
        Bar::Excluded(Exclusion::Quarantined) => "it is writable, but not the primary",
        Bar::Excluded(Exclusion::NoWeight) => "its weight is 0",
        Bar::Excluded(Exclusion::Down) => "it does not answer",
        Bar::Excluded(Exclusion::Unprobed) => "it has not answered yet",
        Bar::Excluded(Exclusion::RoleUnknown) => "it is being asked for its role",
        Bar::Excluded(Exclusion::Uncertified) => "how far it is behind is not known yet",
        Bar::Excluded(Exclusion::Lagging) => {
            "it is further behind than max_lag, or was and has not caught up enough"
        }
    }
}

/// What happens to a batch that no node may serve.
pub(super) fn nobody(kind: Kind) -> &'static str {
    match kind {
        Kind::Primary => "there is no primary: it would wait for one up to query_wait_timeout",
        Kind::Read | Kind::Replica | Kind::Any => {
            "no node may serve: it would wait for one up to query_wait_timeout"
        }
    }
}

/// The node chosen is the only one that takes writes.
pub(super) const WRITABLE: &str = "the only node that takes writes";

/// The node chosen is one of those that may serve.
pub(super) const ANY: &str = "any node will do";

/// The node chosen is the primary for want of a replica.
pub(super) const STAND_IN: &str = "no replica may serve";

/// How the node was chosen among those that may serve.
pub(super) fn chosen(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Adaptive => "of two drawn by weight and lag, the less busy and faster",
        Strategy::LeastConnections => "the least busy for its weight",
        Strategy::RoundRobin => "its turn",
        Strategy::Random => "drawn by weight and lag",
    }
}
