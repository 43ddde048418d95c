//! The waits of a node that is down. When nodes are asked is tested with the tasks.

use super::*;

#[test]
fn node_that_is_down_is_tried_at_least_each_second() {
    for jitter in [0.0, 0.5, 1.0] {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..100).map(|_| backoff.next_wait(jitter)).collect();
        assert!(waits.iter().all(|w| *w <= Duration::from_secs(1)));
        assert!(waits[0] <= Duration::from_millis(63));
        assert!(waits.windows(2).all(|w| w[0] <= w[1]));
    }
}

#[test]
fn demand_of_the_future_is_one_of_now() {
    let now = tokio::time::Instant::now().into_std();
    let mut pace = Pace::default();
    assert!(pace.on_demand(now + Duration::from_secs(5), now));
    assert!(!pace.on_demand(now, now));
    assert!(pace.has_demand(now) && !pace.has_demand(now + DEMAND_LASTS));
}
