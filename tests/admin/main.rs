//! The console over the wire, beside what PgBouncer's says, and what it tells of a real cluster.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

mod crowds;
mod deeds;
mod exporter;
mod figures;
mod learned;
mod logins;
mod moved;
mod nodes;
mod protocol;
mod raw;
mod routes;
mod settings;
mod shapes;

#[path = "../ops/stage.rs"]
#[allow(dead_code, reason = "another test binary uses all of it")]
mod stage;

use pgsluice::demo::cluster::Cluster;

use crate::stage::Front;
use crate::stage::main_cluster;
use crate::stage::user_app;

/// Users of the console, for a front where nobody is asked for a password.
const TRUSTED: &str = "auth_type = \"trust\"\nadmin_users = \"root\"\nstats_users = [\"looker\"]\n";

/// A front for the console's users, and `app` for these databases.
fn front(cluster: &Cluster, name: &str, databases: &[(&str, &str)]) -> Front {
    let mut config = TRUSTED.to_owned();
    config.push_str(&main_cluster(cluster));
    config.push_str("max_lag = \"2s\"\nslow_start = 0\nsample_interval_slow = \"100ms\"\n");
    for (database, options) in databases {
        config.push_str(&format!(
            "[databases.{database}]\ncluster = \"main\"\ndbname = \"app\"\n{options}\n"
        ));
    }
    config.push_str(&user_app());
    config.push_str("[users.root]\n[users.looker]\n");
    Front::ready(cluster, name, &config)
}

/// Asks the console: rows of values, NULL as an empty one.
fn ask(front: &Front, text: &str) -> Vec<Vec<String>> {
    let said = front.psql(&front.conninfo("root", "pgsluice"), "", text);
    let said = said.expect("the console answers");
    let values = |line: &str| line.split('|').map(str::to_owned).collect();
    said.lines().map(values).collect()
}
