use bytes::BytesMut;
use proptest::prelude::*;

use crate::sqlstate::SqlState;
use crate::wire::startup::CancelKey;
use crate::wire::startup::Fault;
use crate::wire::startup::HEAD_BYTES;
use crate::wire::startup::Replication;
use crate::wire::startup::Request;
use crate::wire::startup::Startup;
use crate::wire::startup::read;
use crate::wire::startup::read_negotiation;
use crate::wire::startup::rest_bytes;
use crate::wire::startup::write_cancel;
use crate::wire::startup::write_startup;
use crate::wire::startup::write_tls_request;

#[test]
fn replication_is_read_as_postgresql_reads_it() {
    for (values, expected) in [
        (&["database", "DATABASE"][..], Some(Replication::Logical)),
        (
            &["true", "t", "on", "Yes", "y", "1"],
            Some(Replication::Physical),
        ),
        (
            &["false", "f", "off", "of", "no", "n", "0"],
            Some(Replication::No),
        ),
        (&["", "o", "logical", "2", "truey", "data"], None),
    ] {
        for value in values {
            assert_eq!(Replication::parse(value), expected, "{value:?}");
        }
    }
}

fn parse(packet: &[u8]) -> Result<Request, Fault> {
    let (head, rest) = packet.split_first_chunk::<HEAD_BYTES>().unwrap();
    if rest_bytes(*head)? != rest.len() {
        return Err(Fault::Length);
    }
    read(*head, rest)
}

fn raw(code: u32, body: &[u8]) -> Vec<u8> {
    let mut packet = u32::try_from(body.len() + 8)
        .unwrap()
        .to_be_bytes()
        .to_vec();
    packet.extend(code.to_be_bytes());
    packet.extend(body);
    packet
}

const V3_0: u32 = 3 << 16;

fn startup(minor: u16, body: &[u8]) -> Startup {
    match parse(&raw(V3_0 + u32::from(minor), body)).unwrap() {
        Request::Startup(startup) => startup,
        other => panic!("{other:?}"),
    }
}

#[test]
fn requests_are_told_apart() {
    let key = |secret: &[u8]| {
        Ok(Request::Cancel(CancelKey {
            pid: 7,
            secret: secret.into(),
        }))
    };
    let cancel = |secret: &[u8]| raw(80_877_102, &[&[0, 0, 0, 7], secret].concat());
    let cases = [
        (raw(80_877_103, b""), Ok(Request::Tls)),
        (raw(80_877_104, b""), Ok(Request::Gss)),
        (raw(80_877_103, b"x"), Err(Fault::Length)),
        (cancel(&[1, 2, 3, 4]), key(&[1, 2, 3, 4])),
        (cancel(&[9; 256]), key(&[9; 256])),
        (cancel(&[9; 257]), Err(Fault::CancelLength)),
        (cancel(&[1, 2, 3]), Err(Fault::CancelLength)),
        (raw(80_877_102, b""), Err(Fault::CancelLength)),
        (
            raw(2 << 16, b"u"),
            Err(Fault::Version { major: 2, minor: 0 }),
        ),
        (
            raw(4 << 16, b""),
            Err(Fault::Version { major: 4, minor: 0 }),
        ),
        (raw(0, b""), Err(Fault::Version { major: 0, minor: 0 })),
        (raw(V3_0, b""), Err(Fault::Layout)),
        (raw(V3_0, b"\0"), Err(Fault::NoUser)),
        (raw(V3_0, b"user\0\0\0"), Err(Fault::NoUser)),
        (raw(V3_0, b"user\0a"), Err(Fault::Layout)),
        (raw(V3_0, b"user\0a\0"), Err(Fault::Layout)),
        (raw(V3_0, b"user\0a\0\0x"), Err(Fault::Layout)),
        (raw(V3_0, b"user\0\xff\0\0"), Err(Fault::Text)),
    ];
    for (packet, expected) in cases {
        assert_eq!(parse(&packet), expected, "{packet:?}");
    }
}

#[test]
fn lengths_out_of_range_size_nothing() {
    for (bytes, expected) in [
        (0, Err(Fault::Length)),
        (3, Err(Fault::Length)),
        (7, Err(Fault::Length)),
        (8, Ok(0)),
        (10_004, Ok(9_996)),
        (10_005, Err(Fault::Length)),
        (0x7fff_ffff, Err(Fault::Length)),
        (u32::MAX, Err(Fault::Length)),
    ] {
        let [a, b, c, d] = u32::to_be_bytes(bytes);
        assert_eq!(rest_bytes([a, b, c, d, 0, 3, 0, 0]), expected, "{bytes}");
    }
}

