//! Tables of texts and what they are.

mod effects;

mod reads;

mod writes;

use super::*;
use crate::sql::statement::Hint;
use proptest::prelude::*;

/// The functions that the tables take as a user's.
pub(super) fn catalog() -> Catalog {
    Catalog::new(
        [
            ("calm", false),
            ("audit", true),
            ("mixed", false),
            ("mixed", true),
            ("Quoted", false),
            ("lower", false),
            ("upper", true),
            ("json_value", true),
            ("filter", true),
        ]
        .map(|(name, volatile)| (name.as_bytes().to_vec(), volatile)),
    )
    .with_primary_relations([b"order_id_seq".to_vec()])
}

pub(super) fn of(text: &str) -> Statement {
    classify(text.as_bytes(), Syntax::default(), &catalog())
}

/// `class reason` and, if there is one, the word that decided.
pub(super) fn shown(statement: &Statement) -> String {
    let mut out = format!("{:?} {}", statement.class, statement.reason.as_str());
    if let Some(word) = &statement.word {
        out.push(' ');
        out.push_str(word);
    }
    out
}

/// Checks each line `text ==> expected` of a table; `\\n` in a text is a line end.
pub(super) fn check_table(table: &str, found: impl Fn(&str) -> String) {
    let mut wrong = Vec::new();
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (text, expected) = line.split_once("==>").unwrap();
        let (text, expected) = (text.trim().replace("\\n", "\n"), expected.trim());
        let found = found(&text);
        if found != expected {
            wrong.push(format!(
                "{text}\n  expected: {expected}\n  found:    {found}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

pub(super) fn check(table: &str) {
    check_table(table, |text| shown(&of(text)));
}

#[test]
fn unknown_is_a_write() {
    check(
        r#"
        frobnicate the table ==> Write command frobnicate
        "select" 1 ==> Write command
        1 ==> Write command
        select frob(1) ==> Write unknown_function frob
        'select 1' ==> Write command
        select 1 \\ ==> Write doubtful
        select 'abc ==> Write doubtful
        select /* abc ==> Write doubtful
        select U&"\\0061" from t ==> Write doubtful
        "#,
    );
}

#[test]
fn statements_are_counted_and_taken_together() {
    for (text, count, expected) in [
        ("", 0, "Neutral empty"),
        (" ; ;; -- nothing\n", 0, "Neutral empty"),
        ("select 1", 1, "Read read"),
        ("select 1;", 1, "Read read"),
        ("select 1; select 2", 2, "Read read"),
        ("select 1; delete from t", 2, "Write command delete"),
        ("delete from t; select 1", 2, "Write command delete"),
        ("select ';'; select $$;$$ -- ;\n", 2, "Read read"),
        ("set a = 1; select 1", 2, "Read read"),
        ("set a = 1; set b = 2", 2, "Neutral setting"),
        ("begin; select 1", 2, "Write transaction begin"),
        ("begin read only; select 1", 2, "Read read"),
        (
            "begin isolation level serializable read only; select 1",
            2,
            "Write transaction begin",
        ),
        ("begin; commit", 2, "Neutral transaction"),
        ("commit and chain; select 1", 2, "Write transaction begin"),
        (
            "create rule r as on insert to t do (delete from a; delete from b); select 1",
            2,
            "Write command create",
        ),
        (
            "create function f() returns int begin atomic select 1; select case when true then 1 end; \
            end; select 1",
            2,
            "Write command create",
        ),
        (
            "create function f() returns int language sql as 'begin; end'; commit",
            2,
            "Write command create",
        ),
    ] {
        let statement = of(text);
        assert_eq!(statement.statements, count, "{text}");
        assert_eq!(shown(&statement), expected, "{text}");
    }
}

#[test]
fn hints_are_read_from_comments() {
    for (text, expected) in [
        ("/* pgsluice: primary */ select 1", Some(Hint::Primary)),
        ("/*pgsluice:replica*/ select 1", Some(Hint::Replica)),
        ("select 1 /* PgSluice:  REPLICA */", Some(Hint::Replica)),
        ("select 1 -- pgsluice: primary", Some(Hint::Primary)),
        ("-- pgsluice: replica\nselect 1", Some(Hint::Replica)),
        (
            "/* pgsluice: replica, app=web */ select 1",
            Some(Hint::Replica),
        ),
        (
            "/* pgsluice: replica */ select 1 /* pgsluice: primary */",
            Some(Hint::Primary),
        ),
        (
            "/* pgsluice: primary */ select 1; /* pgsluice: replica */",
            Some(Hint::Primary),
        ),
        ("/* pgsluice: replicas */ select 1", None),
        ("/* pgsluice: somewhere */ select 1", None),
        ("/* to pgsluice: primary */ select 1", None),
        ("select '/* pgsluice: primary */'", None),
        ("select 1 /* pgsluice", None),
        ("/**/ select 1 --", None),
    ] {
        assert_eq!(of(text).hint, expected, "{text}");
    }
}

#[test]
fn hints_may_set_what_sessions_set() {
    for (text, expected) in [
        ("/* pgsluice: strong */ select 1", "consistency=strong"),
        (
            "/* pgsluice: Session, replica */ select 1",
            "consistency=session",
        ),
        (
            "/* pgsluice: consistency = eventual, max_staleness='5s' */ select 1",
            "consistency=eventual max_staleness=5s",
        ),
        (
            "select 1 -- pgsluice: max_staleness=100ms",
            "max_staleness=100ms",
        ),
        ("/* pgsluice: strongest */ select 1", ""),
        ("select '/* pgsluice: strong */'", ""),
    ] {
        let shown: Vec<_> = of(text)
            .asks
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(shown.join(" "), expected, "{text}");
    }
}

#[test]
fn syntax_that_is_not_default_makes_doubt_only_where_it_matters() {
    let backslashes = Syntax {
        standard_conforming_strings: false,
        ..Syntax::default()
    };
    let unsafe_bytes = Syntax {
        ascii_safe_encoding: false,
        ..Syntax::default()
    };
    for (text, syntax, expected) in [
        ("select 'a'", backslashes, "Read read"),
        (r"select 'a\\'", backslashes, "Write doubtful"),
        (
            r"select '\'; delete from t; --'",
            backslashes,
            "Write doubtful",
        ),
        ("select 'a'", unsafe_bytes, "Read read"),
        ("select 'é'", unsafe_bytes, "Write doubtful"),
        ("commit", unsafe_bytes, "Neutral transaction"),
    ] {
        let statement = classify(text.as_bytes(), syntax, &Catalog::default());
        assert_eq!(shown(&statement), expected, "{text}");
    }
    let one = classify(
        br"select '\'; delete from t; --'",
        backslashes,
        &Catalog::default(),
    );
    assert_eq!(one.statements, 1);
}

#[test]
fn long_and_deep_texts_take_linear_time() {
    let n = 100_000;
    for text in [
        format!("select {}1{}", "(".repeat(n), ")".repeat(n)),
        format!("select 1{}", "+1".repeat(n)),
        format!("select {}", "+-".repeat(n)),
        format!("select {}", "@-".repeat(n)),
        format!("{}select 1", "/*".repeat(n)),
        format!("select {}", "lower(".repeat(n)),
        format!("select {}", "set_config(".repeat(n / 100)),
        format!("select {}", "$a".repeat(n)),
        format!("select {}", "'a'\n".repeat(n)),
        format!("select {}", "'a' ".repeat(n)),
        format!("select 'a'{}", " -- c\n".repeat(n)),
        ";".repeat(n),
        "(".repeat(n),
        format!("explain {}", "(".repeat(n)),
        "begin;".repeat(n),
        format!("create function {}", "begin atomic case ".repeat(n)),
    ] {
        let _ = of(&text);
    }
}

/// Words and marks that make odd statements likely.
pub(super) fn odd_texts() -> impl Strategy<Value = String> {
    const WORDS: &str = "select insert update delete merge into from with x as ( ) , ; for share values table set \
        show reset begin commit rollback to = 'a' 'true' true false set_config current_setting \
        pg_catalog . $1 1 1.5e3 0x1f -- /* */ ' $$ e' explain analyze copy stdout stdin declare \
        cursor hold create temp function atomic end case :: distinct on operator pgsluice \
        pg_stat_activity nextval lower audit é time zone interval transaction isolation level read \
        only local session";
    const ODD: &[&str] = &[
        "\n",
        "\"q\"",
        "\"",
        "\\",
        "/* pgsluice: primary */",
        "-- pgsluice: replica\n",
    ];
    let pieces: Vec<&str> = WORDS.split(' ').chain(ODD.iter().copied()).collect();
    proptest::collection::vec((proptest::sample::select(pieces), 0..4_u8), 0..30).prop_map(|v| {
        v.iter()
            .map(|(piece, gap)| {
                if *gap == 0 {
                    (*piece).to_owned()
                } else {
                    format!("{piece} ")
                }
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn nothing_here_panics(text in odd_texts(), bytes in any::<Vec<u8>>(), flags in any::<(bool, bool)>()) {
        let syntax = Syntax { standard_conforming_strings: flags.0, ascii_safe_encoding: flags.1 };
        let _ = classify(text.as_bytes(), syntax, &catalog());
        let _ = classify(&bytes, syntax, &catalog());
    }

    /// Two texts joined by a semicolon are as bad as the worse of them.
    #[test]
    fn joining_texts_never_makes_them_better(a in odd_texts(), b in odd_texts()) {
        let (one, two) = (of(&a), of(&b));
        let doubtful = one.marks.has(Marks::DOUBTFUL) || a.contains('\'') || a.contains('$')
            || a.contains('"') || a.contains('/') || a.contains('-') || a.contains('(');
        if !doubtful && !a.contains("atomic") {
            let both = of(&format!("{a};{b}"));
            prop_assert!(one.class.max(two.class) <= both.class);
            prop_assert_eq!(one.statements + two.statements, both.statements);
        }
    }
}
