use tokio::io::AsyncWriteExt;
use tokio::io::duplex;

use super::*;

#[tokio::test]
async fn a_dropped_read_loses_nothing() {
    let (mut peer, stream) = duplex(1024);
    let mut conn = Conn::new(stream);
    let frame = b"Z\0\0\0\x05I";
    for byte in frame {
        tokio::select! {
            biased;
            _ = conn.next_message(100) => panic!("half a message is not a message"),
            () = std::future::ready(()) => (),
        }
        peer.write_all(&[*byte]).await.unwrap();
    }
    let message = conn.next_message(100).await.unwrap().unwrap();
    assert_eq!((message.tag, &message.body[..]), (b'Z', &b"I"[..]));
    drop(peer);
    assert!(conn.next_message(100).await.unwrap().is_none());
}

#[tokio::test]
async fn lengths_are_checked_and_a_cut_is_an_error() {
    for (bytes, expected) in [
        (&b"Z\0\0\0\x03"[..], "length 3 is below"),
        (b"Z\0\0\0\x65", "over the limit of 100"),
        (b"Z\xff\xff\xff\xff", "over the limit of 100"),
        (b"Z\0\0", "ended within"),
        (b"Z\0\0\0\x05", "ended within"),
    ] {
        let (mut peer, stream) = duplex(1024);
        peer.write_all(bytes).await.unwrap();
        drop(peer);
        let fault = Conn::new(stream).next_message(100).await.unwrap_err();
        assert!(fault.to_string().contains(expected), "{fault}");
    }
}

#[tokio::test]
async fn a_dropped_write_goes_on_where_it_stopped() {
    let (mut peer, stream) = duplex(16);
    let mut conn = Conn::new(stream);
    let sent: Vec<u8> = (0..100).collect();
    conn.out().extend_from_slice(&sent);
    let mut got = Vec::new();
    while got.len() < sent.len() {
        tokio::select! { biased; _ = conn.flush() => (), () = std::future::ready(()) => () }
        peer.read_buf(&mut got).await.unwrap();
    }
    assert_eq!(got, sent);
}

#[tokio::test]
async fn a_connection_that_waits_with_nothing_unread_has_no_buffer() {
    let (mut peer, stream) = duplex(1024);
    let mut conn = Conn::new(stream);
    for (sent, consumed, has_buffer) in [("", 0, false), ("ab", 1, true), ("c", 2, false)] {
        peer.write_all(sent.as_bytes()).await.unwrap();
        poll_fn(|cx| read_all(&mut conn, cx)).await;
        conn.consume(consumed);
        poll_fn(|cx| read_all(&mut conn, cx)).await;
        assert_eq!(conn.unread.capacity() != 0, has_buffer, "{sent:?}");
        assert_eq!(shelf::counts().used, usize::from(has_buffer), "{sent:?}");
    }
    peer.write_all(b"d").await.unwrap();
    conn.fill().await.unwrap();
    assert_eq!(shelf::counts().used, 1);
    conn.consume(1);
    conn.shed();
    assert_eq!(shelf::counts().used, 0);
    peer.write_all(b"e").await.unwrap();
    conn.fill().await.unwrap();
    drop(conn);
    assert_eq!(shelf::counts().used, 0, "it is gone with the connection");
}

fn read_all(conn: &mut Conn<tokio::io::DuplexStream>, cx: &mut Context<'_>) -> Poll<()> {
    while conn.poll_fill(cx).is_ready() {}
    Poll::Ready(())
}
