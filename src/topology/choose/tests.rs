//! The choice: what bars a node, the three policies, the strategies' shares.

use crate::topology::choose::*;
use crate::topology::health::Health;
use crate::topology::identity::Role;
use crate::topology::policy::Policy;

const UP: Health = Health::Up {
    back_at: None,
    failures: 0,
};

/// A view of a primary (node 0) and replicas that are `lags_ms` behind.
fn view(strategy: Strategy, lags_ms: &[u64], now: Instant) -> View {
    let node = |id: usize, role, certificate| NodeView {
        id: NodeId(u16::try_from(id).unwrap()),
        address: "node".into(),
        weight: 1.0,
        role,
        health: UP,
        identity: None,
        exclusion: None,
        certificate,
        caught_up: certificate,
        replayed: None,
        lag_bytes: None,
        latency: Duration::from_micros(200),
        incarnation: 0,
        sync: None,
        oneself: None,
        turned_read_only: None,
    };
    let replicas = lags_ms.iter().enumerate().map(|(i, lag)| {
        let certificate = now.checked_sub(Duration::from_millis(*lag));
        node(i + 1, Role::Replica, certificate)
    });
    View {
        version: 1,
        policy: Policy {
            strategy,
            ..Policy::default()
        },
        primary: Some(NodeId(0)),
        identity: None,
        primary_lost: None,
        insert_lsn: None,
        layout: crate::topology::lsn::WalLayout::default(),
        is_split: false,
        standbys: None,
        nodes: std::iter::once(node(0, Role::Primary, None))
            .chain(replicas)
            .collect(),
    }
}

/// A time far enough from the clock's start to go back from.
fn now() -> Instant {
    tokio::time::Instant::now().into_std() + Duration::from_secs(100_000)
}

/// How often each node is chosen in 10,000 reads, in percent.
fn shares(view: &View, ask: &Ask, loads: &[Load], now: Instant) -> Vec<u32> {
    let mut counts = vec![0_u32; view.nodes.len()];
    for i in 0..10_000_u64 {
        let ask = Ask { turn: i, ..*ask };
        let random = i.wrapping_mul(0x2545_F491_4F6C_DD1D);
        if let Some(node) = choose(view, &ask, loads, random, now).node() {
            counts[node.index()] += 1;
        }
    }
    counts.iter().map(|count| (count + 50) / 100).collect()
}

#[track_caller]
fn near(found: &[u32], expected: &[u32]) {
    let is_near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 2);
    assert!(is_near, "found {found:?}, expected {expected:?}");
}

const STRATEGIES: [Strategy; 4] = [
    Strategy::Adaptive,
    Strategy::LeastConnections,
    Strategy::RoundRobin,
    Strategy::Random,
];

#[test]
fn equal_replicas_get_equal_shares() {
    let now = now();
    for strategy in STRATEGIES {
        let found = shares(&view(strategy, &[5, 5, 5], now), &Ask::default(), &[], now);
        near(&found, &[0, 33, 33, 33]);
    }
}

#[test]
fn shares_follow_weights() {
    let now = now();
    for strategy in [Strategy::Adaptive, Strategy::RoundRobin, Strategy::Random] {
        let mut view = view(strategy, &[5, 5], now);
        view.nodes[1].weight = 3.0;
        near(&shares(&view, &Ask::default(), &[], now), &[0, 75, 25]);
    }
}

#[test]
fn round_robin_alternates() {
    let now = now();
    let view = view(Strategy::RoundRobin, &[5, 5], now);
    let turn = |turn| {
        let ask = Ask {
            turn,
            ..Ask::default()
        };
        choose(&view, &ask, &[], 0, now)
    };
    let (one, two) = (Choice::Replica(NodeId(1)), Choice::Replica(NodeId(2)));
    assert_eq!([0, 1, 2, 3].map(turn), [one, two, one, two]);
}

#[test]
fn least_connections_takes_the_least_busy_by_weight() {
    let now = now();
    let mut view = view(Strategy::LeastConnections, &[5, 5], now);
    let load = |in_use| Load {
        in_use,
        size: 20,
        ..Load::default()
    };
    let loads = [load(0), load(3), load(2)];
    near(&shares(&view, &Ask::default(), &loads, now), &[0, 0, 100]);
    view.nodes[1].weight = 2.0;
    near(&shares(&view, &Ask::default(), &loads, now), &[0, 100, 0]);
}

