use std::time::Duration;

use super::*;

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

#[tokio::test(start_paused = true)]
async fn a_watcher_has_news_once_per_change() {
    let control = Control::new();
    let mut watcher = control.watch();
    assert_eq!(watcher.news(), None);
    let draining = Run::Draining {
        deadline: Some(now() + Duration::from_secs(30)),
    };
    control.drain(Some(now() + Duration::from_secs(30)));
    assert_eq!(watcher.news(), Some(draining));
    assert_eq!(watcher.news(), None);
    assert_eq!(watcher.run(), draining);
    control.stop();
    assert_eq!(watcher.changed().await, Run::Stopping);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_only_comes_nearer_and_a_stop_is_final() {
    let control = Control::new();
    let near = now() + Duration::from_secs(1);
    let far = now() + Duration::from_secs(9);
    for (asked, expected) in [
        (None, None),
        (Some(far), Some(far)),
        (Some(near), Some(near)),
        (Some(far), Some(near)),
        (None, Some(near)),
    ] {
        control.drain(asked);
        assert_eq!(control.run(), Run::Draining { deadline: expected });
    }
    control.stop();
    control.drain(None);
    assert_eq!(control.run(), Run::Stopping);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_the_end_hear_of_it() {
    let control = Control::new();
    let (mut one, mut other) = (control.watch(), control.watch());
    let task = tokio::spawn(async move {
        one.ended().await;
        one.stopped().await;
    });
    tokio::task::yield_now().await;
    assert!(!task.is_finished());
    control.drain(None);
    tokio::task::yield_now().await;
    assert!(!task.is_finished());
    control.stop();
    task.await.unwrap();
    other.stopped().await;
    drop(control);
    assert_eq!(other.news(), Some(Run::Stopping));
}

#[test]
fn a_closed_gate_refuses_its_database_alone() {
    let gates = gate::Gates::default();
    gates.close(&"app".into());
    assert!(!gates.is_open("app"));
    assert!(gates.is_open("other"));
    gates.open("app");
    assert!(gates.is_open("app"));
}