#[test]
fn parameters_are_sorted_out() {
    let all = startup(
        0,
        b"user\0me\0database\0db\0options\0-c x=1\0_pq_.a\0b\0TimeZone\0UTC\0\0",
    );
    assert_eq!((all.user.as_str(), all.database.as_str()), ("me", "db"));
    let pairs = [("options", "-c x=1"), ("TimeZone", "UTC")];
    assert_eq!(all.parameters, pairs.map(|(n, v)| (n.into(), v.into())));
    assert_eq!(all.options, ["_pq_.a"]);
    assert_eq!(startup(0, b"user\0me\0\0").database, "me");
}

#[test]
fn cut_anywhere_is_refused() {
    let body = b"user\0me\0database\0db\0\0";
    for end in 0..body.len() {
        let refused = parse(&raw(V3_0, &body[..end]));
        assert!(refused.is_err(), "cut at {end}: {refused:?}");
    }
}

#[test]
fn too_new_versions_and_unknown_options_are_negotiated() {
    let check = |minor, body: &[u8], expected: Option<&[u8]>| {
        let mut out = BytesMut::new();
        let startup = startup(minor, body);
        startup.negotiate(&mut out);
        assert_eq!(&out[..], expected.unwrap_or_default(), "3.{minor}");
        if 5 < out.len() {
            assert_eq!(read_negotiation(&out[5..]), Ok(startup.minor_agreed()));
        }
    };
    check(0, b"user\0me\0\0", None);
    check(2, b"user\0me\0\0", None);
    check(9, b"user\0me\0\0", Some(b"v\0\0\0\x0c\0\x03\0\x02\0\0\0\0"));
    let option = b"v\0\0\0\x13\0\x03\0\0\0\0\0\x01_pq_.x\0";
    check(0, b"user\0me\0_pq_.x\0y\0\0", Some(option));
}

#[test]
fn negotiation_cut_short_is_refused() {
    for end in 0..8 {
        let body = [0, 3, 0, 0, 0, 0, 0, 0];
        assert_eq!(read_negotiation(&body[..end]), Err(Fault::Layout));
    }
}

#[test]
fn faults_have_the_codes_of_postgresql_but_for_the_user() {
    let code = |fault: Fault| crate::error::Error::from(fault).sqlstate();
    assert_eq!(code(Fault::Layout), SqlState::PROTOCOL);
    assert_eq!(
        code(Fault::NoUser),
        SqlState::PROTOCOL,
        "as PgBouncer has it"
    );
    let version = Fault::Version { major: 2, minor: 0 };
    assert_eq!(
        version.to_string(),
        "unsupported frontend protocol 2.0: server supports 3.0 to 3.2"
    );
    assert_eq!(code(version), SqlState::NOT_SUPPORTED);
}

proptest! {
    #[test]
    fn startup_comes_back_as_written(
        minor: u16,
        user in "[^\0]{1,20}",
        pairs in prop::collection::vec(("[a-z]{1,3}X", "[^\0]{0,20}"), 0..5),
    ) {
        let mut out = BytesMut::new();
        let named = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        write_startup(&mut out, minor, [("user", user.as_str())].into_iter().chain(named));
        let Ok(Request::Startup(read)) = parse(&out) else { panic!("{out:?}") };
        prop_assert_eq!((read.minor, read.user, read.parameters), (minor, user, pairs));
    }

    #[test]
    fn cancel_comes_back_as_written(pid: u32, secret in prop::collection::vec(any::<u8>(), 4..=256)) {
        let key = CancelKey { pid, secret: secret.into() };
        let mut out = BytesMut::new();
        write_cancel(&mut out, &key);
        prop_assert_eq!(parse(&out), Ok(Request::Cancel(key)));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 8..100)) {
        let _ = parse(&bytes);
    }
}

#[test]
fn tls_request_is_eight_bytes() {
    let mut out = BytesMut::new();
    write_tls_request(&mut out);
    assert_eq!(parse(&out), Ok(Request::Tls));
}
