//! The tracker as a transcript of answers: `P1@100` is a writable node on timeline 1 at position
//! 100, `p1@100` one whose transactions are read only by default, `R1@90` a replica, `x` a failed
//! probe, `r` a refused one, `f` one for which the node had no room.

use super::*;

/// Cluster 7, with a clock in milliseconds.
struct Cluster {
    tracker: Tracker,
    origin: Instant,
    now_ms: u64,
    connected: Vec<bool>,
    systems: Vec<u64>,
}

impl Cluster {
    fn new(count: usize) -> Self {
        let nodes: Vec<_> = (0..count).map(|_| (Arc::from("node"), 1.0)).collect();
        Self {
            tracker: Tracker::new(Policy::default(), &nodes),
            origin: origin(),
            now_ms: 1_000,
            connected: vec![false; count],
            systems: vec![7; count],
        }
    }

    fn at(&self, ms: u64) -> Instant {
        self.origin + Duration::from_millis(ms)
    }

    /// Each node's answer, one millisecond after the question, which is one after the last.
    #[track_caller]
    fn round(&mut self, answers: &str) -> Change {
        let one = |(i, text)| self.answer(u16::try_from(i).unwrap(), text);
        answers
            .split_whitespace()
            .enumerate()
            .map(one)
            .max()
            .unwrap()
    }

    fn answer(&mut self, node: u16, text: &str) -> Change {
        let id = NodeId(node);
        self.now_ms += 2;
        let (asked_at, now) = (self.at(self.now_ms - 1), self.at(self.now_ms));
        let (letter, rest) = text.split_at(1);
        let role = match letter {
            "P" | "p" => Role::Primary,
            "R" => Role::Replica,
            "-" => return Change::Nothing,
            failure => {
                self.connected[id.index()] = false;
                let failure = match failure {
                    "x" => Failure::Failed,
                    "f" => Failure::Full,
                    _ => Failure::Refused,
                };
                return self.tracker.on_failure(id, failure, now);
            }
        };
        let (timeline, lsn) = rest.split_once('@').unwrap();
        let hello = Hello {
            system: SystemId(self.systems[id.index()]),
            layout: WalLayout::default(),
        };
        let answer = Answer {
            role,
            lsn: Some(Lsn(lsn.parse().unwrap())),
            flushed: None,
            is_read_only: letter == "p",
            timeline: timeline.parse().ok().map(Timeline),
        };
        let is_new = !std::mem::replace(&mut self.connected[id.index()], true);
        self.tracker
            .on_answer(id, is_new.then_some(hello), answer, asked_at, now)
    }

    fn primary(&self) -> Option<u16> {
        self.tracker.view().primary.map(|id| id.0)
    }

    fn exclusions(&self) -> Vec<&'static str> {
        let nodes = self.tracker.view().nodes.iter();
        nodes
            .map(|n| n.exclusion.map_or("", Exclusion::as_str))
            .collect()
    }

    /// Certificates in milliseconds.
    fn certificates(&self) -> Vec<Option<u64>> {
        let ms = |c: Instant| u64::try_from(c.duration_since(self.origin).as_millis()).unwrap();
        let nodes = self.tracker.view().nodes.iter();
        nodes.map(|n| n.certificate.map(ms)).collect()
    }

    fn lag_ms(&self, node: u16) -> Option<u128> {
        let view = self.tracker.view();
        let node = view.node(NodeId(node)).unwrap();
        view.lag(node, self.at(self.now_ms))
            .map(|lag| lag.as_millis())
    }
}

#[test]
fn roles_and_certificates_from_the_first_round() {
    let mut cluster = Cluster::new(3);
    assert_eq!(cluster.exclusions(), ["unprobed"; 3]);
    cluster.round("P1@100 R1@100 R1@90");
    assert_eq!(cluster.primary(), Some(0));
    // Elected when the last node answered; its position is asked for again before it counts.
    assert_eq!(cluster.exclusions(), ["", "uncertified", "uncertified"]);
    assert_eq!(cluster.round("P1@100 R1@100 R1@90"), Change::Shape);
    assert_eq!(cluster.certificates(), [None, Some(1_007), None]);
    assert_eq!(cluster.round("P1@100 R1@100 R1@100"), Change::Shape);
    assert_eq!(cluster.certificates(), [None, Some(1_013), Some(1_013)]);
    assert_eq!(cluster.exclusions(), ["", "", ""]);
    assert_eq!(cluster.round("P1@100 R1@100 R1@100"), Change::Freshness);
}

#[test]
fn old_primary_that_answers_first_is_not_elected() {
    let mut cluster = Cluster::new(3);
    cluster.round("P1@999");
    assert_eq!(
        (cluster.primary(), cluster.exclusions()[0]),
        (None, "role_unknown")
    );
    cluster.answer(1, "P2@500");
    assert_eq!(cluster.primary(), None);
    cluster.answer(2, "r");
    assert_eq!(cluster.primary(), Some(1));
    assert_eq!(cluster.exclusions(), ["quarantined", "", "down"]);
    assert!(cluster.tracker.view().is_split);
}

