//! A request ends a query of the client that it means, or none.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::Scene;
use crate::raw::Raw;
use crate::raw::cancel;

const LASTS: Duration = Duration::from_secs(4);

/// Runs queries of a few milliseconds, and has requests sent by others as they run; how many were
/// cancelled.
fn cancels(port: u16, seed: u64, until: Instant) -> u32 {
    let mut random = StdRng::seed_from_u64(seed);
    let mut client = Raw::connect(port);
    let mut hits = 0;
    while Instant::now() < until {
        let (pid, key) = (client.pid, client.key.clone());
        let pause = Duration::from_micros(random.random_range(0..8_000));
        let canceller = thread::spawn(move || {
            thread::sleep(pause);
            cancel(port, pid, &key);
        });
        let heard = client.q("select pg_sleep(0.004)");
        hits += u32::from(heard.contains("57014"));
        assert!(heard.ends_with("Z(I)"), "{heard}");
        // Some stay until their request was dealt with, some go on.
        if random.random_bool(0.5) {
            canceller.join().unwrap();
        }
    }
    hits
}

/// Runs queries that nobody wants cancelled; how many.
fn works(port: u16, seed: u64, until: Instant) -> u32 {
    let mut random = StdRng::seed_from_u64(seed);
    let mut client = Raw::connect(port);
    let mut count = 0;
    while Instant::now() < until {
        let heard = match random.random_range(0..3) {
            0 => client.q("begin; select pg_sleep(0.003); commit"),
            _ => client.q("select pg_sleep(0.002)"),
        };
        assert!(!heard.contains("E("), "{heard}; seed {seed}");
        count += 1;
    }
    count
}

/// Short of what some requests need, so that they are given up on their way.
fn run(global: &str, late: Duration) {
    let seed = rand::rng().random();
    eprintln!("seed {seed}");
    let scene = Scene::set(global, "pool_size = 2\nquery_wait_timeout = \"20s\"");
    scene.relay.delay_up_to(late, seed);
    let port = scene.proxy.port();
    let until = Instant::now() + LASTS;
    let (hits, count) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for i in 0..4 {
            let (hits, count) = (&hits, &count);
            scope.spawn(move || {
                hits.fetch_add(cancels(port, seed ^ i, until), Ordering::Relaxed);
            });
            scope.spawn(move || {
                count.fetch_add(works(port, seed ^ (i + 4), until), Ordering::Relaxed);
            });
        }
    });
    let (hits, count) = (hits.into_inner(), count.into_inner());
    eprintln!("{hits} cancelled, {count} queries of others");
    assert!(5 < hits && 20 < count, "{hits} {count}");
}

#[test]
fn slow_requests_hit_nobody_else() {
    run("max_client_conn = 1000", Duration::from_millis(30));
}

#[test]
fn requests_that_are_given_up_hit_nobody_else() {
    let global = "max_client_conn = 1000\ncancel_wait_timeout = \"40ms\"";
    run(global, Duration::from_millis(80));
}
