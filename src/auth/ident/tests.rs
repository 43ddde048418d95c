//! Lines of ident files, and who may be whom.

use crate::auth::ident::Maps;

#[test]
fn a_name_may_be_the_users_of_its_map() {
    let text = "# a comment\n\nstaff  joe  app\nstaff joe report # and this one\n\
                staff \"o\"\"neil\" \"all\"\nroot postgres all\n";
    let (maps, broken) = Maps::parse(text);
    assert_eq!(broken, []);
    assert!(maps.has("staff") && maps.has("root") && !maps.has("joe"));
    let cases = [
        ("staff", "joe", "app", true),
        ("staff", "joe", "report", true),
        ("staff", "joe", "joe", false),
        ("staff", "ann", "app", false),
        ("staff", "o\"neil", "all", true),
        ("staff", "o\"neil", "app", false),
        ("root", "postgres", "anyone", true),
        ("root", "joe", "app", false),
        ("other", "joe", "app", false),
    ];
    for (map, name, user, expected) in cases {
        assert_eq!(
            maps.allows(map, name, user),
            expected,
            "{map} {name} {user}"
        );
    }
}

#[test]
fn broken_lines_are_left_out_and_told_of() {
    let text = "m a\nm a b c\nm \"a b\nm a,b c\nm a b\n";
    let (maps, broken) = Maps::parse(text);
    let lines: Vec<_> = broken.iter().map(|b| b.line).collect();
    assert_eq!(lines, [1, 2, 3, 4]);
    assert!(maps.allows("m", "a", "b"));
    for end in 0..text.len() {
        let _ = Maps::parse(&text[..end]);
    }
}
