use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::config::types::Tcp;
use crate::error::Error;
use crate::net::dial::Fault;
use crate::net::dial::Find;
use crate::net::dial::Target;
use crate::net::dial::connect;
use crate::net::dial::unix_name;
use crate::net::dial::unix_path;
use crate::net::names::Names;
use crate::net::stream::Socket;
use crate::sqlstate::SqlState;

fn target(host: &str, port: u16) -> Target {
    let host = host.to_owned();
    Target { host, port }
}

async fn dialed(target: &Target, deadline: Instant) -> Result<Socket, Fault> {
    let (names, first) = (&Names::default(), 0);
    let find = Find::ByName { names, first };
    connect(target, find, &Tcp::default(), deadline).await
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
        let socket = dialed(&target(host, port), soon()).await;
        assert!(matches!(socket, Ok(Socket::Tcp(_))), "{host}: {socket:?}");
    }
}

#[tokio::test]
async fn refusal_may_be_tried_elsewhere() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let fault = dialed(&target("127.0.0.1", port), soon())
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
    let fault = dialed(&target, soon()).await.unwrap_err();
    assert!(matches!(fault, Fault::Refused { .. }), "{fault}");
}

#[tokio::test]
async fn deadline_ends_the_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let past = Instant::now() - Duration::from_secs(1);
    let fault = dialed(&target("no.such.name.invalid", port), past).await;
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

#[test]
fn abstract_sockets_have_a_zero_byte() {
    let path = unix_name(unix_path(std::path::Path::new("@pg"), 5432));
    assert_eq!(path.as_os_str(), "\0pg/.s.PGSQL.5432");
}

#[tokio::test]
async fn addresses_are_tried_from_where_the_turn_is() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let target = target("localhost", at.port());
    let names = &Names::default();
    for first in 0..3 {
        let find = Find::ByName { names, first };
        let dialed = connect(&target, find, &Tcp::default(), soon()).await;
        assert!(matches!(dialed, Ok(Socket::Tcp(_))), "{dialed:?}");
    }
    let elsewhere = Find::At(([127, 0, 0, 2], at.port()).into());
    let dialed = connect(&target, elsewhere, &Tcp::default(), soon()).await;
    assert!(matches!(dialed, Err(Fault::Refused { .. })), "{dialed:?}");
}
