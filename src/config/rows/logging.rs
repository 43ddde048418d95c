//! Options of the log, and of the process as the system sees it.

use crate::config::option::At;
use crate::config::option::Group;
use crate::config::option::Row;

pub(super) const LOG: Group = Group {
    title: "Logging",
    intro: "Lines go to standard error, unless the process is quiet or in the background, and to \
            wherever else these say. They never hold a secret.",
    rows: &[
        Row::new(
            "log_format",
            At::Global(|c| &mut c.log.format),
            "Lines for people, one JSON object a line, or the lines that PgBouncer writes.",
        )
        .ours()
        .at_start(),
        Row::new(
            "log_level",
            At::Global(|c| &mut c.log.level),
            "The least important lines that are logged: `info` is the life of process, pools and \
             nodes, `debug` that of each client and server.",
        )
        .ours(),
        Row::new(
            "verbose",
            At::Global(|c| &mut c.log.verbose),
            "Logs more than `log_level` says: 1 is `debug`, 2 and more `trace`.",
        ),
        Row::new(
            "log_connections",
            At::Global(|c| &mut c.log.connections),
            "Whether each login of a client is logged, and in PgBouncer's format each new server.",
        ),
        Row::new(
            "log_disconnections",
            At::Global(|c| &mut c.log.disconnections),
            "Whether the end of each client is logged, with the reason, and in PgBouncer's format \
             that of each server.",
        ),
        Row::new(
            "log_pooler_errors",
            At::Global(|c| &mut c.log.pooler_errors),
            "Whether errors are logged that clients are told and that no server has said.",
        ),
        Row::new(
            "log_stats",
            At::Global(|c| &mut c.log.stats.log),
            "Whether a line of statistics is logged each `stats_period`.",
        ),
        Row::new(
            "stats_period",
            At::Global(|c| &mut c.log.stats.period),
            "How long a period of statistics is: the means in the console are over the one at hand \
             and the one before it.",
        )
        .not_zero(),
        Row::new(
            "logfile",
            At::Global(|c| &mut c.log.file),
            "A file that lines are appended to as well; SIGHUP opens it anew.",
        ),
        Row::new(
            "syslog",
            At::Global(|c| &mut c.log.syslog.on),
            "Whether lines go to the system's log as well.",
        ),
        Row::new(
            "syslog_ident",
            At::Global(|c| &mut c.log.syslog.ident),
            "The name that lines in the system's log stand under.",
        ),
        Row::new(
            "syslog_facility",
            At::Global(|c| &mut c.log.syslog.facility),
            "What lines in the system's log are filed as.",
        ),
        Row::new(
            "syslog_socket",
            At::Global(|c| &mut c.log.syslog.socket),
            "The Unix socket that the system's log listens on; in a container it may stand elsewhere.",
        )
        .ours(),
    ],
};

pub(super) const PROCESS: Group = Group {
    title: "Process",
    intro: "The process as the system sees it, and its end.",
    rows: &[
        Row::new(
            "pidfile",
            At::Global(|c| &mut c.process.pidfile),
            "A file that holds the number of the process while it runs; `--daemon` needs it.",
        )
        .at_start(),
        Row::new(
            "conffile",
            At::Global(|c| &mut c.process.conffile),
            "The file that the next reload reads; empty: the one that was read last.",
        ),
        Row::new(
            "user",
            At::Global(|c| &mut c.process.user),
            "The user of the system that the process becomes if root starts it.",
        )
        .at_start(),
        Row::new(
            "running_as_root",
            At::Global(|c| &mut c.process.as_root),
            "What becomes of a process that root starts and that has no `user`: it runs and \
             says that this is unwise, or it does not start.",
        )
        .ours()
        .at_start(),
        Row::new(
            "shutdown_mode",
            At::Global(|c| &mut c.shutdown.mode),
            "What the signals mean that end the process. `drain`: at SIGTERM and SIGINT idle \
             clients leave and running transactions may end, within `shutdown_timeout`. \
             `pgbouncer`: at SIGTERM all clients may stay for as long as they like, and the \
             process ends with the last; at SIGINT it ends when all servers are released. A \
             second one ends it at once.",
        )
        .ours(),
        Row::new(
            "shutdown_timeout",
            At::Global(|c| &mut c.shutdown.timeout),
            "How long running transactions may take to end at a shutdown before their clients are \
             closed.",
        )
        .ours(),
    ],
};
