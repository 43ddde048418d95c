//! Lists that change between two answers.

use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use super::*;
use crate::ids::NodeId;
use crate::topology::health::Health;
use crate::topology::identity::Role;
use crate::topology::identity::SystemId;
use crate::topology::identity::Timeline;
use crate::topology::lsn::Lsn;
use crate::topology::lsn::WalLayout;
use crate::topology::policy::Policy;
use crate::topology::tracker::Answer;
use crate::topology::tracker::Failure;
use crate::topology::tracker::Hello;
use crate::topology::view::Exclusion;

fn at(ms: u64) -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    let origin = ORIGIN.get_or_init(|| tokio::time::Instant::now().into_std());
    *origin + Duration::from_millis(ms)
}

fn tracker(names: &str) -> Tracker {
    let nodes: Vec<(Arc<str>, f64)> = names
        .split_whitespace()
        .map(|name| (name.into(), 1.0))
        .collect();
    Tracker::new(Policy::default(), &nodes)
}

fn answer(tracker: &mut Tracker, node: u16, system: u64, role: Role, ms: u64) {
    let hello = Hello {
        system: SystemId(system),
        layout: WalLayout::default(),
    };
    let answer = Answer {
        role,
        lsn: Some(Lsn(100)),
        flushed: None,
        is_read_only: false,
        timeline: Some(Timeline(3)),
    };
    let _ = tracker.on_answer(NodeId(node), Some(hello), answer, at(ms), at(ms + 1));
}

/// `a` is the primary, `b` and `c` replicas that hold everything.
fn three() -> Tracker {
    let mut tracker = tracker("a b c");
    let roles = [(0, Role::Primary), (1, Role::Replica), (2, Role::Replica)];
    // Nobody is elected before all have answered, and nothing certified before.
    for round in [0, 100] {
        for (node, role) in roles {
            answer(&mut tracker, node, 7, role, round + 10 * u64::from(node));
        }
    }
    tracker
}

fn heir(before: &Tracker, names: &str) -> Tracker {
    let mut heir = tracker(names);
    let _ = heir.inherit(before, at(1_000));
    heir
}

fn shown(tracker: &Tracker) -> Vec<(String, &'static str, Option<Exclusion>, bool)> {
    let nodes = tracker.view().nodes.iter();
    let one = nodes.map(|n| {
        (
            n.address.to_string(),
            n.role.as_str(),
            n.exclusion,
            n.certificate.is_some(),
        )
    });
    one.collect()
}

#[test]
fn those_that_stay_serve_on() {
    let before = three();
    let after = heir(&before, "c d a");
    assert_eq!(
        shown(&after),
        [
            ("c".to_owned(), "replica", None, true),
            ("d".to_owned(), "unknown", Some(Exclusion::Unprobed), false),
            ("a".to_owned(), "primary", None, false),
        ]
    );
    let view = after.view();
    assert_eq!(view.primary, Some(NodeId(2)));
    assert!(before.view().version < view.version);
    let ids: Vec<_> = view.nodes.iter().map(|n| n.id.0).collect();
    assert_eq!(ids, [0, 1, 2]);
    assert_eq!(
        view.nodes[0].certificate,
        before.view().nodes[2].certificate
    );
    assert_eq!(after.newest_sample(), before.newest_sample());
}

#[test]
fn who_is_new_serves_when_it_has_answered() {
    let mut after = heir(&three(), "a b d e");
    answer(&mut after, 2, 7, Role::Replica, 1_010);
    answer(&mut after, 3, 8, Role::Replica, 1_010);
    let exclusions: Vec<_> = after.view().nodes.iter().map(|n| n.exclusion).collect();
    assert_eq!(exclusions, [None, None, None, Some(Exclusion::Foreign)]);
    assert!(after.view().nodes[2].certificate.is_some());
}

#[test]
fn an_old_primary_that_comes_back_is_known_for_one() {
    let mut after = heir(&three(), "a b");
    let promoted = |timeline| Answer {
        role: Role::Primary,
        lsn: Some(Lsn(90)),
        flushed: None,
        is_read_only: false,
        timeline: Some(Timeline(timeline)),
    };
    let _ = after.on_failure(NodeId(0), Failure::Refused, at(1_100));
    let _ = after.on_answer(NodeId(1), None, promoted(4), at(1_200), at(1_201));
    assert_eq!(after.view().primary, Some(NodeId(1)));
    // The old one is not on the list for a while, and then is again, writable.
    let after = heir(&after, "b c");
    let mut after = heir(&after, "b c a");
    answer(&mut after, 2, 7, Role::Primary, 2_000);
    assert_eq!(after.view().primary, Some(NodeId(0)));
    assert_eq!(
        after.view().nodes[2].exclusion,
        Some(Exclusion::Quarantined)
    );
}

#[test]
fn a_primary_that_is_taken_off_leaves_none() {
    let after = heir(&three(), "b c");
    assert_eq!(after.view().primary, None);
    assert_eq!(after.view().primary_lost, Some(at(1_000)));
    let exclusions: Vec<_> = after.view().nodes.iter().map(|n| n.exclusion).collect();
    assert_eq!(exclusions, [None, None], "reads go on");
    let again = heir(&after, "b");
    assert_eq!(again.view().primary_lost, Some(at(1_000)));
}

#[test]
fn with_none_in_common_it_is_another_cluster() {
    let mut after = heir(&three(), "x y");
    assert_eq!((after.system(), after.view().primary), (None, None));
    answer(&mut after, 0, 8, Role::Primary, 1_010);
    answer(&mut after, 1, 8, Role::Replica, 1_020);
    assert_eq!(after.view().primary, Some(NodeId(0)));
    // A node that never answered tells nothing of which cluster it is.
    let silent = heir(&tracker("a b"), "a c");
    assert_eq!(silent.system(), None);
    assert_eq!(silent.view().nodes[0].health, Health::Unprobed);
}

/// A replica without a receiver names an earlier timeline over a new connection; when a list changed
/// during a failover, reads stopped.
#[test]
fn another_connection_to_a_node_that_stays_is_no_news() {
    let before = three();
    let known = |tracker: &Tracker| {
        let node = &tracker.view().nodes[1];
        (node.incarnation, node.identity, node.certificate.is_some())
    };
    let asked = |tracker: &mut Tracker, system, lsn, timeline| {
        let hello = Hello {
            system: SystemId(system),
            layout: WalLayout::default(),
        };
        let answer = Answer {
            role: Role::Replica,
            lsn: Some(Lsn(lsn)),
            flushed: None,
            is_read_only: false,
            timeline: Some(Timeline(timeline)),
        };
        let _ = tracker.on_answer(NodeId(1), Some(hello), answer, at(1_010), at(1_011));
    };
    let mut after = heir(&before, "a b d");
    asked(&mut after, 7, 100, 2);
    assert_eq!(known(&after), known(&before));
    // The next one is, as after each lost connection.
    asked(&mut after, 7, 100, 3);
    assert_ne!(known(&after).0, known(&before).0);
    for (system, lsn) in [(7, 99), (8, 100)] {
        let mut after = heir(&before, "a b d");
        asked(&mut after, system, lsn, 3);
        assert_ne!(known(&after).0, known(&before).0, "{system} at {lsn}");
    }
    let mut after = heir(&before, "a b d");
    let _ = after.on_failure(NodeId(1), Failure::Failed, at(1_005));
    let failed = known(&after).0;
    asked(&mut after, 7, 100, 3);
    assert_ne!(known(&after).0, failed);
}
