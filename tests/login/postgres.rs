//! Our client side against a real PostgreSQL.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use pgsluice::auth::md5::Md5Hash;
use pgsluice::auth::scram::ScramKeys;
use pgsluice::auth::server_login::Credential;
use pgsluice::auth::verifier::Verifier;
use pgsluice::config::tls::Tls;
use pgsluice::config::types::Tcp;
use pgsluice::config::words::SslMode;
use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;
use pgsluice::demo::cluster::options::TlsFiles;
use pgsluice::demo::cluster::owner::Owner;
use pgsluice::error::Error;
use pgsluice::net::dial::Find;
use pgsluice::net::dial::Target;
use pgsluice::net::names::Names;
use pgsluice::net::tls::dial::ServerTls;
use pgsluice::server::cancel::cancel;
use pgsluice::server::dial::Ask;
use pgsluice::server::dial::Fresh;
use pgsluice::server::dial::Route;
use pgsluice::server::dial::dial;
use pgsluice::server::query::query;
use pgsluice::sqlstate::SqlState;

use crate::certificates::Authority;
use crate::own_sides::LIMIT;
use crate::own_sides::log_in;

const USERS: &str = "
    SET password_encryption = 'md5'; CREATE USER by_md5 PASSWORD 'secret';
    SET password_encryption = 'scram-sha-256';
    CREATE USER by_scram PASSWORD 'secret'; CREATE USER by_clear PASSWORD 'secret';
    CREATE USER by_trust; CREATE USER by_certificate; CREATE USER by_tls; CREATE USER by_plain;
    CREATE USER by_unicode PASSWORD E'I\\u00ADX';";

