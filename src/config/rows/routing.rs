//! Options of routing and consistency: global, and to be overridden by a database.

use crate::config::option::At;
use crate::config::option::Group;
use crate::config::option::Row;

pub(super) const ROUTING: Group = Group {
    title: "Routing",
    intro: "Where statements go. What cannot be understood goes to the primary.",
    rows: &[
        Row::new(
            "read_write_split",
            At::Routing(|r| &mut r.read_write_split),
            "Whether reads go to replicas; if not, everything goes to the primary.",
        )
        .ours(),
        Row::new(
            "dry_run",
            At::Routing(|r| &mut r.dry_run),
            "Everything goes to the primary all the same, and metrics, console and log say what \
             would have gone to a replica.",
        )
        .ours(),
        Row::new(
            "consistency",
            At::Routing(|r| &mut r.consistency),
            "What a read must not miss: nothing (`eventual`); what its session wrote and has read \
             (`session`); what all sessions of its database wrote through this process \
             (`database`); everything acknowledged before it came (`strong`). Sessions may choose \
             by `SET pgsluice.consistency`, statements by a hint.",
        )
        .ours(),
        Row::new(
            "max_staleness",
            At::Routing(|r| &mut r.staleness_max),
            "How old what a read sees may be, at any consistency; 0: as old as `max_lag` lets it \
             be. Also `SET pgsluice.max_staleness`, and a hint.",
        )
        .ours(),
        Row::new(
            "consistency_wait",
            At::Routing(|r| &mut r.consistency_wait),
            "How long a read that no replica may serve yet waits for one, before it goes to the \
             primary.",
        )
        .ours(),
        Row::new(
            "failover_wait",
            At::Routing(|r| &mut r.failover_wait),
            "How long a batch waits for a primary, or a read for any node, while there is none: no \
             longer than `query_wait_timeout` in all. What waits has not been sent anywhere. 0: it \
             fails at once.",
        )
        .ours(),
        Row::new(
            "failover_queue_max",
            At::Routing(|r| &mut r.failover_queue_max),
            "Clients of a cluster that may wait so at the same time; one more is refused by 53300. \
             Of each at most 128 KiB of what it sends are read meanwhile.",
        )
        .ours(),
        Row::new(
            "transaction_reads",
            At::Routing(|r| &mut r.transaction_reads),
            "Where the reads go that a READ COMMITTED transaction begins with: to the primary, as \
             the rest of it (`primary`), or to a replica until the first statement that is not a \
             read (`until_write`). Also `SET pgsluice.transaction_reads`.",
        )
        .ours(),
        Row::new(
            "learned_ttl",
            At::Routing(|r| &mut r.learned_ttl),
            "How long a statement that a replica refused counts as a write; 0: it is not \
             remembered.",
        )
        .ours(),
        Row::new(
            "session_pins",
            At::Routing(|r| &mut r.session_pins),
            "What happens to a session that comes to depend on its server (LISTEN, temporary \
             tables, advisory locks of the session, WITH HOLD cursors): it keeps the server until \
             that is undone (`allow`), or the statement is refused (`refuse`).",
        )
        .ours(),
        Row::new(
            "read_retries_max",
            At::Routing(|r| &mut r.read_retries_max),
            "How often a read outside a transaction that failed before its reply began is run on \
             another node; 0: never.",
        )
        .ours(),
        Row::new(
            "read_retries_percent",
            At::Routing(|r| &mut r.read_retries_percent),
            "How many reads may be run again in the long run, in percent of those that were \
             served; at least one a second may.",
        )
        .ours(),
        Row::new(
            "reply_hold_bytes_max",
            At::Routing(|r| &mut r.reply_hold_bytes_max),
            "Bytes of a read's reply ahead of its first row that are held back so that the read \
             can still be run again.",
        )
        .ours(),
        Row::new(
            "catalog_interval",
            At::Routing(|r| &mut r.catalog_interval),
            "Time between two looks into the system catalogs for functions that write.",
        )
        .ours()
        .not_zero(),
    ],
};
