//! Our own server side against our own client side: every method, every credential.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use pgsluice::auth::client_login::Method;
use pgsluice::auth::client_login::Proof;
use pgsluice::auth::md5::Md5Hash;
use pgsluice::auth::scram::ScramKeys;
use pgsluice::auth::scram::ScramVerifier;
use pgsluice::auth::server_login::Credential;
use pgsluice::auth::verifier::Kind;
use pgsluice::auth::verifier::Plain;
use pgsluice::auth::verifier::Verifier;
use pgsluice::config::tls::Tls;
use pgsluice::config::types::Tcp;
use pgsluice::error::Blame;
use pgsluice::error::Error;
use pgsluice::net::dial::Find;
use pgsluice::net::dial::Target;
use pgsluice::net::names::Names;
use pgsluice::net::tls::accept::ClientTls;
use pgsluice::net::tls::dial::ServerTls;
use pgsluice::server::cancel::cancel;
use pgsluice::server::dial::Ask;
use pgsluice::server::dial::Fresh;
use pgsluice::server::dial::Route;
use pgsluice::server::dial::dial;
use pgsluice::sqlstate::SqlState;
use pgsluice::wire::startup::CancelKey;

use crate::front::Front;
use crate::front::Outcome;
use crate::front::Rules;

pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Logs in over TLS as `tls` says.
pub(crate) async fn log_in(
    target: &Target,
    tls: &Tls,
    user: &str,
    credential: &Credential,
) -> Result<Fresh, Error> {
    let route = Route {
        target,
        find: Find::ByName {
            names: &Names::default(),
            first: 0,
        },
        tls: &ServerTls::new(tls).unwrap(),
        tcp: &Tcp::default(),
    };
    let ask = Ask {
        user,
        credential,
        parameters: &[("database", "postgres"), ("client_encoding", "UTF8")],
        minor: 0,
    };
    dial(&route, &ask, LIMIT).await
}

fn scram() -> Verifier {
    Verifier::Scram(ScramVerifier::derive(b"secret", b"0123456789abcdef", 100).into())
}

fn keys(password: &[u8]) -> Credential {
    Credential::Scram(ScramKeys::derive(password, b"0123456789abcdef", 100))
}

#[tokio::test]
async fn every_method_with_every_credential() {
    let plain = || Verifier::Plain(Plain::new("secret".into()));
    let md5 = || Verifier::Md5(Md5Hash::of("me", b"secret"));
    let password = |text: &str| Credential::Password(text.into());
    let stored = || Credential::Md5(Md5Hash::of("me", b"secret"));
    for (method, verifier, right, wrong) in [
        (Method::Plain, plain(), password("secret"), password("x")),
        (Method::Plain, scram(), password("secret"), password("x")),
        (Method::Md5, plain(), password("secret"), password("x")),
        (
            Method::Md5,
            md5(),
            stored(),
            Credential::Md5(Md5Hash::of("me", b"x")),
        ),
        (Method::Md5, scram(), keys(b"secret"), keys(b"x")),
        (Method::Scram, plain(), password("secret"), password("x")),
        (Method::Scram, scram(), password("secret"), password("x")),
        (Method::Scram, scram(), keys(b"secret"), keys(b"x")),
    ] {
        let case = format!("{method:?} {:?} {right:?}", verifier.kind());
        let tls = ClientTls::Off;
        let is_scram = match method {
            Method::Scram => true,
            Method::Md5 => verifier.kind() == Kind::Scram,
            Method::Plain | Method::Trust | Method::Certificate | Method::Peer => false,
        };
        let mut front = Front::open(Rules {
            method,
            verifier,
            tls,
        });
        let fresh = log_in(&front.target, &Tls::default(), "me", &right).await;
        let fresh = fresh.unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(fresh.parameters, [("server_version".into(), "15.0".into())]);
        assert_eq!((fresh.key.pid, &*fresh.key.secret), (42, [9; 4].as_slice()));
        assert!(fresh.conn.is_drained());
        assert!(matches!(front.next().await, Outcome::In { .. }));

        let error = log_in(&front.target, &Tls::default(), "me", &wrong)
            .await
            .unwrap_err();
        let said = match is_scram {
            true => "SASL authentication failed",
            false => "password authentication failed",
        };
        assert_eq!(error.to_string(), said, "{case}");
        assert_eq!(
            (error.sqlstate(), error.blame()),
            (SqlState::PROTOCOL, Blame::Server)
        );
    }
}

#[tokio::test]
async fn keys_of_a_login_log_in_elsewhere() {
    let rules = || Rules {
        method: Method::Scram,
        verifier: scram(),
        tls: ClientTls::Off,
    };
    let (mut proxy, mut server) = (Front::open(rules()), Front::open(rules()));
    let password = Credential::Password("secret".into());
    log_in(&proxy.target, &Tls::default(), "me", &password)
        .await
        .unwrap();
    let Outcome::In {
        proof: Proof::Scram(keys),
        ..
    } = proxy.next().await
    else {
        panic!("no keys");
    };
    let keys = Credential::Scram(keys);
    log_in(&server.target, &Tls::default(), "me", &keys)
        .await
        .unwrap();
    assert!(matches!(server.next().await, Outcome::In { .. }));
}

#[tokio::test]
async fn unknown_user_hears_what_a_known_one_hears() {
    let tls = ClientTls::Off;
    let front = Front::open(Rules {
        method: Method::Scram,
        verifier: scram(),
        tls,
    });
    let wrong = Credential::Password("x".into());
    for user in ["me", "nobody"] {
        let error = log_in(&front.target, &Tls::default(), user, &wrong)
            .await
            .unwrap_err();
        let said = "SASL authentication failed".to_owned();
        assert_eq!(
            (error.to_string(), error.sqlstate()),
            (said, SqlState::PROTOCOL)
        );
    }
}

#[tokio::test]
async fn cancel_request_arrives() {
    let tls = ClientTls::Off;
    let mut front = Front::open(Rules {
        method: Method::Trust,
        verifier: scram(),
        tls,
    });
    let key = CancelKey {
        pid: 7,
        secret: [3; 256].into(),
    };
    let route = Route {
        target: &front.target.clone(),
        find: Find::ByName {
            names: &Names::default(),
            first: 0,
        },
        tls: &ServerTls::new(&Tls::default()).unwrap(),
        tcp: &Tcp::default(),
    };
    let is_out = AtomicBool::new(false);
    let deadline = tokio::time::Instant::now() + LIMIT;
    cancel(&route, &key, &is_out, deadline).await.unwrap();
    assert!(!is_out.load(Ordering::Relaxed));
    assert!(matches!(front.next().await, Outcome::Cancel(got) if got == key));
}
