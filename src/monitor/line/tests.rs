use std::future::Future;
use std::pin::pin;
use std::task::Context;
use std::task::Waker;
use std::time::Duration;
use std::time::Instant;

use super::*;
use crate::topology::choose::LastRead;
use crate::topology::identity::Role;
use crate::topology::policy::Policy;
use crate::topology::tracker::Tracker;
use crate::topology::view::Exclusion;

/// A primary (0) and two replicas, certified as of so many milliseconds after `start`.
fn view(start: Instant, certified_ms: [u64; 2]) -> View {
    let nodes: Vec<_> = (0..3).map(|_| (Arc::from("node"), 1.0)).collect();
    let mut view = Tracker::new(Policy::default(), &nodes).view().clone();
    view.primary = Some(NodeId(0));
    for node in &mut view.nodes {
        node.exclusion = None;
        node.role = Role::Replica;
    }
    for (node, ms) in view.nodes.iter_mut().skip(1).zip(certified_ms) {
        node.certificate = Some(start + Duration::from_millis(ms));
    }
    view
}

fn is_woken(place: &Place<'_>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    pin!(place.woken()).poll(&mut context).is_ready()
}

#[test]
fn only_those_are_woken_who_may_be_served() {
    let start = tokio::time::Instant::now().into_std();
    let at = |ms| start + Duration::from_millis(ms);
    let certified = |ms| Ask {
        certified_since: Some(at(ms)),
        ..Ask::default()
    };
    let read = |node, ms| Ask {
        last_read: Some(LastRead {
            node: NodeId(node),
            incarnation: 0,
            at: at(ms),
        }),
        ..certified(10)
    };
    let line = Line::default();
    let cases = [
        ("any change", Awaited::Change, true),
        ("certified", Awaited::Replica(certified(20)), true),
        ("not certified yet", Awaited::Replica(certified(21)), false),
        ("this one", Awaited::Node(NodeId(1), certified(20)), true),
        (
            "the other one",
            Awaited::Node(NodeId(2), certified(20)),
            false,
        ),
        ("where it read last", Awaited::Replica(read(2, 30)), true),
        (
            "not where it read last",
            Awaited::Replica(read(0, 30)),
            false,
        ),
        ("the primary", Awaited::Node(NodeId(0), certified(1)), false),
    ];
    let places = cases.map(|(name, awaited, woken)| (name, line.enter(awaited), woken));
    line.wake_served(&view(start, [20, 10]));
    for (name, place, woken) in &places {
        assert_eq!(is_woken(place), *woken, "{name}");
    }
    let mut down = view(start, [20, 10]);
    down.nodes[1].exclusion = Some(Exclusion::Down);
    line.wake_served(&down);
    assert!(!is_woken(&places[1].1), "the certified one is down");
    line.wake_all();
    for (name, place, _) in &places {
        assert!(is_woken(place), "{name}");
        assert!(!is_woken(place), "once: {name}");
    }
}

#[test]
fn who_leaves_is_forgotten() {
    let line = Line::default();
    let (first, second) = (line.enter(Awaited::Change), line.enter(Awaited::Change));
    drop(first);
    line.wake_all();
    assert!(is_woken(&second));
    drop(second);
    assert!(line.waiters().list.is_empty());
}
