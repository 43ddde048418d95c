//! What becomes of requests on their way between processes.

use std::io::Read;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::Group;
use crate::cluster;
use crate::log_in;
use crate::raw::Raw;
use crate::raw::cancel;
use crate::say::query;
use crate::stage::Place;
use crate::stage::wait;

/// `[peers.ID]` at a port of 127.0.0.1.
fn peer(id: usize, port: u16, options: &str) -> String {
    format!("[peers.{id}]\nhost = \"127.0.0.1\"\nport = {port}\n{options}\n")
}

fn two_places() -> Vec<Place> {
    vec![Place::new(""), Place::new("")]
}

#[test]
fn a_reload_brings_peers() {
    let cluster = cluster();
    let group = Group::start(cluster.primary().port(), two_places(), |_, _| String::new());
    let ports = [group.places[0].port, group.places[1].port];
    let mut client = log_in(ports[1]);
    client.send(&query("select pg_sleep(60)"));
    cancel(ports[0], client.pid, &client.key);
    let said = "closing because: could not find peer to forward request to";
    assert!(group.log(0).contains(said), "{}", group.log(0));
    assert!(client.is_silent(Duration::from_millis(200)));
    group.configure(|_, _| peer(1, ports[0], "") + &peer(2, ports[1], "pool_size = 7"));
    group.running[0].signal(Signal::SIGHUP);
    wait("reloaded", || {
        group.log(0).contains("configuration reloaded")
    });
    cancel(ports[0], client.pid, &client.key);
    let heard = client.until(b'Z');
    assert!(heard.contains("E(57014 "), "{heard}");
    assert_eq!(group.count("peer-2/(nouser)@127.0.0.1:"), 1);
    let mut console =
        Raw::connect_with(ports[0], &[("user", "postgres"), ("database", "pgbouncer")]);
    let shown = console.q("show peers");
    let rows = format!(
        "D(1|127.0.0.1|{}|20) D(2|127.0.0.1|{}|7) ",
        ports[0], ports[1]
    );
    assert!(shown.contains(&rows), "{shown}");
    let shown = console.q("show peer_pools");
    assert!(shown.contains(" D(2|0|0|0|0) C("), "{shown}");
    let shown = console.q("show lists");
    assert!(
        shown.contains("D(peers|2)") && shown.contains("D(peer_pools|1)"),
        "{shown}"
    );
}

#[test]
fn a_request_does_not_go_round_for_ever() {
    let cluster = cluster();
    // Each takes the other for number 3.
    let group = Group::start(cluster.primary().port(), two_places(), |places, i| {
        peer(3, places[1 - i].port, "")
    });
    let port = group.places[0].port;
    let mut client = log_in(port);
    let mut pid = client.pid.to_be_bytes();
    assert_eq!(pid[1..3], [1, 0]);
    pid[1] = 3;
    cancel(port, u32::from_be_bytes(pid), &client.key);
    let said = "closing because: failed to forward cancel request because its TTL was exhausted";
    assert_eq!(group.count(said), 1);
    assert_eq!(
        group.count("closing because: successfully sent cancel request"),
        3
    );
    // It was the fourth who had it.
    assert!(group.log(1).contains(said), "{}", group.log(1));
    assert_eq!(client.value("select 1"), "1");
}

#[test]
fn requests_wait_for_a_peer_and_not_for_ever() {
    let cluster = cluster();
    let slow = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let at = slow.local_addr().unwrap().port();
    let group = Group::start(cluster.primary().port(), vec![Place::new("")], |_, _| {
        format!(
            "cancel_wait_timeout = \"2s\"\n{}",
            peer(2, at, "pool_size = 2")
        )
    });
    let port = group.places[0].port;
    let mut console = Raw::connect_with(port, &[("user", "postgres"), ("database", "pgbouncer")]);
    let key = [1, 2, 3, 0xff];
    thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(move || cancel(port, 0x0102_0003, &key));
        }
        let mut taken = [slow.accept().unwrap().0, slow.accept().unwrap().0];
        wait("in line", || {
            console.q("show peer_pools").contains("D(2|2|3|2|0)")
        });
        for stream in &mut taken {
            let mut request = [0; 16];
            stream.read_exact(&mut request).unwrap();
            assert_eq!(request[8..], [1, 2, 0, 3, 1, 2, 3, 0xfe]);
        }
    });
    // Two were taken, then two had a turn that nobody took, and one had none.
    let log = group.log(0);
    let count = |said: &str| {
        let lines = log
            .lines()
            .filter(|line| line.contains("peer-2/(nouser)@127.0.0.1:"));
        lines.filter(|line| line.ends_with(said)).count()
    };
    assert_eq!(
        count("successfully sent cancel request (age=0s)"),
        2,
        "{log}"
    );
    assert_eq!(count("cancel_wait_timeout (age=2s)"), 3, "{log}");
    wait("over", || {
        console.q("show peer_pools").contains("D(2|0|0|0|0)")
    });
}
