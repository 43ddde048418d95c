//! What a failover looks like from outside: when the proxy missed its primary, when Patroni had
//! made another, and when the proxy knew that one.

use std::fmt;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::scrape;
use pgsluice::demo::scrape::Sample;

use crate::engine::Engine;
use crate::engine::MEMBERS;
use crate::support::proxy::Proxy;
use crate::wait;

/// Moments of a failover, from the kill.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Until the proxy knew that the primary had gone.
    pub(crate) missed: Duration,
    /// Until another node was no longer in recovery.
    pub(crate) promoted: Duration,
    /// Until the proxy knew the new primary.
    pub(crate) found: Duration,
}

/// Kills the leader and looks on until the proxy knows another primary.
pub(crate) fn kill_the_leader(engine: &mut Engine, proxy: &Proxy) -> (Instant, Moments) {
    let from = engine.leader().expect("there is a leader");
    let ports = engine.ports();
    let killed = Instant::now();
    engine.kill(from);
    let mut missed = None;
    let mut promoted = None;
    let mut found = None;
    let done = wait(FAILOVER_WITHIN, || {
        let seen = Seen::by(proxy, &ports);
        let since = killed.elapsed();
        if !seen.up[from] || seen.primary != Some(from) {
            missed.get_or_insert(since);
        }
        if promoted.is_none() {
            promoted = promoted_but(engine, from).map(|to| (to, killed.elapsed()));
        }
        if promoted.is_some_and(|(to, _)| seen.primary == Some(to)) {
            found.get_or_insert(since);
        }
        found.is_some()
    });
    assert!(done, "no failover:\n{}", engine.story());
    let (to, promoted) = promoted.expect("it was found");
    let moments = Moments {
        from,
        to,
        missed: missed.expect("it was found"),
        promoted,
        found: found.expect("it was found"),
    };
    (killed, moments)
}

/// A node but `old` that takes writes.
fn promoted_but(engine: &Engine, old: usize) -> Option<usize> {
    let sql = "select pg_is_in_recovery()";
    (0..MEMBERS).find(|i| {
        *i != old
            && engine
                .psql(*i, "postgres", sql)
                .is_ok_and(|rows| rows == "f")
    })
}

/// The nodes as the proxy sees them.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) primary: Option<usize>,
    pub(crate) up: [bool; MEMBERS],
}

impl Seen {
    pub(crate) fn by(proxy: &Proxy, ports: &[u16]) -> Self {
        let samples = scrape::samples(&proxy.metrics());
        let is_set = |name: &str, port: &u16, role: Option<&str>| {
            let node = format!("127.0.0.1:{port}");
            let is_it = |s: &&Sample| {
                s.name == name && s.label("node") == Some(&node) && s.label("role") == role
            };
            samples.iter().find(is_it).is_some_and(|s| 0.0 < s.value)
        };
        let mut up = [false; MEMBERS];
        for (up, port) in up.iter_mut().zip(ports) {
            *up = is_set("pgsluice_node_up", port, None);
        }
        // A node that is down is shown in the role that it had.
        let is_primary =
            |(port, up): (&u16, &bool)| *up && is_set("pgsluice_node_role", port, Some("primary"));
        Self {
            primary: ports.iter().zip(&up).position(is_primary),
            up,
        }
    }
}

impl fmt::Display for Moments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "node{} killed; missed by the proxy after {:.3} s; node{} promoted by Patroni after \
             {:.3} s; known to the proxy {:.3} s later",
            self.from,
            self.missed.as_secs_f64(),
            self.to,
            self.promoted.as_secs_f64(),
            self.found.saturating_sub(self.promoted).as_secs_f64(),
        )
    }
}

const FAILOVER_WITHIN: Duration = Duration::from_secs(60);
