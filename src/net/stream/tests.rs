use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::net::UnixStream;

use crate::net::stream::Peer;
use crate::net::stream::Stream;

async fn tcp_pair() -> (Stream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dialed = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    (Stream::from(dialed), listener.accept().await.unwrap().0)
}

/// Waits until the runtime has seen the socket's readiness.
async fn settle(stream: &Stream) -> bool {
    for _ in 0..1000 {
        if stream.has_news() {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    false
}

#[tokio::test]
async fn quiet_socket_has_no_news() {
    let (ours, _theirs) = tcp_pair().await;
    tokio::task::yield_now().await;
    assert!(!ours.has_news());
}

#[tokio::test]
async fn bytes_are_news_until_read() {
    let (mut ours, mut theirs) = tcp_pair().await;
    theirs.write_all(b"ab").await.unwrap();
    assert!(settle(&ours).await);
    let mut read = [0; 2];
    ours.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"ab", "looking takes nothing away");
    assert!(!ours.has_news());
}

#[tokio::test]
async fn end_of_stream_is_news() {
    let (ours, theirs) = tcp_pair().await;
    drop(theirs);
    assert!(settle(&ours).await);

    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(theirs);
    assert!(settle(&Stream::from(ours)).await);
}

#[tokio::test]
async fn peers_are_told_apart() {
    let (ours, theirs) = tcp_pair().await;
    let local = theirs.local_addr().unwrap();
    assert_eq!(ours.peer(), Peer::Tcp(local));
    assert_eq!(ours.peer().to_string(), local.to_string());
    assert!(!ours.is_tls());
    let (unix, _other) = UnixStream::pair().unwrap();
    assert_eq!(Stream::from(unix).peer().to_string(), "unix");
}
