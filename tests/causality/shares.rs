//! The share of reads on replicas, by three counts that know nothing of each other: what the
//! sessions were told by the nodes, what the proxies say, and what a node has counted.

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::scrape;

use crate::history::Act;
use crate::history::Part;
use crate::history::Read;
use crate::history::Session;
use crate::support::proxy::DATABASE;
use crate::support::proxy::Proxy;

/// What the proxies count as reads on replicas is what the sessions saw there.
pub(crate) fn compare_with_proxies(sessions: &[Session], proxies: &[Proxy]) {
    for (number, proxy) in proxies.iter().enumerate() {
        let seen = count(sessions.iter().filter(|s| s.proxy == number), |read| {
            // A transaction is one choice.
            read.place.on_replica && read.part != Part::Later
        });
        let counted = counted(proxy);
        let on_replicas = counted.iter().filter(|(o, _)| o.starts_with("replica"));
        let on_replicas: f64 = on_replicas.map(|(_, count)| count).sum();
        eprintln!("proxy {number}: {seen} reads seen on replicas; it counted {counted:?}");
        assert_about(seen, on_replicas);
    }
}

/// What a node that never crashed counts as transactions, `before` at the start, is what the
/// sessions saw there. The proxies are gone, so that all is counted.
pub(crate) fn compare_with_node(sessions: &[Session], cluster: &Cluster, node: usize, before: u64) {
    let seen = count(sessions.iter(), |read| {
        // A transaction that moves is rolled back there.
        read.place.node == node && read.part == Part::None
    });
    let counted = commits(cluster, node) - before;
    eprintln!("node{node}: {seen} reads seen, {counted} transactions counted there");
    assert_about(seen, counted as f64);
}

/// The transactions that a node has committed in the application's database.
pub(crate) fn commits(cluster: &Cluster, node: usize) -> u64 {
    let sql = format!("select xact_commit from pg_stat_database where datname = '{DATABASE}'");
    let count = cluster.node(node).psql(&sql).expect("it answers");
    count.parse().expect("a count")
}

/// All that was seen was counted, and little else: logins prepare statements, and reads are lost.
fn assert_about(seen: usize, counted: f64) {
    let seen = seen as f64;
    assert!(
        seen <= counted && counted <= 1.3 * seen + 1_000.0,
        "{seen} seen, {counted} counted"
    );
}

fn count<'a>(
    sessions: impl Iterator<Item = &'a Session>,
    is_meant: impl Fn(&Read) -> bool,
) -> usize {
    let acts = sessions.flat_map(|session| &session.acts);
    let is_meant = |act: &&Act| matches!(act, Act::Read(read) if is_meant(read));
    acts.filter(is_meant).count()
}

/// `pgsluice_reads_total` by outcome.
fn counted(proxy: &Proxy) -> Vec<(String, f64)> {
    let samples = scrape::samples(&proxy.metrics());
    let reads = samples.iter().filter(|s| s.name == "pgsluice_reads_total");
    reads
        .filter(|s| s.value != 0.0)
        .map(|s| (s.label("outcome").unwrap_or_default().to_owned(), s.value))
        .collect()
}
