//! What the proxy is compared with: a program that asks each node once a second, over a new connection,
//! whether it is in recovery, as health checks of balancers and of simpler poolers do.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time;

use crate::watch::connect;

/// Asks until it is dropped, from a thread of its own.
#[derive(Debug)]
pub(crate) struct Poller {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    is_over: AtomicBool,
    /// When it first heard that a node takes writes, by node.
    writable: Mutex<Vec<Option<Instant>>>,
}

impl Poller {
    /// Asks `nodes` for the first time after `delay`.
    pub(crate) fn start(nodes: Vec<String>, delay: Duration) -> Self {
        let state = Arc::new(State {
            is_over: AtomicBool::new(false),
            writable: Mutex::new(vec![None; nodes.len()]),
        });
        let theirs = Arc::clone(&state);
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                time::sleep(delay).await;
                let mut ticks = time::interval(POLL);
                while !theirs.is_over.load(Ordering::Relaxed) {
                    ticks.tick().await;
                    let mut asked = JoinSet::new();
                    for (i, node) in nodes.iter().enumerate() {
                        asked.spawn(ask(Arc::clone(&theirs), i, node.clone()));
                    }
                    asked.join_all().await;
                }
            });
        });
        Self { state }
    }

    /// When it heard that a node takes writes, waiting for that.
    pub(crate) fn found(&self, node: usize) -> Instant {
        let until = Instant::now() + 10 * POLL;
        loop {
            let heard = self.state.writable.lock();
            if let Some(at) = heard.unwrap_or_else(PoisonError::into_inner)[node] {
                return at;
            }
            assert!(
                Instant::now() < until,
                "the poller has not found node {node}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Relaxed);
    }
}

async fn ask(state: Arc<State>, node: usize, conninfo: String) {
    let asked = async {
        let client = connect(&conninfo).await?;
        let row = client
            .query_one("select pg_is_in_recovery()", &[])
            .await
            .ok()?;
        (!row.get::<_, bool>(0)).then_some(())
    };
    // One that hangs is not waited for beyond the next time.
    if let Ok(Some(())) = time::timeout(POLL, asked).await {
        let mut writable = state
            .writable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        writable[node].get_or_insert_with(Instant::now);
    }
}

/// How often it asks.
pub(crate) const POLL: Duration = Duration::from_secs(1);
