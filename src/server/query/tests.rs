use tokio::io::AsyncWriteExt;
use tokio::io::duplex;

use crate::error::Error;
use crate::net::conn::Conn;
use crate::server::query::Row;
use crate::server::query::query;

async fn answered(answer: &[u8]) -> Result<Vec<Row>, Error> {
    let (ours, mut theirs) = duplex(4096);
    theirs.write_all(answer).await.unwrap();
    theirs.shutdown().await.unwrap();
    query(&mut Conn::new(ours.into()), "SELECT").await
}

const READY: &[u8] = b"Z\0\0\0\x05I";

#[tokio::test]
async fn rows_are_read_whole() {
    let row = b"D\0\0\0\x0f\0\x02\0\0\0\x01a\xff\xff\xff\xff".as_slice();
    let rows = answered(&[row, row, b"C\0\0\0\x05\0", READY].concat())
        .await
        .unwrap();
    assert_eq!(rows, vec![vec![Some("a".to_owned()), None]; 2]);
}

#[tokio::test]
async fn error_comes_after_the_end_of_the_query() {
    let error = b"E\0\0\0\x12C25006\0Mno\0\0\0\0";
    let told = answered(&[error.as_slice(), error, READY].concat())
        .await
        .unwrap_err();
    assert_eq!(
        (told.sqlstate().as_str(), told.to_string().as_str()),
        ("25006", "no")
    );
}

#[tokio::test]
async fn answers_that_are_none_are_refused() {
    for (answer, expected) in [
        (b"".as_slice(), "server closed the connection"),
        (b"D\0\0", "the connection ended within a message"),
        (b"D\0\0\0\x05\0", "malformed DataRow"),
        (b"D\0\0\0\x06\0\x01", "malformed DataRow"),
        (b"D\0\0\0\x0a\0\x01\0\0\0\x01", "malformed DataRow"),
        (b"D\0\0\0\x0a\0\x01\xff\xff\xff\xfe", "malformed DataRow"),
        (b"D\0\0\0\x07\0\0x", "malformed DataRow"),
        (b"D\x7f\xff\xff\xff", "over the limit"),
        (b"G\0\0\0\x07\0\0\0", "unexpected message 'G' to a query"),
    ] {
        let error = answered(answer).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{answer:?}: {error}");
    }
}
