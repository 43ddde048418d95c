//! What a primary says of its standbys, and what becomes of it when another is the primary.

use std::time::Instant;

use super::*;
use crate::topology::identity::SystemId;
use crate::topology::identity::Timeline;
use crate::topology::lsn::Lsn;
use crate::topology::lsn::WalLayout;
use crate::topology::policy::Policy;
use crate::topology::standby::Standby;
use crate::topology::standby::SyncState;
use crate::topology::tracker::Answer;
use crate::topology::tracker::Failure;
use crate::topology::tracker::Hello;

const NAMES: [&str; 3] = ["a", "b", "c"];

fn answer(tracker: &mut Tracker, node: u16, role: Role, timeline: u32, now: Instant) {
    let hello = Hello {
        system: SystemId(7),
        layout: WalLayout::default(),
    };
    let answer = Answer {
        role,
        lsn: Some(Lsn(100)),
        flushed: None,
        is_read_only: false,
        timeline: Some(Timeline(timeline)),
    };
    let _ = tracker.on_answer(NodeId(node), Some(hello), answer, now, now);
}

/// `a` is the primary; each has the slot of its own name.
fn three(now: Instant) -> Tracker {
    let nodes: Vec<(Arc<str>, f64)> = NAMES.map(|name| (name.into(), 1.0)).into();
    let mut tracker = Tracker::new(Policy::default(), &nodes);
    for (node, role) in [(0, Role::Primary), (1, Role::Replica), (2, Role::Replica)] {
        answer(&mut tracker, node, role, 1, now);
        let oneself = Oneself {
            started: NAMES[usize::from(node)].into(),
            address: None,
            name: None,
            slot: Some(NAMES[usize::from(node)].into()),
        };
        assert_eq!(
            tracker.on_oneself(NodeId(node), oneself.clone()),
            Change::Freshness
        );
        assert_eq!(tracker.on_oneself(NodeId(node), oneself), Change::Nothing);
    }
    tracker
}

/// Standbys by their slots.
fn standbys(list: &[(&str, SyncState)]) -> Standbys {
    let standby = |(slot, sync): &(&str, SyncState)| Standby {
        name: "walreceiver".into(),
        address: None,
        slot: Some((*slot).into()),
        is_streaming: true,
        sync: *sync,
    };
    Standbys {
        list: list.iter().map(standby).collect(),
        is_remote_apply: true,
    }
}

fn shown(tracker: &Tracker) -> Vec<(&'static str, bool)> {
    let view = tracker.view();
    let one = view.nodes.iter().map(|node| {
        let state = node.sync.map_or("-", SyncState::as_str);
        (state, view.is_awaited(node))
    });
    one.collect()
}

const NONE: [(&str, bool); 3] = [("-", false); 3];

#[test]
fn what_the_primary_says_holds_until_there_is_another() {
    let now = tokio::time::Instant::now().into_std();
    let mut tracker = three(now);
    assert_eq!(shown(&tracker), NONE);
    // The slot of the primary's former days is another's now.
    let said = standbys(&[
        ("c", SyncState::Sync),
        ("a", SyncState::Async),
        ("b", SyncState::Potential),
    ]);
    assert_eq!(
        tracker.on_standbys(NodeId(0), said.clone()),
        Change::Freshness
    );
    let known = [("-", false), ("potential", false), ("sync", true)];
    assert_eq!(shown(&tracker), known);
    assert_eq!(
        tracker.on_standbys(NodeId(0), said.clone()),
        Change::Nothing
    );
    let cascade = standbys(&[("b", SyncState::Async)]);
    assert_eq!(tracker.on_standbys(NodeId(2), cascade), Change::Nothing);
    assert_eq!(shown(&tracker), known);

    let _ = tracker.on_failure(NodeId(0), Failure::Refused, now);
    assert_eq!(shown(&tracker), NONE, "there is no primary");
    answer(&mut tracker, 1, Role::Primary, 2, now);
    assert_eq!(shown(&tracker), NONE);
    assert_eq!(tracker.on_standbys(NodeId(0), said), Change::Nothing);
    let said = standbys(&[("c", SyncState::Quorum)]);
    assert_eq!(tracker.on_standbys(NodeId(1), said), Change::Freshness);
    assert_eq!(
        shown(&tracker),
        [("-", false), ("-", false), ("quorum", true)]
    );
}

#[test]
fn an_heir_knows_it_too() {
    let now = tokio::time::Instant::now().into_std();
    let mut before = three(now);
    let said = standbys(&[("b", SyncState::Async), ("c", SyncState::Sync)]);
    let _ = before.on_standbys(NodeId(0), said);
    let heir = |names: &[&str]| {
        let nodes: Vec<(Arc<str>, f64)> = names.iter().map(|name| ((*name).into(), 1.0)).collect();
        let mut heir = Tracker::new(Policy::default(), &nodes);
        let _ = heir.inherit(&before, now);
        heir
    };
    assert_eq!(
        shown(&heir(&["c", "d", "a"])),
        [("sync", true), ("-", false), ("-", false)]
    );
    assert_eq!(shown(&heir(&["b", "c", "d"])), NONE);
}
