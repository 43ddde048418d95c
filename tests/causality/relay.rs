//! A relay before a node that makes the answers to the proxy's monitor late, and no others, or holds
//! new connections up, but for the monitor's.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::settings::SUPERUSER;

/// A relay that runs until the process ends.
#[derive(Debug)]
pub(crate) struct Relay {
    port: u16,
    rules: Arc<Rules>,
}

#[derive(Debug, Default)]
struct Rules {
    /// How late the answers to the monitor are.
    late_ms: AtomicU64,
    /// Whether the connections of others are held up.
    holds: AtomicBool,
}

impl Relay {
    /// Stands before the node at `node`, a port; nothing is late yet.
    pub(crate) fn start(node: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there are ports");
        let port = listener.local_addr().expect("it is bound").port();
        let rules = Arc::new(Rules::default());
        let shared = Arc::clone(&rules);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let rules = Arc::clone(&shared);
                // Either side may go at any time: that ends both.
                thread::spawn(move || relay(client, node, &rules));
            }
        });
        Self { port, rules }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How late the answers to the monitor are from here on.
    pub(crate) fn delay(&self, late: Duration) {
        let ms = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
        self.rules.late_ms.store(ms, Ordering::Relaxed);
    }

    /// Holds new connections up, or lets them through.
    pub(crate) fn hold(&self, holds: bool) {
        self.rules.holds.store(holds, Ordering::Relaxed);
    }
}

fn relay(mut client: TcpStream, node: u16, rules: &Arc<Rules>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut length = [0; 4];
    client.read_exact(&mut length)?;
    let mut startup = vec![0; u32::from_be_bytes(length) as usize - length.len()];
    client.read_exact(&mut startup)?;
    let user = format!("user\0{SUPERUSER}\0");
    let is_monitor = startup.windows(user.len()).any(|w| w == user.as_bytes());
    while !is_monitor && rules.holds.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(5));
    }
    let mut server = TcpStream::connect(("127.0.0.1", node))?;
    server.set_nodelay(true)?;
    server.write_all(&length)?;
    server.write_all(&startup)?;
    let late = is_monitor.then(|| Arc::clone(rules));
    let (from, to) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || pass(from, to, late.as_deref()));
    pass(client, server, None)
}

/// Passes bytes on until the end, then closes both.
fn pass(mut from: TcpStream, mut to: TcpStream, rules: Option<&Rules>) -> io::Result<()> {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut bytes).unwrap_or_default();
        let late = rules.map_or(0, |rules| rules.late_ms.load(Ordering::Relaxed));
        thread::sleep(Duration::from_millis(late));
        if count == 0 || to.write_all(&bytes[..count]).is_err() {
            let _ = from.shutdown(std::net::Shutdown::Both);
            return to.shutdown(std::net::Shutdown::Both);
        }
    }
}
