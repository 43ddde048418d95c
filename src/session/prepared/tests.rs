use super::*;
use crate::sql::learned::Learned;
use crate::sql::statement::Class;
use crate::sql::statement::Marks;
use crate::sql::statement::Reason;

fn statement() -> Arc<Statement> {
    Arc::new(Statement {
        class: Class::Read,
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
    let first = texts.intern(b"SELECT 1", b"\0\0", &statement());
    let same = texts.intern(b"SELECT 1", b"\0\0", &statement());
    let typed = texts.intern(b"SELECT 1", b"\0\x01\0\0\0\x17", &statement());
    assert_eq!(first.id, same.id);
    assert_ne!(first.id, typed.id);
    drop((first, same));
    let again = texts.intern(b"SELECT 1", b"\0\0", &statement());
    assert!(typed.id < again.id, "numbers are not used again");
}

#[test]
fn a_server_drops_the_least_recently_used() {
    let texts = Texts::default();
    let [a, b, c] = [b"a", b"b", b"c"].map(|text| texts.intern(text, b"\0\0", &statement()));
    let mut server = OnServer::new(2);
    assert!(server.insert(&a).is_none() && server.insert(&b).is_none());
    assert!(server.touch(a.id));
    assert_eq!(server.insert(&c).map(|p| p.id), Some(b.id));
    assert!(server.touch(a.id) && server.touch(c.id) && !server.touch(b.id));
    assert_eq!(server.count(), 2);
}
