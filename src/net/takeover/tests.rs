use std::net::TcpListener;
use std::net::TcpStream;
use std::thread;

use tokio::net::UnixListener;

use super::*;

/// Offers two sockets to whoever comes; what becomes of it.
async fn offer(path: &Path) -> (TcpListener, io::Result<()>) {
    let window = UnixListener::bind(path).unwrap();
    let first = TcpListener::bind("127.0.0.1:0").unwrap();
    let second = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut link, _) = window.accept().await.unwrap();
    assert!(is_one_of_us(&link));
    let passed = pass_on(&mut link, &[first.as_fd(), second.as_fd()]).await;
    (first, passed)
}

/// The first offer that is made at `path`.
fn wait_for_offer(path: &Path) -> Offer {
    loop {
        if let Some(offer) = Offer::ask(path).unwrap() {
            return offer;
        }
        thread::yield_now();
    }
}

#[tokio::test]
async fn sockets_are_passed_on_and_listen_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window");
    let asked = path.clone();
    let asking = thread::spawn(move || {
        let mut offer = wait_for_offer(&asked);
        assert_eq!(offer.sockets.len(), 2);
        let first = TcpListener::from(offer.sockets.remove(0));
        offer.take().unwrap();
        first
    });
    let (first, passed) = offer(&path).await;
    passed.unwrap();
    let ours = asking.join().unwrap();
    let addr = first.local_addr().unwrap();
    assert_eq!(ours.local_addr().unwrap(), addr);
    drop(first);
    let dialed = TcpStream::connect(addr).unwrap();
    let (_, peer) = ours.accept().unwrap();
    assert_eq!(peer, dialed.local_addr().unwrap());
}

#[tokio::test]
async fn one_who_does_not_take_them_leaves_all_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window");
    let asked = path.clone();
    let asking = thread::spawn(move || drop(wait_for_offer(&asked)));
    let (first, passed) = offer(&path).await;
    asking.join().unwrap();
    assert_eq!(passed.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    let addr = first.local_addr().unwrap();
    let _dialed = TcpStream::connect(addr).unwrap();
    first.accept().unwrap();
}

#[test]
fn nobody_is_nobody_and_a_stranger_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window");
    assert!(Offer::ask(&path).unwrap().is_none());
    let window = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let asked = path.clone();
    let ask = move || {
        let asked = asked.clone();
        thread::spawn(move || Offer::ask(&asked).unwrap_err().kind())
    };
    let asking = ask();
    window.accept().unwrap();
    assert_eq!(asking.join().unwrap(), io::ErrorKind::UnexpectedEof);
    let asking = ask();
    window
        .accept()
        .unwrap()
        .0
        .write_all(b"HTTP/1.1 200 OK")
        .unwrap();
    assert_eq!(asking.join().unwrap(), io::ErrorKind::InvalidData);
    drop(window);
    // The file of a dead process.
    assert!(path.exists());
    assert!(Offer::ask(&path).unwrap().is_none());
}
