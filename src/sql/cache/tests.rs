use super::*;
use crate::sql::statement::Class;
use proptest::prelude::*;

fn cache() -> Cache {
    Cache::new(Bounds::default(), 7)
}

fn catalog() -> Arc<Catalog> {
    Arc::new(Catalog::new([
        (b"audit".to_vec(), true),
        (b"calm".to_vec(), false),
    ]))
}

#[test]
fn texts_that_differ_in_literals_share_a_statement() {
    let (mut cache, catalog) = (cache(), catalog());
    let one = cache.classify(b"select a from t where b = 1", Syntax::default(), &catalog);
    let two = cache.classify(
        b"select a from t where b = 'x'",
        Syntax::default(),
        &catalog,
    );
    assert!(Arc::ptr_eq(&one, &two));
    assert_eq!(cache.lengths(), (0, 1));
}

#[test]
fn a_text_is_kept_when_seen_twice() {
    let (mut cache, catalog) = (cache(), catalog());
    for (text, lengths) in [
        ("select a from t where b = 'x'", (0, 1)),
        ("select a from t where b = 'y'", (0, 1)),
        ("select a from t where b = 'y'", (1, 1)),
        ("select a from t where b = 'y'", (1, 1)),
        ("select a from t", (1, 1)),
        ("select a from t", (2, 1)),
        ("begin", (2, 1)),
        ("begin", (3, 1)),
        ("select \\", (3, 1)),
        ("select \\", (3, 1)),
    ] {
        cache.classify(text.as_bytes(), Syntax::default(), &catalog);
        assert_eq!(cache.lengths(), lengths, "{text}");
    }
}

#[test]
fn literals_that_mean_something_are_not_shared() {
    let (mut cache, catalog) = (cache(), catalog());
    for (one, two) in [
        ("set a = 1", "set a = 2"),
        (
            "select set_config('a', '1', false)",
            "select set_config('a', '2', false)",
        ),
        (
            "select current_setting('search_path')",
            "select current_setting('port')",
        ),
        (
            "copy t to stdout with (delimiter '1')",
            "copy t to stdout with (delimiter '2')",
        ),
        ("copy t to 'a'", "copy t to 'b'"),
        ("load 'a'", "load 'b'"),
        (
            "/* pgsluice: primary */ select 1",
            "/* pgsluice: replica */ select 1",
        ),
    ] {
        let a = cache.classify(one.as_bytes(), Syntax::default(), &catalog);
        let b = cache.classify(two.as_bytes(), Syntax::default(), &catalog);
        assert!(!Arc::ptr_eq(&a, &b), "{one}");
        assert_eq!(
            *b,
            classify::classify(two.as_bytes(), Syntax::default(), &catalog)
        );
    }
}

#[test]
fn a_new_catalog_empties_it() {
    let (mut cache, catalog) = (cache(), catalog());
    let class = |cache: &mut Cache, catalog: &Arc<Catalog>| {
        cache
            .classify(b"select calm(1)", Syntax::default(), catalog)
            .class
    };
    for _ in 0..3 {
        assert_eq!(class(&mut cache, &catalog), Class::Read);
    }
    let volatile = Arc::new(Catalog::new([(b"calm".to_vec(), true)]));
    assert_eq!(class(&mut cache, &volatile), Class::Write);
    assert_eq!(
        class(&mut cache, &Arc::new(Catalog::default())),
        Class::Write
    );
}

#[test]
fn odd_syntax_goes_past_it() {
    let (mut cache, catalog) = (cache(), catalog());
    let text = br"select '\'; delete from t; --'";
    let off = Syntax {
        standard_conforming_strings: false,
        ..Syntax::default()
    };
    for _ in 0..3 {
        assert_eq!(cache.classify(text, off, &catalog).statements, 1);
        assert_eq!(
            cache.classify(text, Syntax::default(), &catalog).statements,
            2
        );
    }
}

#[test]
fn both_bounds_hold() {
    for bounds in [
        Bounds {
            entries_max: 10,
            text_bytes_max: 100_000,
        },
        Bounds {
            entries_max: 10_000,
            text_bytes_max: 2_000,
        },
    ] {
        let (mut cache, catalog) = (Cache::new(bounds, 1), catalog());
        for i in 0..2_000 {
            for text in [
                format!("select a{i} from t where b = 1"),
                format!("select b{i}, b{i}"),
            ] {
                cache.classify(text.as_bytes(), Syntax::default(), &catalog);
                cache.classify(text.as_bytes(), Syntax::default(), &catalog);
            }
        }
        for level in [&cache.exact, &cache.shapes] {
            let bytes: usize = level.iter().map(|(entry, _)| entry.bytes.len()).sum();
            assert_ne!(level.len(), 0);
            assert!(
                level.len() <= bounds.entries_max as usize,
                "{}",
                level.len()
            );
            assert!(bytes as u64 <= bounds.text_bytes_max, "{bytes}");
        }
    }
}

#[test]
fn a_long_text_is_not_kept() {
    let bounds = Bounds {
        entries_max: 10,
        text_bytes_max: 1_600,
    };
    let (mut cache, catalog) = (Cache::new(bounds, 1), catalog());
    let text = format!("select {}", "a, ".repeat(40));
    for _ in 0..3 {
        cache.classify(text.as_bytes(), Syntax::default(), &catalog);
    }
    assert_eq!(cache.lengths(), (0, 0));
}

fn is_send<T: Send>(_: &T) {}

#[test]
fn it_may_move_to_another_thread() {
    is_send(&cache());
}

/// Texts of a few shapes with literals of many kinds, so that keys meet.
fn texts() -> impl Strategy<Value = String> {
    const SHAPES: &[&str] = &[
        "select a from t where b = § and c in (§, §)",
        "select §§ from t",
        "select a from t limit §for update",
        "select a§b",
        "select calm(§), audit(§)",
        "select * from t where a = § -- §\n for update",
        "select set_config('a', §, false)",
        "select current_setting(§)",
        "/* § */ select §, §",
        "insert into t values (§, §), (§)",
        "set a = §",
        "select §.into t",
        "select 1 + §, nextval(§)",
    ];
    const LITERALS: &[&str] = &[
        "1",
        "'a'",
        "'it''s'",
        "$1",
        "E'\\''",
        "$$x$$",
        "1.5",
        ".5",
        "0x1f",
        "1_0",
        "b'1'",
        "'search_path'",
        "'port'",
        "true",
        "pgsluice: primary",
        "'a'\n'b'",
        "U&'a'",
        "-1",
        "1, 2",
        "/* */",
        "e",
        "'",
        "\"",
        "$",
        "\\",
    ];
    (
        proptest::sample::select(SHAPES),
        proptest::collection::vec(proptest::sample::select(LITERALS), 6),
    )
        .prop_map(|(shape, literals)| {
            let mut literals = literals.iter();
            shape.split('§').fold(String::new(), |mut text, piece| {
                if !text.is_empty() || shape.starts_with('§') {
                    text.push_str(literals.next().unwrap_or(&"1"));
                }
                text + piece
            })
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_cache_changes_nothing(texts in proptest::collection::vec(texts(), 1..60)) {
        let (mut cache, catalog) = (Cache::new(Bounds { entries_max: 20, text_bytes_max: 20_000 }, 3), catalog());
        for text in &texts {
            let found = cache.classify(text.as_bytes(), Syntax::default(), &catalog);
            let fresh = classify::classify(text.as_bytes(), Syntax::default(), &catalog);
            prop_assert_eq!(&*found, &fresh, "{}", text);
        }
    }
}
