//! What one takes for granted of PgBouncer: hosts taken in turn without being asked what they are,
//! limits of servers and clients, what is done when a server is opened, given back or replaced.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod hosts;
mod opened;
mod room;

#[path = "../ops/stage.rs"]
#[allow(dead_code, reason = "another test binary uses all of it")]
mod stage;

use pgsluice::demo::cluster::Cluster;

/// `[clusters.NAME]` of hosts that nobody asks.
fn plain(name: &str, ports: &[u16], options: &str) -> String {
    let nodes: Vec<_> = ports.iter().map(|p| format!("\"127.0.0.1:{p}\"")).collect();
    let nodes = nodes.join(", ");
    format!("[clusters.{name}]\nroles = \"ignored\"\nnodes = [{nodes}]\n{options}\n")
}

/// `[databases.NAME]` on a cluster, called `app` there.
fn database(name: &str, cluster: &str, options: &str) -> String {
    format!("[databases.{name}]\ncluster = \"{cluster}\"\ndbname = \"app\"\n{options}\n")
}

/// How many servers the proxy has on the first node, by a condition on `pg_stat_activity`.
fn servers(cluster: &Cluster, which: &str) -> usize {
    let sql = format!(
        "select count(*) from pg_stat_activity where backend_type = 'client backend' \
         and pid <> pg_backend_pid() and {which}"
    );
    cluster.primary().psql(&sql).unwrap().parse().unwrap()
}
