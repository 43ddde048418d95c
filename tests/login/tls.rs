//! TLS on both sides, by every `sslmode`.

use pgsluice::auth::client_login::Method;
use pgsluice::auth::scram::ScramVerifier;
use pgsluice::auth::server_login::Credential;
use pgsluice::auth::verifier::Verifier;
use pgsluice::config::tls::Tls;
use pgsluice::config::words::SslMode;
use pgsluice::net::tls::accept::ClientTls;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::certificates::Authority;
use crate::front::Front;
use crate::front::Outcome;
use crate::front::Rules;
use crate::own_sides::log_in;

fn open(tls: &Tls, method: Method) -> Front {
    let verifier = ScramVerifier::derive(b"secret", b"0123456789abcdef", 100);
    Front::open(Rules {
        method,
        verifier: Verifier::Scram(verifier.into()),
        tls: ClientTls::new(tls).unwrap(),
    })
}

fn password() -> Credential {
    Credential::Password("secret".into())
}

fn authority() -> Authority {
    let authority = Authority::new();
    authority.issue("server", "server", &["127.0.0.1", "localhost"]);
    authority.issue("other", "other", &["elsewhere.test"]);
    authority.issue("named", "127.0.0.1", &[]);
    authority.issue("me", "me", &[]);
    authority.issue("you", "you", &[]);
    authority.self_signed("own", "127.0.0.1");
    authority
}

/// What comes of each pair of modes: `Some(is TLS)`, or a refusal.
#[tokio::test]
async fn modes_of_both_sides_meet_as_in_postgresql() {
    use SslMode::{Allow, Disable, Prefer, Require, VerifyCa, VerifyFull};
    let files = authority();
    for (ours, theirs, expected) in [
        (Disable, Disable, Some(false)),
        (Disable, Allow, Some(false)),
        (Disable, Prefer, Some(false)),
        (Disable, Require, None),
        (Disable, VerifyFull, None),
        (Allow, Disable, Some(false)),
        (Allow, Allow, Some(false)),
        (Allow, Prefer, Some(true)),
        (Prefer, Require, Some(true)),
        (Prefer, VerifyCa, Some(true)),
        (Require, Disable, None),
        (Require, Allow, Some(true)),
        (Require, Prefer, Some(true)),
        (Require, VerifyFull, Some(true)),
    ] {
        let mut front = open(&files.tls(ours, "root.crt", Some("server")), Method::Scram);
        let tls = files.tls(theirs, "root.crt", None);
        let fresh = log_in(&front.target, &tls, "me", &password()).await;
        let is_tls = fresh
            .as_ref()
            .ok()
            .map(|fresh| fresh.conn.stream().is_tls());
        assert_eq!(
            is_tls,
            expected,
            "we {ours:?}, they {theirs:?}: {:?}",
            fresh.err()
        );
        if let (Require, Disable) = (ours, theirs) {
            assert!(matches!(front.next().await, Outcome::Refused(said) if said == "SSL required"));
        }
    }
}

