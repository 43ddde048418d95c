//! Options of the process: where it listens, who may log in, limits.

use crate::config::option::At;
use crate::config::option::Group;
use crate::config::option::Row;

pub(super) const LISTEN: Group = Group {
    title: "Listening",
    intro: "Where clients and those who watch pgsluice connect.",
    rows: &[
        Row::new(
            "listen_addr",
            At::Global(|c| &mut c.listen.addrs),
            "Addresses or host names that clients connect to; `*` is every address, an empty list \
             is none (then there is only the Unix socket).",
        )
        .at_start(),
        Row::new(
            "listen_port",
            At::Global(|c| &mut c.listen.port),
            "The TCP port, and the number in the name of the Unix socket.",
        )
        .not_zero()
        .at_start(),
        Row::new(
            "listen_backlog",
            At::Global(|c| &mut c.listen.backlog),
            "Connections that the kernel keeps until they are accepted.",
        )
        .at_start(),
        Row::new(
            "unix_socket_dir",
            At::Global(|c| &mut c.listen.unix_socket_dir),
            "Folder of the Unix socket `.s.PGSQL.PORT`; empty is no Unix socket. `@NAME` is Linux's \
             abstract namespace, which needs no folder.",
        )
        .at_start(),
        Row::new(
            "unix_socket_mode",
            At::Global(|c| &mut c.listen.unix_socket_mode),
            "Permissions of the Unix socket, in octal: `0o770` or `\"0770\"`.",
        )
        .at_start(),
        Row::new(
            "unix_socket_group",
            At::Global(|c| &mut c.listen.unix_socket_group),
            "The group, by name or number, that the Unix socket is given; empty: that of the \
             process.",
        )
        .at_start(),
        Row::new(
            "so_reuseport",
            At::Global(|c| &mut c.listen.reuseport),
            "Whether other processes may listen on the same TCP addresses: the kernel shares new \
             connections out among them.",
        )
        .at_start(),
        Row::new(
            "http_listen",
            At::Global(|c| &mut c.http.listen),
            "Address and port of `/metrics`, `/healthz` and `/readyz`; empty is off.",
        )
        .ours()
        .at_start(),
        Row::new(
            "tcp_keepalive",
            At::Global(|c| &mut c.tcp.keepalive),
            "Whether the kernel asks silent peers, clients and servers, if they are still there.",
        ),
        Row::new(
            "tcp_keepidle",
            At::Global(|c| &mut c.tcp.keepidle),
            "Silence before the kernel first asks; empty: as the system is set.",
        )
        .not_zero(),
        Row::new(
            "tcp_keepintvl",
            At::Global(|c| &mut c.tcp.keepintvl),
            "Time between the kernel's questions; empty: as the system is set.",
        )
        .not_zero(),
        Row::new(
            "tcp_keepcnt",
            At::Global(|c| &mut c.tcp.keepcnt),
            "Unanswered questions until a peer counts as gone; 0: as the system is set.",
        ),
        Row::new(
            "tcp_user_timeout",
            At::Global(|c| &mut c.tcp.user_timeout),
            "How long sent bytes may stay unacknowledged; empty: as the system is set.",
        )
        .not_zero(),
        Row::new(
            "dns_max_ttl",
            At::Global(|c| &mut c.dns.max_ttl),
            "How long the addresses of a host are kept before its name is resolved again.",
        ),
        Row::new(
            "dns_nxdomain_ttl",
            At::Global(|c| &mut c.dns.nxdomain_ttl),
            "How long it is kept that a name cannot be resolved.",
        ),
        Row::new(
            "tcp_socket_buffer",
            At::Global(|c| &mut c.tcp.socket_buffer),
            "Bytes of the kernel's buffers, in each direction, of each connection; 0: as the \
             system is set.",
        ),
    ],
};

