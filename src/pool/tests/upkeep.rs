//! Logins that fail, and what time does.

use crate::metrics::Metrics;
use crate::metrics::sheet::Sheet;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_failed_login_is_told_once_and_then_from_memory() {
    let place = Place::new(|s| s.login_retry = secs(15));
    place.node.refuse.lock().unwrap().push_back(Error::new(
        Blame::Server,
        SqlState::BAD_PASSWORD,
        "password authentication failed",
    ));
    let (one, two) = (place.lease_in_task(), place.lease_in_task());
    for task in [one, two] {
        let error = task.await.unwrap().map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "password authentication failed");
        assert_eq!(error.sqlstate(), SqlState::BAD_PASSWORD);
        assert_eq!(error.retry(), Retry::No);
    }
    sleep(secs(14)).await;
    let error = place.pool.lease(None).await.map(|_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "server login has been failing, cached error: password authentication failed \
         (server_login_retry)"
    );
    assert_eq!(error.sqlstate(), SqlState::BAD_PASSWORD);
    assert_eq!(place.node.logins(), 1);
    sleep(secs(1)).await;
    assert_eq!(place.pool.lease(None).await.unwrap().number, 2);
}

#[tokio::test(start_paused = true)]
async fn the_next_try_comes_for_those_who_wait() {
    let place = Place::new(|s| {
        s.size = 2;
        s.login_retry = secs(15);
    });
    let held = place.pool.lease(None).await.unwrap();
    place.node.refuse.lock().unwrap().push_back(refused());
    let start = now();
    // There is a server that may come back: the failure is not told.
    let lease = place.pool.lease(None).await.unwrap();
    assert_eq!(now() - start, secs(15));
    assert_eq!(lease.number, 3);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_answers_ends_the_back_off_of_its_own_failures_alone() {
    for (sqlstate, ends) in [
        (SqlState::CANNOT_CONNECT, true),
        (SqlState::CANNOT_CONNECT_NOW, true),
        (SqlState::BAD_PASSWORD, false),
        (SqlState::TOO_MANY_CONNECTIONS, false),
    ] {
        let place = Place::new(|_| ());
        let error = Error::new(Blame::Server, sqlstate, "no");
        place.node.refuse.lock().unwrap().push_back(error);
        assert!(place.pool.lease(None).await.is_err());
        place.set.node_answers(&"n1:5432".into());
        assert_eq!(place.pool.lease(None).await.is_ok(), ends, "{sqlstate}");
    }
}

#[tokio::test(start_paused = true)]
async fn lifetimes_end_within_their_jitter_and_only_unused_servers() {
    let place = Place::new(|s| {
        s.size = 20;
        s.lifetime = secs(1000);
        s.idle_timeout = None;
    });
    let mut leases = Vec::new();
    for _ in 0..20 {
        leases.push(place.pool.lease(None).await.unwrap());
    }
    let held = leases.pop().unwrap();
    leases.into_iter().for_each(|lease| lease.give_back(now()));
    sleep(secs(899)).await;
    assert!(place.node.closed().is_empty());
    sleep(secs(103)).await;
    assert_eq!(place.node.closed().len(), 19);
    held.give_back(now());
    assert_eq!(place.node.closed().len(), 20);
    assert!(place.node.closed().iter().all(|c| c.1 == Closing::Lifetime));
}

#[tokio::test(start_paused = true)]
async fn the_minimum_is_kept_and_refilled() {
    let place = Place::new(|s| {
        s.size = 5;
        s.min = 2;
        s.idle_timeout = Some(secs(600));
    });
    settle().await;
    assert_eq!(place.stats().idle, 2);
    sleep(secs(2000)).await;
    assert!(place.node.closed().is_empty());
    drop(place.pool.lease(None).await.unwrap());
    settle().await;
    assert_eq!((place.stats().idle, place.node.logins()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn idle_servers_end_after_their_timeout() {
    let place = Place::new(|s| s.idle_timeout = Some(secs(600)));
    place.pool.lease(None).await.unwrap().give_back(now());
    sleep(secs(599)).await;
    assert!(place.node.closed().is_empty());
    sleep(secs(2)).await;
    assert_eq!(place.node.closed(), [(1, Closing::IdleTimeout)]);
    assert_eq!(place.stats().idle, 0);
}

#[tokio::test(start_paused = true)]
async fn dead_idle_servers_are_noticed() {
    let place = Place::new(|_| ());
    let lease = place.pool.lease(None).await.unwrap();
    let is_dead = Arc::clone(&lease.is_dead);
    lease.give_back(now());
    is_dead.store(true, Ordering::Relaxed);
    sleep(secs(1)).await;
    settle().await;
    assert_eq!(place.node.closed(), [(1, Closing::Dead)]);
}

#[tokio::test(start_paused = true)]
async fn latency_is_a_mean_that_forgets() {
    let place = Place::new(|_| ());
    assert_eq!(place.pool.load().latency, secs(0));
    place.pool.note_latency(Duration::from_millis(8));
    assert_eq!(place.pool.load().latency, Duration::from_millis(8));
    place.pool.note_latency(Duration::from_millis(16));
    assert_eq!(place.pool.load().latency, Duration::from_millis(9));
    for _ in 0..100 {
        place.pool.note_latency(Duration::from_millis(1));
    }
    assert!(place.pool.load().latency < Duration::from_micros(1001));
}

#[tokio::test(start_paused = true)]
async fn pools_are_shown_as_metrics() {
    let place = Place::new(|_| ());
    let held = place.pool.lease(None).await.unwrap();
    let waiter = place.lease_in_task();
    sleep(secs(7)).await;
    let mut sheet = Sheet::new();
    place.set.show(&mut sheet, now());
    let text = Metrics::new().render(sheet);
    let pool = r#"database="app",user="alice",node="n1:5432""#;
    for expected in [
        format!("pgsluice_pool_servers{{{pool},state=\"active\"}} 1"),
        format!("pgsluice_pool_servers{{{pool},state=\"idle\"}} 0"),
        format!("pgsluice_pool_size{{{pool}}} 1"),
        format!("pgsluice_pool_waiting{{{pool}}} 1"),
        format!("pgsluice_pool_oldest_wait_seconds{{{pool}}} 7"),
        format!("pgsluice_pool_logins_total{{{pool},result=\"ok\"}} 1"),
        format!("pgsluice_pool_closed_total{{{pool},reason=\"dropped\"}} 0"),
    ] {
        assert!(text.lines().any(|line| line == expected), "{expected}");
    }
    held.give_back(now());
    waiter.await.unwrap().unwrap().give_back(now());
}
