//! What makes one node better than another for a read.
//!
//! The score is configured weight × share by lag × slow start × free share of the pool × speed.
//! The first three decide how often a node is drawn, the last two which of two drawn nodes is
//! taken, so that each counts once.

use std::time::Duration;

use crate::topology::choose::Load;
use crate::topology::choose::Loads;
use crate::topology::policy::Policy;
use crate::topology::view::NodeView;
use crate::topology::view::View;

/// The whole score of a node: `share` is its weight with lag and slow start taken off.
pub fn score(share: f64, node: &NodeView, load: Load) -> f64 {
    share * ease(node, load)
}

/// The part of its weight that a node keeps at this lag: 1 up to `lag_free`, then falling, fast at
/// first, to nearly nothing at `lag_max`, where the node is left out.
pub fn share_by_lag(policy: &Policy, lag: Duration) -> f64 {
    let Some(over) = lag.checked_sub(policy.lag_free) else {
        return 1.0;
    };
    let range = policy
        .lag_max
        .unwrap_or(LAG_RANGE)
        .saturating_sub(policy.lag_free)
        .max(LAG_RANGE_MIN);
    let left = 1.0 - over.as_secs_f64() / range.as_secs_f64();
    (left * left.max(0.0)).max(SHARE_MIN)
}

/// The one of two drawn nodes that is less busy and faster; the first unless the second is better
/// by a clear margin, so that noise does not add up to a preference. Without such a margin it is the
/// one that commits wait for, if they do for one of them.
pub fn better<'a, L>(
    view: &View,
    first: &'a NodeView,
    second: &'a NodeView,
    loads: &L,
) -> &'a NodeView
where
    L: Loads + ?Sized,
{
    if first.id == second.id {
        return first;
    }
    let (first, second) = match view.is_awaited(second) && !view.is_awaited(first) {
        true => (second, first),
        false => (first, second),
    };
    let ease_of = |node: &NodeView| ease(node, loads.of(node.id));
    let (first_ease, second_ease) = (ease_of(first), ease_of(second));
    if first_ease * MARGIN < second_ease {
        second
    } else {
        first
    }
}

/// How easily a node would serve one more query: free share of its pool times speed, over 0.
fn ease(node: &NodeView, load: Load) -> f64 {
    let size = f64::from(load.size.max(1));
    let free = if load.in_use < load.size || load.size == 0 {
        (size - f64::from(load.in_use)).max(1.0) / size
    } else {
        0.5 / (size * (1.0 + f64::from(load.waiting)))
    };
    let latency = if load.latency.is_zero() {
        node.latency
    } else {
        load.latency
    };
    free * LATENCY_UNIT / (LATENCY_UNIT + latency.as_secs_f64())
}

/// Seconds of latency that halve the speed; differences far below it do not matter.
const LATENCY_UNIT: f64 = 0.001;

/// How much better the second of two drawn nodes must be.
const MARGIN: f64 = 1.25;

/// The share of a node that is just not left out.
const SHARE_MIN: f64 = 0.01;

/// Lag over which the share falls when `max_lag` sets no limit.
const LAG_RANGE: Duration = Duration::from_secs(60);

const LAG_RANGE_MIN: Duration = Duration::from_millis(1);
