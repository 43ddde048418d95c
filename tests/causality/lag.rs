//! Soundness of lag: what the monitor says a replica is behind at most is never less than it is, and
//! little more while it streams.
//!
//! A row is written every 5 ms, and it is noted when each was acknowledged. A look is taken so: the
//! instant x, then the monitor's estimate as of x, then a read on the replica itself. Whatever that
//! read lacks, the replica lacked at x already. If the first row that is missing was acknowledged at
//! a, before x, then the replica was behind by x - a or more at x: the estimate must not be less,
//! with no tolerance at all. It may be more by two sampling intervals, as long as they were on this
//! machine, and by the time that the read took, in which the replica may have caught up.
//!
//! The usual estimates by `pg_last_xact_replay_timestamp()` are judged by the same rules, as the
//! control: they fail both.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use nix::sys::signal::Signal;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use pgsluice::config::cluster::Cluster as Settings;
use pgsluice::config::cluster::ClusterSettings;
use pgsluice::config::cluster::Node;
use pgsluice::config::database::Credentials;
use pgsluice::config::tls::Tls;
use pgsluice::config::types::Tcp;
use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;
use pgsluice::ids::NodeId;
use pgsluice::monitor::handle::Monitor;
use pgsluice::monitor::login::Login;
use pgsluice::monitor::postgres::Postgres;
use pgsluice::monitor::probe::Probe;
use pgsluice::monitor::probe::Said;
use pgsluice::monitor::probe::Session;
use pgsluice::monitor::probe::Trouble;
use pgsluice::net::tls::dial::ServerTls;
use pgsluice::server::path::Means;
use pgsluice::topology::identity::Role;
use pgsluice::topology::tracker::Answer;
use pgsluice::topology::tracker::Hello;
use tokio::task::JoinSet;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_postgres::Client;
use tokio_postgres::NoTls;

use crate::trouble::set;

/// What all tasks share.
#[derive(Debug, Default)]
struct Shared {
    /// When the row of each number was acknowledged.
    acknowledged: Mutex<Vec<Instant>>,
    /// When each node was asked.
    asked: [Mutex<Vec<Instant>>; 3],
    looks: Mutex<Vec<Look>>,
    writes: AtomicBool,
    streams: [AtomicBool; 3],
    is_over: AtomicBool,
}

/// One look at a replica.
#[derive(Clone, Copy, Debug)]
struct Look {
    node: usize,
    /// Whether it streamed all the time.
    streams: bool,
    at: Instant,
    estimate: Option<Duration>,
    /// How many rows it had, and when that had been read.
    rows: usize,
    read_at: Instant,
    /// `now() - pg_last_xact_replay_timestamp()`, and the same but zero if all that was received
    /// is replayed.
    naive: [Option<Duration>; 2],
}

/// A probe that notes when it asks.
struct Noting(Postgres, Arc<Shared>);

struct NotingSession(<Postgres as Probe>::Session, Arc<Shared>, NodeId);

impl Probe for Noting {
    type Session = NotingSession;

    async fn connect(&self, node: NodeId) -> Result<(NotingSession, Hello), Trouble> {
        let (session, hello) = self.0.connect(node).await?;
        Ok((NotingSession(session, Arc::clone(&self.1), node), hello))
    }
}

impl Session for NotingSession {
    async fn ask(&mut self) -> Result<Answer, Trouble> {
        lock(&self.1.asked[self.2.index()]).push(Instant::now());
        self.0.ask().await
    }

    async fn flush(&mut self) -> Result<(), Trouble> {
        self.0.flush().await
    }

    async fn replication(&mut self, role: Role) -> Result<Option<Said>, Trouble> {
        self.0.replication(role).await
    }

    async fn lost(&mut self) -> Trouble {
        self.0.lost().await
    }
}