#[test]
fn busy_or_slow_replica_sheds_reads() {
    let now = now();
    let view = view(Strategy::Adaptive, &[5, 5], now);
    let load = |in_use, waiting, ms| Load {
        in_use,
        size: 20,
        waiting,
        latency: Duration::from_millis(ms),
    };
    for (first, second, expected) in [
        (load(0, 0, 1), load(1, 0, 1), [0, 50, 50]),
        (load(2, 0, 1), load(15, 0, 1), [0, 75, 25]),
        (load(2, 0, 20), load(2, 0, 5), [0, 25, 75]),
        (load(20, 9, 1), load(20, 0, 1), [0, 25, 75]),
        (load(20, 0, 1), load(19, 0, 1), [0, 25, 75]),
    ] {
        let loads = [Load::default(), first, second];
        near(&shares(&view, &Ask::default(), &loads, now), &expected);
    }
}

#[test]
fn lag_sheds_reads_before_it_excludes() {
    let now = now();
    let share = |lag| {
        shares(
            &view(Strategy::Adaptive, &[5, lag], now),
            &Ask::default(),
            &[],
            now,
        )[2]
    };
    let found: Vec<_> = [5, 2_000, 4_000, 6_000, 9_000, 9_999, 10_001]
        .map(share)
        .into();
    near(&found, &[50, 50, 37, 21, 2, 1, 0]);
}

#[test]
fn node_that_came_back_starts_slowly() {
    let now = now();
    let mut view = view(Strategy::Adaptive, &[5, 5], now);
    let mut share = |seconds| {
        view.nodes[2].health = Health::Up {
            back_at: now.checked_sub(Duration::from_secs(seconds)),
            failures: 0,
        };
        shares(&view, &Ask::default(), &[], now)[2]
    };
    let found: Vec<_> = [0, 5, 10, 60].map(&mut share).into();
    near(&found, &[5, 33, 50, 50]);
}

#[test]
fn policy_for_reads_on_the_primary() {
    let now = now();
    let mut view = view(Strategy::Adaptive, &[5, 5], now);
    let with = |primary_reads| Ask {
        primary_reads,
        ..Ask::default()
    };
    let cases = [
        PrimaryReads::Never,
        PrimaryReads::Fallback,
        PrimaryReads::Always,
    ]
    .map(with);
    let found = cases.map(|ask| shares(&view, &ask, &[], now));
    near(&found[0], &[0, 50, 50]);
    near(&found[1], &[0, 50, 50]);
    near(&found[2], &[33, 33, 33]);
    for node in &mut view.nodes[1..] {
        node.exclusion = Some(Exclusion::Down);
    }
    let primary = NodeId(0);
    assert_eq!(
        cases.map(|ask| choose(&view, &ask, &[], 7, now)),
        [
            Choice::Nobody(Shortage::AllDown),
            Choice::PrimaryInstead(primary, Shortage::AllDown),
            Choice::PrimaryToo(primary),
        ]
    );
}

/// Changes a view of two replicas and says what must come of it, with the primary out of reach.
#[track_caller]
fn check_shortage(change: impl FnOnce(&mut View, &mut Ask, Instant), expected: Shortage) {
    let now = now();
    let mut view = view(Strategy::Adaptive, &[5, 5], now);
    let mut ask = Ask::default();
    change(&mut view, &mut ask, now);
    let instead = Choice::PrimaryInstead(NodeId(0), expected);
    assert_eq!(choose(&view, &ask, &[], 7, now), instead);
    ask.avoid = ask.avoid.with(NodeId(0));
    assert_eq!(choose(&view, &ask, &[], 7, now), Choice::Nobody(expected));
    ask.avoid = NodeSet::EMPTY.with(NodeId(1)).with(NodeId(2));
    view.nodes[0].exclusion = Some(Exclusion::Down);
    assert_eq!(choose(&view, &ask, &[], 7, now).node(), None);
}

