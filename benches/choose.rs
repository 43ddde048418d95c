//! What the choice of a node costs a query: three nodes, each strategy.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use pgsluice::ids::NodeId;
use pgsluice::topology::choose::Ask;
use pgsluice::topology::choose::Load;
use pgsluice::topology::choose::choose;
use pgsluice::topology::identity::Role;
use pgsluice::topology::identity::SystemId;
use pgsluice::topology::identity::Timeline;
use pgsluice::topology::lsn::Lsn;
use pgsluice::topology::lsn::WalLayout;
use pgsluice::topology::policy::Policy;
use pgsluice::topology::policy::Strategy;
use pgsluice::topology::tracker::Answer;
use pgsluice::topology::tracker::Hello;
use pgsluice::topology::tracker::Tracker;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    choice(&mut criterion);
    criterion.final_summary();
}

fn choice(criterion: &mut Criterion) {
    let now = tokio::time::Instant::now().into_std();
    let loads = [Load {
        in_use: 3,
        size: 20,
        waiting: 0,
        latency: Duration::from_micros(300),
    }; 3];
    let ask = Ask {
        certified_since: Some(now),
        ..Ask::default()
    };
    for strategy in [
        Strategy::Adaptive,
        Strategy::LeastConnections,
        Strategy::RoundRobin,
        Strategy::Random,
    ] {
        let tracker = tracker(strategy, now);
        let mut random = 1_u64;
        criterion.bench_function(&format!("choose/{strategy:?}"), |bencher| {
            bencher.iter(|| {
                random = random.wrapping_add(0x1234_5678_9ABC_DEF1);
                let ask = Ask {
                    turn: random,
                    ..ask
                };
                choose(black_box(tracker.view()), &ask, &loads, random, now)
            });
        });
    }
    let mut tracker = tracker(Strategy::Adaptive, now);
    let mut lsn = 2_000;
    criterion.bench_function("tracker/answer_and_view", |bencher| {
        bencher.iter(|| {
            lsn += 8;
            tracker.on_answer(NodeId(0), None, answer(Role::Primary, lsn), now, now);
            tracker.view().clone()
        });
    });
}

/// A primary and two replicas, all certified as of `now`.
fn tracker(strategy: Strategy, now: std::time::Instant) -> Tracker {
    let nodes: Vec<_> = (0..3).map(|_| ("node".into(), 1.0)).collect();
    let policy = Policy {
        strategy,
        ..Policy::default()
    };
    let mut tracker = Tracker::new(policy, &nodes);
    for round in 0..2 {
        for (id, role) in [(0, Role::Primary), (1, Role::Replica), (2, Role::Replica)] {
            let hello = Hello {
                system: SystemId(7),
                layout: WalLayout::default(),
            };
            let first = (round == 0).then_some(hello);
            tracker.on_answer(NodeId(id), first, answer(role, 1_000), now, now);
        }
    }
    tracker
}

fn answer(role: Role, lsn: u64) -> Answer {
    Answer {
        role,
        lsn: Some(Lsn(lsn)),
        flushed: None,
        is_read_only: false,
        timeline: Some(Timeline(1)),
    }
}
