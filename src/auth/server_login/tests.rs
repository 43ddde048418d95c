use crate::auth::md5::Md5Hash;
use crate::auth::server_login::Credential;
use crate::auth::server_login::Fault;
use crate::auth::server_login::Identity;
use crate::auth::server_login::Reply;
use crate::auth::server_login::ServerLogin;
use crate::auth::server_login::Verdict;

fn new(credential: Credential) -> ServerLogin {
    ServerLogin::New(Identity {
        user: "me".into(),
        credential,
        end_point: None,
        nonce: [0; 18],
    })
}

fn password() -> Credential {
    Credential::Password("secret".into())
}

/// What is sent as a password, or why nothing is.
fn sent(credential: Credential, body: &[u8]) -> Result<String, Fault> {
    match new(credential).on_message(body)? {
        Verdict::Send(Reply::Password(password), ServerLogin::Sent) => {
            Ok(String::from_utf8(password.to_vec()).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn passwords_are_sent_as_asked() {
    // md5(md5('secret' || 'me') || salt), by md5sum.
    let answer = "md5".to_owned() + MD5_ANSWER;
    let salted = b"\0\0\0\x05abcd";
    assert_eq!(sent(password(), b"\0\0\0\x03"), Ok("secret".into()));
    assert_eq!(sent(password(), salted).as_ref(), Ok(&answer));
    let stored = Credential::Md5(Md5Hash::of("me", b"secret"));
    assert_eq!(sent(stored, salted), Ok(answer));
}

const MD5_ANSWER: &str = "144b723776673e7e3ec447c5b47dd7a5";

#[test]
fn what_we_lack_is_said() {
    let stored = || Credential::Md5(Md5Hash::of("me", b"secret"));
    for (credential, body, asked) in [
        (Credential::None, b"\0\0\0\x03".as_slice(), "a password"),
        (stored(), b"\0\0\0\x03", "a password"),
        (Credential::None, b"\0\0\0\x05abcd", "an md5 digest"),
        (stored(), b"\0\0\0\x0aSCRAM-SHA-256\0\0", "a SCRAM password"),
    ] {
        let fault = new(credential).on_message(body).unwrap_err();
        assert_eq!(
            fault,
            Fault::NoCredential {
                user: "me".into(),
                asked
            }
        );
    }
}

#[test]
fn messages_that_are_none_are_refused() {
    for (body, expected) in [
        (b"".as_slice(), Fault::Malformed),
        (b"\0\0\0", Fault::Malformed),
        (b"\0\0\0\x05abc", Fault::Malformed),
        (b"\0\0\0\x05abcde", Fault::Malformed),
        (b"\0\0\0\x0a", Fault::Malformed),
        (b"\0\0\0\x0aSCRAM-SHA-256", Fault::Malformed),
        (b"\0\0\0\x0aSCRAM-SHA-256\0", Fault::Malformed),
        (b"\0\0\0\x0aSCRAM-SHA-256\0\0x", Fault::Malformed),
        (b"\0\0\0\x07", Fault::Method { code: 7 }),
        (b"\0\0\0\x0b", Fault::Order { code: 11 }),
        (b"\xff\xff\xff\xff", Fault::Order { code: u32::MAX }),
    ] {
        assert_eq!(
            new(password()).on_message(body).unwrap_err(),
            expected,
            "{body:?}"
        );
    }
}

#[test]
fn server_cannot_skip_its_own_proof() {
    let opened = new(password())
        .on_message(b"\0\0\0\x0aSCRAM-SHA-256\0\0")
        .unwrap();
    let Verdict::Send(Reply::SaslInitial(_), opened) = opened else {
        panic!("{opened:?}")
    };
    assert_eq!(
        opened.on_message(b"\0\0\0\0").unwrap_err(),
        Fault::Order { code: 0 }
    );

    let asked = ServerLogin::Sent.on_message(b"\0\0\0\x03").unwrap_err();
    assert_eq!(
        asked,
        Fault::Order { code: 3 },
        "a second password is not sent"
    );
    assert!(matches!(
        new(Credential::None).on_message(b"\0\0\0\0"),
        Ok(Verdict::Passed)
    ));
}
