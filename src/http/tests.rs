use std::sync::Mutex;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::control::Control;

use super::*;

struct Fake(Mutex<Readiness>);

impl Pages for Fake {
    fn metrics(&self) -> String {
        "# HELP a b\n# TYPE a gauge\na 1\n".to_owned()
    }

    fn readiness(&self) -> Readiness {
        self.0.lock().unwrap().clone()
    }
}

struct Place {
    address: SocketAddr,
    pages: Arc<Fake>,
    control: Control,
    task: JoinHandle<()>,
}

impl Place {
    async fn new() -> Self {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let pages = Arc::new(Fake(Mutex::new(Readiness::Ready)));
        let control = Control::new();
        let task = tokio::spawn(run(listener, Arc::clone(&pages) as _, control.watch()));
        Self {
            address,
            pages,
            control,
            task,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What is answered to `request` until the end of the connection.
    async fn ask(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        let mut answer = Vec::new();
        // A connection may be reset behind the answer to a request that was not read whole.
        let _ = stream.write_all(request.as_bytes()).await;
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer))
            .await
            .expect("the connection ends");
        String::from_utf8(answer).unwrap()
    }

    async fn get(&self, path: &str) -> String {
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        ))
        .await
    }
}

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn check(answer: &str, status: u16, body: &str) {
    let head = format!("HTTP/1.1 {status} ");
    assert!(answer.starts_with(&head), "{status}: {answer}");
    let (_, found) = answer.split_once("\r\n\r\n").expect("an end of the head");
    assert_eq!(found, body);
}

#[tokio::test]
async fn pages_answer_with_their_content() {
    let place = Place::new().await;
    let metrics = place.get("/metrics").await;
    check(&metrics, 200, "# HELP a b\n# TYPE a gauge\na 1\n");
    let kind = "content-type: text/plain; version=0.0.4; charset=utf-8\r\n";
    assert!(metrics.contains(kind), "{metrics}");
    check(
        &place.get("/metrics?a=b").await,
        200,
        "# HELP a b\n# TYPE a gauge\na 1\n",
    );
    check(&place.get("/healthz").await, 200, "alive\n");
    check(&place.get("/readyz").await, 200, "ready\n");
    check(&place.get("/metrics/").await, 404, "no such page\n");
    check(&place.get("/nosuch").await, 404, "no such page\n");
    let old = place.ask("GET /healthz HTTP/1.0\r\n\r\n").await;
    assert!(old.ends_with("\r\n\r\nalive\n"), "{old}");
    let head = place.ask("HEAD /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    check(&head.await, 200, "");
}

#[tokio::test]
async fn other_methods_are_refused() {
    let place = Place::new().await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let request = format!(
            "{method} /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"
        );
        let answer = place.ask(&request).await;
        check(&answer, 405, "only GET and HEAD\n");
        assert!(answer.contains("allow: GET, HEAD\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn readiness_tells_each_reason_and_that_we_drain() {
    let place = Place::new().await;
    let reasons = vec!["app: no primary".to_owned(), "b: no node".to_owned()];
    *place.pages.0.lock().unwrap() = Readiness::NotReady(reasons);
    check(
        &place.get("/readyz").await,
        503,
        "app: no primary\nb: no node\n",
    );
    *place.pages.0.lock().unwrap() = Readiness::Ready;
    check(&place.get("/readyz").await, 200, "ready\n");
    place.control.drain(None);
    check(&place.get("/readyz").await, 503, "shutting down\n");
    check(&place.get("/healthz").await, 200, "alive\n");
    place.control.stop();
    timeout(PATIENCE, place.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn heads_that_are_too_large_or_nonsense_are_refused() {
    let place = Place::new().await;
    let many: String = (0..100).map(|i| format!("h{i}: x\r\n")).collect();
    for (request, status) in [
        (format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(40_000)), "4"),
        (
            format!("GET / HTTP/1.1\r\nh: {}\r\n\r\n", "x".repeat(40_000)),
            "431",
        ),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), "431"),
        // PostgreSQL's start of a session.
        ("\0\0\0\x08\0\x03\0\0".to_owned(), "400"),
        ("GET\r\n\r\n".to_owned(), "400"),
    ] {
        let answer = place.ask(&request).await;
        let expected = format!("HTTP/1.1 {status}");
        let start: String = request.chars().take(20).collect();
        assert!(answer.starts_with(&expected), "{start:?}: {answer}");
    }
    check(&place.get("/healthz").await, 200, "alive\n");
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let place = Place::new().await;
    let mut stream = place.connect().await;
    let mut bytes = vec![0; 4096];
    for _ in 0..3 {
        let request = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let n = stream.read(&mut bytes).await.unwrap();
        let answer = String::from_utf8(bytes[..n].to_vec()).unwrap();
        check(&answer, 200, "alive\n");
    }
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_served_at_once() {
    let place = Place::new().await;
    let mut idle = Vec::new();
    for _ in 0..64 {
        idle.push(place.connect().await);
    }
    let mut late = place.connect().await;
    late.write_all(b"GET /healthz HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    for stream in &mut idle {
        // Each of the first answers, so all of them are taken.
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).await.unwrap();
    }
    let mut answer = Vec::new();
    let early = timeout(Duration::ZERO, late.read_to_end(&mut answer)).await;
    assert!(early.is_err(), "served beyond the limit");
    drop(idle.pop());
    timeout(PATIENCE, late.read_to_end(&mut answer))
        .await
        .expect("its turn comes")
        .unwrap();
    assert!(answer.ends_with(b"alive\n"));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_does_not_come_ends_the_connection() {
    let place = Place::new().await;
    for start in ["", "GET /heal"] {
        let mut stream = place.connect().await;
        // A first answer shows that the connection is served, and its clock runs.
        let request = format!("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n{start}");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.read_exact(&mut [0]).await.unwrap();
        let mut answer = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(ended.is_ok(), "{start:?} is still open");
        assert!(answer.ends_with(b"alive\n"), "{start:?}: {answer:?}");
    }
}
