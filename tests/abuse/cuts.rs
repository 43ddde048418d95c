//! Good input, cut, slowed down and garbled.

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::raw::End;
use crate::raw::Raw;
use crate::raw::SILENCE;
use crate::raw::extended;
use crate::raw::message;
use crate::raw::query;
use crate::raw::said;
use crate::raw::startup;
use crate::raw::tags;
use crate::scene::Scene;
use crate::support::proxy::DATABASE;
use crate::support::proxy::USER;

/// A whole session: login, the simple protocol, the extended one, a transaction.
fn session() -> Vec<u8> {
    [
        startup(&[("user", USER), ("database", DATABASE)]),
        query("select 41"),
        extended("select 42"),
        query("begin"),
        extended("select 43"),
        query("commit"),
    ]
    .concat()
}

#[test]
fn a_session_cut_at_any_byte_harms_nobody() {
    let scene = Scene::set();
    let session = session();
    for cut in 0..session.len() {
        let part = session.get(..cut).unwrap_or_default();
        // Once with the client gone at once, once with a client that waits for what comes.
        let mut client = Raw::connect(scene.port());
        client.send(part);
        drop(client);
        let mut client = Raw::connect(scene.port());
        client.send(part);
        client.finish();
        let (messages, closed) = client.receive_all(SILENCE);
        assert!(closed, "cut at {cut}: not closed; {}", said(&messages));
    }
    scene.check_growth(4_096);
    scene.end();
}

#[test]
fn a_session_sent_byte_by_byte_is_as_any_other() {
    let scene = Scene::set();
    let run = |send: fn(&mut Raw, &[u8])| {
        let mut client = Raw::connect(scene.port());
        send(&mut client, &session());
        let messages = client.receive_ready(6);
        let rows: Vec<_> = messages
            .iter()
            .filter(|(tag, _)| *tag == b'D')
            .cloned()
            .collect();
        (tags(&messages), rows)
    };
    let whole = run(Raw::send);
    let slow = run(Raw::send_slowly);
    assert_eq!(whole, slow);
    let after_login = whole.0.trim_start_matches(['R', 'S', 'K']);
    assert_eq!(after_login, "ZTDCZ12TDCZCZ12TDCZCZ");
    scene.end();
}

#[test]
fn garbled_sessions_harm_nobody() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(rand::random::<u64>);
    eprintln!("SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let scene = Scene::set();
    for _ in 0..300 {
        let mut bytes = session();
        for _ in 0..random.random_range(1..6) {
            garble(&mut bytes, &mut random);
        }
        let mut client = Raw::connect(scene.port());
        client.send(&bytes);
        client.finish();
        let (messages, closed) = client.receive_all(SILENCE);
        assert!(closed, "{bytes:?}: not closed; {}", said(&messages));
    }
    scene.check_growth(8_192);
    scene.end();
}

/// Changes, doubles or takes out a few bytes.
fn garble(bytes: &mut Vec<u8>, random: &mut StdRng) {
    if bytes.is_empty() {
        return;
    }
    let at = random.random_range(0..bytes.len());
    let until = bytes.len().min(at + random.random_range(1..8));
    match random.random_range(0..4) {
        0 => bytes.truncate(until),
        1 => drop(bytes.drain(at..until)),
        2 => {
            let again: Vec<_> = bytes.get(at..until).unwrap_or_default().to_vec();
            bytes.splice(at..at, again);
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = random.random();
            }
        }
    }
}

#[test]
fn a_goodbye_comes_after_what_was_asked_before() {
    let scene = Scene::set();
    let mut client = Raw::log_in(scene.port());
    client.send(
        &[
            query("create table said (i int)"),
            query("insert into said values (1)"),
            message(b'X', b""),
        ]
        .concat(),
    );
    let (messages, closed) = client.receive_all(SILENCE);
    assert!(closed, "{}", said(&messages));
    let mut client = Raw::log_in(scene.port());
    let (messages, _) = client.query("delete from said");
    assert_eq!(
        messages,
        [(b'C', b"DELETE 1\0".to_vec()), (b'Z', b"I".to_vec())]
    );
    scene.end();
}

#[test]
fn a_client_that_dies_in_a_transaction_leaves_nothing() {
    let scene = Scene::set();
    let mut client = Raw::log_in(scene.port());
    client.query("create table left_over (i int primary key)");
    for _ in 0..20 {
        let mut dying = Raw::log_in(scene.port());
        let (messages, end) = dying.query("begin; insert into left_over values (1)");
        assert_eq!(end, End::Ready, "{}", said(&messages));
        drop(dying);
        // The lock on the key goes with the transaction, and so does the row.
        let (messages, end) = client.query("insert into left_over values (1)");
        assert_eq!((tags(&messages).as_str(), end), ("CZ", End::Ready));
        client.query("delete from left_over");
    }
    scene.end();
}
