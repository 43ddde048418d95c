//! Several processes on one port: nobody knows which of them a cancel request comes to.

use std::thread;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::Group;
use crate::cluster;
use crate::log_in;
use crate::raw::Raw;
use crate::raw::V3_0;
use crate::raw::V3_2;
use crate::raw::cancel;
use crate::say::query;
use crate::stage::Place;

const CLIENTS: usize = 30;

/// All have the same `[peers]`, and a Unix socket of their own to be reached at.
fn configuration(places: &[Place], i: usize) -> String {
    let folder = |place: &Place| place.folder.path().display().to_string();
    let mut text = format!(
        "so_reuseport = true\nunix_socket_dir = \"{}\"\ndefault_pool_size = {CLIENTS}\n",
        folder(&places[i])
    );
    for (i, place) in places.iter().enumerate() {
        let (id, host, port) = (i + 1, folder(place), place.port);
        text.push_str(&format!("[peers.{id}]\nhost = \"{host}\"\nport = {port}\n"));
    }
    text
}

fn on_one_port(count: usize) {
    let cluster = cluster();
    let first = Place::new("");
    let port = first.port;
    let others = (1..count).map(|_| Place {
        port,
        ..Place::new("")
    });
    let places = std::iter::once(first).chain(others).collect();
    let group = Group::start(cluster.primary().port(), places, configuration);
    let seed = rand::random();
    eprintln!("seed {seed}");
    let mut clients: Vec<_> = (0..CLIENTS)
        .map(|i| {
            let version = [V3_0, V3_2][i % 2];
            Raw::try_connect(port, version, &crate::STARTUP).unwrap()
        })
        .collect();
    clients.shuffle(&mut StdRng::seed_from_u64(seed));
    for client in &mut clients {
        client.send(&query("select pg_sleep(60)"));
    }
    for client in &mut clients {
        // That it runs is told by nobody: a request that comes too early ends nothing.
        thread::sleep(Duration::from_millis(10));
        assert!(client.is_silent(Duration::from_millis(1)));
    }
    let mut left = clients;
    while let Some(mut client) = left.pop() {
        cancel(port, client.pid, &client.key);
        let heard = client.until(b'Z');
        assert!(heard.contains("E(57014 "), "{heard}");
        assert_eq!(client.value("select 1"), "1");
        for other in &mut left {
            assert!(other.is_silent(Duration::from_millis(1)));
        }
    }
    // Each process has had clients: that all come to one is as likely as 30 heads in a row.
    for i in 0..count {
        let log = group.log(i);
        assert!(log.contains("login attempt"), "{log}");
    }
    let forwarded = group.count("peer-");
    assert!(0 < forwarded && forwarded < CLIENTS, "{forwarded}");
    let sent = group.count("successfully sent cancel request");
    assert_eq!(sent, CLIENTS + forwarded);
}

#[test]
fn two_processes_find_each_others_clients() {
    on_one_port(2);
}

#[test]
fn three_processes_find_each_others_clients() {
    on_one_port(3);
}

#[test]
fn many_requests_at_once_end_what_they_mean() {
    let cluster = cluster();
    let first = Place::new("");
    let port = first.port;
    let second = Place {
        port,
        ..Place::new("")
    };
    let node = cluster.primary().port();
    let _group = Group::start(node, vec![first, second], configuration);
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| log_in(port)).collect();
    for client in &mut clients {
        client.send(&query("select pg_sleep(60)"));
    }
    thread::sleep(Duration::from_millis(300));
    let (hit, spared) = clients.split_at_mut(CLIENTS / 2);
    thread::scope(|scope| {
        for client in hit.iter() {
            for _ in 0..2 {
                scope.spawn(|| cancel(port, client.pid, &client.key));
            }
        }
    });
    for client in hit {
        let heard = client.until(b'Z');
        assert!(heard.contains("E(57014 "), "{heard}");
    }
    for client in spared {
        assert!(client.is_silent(Duration::from_millis(5)));
    }
}
