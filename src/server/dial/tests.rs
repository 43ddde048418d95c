//! Scripted servers that do not do what they should.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

use crate::auth::server_login::Credential;
use crate::config::tls::Tls;
use crate::config::types::Tcp;
use crate::config::words::SslMode;
use crate::error::Blame;
use crate::error::Error;
use crate::error::Retry;
use crate::net::dial::Find;
use crate::net::dial::Target;
use crate::net::names::Names;
use crate::net::tls::dial::ServerTls;
use crate::server::dial::Ask;
use crate::server::dial::Fresh;
use crate::server::dial::Route;
use crate::server::dial::dial;
use crate::sqlstate::SqlState;

/// Dials a server that reads `asked` bytes, answers with `answer`, and closes when we do.
async fn dial_script(
    mode: SslMode,
    minor: u16,
    asked: usize,
    answer: &[u8],
) -> Result<Fresh, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target {
        host: "127.0.0.1".into(),
        port: listener.local_addr().unwrap().port(),
    };
    let script = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut vec![0; asked]).await.unwrap();
        // We may have gone at the first byte that is wrong.
        let _ = stream.write_all(answer).await;
        stream
    };
    let tls = Tls {
        sslmode: mode,
        ..Tls::default()
    };
    let route = Route {
        target: &target,
        find: Find::ByName {
            names: &Names::default(),
            first: 0,
        },
        tls: &ServerTls::new(&tls).unwrap(),
        tcp: &Tcp::default(),
    };
    let ask = Ask {
        user: "me",
        credential: &Credential::Password("secret".into()),
        parameters: &[],
        minor,
    };
    let dialed = dial(&route, &ask, Duration::from_secs(10));
    let closes = async {
        let mut stream: TcpStream = script.await;
        stream.shutdown().await.ok();
    };
    tokio::join!(dialed, closes).0
}

const STARTUP_BYTES: usize = 17;

async fn log_in(answer: &[u8]) -> Result<Fresh, Error> {
    dial_script(SslMode::Disable, 0, STARTUP_BYTES, answer).await
}

const READY: &[u8] =
    b"R\0\0\0\x08\0\0\0\0S\0\0\0\x08a\0b\0K\0\0\0\x0c\0\0\0\x07\x01\x02\x03\x04Z\0\0\0\x05I";

#[tokio::test]
async fn answers_to_tls_requests_that_are_none_are_refused() {
    for (answer, expected) in [
        (b"Sx".as_slice(), "unencrypted data after SSL response"),
        (b"E", "sent an error response during SSL exchange"),
        (b"R", "unexpected answer to SSLRequest"),
        (b"N", "does not support TLS, but it was required"),
        (b"", "connection lost before login"),
    ] {
        let error = dial_script(SslMode::Require, 0, 8, answer)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{answer:?}: {error}");
        assert_eq!(error.blame(), Blame::Server);
    }
}

#[tokio::test]
async fn trusting_server_lets_us_in() {
    let fresh = log_in(READY).await.unwrap();
    assert_eq!(fresh.parameters, [("a".into(), "b".into())]);
    assert_eq!(
        (fresh.key.pid, &*fresh.key.secret),
        (7, [1, 2, 3, 4].as_slice())
    );
    let without_key = log_in(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").await.unwrap();
    assert_eq!((without_key.key.pid, without_key.key.secret.len()), (0, 0));
}

#[tokio::test]
async fn login_cut_anywhere_is_an_error_that_may_be_tried_elsewhere() {
    for end in 0..READY.len() {
        let error = log_in(&READY[..end]).await.unwrap_err();
        assert_eq!(error.blame(), Blame::Server, "cut at {end}: {error}");
    }
    assert_eq!(log_in(b"").await.unwrap_err().retry(), Retry::Elsewhere);
}

#[tokio::test]
async fn servers_own_words_and_code_are_kept() {
    let said = b"E\0\0\0\x1fSFATAL\0C57P03\0Mstarting up\0\0";
    let error = log_in(said).await.unwrap_err();
    assert_eq!(error.to_string(), "starting up");
    assert_eq!(
        (error.sqlstate(), error.blame()),
        (SqlState::CANNOT_CONNECT_NOW, Blame::Server)
    );
}

#[tokio::test]
async fn messages_out_of_range_or_order_are_refused() {
    for (answer, expected) in [
        (b"R\0\0\0\0".as_slice(), "length 0 is below the smallest"),
        (b"R\0\0\0\x03", "length 3 is below the smallest"),
        (b"E\x7f\xff\xff\xff", "over the limit of 65536"),
        (b"E\xff\xff\xff\xff", "over the limit of 65536"),
        (b"Z\0\0\0\x05I", "unexpected message 'Z' during login"),
        (
            b"R\0\0\0\x08\0\0\0\0D\0\0\0\x06\0\0",
            "unexpected message 'D' during login",
        ),
        (b"R\0\0\0\x08\0\0\0\x07", "authentication method 7"),
        (
            b"R\0\0\0\x08\0\0\0\0K\0\0\0\x0b\0\0\0\x07\x01\x02\x03",
            "malformed BackendKeyData",
        ),
        (
            b"v\0\0\0\x0c\0\x03\0\x02\0\0\0\0",
            "offers protocol 3.2 where 3.0 was asked for",
        ),
        (b"v\0\0\0\x08\0\x03\0\x00", "invalid startup packet layout"),
    ] {
        let error = log_in(answer).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{answer:?}: {error}");
    }
    let flood = b"N\0\0\0\x05\0".repeat(1001);
    let error = log_in(&flood).await.unwrap_err();
    assert!(error.to_string().contains("without end"), "{error}");
}

#[tokio::test]
async fn older_protocol_is_taken() {
    let answer = [b"v\0\0\0\x0c\0\x03\0\0\0\0\0\0".as_slice(), READY].concat();
    let fresh = dial_script(SslMode::Disable, 2, STARTUP_BYTES, &answer)
        .await
        .unwrap();
    assert_eq!(fresh.minor, 0);
}

#[tokio::test(start_paused = true)]
async fn silent_server_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target {
        host: "127.0.0.1".into(),
        port: listener.local_addr().unwrap().port(),
    };
    let route = Route {
        target: &target,
        find: Find::ByName {
            names: &Names::default(),
            first: 0,
        },
        tls: &ServerTls::new(&Tls::default()).unwrap(),
        tcp: &Tcp::default(),
    };
    let ask = Ask {
        user: "me",
        credential: &Credential::None,
        parameters: &[],
        minor: 0,
    };
    let error = dial(&route, &ask, Duration::from_secs(3))
        .await
        .unwrap_err();
    assert_eq!(
        (error.sqlstate(), error.retry()),
        (SqlState::CANNOT_CONNECT, Retry::Elsewhere)
    );
}