#[tokio::test]
async fn lag_is_never_below_the_truth_and_close_to_it() {
    let cluster = spawn_blocking(|| {
        let cluster = Cluster::start(&Options::default()).expect("a cluster starts");
        let primary = cluster.primary();
        primary
            .psql("create table beat (i int primary key)")
            .expect("a table is made");
        cluster.catch_up(0).expect("the replicas follow");
        cluster
    });
    let cluster = Arc::new(cluster.await.expect("it starts"));
    let shared = Arc::new(Shared::default());
    let settings = settings(&cluster);
    let tls = Arc::new(ServerTls::new(&Tls::default()).expect("no TLS"));
    let probe = Postgres::new(
        Login::new(&settings, Means::new(tls, Tcp::default())),
        "postgres".to_owned(),
    );
    let probe = Noting(probe, Arc::clone(&shared));
    let (monitor, _tasks) = Monitor::start((&settings).into(), probe);
    shared.writes.store(true, Ordering::Relaxed);
    let mut tasks = JoinSet::new();
    let writer = connect(&cluster, 0).await;
    tasks.spawn(write(writer, Arc::clone(&shared), monitor.clone()));
    for node in [1, 2] {
        let reader = connect(&cluster, node).await;
        tasks.spawn(look(node, reader, Arc::clone(&shared), monitor.clone()));
    }
    sleep(Duration::from_millis(500)).await;
    let (nodes, noted) = (Arc::clone(&cluster), Arc::clone(&shared));
    let made = spawn_blocking(move || trouble(&nodes, &noted));
    made.await.expect("there is trouble");
    shared.is_over.store(true, Ordering::Relaxed);
    while let Some(ended) = tasks.join_next().await {
        ended.expect("it ends well");
    }
    judge(&shared);
}

/// The second replica streams all the time; the first has one trouble after the other. At the end
/// nothing is written for a while.
fn trouble(cluster: &Cluster, shared: &Shared) {
    let pause = |ms| std::thread::sleep(Duration::from_millis(ms));
    let replica = cluster.node(1);
    let streams = |is_so: bool| {
        shared.streams[1].store(is_so, Ordering::Relaxed);
    };
    shared.streams[2].store(true, Ordering::Relaxed);
    streams(true);
    pause(3_000);
    streams(false);
    set(replica, "recovery_min_apply_delay", "400ms").expect("it is set");
    pause(1_500);
    set(replica, "recovery_min_apply_delay", "0").expect("it is set");
    replica.pause_replay().expect("it pauses");
    pause(1_200);
    replica.resume_replay().expect("it resumes");
    let receiver = replica.psql("select pid from pg_stat_wal_receiver");
    let receiver = receiver.expect("it answers").parse().expect("a process");
    kill(Pid::from_raw(receiver), Signal::SIGSTOP).expect("it is there");
    pause(1_200);
    kill(Pid::from_raw(receiver), Signal::SIGCONT).expect("it is there");
    pause(500);
    streams(true);
    pause(1_000);
    shared.writes.store(false, Ordering::Relaxed);
    pause(4_000);
}

