use super::*;
use crate::sql::learned::Learned;
use crate::sql::statement::Class;
use crate::sql::statement::Marks;
use crate::sql::statement::Reason;

fn looked() -> Looked {
    Looked {
        statement: statement(Class::Read),
        by: Edition::default(),
        syntax: Some(Syntax::default()),
    }
}

fn statement(class: Class) -> Arc<Statement> {
    Arc::new(Statement {
        class,
        reason: Reason::Read,
        word: None,
        effects: Box::default(),
        hint: None,
        asks: Box::default(),
        statements: 1,
        marks: Marks::default(),
        learned: Learned::default(),
    })
}

#[test]
fn equal_texts_share_a_name_while_someone_has_it() {
    let texts = Texts::default();
    let first = texts.intern(b"SELECT 1", b"\0\0", &looked());
    let same = texts.intern(b"SELECT 1", b"\0\0", &looked());
    let typed = texts.intern(b"SELECT 1", b"\0\x01\0\0\0\x17", &looked());
    assert_eq!(first.id, same.id);
    assert_ne!(first.id, typed.id);
    drop((first, same));
    let again = texts.intern(b"SELECT 1", b"\0\0", &looked());
    assert!(typed.id < again.id, "numbers are not used again");
}

#[test]
fn a_server_drops_the_least_recently_used() {
    let texts = Texts::default();
    let [a, b, c] = [b"a", b"b", b"c"].map(|text| texts.intern(text, b"\0\0", &looked()));
    let mut server = OnServer::new(2);
    assert!(server.insert(&a).is_none() && server.insert(&b).is_none());
    assert!(server.touch(a.id));
    assert_eq!(server.insert(&c).map(|p| p.id), Some(b.id));
    assert!(server.touch(a.id) && server.touch(c.id) && !server.touch(b.id));
    assert_eq!(server.count(), 2);
}

/// A database whose catalog has come to another version.
struct Later;

impl Classify for Later {
    fn classify(&self, text: &[u8], _: Syntax) -> Arc<Statement> {
        assert_eq!(text, b"SELECT f()");
        statement(Class::Write)
    }

    fn edition(&self) -> Edition {
        Edition {
            database: 0,
            version: 1,
        }
    }

    fn is_read_committed(&self) -> bool {
        true
    }
}

// What was prepared before the first look into the catalog kept the class it got then.
#[test]
fn what_was_prepared_under_another_catalog_is_looked_at_again() {
    let texts = Texts::default();
    let prepared = texts.intern(b"SELECT f()", b"\0\0", &looked());
    assert_eq!(prepared.statement().class, Class::Read);
    assert_eq!(prepared.look(&Later).class, Class::Write);
    assert_eq!(prepared.statement().class, Class::Write);
    let kept = prepared.look(&Later);
    assert!(Arc::ptr_eq(&kept, &prepared.look(&Later)), "looked at once");
}
