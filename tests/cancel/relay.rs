//! A slow network before a node: what brings a request to cancel is held up, nothing else is.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// A relay that runs until the process ends.
pub(crate) struct Relay {
    port: u16,
    rules: Arc<Rules>,
}

struct Rules {
    late_ms_max: AtomicU64,
    random: Mutex<Option<StdRng>>,
    now: AtomicUsize,
    most: AtomicUsize,
    all: AtomicUsize,
}

impl Relay {
    /// Stands before the node at `node`, a port; nothing is late yet.
    pub(crate) fn start(node: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("there are ports");
        let port = listener.local_addr().expect("it is bound").port();
        let rules = Arc::new(Rules {
            late_ms_max: AtomicU64::new(0),
            random: Mutex::new(None),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            all: AtomicUsize::new(0),
        });
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

    /// Requests arrive this late, from here on.
    pub(crate) fn delay(&self, late: Duration) {
        *self.rules.random.lock().unwrap() = None;
        self.limit(late);
    }

    /// Requests arrive up to this late, by chance.
    pub(crate) fn delay_up_to(&self, late: Duration, seed: u64) {
        *self.rules.random.lock().unwrap() = Some(StdRng::seed_from_u64(seed));
        self.limit(late);
    }

    fn limit(&self, late: Duration) {
        let ms = u64::try_from(late.as_millis()).unwrap();
        self.rules.late_ms_max.store(ms, Ordering::Relaxed);
    }

    /// How many requests were on their way at one time at the most, and how many there were.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let count = |of: &AtomicUsize| of.load(Ordering::Relaxed);
        (count(&self.rules.most), count(&self.rules.all))
    }
}

impl Rules {
    fn hold_up(&self) {
        let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        self.all.fetch_add(1, Ordering::Relaxed);
        let limit = self.late_ms_max.load(Ordering::Relaxed);
        let late = match &mut *self.random.lock().unwrap() {
            Some(random) => random.random_range(0..=limit),
            None => limit,
        };
        thread::sleep(Duration::from_millis(late));
    }
}

fn relay(mut client: TcpStream, node: u16, rules: &Rules) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut server = TcpStream::connect(("127.0.0.1", node))?;
    server.set_nodelay(true)?;
    let mut startup = packet(&mut client)?;
    if startup[4..8] == 80_877_103_u32.to_be_bytes() {
        client.write_all(b"N")?;
        startup = packet(&mut client)?;
    }
    let cancels = startup[4..8] == 80_877_102_u32.to_be_bytes();
    if cancels {
        rules.hold_up();
    }
    server.write_all(&startup)?;
    if cancels {
        // One that nobody waits for any more arrives all the same.
        let taken = io::copy(&mut server, &mut client);
        rules.now.fetch_sub(1, Ordering::Relaxed);
        return taken.map(drop);
    }
    let (from, to) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || pass(from, to));
    pass(client, server)
}

fn packet(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    client.read_exact(&mut bytes)?;
    bytes.resize(
        usize::try_from(u32::from_be_bytes(bytes[..4].try_into().unwrap())).unwrap(),
        0,
    );
    client.read_exact(&mut bytes[4..])?;
    Ok(bytes)
}

/// Passes bytes on until the end, then closes both.
fn pass(mut from: TcpStream, mut to: TcpStream) -> io::Result<()> {
    let copied = io::copy(&mut from, &mut to);
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
    copied.map(drop)
}
