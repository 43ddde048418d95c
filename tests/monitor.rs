//! The monitor against a real primary and two replicas.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that finds no node has failed"
)]

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use pgsluice::catalog::look::PostgresLook;
use pgsluice::catalog::watch::CatalogWatch;
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
use pgsluice::monitor::handle::Tasks;
use pgsluice::monitor::login::Login;
use pgsluice::monitor::postgres::Postgres;
use pgsluice::net::tls::dial::ServerTls;
use pgsluice::server::path::Means;
use pgsluice::topology::view::Exclusion;
use pgsluice::topology::view::View;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

type Outcome = Result<(), Box<dyn Error>>;

/// A cluster and its monitor.
struct Rig {
    cluster: Arc<Cluster>,
    login: Login,
    monitor: Monitor,
    _tasks: Tasks,
}

impl Rig {
    async fn start() -> Result<Self, Box<dyn Error>> {
        Self::start_as("postgres", "").await
    }

    /// Runs `sql` on the primary first; `user` is the monitor's.
    async fn start_as(user: &str, sql: &'static str) -> Result<Self, Box<dyn Error>> {
        let cluster = spawn_blocking(move || {
            let cluster = Cluster::start(&Options::default())?;
            cluster.primary().psql("create table t (i int)")?;
            if !sql.is_empty() {
                cluster.primary().psql(sql)?;
            }
            cluster.catch_up(0)?;
            Ok::<_, pgsluice::demo::cluster::Error>(cluster)
        });
        let cluster = Arc::new(cluster.await??);
        let settings = settings(&cluster, user);
        let tls = Arc::new(ServerTls::new(&Tls::default())?);
        let login = Login::new(&settings, Means::new(tls, Tcp::default()));
        let probe = Postgres::new(login.clone(), "postgres".to_owned());
        let (monitor, tasks) = Monitor::start((&settings).into(), probe);
        let rig = Self {
            cluster,
            login,
            monitor,
            _tasks: tasks,
        };
        let ms = rig.until("all serve", |v| exclusions(v) == [None; 3]).await;
        eprintln!("roles and certificates known after {ms} ms");
        Ok(rig)
    }

    /// Does something that blocks while the monitor goes on.
    async fn act(
        &self,
        act: impl FnOnce(&Cluster) -> Result<(), pgsluice::demo::cluster::Error> + Send + 'static,
    ) -> Outcome {
        let cluster = Arc::clone(&self.cluster);
        spawn_blocking(move || act(&cluster)).await??;
        Ok(())
    }

    /// As [`Rig::act`], for what cannot fail.
    async fn signal(&self, act: impl FnOnce(&Cluster) + Send + 'static) -> Outcome {
        let cluster = Arc::clone(&self.cluster);
        spawn_blocking(move || act(&cluster)).await?;
        Ok(())
    }

    /// Runs SQL on a node.
    async fn sql(&self, node: usize, sql: &'static str) -> Outcome {
        self.act(move |c| c.node(node).psql(sql).map(drop)).await
    }

    /// Waits until the view is as it should be; how long that took, in milliseconds.
    async fn until(&self, state: &str, is_so: impl Fn(&View) -> bool) -> u128 {
        let start = now();
        let pick = |view: &View| is_so(view).then_some(());
        let found = self.monitor.wait_for(None, start + PATIENCE, pick).await;
        assert!(
            found.is_some(),
            "never: {state}; {:#?}",
            self.monitor.view()
        );
        now().duration_since(start).as_millis()
    }

    fn lag(&self, node: u16) -> Duration {
        let view = self.monitor.view();
        let node = view.node(NodeId(node)).expect("a node");
        view.lag(node, now()).expect("lag is known")
    }
}

fn settings(cluster: &Cluster, user: &str) -> Settings {
    let node = |n: &pgsluice::demo::cluster::node::Node| Node {
        host: "127.0.0.1".to_owned(),
        port: n.port(),
        ..Node::default()
    };
    Settings {
        name: "main".to_owned(),
        nodes: cluster.nodes().iter().map(node).collect(),
        monitor: Credentials {
            user: user.to_owned(),
            ..Credentials::default()
        },
        settings: ClusterSettings {
            probe_timeout: Duration::from_millis(500),
            ..ClusterSettings::default()
        },
    }
}