#[test]
fn shortage_is_the_one_nearest_to_serving() {
    let exclude = |view: &mut View, first, second| {
        view.nodes[1].exclusion = Some(first);
        view.nodes[2].exclusion = Some(second);
    };
    check_shortage(
        |v, _, _| exclude(v, Exclusion::Foreign, Exclusion::Quarantined),
        Shortage::NoReplica,
    );
    check_shortage(
        |v, _, _| exclude(v, Exclusion::Down, Exclusion::Foreign),
        Shortage::AllDown,
    );
    check_shortage(
        |v, _, _| exclude(v, Exclusion::Down, Exclusion::Lagging),
        Shortage::Lagging,
    );
    check_shortage(
        |v, a, _| {
            v.nodes[1].exclusion = Some(Exclusion::Down);
            a.avoid = NodeSet::EMPTY.with(NodeId(2));
        },
        Shortage::Avoided,
    );
    check_shortage(
        |v, a, now| {
            v.nodes[1].exclusion = Some(Exclusion::Lagging);
            a.certified_since = Some(now);
        },
        Shortage::Stale,
    );
}

#[test]
fn session_reads_its_writes() {
    let now = now();
    let view = view(Strategy::Adaptive, &[5, 50], now);
    let ago = |ms| now.checked_sub(Duration::from_millis(ms));
    let chosen = |ms| {
        let ask = Ask {
            certified_since: ago(ms),
            ..Ask::default()
        };
        shares(&view, &ask, &[], now)
    };
    near(&chosen(100), &[0, 50, 50]);
    near(&chosen(50), &[0, 50, 50]);
    near(&chosen(20), &[0, 100, 0]);
    near(&chosen(1), &[100, 0, 0]);
}

#[test]
fn reads_never_go_back() {
    let now = now();
    let mut view = view(Strategy::Adaptive, &[5, 50], now);
    let ask = |node, incarnation, ms| Ask {
        last_read: Some(LastRead {
            node: NodeId(node),
            incarnation,
            at: now.checked_sub(Duration::from_millis(ms)).unwrap(),
        }),
        ..Ask::default()
    };
    // The node last read, though its certificate is older, or one certified after the read.
    near(&shares(&view, &ask(2, 0, 20), &[], now), &[0, 50, 50]);
    near(&shares(&view, &ask(2, 0, 1), &[], now), &[0, 0, 100]);
    near(&shares(&view, &ask(0, 0, 1), &[], now), &[100, 0, 0]);
    // It restarted since: it may hold less than it did.
    view.nodes[2].incarnation = 1;
    near(&shares(&view, &ask(2, 0, 1), &[], now), &[100, 0, 0]);
}

#[test]
fn without_a_primary_reads_go_on() {
    let now = now();
    let mut view = view(Strategy::Adaptive, &[5, 5], now);
    view.primary = None;
    view.nodes[0].exclusion = Some(Exclusion::Down);
    view.primary_lost = Some(now);
    let later = now + Duration::from_secs(600);
    near(&shares(&view, &Ask::default(), &[], later), &[0, 50, 50]);
    let ask = Ask {
        certified_since: Some(now),
        ..Ask::default()
    };
    assert_eq!(
        choose(&view, &ask, &[], 1, later),
        Choice::Nobody(Shortage::Stale)
    );
}

#[test]
fn uncertified_replica_serves_no_session_that_wrote() {
    let now = now();
    let mut view = view(Strategy::Adaptive, &[5, 5], now);
    view.nodes[1].certificate = None;
    let ask = Ask {
        certified_since: now.checked_sub(Duration::from_secs(9)),
        ..Ask::default()
    };
    near(&shares(&view, &ask, &[], now), &[0, 0, 100]);
}

#[test]
fn node_set_is_bounded() {
    let set = NodeSet::EMPTY
        .with(NodeId(0))
        .with(NodeId(63))
        .with(NodeId(64));
    assert!(set.has(NodeId(0)) && set.has(NodeId(63)));
    assert!(!set.has(NodeId(1)) && !set.has(NodeId(64)) && !set.has(NodeId(128)));
}

mod properties;

mod awaited;
