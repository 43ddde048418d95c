//! Options of pools, timeouts and routing: global, and to be overridden by a database.

use crate::config::option::At;
use crate::config::option::Group;
use crate::config::option::Row;

pub(super) const POOLS: Group = Group {
    title: "Pools",
    intro: "There is one pool of servers for each database, user and node.",
    rows: &[
        Row::new(
            "pool_mode",
            At::Pooling(|p| &mut p.pool_mode),
            "When a server goes back to its pool: after each `transaction`, when the client leaves \
             (`session`), or after each `statement` (transactions are refused).",
        ),
        Row::new(
            "default_pool_size",
            At::Global(|c| &mut c.pooling.pool_size),
            "Servers in each pool, on nodes of either role.",
        )
        .not_zero(),
        Row::new(
            "pool_size",
            At::Database(|d| &mut d.pooling.pool_size),
            "Servers in each pool, on nodes of either role. Default: as `default_pool_size`.",
        )
        .not_zero(),
        Row::new(
            "pool_size_primary",
            At::Pooling(|p| &mut p.pool_size.primary),
            "Servers in each pool on the primary. Default: as `default_pool_size`.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "pool_size_replica",
            At::Pooling(|p| &mut p.pool_size.replica),
            "Servers in each pool on a replica. Default: as `default_pool_size`.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "min_pool_size",
            At::Pooling(|p| &mut p.min_pool_size),
            "Servers that a pool keeps open while it has clients, or always if the database forces a user.",
        ),
        Row::new(
            "reserve_pool_size",
            At::Pooling(|p| &mut p.reserve_pool_size),
            "Servers beyond the pool's size for clients that have waited `reserve_pool_timeout`.",
        ),
        Row::new(
            "reserve_pool_timeout",
            At::Pooling(|p| &mut p.reserve_pool_timeout),
            "How long a client waits until the reserve is used.",
        ),
        Row::new(
            "server_lifetime",
            At::Pooling(|p| &mut p.server_lifetime),
            "Age at which a server is closed once it is free; 0: each is used once.",
        ),
        Row::new(
            "server_lifetime_jitter_percent",
            At::Pooling(|p| &mut p.server_lifetime_jitter_percent),
            "Up to this part of `server_lifetime` is taken off at random, so that servers opened \
             together are not closed together.",
        )
        .ours(),
        Row::new(
            "server_idle_timeout",
            At::Pooling(|p| &mut p.server_idle_timeout),
            "How long a server may be free until it is closed.",
        ),
        Row::new(
            "server_check_delay",
            At::Pooling(|p| &mut p.server_check_delay),
            "A server that was free for longer is checked before it is used again; 0: always.",
        ),
        Row::new(
            "server_check_query",
            At::Pooling(|p| &mut p.server_check_query),
            "The check: a query, `<empty>` for an empty query, or an empty text for none.",
        ),
        Row::new(
            "server_reset_query",
            At::Pooling(|p| &mut p.server_reset_query),
            "What cleans a server when its client has left, in session mode. With an empty text it \
             is handed on if only settings are left on it, which are laid anew, and else closed.",
        ),
        Row::new(
            "server_connect_timeout",
            At::Pooling(|p| &mut p.server_connect_timeout),
            "How long connecting to a server and logging in may take.",
        )
        .not_zero(),
        Row::new(
            "server_login_retry",
            At::Pooling(|p| &mut p.server_login_retry),
            "Pause after a failed login to a server; clients are told the error meanwhile.",
        ),
        Row::new(
            "max_db_connections",
            At::Pooling(|p| &mut p.max_db_connections),
            "Servers of a database, all its pools together; 0: no limit. Where the limit is \
             reached, the free server that was unused longest is closed for a pool that needs one.",
        ),
        Row::new(
            "max_db_client_connections",
            At::Pooling(|p| &mut p.max_db_client_connections),
            "Clients of a database; more are refused; 0: no limit.",
        ),
        Row::new(
            "server_reset_query_always",
            At::Global(|c| &mut c.pooling.server_reset_query_always),
            "Whether `server_reset_query` is run in all pool modes: after each transaction, that is. \
             Sessions lose no settings by it, which are laid on servers again.",
        ),
        Row::new(
            "server_round_robin",
            At::Global(|c| &mut c.pooling.server_round_robin),
            "Whether the free server that was unused longest is used next. If not, the one used \
             last is, so that few are kept busy and the others reach `server_idle_timeout`.",
        ),
        Row::new(
            "server_fast_close",
            At::Global(|c| &mut c.pooling.server_fast_close),
            "Whether, in session mode, a server that is to be replaced (RECONNECT, another \
             configuration) is closed at the end of a transaction, and its client with it. If not, \
             that waits until the client leaves.",
        ),
        Row::new(
            "connect_query",
            At::Database(|d| &mut d.pooling.connect_query),
            "What is run on each new server before clients use it. If it fails, that is logged.",
        ),
        Row::new(
            "client_encoding",
            At::Database(|d| &mut d.pooling.startup.client_encoding),
            "What servers are asked for when they are opened; clients that ask for another get that.",
        ),
        Row::new(
            "datestyle",
            At::Database(|d| &mut d.pooling.startup.datestyle),
            "As `client_encoding`.",
        ),
        Row::new(
            "timezone",
            At::Database(|d| &mut d.pooling.startup.timezone),
            "As `client_encoding`.",
        ),
        Row::new(
            "application_name",
            At::Database(|d| &mut d.pooling.startup.application_name),
            "As `client_encoding`.",
        ),
    ],
};

pub(super) const TIMEOUTS: Group = Group {
    title: "Timeouts of clients",
    intro: "A client that exceeds one of them is closed.",
    rows: &[
        Row::new(
            "query_wait_timeout",
            At::Timeouts(|t| &mut t.query_wait),
            "How long a client waits for a server.",
        ),
        Row::new(
            "query_wait_notify",
            At::Global(|c| &mut c.timeouts.query_wait_notify),
            "How long a client waits for a server before a notice tells it so.",
        ),
        Row::new(
            "client_idle_timeout",
            At::Timeouts(|t| &mut t.client_idle),
            "How long a client may be idle outside a transaction.",
        ),
        Row::new(
            "query_timeout",
            At::Timeouts(|t| &mut t.query),
            "How long one query may take. PostgreSQL's `statement_timeout` is kinder: it ends the \
             query, not the connection.",
        ),
        Row::new(
            "transaction_timeout",
            At::Timeouts(|t| &mut t.transaction),
            "How long one transaction may take.",
        ),
        Row::new(
            "idle_transaction_timeout",
            At::Timeouts(|t| &mut t.idle_transaction),
            "How long a client may be idle in a transaction.",
        ),
    ],
};
