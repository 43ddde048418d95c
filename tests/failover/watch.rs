//! What the proxy knows and when, beside what the nodes are: the console's `SHOW NODES` again and
//! again, and each node's own word over a connection that stays open.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time;
use tokio_postgres::Client;
use tokio_postgres::NoTls;
use tokio_postgres::SimpleQueryMessage;

/// What the proxy says of the nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The node that writes go to.
    pub(crate) primary: Option<usize>,
    /// Why each serves nothing; empty: it serves.
    pub(crate) excluded: Vec<String>,
}

/// Looks on until it is dropped, from a thread of its own.
#[derive(Debug)]
pub(crate) struct Watch {
    sights: Arc<Sights>,
}

#[derive(Debug, Default)]
struct Sights {
    is_over: AtomicBool,
    /// What the proxy said whenever that was new.
    shown: Mutex<Vec<(Instant, Shown)>>,
    /// When a node first said that it takes writes, by node; since the watch began.
    writable: Mutex<Vec<Option<Instant>>>,
}

impl Watch {
    /// Looks at the proxy's console, and at the nodes.
    pub(crate) fn start(console: String, nodes: Vec<String>) -> Self {
        let sights = Arc::new(Sights::default());
        lock(&sights.writable).resize(nodes.len(), None);
        let theirs = Arc::clone(&sights);
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let mut watchers = JoinSet::new();
                watchers.spawn(watch_console(Arc::clone(&theirs), console));
                for (i, node) in nodes.into_iter().enumerate() {
                    watchers.spawn(watch_node(Arc::clone(&theirs), i, node));
                }
                watchers.join_all().await;
            });
        });
        Self { sights }
    }

    /// When the proxy first showed what is looked for, since an instant.
    pub(crate) fn first(&self, since: Instant, is_it: impl Fn(&Shown) -> bool) -> Option<Instant> {
        let shown = lock(&self.sights.shown);
        // What was seen last before it still held then.
        let from = shown.partition_point(|(at, _)| *at <= since);
        let mut later = shown.iter().skip(from.saturating_sub(1));
        later
            .find(|(_, shown)| is_it(shown))
            .map(|(at, _)| since.max(*at))
    }

    /// As [`Watch::first`], waiting for it.
    pub(crate) fn wait(
        &self,
        what: &str,
        since: Instant,
        is_it: impl Fn(&Shown) -> bool,
    ) -> Instant {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(at) = self.first(since, &is_it) {
                return at;
            }
            thread::sleep(Duration::from_millis(2));
        }
        panic!("not {what}: {:#?}", lock(&self.sights.shown));
    }

    /// When a node first said that it takes writes, waiting for it.
    pub(crate) fn writable(&self, node: usize) -> Instant {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(at) = lock(&self.sights.writable)[node] {
                return at;
            }
            thread::sleep(Duration::from_millis(2));
        }
        panic!("node {node} takes no writes");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.sights.is_over.store(true, Ordering::Relaxed);
    }
}

impl Sights {
    /// Notes what the proxy says now, if it is new.
    fn saw(&self, shown: Shown) {
        let mut all = lock(&self.shown);
        if all.last().is_none_or(|(_, last)| *last != shown) {
            all.push((Instant::now(), shown));
        }
    }
}

async fn watch_console(sights: Arc<Sights>, conninfo: String) {
    let Some(client) = connect(&conninfo).await else {
        return;
    };
    while !sights.is_over.load(Ordering::Relaxed) {
        let Ok(messages) = client.simple_query("show nodes").await else {
            return;
        };
        sights.saw(shown(&messages));
        time::sleep(LOOK_EVERY).await;
    }
}

fn shown(messages: &[SimpleQueryMessage]) -> Shown {
    let mut shown = Shown::default();
    for message in messages {
        let SimpleQueryMessage::Row(row) = message else {
            continue;
        };
        let [role, excluded] = ["role", "excluded"].map(|name| row.get(name).unwrap_or_default());
        if role == "primary" && excluded.is_empty() {
            shown.primary = Some(shown.excluded.len());
        }
        shown.excluded.push(excluded.to_owned());
    }
    shown
}

/// Asks a node until it takes writes; the primary of the beginning does at once.
async fn watch_node(sights: Arc<Sights>, node: usize, conninfo: String) {
    while !sights.is_over.load(Ordering::Relaxed) {
        if let Some(client) = connect(&conninfo).await {
            while !sights.is_over.load(Ordering::Relaxed) {
                let Ok(row) = client.query_one("select pg_is_in_recovery()", &[]).await else {
                    break;
                };
                if !row.get::<_, bool>(0) {
                    lock(&sights.writable)[node] = Some(Instant::now());
                    return;
                }
                time::sleep(LOOK_EVERY).await;
            }
        }
        time::sleep(LOOK_EVERY).await;
    }
}

/// A connection to a node or the console, if there is one within a while.
pub(crate) async fn connect(conninfo: &str) -> Option<Client> {
    let connecting = tokio_postgres::connect(conninfo, NoTls);
    let connected = time::timeout(Duration::from_secs(5), connecting).await;
    let (client, connection) = connected.ok()?.ok()?;
    tokio::spawn(connection);
    Some(client)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const LOOK_EVERY: Duration = Duration::from_millis(3);
const PATIENCE: Duration = Duration::from_secs(30);