pub(super) const LOGIN: Group = Group {
    title: "Login of clients",
    intro: "Who the users are is in `[users.NAME]` and in `auth_file`.",
    rows: &[
        Row::new(
            "auth_type",
            At::Global(|c| &mut c.auth.auth_type),
            "How clients prove who they are. `md5` becomes SCRAM for users whose stored secret is a \
             SCRAM verifier; `trust` asks for no proof of a known user; `cert` wants a certificate \
             made out to it; `any` takes everyone, whatever the name, where databases have a `user`; \
             `hba` goes by `auth_hba_file`. `ldap` and `pam` are not in this build.",
        ),
        Row::new(
            "auth_hba_file",
            At::Global(|c| &mut c.auth.hba_file),
            "Who may log in from where by which method, as PostgreSQL's pg_hba.conf: for `auth_type` \
             `hba`. The first line that fits decides; who fits none is refused. Read again by a \
             reload.",
        ),
        Row::new(
            "auth_ident_file",
            At::Global(|c| &mut c.auth.ident_file),
            "The maps that `map=` of rules for `cert` and `peer` name: lines of map, system name and \
             user.",
        ),
        Row::new(
            "auth_user",
            At::Global(|c| &mut c.auth.lookup.user),
            "The role that looks up users who are in no file, by `auth_query` in the database that \
             the client wants. Its own password must be known. Empty: nobody is looked up.",
        ),
        Row::new(
            "auth_query",
            At::Global(|c| &mut c.auth.lookup.query),
            "What `auth_user` asks: `$1` is the user, a row of its name and secret is the answer. No \
             row, or no secret, is a login that fails.",
        ),
        Row::new(
            "auth_dbname",
            At::Global(|c| &mut c.auth.lookup.dbname),
            "The database, by the name that clients use, where `auth_query` is run. Empty: the one \
             that the client wants.",
        ),
        Row::new(
            "auth_query_ttl",
            At::Global(|c| &mut c.auth.lookup.ttl),
            "How long the answer to `auth_query` holds for a user. 0: each login asks (those of one \
             user that come at the same time ask together), so that a changed password counts at \
             once.",
        )
        .ours(),
        Row::new(
            "auth_file",
            At::Global(|c| &mut c.auth.auth_file),
            "More users: lines `\"name\" \"secret\"` as in PgBouncer's userlist.txt, where a secret is \
             a password, `md5…` or `SCRAM-SHA-256$…`. A password in `[users.NAME]` beats it.",
        ),
        Row::new(
            "scram_iterations",
            At::Global(|c| &mut c.auth.scram_iterations),
            "Rounds of the SCRAM verifier that is made from a password in plain text.",
        )
        .not_zero(),
        Row::new(
            "client_login_timeout",
            At::Global(|c| &mut c.auth.client_login_timeout),
            "How long a client may take to log in; 0: as long as it likes.",
        ),
        Row::new(
            "ignore_startup_parameters",
            At::Global(|c| &mut c.auth.ignore_startup_parameters),
            "Startup parameters of clients that are neither applied nor refused.",
        ),
        Row::new(
            "application_name_add_host",
            At::Global(|c| &mut c.auth.application_name_add_host),
            "Whether the client's address and port are added to its `application_name` at login.",
        ),
        Row::new(
            "track_extra_parameters",
            At::Global(|c| &mut c.auth.track_extra_parameters),
            "Settings that follow a client by what its servers report of them, so that a function \
             that changes one, or a rollback, is seen too. `client_encoding`, `DateStyle`, \
             `IntervalStyle`, `TimeZone`, `standard_conforming_strings`, `application_name` and \
             `search_path` always do. Others follow by the statements that set them, as does what \
             no server reports.",
        )
        .at_start(),
    ],
};

pub(super) const CONSOLE: Group = Group {
    title: "Console",
    intro: "Who may log in to the database `pgsluice` (or `pgbouncer`), which is the console. They \
            log in like all users.",
    rows: &[
        Row::new(
            "admin_users",
            At::Global(|c| &mut c.console.admin_users),
            "Users who may give every command.",
        ),
        Row::new(
            "stats_users",
            At::Global(|c| &mut c.console.stats_users),
            "Users who may look (`SHOW`, `EXPLAIN ROUTE`) and change nothing.",
        ),
    ],
};

pub(super) const LIMITS: Group = Group {
    title: "Limits",
    intro: "Bounds that keep one client from hurting the others.",
    rows: &[
        Row::new(
            "max_client_conn",
            At::Global(|c| &mut c.limits.max_client_conn),
            "Clients at one time; more are refused.",
        )
        .not_zero(),
        Row::new(
            "max_user_connections",
            At::Global(|c| &mut c.limits.max_user_connections),
            "Servers of one user in all databases together; 0: no limit. Where a database forces a \
             user, that one counts.",
        ),
        Row::new(
            "max_user_client_connections",
            At::Global(|c| &mut c.limits.max_user_client_connections),
            "Clients of one user in all databases together; more are refused; 0: no limit.",
        ),
        Row::new(
            "max_packet_size",
            At::Global(|c| &mut c.limits.max_packet_size),
            "Largest message let through, in bytes. Large messages are passed on piece by piece, \
             not kept.",
        )
        .not_zero(),
        Row::new(
            "disable_pqexec",
            At::Global(|c| &mut c.limits.disable_pqexec),
            "Whether clients are refused that send a simple query, of which one text may hold several \
             statements: then only the extended protocol is let through.",
        )
        .at_start(),
        Row::new(
            "autodb_idle_timeout",
            At::Global(|c| &mut c.limits.autodb_idle),
            "How long a database for which `*` stands is kept that has neither clients nor servers; \
             0: for good.",
        ),
        Row::new(
            "max_prepared_statements",
            At::Global(|c| &mut c.limits.max_prepared_statements),
            "Named prepared statements that each server keeps; the least recently used is given \
             up. 0: names are passed on as they are, which suits session mode only.",
        ),
        Row::new(
            "statement_cache_entries",
            At::Global(|c| &mut c.limits.statement_cache_entries),
            "Statements whose class (read or write) is remembered.",
        )
        .ours()
        .not_zero(),
        Row::new(
            "relay_buffer_bytes_max",
            At::Global(|c| &mut c.limits.relay_buffer_bytes_max),
            "Bytes waiting for a slow peer at which reading from the other side stops.",
        )
        .ours(),
        Row::new(
            "cancel_wait_timeout",
            At::Global(|c| &mut c.limits.cancel_wait_timeout),
            "How long a cancel request may wait for its turn and take to arrive. 0: for ever.",
        ),
        Row::new(
            "suspend_timeout",
            At::Global(|c| &mut c.limits.suspend_timeout),
            "How long clients may take to flush what they have at a `SUSPEND` before they are closed.",
        )
        .not_zero(),
    ],
};
