//! The clients: some write keys of their own, some read, and all record what they were told.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time;

use crate::history::History;
use crate::reader;
use crate::writer;

/// What a writer does when it is not told that its write is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// It goes on with its next key.
    Careful,
    /// It does the same again until it is told so: wrong, as the first may have been done.
    Retries,
}

/// How many there are, where they connect, and how they are.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) conninfo: String,
    pub(crate) writers: usize,
    pub(crate) readers: usize,
    pub(crate) habit: Habit,
    pub(crate) seed: u64,
}

/// What the clients of a crowd share.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) orders: Orders,
    stop: AtomicBool,
    pub(crate) acknowledged: AtomicUsize,
    pub(crate) failed: AtomicUsize,
    pub(crate) reads: AtomicUsize,
}

impl Common {
    pub(crate) fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(crate) fn random(&self, number: usize) -> StdRng {
        StdRng::seed_from_u64(self.orders.seed.wrapping_add(number as u64))
    }
}

/// A crowd at work, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Crowd {
    common: Arc<Common>,
    thread: Option<JoinHandle<History>>,
}

impl Crowd {
    /// Lets all log in and begin.
    pub(crate) fn start(orders: Orders) -> Self {
        let common = Arc::new(Common {
            orders,
            stop: AtomicBool::new(false),
            acknowledged: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
        });
        let theirs = Arc::clone(&common);
        let thread = thread::spawn(move || work(&theirs));
        Self {
            common,
            thread: Some(thread),
        }
    }

    /// Waits until so many more writes were acknowledged, and reads served, as each writer and
    /// reader does in some tenths of a second. Returns whether that was so in time.
    pub(crate) fn wait_for_work(&self, rounds: usize) -> bool {
        let Common {
            orders,
            acknowledged,
            reads,
            ..
        } = &*self.common;
        let goals = [
            (acknowledged, orders.writers * rounds),
            (reads, orders.readers * rounds),
        ];
        let goals = goals.map(|(count, more)| (count, count.load(Ordering::Relaxed) + more));
        let until = Instant::now() + WORK_WITHIN;
        while Instant::now() < until {
            if goals
                .iter()
                .all(|(count, goal)| *goal <= count.load(Ordering::Relaxed))
            {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// What its clients' choices come from.
    pub(crate) fn seed(&self) -> u64 {
        self.common.orders.seed
    }

    /// How many writes were not acknowledged so far.
    pub(crate) fn failed(&self) -> usize {
        self.common.failed.load(Ordering::Relaxed)
    }

    /// Tells all to go home, and returns what they recorded.
    pub(crate) fn stop(mut self) -> History {
        self.common.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it is stopped once");
        thread.join().expect("no client panics")
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.common.stop.store(true, Ordering::Relaxed);
    }
}

fn work(common: &Arc<Common>) -> History {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut clients = JoinSet::new();
        for number in 0..common.orders.writers {
            clients.spawn(writer::run(Arc::clone(common), number));
        }
        for number in 0..common.orders.readers {
            clients.spawn(reader::run(
                Arc::clone(common),
                common.orders.writers + number,
            ));
        }
        let mut whole = History::default();
        while let Some(part) = clients.join_next().await {
            let part = part.expect("no client panics");
            whole.writes.extend(part.writes);
            whole.reads.extend(part.reads);
            whole.refused_logins.extend(part.refused_logins);
        }
        whole
    })
}

/// An answer, or `None` when there is none for longer than anything may wait.
pub(crate) async fn bounded<T>(answer: impl Future<Output = T>) -> Option<T> {
    time::timeout(ANSWER_WITHIN, answer).await.ok()
}

/// What an error says: its SQLSTATE, or what the driver says.
pub(crate) fn why(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => error.code().code().to_owned(),
        None if error.is_closed() => String::from("connection closed"),
        None => error.to_string(),
    }
}

/// Reads the index of a node's name, `node0`.
pub(crate) fn node_of(name: &str) -> Option<usize> {
    name.strip_prefix("node")?.parse().ok()
}

/// `failover_wait` is 30 s.
const ANSWER_WITHIN: Duration = Duration::from_secs(45);
const WORK_WITHIN: Duration = Duration::from_secs(45);
