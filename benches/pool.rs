//! What a lease costs: at once, and when it must wait in line.

#![allow(clippy::expect_used, reason = "a bench may fail loudly")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use tokio::runtime::Builder;
use tokio::time::Instant;

use pgsluice::error::Error;
use pgsluice::pool::Pool;
use pgsluice::pool::closing::Closing;
use pgsluice::pool::connect::Connect;
use pgsluice::pool::set::Key;
use pgsluice::pool::set::PoolSet;
use pgsluice::pool::settings::Settings;

struct Nothing;

impl Connect for Nothing {
    type Server = Box<u64>;

    async fn connect(&self) -> Result<Box<u64>, Error> {
        Ok(Box::new(0))
    }

    async fn check(&self, _: &mut Box<u64>) -> Result<(), Error> {
        Ok(())
    }

    fn is_dead(server: &Box<u64>) -> bool {
        black_box(**server) != 0
    }

    fn close(server: Box<u64>, _: Closing) {
        drop(server);
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let set = PoolSet::start(runtime.handle().clone());
    let key = Key {
        database: "app".into(),
        user: "alice".into(),
        node: "n1:5432".into(),
    };
    let settings = Settings {
        size: 1,
        ..Settings::default()
    };
    let pool = set.pool(&key, || (Nothing, settings));
    runtime.block_on(async {
        let lease = pool.lease(None).await.expect("a server");
        lease.give_back(Instant::now().into_std());
    });
    at_once(&mut criterion, &pool);
    in_line(&mut criterion, &runtime, &pool);
    criterion.final_summary();
}

fn at_once(criterion: &mut Criterion, pool: &Arc<Pool<Nothing>>) {
    let now = Instant::now().into_std();
    criterion.bench_function("pool/try_lease and give_back", |b| {
        b.iter(|| pool.try_lease(now).expect("it is idle").give_back(now));
    });
    criterion.bench_function("pool/load", |b| b.iter(|| black_box(pool.load())));
}

/// Two tasks and one server: each lease waits for the other task to give back.
fn in_line(
    criterion: &mut Criterion,
    runtime: &tokio::runtime::Runtime,
    pool: &Arc<Pool<Nothing>>,
) {
    criterion.bench_function("pool/lease in line, task switch included", |b| {
        b.iter_custom(|n| {
            runtime.block_on(async {
                let started = Instant::now();
                let other = tokio::spawn(take_turns(Arc::clone(pool), n / 2));
                take_turns(Arc::clone(pool), n - n / 2).await;
                other.await.expect("it ends");
                started.elapsed()
            })
        });
    });
}

async fn take_turns(pool: Arc<Pool<Nothing>>, n: u64) {
    for _ in 0..n {
        let lease = pool.lease(None).await.expect("a server");
        tokio::task::yield_now().await;
        lease.give_back(Instant::now().into_std());
    }
}
