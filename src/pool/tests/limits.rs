//! Limits that pools share.

use super::*;

#[tokio::test(start_paused = true)]
async fn an_idle_server_of_another_pool_makes_room() {
    let place = Place::new(|s| s.size = 5);
    let other = add(&place.set, "app/bob@n2:5432", &place.node, |s| s.size = 5);
    place.set.database_scope(&"app".into()).set_limit(2);
    let (one, two) = (
        other.lease(None).await.unwrap(),
        other.lease(None).await.unwrap(),
    );
    two.give_back(now());
    sleep(secs(1)).await;
    one.give_back(now());
    // The one that was idle for longer has to go.
    let lease = place.pool.lease(None).await.unwrap();
    assert_eq!(lease.number, 3);
    assert_eq!(place.node.closed(), [(2, Closing::Evicted)]);
    assert_eq!(place.set.database_scope(&"app".into()).taken(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_finds_no_room_waits_until_there_is() {
    for gives_back in [true, false] {
        let place = Place::new(|_| ());
        let other = add(&place.set, "other/alice@n1:5432", &place.node, |_| ());
        place.set.user_scope(&"alice".into()).set_limit(1);
        let held = other.lease(None).await.unwrap();
        let waiter = place.lease_in_task();
        sleep(secs(10)).await;
        assert!(!waiter.is_finished());
        if gives_back {
            held.give_back(now());
        } else {
            drop(held);
        }
        let start = now();
        assert_eq!(waiter.await.unwrap().unwrap().number, 2);
        assert_eq!(now(), start);
    }
}

#[tokio::test(start_paused = true)]
async fn the_minimum_takes_no_place_of_others() {
    let place = Place::new(|_| ());
    place.set.database_scope(&"app".into()).set_limit(1);
    place.pool.lease(None).await.unwrap().give_back(now());
    let other = add(&place.set, "app/bob@n1:5432", &place.node, |s| s.min = 1);
    sleep(secs(10)).await;
    assert_eq!(other.stats(now()).idle, 0);
    assert!(place.node.closed().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_failed_login_gives_its_place_back() {
    let place = Place::new(|_| ());
    let scope = place.set.database_scope(&"app".into());
    place.node.refuse_all.store(true, Ordering::Relaxed);
    assert!(place.pool.lease(None).await.is_err());
    assert_eq!((scope.taken(), scope.limit()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn scopes_without_pools_are_forgotten() {
    let place = Place::new(|_| ());
    let limit = |name: &str| place.set.database_scope(&name.into()).limit();
    for name in ["app", "made_up"] {
        place.set.database_scope(&name.into()).set_limit(7);
    }
    place.set.forget_unheld();
    assert_eq!((limit("app"), limit("made_up")), (7, 0));
}