#[test]
fn node_of_another_cluster_is_refused() {
    let mut cluster = Cluster::new(3);
    cluster.systems[0] = 8;
    cluster.round("P5@100 P1@100 R1@100");
    assert_eq!(cluster.primary(), Some(1));
    assert_eq!(cluster.exclusions()[..2], ["foreign", ""]);
    assert!(!cluster.tracker.view().is_split);
}

#[test]
fn idle_primary_has_no_lag() {
    let mut cluster = Cluster::new(2);
    cluster.round("P1@100 R1@100");
    for _ in 0..3 {
        cluster.now_ms += 600_000;
        cluster.round("P1@100 R1@100");
        assert_eq!(
            (cluster.lag_ms(1), cluster.certificates()[1].is_some()),
            (Some(3), true)
        );
    }
    // One write after the idle time: behind by the time since the last sample and no more.
    cluster.now_ms += 10;
    cluster.round("P1@200 R1@100");
    assert_eq!(cluster.lag_ms(1), Some(17));
    assert_eq!(cluster.tracker.view().nodes[1].lag_bytes, Some(100));
    assert_eq!(cluster.exclusions(), ["", ""]);
}

#[test]
fn segment_switch_on_an_idle_primary_does_not_stall_certificates() {
    let mut cluster = Cluster::new(2);
    let start = 5 * 16 * 1024 * 1024;
    let round = format!("P1@{} R1@{start}", start + 40);
    cluster.round(&round);
    cluster.round(&round);
    assert_eq!(cluster.certificates()[1], Some(1_005));
}

#[test]
fn lagging_replica_is_left_out_and_taken_in_with_hysteresis() {
    let mut cluster = Cluster::new(2);
    let mut states = Vec::new();
    cluster.now_ms = 100_000;
    for lag_ms in [
        1_000, 9_000, 9_500, 10_100, 9_500, 8_000, 7_000, 9_000, 9_500,
    ] {
        // The position is the clock; a sample each 100 ms for long enough to be that far behind.
        for _ in 0..150 {
            cluster.now_ms += 100;
            let now = cluster.now_ms;
            cluster.round(&format!("P1@{now} R1@{}", now - lag_ms));
        }
        states.push(cluster.exclusions()[1]);
    }
    assert_eq!(
        states,
        ["", "", "", "lagging", "lagging", "lagging", "", "", ""]
    );
}

#[test]
fn promotion_voids_certificates_until_replicas_follow() {
    let mut cluster = Cluster::new(3);
    for _ in 0..3 {
        cluster.round("P1@100 R1@100 R1@100");
    }
    assert!(cluster.certificates()[1..].iter().all(Option::is_some));
    cluster.round("r P2@120 R1@140");
    assert_eq!(cluster.primary(), Some(1));
    // Node 2 has replayed more, but of a history that ended at 100.
    cluster.round("r P2@130 R1@140");
    assert_eq!(cluster.certificates(), [None; 3]);
    assert!(
        cluster.lag_ms(2).is_some_and(|ms| ms < 100),
        "kept, to say how far it is behind"
    );
    cluster.round("r P2@130 R2@130");
    assert!(cluster.certificates()[2].is_some());
}

#[test]
fn old_primary_comes_back_and_is_quarantined() {
    let mut cluster = Cluster::new(2);
    cluster.round("P1@900 R1@100");
    cluster.round("x -");
    assert_eq!(
        cluster.primary(),
        Some(0),
        "one failed probe is not the end"
    );
    cluster.answer(1, "P2@100");
    assert_eq!(
        (cluster.primary(), cluster.exclusions()[0]),
        (Some(1), "quarantined")
    );
    cluster.round("P1@950 P2@120");
    assert_eq!(
        (cluster.primary(), cluster.exclusions()[0]),
        (Some(1), "quarantined")
    );
    assert!(cluster.tracker.view().is_split);
    // The new one dies: the old one must not get its writes.
    cluster.round("P1@950 r");
    assert_eq!(
        (cluster.primary(), cluster.exclusions()[0]),
        (None, "quarantined")
    );
    // It rejoins as a replica.
    cluster.round("r P2@120");
    cluster.round("R2@120 P2@120");
    cluster.round("R2@120 P2@120");
    cluster.round("R2@120 P2@120");
    assert_eq!((cluster.primary(), cluster.exclusions()[0]), (Some(1), ""));
}

