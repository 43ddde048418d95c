use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::auth::scram::ScramKeys;
use crate::auth::scram::ScramVerifier;

/// The verifier of the password in RFC 7677, section 3.
fn pencil() -> ScramVerifier {
    let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
    ScramVerifier::derive(b"pencil", &salt, 4096)
}

const PENCIL: &str = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$\
    WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

#[test]
fn derived_verifier_is_the_stored_one() {
    assert_eq!(Some(pencil()), ScramVerifier::parse(PENCIL));
}

#[test]
fn other_texts_are_no_verifiers() {
    for end in 0..PENCIL.len() {
        assert_eq!(ScramVerifier::parse(&PENCIL[..end]), None, "cut at {end}");
    }
    for (from, to) in [
        ("4096", "0"),
        ("4096", "-1"),
        ("4096", "+1"),
        ("4096", "99999999999"),
        ("SHA-256", "SHA-1"),
        ("W22Z", "W2 Z"),
        ("W22ZaJ0SNY7soEsUEjb6gQ==", ""),
        ("WG5d", "WG5dWG5d"),
    ] {
        assert_eq!(
            ScramVerifier::parse(&PENCIL.replace(from, to)),
            None,
            "{to}"
        );
    }
}

#[test]
fn passwords_are_prepared_as_postgresql_does() {
    // The cases of PostgreSQL's src/test/authentication/t/002_saslprep.pl.
    let same =
        |a: &[u8], b: &[u8]| ScramKeys::derive(a, b"salt", 1) == ScramKeys::derive(b, b"salt", 1);
    assert!(same(b"IX", b"I\xc2\xadX"), "soft hyphen is nothing");
    assert!(same(b"IX", "\u{2168}".as_bytes()), "roman numeral nine");
    assert!(same(b"a", "\u{aa}".as_bytes()), "feminine ordinal");
    assert!(!same(b"foobar", b"foo\xccbar"), "not UTF-8: as it is");
    assert!(same(
        "foo\u{627}1bar".as_bytes(),
        "foo\u{627}1bar".as_bytes()
    ));
    assert!(!same(b"", b"\x07"), "prohibited: as it is");
}

#[test]
fn keys_are_never_printed() {
    let keys = ScramKeys::derive(b"pencil", b"salt", 1);
    assert_eq!(
        format!("{keys:?}"),
        "ScramKeys { client_key: …, server_key: … }"
    );
    assert_eq!(format!("{:?}", pencil()), "…");
}
