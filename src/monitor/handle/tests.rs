//! A monitor over scripted nodes and a paused clock. A question takes 1 ms.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use super::*;
use crate::monitor::probe::Said;
use crate::monitor::probe::Session;
use crate::monitor::probe::Trouble;
use crate::topology::choose::Ask;
use crate::topology::choose::Choice;
use crate::topology::choose::Load;
use crate::topology::choose::choose;
use crate::topology::choose::weigh;
use crate::topology::health::Health;
use crate::topology::identity::Role;
use crate::topology::identity::SystemId;
use crate::topology::identity::Timeline;
use crate::topology::lsn::Lsn;
use crate::topology::lsn::WalLayout;
use crate::topology::policy::Policy;
use crate::topology::tracker::Answer;
use crate::topology::tracker::Hello;
use crate::topology::view::Exclusion;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Answers,
    Refuses,
    Hangs,
}

#[derive(Clone, Copy, Debug)]
struct Script {
    mode: Mode,
    role: Role,
    timeline: u32,
    lsn: u64,
    asked_count: u32,
}

#[derive(Clone)]
struct Nodes {
    scripts: Arc<Mutex<[Script; 3]>>,
    /// Each closes the connections to its node.
    bells: [Arc<Notify>; 3],
}

struct ScriptedSession(Nodes, usize);

impl Nodes {
    fn change<T>(&self, i: usize, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.scripts.lock().unwrap()[i])
    }

    /// Takes a millisecond, then fails or hangs as the script says now.
    async fn reply(&self, i: usize) -> Result<Script, Trouble> {
        sleep(Duration::from_millis(1)).await;
        let script = self.change(i, |s| *s);
        match script.mode {
            Mode::Answers => Ok(script),
            Mode::Refuses => Err(Trouble::Refused),
            Mode::Hangs => std::future::pending().await,
        }
    }
}

impl Probe for Nodes {
    type Session = ScriptedSession;

    async fn connect(&self, node: NodeId) -> Result<(ScriptedSession, Hello), Trouble> {
        self.reply(node.index()).await?;
        let hello = Hello {
            system: SystemId(7),
            layout: WalLayout::default(),
        };
        Ok((ScriptedSession(self.clone(), node.index()), hello))
    }
}

impl Session for ScriptedSession {
    async fn ask(&mut self) -> Result<Answer, Trouble> {
        self.0.change(self.1, |s| s.asked_count += 1);
        let script = self.0.reply(self.1).await?;
        Ok(Answer {
            role: script.role,
            lsn: Some(Lsn(script.lsn)),
            flushed: None,
            is_read_only: false,
            timeline: Some(Timeline(script.timeline)),
        })
    }

    async fn flush(&mut self) -> Result<(), Trouble> {
        self.0.reply(self.1).await.map(drop)
    }

    async fn replication(&mut self, _: Role) -> Result<Option<Said>, Trouble> {
        Ok(None)
    }

    async fn lost(&mut self) -> Trouble {
        let bell = Arc::clone(&self.0.bells[self.1]);
        bell.notified().await;
        Trouble::Closed
    }
}

/// A primary (0) and two replicas, watched for long enough to be known.
async fn start() -> (Nodes, Monitor, Tasks) {
    let script = |role| Script {
        mode: Mode::Answers,
        role,
        timeline: 1,
        lsn: 1_000,
        asked_count: 0,
    };
    let scripts = [Role::Primary, Role::Replica, Role::Replica].map(script);
    let nodes = Nodes {
        scripts: Arc::new(Mutex::new(scripts)),
        bells: Default::default(),
    };
    let settings = Settings {
        cluster: "main".into(),
        nodes: (0..3).map(|_| (Arc::from("node"), 1.0)).collect(),
        policy: Policy::default(),
        probe_timeout: Duration::from_secs(1),
        interval_fast: Duration::from_millis(10),
        interval_slow: Duration::from_secs(1),
        interval_replication: Duration::from_secs(1),
    };
    let (monitor, tasks) = Monitor::start(settings, nodes.clone());
    sleep(Duration::from_millis(100)).await;
    (nodes, monitor, tasks)
}

fn exclusions(monitor: &Monitor) -> Vec<Option<Exclusion>> {
    monitor.view().nodes.iter().map(|n| n.exclusion).collect()
}

/// How long it takes until `is_so`, in milliseconds.
async fn until(monitor: &Monitor, is_so: impl Fn(&View) -> bool) -> u128 {
    let start = now();
    let deadline = start + Duration::from_secs(60);
    let found = monitor.wait_for(None, deadline, |v| is_so(v).then_some(()));
    found.await.expect("it came to be");
    now().duration_since(start).as_millis()
}

/// How often each node is asked in `time`.
async fn asked_in(nodes: &Nodes, time: Duration) -> [u32; 3] {
    let counts = || [0, 1, 2].map(|i| nodes.change(i, |s| s.asked_count));
    let before = counts();
    sleep(time).await;
    let after = counts();
    [0, 1, 2].map(|i| after[i] - before[i])
}

