use crate::auth::client_login::Account;
use crate::auth::client_login::Ask;
use crate::auth::client_login::ClientLogin;
use crate::auth::client_login::Guest;
use crate::auth::client_login::Method;
use crate::auth::client_login::Proof;
use crate::auth::client_login::Random;
use crate::auth::client_login::Verdict;
use crate::auth::ident::Maps;
use crate::auth::md5::Md5Hash;
use crate::auth::mock::Mock;
use crate::auth::refusal::Refusal;
use crate::auth::scram::ScramKeys;
use crate::auth::scram::ScramVerifier;
use crate::auth::scram::verify::Fault;
use crate::auth::secret::Key;
use crate::auth::server_login::Credential;
use crate::auth::server_login::Identity;
use crate::auth::server_login::Reply;
use crate::auth::server_login::ServerLogin;
use crate::auth::server_login::Verdict as ServerVerdict;
use crate::auth::verifier::Kind;
use crate::auth::verifier::Plain;
use crate::auth::verifier::Verifier;
use crate::error::Error;
use crate::sqlstate::SqlState;

const RANDOM: Random = Random {
    nonce: [3; 18],
    salt: [1, 2, 3, 4],
};

fn mock(kind: Kind) -> Mock {
    Mock::new(Key::new([9; 32]), 5, kind)
}

fn plain() -> Verifier {
    Verifier::Plain(Plain::new("secret".into()))
}

fn md5() -> Verifier {
    Verifier::Md5(Md5Hash::of("me", b"secret"))
}

fn scram() -> Verifier {
    Verifier::Scram(ScramVerifier::derive(b"secret", b"0123456789abcdef", 5).into())
}

fn start(method: Method, account: Account<'_>, mock: &Mock) -> Result<Verdict, Refusal> {
    let guest = Guest {
        user: "me",
        account,
        vouched_name: None,
        map: None,
        end_point: None,
    };
    ClientLogin::start(method, &guest, mock, RANDOM)
}

/// Runs a login with our own server-side machine as the client; lists what was asked.
fn login(
    method: Method,
    account: Account<'_>,
    kind: Kind,
    credential: Credential,
) -> (Vec<String>, Result<Proof, Refusal>) {
    let mut asked = Vec::new();
    let mut verdict = start(method, account, &mock(kind));
    let mut client = ServerLogin::New(Identity {
        user: "me".into(),
        credential,
        end_point: None,
        nonce: [4; 18],
    });
    loop {
        verdict = match verdict {
            Ok(Verdict::Derive(derivation)) => derivation.run(),
            Ok(Verdict::Passed(_, proof)) => return (asked, Ok(proof)),
            Ok(Verdict::Ask(ask, login)) => {
                let (word, body) = on_wire(&ask);
                asked.push(word);
                let (reply, next) = answer(client, &body);
                client = next;
                login.on_message(&reply)
            }
            Err(refusal) => return (asked, Err(refusal)),
        };
    }
}

fn on_wire(ask: &Ask) -> (String, Vec<u8>) {
    match ask {
        Ask::Plain => ("plain".into(), vec![0, 0, 0, 3]),
        Ask::Md5(salt) => ("md5".into(), [&[0, 0, 0, 5], salt.as_slice()].concat()),
        Ask::Sasl(_) => ("sasl".into(), b"\0\0\0\x0aSCRAM-SHA-256\0\0".to_vec()),
        Ask::SaslContinue(data) => {
            // The salt and the count, but not the nonce.
            let word = data.split_once(',').unwrap().1.len().to_string();
            (word, [b"\0\0\0\x0b", data.as_bytes()].concat())
        }
    }
}

fn answer(client: ServerLogin, body: &[u8]) -> (Vec<u8>, ServerLogin) {
    let mut verdict = client.on_message(body).unwrap();
    if let ServerVerdict::Derive(derivation) = verdict {
        verdict = derivation.run().into();
    }
    let ServerVerdict::Send(reply, next) = verdict else {
        panic!("{verdict:?}")
    };
    let body = match reply {
        Reply::Password(password) => [password.as_slice(), &[0]].concat(),
        Reply::Sasl(data) => data.into_bytes(),
        Reply::SaslInitial(initial) => {
            let length = u32::try_from(initial.message.len()).unwrap().to_be_bytes();
            let name = initial.mechanism.as_bytes();
            [name, &[0], &length, initial.message.as_bytes()].concat()
        }
    };
    (body, next)
}

#[test]
fn every_method_takes_every_form_it_can() {
    let keys = || ScramKeys::derive(b"secret", b"0123456789abcdef", 5);
    for (method, verifier, passes) in [
        (Method::Plain, plain(), true),
        (Method::Plain, md5(), true),
        (Method::Plain, scram(), true),
        (Method::Md5, plain(), true),
        (Method::Md5, md5(), true),
        (Method::Md5, scram(), true),
        (Method::Scram, plain(), true),
        (Method::Scram, md5(), false),
        (Method::Scram, scram(), true),
    ] {
        let account = Account::Stored(&verifier);
        let case = format!("{method:?} of {:?}", verifier.kind());
        let right = login(
            method,
            account,
            Kind::Scram,
            Credential::Password("secret".into()),
        )
        .1;
        assert_eq!(right.is_ok(), passes, "{case}: {right:?}");
        match (method, right) {
            (Method::Plain, Ok(proof)) => assert_eq!(proof, Proof::Password("secret".into())),
            (Method::Scram, Ok(proof)) if verifier.kind() == Kind::Scram => {
                assert_eq!(proof, Proof::Scram(keys()));
            }
            _ => (),
        }
        let wrong = login(
            method,
            account,
            Kind::Scram,
            Credential::Password("Secret".into()),
        )
        .1;
        let is_refused = match wrong {
            Err(Refusal::Password) => method == Method::Plain || verifier.kind() != Kind::Scram,
            Err(Refusal::Scram(Fault::Proof)) => method != Method::Plain,
            _ => false,
        };
        assert!(is_refused, "{case}");
    }
}