#[test]
fn links_to_a_primary_that_was_replaced_are_barred() {
    let mut cluster = Cluster::new(3);
    let barred = |cluster: &Cluster| {
        let bars = |id, as_primary| cluster.tracker.view().bars(NodeId(id), as_primary);
        [0, 1, 2].map(|id| (bars(id, true), bars(id, false)))
    };
    cluster.round("P1@100 R1@100 R1@100");
    let (replica, primary) = ((true, false), (false, false));
    assert_eq!(barred(&cluster), [primary, replica, replica]);
    // It hangs, or has gone: as long as there is no other it may come back.
    for failure in ["x", "x", "x", "r"] {
        cluster.answer(0, failure);
        assert!(!barred(&cluster)[0].0, "{failure}");
    }
    let before = cluster.tracker.view().clone();
    cluster.answer(1, "P2@100");
    assert_eq!(barred(&cluster), [replica, primary, replica]);
    assert!(cluster.tracker.view().bars_more_than(&before));
    // It is back, and writable.
    let before = cluster.tracker.view().clone();
    cluster.round("P1@120 P2@110 R1@100");
    cluster.round("P1@120 P2@110 R1@100");
    assert_eq!(barred(&cluster), [(true, true), primary, replica]);
    assert!(cluster.tracker.view().bars_more_than(&before));
    let before = cluster.tracker.view().clone();
    cluster.round("P1@130 P2@120 R2@110");
    assert!(!cluster.tracker.view().bars_more_than(&before));
}

#[test]
fn a_higher_timeline_bars_a_primary_though_nobody_is_known_to_write_on_it() {
    let mut cluster = Cluster::new(2);
    cluster.round("P1@100 R1@100");
    cluster.round("P1@100 R2@100");
    assert_eq!(cluster.primary(), None);
    assert!(cluster.tracker.view().bars(NodeId(0), true));
}

#[test]
fn of_two_on_one_timeline_none_is_the_primary_to_one_who_knew_neither() {
    let mut cluster = Cluster::new(2);
    cluster.round("P1@100 P1@900");
    assert_eq!(cluster.primary(), None);
    assert!(cluster.tracker.view().is_split);
    assert_eq!(cluster.exclusions(), ["quarantined"; 2]);
}

#[test]
fn without_a_primary_nothing_new_is_certified_and_lag_stands_still() {
    let mut cluster = Cluster::new(2);
    for _ in 0..2 {
        cluster.round("P1@100 R1@90");
    }
    cluster.round("P1@100 R1@100");
    let before = cluster.certificates();
    cluster.round("P1@110 R1@100");
    cluster.round("r R1@110");
    assert_eq!((cluster.primary(), cluster.certificates()), (None, before));
    let lag = cluster.lag_ms(1);
    cluster.now_ms += 60_000;
    cluster.round("r R1@110");
    assert_eq!(cluster.lag_ms(1), lag);
    assert_eq!(cluster.exclusions(), ["down", ""]);
}

/// The receiver's timeline is the replica's as long as it has one. When its primary died after a
/// promotion, reads stopped: the control file still had the timeline before.
#[test]
fn a_replica_that_loses_its_receiver_keeps_timeline_and_certificate() {
    let mut cluster = Cluster::new(2);
    cluster.round("P2@100 R2@100");
    cluster.round("P2@100 R2@100");
    let node = |cluster: &Cluster| {
        let node = &cluster.tracker.view().nodes[1];
        (node.incarnation, node.identity, node.certificate.is_some())
    };
    let before = node(&cluster);
    assert!(before.2);
    cluster.round("r R1@100");
    assert_eq!(node(&cluster), before);
}

#[test]
fn lost_connection_voids_the_certificate() {
    let mut cluster = Cluster::new(2);
    cluster.round("P1@100 R1@100");
    cluster.round("P1@100 R1@100");
    let incarnation = cluster.tracker.view().nodes[1].incarnation;
    cluster.round("P1@100 x");
    assert_eq!(cluster.certificates()[1], None);
    // It crashed and replays from an earlier point.
    cluster.round("P1@100 R1@80");
    assert_eq!(cluster.certificates()[1], None);
    assert!(incarnation < cluster.tracker.view().nodes[1].incarnation);
}

#[test]
fn traffic_that_tells_of_a_new_role_turns_the_view_at_once() {
    let mut cluster = Cluster::new(2);
    cluster.round("P1@100 R1@100");
    cluster.round("P1@100 R1@100");
    let now = cluster.at(cluster.now_ms);
    for (node, is_standby) in [(0, false), (1, true)] {
        let change = cluster
            .tracker
            .on_in_hot_standby(NodeId(node), is_standby, now);
        assert_eq!(change, Change::Nothing);
    }
    let change = cluster.tracker.on_in_hot_standby(NodeId(1), false, now);
    assert_eq!(change, Change::Shape);
    assert_eq!(cluster.exclusions(), ["", "role_unknown"]);
    assert_eq!(cluster.certificates()[1], None);
    let change = cluster.tracker.on_in_hot_standby(NodeId(0), true, now);
    assert_eq!((change, cluster.primary()), (Change::Shape, None));
    cluster.round("x P2@110");
    assert_eq!(cluster.primary(), Some(1));
}

#[test]
fn unknown_nodes_are_ignored() {
    let mut cluster = Cluster::new(1);
    let now = cluster.at(0);
    assert_eq!(
        cluster.tracker.on_failure(NodeId(9), Failure::Failed, now),
        Change::Nothing
    );
    assert_eq!(
        cluster.tracker.on_in_hot_standby(NodeId(9), true, now),
        Change::Nothing
    );
}

fn origin() -> Instant {
    tokio::time::Instant::now().into_std()
}

mod promise;
mod turned;
