//! Leases and the line.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_server_is_opened_once_and_used_again() {
    let place = Place::new(|_| ());
    assert!(place.pool.try_lease(now()).is_none());
    let lease = place.pool.lease(None).await.unwrap();
    assert_eq!(lease.number, 1);
    assert_eq!(place.pool.load().in_use, 1);
    lease.give_back(now());
    let lease = place.pool.try_lease(now()).unwrap();
    assert_eq!(lease.number, 1);
    assert_eq!(place.node.logins(), 1);
    lease.give_back(now());
    assert_eq!(place.pool.load().in_use, 0);
    assert!(place.node.closed().is_empty());
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_order_of_arrival() {
    let place = Place::new(|_| ());
    let first = place.pool.lease(None).await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for i in 0..5 {
        let (pool, order) = (Arc::clone(&place.pool), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let lease = pool.lease(None).await.unwrap();
            order.lock().unwrap().push(i);
            lease.give_back(now());
        }));
        settle().await;
    }
    assert_eq!(place.pool.load().waiting, 5);
    first.give_back(now());
    // It went to the first of the line: nobody gets past it.
    assert!(place.pool.try_lease(now()).is_none());
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(place.node.logins(), 1);
    assert_eq!(place.stats().totals.waits, 5 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_query_wait_timeout() {
    let place = Place::new(|s| s.wait_timeout = Some(secs(120)));
    let held = place.pool.lease(None).await.unwrap();
    for (deadline, expected) in [
        (None, secs(120)),
        (Some(secs(3)), secs(3)),
        (Some(secs(500)), secs(120)),
    ] {
        let start = now();
        let error = place.pool.lease(deadline.map(|d| start + d)).await;
        let error = error.map(|_| ()).unwrap_err();
        assert_eq!(now() - start, expected);
        assert_eq!(error.to_string(), "query_wait_timeout");
        assert_eq!(error.sqlstate(), SqlState::PROTOCOL);
        assert_eq!(error.blame(), Blame::Proxy);
    }
    held.give_back(now());
    assert_eq!(place.stats().totals.timeouts, 3);
    assert_eq!(place.stats().idle, 1);
}

#[tokio::test(start_paused = true)]
async fn the_reserve_serves_those_who_wait_long() {
    let place = Place::new(|s| {
        s.reserve = 1;
        s.reserve_timeout = Some(secs(5));
    });
    let held = place.pool.lease(None).await.unwrap();
    let start = now();
    let reserve = place.pool.lease(None).await.unwrap();
    assert_eq!(now() - start, secs(5));
    assert_eq!(reserve.number, 2);
    let third = place.lease_in_task();
    sleep(secs(60)).await;
    assert!(!third.is_finished());
    held.give_back(now());
    assert_eq!(third.await.unwrap().unwrap().number, 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_lease_closes_its_server_and_another_is_opened() {
    let place = Place::new(|_| ());
    let lease = place.pool.lease(None).await.unwrap();
    let waiter = place.lease_in_task();
    settle().await;
    drop(lease);
    assert_eq!(place.node.closed(), [(1, Closing::Dropped)]);
    assert_eq!(waiter.await.unwrap().unwrap().number, 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_waiter_leaves_the_line() {
    let place = Place::new(|_| ());
    let held = place.pool.lease(None).await.unwrap();
    let (first, second) = (place.lease_in_task(), place.lease_in_task());
    settle().await;
    assert_eq!(place.pool.load().waiting, 2);
    first.abort();
    settle().await;
    assert_eq!(place.pool.load().waiting, 1);
    held.give_back(now());
    assert_eq!(second.await.unwrap().unwrap().number, 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_handed_to_a_dropped_waiter_goes_to_the_next() {
    let place = Place::new(|_| ());
    let held = place.pool.lease(None).await.unwrap();
    let mut first = Box::pin(place.pool.lease(None));
    let mut second = Box::pin(place.pool.lease(None));
    assert!(futures_poll(&mut first).await.is_none());
    assert!(futures_poll(&mut second).await.is_none());
    // The server is in the hands of the first, who never looks.
    held.give_back(now());
    assert_eq!(place.stats().waiting, 1);
    drop(first);
    let lease = futures_poll(&mut second).await.unwrap().unwrap();
    assert_eq!(lease.number, 1);
    lease.give_back(now());
    assert!(place.node.closed().is_empty());
    assert_eq!(place.stats().idle, 1);
}

/// Polls once.
async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|cx| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(cx) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn a_dead_idle_server_is_not_given_out() {
    let place = Place::new(|s| s.size = 2);
    let (one, two) = (
        place.pool.lease(None).await.unwrap(),
        place.pool.lease(None).await.unwrap(),
    );
    two.is_dead.store(true, Ordering::Relaxed);
    one.give_back(now());
    two.give_back(now());
    let lease = place.pool.try_lease(now()).unwrap();
    assert_eq!(lease.number, 1);
    assert_eq!(place.node.closed(), [(2, Closing::Dead)]);
}

#[tokio::test(start_paused = true)]
async fn a_server_idle_for_long_is_checked_before_use() {
    let place = Place::new(|s| s.size = 3);
    for _ in 0..2 {
        let lease = place.pool.lease(None).await.unwrap();
        let other = place.pool.lease(None).await.unwrap();
        other.give_back(now());
        lease.give_back(now());
        sleep(secs(30)).await;
    }
    assert!(place.pool.try_lease(now()).is_none());
    let checks = place.node.checks.load(Ordering::Relaxed);
    place.pool.lease(None).await.unwrap().give_back(now());
    assert_eq!(place.node.checks.load(Ordering::Relaxed), checks + 1);
    assert!(place.pool.try_lease(now()).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_failed_check_closes_all_that_were_idle_as_long() {
    for hangs in [false, true] {
        let place = Place::new(|s| s.size = 3);
        let leases = [
            place.pool.lease(None).await.unwrap(),
            place.pool.lease(None).await.unwrap(),
            place.pool.lease(None).await.unwrap(),
        ];
        leases.into_iter().for_each(|lease| lease.give_back(now()));
        sleep(secs(30)).await;
        place.node.check_fails.store(!hangs, Ordering::Relaxed);
        place.node.check_hangs.store(hangs, Ordering::Relaxed);
        let start = now();
        let lease = place.pool.lease(None).await.unwrap();
        assert_eq!(now() - start, if hangs { secs(15) } else { secs(0) });
        assert_eq!(lease.number, 4);
        let mut closed = place.node.closed();
        closed.sort_by_key(|c| c.0);
        assert_eq!(closed, [1, 2, 3].map(|n| (n, Closing::CheckFailed)));
    }
}
