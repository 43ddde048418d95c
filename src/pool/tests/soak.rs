//! Many clients at random on a paused clock: who gives back, drops, gives up, while logins fail,
//! servers die, pools are paused and outdated. A failure prints its seed.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use super::*;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }

    fn ms(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.below(most))
    }
}

/// The servers that clients hold.
#[derive(Default)]
struct Held {
    now: Mutex<BTreeSet<u32>>,
    served: AtomicU32,
}

const SIZE: u32 = 3;
const RESERVE: u32 = 2;

async fn client(pool: Arc<Pool<Fake>>, held: Arc<Held>, seed: u64) {
    let mut random = Random(seed);
    for _ in 0..30 {
        sleep(random.ms(400)).await;
        let patience = random.ms(3000);
        let lease = match pool.try_lease(now()) {
            Some(lease) => lease,
            None => match tokio::time::timeout(patience, pool.lease(None)).await {
                Ok(Ok(lease)) => lease,
                Ok(Err(_)) | Err(_) => continue,
            },
        };
        let number = lease.number;
        {
            let mut held = held.now.lock().unwrap();
            assert!(held.insert(number), "{number} is held by two");
            assert!(u32::try_from(held.len()).unwrap() <= SIZE + RESERVE);
        }
        held.served.fetch_add(1, Ordering::Relaxed);
        sleep(random.ms(100)).await;
        held.now.lock().unwrap().remove(&number);
        match random.below(20) {
            0 => drop(lease),
            1 => {
                lease.is_dead.store(true, Ordering::Relaxed);
                lease.give_back(now());
            }
            _ => lease.give_back(now()),
        }
    }
}

async fn disturb(set: Arc<PoolSet<Fake>>, node: Arc<Node>, seed: u64) {
    let mut random = Random(seed);
    let app = Selection::Database("app".into());
    for _ in 0..40 {
        sleep(random.ms(500)).await;
        match random.below(6) {
            0 => {
                set.pause(&app);
                sleep(random.ms(200)).await;
                set.resume(&app);
            }
            1 => set.reconnect(&Selection::All),
            2 => node.refuse.lock().unwrap().push_back(refused()),
            3 => set.node_answers(&"n1:5432".into()),
            4 => *node.login_takes.lock().unwrap() = random.ms(50),
            _ => {
                let fails = &node.check_fails;
                fails.store(random.below(2) == 0, Ordering::Relaxed);
            }
        }
    }
    node.refuse.lock().unwrap().clear();
}

async fn run(seed: u64) {
    let place = Place::new(|s| {
        s.size = SIZE;
        s.reserve = RESERVE;
        s.reserve_timeout = Some(Duration::from_millis(500));
        s.lifetime = secs(2);
        s.check_delay = Some(Duration::from_millis(50));
        s.login_retry = Duration::from_millis(300);
    });
    let Place { set, pool, node } = place;
    let (set, held) = (Arc::new(set), Arc::new(Held::default()));
    let scope = set.database_scope(&"app".into());
    scope.set_limit(SIZE + RESERVE - 1);
    let mut tasks = JoinSet::new();
    tasks.spawn(disturb(Arc::clone(&set), Arc::clone(&node), seed));
    for i in 1..=12 {
        let seed = seed * 1000 + i;
        tasks.spawn(client(Arc::clone(&pool), Arc::clone(&held), seed));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no client finds anything wrong");
    }
    assert!(50 < held.served.load(Ordering::Relaxed), "hardly served");
    tokio::time::timeout(secs(60), set.drain())
        .await
        .expect("nothing keeps it");
    let totals = pool.stats(now()).totals;
    assert_eq!(totals.opened, totals.closed.iter().sum::<u64>());
    assert_eq!(totals.opened, node.closed().len() as u64);
    assert_eq!((scope.taken(), pool.load().waiting), (0, 0));
}

#[test]
fn nothing_is_lost_under_random_clients() {
    for seed in 0..60 {
        let ran = std::panic::catch_unwind(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            runtime.block_on(run(seed));
        });
        assert!(ran.is_ok(), "seed {seed}");
    }
}
