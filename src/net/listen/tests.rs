use std::fs;
use std::os::unix::fs::PermissionsExt;

use tokio::net::TcpStream;
use tokio::net::UnixStream;

use crate::config::types::FileMode;
use crate::config::types::Listen;
use crate::config::types::Tcp;
use crate::net::listen::Keeper;
use crate::net::listen::Listener;
use crate::net::listen::passed::Passed;
use crate::net::listen::unix;
use crate::net::listen::unix::Access;
use crate::net::stream::Peer;

const MODE: FileMode = FileMode(0o600);

const ACCESS: Access<'_> = Access {
    mode: MODE,
    group: None,
};

#[tokio::test]
async fn accepts_on_every_address() {
    let listen = Listen {
        addrs: vec!["127.0.0.1".into()],
        port: 0,
        ..Listen::default()
    };
    let listeners = Listener::bind_all(&listen, &mut Passed::default())
        .await
        .unwrap();
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
    let listeners = Listener::bind_all(&listen, &mut Passed::default())
        .await
        .unwrap();
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
    let listeners = Listener::bind_all(&listen, &mut Passed::default())
        .await
        .unwrap();
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
    let listener = Listener::bind_unix(&path, &ACCESS, 128).unwrap();
    let second = Listener::bind_unix(&path, &ACCESS, 128).unwrap_err();
    assert_eq!(second.to_string(), "unix socket is in use, cannot continue");
    drop(listener);
    fs::write(&path, "precious").unwrap();
    assert!(Listener::bind_unix(&path, &ACCESS, 128).is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn socket_of_a_successor_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let ours = Listener::bind_unix(&path, &ACCESS, 128).unwrap();
    fs::rename(&path, folder.path().join("old")).unwrap();
    let _theirs = Listener::bind_unix(&path, &ACCESS, 128).unwrap();
    drop(ours);
    assert!(path.exists());
}

#[tokio::test]
async fn abstract_names_have_no_file() {
    let name = format!("@pgsluice-{}", rand::random::<u64>());
    let listen = Listen {
        addrs: Vec::new(),
        unix_socket_dir: Some(name.clone().into()),
        ..Listen::default()
    };
    let listeners = Listener::bind_all(&listen, &mut Passed::default())
        .await
        .unwrap();
    let path = format!("{name}/.s.PGSQL.6432");
    assert_eq!(listeners[0].to_string(), format!("unix:{path}"));
    assert!(unix::is_in_use(path.as_ref()));
    assert!(
        Listener::bind_all(&listen, &mut Passed::default())
            .await
            .is_err()
    );
    drop(listeners);
    assert!(!unix::is_in_use(path.as_ref()));
}

#[tokio::test]
async fn two_may_listen_with_so_reuseport_and_else_not() {
    for reuseport in [true, false] {
        let mut listen = Listen {
            addrs: vec!["127.0.0.1".into()],
            port: 0,
            reuseport,
            ..Listen::default()
        };
        let first = Listener::bind_all(&listen, &mut Passed::default())
            .await
            .unwrap();
        listen.port = first[0].addr().unwrap().port();
        let second = Listener::bind_all(&listen, &mut Passed::default()).await;
        assert_eq!(second.is_ok(), reuseport, "{second:?}");
    }
}

#[tokio::test]
async fn a_socket_that_is_taken_over_goes_with_its_last_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let old = Listener::bind_unix(&path, &ACCESS, 128).unwrap();
    let socket = old.socket().try_clone_to_owned().unwrap();
    let new = Listener::adopt(socket, Keeper::Us).unwrap();
    assert_eq!(new.to_string(), old.to_string());
    // One who comes between is not lost.
    let _dialed = UnixStream::connect(&path).await.unwrap();
    old.share();
    drop(old);
    assert!(path.exists());
    new.accept(&Tcp::default()).await.unwrap();
    new.own();
    drop(new);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_socket_that_was_not_taken_over_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let old = Listener::bind_unix(&path, &ACCESS, 128).unwrap();
    old.share();
    let socket = old.socket().try_clone_to_owned().unwrap();
    drop(Passed::new(vec![socket]).unwrap());
    let _dialed = UnixStream::connect(&path).await.unwrap();
    old.own();
    drop(old);
    assert!(!path.exists());
}

#[tokio::test]
async fn sockets_that_were_passed_are_used_where_they_fit() {
    let folder = tempfile::tempdir().unwrap();
    let mut listen = Listen {
        addrs: vec!["127.0.0.1".into(), "127.0.0.2".into()],
        port: 0,
        unix_socket_dir: Some(folder.path().into()),
        ..Listen::default()
    };
    let old = Listener::bind_all(&listen, &mut Passed::default()).await;
    let old = old.unwrap();
    let clone = |listener: &Listener| listener.socket().try_clone_to_owned().unwrap();
    let mut passed = Passed::new(old.iter().map(clone).collect()).unwrap();
    old.iter().for_each(Listener::share);
    // The same addresses, save one.
    listen.port = old[0].addr().unwrap().port();
    listen.addrs.pop();
    let shown: Vec<_> = old.iter().map(ToString::to_string).collect();
    let file = folder.path().join(".s.PGSQL.0");
    assert_eq!(
        passed.on_unix(&file).unwrap().to_string(),
        format!("unix:{}", file.display())
    );
    let new = Listener::bind_all(&listen, &mut passed).await.unwrap();
    assert_eq!(new[0].to_string(), shown[0]);
    drop(old);
    passed.close();
    let _dialed = TcpStream::connect(new[0].addr().unwrap()).await.unwrap();
    assert!(TcpStream::connect(&shown[1]).await.is_err());
}

#[tokio::test]
async fn a_socket_of_the_system_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let theirs = std::os::unix::net::UnixListener::bind(&path).unwrap();
    drop(Listener::adopt(theirs.into(), Keeper::Maker).unwrap());
    assert!(path.exists());
    let file = std::fs::File::open(folder.path()).unwrap();
    assert!(Listener::adopt(file.into(), Keeper::Maker).is_err());
}
