use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::error::Blame;
use crate::error::Retry;
use crate::pool::set::PoolSet;
use crate::pool::set::Selection;
use crate::pool::settings::Settings;
use crate::sqlstate::SqlState;

use super::*;

mod apart;
mod commands;
mod limits;
mod soak;
mod upkeep;
mod waiting;

/// What the fake node does, and what it saw.
#[derive(Default)]
struct Node {
    /// The errors of the next logins; then they succeed.
    refuse: Mutex<VecDeque<Error>>,
    refuse_all: AtomicBool,
    check_fails: AtomicBool,
    check_hangs: AtomicBool,
    login_takes: Mutex<Duration>,
    logins: AtomicU32,
    checks: AtomicU32,
    closed: Mutex<Vec<(u32, Closing)>>,
}

impl Node {
    fn closed(&self) -> Vec<(u32, Closing)> {
        self.closed.lock().unwrap().clone()
    }

    fn logins(&self) -> u32 {
        self.logins.load(Ordering::Relaxed)
    }
}

#[derive(Clone)]
struct Fake(Arc<Node>);

struct FakeServer {
    /// From 1.
    number: u32,
    is_dead: Arc<AtomicBool>,
    node: Arc<Node>,
}

impl Connect for Fake {
    type Server = FakeServer;

    async fn connect(&self) -> Result<FakeServer, Error> {
        let takes = *self.0.login_takes.lock().unwrap();
        if !takes.is_zero() {
            sleep(takes).await;
        }
        let number = self.0.logins.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(error) = self.0.refuse.lock().unwrap().pop_front() {
            return Err(error);
        }
        if self.0.refuse_all.load(Ordering::Relaxed) {
            return Err(refused());
        }
        Ok(FakeServer {
            number,
            is_dead: Arc::default(),
            node: Arc::clone(&self.0),
        })
    }

    async fn check(&self, _: &mut FakeServer) -> Result<(), Error> {
        self.0.checks.fetch_add(1, Ordering::Relaxed);
        if self.0.check_hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        match self.0.check_fails.load(Ordering::Relaxed) {
            false => Ok(()),
            true => Err(refused()),
        }
    }

    fn is_dead(server: &FakeServer) -> bool {
        server.is_dead.load(Ordering::Relaxed)
    }

    fn close(server: FakeServer, why: Closing) {
        let closed = &server.node.closed;
        closed.lock().unwrap().push((server.number, why));
    }
}

fn refused() -> Error {
    Error::new(
        Blame::Server,
        SqlState::CANNOT_CONNECT,
        "connection refused",
    )
    .or_elsewhere()
}

struct Place {
    set: PoolSet<Fake>,
    pool: Arc<Pool<Fake>>,
    node: Arc<Node>,
}

impl Place {
    fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let set = PoolSet::start(Handle::current());
        let node = Arc::new(Node::default());
        let pool = add(&set, "app/alice@n1:5432", &node, change);
        Self { set, pool, node }
    }

    fn lease_in_task(&self) -> JoinHandle<Result<Lease<Fake>, Error>> {
        let pool = Arc::clone(&self.pool);
        tokio::spawn(async move { pool.lease(None).await })
    }

    fn stats(&self) -> Stats {
        self.pool.stats(now())
    }
}

/// The key that is shown as `database/user@node`.
fn key(text: &str) -> Key {
    let (database, rest) = text.split_once('/').unwrap();
    let (user, node) = rest.split_once('@').unwrap();
    Key {
        database: database.into(),
        user: user.into(),
        node: node.into(),
    }
}

fn add(
    set: &PoolSet<Fake>,
    name: &str,
    node: &Arc<Node>,
    change: impl FnOnce(&mut Settings),
) -> Arc<Pool<Fake>> {
    let mut settings = Settings {
        size: 1,
        ..Settings::default()
    };
    change(&mut settings);
    set.pool(&key(name), || (Fake(Arc::clone(node)), settings))
}

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Lets every task that can run do so.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
