//! Replicas that commits wait for.

use std::sync::Arc;

use super::*;
use crate::topology::standby::Standbys;
use crate::topology::standby::SyncState;

/// Two replicas as good as each other; commits wait for the second.
fn sync_view(strategy: Strategy, is_remote_apply: bool, now: Instant) -> View {
    let mut view = view(strategy, &[0, 0], now);
    view.standbys = Some(Arc::new(Standbys {
        list: Vec::new(),
        is_remote_apply,
    }));
    view.nodes[1].sync = Some(SyncState::Async);
    view.nodes[2].sync = Some(SyncState::Sync);
    view
}

fn busy(in_use: [u32; 2]) -> Vec<Load> {
    let load = |in_use| Load {
        in_use,
        size: 20,
        ..Load::default()
    };
    [0, in_use[0], in_use[1]].map(load).into()
}

#[test]
fn they_are_preferred_at_equal_score() {
    let now = now();
    let check = |strategy, is_remote_apply, in_use, expected: &[u32]| {
        let view = sync_view(strategy, is_remote_apply, now);
        near(
            &shares(&view, &Ask::default(), &busy(in_use), now),
            expected,
        );
    };
    // The other one is taken when it is drawn twice.
    check(Strategy::Adaptive, true, [0, 0], &[0, 25, 75]);
    check(Strategy::Adaptive, true, [3, 5], &[0, 25, 75]);
    check(Strategy::LeastConnections, true, [4, 4], &[0, 0, 100]);
    // When it is clearly busier, load counts.
    check(Strategy::Adaptive, true, [0, 10], &[0, 75, 25]);
    check(Strategy::LeastConnections, true, [3, 4], &[0, 100, 0]);
    // Commits wait for its disk, or not for it: that says nothing of what it has applied.
    check(Strategy::Adaptive, false, [0, 0], &[0, 50, 50]);
    check(Strategy::LeastConnections, false, [4, 4], &[0, 50, 50]);
    // These share by weight alone.
    check(Strategy::RoundRobin, true, [0, 0], &[0, 50, 50]);
    check(Strategy::Random, true, [0, 0], &[0, 50, 50]);
}
