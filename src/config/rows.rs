//! The table of all options, in the order of the reference.

mod cluster;

mod database;

mod logging;

mod peers;

mod pooling;

mod process;

mod routing;

mod tls;

use crate::config::option::Group;
use crate::config::option::Row;
use crate::config::option::Section;

/// All options, by what they are about.
pub const GROUPS: &[Group] = &[
    process::LISTEN,
    logging::LOG,
    logging::PROCESS,
    process::LOGIN,
    process::CONSOLE,
    tls::TLS,
    process::LIMITS,
    pooling::POOLS,
    pooling::TIMEOUTS,
    routing::ROUTING,
    cluster::CLUSTERS,
    cluster::NODES,
    database::DATABASES,
    database::USERS,
    peers::PEERS,
];

/// All options.
pub fn all() -> impl Iterator<Item = &'static Row> {
    GROUPS.iter().flat_map(|group| group.rows)
}

/// The option of this name in this section.
pub fn find(section: Section, name: &str) -> Option<&'static Row> {
    all().find(|row| row.name == name && row.sections().contains(&section))
}
