use std::fs;
use std::os::unix::fs::PermissionsExt;

use tokio::net::TcpStream;
use tokio::net::UnixStream;

use crate::config::types::FileMode;
use crate::config::types::Listen;
use crate::config::types::Tcp;
use crate::net::listen::Listener;
use crate::net::stream::Peer;

const MODE: FileMode = FileMode(0o600);

#[tokio::test]
async fn accepts_on_every_address() {
    let listen = Listen {
        addrs: vec!["127.0.0.1".into()],
        port: 0,
        ..Listen::default()
    };
    let listeners = Listener::bind_all(&listen).await.unwrap();
    let addr = listeners[0].addr().unwrap();
    assert_eq!(listeners[0].to_string(), addr.to_string());
    let dialed = TcpStream::connect(addr).await.unwrap();
    let accepted = listeners[0].accept(&Tcp::default()).await.unwrap();
    assert_eq!(accepted.peer(), Peer::Tcp(dialed.local_addr().unwrap()));
}

#[tokio::test]
async fn star_is_every_address_there_is() {
    let listen = Listen {
        addrs: vec!["*".into()],
        port: 0,
        ..Listen::default()
    };
    let listeners = Listener::bind_all(&listen).await.unwrap();
    assert!(listeners.iter().any(|l| l.addr().unwrap().is_ipv4()));
}

#[tokio::test]
async fn unix_socket_has_its_mode_and_goes_with_us() {
    let folder = tempfile::tempdir().unwrap();
    let listen = Listen {
        addrs: Vec::new(),
        port: 6432,
        unix_socket_dir: Some(folder.path().into()),
        unix_socket_mode: MODE,
        ..Listen::default()
    };
    let path = folder.path().join(".s.PGSQL.6432");
    let listeners = Listener::bind_all(&listen).await.unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        MODE.0
    );
    let _dialed = UnixStream::connect(&path).await.unwrap();
    let accepted = listeners[0].accept(&Tcp::default()).await.unwrap();
    assert_eq!(accepted.peer(), Peer::Unix);
    drop(listeners);
    assert!(!path.exists());
}

#[tokio::test]
async fn stale_socket_is_replaced_and_live_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(
        path.exists(),
        "std leaves the file behind, as a killed process does"
    );
    let listener = Listener::bind_unix(&path, MODE).unwrap();
    let second = Listener::bind_unix(&path, MODE).unwrap_err();
    assert!(
        second.to_string().contains("could not listen on"),
        "{second}"
    );
    drop(listener);
    fs::write(&path, "precious").unwrap();
    assert!(Listener::bind_unix(&path, MODE).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn socket_of_a_successor_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let ours = Listener::bind_unix(&path, MODE).unwrap();
    fs::rename(&path, folder.path().join("old")).unwrap();
    let _theirs = Listener::bind_unix(&path, MODE).unwrap();
    drop(ours);
    assert!(path.exists());
}
