//! More requests than a pool may have connections for.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::Scene;
use crate::raw::Raw;
use crate::raw::cancel;
use crate::say::query;
use crate::wait;

const CLIENTS: usize = 50;

fn cancel_from_many(port: u16, victims: &[&Raw]) {
    thread::scope(|scope| {
        for victim in victims {
            let (pid, key) = (victim.pid, victim.key.clone());
            scope.spawn(move || cancel(port, pid, &key));
        }
    });
}

fn is_canceled(heard: &str) -> bool {
    heard.contains("E(57014 canceling statement due to user request) Z(")
}

#[test]
fn fifty_clients_cancel_at_once() {
    let scene = Scene::set("", "pool_size = 2");
    scene.relay.delay(Duration::from_millis(100));
    let port = scene.proxy.port();
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| Raw::connect(port)).collect();
    for client in &mut clients {
        client.send(&query("select pg_sleep(60)"));
    }
    let mut console = scene.console();
    // Two have a server, the others wait.
    wait("all there", || {
        let shown = console.q("show pools");
        shown.contains("D(app|app|2|48|0|0|2|0|0|")
    });
    cancel_from_many(port, &clients.iter().collect::<Vec<_>>());
    for client in &mut clients {
        let heard = client.until(b'Z');
        assert!(is_canceled(&heard), "{heard}");
        assert_eq!(client.value("select 1"), "1");
    }
    let (most, all) = scene.relay.counts();
    assert_eq!((most, all), (2, 2));
}

#[test]
fn requests_wait_for_their_turn() {
    let scene = Scene::set("", "pool_size = 2");
    scene.relay.delay(Duration::from_millis(400));
    let port = scene.proxy.port();
    let mut console = scene.console();
    let mut client = Raw::connect(port);
    client.q("begin");
    client.send(&query("select pg_sleep(60)"));
    let started = Instant::now();
    thread::scope(|scope| {
        let victims = [&client; 10];
        scope.spawn(move || cancel_from_many(port, &victims));
        wait("2 active", || scene.requests(&mut console) == "2 8 2 0");
    });
    let took = started.elapsed();
    assert!(Duration::from_secs(2) <= took, "{took:?}");
    assert_eq!(scene.relay.counts(), (2, 10));
    let heard = client.until(b'Z');
    assert!(is_canceled(&heard), "{heard}");
    client.q("rollback");
    let log = scene.proxy.output();
    let said = "closing because: successfully sent cancel request";
    assert_eq!(log.matches(said).count(), 10, "{log}");
}

#[test]
fn a_server_waits_for_requests_and_its_client_does_not() {
    let scene = Scene::set("", "pool_size = 2");
    let port = scene.proxy.port();
    let mut console = scene.console();
    let mut client = Raw::connect(port);
    let (pid, key) = (client.pid, client.key.clone());
    let server = client.value("select pg_backend_pid()");
    client.send(&query("select pg_backend_pid() from pg_sleep(60)"));
    thread::scope(|scope| {
        scene.relay.delay(Duration::from_secs(2));
        scope.spawn(|| cancel(port, pid, &key));
        wait("one slow", || scene.requests(&mut console) == "1 0 1 0");
        scene.relay.delay(Duration::ZERO);
        scope.spawn(|| cancel(port, pid, &key));
        let heard = client.until(b'Z');
        assert!(is_canceled(&heard), "{heard}");
        wait("kept", || scene.requests(&mut console) == "1 0 1 1");
        assert_ne!(client.value("select pg_backend_pid()"), server);
    });
    wait("over", || scene.requests(&mut console) == "0 0 0 0");
    // It was not closed.
    let mut other = Raw::connect(port);
    client.q("begin");
    other.q("begin");
    let pids = [&mut client, &mut other].map(|c| c.value("select pg_backend_pid()"));
    assert!(pids.contains(&server), "{pids:?} {server}");
}

#[test]
fn requests_are_not_sent_when_there_is_nothing_left_to_cancel() {
    let scene = Scene::set("", "pool_size = 1");
    scene.relay.delay(Duration::from_secs(1));
    let port = scene.proxy.port();
    let mut console = scene.console();
    let mut client = Raw::connect(port);
    client.send(&query("select pg_sleep(0.7)"));
    wait("active", || {
        console.q("show pools").contains("D(app|app|1|0|0|0|1|")
    });
    cancel_from_many(port, &[&client; 3]);
    assert_eq!(scene.relay.counts(), (1, 1));
    let heard = client.until(b'Z');
    assert!(heard.contains("C(SELECT 1) Z(I)"), "{heard}");
    let log = scene.proxy.output();
    let said = "closing because: not sending cancel request for client that is now idle (age=1s)";
    assert_eq!(log.matches(said).count(), 2, "{log}");
}

#[test]
fn requests_that_wait_too_long_are_given_up() {
    let scene = Scene::set("cancel_wait_timeout = \"1s\"", "pool_size = 1");
    scene.relay.delay(Duration::from_millis(700));
    let port = scene.proxy.port();
    let mut client = Raw::connect(port);
    client.q("begin");
    let server = client.value("select pg_backend_pid()");
    client.send(&query("select pg_sleep(60)"));
    let started = Instant::now();
    // One arrives, one is given up on its way, the others have no time left when their turn comes.
    cancel_from_many(port, &[&client; 6]);
    let took = started.elapsed();
    assert!(took < Duration::from_millis(1_400), "{took:?}");
    let heard = client.until(b'Z');
    assert!(is_canceled(&heard), "{heard}");
    client.q("rollback");
    // The second is still on its way to that server, which serves nobody any more.
    let heard = client.value("select pg_backend_pid() from pg_sleep(1)");
    assert!(heard.parse::<u32>().is_ok(), "{heard}");
    assert_ne!(heard, server);
    let log = scene.proxy.output();
    let count = |what: &str| log.lines().filter(|line| line.contains(what)).count();
    let late = "app/(nouser)@127.0.0.1:";
    let lines = log.lines().filter(|line| line.contains(late));
    let late = lines.filter(|line| line.contains("closing because: cancel_wait_timeout (age=1s)"));
    assert_eq!(late.count(), 5, "{log}");
    assert_eq!(count("successfully sent cancel request"), 1, "{log}");
}

#[test]
fn requests_that_mean_nothing_say_so() {
    let scene = Scene::set("", "pool_size = 1");
    let port = scene.proxy.port();
    let client = Raw::connect(port);
    cancel(port, client.pid, &client.key);
    cancel(port, client.pid, &[1, 2, 3, 4]);
    assert_eq!(scene.relay.counts(), (0, 0));
    let log = scene.proxy.output();
    for said in ["cancel request for idle client", "failed cancel request"] {
        let line = format!("closing because: {said} (age=0s)");
        assert!(log.contains(&line), "{log}");
    }
}

#[test]
fn who_cancels_a_long_wait_was_not_idle() {
    let scene = Scene::set("", "pool_size = 1\nclient_idle_timeout = \"1s\"");
    let (mut holder, mut client) = (
        Raw::connect(scene.proxy.port()),
        Raw::connect(scene.proxy.port()),
    );
    holder.q("begin");
    client.send(&query("select 1"));
    thread::sleep(Duration::from_millis(1500));
    cancel_from_many(scene.proxy.port(), &[&client]);
    let heard = client.until(b'Z');
    assert!(is_canceled(&heard), "{heard}");
    holder.q("rollback");
    assert_eq!(client.value("select 1"), "1");
}
