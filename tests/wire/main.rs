//! The proxy against PostgreSQL itself: what a client hears through it is what it hears directly,
//! and what a session leaves on a server never reaches the next.
//!
//! Each test runs a table of cases on one cluster (a primary and two replicas) with two proxies:
//! one as configured by default but for tiny statement caches, one with a single server per node,
//! which its clients are forced to share. `WIRE_CASE=part-of-a-name` runs some of the cases.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::excessive_nesting,
    reason = "a test may fail loudly"
)]

mod ahead;
mod cancel;
mod copy;
mod death;
mod late;
mod memory;
mod prepared;
mod protocol;
mod random;
mod raw;
mod reported;
mod routing;
mod say;
mod settings;
mod show;
mod state;
mod versions;

#[path = "../support/mod.rs"]
mod support;

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::OnceLock;

use pgsluice::demo::cluster::Cluster;

use crate::raw::Raw;
use crate::support::proxy::DATABASE;
use crate::support::proxy::Proxy;
use crate::support::proxy::USER;
use crate::support::proxy::cluster_with_app;

/// The cluster and the proxies in front of it.
struct World {
    cluster: Cluster,
    /// Many servers, few prepared statements on each.
    wide: Proxy,
    /// One server on each node.
    tight: Proxy,
}

impl World {
    fn primary(&self) -> u16 {
        self.cluster.primary().port()
    }

    /// Runs SQL on the primary, past the proxies, and waits until the replicas have it.
    fn admin(&self, sql: &str) -> String {
        let answer = self.cluster.primary().psql_in(DATABASE, sql);
        self.cluster.catch_up(0).expect("the replicas follow");
        answer.expect("it runs")
    }
}

/// One case: what it shows, and how.
type Case = (&'static str, fn(&World));

/// Functions by which a statement tells where it ran. They are STABLE, so that they may be read
/// on a replica, unlike those they call.
const PROBES: &str = "
    create table written (a int);
    create table seven as select generate_series(1, 7) as a;
    create function on_replica() returns bool language sql stable
        as 'select pg_catalog.pg_is_in_recovery()';
    create function my_pid() returns int language sql stable
        as 'select pg_catalog.pg_backend_pid()';
    create function writes_a_row() returns int language sql volatile
        as 'insert into written values (1) returning 1';
    create function claims_to_read() returns int language plpgsql stable
        as 'begin perform writes_a_row(); return 1; end';
    create role other;";

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let cluster = cluster_with_app();
        let primary = cluster.primary();
        let made = primary.psql_in(DATABASE, PROBES);
        made.expect("the functions are made");
        let granted = format!(
            "grant all on all tables in schema public to {USER}; grant other to {USER};
             grant all on schema public to {USER}"
        );
        primary
            .psql_in(DATABASE, &granted)
            .expect("they are usable");
        cluster.catch_up(0).expect("the replicas follow");
        let wide = Proxy::start(&cluster, "max_prepared_statements = 2", "");
        let tight = Proxy::start(&cluster, "consistency_wait = \"5s\"", "pool_size = 1");
        World {
            cluster,
            wide,
            tight,
        }
    })
}

/// Runs all cases, and tells of all that failed.
fn check(tables: &[&[Case]]) {
    let world = world();
    let wanted = std::env::var("WIRE_CASE").unwrap_or_default();
    let mut failed = Vec::new();
    for (name, case) in tables.iter().copied().flatten() {
        if !name.contains(&wanted) {
            continue;
        }
        let started = std::time::Instant::now();
        if catch_unwind(AssertUnwindSafe(|| case(world))).is_err() {
            failed.push(*name);
        }
        eprintln!("{name}: {:?}", started.elapsed());
    }
    assert!(failed.is_empty(), "these failed: {failed:#?}");
}

/// Runs `script` directly and through both proxies: all are to hear the same.
fn same_as_direct(world: &World, script: fn(&mut Raw) -> Vec<String>) -> Vec<String> {
    let direct = script(&mut Raw::connect(world.primary()));
    for proxy in [&world.wide, &world.tight] {
        let heard = script(&mut Raw::connect(proxy.port()));
        assert_eq!(heard.len(), direct.len());
        for (i, (heard, direct)) in heard.iter().zip(&direct).enumerate() {
            assert_eq!(
                heard, direct,
                "answer {i}; left: through the proxy, right: directly"
            );
        }
    }
    direct
}

#[test]
fn what_is_heard_is_what_postgresql_says() {
    check(&[
        protocol::CASES,
        prepared::CASES,
        ahead::CASES,
        copy::CASES,
        versions::CASES,
    ]);
}

#[test]
fn sessions_keep_what_is_theirs_and_leave_nothing() {
    check(&[
        state::CASES,
        settings::CASES,
        reported::CASES,
        routing::CASES,
        late::CASES,
        cancel::CASES,
        death::CASES,
    ]);
}

#[test]
fn large_messages_stream_in_bounded_memory() {
    check(&[memory::CASES]);
}

#[test]
fn random_scripts_are_answered_as_postgresql_does() {
    random::random_scripts_are_answered_as_postgresql_does(world());
}