/// One node whose users log in each in another way.
fn start(authority: &Authority) -> Cluster {
    authority.issue("server", "server", &["127.0.0.1"]);
    authority.issue("me", "by_certificate", &[]);
    let key = authority.path("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    Owner::find().unwrap().own(&key).unwrap();
    let mut options = Options::default().replicas(0).tls(TlsFiles {
        certificate: authority.path("server.crt"),
        key: authority.path("server.key"),
        client_authority: Some(authority.path("root.crt")),
        required: false,
    });
    for line in [
        "host all by_md5 all md5",
        "host all by_scram all scram-sha-256",
        "host all by_unicode all scram-sha-256",
        "host all by_clear all password",
        "host all by_trust all trust",
        "hostssl all by_certificate all cert",
        "hostssl all by_tls all trust",
        "hostnossl all by_tls all reject",
        "hostssl all by_plain all reject",
    ] {
        options = options.hba(line);
    }
    let cluster = Cluster::start(&options).unwrap();
    cluster.primary().psql(USERS).unwrap();
    cluster
}

fn password(text: &str) -> Credential {
    Credential::Password(text.into())
}

async fn user_of(fresh: Result<Fresh, Error>) -> Result<String, String> {
    let mut fresh = fresh.map_err(|error| format!("{} {error}", error.sqlstate()))?;
    let rows = query(&mut fresh.conn, "SELECT current_user").await;
    Ok(rows.unwrap()[0][0].clone().unwrap())
}

#[tokio::test]
async fn logs_in_with_postgresql_in_every_way() {
    let authority = Authority::new();
    let cluster = start(&authority);
    let stored = cluster
        .primary()
        .psql("SELECT rolpassword FROM pg_authid WHERE rolname = 'by_scram'");
    let Verifier::Scram(verifier) = Verifier::parse(stored.unwrap().trim()) else {
        panic!("not a SCRAM verifier");
    };
    let keys = |text: &str| {
        let keys = ScramKeys::derive(text.as_bytes(), &verifier.salt, verifier.iterations);
        Credential::Scram(keys)
    };
    let digest = |text: &str| Credential::Md5(Md5Hash::of("by_md5", text.as_bytes()));
    let target = Target {
        host: "127.0.0.1".into(),
        port: cluster.primary().port(),
    };
    let cases = [
        ("by_trust", Credential::None, true),
        ("by_clear", password("secret"), true),
        ("by_clear", password("x"), false),
        ("by_md5", password("secret"), true),
        ("by_md5", password("x"), false),
        ("by_md5", digest("secret"), true),
        ("by_md5", digest("x"), false),
        ("by_scram", password("secret"), true),
        ("by_scram", password("x"), false),
        ("by_scram", keys("secret"), true),
        ("by_scram", keys("x"), false),
        ("by_unicode", password("IX"), true),
        ("by_unicode", password("I\u{ad}X"), true),
    ];
    // Without TLS, and over it, where SCRAM is bound to the certificate.
    for mode in [SslMode::Disable, SslMode::VerifyFull] {
        let tls = authority.tls(mode, "root.crt", None);
        for (user, credential, is_right) in &cases {
            let logged_in = user_of(log_in(&target, &tls, user, credential).await).await;
            let refusal = format!("28P01 password authentication failed for user \"{user}\"");
            let expected = is_right.then_some((*user).to_owned()).ok_or(refusal);
            assert_eq!(logged_in, expected, "{user} {credential:?} {mode:?}");
        }
    }
    tls_modes(&authority, &target).await;
    unix_socket(&cluster).await;
    negotiation(&target).await;
    cancels(&authority, &target).await;
}

async fn tls_modes(authority: &Authority, target: &Target) {
    use SslMode::{Allow, Disable, Prefer, Require};
    for (user, own, mode, is_right) in [
        ("by_certificate", Some("me"), Require, true),
        ("by_certificate", None, Require, false),
        ("by_tls", None, Disable, false),
        ("by_tls", None, Allow, true),
        ("by_tls", None, Prefer, true),
        ("by_plain", None, Allow, true),
        ("by_plain", None, Prefer, true),
        ("by_plain", None, Require, false),
    ] {
        let tls = authority.tls(mode, "root.crt", own);
        let logged_in = user_of(log_in(target, &tls, user, &Credential::None).await).await;
        assert_eq!(
            logged_in.is_ok(),
            is_right,
            "{user} {mode:?}: {logged_in:?}"
        );
    }
}

async fn unix_socket(cluster: &Cluster) {
    let target = Target {
        host: cluster.primary().socket_folder().display().to_string(),
        port: cluster.primary().port(),
    };
    let fresh = log_in(&target, &Tls::default(), "postgres", &Credential::None)
        .await
        .unwrap();
    let of = |name: &str| {
        fresh
            .parameters
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    };
    assert_eq!(of("client_encoding"), Some("UTF8"));
    assert_eq!(of("in_hot_standby"), Some("off"));
    let mut conn = fresh.conn;
    let rows = query(&mut conn, "SELECT 1, NULL, ''; SELECT 'é'")
        .await
        .unwrap();
    let row = |values: &[Option<&str>]| values.iter().map(|v| v.map(str::to_owned)).collect();
    let expected: [Vec<_>; 2] = [row(&[Some("1"), None, Some("")]), row(&[Some("é")])];
    assert_eq!(rows, expected);
    let error = query(&mut conn, "SELECT 1/0").await.unwrap_err();
    assert_eq!(error.sqlstate().as_str(), "22012");
    assert_eq!(
        query(&mut conn, "").await.unwrap(),
        Vec::<Vec<_>>::new(),
        "usable after an error"
    );
}

/// Protocol 3.2 is asked for; PostgreSQL before 18 offers 3.0.
async fn negotiation(target: &Target) {
    let route = Route {
        target,
        find: Find::ByName {
            names: &Names::default(),
            first: 0,
        },
        tls: &ServerTls::new(&Tls::default()).unwrap(),
        tcp: &Tcp::default(),
    };
    let ask = Ask {
        user: "by_trust",
        credential: &Credential::None,
        parameters: &[("database", "nowhere")],
        minor: 2,
    };
    let error = dial(&route, &ask, LIMIT).await.unwrap_err();
    assert_eq!(error.sqlstate(), SqlState::NO_SUCH_DATABASE, "{error}");
    let parameters = &[("database", "postgres")];
    let fresh = dial(&route, &Ask { parameters, ..ask }, LIMIT)
        .await
        .unwrap();
    let secret_bytes = if fresh.minor == 2 { 32 } else { 4 };
    assert_eq!(fresh.key.secret.len(), secret_bytes);
}

async fn cancels(authority: &Authority, target: &Target) {
    for mode in [SslMode::Disable, SslMode::VerifyFull] {
        let tls = authority.tls(mode, "root.crt", None);
        let mut fresh = log_in(target, &tls, "by_trust", &Credential::None)
            .await
            .unwrap();
        let route = Route {
            target,
            find: Find::ByName {
                names: &Names::default(),
                first: 0,
            },
            tls: &ServerTls::new(&tls).unwrap(),
            tcp: &Tcp::default(),
        };
        // A request that comes before the query has begun cancels nothing: ask until it has.
        let is_out = AtomicBool::new(false);
        let asking = async {
            loop {
                let deadline = tokio::time::Instant::now() + LIMIT;
                cancel(&route, &fresh.key, &is_out, deadline).await.unwrap();
                assert!(!is_out.load(Ordering::Relaxed));
            }
        };
        let error = tokio::select! {
            done = query(&mut fresh.conn, "SELECT pg_sleep(20)") => done.unwrap_err(),
            () = asking => panic!("asks for ever"),
        };
        assert_eq!(error.sqlstate(), SqlState::CANCELED, "{mode:?}: {error}");
    }
}
