//! Directed scenes: the moments at which a small mistake in the proxy would show, made on purpose
//! and long. Each is played at `session`, where nothing may be missed, and at `eventual` as the
//! control: there the same reads must miss something, or the scene proves nothing.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::Cluster;

use crate::pipelines;
use crate::raw::Raw;
use crate::relay::Relay;
use crate::scene;
use crate::support::proxy::Proxy;
use crate::trouble::set;

/// A primary behind a relay and a replica, and a proxy that samples all the time.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
    pub(crate) proxy: Proxy,
    relay: Relay,
}

impl World {
    fn start() -> Self {
        let cluster = scene::cluster(1, &[]);
        let relay = Relay::start(cluster.primary().port());
        let nodes = [relay.port(), cluster.node(1).port()];
        let proxy = Proxy::start_at(&cluster, &nodes, GLOBAL, OTHER_NAME);
        Self {
            cluster,
            proxy,
            relay,
        }
    }

    /// A session at `level`.
    pub(crate) fn session(&self, level: &str) -> Raw {
        let mut session = Raw::connect(self.proxy.port());
        let heard = session.q(&format!("set pgsluice.consistency = '{level}'"));
        assert_eq!(heard, "C(SET) Z(I)");
        session
    }

    /// The value that is to be written next.
    pub(crate) fn next_value(&self) -> String {
        self.session("session").value(
            "/* pgsluice: primary */ select coalesce(max(value), 0) + 1 from written \
             where register = 77",
        )
    }

    /// The replica holds all that was written until now, and nothing that will be; the proxy has
    /// seen so.
    pub(crate) fn stop_replay(&self) {
        self.cluster.catch_up(0).expect("it catches up");
        self.cluster.node(1).pause_replay().expect("it pauses");
        thread::sleep(SEEN_WITHIN);
    }

    pub(crate) fn resume_replay(&self) {
        self.cluster.node(1).resume_replay().expect("it resumes");
    }
}

/// What reads missed at `session` and at `eventual`.
#[derive(Clone, Copy, Debug, Default)]
struct Missed {
    session: usize,
    eventual: usize,
}

/// Two sessions, one at each level, and the last value written.
struct Pair {
    session: Raw,
    eventual: Raw,
    value: i64,
}

impl Pair {
    /// `scene` keeps the values of one scene above those of the ones before.
    fn new(world: &World, scene: i64) -> Self {
        Self {
            session: world.session("session"),
            eventual: world.session("eventual"),
            value: scene * 1_000_000,
        }
    }

    /// The first writes by `insert`, with the value in place of `VALUE`, and both read for a while:
    /// how many reads missed what was written.
    fn play(&mut self, insert: &str, lasts: Duration) -> Missed {
        self.value += 1;
        let value = self.value.to_string();
        let insert = insert.replace("VALUE", &value);
        let heard = self.session.q(&insert);
        assert_eq!(heard, "C(INSERT 0 1) Z(I)");
        let mut missed = Missed::default();
        let until = Instant::now() + lasts;
        while Instant::now() < until {
            missed.session += usize::from(self.session.value(READ) != value);
            missed.eventual += usize::from(self.eventual.value(READ) != value);
            thread::sleep(Duration::from_millis(2));
        }
        missed
    }
}

/// A commit that is acknowledged before it is written: the primary's write position is below it,
/// and the replica has replayed up to there.
fn unwritten_commits(world: &World) -> Missed {
    let node = world.cluster.primary();
    set(node, "wal_writer_delay", "10s").expect("it is set");
    let mut pair = Pair::new(world, 1);
    // Once the log writer's old time is over it sleeps by the new one.
    pair.play(INSERT, Duration::from_millis(500));
    let mut missed = Missed::default();
    for _ in 0..4 {
        missed += pair.play(INSERT, Duration::from_millis(400));
    }
    set(node, "wal_writer_delay", "10ms").expect("it is set");
    missed
}

