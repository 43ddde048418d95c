//! A line before a monitor of one scripted node, under a paused clock.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio::time::timeout;

use super::*;
use crate::ids::NodeId;
use crate::monitor::handle::Tasks;
use crate::monitor::probe::Probe;
use crate::monitor::probe::Said;
use crate::monitor::probe::Session;
use crate::monitor::probe::Trouble;
use crate::monitor::settings::Settings;
use crate::topology::identity::Role;
use crate::topology::identity::SystemId;
use crate::topology::identity::Timeline;
use crate::topology::lsn::WalLayout;
use crate::topology::policy::Policy;
use crate::topology::tracker::Answer;
use crate::topology::tracker::Hello;

/// How long a primary that has turned read only is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node that is a standby until it is told that it is the primary.
#[derive(Clone, Default)]
struct Node(Arc<AtomicBool>);

impl Probe for Node {
    type Session = Self;

    async fn connect(&self, _: NodeId) -> Result<(Self, Hello), Trouble> {
        let hello = Hello {
            system: SystemId(7),
            layout: WalLayout::default(),
        };
        Ok((self.clone(), hello))
    }
}

impl Session for Node {
    async fn ask(&mut self) -> Result<Answer, Trouble> {
        let is_primary = self.0.load(Ordering::Relaxed);
        Ok(Answer {
            role: match is_primary {
                true => Role::Primary,
                false => Role::Replica,
            },
            lsn: None,
            flushed: None,
            is_read_only: false,
            timeline: Some(Timeline(1)),
        })
    }

    async fn flush(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    async fn replication(&mut self, _: Role) -> Result<Option<Said>, Trouble> {
        Ok(None)
    }

    async fn lost(&mut self) -> Trouble {
        std::future::pending().await
    }
}

fn settings() -> Settings {
    Settings {
        cluster: "main".into(),
        nodes: vec![(Arc::from("node"), 1.0)],
        policy: Policy::default(),
        probe_timeout: Duration::from_secs(1),
        interval_fast: Duration::from_millis(10),
        interval_slow: Duration::from_secs(1),
        interval_replication: Duration::from_secs(1),
    }
}

fn start() -> (Node, Monitor, Tasks, Arc<Line>) {
    let node = Node::default();
    let (monitor, tasks) = Monitor::start(settings(), node.clone());
    (node, monitor, tasks, Arc::default())
}

/// Has `count` stand in line, those that came last first; tells who goes, in that order.
fn crowd(line: &Arc<Line>, monitor: &Monitor, count: u64) -> (JoinSet<()>, Arc<Mutex<Vec<u64>>>) {
    let (gone, mut tasks) = (Arc::new(Mutex::new(Vec::new())), JoinSet::new());
    let start = clock();
    for i in (0..count).rev() {
        let came = start + Duration::from_micros(i);
        let mut place = line.enter(came, usize::MAX).unwrap();
        place.stand();
        let (monitor, gone) = (monitor.clone(), Arc::clone(&gone));
        tasks.spawn(async move {
            place.turn(&monitor, PATIENCE).await;
            gone.lock().unwrap().push(i);
        });
    }
    (tasks, gone)
}

#[tokio::test(start_paused = true)]
async fn they_go_in_the_order_of_arrival_and_not_all_at_once() {
    let (node, monitor, _tasks, line) = start();
    let (mut tasks, gone) = crowd(&line, &monitor, 1000);
    sleep(Duration::from_secs(5)).await;
    assert!(line.is_busy() && gone.lock().unwrap().is_empty());
    node.0.store(true, Ordering::Relaxed);
    monitor.failed(NodeId(0));
    let found = |view: &View| view.primary;
    let deadline = clock() + Duration::from_secs(5);
    monitor.wait_for(None, deadline, found).await.unwrap();
    sleep(Duration::from_millis(5)).await;
    assert_eq!(gone.lock().unwrap().len(), 8);
    sleep(Duration::from_millis(10)).await;
    assert_eq!(gone.lock().unwrap().len(), 24);
    let all = async { while tasks.join_next().await.is_some() {} };
    timeout(Duration::from_millis(100), all).await.unwrap();
    assert_eq!(*gone.lock().unwrap(), (0..1000).collect::<Vec<_>>());
    assert!(!line.is_busy());
}

#[tokio::test(start_paused = true)]
async fn a_node_that_nobody_asks_is_gone_to_at_once() {
    let (monitor, _tasks) = Monitor::unasked(settings());
    let line = Arc::new(Line::default());
    let (mut tasks, gone) = crowd(&line, &monitor, 3);
    let all = async { while tasks.join_next().await.is_some() {} };
    timeout(Duration::from_millis(1), all).await.unwrap();
    assert_eq!(*gone.lock().unwrap(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_does_not_stop_the_others() {
    let (node, monitor, _tasks, line) = start();
    let (mut tasks, gone) = crowd(&line, &monitor, 20);
    sleep(Duration::from_millis(1)).await;
    // The first of the line and one behind it give up.
    let came = clock() - Duration::from_secs(1);
    let mut first = line.enter(came, usize::MAX).unwrap();
    let mut second = line.enter(came, usize::MAX).unwrap();
    first.stand();
    second.stand();
    let soon = Duration::from_millis(50);
    assert!(timeout(soon, first.turn(&monitor, PATIENCE)).await.is_err());
    drop(second);
    node.0.store(true, Ordering::Relaxed);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(
        line.waiting(),
        21,
        "the first stands in the way until it is gone"
    );
    drop(first);
    while tasks.join_next().await.is_some() {}
    assert_eq!(*gone.lock().unwrap(), (0..20).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn there_are_no_more_places_than_may_be() {
    let (node, monitor, _tasks, line) = start();
    node.0.store(true, Ordering::Relaxed);
    sleep(Duration::from_secs(1)).await;
    let mut places: Vec<_> = (0..3).map(|_| line.enter(clock(), 3).unwrap()).collect();
    assert!(line.enter(clock(), 3).is_none());
    // Who was let go has its place until it has a server: it may have to come back.
    let mut place = places.remove(0);
    place.stand();
    place.turn(&monitor, PATIENCE).await;
    assert!(!place.stands() && line.enter(clock(), 3).is_none());
    drop(place);
    assert!(line.enter(clock(), 3).is_some());
}

#[tokio::test(start_paused = true)]
async fn who_went_for_nothing_is_the_first_again_after_a_pause() {
    let (node, monitor, _tasks, line) = start();
    node.0.store(true, Ordering::Relaxed);
    sleep(Duration::from_secs(1)).await;
    let mut place = line.enter(clock(), 10).unwrap();
    sleep(Duration::from_millis(1)).await;
    let mut later = line.enter(clock(), 10).unwrap();
    place.stand();
    place.turn(&monitor, PATIENCE).await;
    later.stand();
    line.on_failed(clock());
    place.stand();
    let began = clock();
    let soon = Duration::from_millis(10);
    assert!(timeout(soon, later.turn(&monitor, PATIENCE)).await.is_err());
    place.turn(&monitor, PATIENCE).await;
    assert_eq!(clock() - began, Duration::from_millis(20));
    later.turn(&monitor, PATIENCE).await;
    assert!(!line.is_busy());
}
