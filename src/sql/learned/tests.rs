use std::time::Duration;

use super::*;

#[test]
fn what_was_learned_is_forgotten_in_time() {
    let now = tokio::time::Instant::now().into_std();
    let learned = Learned::default();
    assert!(!learned.is_write(now));
    learned.mark(now + Duration::from_secs(1));
    assert!(learned.is_write(now));
    assert!(!learned.is_write(now + Duration::from_secs(1)));
    assert!(!learned.is_write(now), "it was forgotten for good");
    assert!(!learned.is_news(0));
    assert!(learned.is_news(1));
    assert!(!learned.is_news(1));
}
