//! Options of databases and users.

use crate::config::option::At;
use crate::config::option::Group;
use crate::config::option::Row;

pub(super) const DATABASES: Group = Group {
    title: "Databases",
    intro: "`[databases.NAME]`: what clients name at login. `[databases.\"*\"]` stands for every \
            name that has no section. A database names its `cluster`, or lists `nodes` itself.",
    rows: &[
        Row::new(
            "cluster",
            At::Database(|d| &mut d.cluster),
            "The cluster that it is on.",
        )
        .ours(),
        Row::new(
            "dbname",
            At::Database(|d| &mut d.dbname),
            "The PostgreSQL database. Default: the name that the client gave.",
        ),
        Row::new(
            "user",
            At::Database(|d| &mut d.user),
            "The role that all its servers log in as. Default: each client's own user.",
        ),
        Row::new(
            "password",
            At::Database(|d| &mut d.password),
            "The password of `user`; `md5…` serves for servers that ask for md5. Default: what is \
             stored of that user, if it serves for servers.",
        ),
        Row::new(
            "auth_user",
            At::Database(|d| &mut d.lookup.user),
            "As at the top of the file, for this database.",
        ),
        Row::new(
            "auth_query",
            At::Database(|d| &mut d.lookup.query),
            "As at the top of the file, for this database.",
        ),
        Row::new(
            "auth_dbname",
            At::Database(|d| &mut d.lookup.dbname),
            "As at the top of the file, for this database.",
        ),
        Row::new(
            "primary_reads",
            At::Database(|d| &mut d.primary_reads),
            "As in its cluster. Default: what its cluster says.",
        )
        .ours(),
    ],
};

pub(super) const USERS: Group = Group {
    title: "Users",
    intro: "`[users.NAME]`: who may log in, and what differs for them from what databases say.",
    rows: &[
        Row::new(
            "password",
            At::User(|u| &mut u.secret),
            "What the client's proof is checked against: a password, `md5…` or \
             `SCRAM-SHA-256$…`. Without it, or an entry in `auth_file`, the user cannot log in \
             (but by `trust`).",
        )
        .ours(),
        Row::new(
            "server_password",
            At::User(|u| &mut u.server_password),
            "The password towards servers, where `password` cannot serve for that: a SCRAM \
             verifier does only for servers that hold the same one, `md5…` only for those that ask \
             for md5.",
        )
        .ours(),
        Row::new(
            "pool_mode",
            At::User(|u| &mut u.overrides.pool_mode),
            "As in a database, for this user.",
        ),
        Row::new(
            "pool_size",
            At::User(|u| &mut u.overrides.pool_size),
            "As in a database, for this user.",
        )
        .not_zero(),
        Row::new(
            "reserve_pool_size",
            At::User(|u| &mut u.overrides.reserve_pool_size),
            "As in a database, for this user.",
        ),
        Row::new(
            "max_user_connections",
            At::User(|u| &mut u.overrides.max_user_connections),
            "As at the top of the file, for this user.",
        ),
        Row::new(
            "max_user_client_connections",
            At::User(|u| &mut u.overrides.max_user_client_connections),
            "As at the top of the file, for this user.",
        ),
        Row::new(
            "read_write_split",
            At::User(|u| &mut u.overrides.read_write_split),
            "As in a database, for this user.",
        )
        .ours(),
        Row::new(
            "dry_run",
            At::User(|u| &mut u.overrides.dry_run),
            "As in a database, for this user.",
        )
        .ours(),
        Row::new(
            "primary_reads",
            At::User(|u| &mut u.overrides.primary_reads),
            "As in a database, for this user.",
        )
        .ours(),
        Row::new(
            "consistency",
            At::User(|u| &mut u.overrides.consistency),
            "As in a database, for this user.",
        )
        .ours(),
        Row::new(
            "max_staleness",
            At::User(|u| &mut u.overrides.staleness_max),
            "As in a database, for this user.",
        )
        .ours(),
        Row::new(
            "transaction_reads",
            At::User(|u| &mut u.overrides.transaction_reads),
            "As in a database, for this user.",
        )
        .ours(),
        Row::new(
            "client_idle_timeout",
            At::User(|u| &mut u.overrides.client_idle_timeout),
            "As in a database, for this user.",
        ),
        Row::new(
            "query_timeout",
            At::User(|u| &mut u.overrides.query_timeout),
            "As in a database, for this user.",
        ),
        Row::new(
            "transaction_timeout",
            At::User(|u| &mut u.overrides.transaction_timeout),
            "As in a database, for this user.",
        ),
        Row::new(
            "idle_transaction_timeout",
            At::User(|u| &mut u.overrides.idle_transaction_timeout),
            "As in a database, for this user.",
        ),
    ],
};
