use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::config::types::Tcp;
use crate::error::Error;
use crate::net::dial::Fault;
use crate::net::dial::Target;
use crate::net::dial::connect;
use crate::net::stream::Socket;
use crate::sqlstate::SqlState;

fn target(host: &str, port: u16) -> Target {
    let host = host.to_owned();
    Target { host, port }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

#[tokio::test]
async fn every_address_of_a_name_is_tried() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // `localhost` is often ::1 first, where nobody listens.
    for host in ["127.0.0.1", "localhost"] {
        let socket = connect(&target(host, port), &Tcp::default(), soon()).await;
        assert!(matches!(socket, Ok(Socket::Tcp(_))), "{host}: {socket:?}");
    }
}

#[tokio::test]
async fn refusal_may_be_tried_elsewhere() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let fault = connect(&target("127.0.0.1", port), &Tcp::default(), soon())
        .await
        .unwrap_err();
    assert!(matches!(fault, Fault::Refused { .. }), "{fault}");
    let error = Error::from(fault);
    assert_eq!(error.sqlstate(), SqlState::CANNOT_CONNECT);
    assert_eq!(error.retry(), crate::error::Retry::Elsewhere);
}

#[tokio::test]
async fn missing_unix_socket_is_a_refusal() {
    let folder = tempfile::tempdir().unwrap();
    let target = target(folder.path().to_str().unwrap(), 5432);
    let fault = connect(&target, &Tcp::default(), soon()).await.unwrap_err();
    assert!(matches!(fault, Fault::Refused { .. }), "{fault}");
}

#[tokio::test]
async fn deadline_ends_the_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let past = Instant::now() - Duration::from_secs(1);
    let fault = connect(&target("no.such.name.invalid", port), &Tcp::default(), past).await;
    assert!(
        matches!(fault, Err(Fault::Late { .. } | Fault::Resolve { .. })),
        "{fault:?}"
    );
}

#[test]
fn targets_are_printed_as_written_in_urls() {
    assert_eq!(target("db1", 5432).to_string(), "db1:5432");
    assert_eq!(target("::1", 5432).to_string(), "[::1]:5432");
}
