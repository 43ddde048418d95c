//! What happens to the nodes meanwhile: lag of all kinds, and deaths.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::Error;
use pgsluice::demo::cluster::node::Node;
use pgsluice::demo::cluster::node::Stop;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// Makes trouble, and remembers what it has made.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// What was done to whom, in order, in words.
    diary: Mutex<Vec<String>>,
    began: Instant,
    seed: u64,
}

/// What may happen to a replica.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    /// It replays each commit so many milliseconds after it was made.
    Delayed(u64),
    /// `pg_wal_replay_pause()`.
    Paused,
    /// SIGSTOP of its WAL receiver.
    Deaf,
    /// SIGKILL of the WAL receiver: the postmaster ends all others and recovers, listening.
    Crashed,
    /// SIGKILL of all, and a start later.
    Killed,
}

impl Trouble {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            diary: Mutex::default(),
            began: Instant::now(),
            seed,
        }
    }

    /// All that was done.
    pub(crate) fn diary(&self) -> Vec<String> {
        let diary = self.diary.lock().unwrap_or_else(PoisonError::into_inner);
        diary.clone()
    }

    fn note(&self, words: &str) {
        let mut diary = self.diary.lock().unwrap_or_else(PoisonError::into_inner);
        diary.push(format!(
            "{:6.2} s {words}",
            self.began.elapsed().as_secs_f64()
        ));
    }

    /// Troubles the replicas, each on its own, and the primary, for as long as `lasts`; all is well
    /// again at the end.
    pub(crate) fn make(
        &self,
        cluster: &Cluster,
        primary: usize,
        replicas: &[usize],
        lasts: Duration,
    ) {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            for replica in replicas {
                scope.spawn(|| self.trouble(cluster.node(*replica), &is_over));
            }
            scope.spawn(|| self.stir(cluster.node(primary), &is_over));
            thread::sleep(lasts);
            is_over.store(true, Ordering::Relaxed);
        });
    }

    fn random(&self, node: &Node) -> StdRng {
        let so_far = self.diary().len() as u64;
        StdRng::seed_from_u64(self.seed ^ (node.index() as u64) << 32 ^ so_far)
    }

    fn trouble(&self, node: &Node, is_over: &AtomicBool) {
        let mut random = self.random(node);
        while !is_over.load(Ordering::Relaxed) {
            pause(&mut random, 100..900);
            let mishap = match random.random_range(0..20) {
                0..7 => Mishap::Delayed(random.random_range(50..2_000)),
                7..12 => Mishap::Paused,
                12..17 => Mishap::Deaf,
                17..20 if node.index() == UNHARMED => Mishap::Deaf,
                17..19 => Mishap::Crashed,
                _ => Mishap::Killed,
            };
            self.note(&format!("node{} {mishap:?}", node.index()));
            let lasts = Duration::from_millis(random.random_range(300..2_200));
            if let Err(error) = suffer(node, mishap, lasts) {
                // A replica that has just crashed refuses SQL for a moment.
                self.note(&format!("node{}: {error}", node.index()));
            }
        }
        let _ = node.resume_replay();
    }

    /// New segments of the log, and a log writer that sleeps long.
    fn stir(&self, node: &Node, is_over: &AtomicBool) {
        let mut random = self.random(node);
        while !is_over.load(Ordering::Relaxed) {
            pause(&mut random, 300..1_500);
            let done = match random.random_range(0..3) {
                0 => set(node, "wal_writer_delay", "400ms"),
                1 => set(node, "wal_writer_delay", "10ms"),
                _ => node.psql("select pg_switch_wal()").map(drop),
            };
            self.note(&format!("node{} stirred: {done:?}", node.index()));
        }
        let _ = set(node, "wal_writer_delay", "10ms");
    }

    /// The primary dies; the replica that has received most takes its place, and the others follow
    /// it. Returns the new primary, and when the old one was dead.
    pub(crate) fn promote(&self, cluster: &Cluster) -> (usize, Instant) {
        let mut random = self.random(cluster.primary());
        // One is behind, so that what it is certified for is of before.
        let _ = cluster.node(2).pause_replay();
        pause(&mut random, 200..700);
        if random.random_bool(0.6) {
            cluster.primary().kill();
            self.note("primary killed");
        } else {
            cluster.primary().stop(Stop::Fast).expect("it stops");
            self.note("primary stopped");
        }
        let dead_since = Instant::now();
        // What was in the sockets is received.
        pause(&mut random, 300..800);
        let replicas = 1..cluster.nodes().len();
        let has_most = "select pg_wal_lsn_diff(greatest(pg_last_wal_receive_lsn(), \
                        pg_last_wal_replay_lsn()), '0/0')";
        let received = |i: &usize| {
            let bytes = cluster.node(*i).psql(has_most).ok();
            bytes
                .and_then(|b| b.parse::<u64>().ok())
                .unwrap_or_default()
        };
        let new = replicas.clone().max_by_key(received).expect("a replica");
        let _ = cluster.node(2).resume_replay();
        cluster.node(new).promote().expect("it is promoted");
        self.note(&format!("node{new} promoted"));
        for other in replicas.filter(|i| *i != new) {
            cluster.follow(other, new).expect("it follows");
        }
        let is_back = "select count(*) from pg_stat_replication where state = 'streaming'";
        let others = (cluster.nodes().len() - 2).to_string();
        let back = cluster
            .node(new)
            .wait_sql(is_back, &others, "followed by the others");
        back.expect("the others follow");
        self.note("followed");
        (new, dead_since)
    }
}

/// A mishap from its beginning to its end.
fn suffer(node: &Node, mishap: Mishap, lasts: Duration) -> Result<(), Error> {
    match mishap {
        Mishap::Delayed(ms) => {
            set(node, "recovery_min_apply_delay", &format!("{ms}ms"))?;
            thread::sleep(lasts);
            // Else it goes into the next mishap with it.
            if ms % 3 != 0 {
                set(node, "recovery_min_apply_delay", "0")?;
            }
        }
        Mishap::Paused => {
            node.psql("select pg_wal_replay_pause()")?;
            thread::sleep(lasts);
            node.resume_replay()?;
        }
        Mishap::Deaf => {
            let receiver = receiver(node)?;
            signal(receiver, Signal::SIGSTOP);
            thread::sleep(lasts);
            signal(receiver, Signal::SIGCONT);
        }
        Mishap::Crashed => {
            // Behind its own past for a while after it is back.
            set(node, "recovery_min_apply_delay", "1500ms")?;
            signal(receiver(node)?, Signal::SIGKILL);
            thread::sleep(lasts);
            set(node, "recovery_min_apply_delay", "0")?;
        }
        Mishap::Killed => {
            node.kill();
            thread::sleep(lasts);
            node.start()?;
        }
    }
    Ok(())
}

fn receiver(node: &Node) -> Result<Option<i32>, Error> {
    let pid = node.psql("select pid from pg_stat_wal_receiver")?;
    Ok(pid.parse().ok())
}

fn signal(pid: Option<i32>, signal: Signal) {
    if let Some(pid) = pid {
        // It may be gone.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

/// Changes a setting of a running node.
pub(crate) fn set(node: &Node, name: &str, value: &str) -> Result<(), Error> {
    node.psql(&format!("alter system set {name} = '{value}'"))?;
    node.psql("select pg_reload_conf()").map(drop)
}

/// The node that never crashes: what it counts is not lost.
pub(crate) const UNHARMED: usize = 3;

fn pause(random: &mut StdRng, ms: std::ops::Range<u64>) {
    thread::sleep(Duration::from_millis(random.random_range(ms)));
}
