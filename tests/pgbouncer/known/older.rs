//! In what older versions of PgBouncer differ from the one that pgsluice is like.

use crate::known::Known;
use crate::known::known;

/// One that later versions of PgBouncer than this do not have.
const fn until(version: (u32, u32), known: Known) -> Known {
    Known {
        until: Some(version),
        ..known
    }
}

/// All of these.
pub(crate) const OLDER: &[Known] = &[
    until(
        (1, 24),
        known(
            ("reloading", "reload"),
            "C RELOAD",
            "RELOAD failed, see logs for additional details",
            "PgBouncer 1.25 says it, older ones only log it",
        ),
    ),
    until(
        (1, 23),
        known(
            ("*", "a database of the server"),
            "E SFATAL C08P01",
            "E SFATAL C3D000",
            "the server's own code, as PgBouncer 1.24 passes it on",
        ),
    ),
    until(
        (1, 23),
        known(
            (
                "a server that refuses",
                "a database that the server does not have",
            ),
            "E SFATAL C08P01",
            "E SFATAL C3D000",
            "as above",
        ),
    ),
    until(
        (1, 23),
        known(
            ("a server that refuses", "a wrong password"),
            "E SFATAL C08P01",
            "E SFATAL C28P01",
            "as above",
        ),
    ),
    until(
        (1, 23),
        known(
            ("hba", "only by TLS"),
            "login rejected",
            "no authentication method is found",
            "what PgBouncer 1.24 says",
        ),
    ),
    until(
        (1, 23),
        known(
            ("hba", "unknown"),
            "login rejected",
            "no authentication method is found",
            "as above",
        ),
    ),
    until(
        (1, 19),
        known(
            ("parameters", "options that are ignored"),
            "unsupported startup parameter: options",
            "R ok",
            "options came with PgBouncer 1.20",
        ),
    ),
    until(
        (1, 19),
        known(
            ("parameters", "options that are ignored: show timezone"),
            "",
            "D UTC",
            "as above",
        ),
    ),
    until(
        (1, 19),
        known(
            ("parameters", "options that are ignored: show datestyle"),
            "",
            "D ISO, MDY",
            "as above",
        ),
    ),
    until(
        (1, 19),
        known(
            (
                "parameters",
                "options that are ignored: show application_name",
            ),
            "",
            "T application_name",
            "as above",
        ),
    ),
    until(
        (1, 19),
        known(
            ("parameters", "options that are tracked: show timezone"),
            "",
            "D UTC",
            "as above",
        ),
    ),
    until(
        (1, 19),
        known(
            ("parameters", "options that are tracked: show datestyle"),
            "",
            "D German, DMY",
            "as above",
        ),
    ),
    until(
        (1, 19),
        known(
            (
                "parameters",
                "options that are tracked: show application_name",
            ),
            "",
            "T application_name",
            "as above",
        ),
    ),
    until(
        (1, 19),
        known(
            ("parameters", "options of another kind"),
            "unsupported startup parameter: options",
            "unsupported options startup parameter",
            "as above",
        ),
    ),
    until(
        (1, 23),
        known(
            ("columns", "CLIENTS"),
            "T ",
            "prepared_statements",
            "columns that came with later versions",
        ),
    ),
    until(
        (1, 23),
        known(
            ("columns", "SERVERS"),
            "T ",
            "prepared_statements",
            "as above",
        ),
    ),
    until(
        (1, 23),
        known(
            ("columns", "SOCKETS"),
            "T ",
            "prepared_statements",
            "as above",
        ),
    ),
    until(
        (1, 23),
        known(
            ("columns", "ACTIVE_SOCKETS"),
            "T ",
            "prepared_statements",
            "as above",
        ),
    ),
    until(
        (1, 23),
        known(("columns", "POOLS"), "T ", "load_balance_hosts", "as above"),
    ),
    until(
        (1, 23),
        known(
            ("columns", "DATABASES"),
            "T ",
            "server_lifetime",
            "as above",
        ),
    ),
    until(
        (1, 23),
        known(
            ("columns", "USERS"),
            "T ",
            "current_client_connections",
            "as above",
        ),
    ),
    until(
        (1, 23),
        known(("columns", "STATS"), "T ", "total_bind_count", "as above"),
    ),
    until(
        (1, 23),
        known(("columns", "STATS_TOTALS"), "T ", "bind_count", "as above"),
    ),
    until(
        (1, 23),
        known(
            ("columns", "STATS_AVERAGES"),
            "T ",
            "avg_bind_count",
            "as above",
        ),
    ),
    until(
        (1, 18),
        known(
            ("columns", "STATE"),
            "invalid command 'SHOW STATE'",
            "T key:25:-1 value:25:-1",
            "it came with PgBouncer 1.19",
        ),
    ),
    until(
        (1, 18),
        known(
            ("state", "at first: SHOW STATE"),
            "invalid command 'SHOW STATE'",
            "T key:25:-1 value:25:-1",
            "it came with PgBouncer 1.19",
        ),
    ),
    until(
        (1, 18),
        known(
            ("state", "paused: SHOW STATE"),
            "invalid command 'SHOW STATE'",
            "T key:25:-1 value:25:-1",
            "it came with PgBouncer 1.19",
        ),
    ),
];
