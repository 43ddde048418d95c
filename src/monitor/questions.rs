//! What PostgreSQL is asked, and how its answers are read. The same texts serve 10 to 18.

use crate::monitor::probe::Trouble;
use crate::server::query::Row;
use crate::topology::identity::Role;
use crate::topology::identity::SystemId;
use crate::topology::identity::Timeline;
use crate::topology::lsn::WalLayout;
use crate::topology::tracker::Answer;
use crate::topology::tracker::Hello;

/// Asked once per connection: cluster, page and segment size, whether we may see the WAL receiver,
/// version, whether `default_transaction_read_only` is what the server's files and command line say and
/// not a setting of our role or database. Open to every role, unless someone has revoked it.
pub const HELLO: &str = "SELECT s.system_identifier, i.wal_block_size, i.bytes_per_wal_segment, \
    pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'), \
    pg_catalog.current_setting('server_version_num'), \
    (SELECT source IN ('default', 'environment variable', 'configuration file', 'command line') \
    FROM pg_catalog.pg_settings WHERE name = 'default_transaction_read_only') \
    FROM pg_catalog.pg_control_system() s, pg_catalog.pg_control_init() i";

/// Prepares [`PROBE`], so that asking costs the node no planning.
///
/// The insert position, not the write position: a commit with `synchronous_commit = off` is
/// acknowledged before it is written. The timeline of a primary is that of the file it writes to,
/// as the control file still has the old one right after a promotion. A replica without a WAL
/// receiver, or whose receiver we may not see (it takes `pg_monitor`), is on the timeline of its
/// control file at least; that is late after a promotion, but never ahead.
pub const PREPARE: &str = "PREPARE pgsluice_probe AS SELECT r, \
    CASE WHEN r THEN pg_catalog.pg_last_wal_replay_lsn() \
    ELSE pg_catalog.pg_current_wal_insert_lsn() END, \
    CASE WHEN r THEN pg_catalog.to_hex(coalesce(\
    (SELECT received_tli FROM pg_catalog.pg_stat_wal_receiver), \
    greatest((SELECT timeline_id FROM pg_catalog.pg_control_checkpoint()), \
    (SELECT min_recovery_end_timeline FROM pg_catalog.pg_control_recovery())))) \
    ELSE pg_catalog.left(\
    pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8) END, \
    CASE WHEN NOT r THEN pg_catalog.pg_current_wal_flush_lsn() END, \
    pg_catalog.current_setting('default_transaction_read_only') \
    FROM (SELECT pg_catalog.pg_is_in_recovery() AS r OFFSET 0) s";

/// Asked each time: in recovery or not, position, timeline in hexadecimal digits, what of a
/// primary's log is on disk, whether transactions are read only by default.
pub const PROBE: &str = "EXECUTE pgsluice_probe";

/// Makes the primary write its log to disk: the end of a transaction that took a number is an
/// asynchronous commit, for which the log writer is woken (RecordTransactionCommit in
/// src/backend/access/transam/xact.c). Every role may, even where transactions are read-only.
pub const FLUSH: &str = "SELECT pg_catalog.txid_current()";

/// What our role may see, and the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// Whether our role may see the WAL receiver (`pg_monitor` or `pg_read_all_stats`).
    pub sees_receiver: bool,
    /// `server_version_num`, for example 150004.
    pub version: u32,
    /// Whether our `default_transaction_read_only` is the whole server's.
    pub sees_default: bool,
}

/// Reads the answer to [`HELLO`].
///
/// # Errors
/// It is not what PostgreSQL answers.
pub fn read_hello(rows: &[Row]) -> Result<(Hello, Rights), Trouble> {
    let [
        system,
        page_bytes,
        segment_bytes,
        sees_receiver,
        version,
        sees_default,
    ] = one_row(rows)?;
    let number = |text: Option<&str>| text.and_then(|t| t.parse().ok());
    let read = || {
        let system = system?.parse::<i64>().ok()?.cast_unsigned();
        let hello = Hello {
            system: SystemId(system),
            layout: WalLayout::new(number(page_bytes)?, number(segment_bytes)?)?,
        };
        let rights = Rights {
            sees_receiver: sees_receiver? == "t",
            version: version?.parse().ok()?,
            sees_default: sees_default == Some("t"),
        };
        Some((hello, rights))
    };
    read().ok_or_else(|| nonsense("system identifier, page and segment size", rows))
}

/// Reads the answer to [`PROBE`].
///
/// # Errors
/// It is not what PostgreSQL answers.
pub fn read_answer(rows: &[Row]) -> Result<Answer, Trouble> {
    let [in_recovery, lsn, timeline, flushed, read_only] = one_row(rows)?;
    let role = match in_recovery {
        Some("t") => Role::Replica,
        Some("f") => Role::Primary,
        Some(_) | None => return Err(nonsense("whether in recovery", rows)),
    };
    let lsn = lsn.map(str::parse).transpose();
    let timeline = timeline.map(|t| u32::from_str_radix(t, 16)).transpose();
    let flushed = flushed.map(str::parse).transpose();
    match (lsn, timeline, flushed) {
        (Ok(lsn), Ok(timeline), Ok(flushed)) => Ok(Answer {
            role,
            lsn,
            flushed,
            // 0 stands for none.
            timeline: timeline.filter(|t| *t != 0).map(Timeline),
            is_read_only: role == Role::Primary && read_only == Some("on"),
        }),
        (Err(_), _, _) | (_, Err(_), _) | (_, _, Err(_)) => {
            Err(nonsense("position and timeline", rows))
        }
    }
}

fn one_row<const N: usize>(rows: &[Row]) -> Result<[Option<&str>; N], Trouble> {
    let [row] = rows else {
        return Err(nonsense("one row", rows));
    };
    let fields: Vec<_> = row.iter().map(Option::as_deref).collect();
    fields
        .try_into()
        .map_err(|_| nonsense("other columns", rows))
}

/// An answer that is none.
pub fn nonsense(expected: &'static str, rows: &[Row]) -> Trouble {
    let found = format!("{rows:?}").chars().take(FOUND_CHARS_MAX).collect();
    Trouble::Nonsense { expected, found }
}

/// How much of a strange answer an error quotes.
const FOUND_CHARS_MAX: usize = 200;

#[cfg(test)]
mod tests;
