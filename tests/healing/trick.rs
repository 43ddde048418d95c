//! A relay in front of a node that passes everything on, until a client's bytes bear a mark: then it
//! does what it was told to.

use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crate::say::framed;

/// What bears it is tricked.
pub(crate) const MARK: &str = "a trick";

/// What is done with what bears the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trick {
    /// Nothing: it is passed on.
    None,
    /// The node never gets it: the connection ends.
    Cut,
    /// The node gets it; of the reply so many bytes are passed on, then the connection ends.
    CutReply(usize),
    /// The node gets it; behind its reply it says farewell, and the connection ends a little later.
    Farewell,
    /// The node never gets it: this error is the answer.
    Refuse(&'static str),
}

/// What several relays share.
#[derive(Debug)]
pub(crate) struct Order {
    trick: Mutex<(Trick, usize)>,
    /// How often the mark was seen.
    seen: AtomicUsize,
}

impl Order {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            trick: Mutex::new((Trick::None, 0)),
            seen: AtomicUsize::new(0),
        })
    }

    /// The next so many marks are tricked thus; nothing was seen yet.
    pub(crate) fn set(&self, trick: Trick, times: usize) {
        *self.trick.lock().unwrap() = (trick, times);
        self.seen.store(0, Ordering::Relaxed);
    }

    pub(crate) fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }

    fn on_mark(&self) -> Trick {
        self.seen.fetch_add(1, Ordering::Relaxed);
        let mut trick = self.trick.lock().unwrap();
        if trick.1 == 0 {
            return Trick::None;
        }
        trick.1 -= 1;
        trick.0
    }
}

/// Starts one before the node at `port`; its own port. It lives as long as the process.
pub(crate) fn start(port: u16, order: &Arc<Order>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let own = listener.local_addr().unwrap().port();
    let order = Arc::clone(order);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                continue;
            };
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            let order = Arc::clone(&order);
            let left = Arc::new(Mutex::new(Left::All));
            let (from, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let limit = Arc::clone(&left);
            thread::spawn(move || pass_replies(from, to, &limit));
            thread::spawn(move || pass_requests(client, server, &order, &left));
        }
    });
    own
}

/// What is passed on of what a node says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    All,
    /// So many bytes, before the connection ends.
    Bytes(usize),
    /// The next reply, and a farewell.
    Farewell,
}

fn pass_requests(mut client: TcpStream, mut server: TcpStream, order: &Order, left: &Mutex<Left>) {
    let mut chunk = vec![0; 256 * 1024];
    while let Ok(count @ 1..) = client.read(&mut chunk) {
        let bytes = &chunk[..count];
        let is_marked = bytes.windows(MARK.len()).any(|w| w == MARK.as_bytes());
        let trick = if is_marked {
            order.on_mark()
        } else {
            Trick::None
        };
        match trick {
            Trick::None => (),
            Trick::Cut => break,
            Trick::CutReply(bytes_max) => *left.lock().unwrap() = Left::Bytes(bytes_max),
            Trick::Farewell => *left.lock().unwrap() = Left::Farewell,
            Trick::Refuse(code) => {
                let body = [b"SERROR\0VERROR\0C", code.as_bytes(), b"\0Ma trick\0\0"].concat();
                let answer = [framed(Some(b'E'), &body), framed(Some(b'Z'), b"I")].concat();
                if client.write_all(&answer).is_err() {
                    break;
                }
                continue;
            }
        }
        if server.write_all(bytes).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

fn pass_replies(mut server: TcpStream, mut client: TcpStream, left: &Mutex<Left>) {
    let mut chunk = vec![0; 256 * 1024];
    while let Ok(count @ 1..) = server.read(&mut chunk) {
        let mut left = left.lock().unwrap();
        // The node has done what it was asked when it answers.
        let passed = match *left {
            Left::Bytes(bytes_max) => bytes_max.min(count),
            Left::All | Left::Farewell => count,
        };
        let mut reply = chunk[..passed].to_vec();
        if *left == Left::Farewell {
            let body = b"SFATAL\0VFATAL\0C57P01\0Ma trick\0\0";
            reply.extend(framed(Some(b'E'), body));
        }
        if client.write_all(&reply).is_err() {
            break;
        }
        match &mut *left {
            Left::All => (),
            Left::Bytes(bytes_max) if passed < *bytes_max => *bytes_max -= passed,
            Left::Bytes(_) => break,
            Left::Farewell => {
                thread::sleep(LINGER);
                break;
            }
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// How long a connection that was bidden farewell is there.
const LINGER: Duration = Duration::from_millis(500);