/// The primary's answer to the monitor is on its way while a commit is acknowledged.
fn late_samples(world: &World) -> Missed {
    let mut pair = Pair::new(world, 2);
    let mut missed = Missed::default();
    for _ in 0..4 {
        world.relay.delay(Duration::ZERO);
        world.stop_replay();
        world.relay.delay(LATE);
        // A question is under way from here on.
        thread::sleep(LATE / 2);
        missed += pair.play(INSERT, 2 * LATE);
        world.resume_replay();
    }
    world.relay.delay(Duration::ZERO);
    missed
}

/// The primary is sampled while a write is under way that takes long.
fn long_writes(world: &World) -> Missed {
    let mut pair = Pair::new(world, 3);
    let mut missed = Missed::default();
    for _ in 0..4 {
        world.stop_replay();
        missed += pair.play(SLOW_INSERT, Duration::from_millis(300));
        world.resume_replay();
    }
    missed
}

/// What a session read on the primary, or at all, is not unread by a replica that lacks it.
fn reads_elsewhere(world: &World) -> Missed {
    let mut missed = Missed::default();
    let mut writer = world.session("session");
    let mut pair = Pair::new(world, 4);
    for _ in 0..4 {
        world.stop_replay();
        pair.value += 1;
        let insert = INSERT.replace("VALUE", &pair.value.to_string());
        writer.q(&insert);
        for (session, missed) in [
            (&mut pair.session, &mut missed.session),
            (&mut pair.eventual, &mut missed.eventual),
        ] {
            let seen = session.value(&format!("/* pgsluice: primary */ {READ}"));
            assert_eq!(seen, pair.value.to_string());
            *missed += usize::from(session.value(READ) != seen);
        }
        world.resume_replay();
    }
    missed
}

impl std::ops::AddAssign for Missed {
    fn add_assign(&mut self, other: Self) {
        self.session += other.session;
        self.eventual += other.eventual;
    }
}

type Scene = fn(&World) -> Missed;

const SCENES: &[(&str, Scene)] = &[
    ("unwritten commits", unwritten_commits),
    ("late samples", late_samples),
    ("long writes", long_writes),
    ("reads elsewhere", reads_elsewhere),
];

/// `SCENE` in the environment chooses some by a part of their names.
#[test]
fn nothing_is_missed_when_all_is_late() {
    let world = World::start();
    let wanted = std::env::var("SCENE").unwrap_or_default();
    let mut wrong = Vec::new();
    for (name, scene) in SCENES.iter().filter(|(name, _)| name.contains(&wanted)) {
        let began = Instant::now();
        let missed = scene(&world);
        eprintln!("{name}: {missed:?} in {:?}", began.elapsed());
        if missed.session != 0 {
            wrong.push(format!("{name}: violations: {}", missed.session));
        }
        if missed.eventual == 0 {
            wrong.push(format!(
                "{name}: void, no read at `eventual` missed anything"
            ));
        }
    }
    for (name, case) in pipelines::CASES
        .iter()
        .filter(|(name, _)| name.contains(&wanted))
    {
        let began = Instant::now();
        world.stop_replay();
        if catch_unwind(AssertUnwindSafe(|| case(&world))).is_err() {
            wrong.push(format!("{name}: violations: 1"));
        }
        world.resume_replay();
        eprintln!("{name}: {:?}", began.elapsed());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A monitor that samples all the time, and reads that wait for it.
pub(crate) const GLOBAL: &str = "auth_type = \"trust\"\nsample_interval_slow = \"10ms\"\n\
                                 server_tls_sslmode = \"disable\"\nslow_start = \"10ms\"";
/// The database by another name.
const OTHER_NAME: &str = "[databases.other]\ncluster = \"main\"\ndbname = \"app\"";
/// How late the answers to the monitor are, and how soon it notices what is not late.
const LATE: Duration = Duration::from_millis(300);
const SEEN_WITHIN: Duration = Duration::from_millis(100);
pub(crate) const INSERT: &str = "insert into written values (77, VALUE)";
pub(crate) const SLOW_INSERT: &str = "insert into written select 77, VALUE from pg_sleep(0.3)";
pub(crate) const READ: &str = "select max(value) from written where register = 77";
