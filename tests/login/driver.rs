//! tokio-postgres, a driver that is not ours, logs in with us.

use pgsluice::auth::client_login::Method;
use pgsluice::auth::verifier::Verifier;
use pgsluice::net::tls::accept::ClientTls;
use tokio::io::duplex;
use tokio_postgres::Config;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use crate::front::Rules;
use crate::front::take;

async fn connect(method: Method, user: &str, password: &str) -> Result<(), tokio_postgres::Error> {
    let rules = Rules {
        method,
        verifier: Verifier::parse("sécret"),
        tls: ClientTls::Off,
    };
    let (theirs, ours) = duplex(4096);
    let mut config = Config::new();
    config.user(user).password(password).dbname("any");
    let (connected, _) = tokio::join!(config.connect_raw(theirs, NoTls), take(ours.into(), &rules));
    connected.map(|_| ())
}

#[tokio::test]
async fn tokio_postgres_logs_in() {
    for method in [Method::Trust, Method::Plain, Method::Md5, Method::Scram] {
        let connected = connect(method, "me", "sécret").await;
        assert!(connected.is_ok(), "{method:?}: {connected:?}");
    }
}

#[tokio::test]
async fn tokio_postgres_hears_why_not() {
    for method in [Method::Plain, Method::Md5, Method::Scram] {
        for user in ["me", "nobody"] {
            let error = connect(method, user, "secret").await.unwrap_err();
            assert_eq!(
                error.code(),
                Some(&SqlState::PROTOCOL_VIOLATION),
                "{method:?} {user}"
            );
            let said = match method {
                Method::Scram => "SASL authentication failed",
                _ => "password authentication failed",
            };
            assert_eq!(error.as_db_error().unwrap().message(), said);
        }
    }
}
