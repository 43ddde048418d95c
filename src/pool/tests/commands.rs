//! PAUSE, RESUME, RECONNECT, reload and drain.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_paused_pool_lets_clients_wait_and_closes_servers() {
    let place = Place::new(|s| s.size = 2);
    let (held, idle) = (
        place.pool.lease(None).await.unwrap(),
        place.pool.lease(None).await.unwrap(),
    );
    idle.give_back(now());
    let app = Selection::Database("app".into());
    place.set.pause(&app);
    assert_eq!(place.node.closed(), [(2, Closing::Paused)]);
    let waiter = place.lease_in_task();
    let quiet = place.set.quiet(&app);
    tokio::pin!(quiet);
    let early = tokio::time::timeout(secs(5), &mut quiet).await;
    assert!(early.is_err() && !waiter.is_finished());
    held.give_back(now());
    quiet.await;
    assert!(place.set.resume(&app) && !place.set.resume(&app));
    assert_eq!(waiter.await.unwrap().unwrap().number, 3);
}

#[tokio::test(start_paused = true)]
async fn a_pause_covers_pools_made_later_and_one_of_all_another_of_one() {
    let place = Place::new(|_| ());
    let app = Selection::Database("app".into());
    place.set.pause(&Selection::All);
    place.set.pause(&app);
    let later = add(&place.set, "other/bob@n1:5432", &place.node, |_| ());
    let waits = later.lease(Some(now() + secs(1))).await;
    assert!(waits.is_err());
    place.set.resume(&Selection::All);
    assert!(later.lease(None).await.is_ok());
    assert_eq!(place.set.paused(), [app]);
    assert!(place.pool.lease(Some(now() + secs(1))).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn reconnect_closes_servers_when_they_come_back() {
    let place = Place::new(|s| s.size = 2);
    let (held, idle) = (
        place.pool.lease(None).await.unwrap(),
        place.pool.lease(None).await.unwrap(),
    );
    idle.give_back(now());
    place.set.reconnect(&Selection::Node("n1:5432".into()));
    assert_eq!(place.node.closed(), [(2, Closing::Outdated)]);
    held.give_back(now());
    assert_eq!(place.node.closed().len(), 2);
    assert_eq!(place.pool.lease(None).await.unwrap().number, 3);
}

#[tokio::test(start_paused = true)]
async fn a_reload_resizes_and_removes() {
    let place = Place::new(|s| s.size = 1);
    let gone = add(&place.set, "gone/bob@n1:5432", &place.node, |_| ());
    let held = place.pool.lease(None).await.unwrap();
    let waiter = place.lease_in_task();
    settle().await;
    place.set.reload(|key| {
        (&*key.database == "app").then(|| Settings {
            size: 2,
            ..Settings::default()
        })
    });
    assert_eq!(waiter.await.unwrap().unwrap().number, 2);
    assert_eq!(place.pool.load().size, 2);
    assert!(place.set.find(gone.key()).is_none());
    assert!(gone.lease(None).await.is_err());
    assert_eq!(place.set.pools().len(), 1);
    drop(held);
}

#[tokio::test(start_paused = true)]
async fn a_retired_pool_is_waited_for_until_its_last_server_is_gone() {
    let place = Place::new(|s| s.size = 2);
    let (held, idle) = (
        place.pool.lease(None).await.unwrap(),
        place.pool.lease(None).await.unwrap(),
    );
    idle.give_back(now());
    let app = Selection::Database("app".into());
    place.set.reload(|_| None);
    assert_eq!(place.node.closed(), [(2, Closing::Draining)]);
    let later = add(&place.set, "app/alice@n1:5432", &place.node, |_| ());
    later.lease(None).await.unwrap().give_back(now());
    assert!(held.is_outdated());
    assert_eq!((place.set.outdated(&app), place.set.in_use(&app)), (1, 1));
    let quiet = place.set.quiet(&app);
    tokio::pin!(quiet);
    assert!(tokio::time::timeout(secs(5), &mut quiet).await.is_err());
    held.give_back(now());
    quiet.await;
    assert_eq!((place.set.outdated(&app), place.set.in_use(&app)), (0, 0));
    sleep(secs(5)).await;
    assert_eq!(Arc::strong_count(&place.pool), 1, "it is forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_changed_login_is_used_from_then_on() {
    let place = Place::new(|_| ());
    place.pool.lease(None).await.unwrap().give_back(now());
    let other = Arc::new(Node::default());
    place.pool.update(Fake(Arc::clone(&other)), |_, _| false);
    assert_eq!(place.node.closed(), [(1, Closing::Outdated)]);
    place.pool.lease(None).await.unwrap().give_back(now());
    assert_eq!((place.node.logins(), other.logins()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn drain_refuses_waits_for_servers_in_use_and_ends_logins() {
    let place = Place::new(|s| s.size = 3);
    let (held, idle) = (
        place.pool.lease(None).await.unwrap(),
        place.pool.lease(None).await.unwrap(),
    );
    *place.node.login_takes.lock().unwrap() = secs(9999);
    let waiter = place.lease_in_task();
    settle().await;
    assert_eq!(place.stats().opening, 1);
    idle.give_back(now());
    // It went to the one who waited.
    let idle = waiter.await.unwrap().unwrap();
    idle.give_back(now());
    let start = now();
    let drain = place.set.drain();
    tokio::pin!(drain);
    assert!(tokio::time::timeout(secs(5), &mut drain).await.is_err());
    assert_eq!(place.stats().opening, 0);
    assert_eq!(place.node.closed(), [(2, Closing::Draining)]);
    let refused = place.pool.lease(None).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.sqlstate(), SqlState::ADMIN_SHUTDOWN);
    let later = add(&place.set, "later/bob@n1:5432", &place.node, |s| s.min = 1);
    assert!(later.lease(None).await.is_err());
    held.give_back(now());
    drain.await;
    assert_eq!(now() - start, secs(5));
    assert_eq!(place.node.closed().len(), 2);
    assert_eq!(place.set.database_scope(&"app".into()).taken(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_set_ends_its_tasks() {
    let place = Place::new(|_| ());
    *place.node.login_takes.lock().unwrap() = secs(60);
    let waiter = place.lease_in_task();
    settle().await;
    let weak = Arc::downgrade(&place.node);
    let Place { set, pool, node } = place;
    drop((set, node));
    waiter.abort();
    drop(pool);
    settle().await;
    assert_eq!(weak.strong_count(), 0);
}
