//! The table of commands: their words, who may give them, the columns of what they show.

use crate::admin::PGBOUNCER_VERSION;
use crate::admin::Scene;
use crate::admin::access::Access;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::text;
use crate::admin::config;
use crate::admin::databases;
use crate::admin::deeds;
use crate::admin::descriptors;
use crate::admin::learned;
use crate::admin::lists;
use crate::admin::memory;
use crate::admin::names;
use crate::admin::nodes;
use crate::admin::parse::EXPLAIN_ROUTE;
use crate::admin::peers;
use crate::admin::pools;
use crate::admin::routes;
use crate::admin::sockets;
use crate::admin::stats;
use crate::wire::write::Column;

/// One command.
#[derive(Debug)]
pub(super) struct Command {
    /// Its first word.
    pub(super) name: &'static str,
    /// Its second.
    pub(super) argument: &'static str,
    /// Who may give it.
    pub(super) access: Access,
    /// What it does.
    pub(super) run: Run,
}

/// What a command does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Run {
    /// Shows rows.
    Rows(&'static [Column<'static>], fn(&Scene<'_>) -> Vec<Row>),
    /// Shows a value that never changes, for drivers that ask.
    Fixed(&'static str),
    /// Lists the commands.
    Help,
}

/// All commands of one or two words.
const COMMANDS: &[Command] = &[
    show("help", Run::Help),
    show("config", Run::Rows(config::COLUMNS, config::rows)),
    show("databases", Run::Rows(databases::COLUMNS, databases::rows)),
    show("pools", Run::Rows(pools::COLUMNS, pools::rows)),
    show("clients", Run::Rows(sockets::COLUMNS, sockets::clients)),
    show("servers", Run::Rows(sockets::COLUMNS, sockets::servers)),
    show(
        "users",
        Run::Rows(databases::USERS_COLUMNS, databases::user_rows),
    ),
    show(
        "sockets",
        Run::Rows(sockets::SOCKETS_COLUMNS, sockets::sockets),
    ),
    show(
        "active_sockets",
        Run::Rows(sockets::SOCKETS_COLUMNS, sockets::active_sockets),
    ),
    show("peers", Run::Rows(peers::COLUMNS, peers::rows)),
    show("peer_pools", Run::Rows(peers::POOL_COLUMNS, peers::pools)),
    Command {
        name: "show",
        argument: "fds",
        access: Access::Admin,
        run: Run::Rows(descriptors::COLUMNS, descriptors::rows),
    },
    show("mem", Run::Rows(memory::COLUMNS, memory::rows)),
    show("dns_hosts", Run::Rows(names::COLUMNS, names::rows)),
    show("dns_zones", Run::Rows(names::ZONES_COLUMNS, names::zones)),
    show("lists", Run::Rows(lists::COLUMNS, lists::rows)),
    show("state", Run::Rows(lists::STATE_COLUMNS, lists::state)),
    show("stats", Run::Rows(stats::COLUMNS, stats::rows)),
    show(
        "stats_totals",
        Run::Rows(stats::TOTALS_COLUMNS, stats::totals),
    ),
    show(
        "stats_averages",
        Run::Rows(stats::AVERAGES_COLUMNS, stats::averages),
    ),
    show("totals", Run::Rows(stats::SUM_COLUMNS, stats::sums)),
    show("nodes", Run::Rows(nodes::COLUMNS, nodes::rows)),
    show("learned", Run::Rows(learned::COLUMNS, learned::rows)),
    show("routes", Run::Rows(routes::COLUMNS, routes::rows)),
    show("version", Run::Rows(&[text("version")], version)),
    show("client_encoding", Run::Fixed("UTF-8")),
    show("datestyle", Run::Fixed("ISO")),
    show(
        "default_transaction_isolation",
        Run::Fixed("read committed"),
    ),
    show("standard_conforming_strings", Run::Fixed("on")),
    show("timezone", Run::Fixed("GMT")),
];

/// A SHOW for all who may log in.
const fn show(argument: &'static str, run: Run) -> Command {
    Command {
        name: "show",
        argument,
        access: Access::Stats,
        run,
    }
}

/// The command of these words. SELECT is taken for SHOW, as by PgBouncer.
pub(super) fn find(name: &str, argument: Option<&str>) -> Option<&'static Command> {
    let name = if name == "select" { "show" } else { name };
    let argument = argument.unwrap_or_default();
    COMMANDS
        .iter()
        .find(|c| c.name == name && c.argument.eq_ignore_ascii_case(argument))
}

/// Whether a parameter never changes: a SET of it is ignored.
pub(super) fn is_fixed(parameter: &str) -> bool {
    find("show", Some(parameter)).is_some_and(|command| matches!(command.run, Run::Fixed(_)))
}

/// What SHOW shows, in PgBouncer's lines, and ours behind them.
const HELP: &[&str] = &[
    "HELP|CONFIG|DATABASES|POOLS|CLIENTS|SERVERS|USERS|VERSION",
    "PEERS|PEER_POOLS",
    "FDS|SOCKETS|ACTIVE_SOCKETS|LISTS|MEM|STATE",
    "DNS_HOSTS|DNS_ZONES",
    "STATS|STATS_TOTALS|STATS_AVERAGES|TOTALS",
    "NODES|ROUTES|LEARNED",
];

/// The list of commands as SHOW HELP gives it.
pub(super) fn help() -> String {
    let shown: Vec<_> = HELP.iter().map(|line| format!("\n\tSHOW {line}")).collect();
    let (shown, deeds) = (shown.concat(), deeds::HELP);
    format!("{shown}{deeds}\n\t{EXPLAIN_ROUTE}")
}

fn version(_: &Scene<'_>) -> Vec<Row> {
    let own = env!("CARGO_PKG_VERSION");
    let text = format!("PgBouncer {PGBOUNCER_VERSION} (pgsluice {own})");
    vec![vec![cell(text)]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_in_any_case() {
        let check = |name: &str, argument: Option<&str>, expected: Option<&str>| {
            let found = find(name, argument).map(|command| command.argument);
            assert_eq!(found, expected, "{name} {argument:?}");
        };
        check("show", Some("NODES"), Some("nodes"));
        check("select", Some("version"), Some("version"));
        check("show", Some("nosuch"), None);
        check("show", None, None);
        check("nodes", None, None);
        assert!(is_fixed("datestyle"));
        assert!(!is_fixed("version"));
        assert!(!is_fixed("verbose"));
    }

    #[test]
    fn no_two_commands_have_the_same_words() {
        let mut words: Vec<_> = COMMANDS.iter().map(|c| (c.name, c.argument)).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), COMMANDS.len());
    }

    #[test]
    fn help_names_what_there_is() {
        let shown = COMMANDS.iter().filter(|c| !matches!(c.run, Run::Fixed(_)));
        let mut shown: Vec<_> = shown.map(|c| c.argument.to_ascii_uppercase()).collect();
        let mut said: Vec<_> = HELP.iter().flat_map(|line| line.split('|')).collect();
        shown.sort();
        said.sort_unstable();
        assert_eq!(said, shown);
    }
}
