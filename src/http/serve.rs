//! Connections: accepted one by one, few at a time, each with limits.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::control::Watcher;
use crate::http::Pages;
use crate::http::answer::answer;

/// One listener's connections.
pub(super) struct Server {
    pages: Arc<dyn Pages>,
    control: Watcher,
    /// The connections there are; dropped, they are closed.
    connections: JoinSet<()>,
}

impl Server {
    pub(super) fn new(pages: Arc<dyn Pages>, control: Watcher) -> Self {
        Self {
            pages,
            control,
            connections: JoinSet::new(),
        }
    }

    pub(super) async fn run(mut self, listener: TcpListener) {
        let mut stopped = self.control.clone();
        let stopped = stopped.stopped();
        tokio::pin!(stopped);
        loop {
            let has_room = self.connections.len() < CONNECTIONS_MAX;
            // In order: the end before new work, and old connections before new ones.
            tokio::select! {
                biased;
                () = &mut stopped => return,
                Some(_) = self.connections.join_next() => (),
                // Those who come when there is no room wait in the listener's queue.
                accepted = listener.accept(), if has_room => match accepted {
                    Ok((stream, _)) => self.start(stream),
                    Err(error) => wait_out(&error).await,
                },
            }
        }
    }

    fn start(&mut self, stream: TcpStream) {
        let (pages, control) = (Arc::clone(&self.pages), self.control.clone());
        self.connections.spawn(async move {
            let service = service_fn(|request: Request<Incoming>| {
                let path = request.uri().path();
                let answer = answer(request.method(), path, &*pages, control.run());
                std::future::ready(Ok::<_, Infallible>(answer))
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_headers(HEADERS_MAX)
                .max_buf_size(HEAD_BYTES_MAX)
                .serve_connection(TokioIo::new(stream), service);
            match timeout(CONNECTION_TIMEOUT, connection).await {
                Ok(Ok(())) => (),
                Ok(Err(error)) => tracing::debug!(%error, "HTTP connection ended"),
                Err(_) => tracing::debug!("HTTP connection closed: it lasted too long"),
            }
        });
    }
}

/// Accepting fails for want of descriptors or memory: trying again at once would only burn time.
async fn wait_out(error: &std::io::Error) {
    tracing::warn!(%error, "cannot accept an HTTP connection");
    sleep(ACCEPT_PAUSE).await;
}

/// Most connections at one time.
const CONNECTIONS_MAX: usize = 64;

/// Longest time for a request's head, the wait for it on an idle connection included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest life of a connection: scrapers that keep theirs open come back.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);

/// Largest head; hyper's smallest buffer is 8 KiB.
const HEAD_BYTES_MAX: usize = 16 * 1024;

const HEADERS_MAX: usize = 64;

const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
