//! Servers that one client has for itself.

use super::*;

impl Place {
    async fn lease_apart(&self) -> Result<Lease<Fake>, Error> {
        let connect = self.pool.connect();
        let open = async move { connect.connect().await };
        self.pool.lease_apart(now() + secs(5), open).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_apart_takes_a_place_and_is_not_used_again() {
    let place = Place::new(|s| s.size = 2);
    let scope = place.set.database_scope(&"app".into());
    let apart = place.lease_apart().await.unwrap();
    let other = place.pool.lease(None).await.unwrap();
    assert_eq!((apart.number, other.number, scope.taken()), (1, 2, 2));
    let waiter = place.lease_in_task();
    settle().await;
    assert!(!waiter.is_finished(), "the pool is full");
    apart.close(Closing::Replication);
    assert_eq!(waiter.await.unwrap().unwrap().number, 3);
    assert_eq!(place.node.closed()[..1], [(1, Closing::Replication)]);
}

#[tokio::test(start_paused = true)]
async fn an_idle_server_makes_room_for_one_apart() {
    let place = Place::new(|s| s.size = 1);
    place.pool.lease(None).await.unwrap().give_back(now());
    let apart = place.lease_apart().await.unwrap();
    assert_eq!(apart.number, 2);
    assert_eq!(place.node.closed(), [(1, Closing::Evicted)]);
    // So does one of another pool, where the database is full.
    let place = Place::new(|s| s.size = 5);
    let other = add(&place.set, "app/bob@n2:5432", &place.node, |_| ());
    other.lease(None).await.unwrap().give_back(now());
    place.set.database_scope(&"app".into()).set_limit(1);
    assert_eq!(place.lease_apart().await.unwrap().number, 2);
    assert_eq!(place.node.closed()[..1], [(1, Closing::Evicted)]);
}

#[tokio::test(start_paused = true)]
async fn one_apart_waits_in_line_where_there_is_no_room() {
    let place = Place::new(|s| s.size = 1);
    let held = place.pool.lease(None).await.unwrap();
    let start = now();
    assert!(place.lease_apart().await.is_err());
    assert_eq!(now() - start, secs(5));
    let (apart, ()) = tokio::join!(place.lease_apart(), async {
        sleep(secs(1)).await;
        held.give_back(now());
    });
    assert_eq!(apart.unwrap().number, 2);
    assert_eq!(place.node.closed()[0], (1, Closing::Evicted));
    assert_eq!(place.stats().in_use, 0, "the lease was dropped");
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_again_if_nothing_was_opened_for_it() {
    let place = Place::new(|s| s.size = 1);
    place.node.refuse.lock().unwrap().push_back(refused());
    assert!(place.lease_apart().await.is_err());
    let scope = place.set.database_scope(&"app".into());
    assert_eq!((place.stats().in_use, scope.taken()), (0, 0));
    *place.node.login_takes.lock().unwrap() = secs(60);
    let dropped = tokio::time::timeout(secs(1), place.lease_apart()).await;
    assert!(dropped.is_err(), "it takes longer");
    assert_eq!((place.stats().in_use, scope.taken()), (0, 0));
    assert!(!place.stats().failing, "others may try");
}