#[tokio::test]
async fn certificates_are_checked_as_far_as_the_mode_says() {
    use SslMode::{Require, VerifyCa, VerifyFull};
    let (files, stranger) = (authority(), Authority::new());
    stranger.issue("server", "server", &["127.0.0.1"]);
    for (own, host, mode, is_good) in [
        ("server", "127.0.0.1", VerifyFull, true),
        ("server", "localhost", VerifyFull, true),
        ("other", "127.0.0.1", Require, true),
        ("other", "127.0.0.1", VerifyCa, true),
        ("other", "127.0.0.1", VerifyFull, false),
        ("named", "127.0.0.1", VerifyFull, true),
        ("named", "localhost", VerifyFull, false),
        ("own", "127.0.0.1", Require, true),
        ("own", "127.0.0.1", VerifyCa, false),
    ] {
        let mut front = open(
            &files.tls(SslMode::Require, "root.crt", Some(own)),
            Method::Scram,
        );
        front.target.host = host.to_owned();
        let tls = files.tls(mode, "root.crt", None);
        let fresh = log_in(&front.target, &tls, "me", &password()).await;
        assert_eq!(
            fresh.is_ok(),
            is_good,
            "{own} for {host}, {mode:?}: {:?}",
            fresh.err()
        );
    }
    // Signed by an authority of the same name, but not the same key.
    let front = open(
        &stranger.tls(SslMode::Require, "root.crt", Some("server")),
        Method::Scram,
    );
    let tls = files.tls(VerifyCa, "root.crt", None);
    let error = log_in(&front.target, &tls, "me", &password())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("TLS handshake failed"),
        "{error}"
    );
    // A self-signed certificate that is the authority itself.
    let front = open(
        &files.tls(SslMode::Require, "root.crt", Some("own")),
        Method::Scram,
    );
    for mode in [VerifyCa, VerifyFull] {
        let tls = files.tls(mode, "own.crt", None);
        log_in(&front.target, &tls, "me", &password())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn client_certificate_logs_its_user_in() {
    let (files, stranger) = (authority(), Authority::new());
    stranger.issue("me", "me", &[]);
    let tls = files.tls(SslMode::VerifyCa, "root.crt", Some("server"));
    let front = open(&tls, Method::Certificate);
    let with = |files: &Authority, own| files.tls(SslMode::Require, "root.crt", own);
    for (tls, expected) in [
        (with(&files, Some("me")), ""),
        (
            with(&files, Some("you")),
            "certificate authentication failed",
        ),
        (with(&files, None), ""),
        (with(&stranger, Some("me")), ""),
    ] {
        let fresh = log_in(&front.target, &tls, "me", &Credential::None).await;
        let is_ours = tls.cert_file == Some(files.path("me.crt"));
        assert_eq!(fresh.is_ok(), is_ours, "{:?}", tls.cert_file);
        if let Err(error) = fresh {
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

/// TLS without asking for it, with the protocols of ALPN that are given.
async fn direct(front: &Front, files: &Authority, alpn: &[&[u8]]) -> std::io::Result<Vec<u8>> {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(files.path("root.crt")).unwrap())
        .unwrap();
    let provider = rustls::crypto::ring::default_provider();
    let mut config = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let socket = TcpStream::connect((front.target.host.as_str(), front.target.port)).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let mut stream = connector.connect(name, socket).await?;
    stream
        .write_all(b"\0\0\0\x11\0\x03\0\0user\0me\0\0")
        .await?;
    let mut told = vec![0; 9];
    stream.read_exact(&mut told).await?;
    Ok(told)
}

#[tokio::test]
async fn direct_tls_needs_the_protocols_name() {
    let files = authority();
    let tls = files.tls(SslMode::Prefer, "root.crt", Some("server"));
    let mut front = open(&tls, Method::Trust);
    let told = direct(&front, &files, &[b"postgresql"]).await.unwrap();
    assert_eq!(told, b"R\0\0\0\x08\0\0\0\0");
    assert!(matches!(
        front.next().await,
        Outcome::In { is_tls: true, .. }
    ));
    for alpn in [&[][..], &[b"http/1.1".as_slice()]] {
        assert!(direct(&front, &files, alpn).await.is_err());
        assert!(matches!(front.next().await, Outcome::Refused(_)));
    }
    let mut off = open(&Tls::default(), Method::Trust);
    assert!(direct(&off, &files, &[b"postgresql"]).await.is_err());
    assert!(matches!(off.next().await, Outcome::Refused(_)));
}

#[tokio::test]
async fn plain_bytes_after_a_tls_request_never_count() {
    let files = authority();
    let tls = files.tls(SslMode::Prefer, "root.crt", Some("server"));
    let mut front = open(&tls, Method::Trust);
    let addr = (front.target.host.clone(), front.target.port);
    let mut socket = TcpStream::connect(addr).await.unwrap();
    let request = b"\0\0\0\x08\x04\xd2\x16\x2f\0\0\0\x11\0\x03\0\0user\0me\0\0";
    socket.write_all(request).await.unwrap();
    let mut told = Vec::new();
    socket.read_to_end(&mut told).await.unwrap();
    let said = "received unencrypted data after SSL request";
    assert!(String::from_utf8_lossy(&told).contains(said), "{told:?}");
    assert!(matches!(front.next().await, Outcome::Refused(why) if why == said));
}