#[test]
fn keys_of_a_login_log_in() {
    let verifier = scram();
    let keys = ScramKeys::derive(b"secret", b"0123456789abcdef", 5);
    let account = Account::Stored(&verifier);
    let (_, passed) = login(
        Method::Scram,
        account,
        Kind::Scram,
        Credential::Scram(keys.clone()),
    );
    assert_eq!(passed, Ok(Proof::Scram(keys)));
}

#[test]
fn unknown_users_are_asked_and_refused_as_known_ones() {
    for (method, kind, verifier) in [
        (Method::Plain, Kind::Plain, plain()),
        (Method::Plain, Kind::Scram, scram()),
        (Method::Md5, Kind::Plain, plain()),
        (Method::Md5, Kind::Md5, md5()),
        (Method::Md5, Kind::Scram, scram()),
        (Method::Scram, Kind::Plain, plain()),
        (Method::Scram, Kind::Scram, scram()),
    ] {
        let wrong = || Credential::Password("guess".into());
        let known = login(method, Account::Stored(&verifier), kind, wrong());
        for account in [Account::Unknown, Account::WithoutSecret] {
            assert_eq!(
                known,
                login(method, account, kind, wrong()),
                "{method:?} {kind:?}"
            );
        }
        assert!(known.1.is_err());
    }
}

#[test]
fn trust_asks_nothing_but_the_user_must_be_known() {
    let mock = mock(Kind::Scram);
    let known = start(Method::Trust, Account::WithoutSecret, &mock);
    assert!(matches!(known, Ok(Verdict::Passed(None, Proof::None))));
    let refusal = start(Method::Trust, Account::Unknown, &mock).unwrap_err();
    assert_eq!(refusal, Refusal::Trust);
}

#[test]
fn who_vouches_for_a_client_must_name_the_user() {
    let (maps, broken) = Maps::parse("m them me\nm all all\nm boss all\n");
    assert_eq!(broken, []);
    let check = |name, map: Option<&str>, account, passes: bool| {
        for (method, refusal) in [
            (Method::Certificate, Refusal::Certificate),
            (Method::Peer, Refusal::Peer),
        ] {
            let guest = Guest {
                user: "me",
                account,
                vouched_name: name,
                map: map.map(|map| (&maps, map)),
                end_point: None,
            };
            let verdict = ClientLogin::start(method, &guest, &mock(Kind::Scram), RANDOM);
            let expected = (!passes).then_some(refusal);
            assert_eq!(verdict.err(), expected, "{name:?} {map:?} {account:?}");
        }
    };
    let known = Account::WithoutSecret;
    check(Some("me"), None, known, true);
    check(Some("me"), None, Account::Unknown, false);
    check(Some("ME"), None, known, false);
    check(None, None, known, false);
    check(Some("them"), Some("m"), known, true);
    check(Some("boss"), Some("m"), known, true);
    check(Some("boss"), Some("m"), Account::Unknown, false);
    check(Some("me"), Some("m"), known, false);
    check(Some("them"), None, known, false);
}

#[test]
fn password_messages_that_are_none_are_refused() {
    let verifier = plain();
    for (body, expected) in [
        (b"".as_slice(), Refusal::PasswordSize),
        (b"secret", Refusal::PasswordSize),
        (b"sec\0ret\0", Refusal::PasswordSize),
        (b"\0", Refusal::EmptyPassword),
        (b"guess\0", Refusal::Password),
    ] {
        for method in [Method::Plain, Method::Md5] {
            let started = start(method, Account::Stored(&verifier), &mock(Kind::Scram));
            let Ok(Verdict::Ask(_, login)) = started else {
                panic!("{started:?}")
            };
            assert_eq!(login.on_message(body).unwrap_err(), expected, "{body:?}");
        }
    }
}

#[test]
fn refusals_have_the_words_and_the_code_of_pgbouncer() {
    let check = |refusal: Refusal, said: &str| {
        let error = Error::from(refusal);
        assert_eq!(
            (&*error.to_string(), error.sqlstate()),
            (said, SqlState::PROTOCOL)
        );
    };
    check(Refusal::Password, "password authentication failed");
    check(Refusal::Scram(Fault::Nonce), "SASL authentication failed");
    check(Refusal::Trust, "\"trust\" authentication failed");
    check(Refusal::Certificate, "certificate authentication failed");
    check(Refusal::Peer, "unix socket login rejected");
    check(Refusal::Rejected, "login rejected");
    check(Refusal::NoMethod, "no authentication method is found");
    check(Refusal::Nobody, "bouncer config error");
}
