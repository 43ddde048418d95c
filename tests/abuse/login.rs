//! Bad input while a password is being asked for.

use crate::raw::Raw;
use crate::raw::header;
use crate::raw::message;
use crate::raw::query;
use crate::raw::said;
use crate::raw::startup;
use crate::raw::tags;
use crate::scene::Scene;
use crate::support::proxy::DATABASE;
use crate::support::proxy::USER;

/// A connection that has been asked for SCRAM, as `user`.
fn asked(scene: &Scene, user: &str) -> Raw {
    let mut client = Raw::connect(scene.port());
    client.send(&startup(&[("user", user), ("database", DATABASE)]));
    let mut byte = [0];
    let peeked = client.stream.peek(&mut byte).expect("it answers");
    assert_eq!((peeked, byte), (1, *b"R"));
    client
}

/// SASLInitialResponse with a mechanism and a text.
fn initial(mechanism: &str, text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len())
        .expect("it is short")
        .to_be_bytes();
    let parts = [mechanism.as_bytes(), b"\0", &length, text.as_bytes()];
    message(b'p', &parts.concat())
}

#[test]
fn bad_answers_to_the_question_for_a_password_are_refused() {
    let scene = Scene::set_with("auth_type = \"scram-sha-256\"", false);
    let good = initial("SCRAM-SHA-256", "n,,n=,r=rOprNGfwEbeRWgbNEkqO");
    let cases: &[(&str, Vec<u8>)] = &[
        ("a query", query("select 1")),
        ("Sync", message(b'S', b"")),
        ("Terminate", message(b'X', b"")),
        ("a tag of zero", header(0, 4)),
        ("length 0", header(b'p', 0)),
        ("length 3", header(b'p', 3)),
        ("length -1", header(b'p', -1)),
        ("greatest length", header(b'p', i32::MAX)),
        ("an empty answer", message(b'p', b"")),
        ("a plain password", message(b'p', b"wholly secret\0")),
        (
            "an unknown mechanism",
            initial("SCRAM-SHA-1", "n,,n=,r=abc"),
        ),
        (
            "PLUS without TLS",
            initial("SCRAM-SHA-256-PLUS", "p=tls-unique,,n=,r=abc"),
        ),
        ("no nonce", initial("SCRAM-SHA-256", "n,,n=")),
        ("an empty text", initial("SCRAM-SHA-256", "")),
        ("no text", message(b'p', b"SCRAM-SHA-256\0\xff\xff\xff\xff")),
        (
            "a length beyond",
            message(b'p', b"SCRAM-SHA-256\0\x7f\xff\xff\xffn,,"),
        ),
        (
            "not UTF-8",
            message(b'p', b"SCRAM-SHA-256\0\0\0\0\x02\xff\xfe"),
        ),
        ("the first answer twice", good.repeat(2)),
        (
            "a wrong proof",
            [good.clone(), message(b'p', b"c=biws,r=abc,p=AAAA")].concat(),
        ),
        (
            "no proof",
            [good.clone(), message(b'p', b"c=biws")].concat(),
        ),
        (
            "a query instead of a proof",
            [good, query("select 1")].concat(),
        ),
    ];
    for (name, bytes) in cases {
        for user in [USER, "nobody-such"] {
            let mut client = asked(&scene, user);
            client.send(bytes);
            client.finish();
            let (messages, closed) = client.receive_all(crate::raw::SILENCE);
            assert!(closed, "{name}, {user}: not closed; {}", said(&messages));
            let is_in = tags(&messages).contains('Z');
            assert!(!is_in, "{name}, {user}: logged in: {}", said(&messages));
        }
    }
    scene.check_growth(4_096);
    scene.end();
}

#[test]
fn a_flood_before_login_costs_no_memory() {
    let mut scene = Scene::set_with("auth_type = \"scram-sha-256\"", false);
    let megabyte = vec![b'x'; 1 << 20];
    let floods: &[(&str, Vec<u8>)] = &[
        ("a password that never ends", header(b'p', i32::MAX)),
        ("queries", query("select 1").repeat(10_000)),
        ("passwords", message(b'p', &[b'x'; 900]).repeat(1_000)),
    ];
    scene.weigh();
    for (name, beginning) in floods {
        let mut client = asked(&scene, USER);
        client.send(beginning);
        for _ in 0..64 {
            client.send(&megabyte);
        }
        let (messages, closed) = client.receive_all(crate::raw::SILENCE);
        assert!(closed, "{name}: not closed; {}", said(&messages));
        assert!(
            !tags(&messages).contains('Z'),
            "{name}: {}",
            said(&messages)
        );
    }
    scene.check_growth(2_048);
    scene.end();
}
