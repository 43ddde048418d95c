//! A catalog over scripted looks and a paused clock.

use std::sync::Mutex;

use tokio::time::sleep;

use super::*;

/// What the database holds, or that it cannot be looked at; and how often it was.
#[derive(Clone, Default)]
struct Database(Arc<Mutex<(Option<Names>, u32)>>);

impl Database {
    fn set(&self, functions: &[(&str, bool)]) {
        let functions = functions.iter().map(|(n, v)| ((*n).to_owned(), *v));
        self.0.lock().unwrap().0 = Some(Names {
            functions: functions.collect(),
            primary_relations: vec!["ids_seq".to_owned()],
            is_read_committed: true,
        });
    }

    fn break_down(&self) {
        self.0.lock().unwrap().0 = None;
    }

    fn look_count(&self) -> u32 {
        self.0.lock().unwrap().1
    }
}

impl Look for Database {
    async fn look(&self) -> Result<Names, Trouble> {
        sleep(Duration::from_millis(5)).await;
        let mut state = self.0.lock().unwrap();
        state.1 += 1;
        state.0.clone().ok_or(Trouble::Refused)
    }
}

fn start(database: &Database) -> (CatalogWatch, Task) {
    CatalogWatch::start("app".into(), Duration::from_secs(60), database.clone())
}

async fn after(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

#[tokio::test(start_paused = true)]
async fn names_are_known_after_the_first_look() {
    let database = Database::default();
    database.set(&[("pay", true), ("price", false)]);
    let (watch, _task) = start(&database);
    assert_eq!(watch.snapshot().version, 0);
    assert_eq!(watch.snapshot().catalog.is_volatile(b"price"), None);
    after(10).await;
    let snapshot = watch.snapshot();
    let volatile = |name: &[u8]| snapshot.catalog.is_volatile(name);
    assert_eq!(
        [b"pay".as_slice(), b"price", b"other"].map(volatile),
        [Some(true), Some(false), None]
    );
    assert!(snapshot.catalog.is_primary_relation(b"ids_seq"));
    assert_eq!(snapshot.version, 1);
}

#[tokio::test(start_paused = true)]
async fn version_grows_only_when_names_change() {
    let database = Database::default();
    database.set(&[("price", false)]);
    let (watch, _task) = start(&database);
    after(130_000).await;
    assert_eq!((watch.snapshot().version, database.look_count()), (1, 3));
    database.set(&[("price", true)]);
    after(60_000).await;
    assert_eq!(watch.snapshot().version, 2);
    assert_eq!(watch.snapshot().catalog.is_volatile(b"price"), Some(true));
}

#[tokio::test(start_paused = true)]
async fn changes_that_traffic_makes_are_seen_soon_and_together() {
    let database = Database::default();
    database.set(&[]);
    let (watch, _task) = start(&database);
    after(1_000).await;
    database.set(&[("pay", true)]);
    for _ in 0..50 {
        watch.touch();
        after(1).await;
    }
    after(200).await;
    assert_eq!(watch.snapshot().catalog.is_volatile(b"pay"), Some(true));
    assert!(database.look_count() <= 3, "{}", database.look_count());
}

#[tokio::test(start_paused = true)]
async fn failure_keeps_the_old_snapshot_and_is_retried() {
    let database = Database::default();
    database.set(&[("pay", true)]);
    let (watch, _task) = start(&database);
    after(10).await;
    database.break_down();
    after(61_000).await;
    assert_eq!(watch.snapshot().catalog.is_volatile(b"pay"), Some(true));
    database.set(&[("pay", false)]);
    after(5_100).await;
    assert_eq!(watch.snapshot().catalog.is_volatile(b"pay"), Some(false));
}

#[tokio::test(start_paused = true)]
async fn task_ends_when_it_is_stopped() {
    let database = Database::default();
    let (_watch, task) = start(&database);
    after(10).await;
    task.stop().await;
    let count = database.look_count();
    after(600_000).await;
    assert_eq!(database.look_count(), count);
}