/// A write each 2 ms, replayed at once.
async fn write_for_ever(nodes: Nodes, monitor: Monitor) {
    loop {
        (0..3).for_each(|i| nodes.change(i, |s| s.lsn += 8));
        monitor.wrote();
        sleep(Duration::from_millis(2)).await;
    }
}

/// Fifty lost servers on node 1 each millisecond.
async fn report_for_ever(monitor: Monitor) {
    loop {
        (0..50).for_each(|_| monitor.failed(NodeId(1)));
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn roles_are_found_within_moments() {
    let (_, monitor, _tasks) = start().await;
    assert_eq!(monitor.view().primary, Some(NodeId(0)));
    assert_eq!(exclusions(&monitor), [None; 3]);
    let found = choose(
        &monitor.view(),
        &Ask::default(),
        &Vec::<Load>::new(),
        1,
        now(),
    );
    assert!(matches!(found, Choice::Replica(_)));
}

#[tokio::test(start_paused = true)]
async fn idle_cluster_is_asked_once_a_second() {
    let (nodes, monitor, _tasks) = start().await;
    for asked in asked_in(&nodes, Duration::from_secs(100)).await {
        assert!((99..=101).contains(&asked), "{asked}");
    }
    assert_eq!(exclusions(&monitor), [None; 3]);
}

/// By the age of what was replayed last the replicas would be ten minutes behind.
#[tokio::test(start_paused = true)]
async fn one_write_after_ten_idle_minutes_sheds_no_replica() {
    let (nodes, monitor, _tasks) = start().await;
    sleep(Duration::from_secs(600)).await;
    for ms in 0..3_000 {
        match ms {
            // A write, which the replicas replay some time later.
            1_000 => nodes.change(0, |s| s.lsn += 8),
            1_020 => (1..3).for_each(|i| nodes.change(i, |s| s.lsn += 8)),
            _ => (),
        }
        if ms == 1_000 {
            monitor.wrote();
        }
        let view = monitor.view();
        for replica in &view.nodes[1..] {
            let weight = weigh(&view, &Ask::default(), replica, now());
            assert_eq!(weight, Ok(1.0), "after {ms} ms: {replica:?}");
        }
        drop(view);
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn cluster_that_is_written_to_is_asked_often() {
    let (nodes, monitor, _tasks) = start().await;
    let writer = tokio::spawn(write_for_ever(nodes.clone(), monitor.clone()));
    sleep(Duration::from_millis(100)).await;
    for asked in asked_in(&nodes, Duration::from_secs(1)).await {
        assert!((80..=101).contains(&asked), "{asked}");
    }
    writer.abort();
    // All certified: back to once a second.
    sleep(Duration::from_millis(50)).await;
    for asked in asked_in(&nodes, Duration::from_secs(10)).await {
        assert!((9..=11).contains(&asked), "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn replica_that_never_catches_up_does_not_keep_the_pace_fast() {
    let (nodes, monitor, _tasks) = start().await;
    (0..2).for_each(|i| nodes.change(i, |s| s.lsn += 8));
    monitor.wrote();
    sleep(Duration::from_secs(3)).await;
    for asked in asked_in(&nodes, Duration::from_secs(10)).await {
        assert!((9..=11).contains(&asked), "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_reader_gets_its_certificate_in_two_round_trips() {
    let (nodes, monitor, _tasks) = start().await;
    sleep(Duration::from_millis(500)).await;
    (0..2).for_each(|i| nodes.change(i, |s| s.lsn += 8));
    monitor.wrote();
    let since = now();
    let is_certified = |view: &View| {
        let is = |n: &&crate::topology::view::NodeView| n.certificate >= Some(since);
        view.nodes.iter().find(is).map(|n| n.id)
    };
    let deadline = since + Duration::from_millis(20);
    let node = monitor.wait_for(Some(since), deadline, is_certified).await;
    assert_eq!(node, Some(NodeId(1)));
    let waited = now().duration_since(since).as_millis();
    assert!(waited <= 5, "{waited} ms");
    // The other one lacks the write: its reader waits in vain.
    let second = |v: &View| (v.nodes[2].certificate >= Some(since)).then_some(());
    assert_eq!(monitor.wait_for(Some(since), deadline, second).await, None);
    assert_eq!(now(), deadline);
}

#[tokio::test(start_paused = true)]
async fn refused_connection_takes_a_node_out_at_once_and_it_comes_back_alone() {
    let (nodes, monitor, _tasks) = start().await;
    nodes.change(1, |s| s.mode = Mode::Refuses);
    monitor.refused(NodeId(1));
    assert_eq!(exclusions(&monitor)[1], Some(Exclusion::Down));
    sleep(Duration::from_secs(30)).await;
    nodes.change(1, |s| s.mode = Mode::Answers);
    let ms = until(&monitor, |v| v.nodes[1].exclusion.is_none()).await;
    assert!(ms <= 1_050, "{ms} ms");
    // Slowly: it gets a small share at first.
    let health = monitor.view().nodes[1].health;
    assert!(matches!(
        health,
        Health::Up {
            back_at: Some(_),
            ..
        }
    ));
    assert!(health.ramp(&monitor.view().policy, now()) < 0.1);
}

#[tokio::test(start_paused = true)]
async fn node_that_dies_is_noticed_between_two_questions() {
    let (nodes, monitor, _tasks) = start().await;
    sleep(Duration::from_secs(10)).await;
    nodes.change(1, |s| s.mode = Mode::Refuses);
    nodes.bells[1].notify_one();
    let ms = until(&monitor, |v| v.nodes[1].exclusion == Some(Exclusion::Down)).await;
    assert!(ms <= 20, "{ms} ms");
}

#[tokio::test(start_paused = true)]
async fn lost_connection_alone_takes_no_node_out() {
    let (nodes, monitor, _tasks) = start().await;
    sleep(Duration::from_secs(10)).await;
    nodes.bells[1].notify_one();
    let ms = until(&monitor, |v| v.nodes[1].certificate.is_none()).await;
    assert!(ms <= 1, "void at once: it may have restarted; {ms} ms");
    let ms = until(&monitor, |v| v.nodes[1].certificate.is_some()).await;
    assert!(ms <= 50, "{ms} ms");
    assert_eq!(exclusions(&monitor), [None; 3]);
}

#[tokio::test(start_paused = true)]
async fn node_that_hangs_is_down_after_three_timeouts() {
    let (nodes, monitor, _tasks) = start().await;
    nodes.change(2, |s| s.mode = Mode::Hangs);
    let ms = until(&monitor, |v| v.nodes[2].exclusion == Some(Exclusion::Down)).await;
    assert!((3_000..=4_500).contains(&ms), "{ms} ms");
    nodes.change(2, |s| s.mode = Mode::Answers);
    let ms = until(&monitor, |v| v.nodes[2].exclusion.is_none()).await;
    assert!(ms <= 2_050, "{ms} ms");
}

#[tokio::test(start_paused = true)]
async fn promotion_is_followed() {
    let (nodes, monitor, _tasks) = start().await;
    let mut changes = monitor.changes();
    nodes.change(0, |s| s.mode = Mode::Refuses);
    monitor.refused(NodeId(0));
    assert_eq!(monitor.view().primary, None);
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    sleep(Duration::from_secs(5)).await;
    nodes.change(2, |s| (s.role, s.timeline) = (Role::Primary, 2));
    let ms = until(&monitor, |v| v.primary == Some(NodeId(2))).await;
    assert!(ms <= 105, "searched for each 100 ms: {ms} ms");
    assert_eq!(exclusions(&monitor)[1], None, "reads go on");
    assert_eq!(monitor.view().nodes[1].certificate, None);
    nodes.change(1, |s| s.timeline = 2);
    until(&monitor, |v| v.nodes[1].certificate.is_some()).await;
    // The old primary is back, and writable.
    nodes.change(0, |s| s.mode = Mode::Answers);
    until(&monitor, |v| {
        v.nodes[0].exclusion == Some(Exclusion::Quarantined)
    })
    .await;
    assert_eq!(monitor.view().primary, Some(NodeId(2)));
    assert!(monitor.view().is_split);
}

#[tokio::test(start_paused = true)]
async fn traffic_that_tells_of_a_promotion_is_faster_than_probes() {
    let (nodes, monitor, _tasks) = start().await;
    sleep(Duration::from_millis(300)).await;
    nodes.change(0, |s| s.mode = Mode::Hangs);
    nodes.change(1, |s| (s.role, s.timeline) = (Role::Primary, 2));
    monitor.in_hot_standby(NodeId(1), false);
    assert_eq!(exclusions(&monitor)[1], Some(Exclusion::RoleUnknown));
    let ms = until(&monitor, |v| v.primary == Some(NodeId(1))).await;
    assert!(ms <= 5, "{ms} ms");
    assert_eq!(exclusions(&monitor)[0], Some(Exclusion::Quarantined));
}

#[tokio::test(start_paused = true)]
async fn lost_server_has_its_node_asked_at_once() {
    let (nodes, monitor, _tasks) = start().await;
    sleep(Duration::from_millis(300)).await;
    nodes.change(1, |s| s.mode = Mode::Refuses);
    monitor.failed(NodeId(1));
    let ms = until(&monitor, |v| v.nodes[1].exclusion == Some(Exclusion::Down)).await;
    assert!(ms <= 5, "{ms} ms");
}

#[tokio::test(start_paused = true)]
async fn storm_of_reports_does_not_become_a_storm_of_questions() {
    let (nodes, monitor, _tasks) = start().await;
    let reporter = tokio::spawn(report_for_ever(monitor.clone()));
    let asked = asked_in(&nodes, Duration::from_secs(1)).await;
    reporter.abort();
    assert!(asked[1] <= 101, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn tasks_end_when_they_are_stopped() {
    let (nodes, _monitor, tasks) = start().await;
    tasks.stop().await;
    assert_eq!(asked_in(&nodes, Duration::from_secs(60)).await, [0; 3]);
}
