//! The long run, with all trouble at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use nix::sys::resource::Resource;
use nix::sys::resource::getrlimit;
use nix::sys::resource::setrlimit;
use pgsluice::demo::cluster::Cluster;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::task::spawn_blocking;
use tokio::time;

use crate::check::Survivors;
use crate::check::Verdict;
use crate::check::check;
use crate::check::name;
use crate::history::Level;
use crate::scene;
use crate::scene::Scene;
use crate::shares;
use crate::support::proxy::Proxy;
use crate::trouble::Trouble;
use crate::trouble::UNHARMED;
use crate::worker::Worker;

#[test]
fn no_read_shows_less_than_its_level_owes() {
    let seed = scene::seed();
    allow_sockets();
    let cluster = Arc::new(scene::cluster(3, &[("wal_writer_delay", "10ms")]));
    let commits = shares::commits(&cluster, UNHARMED);
    let mut proxies = [0, 1].map(|_| Proxy::start(&cluster, GLOBAL, ""));
    let conninfos = proxies.iter().map(Proxy::conninfo).collect();
    let scene = Arc::new(Scene::new(seed, WORKERS, conninfos));
    let trouble = Arc::new(Trouble::new(seed));
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (primary, dead_since) = runtime.block_on(work(&scene, &cluster, &trouble));
    let sessions = scene.take_sessions();
    let survivors = Survivors {
        written: scene::written(&cluster, primary),
        dead_since: Some(dead_since),
    };
    let verdict = check(&sessions, &survivors);
    eprintln!("{}", trouble.diary().join("\n"));
    eprintln!("not done: {:#?}", scene.faults());
    report(&verdict);
    judge(&verdict);
    let hanging = scene.faults().into_keys().find(|f| f.contains("no answer"));
    assert_eq!(hanging, None, "all is answered in the end");
    shares::compare_with_proxies(&sessions, &proxies);
    proxies.iter_mut().for_each(Proxy::stop);
    if primary != UNHARMED {
        shares::compare_with_node(&sessions, &cluster, UNHARMED, commits);
    }
}

/// Lets the workers work until all trouble is over. Returns the new primary and when the old one
/// was dead.
async fn work(
    scene: &Arc<Scene>,
    cluster: &Arc<Cluster>,
    trouble: &Arc<Trouble>,
) -> (usize, std::time::Instant) {
    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        workers.spawn(Worker::new(number).run(Arc::clone(scene)));
    }
    let all_in = async {
        while scene.logins.load(Ordering::Relaxed) < WORKERS {
            time::sleep(Duration::from_millis(20)).await;
        }
    };
    let all_in = time::timeout(LOGINS_WITHIN, all_in).await;
    all_in.expect("all log in");
    eprintln!("{WORKERS} sessions are in");
    let (cluster, trouble) = (Arc::clone(cluster), Arc::clone(trouble));
    let lasts = scene::trouble_lasts();
    let troubled = spawn_blocking(move || {
        trouble.make(&cluster, 0, &[1, 2, 3], lasts);
        let (primary, dead_since) = trouble.promote(&cluster);
        let replicas: Vec<_> = (1..4).filter(|i| *i != primary).collect();
        trouble.make(&cluster, primary, &replicas, lasts / 2);
        (primary, dead_since)
    });
    let ended = troubled.await.expect("trouble was made");
    scene.stop.store(true, Ordering::Relaxed);
    let all_out = async { while workers.join_next().await.is_some() {} };
    let all_out = time::timeout(LOGOUTS_WITHIN, all_out).await;
    all_out.expect("nobody is left hanging");
    ended
}

fn report(verdict: &Verdict) {
    eprintln!(
        "writes: {} acknowledged, {} of unknown outcome, {} lost with the old primary",
        verdict.acknowledged, verdict.unknown, verdict.lost
    );
    for level in Level::ALL {
        let found = verdict.of(level);
        eprintln!(
            "{:9} {:6} reads, {:5.1} % on replicas, violations: {}",
            name(level),
            found.reads,
            100.0 * share(found.on_replicas, found.reads),
            found.violations
        );
    }
}

/// Fails if a promise was broken, or if the run proves nothing.
fn judge(verdict: &Verdict) {
    assert!(verdict.impossible.is_empty(), "{:#?}", verdict.impossible);
    for level in Level::ALL {
        let found = verdict.of(level);
        assert!(
            READS_MIN < found.reads,
            "void: only {} reads at {level:?}",
            found.reads
        );
        if level == Level::Eventual {
            assert_ne!(found.violations, 0, "void: no replica showed its lag");
        } else {
            assert_eq!(found.violations, 0, "violations: {}", found.words);
        }
    }
    let at_session = verdict.of(Level::Session);
    let share = share(at_session.on_replicas, at_session.reads);
    assert!(SHARE_MIN < share, "reads on replicas at `session`: {share}");
}

pub(crate) fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn allow_sockets() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("there is a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).expect("up to the hard one");
}

const WORKERS: usize = 240;
/// Nodes that come back are used at once, and reads have some patience even on a busy machine, so
/// that there is much to see on replicas. A pool is smaller than the number of its clients, so that
/// some wait in its line.
const GLOBAL: &str = "auth_type = \"trust\"\nmax_client_conn = 1000\nslow_start = \"1s\"\n\
                      server_login_retry = \"1s\"\ndefault_pool_size = 12\n\
                      consistency_wait = \"100ms\"";
const LOGINS_WITHIN: Duration = Duration::from_secs(60);
const LOGOUTS_WITHIN: Duration = Duration::from_secs(40);
/// Fewer reads at a level prove nothing.
const READS_MIN: usize = 200;
/// A proxy that sends more to the primary than this leaves is no proxy for reads.
const SHARE_MIN: f64 = 0.3;
