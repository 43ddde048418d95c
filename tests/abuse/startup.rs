//! Bad input before login.

use std::time::Duration;
use std::time::Instant;

use crate::raw::End;
use crate::raw::Raw;
use crate::raw::message;
use crate::raw::query;
use crate::raw::said;
use crate::raw::sqlstate;
use crate::raw::startup;
use crate::scene::Scene;
use crate::support::proxy::DATABASE;
use crate::support::proxy::USER;

/// A first packet of a length, a protocol version and more.
fn first(length: i32, version: u32, rest: &[u8]) -> Vec<u8> {
    [
        length.to_be_bytes().as_slice(),
        &version.to_be_bytes(),
        rest,
    ]
    .concat()
}

#[test]
fn bad_first_packets_are_refused() {
    let scene = Scene::set();
    let long = "x".repeat(20_000);
    let cases: &[(&str, Vec<u8>)] = &[
        ("length 0", first(0, V3, b"user\0app\0\0")),
        ("length 3", first(3, V3, b"user\0app\0\0")),
        ("length 4", first(4, V3, b"user\0app\0\0")),
        ("length 7", first(7, V3, b"user\0app\0\0")),
        ("length -1", first(-1, V3, b"user\0app\0\0")),
        ("least length", first(i32::MIN, V3, b"user\0app\0\0")),
        ("greatest length", first(i32::MAX, V3, b"user\0app\0\0")),
        ("10,001 bytes", first(10_001, V3, b"user\0app\0\0")),
        (
            "20,000 bytes",
            startup(&[("user", USER), ("database", &long)]),
        ),
        ("no parameters", first(8, V3, b"")),
        ("no user", startup(&[("database", DATABASE)])),
        (
            "empty user",
            startup(&[("user", ""), ("database", DATABASE)]),
        ),
        ("no end of the list", first(17, V3, b"user\0app\0")),
        ("no end of a value", first(16, V3, b"user\0app")),
        ("a name without a value", first(14, V3, b"user\0\0")),
        ("bytes after the list", first(22, V3, b"user\0app\0\0abcd")),
        (
            "user is not UTF-8",
            first(18, V3, b"user\0\xff\xfe\xfd\0\0"),
        ),
        ("protocol 1.0", first(18, 0x0001_0000, b"user\0app\0\0")),
        ("protocol 2.0", first(18, 0x0002_0000, b"user\0app\0\0")),
        ("protocol 4.0", first(18, 0x0004_0000, b"user\0app\0\0")),
        ("unknown code 1234.9999", first(8, 0x04d2_270f, b"")),
        (
            "unknown user",
            startup(&[("user", "nobody-such"), ("database", DATABASE)]),
        ),
        (
            "unknown database",
            startup(&[("user", USER), ("database", "nothing-such")]),
        ),
        ("a query", query("select 1")),
        ("a password", message(b'p', b"secret\0")),
        (
            "HTTP",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        ),
        (
            "TLS with none asked",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        ),
        ("zeros", vec![0; 64]),
        ("ones", vec![0xff; 64]),
    ];
    for (name, bytes) in cases {
        let mut client = Raw::connect(scene.port());
        scene.check_refused(name, &mut client, bytes);
    }
    scene.check_growth(2_048);
    scene.end();
}

#[test]
fn a_bad_cancel_request_is_closed_without_a_word() {
    let scene = Scene::set();
    let cases: &[(&str, Vec<u8>)] = &[
        ("no such key", first(16, CANCEL, b"\0\0\0\x01\0\0\0\x02")),
        ("no key", first(12, CANCEL, b"\0\0\0\x01")),
        ("nothing", first(8, CANCEL, b"")),
        ("a long key", first(272, CANCEL, &[7; 260])),
        ("too long a key", first(273, CANCEL, &[7; 261])),
    ];
    for (name, bytes) in cases {
        let mut client = Raw::connect(scene.port());
        client.send(bytes);
        let (messages, closed) = client.receive_all(crate::raw::SILENCE);
        assert!(closed, "{name}: not closed");
        // PostgreSQL says nothing to a cancel request, good or bad; an error harms nobody.
        let is_clear = messages.is_empty() || sqlstate(&messages).is_some();
        assert!(is_clear, "{name}: {}", said(&messages));
    }
    scene.end();
}

#[test]
fn requests_for_encryption_are_answered_and_bounded() {
    let scene = Scene::set();
    for request in [SSL, GSS] {
        let mut client = Raw::connect(scene.port());
        client.send(&first(8, request, b""));
        let mut answer = [0];
        std::io::Read::read_exact(&mut client.stream, &mut answer).expect("an answer of one byte");
        assert_eq!(answer, *b"N");
        client.send(&startup(&[("user", USER), ("database", DATABASE)]));
        assert_eq!(client.receive().1, End::Ready);
    }
    // Who asks for ever is not answered for ever.
    let mut client = Raw::connect(scene.port());
    client.send(&first(8, SSL, b"").repeat(10_000));
    let (messages, closed) = client.receive_all(Duration::from_secs(8));
    assert!(closed, "{}", said(&messages));
    scene.check_growth(2_048);
    scene.end();
}

#[test]
fn clients_that_do_not_finish_are_closed_in_time() {
    let scene = Scene::set();
    let packet = startup(&[("user", USER), ("database", DATABASE)]);
    let began = Instant::now();
    let mut clients: Vec<_> = (0..500)
        .map(|i| {
            let mut client = Raw::connect(scene.port());
            // Nothing, a part of the length, a part of the packet.
            let part = packet.len().saturating_sub(1).min(i % 40);
            client.send(packet.get(..part).unwrap_or_default());
            client
        })
        .collect();
    for client in &mut clients {
        let (messages, closed) = client.receive_all(Duration::from_secs(8));
        assert!(closed, "not closed; it said {}", said(&messages));
    }
    let took = began.elapsed();
    assert!(took < Duration::from_secs(15), "it took {took:?}");
    scene.check_growth(16 * 1_024);
    scene.end();
}

const V3: u32 = 0x0003_0000;
const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;
