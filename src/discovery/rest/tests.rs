//! A server of a few lines that says what a test wants it to say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::*;

/// Answers each connection with the same bytes; what it was asked is kept.
pub(crate) struct Server {
    pub(crate) at: SocketAddr,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// With `None` it says nothing and keeps the connection.
    pub(crate) async fn start(answer: Option<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let heard = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut kept = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let head = head(&mut stream).await;
                heard.lock().unwrap().push(head);
                match &answer {
                    // Whoever refuses the answer does not wait for its end.
                    Some(answer) => drop(stream.write_all(answer).await),
                    None => kept.push(stream),
                }
            }
        });
        Self { at, asked, task }
    }

    /// One that answers so with status 200.
    pub(crate) async fn of(body: &str) -> Self {
        Self::start(Some(ok(body))).await
    }

    pub(crate) fn url(&self) -> Url {
        Url {
            is_tls: false,
            host: self.at.ip().to_string(),
            port: self.at.port(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is asked, up to the empty line.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn ok(body: &str) -> Vec<u8> {
    let size = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n{body}").into_bytes()
}

async fn fetched(server: &Server, limit: Duration) -> Result<String, String> {
    let by = By {
        names: &Names::default(),
        tcp: &Tcp::default(),
        tls: None,
        limit,
    };
    let body = get(&server.url(), "/cluster", by).await;
    body.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .map_err(|fault| fault.to_string())
}

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_document_is_read() {
    for answer in [
        ok("{}"),
        b"HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6\r\n\r\n{}".to_vec(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
            .to_vec(),
    ] {
        let server = Server::start(Some(answer)).await;
        assert_eq!(fetched(&server, LONG).await.as_deref(), Ok("{}"));
        let asked = server.asked.lock().unwrap().join("");
        let host = format!("host: {}\r\n", server.at);
        assert!(asked.starts_with("GET /cluster HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains(&host), "{asked}");
        assert!(asked.contains("connection: close\r\n"), "{asked}");
    }
}

#[tokio::test]
async fn an_answer_cut_short_is_none() {
    let whole = ok("{\"members\": []}");
    for end in 0..whole.len() {
        let server = Server::start(Some(whole[..end].to_vec())).await;
        let fetched = fetched(&server, LONG).await;
        assert!(fetched.is_err(), "cut at {end}: {fetched:?}");
    }
}

#[tokio::test]
async fn what_is_no_document_is_refused() {
    for (answer, expected) in [
        (
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
            "status 503",
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://h/\r\nContent-Length: 0\r\n\r\n".to_vec(),
            "status 302",
        ),
        (b"\x00\x01\x02\x03".to_vec(), "invalid"),
        (ok(&"x".repeat(BODY_BYTES_MAX + 1)), "length limit"),
        (
            [
                b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
                vec![b'x'; BODY_BYTES_MAX + 1],
            ]
            .concat(),
            "length limit",
        ),
        (
            format!(
                "HTTP/1.1 200 OK\r\nX: {}\r\n\r\n",
                "x".repeat(HEAD_BYTES_MAX)
            )
            .into_bytes(),
            "too large",
        ),
        (
            format!(
                "HTTP/1.1 200 OK\r\n{}\r\n",
                "X: y\r\n".repeat(HEADERS_MAX + 1)
            )
            .into_bytes(),
            "",
        ),
    ] {
        let server = Server::start(Some(answer)).await;
        let fault = fetched(&server, LONG).await.unwrap_err();
        assert!(fault.contains(expected), "{expected}: {fault}");
        assert!(fault.starts_with(&server.url().to_string()), "{fault}");
    }
}

#[tokio::test]
async fn silence_ends_in_time() {
    let server = Server::start(None).await;
    let fault = fetched(&server, Duration::from_millis(50)).await;
    assert!(fault.unwrap_err().ends_with("no answer in time"));
}
