//! Bad messages from clients that are logged in.

use crate::raw::End;
use crate::raw::Raw;
use crate::raw::SILENCE;
use crate::raw::extended;
use crate::raw::header;
use crate::raw::message;
use crate::raw::query;
use crate::raw::said;
use crate::raw::startup;
use crate::raw::tags;
use crate::scene::Scene;
use crate::support::proxy::USER;

#[test]
fn impossible_lengths_end_the_session() {
    let scene = Scene::set();
    for tag in CLIENT_TAGS {
        for length in [0, 3, -1, i32::MIN] {
            let name = format!("{} of length {length}", char::from(*tag));
            let mut client = Raw::log_in(scene.port());
            scene.check_refused(&name, &mut client, &header(*tag, length));
        }
    }
    // These have no body, so that a long one is wrong at once.
    for tag in [b'S', b'H'] {
        let name = format!("{} of the greatest length", char::from(tag));
        let mut client = Raw::log_in(scene.port());
        scene.check_refused(&name, &mut client, &header(tag, i32::MAX));
    }
    scene.check_growth(2_048);
    scene.end();
}

#[test]
fn a_length_alone_reserves_no_memory() {
    let scene = Scene::set();
    let mut clients = Vec::new();
    for tag in CLIENT_TAGS {
        for _ in 0..4 {
            let mut client = Raw::log_in(scene.port());
            client.send(&header(*tag, i32::MAX));
            client.send(b"select 1, and nothing more for a while");
            clients.push(client);
        }
    }
    // Each gets what it asks for in time: the rest of its message, or a refusal.
    scene.check_growth(4_096);
    drop(clients);
    scene.end();
}

#[test]
fn messages_that_clients_do_not_send_end_the_session() {
    let scene = Scene::set();
    let mut cases = vec![
        ("a second startup".to_owned(), startup(&[("user", USER)])),
        (
            "a request for TLS".to_owned(),
            vec![0, 0, 0, 8, 4, 210, 22, 47],
        ),
        ("a password".to_owned(), message(b'p', b"secret\0")),
        ("zeros".to_owned(), vec![0; 64]),
        ("ones".to_owned(), vec![0xff; 64]),
    ];
    for tag in [
        b'R', b'Z', b'T', b'K', b'1', b'2', b'I', b'n', b't', b's', b'A', b'N', 0, 0xff,
    ] {
        let name = format!("tag {tag:#04x}");
        cases.push((name, message(tag, b"body")));
    }
    for (name, bytes) in &cases {
        let mut client = Raw::log_in(scene.port());
        scene.check_refused(name, &mut client, bytes);
    }
    scene.check_growth(2_048);
    scene.end();
}

#[test]
fn bad_bodies_are_errors() {
    let scene = Scene::set();
    for (name, tag, body) in BAD_BODIES {
        check_error(&scene, name, *tag, body);
    }
    for tag in b"QPBDCEF" {
        check_error(&scene, "no body", *tag, b"");
    }
    scene.end();
}

/// A name, a tag and a body that is wrong; a Bind finds a statement with one parameter.
const BAD_BODIES: &[(&str, u8, &[u8])] = &[
    ("no end", b'Q', b"select 1"),
    ("two ends", b'Q', b"select 1\0select 2\0"),
    ("not UTF-8", b'Q', b"select '\xff\xfe'\0"),
    ("no end", b'P', b"\0select 1"),
    ("more types than there are", b'P', b"\0select 1\0\x7f\xff"),
    ("bytes left over", b'P', b"\0select 1\0\0\0abc"),
    ("an unknown statement", b'B', b"\0no such\0\0\0\0\0\0\0"),
    ("too few values", b'B', b"\0\0\0\0\0\0\0\0"),
    ("-1 values", b'B', b"\0\0\0\0\xff\xff\0\0"),
    ("length -2", b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0"),
    (
        "beyond the end",
        b'B',
        b"\0\0\0\0\0\x01\x7f\xff\xff\xff1\0\0",
    ),
    ("unknown formats", b'B', b"\0\0\0\x01\0\x07\0\0\0\0"),
    ("of neither", b'D', b"X\0"),
    ("an unknown statement", b'D', b"Sno such\0"),
    ("an unknown portal", b'D', b"Pno such\0"),
    ("of neither", b'C', b"X\0"),
    ("an unknown portal", b'E', b"no such\0\0\0\0\0"),
    ("no limit", b'E', b"\0"),
    ("no function", b'F', b"\0\0\0\0\0\0\0\0\0\0"),
    ("too few bytes", b'F', b"\0\0"),
];

/// A message that gives an error; a client that is not closed for it goes on as ever.
fn check_error(scene: &Scene, name: &str, tag: u8, body: &[u8]) {
    let name = format!("{}: {name}", char::from(tag));
    let mut client = Raw::log_in(scene.port());
    if tag == b'B' {
        client.send(&message(b'P', b"\0select $1::int\0\0\0"));
    }
    client.send(&message(tag, body));
    client.send(&message(b'S', b""));
    let (mut messages, mut end) = client.receive();
    if end == End::Ready && [b'Q', b'F'].contains(&tag) {
        // The Sync that follows has a ReadyForQuery of its own.
        let (more, next) = client.receive();
        messages.extend(more);
        end = next;
    }
    assert_ne!(end, End::Silent, "{name}: {}", said(&messages));
    let is_clear = end == End::Closed || tags(&messages).contains('E');
    assert!(is_clear, "{name}: {}", said(&messages));
    if end == End::Ready {
        check_goes_on(&name, &mut client);
    }
}

fn check_goes_on(name: &str, client: &mut Raw) {
    let (messages, end) = client.query("select 1");
    let seen = (tags(&messages), end);
    assert_eq!(seen, ("TDCZ".to_owned(), End::Ready), "after {name}");
}

#[test]
fn copy_messages_outside_of_copy_are_ignored() {
    let scene = Scene::set();
    for (tag, body) in [(b'd', b"1\t2\n".as_slice()), (b'c', b""), (b'f', b"no\0")] {
        let mut client = Raw::log_in(scene.port());
        client.send(&message(tag, body));
        check_goes_on(&format!("{} outside of COPY", char::from(tag)), &mut client);
    }
    scene.end();
}

#[test]
fn wrong_messages_inside_copy_do_not_hang() {
    let scene = Scene::set();
    let cases: &[(&str, Vec<u8>)] = &[
        ("a query", query("select 1")),
        ("a batch", extended("select 1")),
        ("an unknown tag", message(b'?', b"what")),
        ("length 3", header(b'd', 3)),
        ("failure without a reason's end", message(b'f', b"no")),
    ];
    for (name, bytes) in cases {
        let mut client = Raw::log_in(scene.port());
        client.send(&query(
            "begin; create temp table t (i int); copy t from stdin",
        ));
        // CopyInResponse ends what comes without ReadyForQuery.
        let mut seen = [0; 1];
        let peeked = client.stream.peek(&mut seen).expect("it answers");
        assert_eq!(peeked, 1, "{name}");
        client.send(bytes);
        client.finish();
        let (messages, closed) = client.receive_all(SILENCE);
        assert!(closed, "{name}: not closed; {}", said(&messages));
    }
    scene.end();
}

/// All messages that a client may send once it is logged in.
const CLIENT_TAGS: &[u8] = b"QPBDECSHFXdcf";
