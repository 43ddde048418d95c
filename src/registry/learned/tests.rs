use super::*;
use crate::sql::catalog::Catalog;
use crate::sql::classify::Syntax;
use crate::sql::classify::classify;

const TTL: Duration = Duration::from_secs(10);

fn statement(text: &str) -> Statement {
    classify(text.as_bytes(), Syntax::default(), &Catalog::default())
}

fn learn(learned: &Learned, text: &str, now: Instant) -> Statement {
    let statement = statement(text);
    let node = Arc::from("a:1");
    let how = (&node, SqlState::READ_ONLY);
    learned.learn((text.as_bytes(), &statement), how, TTL, now);
    statement
}

#[test]
fn what_differs_in_literals_is_the_same_statement() {
    let now = tokio::time::Instant::now().into_std();
    let learned = Learned::default();
    let other = statement("select * from v where id = 2");
    learned.recall(b"select * from v where id = 2", &other);
    assert!(!other.learned.is_write(now));
    let refused = learn(&learned, "select * from v where id = 1", now);
    assert!(refused.learned.is_write(now));
    learned.recall(b"select * from v where id = 2", &other);
    assert!(other.learned.is_write(now));
    assert!(!other.learned.is_write(now + TTL));
    let unlike = statement("select id from v");
    learned.recall(b"select id from v", &unlike);
    assert!(!unlike.learned.is_write(now));
}

#[test]
fn lessons_are_counted_bounded_and_forgotten() {
    let now = tokio::time::Instant::now().into_std();
    let learned = Learned::default();
    learn(&learned, "select f(1)", now);
    let later = now + Duration::from_secs(1);
    learn(&learned, "select f(2)", later);
    let list = learned.list(later);
    assert_eq!(list.len(), 1);
    let (_, lesson) = &list[0];
    assert_eq!((lesson.times, lesson.since, lesson.last), (2, now, later));
    for i in 0..LEARNED_COUNT_MAX + 5 {
        learn(&learned, &format!("select a{i} from t"), later);
    }
    assert_eq!(learned.count(later), LEARNED_COUNT_MAX);
    assert_eq!(learned.count(later + TTL), 0);
    assert!(learned.list(later + TTL).is_empty());
}

#[test]
fn nothing_is_learned_for_no_time() {
    let now = tokio::time::Instant::now().into_std();
    let learned = Learned::default();
    let read = statement("select 1");
    let node = Arc::from("a:1");
    let how = (&node, SqlState::READ_ONLY);
    learned.learn((b"select 1", &read), how, Duration::ZERO, now);
    assert!(!read.learned.is_write(now));
    assert_eq!(learned.count(now), 0);
}