/// Writes a row every 5 ms.
async fn write(client: Client, shared: Arc<Shared>, monitor: Monitor) {
    let insert = client
        .prepare("insert into beat values ($1)")
        .await
        .expect("it prepares");
    let mut i = 0_i32;
    while !shared.is_over.load(Ordering::Relaxed) {
        if shared.writes.load(Ordering::Relaxed) {
            client.execute(&insert, &[&i]).await.expect("it writes");
            lock(&shared.acknowledged).push(Instant::now());
            monitor.wrote();
            i += 1;
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Looks at a replica again and again.
async fn look(node: usize, client: Client, shared: Arc<Shared>, monitor: Monitor) {
    let read = client.prepare(READ).await.expect("it prepares");
    let id = NodeId(u16::try_from(node).expect("a small number"));
    while !shared.is_over.load(Ordering::Relaxed) {
        let streamed = shared.streams[node].load(Ordering::Relaxed);
        let at = Instant::now();
        let estimate = {
            let view = monitor.view();
            view.node(id).and_then(|node| view.lag(node, at))
        };
        let row = client.query_one(&read, &[]).await.expect("it reads");
        let read_at = Instant::now();
        let seconds = |i| {
            row.get::<_, Option<f64>>(i)
                .map(|s| Duration::from_secs_f64(s.max(0.0)))
        };
        let rows = row.get::<_, Option<i32>>(0).map_or(0, |i| i + 1);
        lock(&shared.looks).push(Look {
            node,
            streams: streamed && shared.streams[node].load(Ordering::Relaxed),
            at,
            estimate,
            rows: usize::try_from(rows).expect("a count"),
            read_at,
            naive: [seconds(1), seconds(2)],
        });
        sleep(Duration::from_millis(3)).await;
    }
}

/// What an estimate was worth.
#[derive(Debug, Default)]
struct Worth {
    looks: usize,
    /// Below the truth.
    below: usize,
    /// While the replica streamed: all, and those that were too far above.
    streaming: usize,
    far: usize,
    /// The worst, in milliseconds.
    below_ms: u128,
    above_ms: Vec<u128>,
}

fn judge(shared: &Shared) {
    let looks = lock(&shared.looks).clone();
    let ours = worth(shared, &looks, |look| look.estimate);
    let [naive, zeroed] = [0, 1].map(|i| worth(shared, &looks, |look| look.naive[i]));
    for (name, worth) in [
        ("ours", &ours),
        ("replay timestamp", &naive),
        ("the same or 0", &zeroed),
    ] {
        let above = &worth.above_ms;
        let percentile = |p: usize| {
            above
                .get(above.len() * p / 100)
                .copied()
                .unwrap_or_default()
        };
        eprintln!(
            "{name}: {} looks, {} below the truth (by {} ms at most); {} while streaming, {} of \
             them too far above it; above it in ms: p50 {} p99 {}",
            worth.looks,
            worth.below,
            worth.below_ms,
            worth.streaming,
            worth.far,
            percentile(50),
            percentile(99),
        );
    }
    assert!(1_000 < ours.looks && 300 < ours.streaming, "void: {ours:?}");
    assert_eq!(ours.below, 0);
    assert!(
        ours.far * 100 <= ours.streaming,
        "{} of {}",
        ours.far,
        ours.streaming
    );
    assert_ne!(
        naive.far, 0,
        "the control: an idle primary's replicas do not lag"
    );
    assert_ne!(
        zeroed.below, 0,
        "the control: what was not received is missing too"
    );
}

fn worth(shared: &Shared, looks: &[Look], estimate: impl Fn(&Look) -> Option<Duration>) -> Worth {
    let acknowledged = lock(&shared.acknowledged);
    let mut worth = Worth::default();
    for look in looks {
        let Some(estimate) = estimate(look) else {
            continue;
        };
        worth.looks += 1;
        let missing = acknowledged.get(look.rows).copied();
        let truth = missing.map_or(Duration::ZERO, |a| look.at.saturating_duration_since(a));
        if estimate < truth {
            worth.below += 1;
            worth.below_ms = worth.below_ms.max((truth - estimate).as_millis());
        }
        if look.streams {
            let allowed = truth + intervals(shared, look) + (look.read_at - look.at);
            worth.streaming += 1;
            worth.far += usize::from(allowed < estimate);
            worth
                .above_ms
                .push(estimate.saturating_sub(truth).as_millis());
        }
    }
    worth.above_ms.sort_unstable();
    worth
}

/// Two sampling intervals as they were at a look, one of the primary and one of the replica: each the
/// longest of the one under way and the two before it.
fn intervals(shared: &Shared, look: &Look) -> Duration {
    let interval = |node: usize| {
        let asked = lock(&shared.asked[node]);
        let count = asked.partition_point(|asked| *asked <= look.at);
        let mut last: Vec<_> = asked[count.saturating_sub(3)..count].to_vec();
        last.push(look.at);
        let gaps = last.windows(2).map(|pair| pair[1] - pair[0]);
        gaps.max().unwrap_or_default()
    };
    interval(0) + interval(look.node)
}

async fn connect(cluster: &Cluster, node: usize) -> Client {
    let port = cluster.node(node).port();
    let how = format!("host=127.0.0.1 port={port} user=postgres dbname=postgres");
    let connected = tokio_postgres::connect(&how, NoTls).await;
    let (client, connection) = connected.expect("it connects");
    tokio::spawn(connection);
    client
}

fn settings(cluster: &Cluster) -> Settings {
    let node = |n: &pgsluice::demo::cluster::node::Node| Node {
        host: "127.0.0.1".to_owned(),
        port: n.port(),
        ..Node::default()
    };
    Settings {
        name: "main".to_owned(),
        nodes: cluster.nodes().iter().map(node).collect(),
        monitor: Credentials {
            user: "postgres".to_owned(),
            ..Credentials::default()
        },
        settings: ClusterSettings::default(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const READ: &str = "select (select max(i) from beat), \
    extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())::float8, \
    case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0 \
    else extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) end::float8";
