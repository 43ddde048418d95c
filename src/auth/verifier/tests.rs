use crate::auth::mock::Mock;
use crate::auth::secret::Key;
use crate::auth::verifier::Kind;
use crate::auth::verifier::Verifier;

#[test]
fn stored_secrets_are_told_apart() {
    let scram = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$\
        WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
    for (stored, kind) in [
        ("", Kind::Plain),
        ("secret", Kind::Plain),
        ("md5", Kind::Plain),
        ("md53f1ecc10e9c1fa4aa6ea1d5dd4f3e3d6", Kind::Md5),
        ("md53F1ECC10E9C1FA4AA6EA1D5DD4F3E3D6", Kind::Plain),
        ("md53f1ecc10e9c1fa4aa6ea1d5dd4f3e3d6a", Kind::Plain),
        (scram, Kind::Scram),
        (&scram[1..], Kind::Plain),
    ] {
        assert_eq!(Verifier::parse(stored).kind(), kind, "{stored}");
    }
}

#[test]
fn plain_password_is_derived_once_for_all_clones() {
    let Verifier::Plain(plain) = Verifier::parse("secret") else {
        panic!("not plain")
    };
    let clone = plain.clone();
    assert_eq!(plain.derived(), None);
    let derived = plain.derive(b"salt", 2).clone();
    assert_eq!(clone.derived(), Some(&derived));
    assert_eq!(*clone.derive(b"other", 3), derived);
}

#[test]
fn secrets_are_never_printed() {
    for stored in ["pencil", "md53f1ecc10e9c1fa4aa6ea1d5dd4f3e3d6"] {
        let printed = format!("{:?}", Verifier::parse(stored));
        assert!(
            !printed.contains("pencil") && !printed.contains("3f1e"),
            "{printed}"
        );
        assert!(printed.contains('…'), "{printed}");
    }
}

#[test]
fn unknown_users_keep_their_salt_and_differ_from_each_other() {
    let mock = Mock::new(Key::new([1; 32]), 4096, Kind::Scram);
    assert_eq!(mock.scram("a"), mock.scram("a"));
    assert_ne!(mock.salt("a"), mock.salt("b"));
    assert_eq!(*mock.scram("a").salt, mock.salt("a"));
    let next_process = Mock::new(Key::new([2; 32]), 4096, Kind::Scram);
    assert_ne!(mock.salt("a"), next_process.salt("a"));
}

#[test]
fn unknown_users_have_what_most_have() {
    let most = |kinds: &[Kind]| Mock::kind_of_most(kinds.iter().copied());
    assert_eq!(most(&[]), Kind::Scram);
    assert_eq!(most(&[Kind::Plain, Kind::Plain, Kind::Md5]), Kind::Plain);
    assert_eq!(most(&[Kind::Plain, Kind::Md5, Kind::Md5]), Kind::Md5);
    assert_eq!(most(&[Kind::Md5, Kind::Scram]), Kind::Scram);
}
