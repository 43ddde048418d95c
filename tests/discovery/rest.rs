//! A Patroni's REST interface that says what the test wants it to say.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;

use pgsluice::demo::cluster::Cluster;

pub(crate) struct Rest {
    url: String,
    answer: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
}

impl Rest {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::<Mutex<String>>::default();
        let asked = Arc::<AtomicUsize>::default();
        let (said, counted) = (Arc::clone(&answer), Arc::clone(&asked));
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                hear(&stream);
                let answer = said.lock().unwrap().clone();
                // Who does not wait for the answer misses it.
                let _ = stream.write_all(answer.as_bytes());
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { url, answer, asked }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How often it has answered.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Answers with these nodes of a cluster from now on, and with what is added to each member.
    pub(crate) fn name(&self, cluster: &Cluster, members: &[(usize, &str)]) {
        let member = |(node, more): &(usize, &str)| {
            let port = cluster.node(*node).port();
            // As Patroni says what each is; nobody believes it.
            format!(
                r#"{{"name": "pg{node}", "role": "replica", "state": "streaming", "host": "127.0.0.1",
                "port": {port}, "api_url": "{}/patroni", "timeline": 1, "lag": "unknown"{more}}}"#,
                self.url
            )
        };
        let members: Vec<_> = members.iter().map(member).collect();
        let body = format!(
            r#"{{"members": [{}], "scope": "test"}}"#,
            members.join(", ")
        );
        self.say(&format!(
            "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
    }

    /// Answers so.
    pub(crate) fn say(&self, answer: &str) {
        answer.clone_into(&mut self.answer.lock().unwrap());
    }
}

/// Reads a request, which asks for the cluster.
fn hear(stream: &TcpStream) {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let first = head.first().map(String::as_str);
    assert_eq!(first, Some("GET /cluster HTTP/1.1"), "{head:?}");
}