fn exclusions(view: &View) -> [Option<Exclusion>; 3] {
    [0, 1, 2].map(|i| view.nodes[i].exclusion)
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn lag_is_seen_and_idle_nodes_have_none() -> Outcome {
    let rig = Rig::start().await?;
    assert_eq!(rig.monitor.view().primary, Some(NodeId(0)));
    rig.act(|c| c.node(1).pause_replay()).await?;
    rig.sql(0, "insert into t select generate_series(1, 1000)")
        .await?;
    let written_at = now();
    rig.monitor.wrote();
    let holds = |i: usize| move |v: &View| Some(written_at) <= v.nodes[i].certificate;
    eprintln!(
        "replica certified after {} ms",
        rig.until("2 caught up", holds(2)).await
    );
    sleep(Duration::from_secs(2)).await;
    let view = Arc::clone(&rig.monitor.view());
    assert!(view.nodes[1].certificate < Some(written_at));
    assert!(Some(0) < view.nodes[1].lag_bytes && view.nodes[2].lag_bytes == Some(0));
    assert!(Duration::from_secs(2) <= rig.lag(1));
    assert!(
        rig.lag(2) <= Duration::from_millis(1_200),
        "{:?}",
        rig.lag(2)
    );
    rig.act(|c| c.node(1).resume_replay()).await?;
    rig.until("1 caught up", holds(1)).await;
    // An idle primary whose log has moved on to the next segment.
    rig.sql(0, "select pg_switch_wal()").await?;
    sleep(Duration::from_secs(3)).await;
    for node in [1, 2] {
        assert!(
            rig.lag(node) <= Duration::from_millis(1_200),
            "{:?}",
            rig.lag(node)
        );
    }
    Ok(())
}

/// What a certificate promises, with commits that are acknowledged before they are written.
#[tokio::test]
async fn certified_replica_holds_what_was_acknowledged() -> Outcome {
    let rig = Rig::start().await?;
    let connect = async |node: usize| {
        let port = rig.cluster.node(node).port();
        let how = format!("host=127.0.0.1 port={port} user=postgres dbname=postgres");
        let (client, connection) = tokio_postgres::connect(&how, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        Ok::<_, tokio_postgres::Error>(client)
    };
    let (writer, one, two) = (connect(0).await?, connect(1).await?, connect(2).await?);
    let (mut waits, mut served) = (Vec::new(), BTreeSet::new());
    for i in 0..300 {
        // The last ones wait for the log writer, as replicas get only what is on disk.
        let synchronous_commit = if i < 250 { "on" } else { "off" };
        let set = format!("set synchronous_commit = {synchronous_commit}");
        writer.batch_execute(&set).await?;
        writer.execute("insert into t values ($1)", &[&i]).await?;
        let written_at = now();
        rig.monitor.wrote();
        let pick = |view: &View| {
            let is = |n: &&pgsluice::topology::view::NodeView| Some(written_at) <= n.certificate;
            view.nodes.iter().find(is).map(|n| n.id)
        };
        let deadline = written_at + PATIENCE;
        let node = rig.monitor.wait_for(Some(written_at), deadline, pick).await;
        let node = node.expect("a replica catches up");
        waits.push(now().duration_since(written_at).as_micros());
        let reader = if node == NodeId(1) { &one } else { &two };
        let row = reader.query_one("select max(i) from t", &[]).await?;
        assert_eq!(row.get::<_, Option<i32>>(0), Some(i), "node {node}");
        served.insert(node);
    }
    waits.sort_unstable();
    eprintln!(
        "certified after µs: p50 {} p99 {}; by {served:?}",
        waits[150], waits[297]
    );
    Ok(())
}

/// What it writes is on no disk, and no commit comes to change that.
#[tokio::test]
async fn open_transaction_makes_no_lag() -> Outcome {
    let rig = Rig::start().await?;
    let port = rig.cluster.primary().port();
    let how = format!("host=127.0.0.1 port={port} user=postgres dbname=postgres");
    let (client, connection) = tokio_postgres::connect(&how, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let mut lag_max = Duration::ZERO;
    client
        .batch_execute("begin; insert into t values (1)")
        .await?;
    for _ in 0..60 {
        sleep(Duration::from_millis(100)).await;
        lag_max = lag_max.max(rig.lag(1)).max(rig.lag(2));
    }
    eprintln!("lag of at most {lag_max:?}");
    assert!(lag_max <= Duration::from_millis(2_500), "{lag_max:?}");
    Ok(())
}

#[tokio::test]
async fn replica_that_dies_or_hangs_comes_back_alone() -> Outcome {
    let rig = Rig::start().await?;
    let is_down = |v: &View| v.nodes[2].exclusion == Some(Exclusion::Down);
    let serves = |v: &View| exclusions(v) == [None; 3];
    let killed_at = now();
    rig.signal(|c| c.node(2).kill()).await?;
    rig.until("down", is_down).await;
    eprintln!(
        "SIGKILL seen after {} ms",
        now().duration_since(killed_at).as_millis()
    );
    rig.act(|c| c.node(2).start()).await?;
    let ms = rig.until("back", serves).await;
    eprintln!("back {ms} ms after it started");
    assert!(ms <= 1_500, "{ms} ms");
    rig.signal(|c| c.node(2).freeze()).await?;
    let ms = rig.until("down", is_down).await;
    eprintln!("SIGSTOP seen after {ms} ms");
    assert!(ms <= 3_500, "{ms} ms");
    rig.signal(|c| c.node(2).thaw()).await?;
    let ms = rig.until("back", serves).await;
    eprintln!("back {ms} ms after SIGCONT");
    assert!(ms <= 2_000, "{ms} ms");
    Ok(())
}

#[tokio::test]
async fn promotion_is_followed_and_the_old_primary_fenced() -> Outcome {
    let rig = Rig::start().await?;
    let killed_at = now();
    rig.signal(|c| c.node(0).kill()).await?;
    rig.until("no primary", |v| v.primary.is_none()).await;
    eprintln!(
        "loss seen after {} ms",
        now().duration_since(killed_at).as_millis()
    );
    assert_eq!(rig.monitor.view().nodes[2].exclusion, None, "reads go on");
    rig.act(|c| c.node(1).promote()).await?;
    let ms = rig
        .until("promoted", |v| v.primary == Some(NodeId(1)))
        .await;
    eprintln!("new primary seen {ms} ms after it took writes");
    assert!(ms <= 500, "{ms} ms");
    let promoted_at = now();
    let holds = |v: &View| Some(promoted_at) <= v.nodes[2].certificate;
    assert!(!holds(&rig.monitor.view()));
    rig.act(|c| c.follow(2, 1)).await?;
    rig.until("replica follows", holds).await;
    let timelines: Vec<_> = rig.monitor.view().nodes[1..]
        .iter()
        .map(|n| n.identity.map(|i| i.timeline.0))
        .collect();
    assert_eq!(timelines, [Some(2), Some(2)]);
    // The old primary comes back, writable, and with more log than the new one.
    rig.act(|c| c.node(0).start()).await?;
    rig.sql(0, "insert into t select generate_series(1, 100000)")
        .await?;
    rig.until("quarantined", |v| v.is_split).await;
    rig.until("left out", |v| {
        v.nodes[0].exclusion == Some(Exclusion::Quarantined)
    })
    .await;
    sleep(Duration::from_millis(1_500)).await;
    let view = rig.monitor.view();
    assert_eq!(
        (view.primary, view.nodes[2].exclusion),
        (Some(NodeId(1)), None)
    );
    assert!(
        view.nodes[1].replayed < view.nodes[0].replayed,
        "the old one has more"
    );
    Ok(())
}

#[tokio::test]
async fn role_without_privileges_is_enough() -> Outcome {
    let rig = Rig::start_as("watcher", "create role watcher login").await?;
    let start = now();
    rig.sql(0, "insert into t values (1)").await?;
    rig.monitor.wrote();
    let holds = |v: &View| v.nodes[1..].iter().all(|n| Some(start) <= n.certificate);
    rig.until("certified", holds).await;
    Ok(())
}

#[tokio::test]
async fn catalog_knows_functions_and_relations() -> Outcome {
    let rig = Rig::start().await?;
    let look = |login: &Login| {
        let (monitor, dbname) = (rig.monitor.clone(), "postgres".to_owned());
        PostgresLook::new(login.clone(), monitor, dbname, 1_000)
    };
    let day = Duration::from_secs(86_400);
    let (watch, _task) = CatalogWatch::start("app".into(), day, look(&rig.login));
    wait_version(&watch, 1).await;
    assert_eq!(watch.snapshot().catalog.is_volatile(b"pay"), None);
    rig.sql(
        0,
        "create function pay() returns int language sql as 'select 1';
         create function price() returns int language sql stable as 'select 1';
         create function price(int) returns int language sql immutable as 'select 1';
         create schema other;
         create function other.twice() returns int language sql stable as 'select 1';
         create function twice(int) returns int language sql as 'select 1';
         create sequence ids; create unlogged table scratch (i int)",
    )
    .await?;
    watch.touch();
    wait_version(&watch, 2).await;
    let snapshot = watch.snapshot();
    for (name, expected) in [
        ("pay", Some(true)),
        ("price", Some(false)),
        ("twice", Some(true)),
        ("now", None),
    ] {
        assert_eq!(
            snapshot.catalog.is_volatile(name.as_bytes()),
            expected,
            "{name}"
        );
    }
    for (name, expected) in [("ids", true), ("scratch", true), ("t", false)] {
        assert_eq!(
            snapshot.catalog.is_primary_relation(name.as_bytes()),
            expected,
            "{name}"
        );
    }
    Ok(())
}

async fn wait_version(watch: &CatalogWatch, version: u64) {
    let start = now();
    while watch.snapshot().version < version {
        assert!(
            now().duration_since(start) < PATIENCE,
            "version {version} never came"
        );
        sleep(Duration::from_millis(5)).await;
    }
}
