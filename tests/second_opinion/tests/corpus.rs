//! Holds the classes of the corpus against PostgreSQL's parser, and the checker itself against
//! classifiers that are known to be wrong.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use pgsluice::sql::catalog::Catalog;
use pgsluice::sql::classify::Syntax;
use pgsluice::sql::classify::classify;
use pgsluice::sql::statement::Class;
use second_opinion::objections;

/// The texts of one corpus file: blocks with an empty line between them.
fn corpus(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../corpus")
        .join(name);
    let text = fs::read_to_string(path).expect("the corpus is there");
    text.trim().split("\n\n").map(str::to_owned).collect()
}

fn all() -> Vec<String> {
    ["reads.sql", "writes.sql", "neutral.sql"]
        .into_iter()
        .flat_map(corpus)
        .collect()
}

fn catalog() -> Catalog {
    Catalog::new([
        (b"calm".to_vec(), false),
        (b"Odd Name".to_vec(), false),
        (b"my_function".to_vec(), true),
    ])
}

fn ours(text: &str) -> Class {
    classify(text.as_bytes(), Syntax::default(), &catalog()).class
}

/// The texts that `class` lets go to a replica although the parse tree objects.
fn betrayed(texts: &[String], class: impl Fn(&str) -> Class) -> Vec<String> {
    texts
        .iter()
        .filter(|text| class(text) != Class::Write)
        .filter_map(|text| {
            let objections = objections(text, &catalog()).expect("the corpus is SQL");
            (!objections.is_empty()).then(|| format!("{text}\n  {objections:?}"))
        })
        .collect()
}

#[test]
fn the_corpus_is_large_and_is_sql() {
    let texts = all();
    assert!(600 <= texts.len(), "{} texts", texts.len());
    assert_eq!(
        texts.iter().collect::<BTreeSet<_>>().len(),
        texts.len(),
        "no text twice"
    );
    for text in &texts {
        if let Err(error) = objections(text, &catalog()) {
            panic!("{error}:\n{text}");
        }
    }
}

#[test]
fn no_text_that_the_tree_objects_to_is_a_read() {
    let betrayed = betrayed(&all(), ours);
    assert!(
        betrayed.is_empty(),
        "{} of them:\n{}",
        betrayed.len(),
        betrayed.join("\n")
    );
}

/// The corpus joined in pairs: one part that the tree objects to is enough.
#[test]
fn no_pair_of_texts_hides_one() {
    let texts = all();
    let pairs: Vec<_> = texts
        .iter()
        .zip(texts.iter().rev())
        .map(|(a, b)| format!("{a} ;\n{b}"))
        .collect();
    let betrayed = betrayed(&pairs, ours);
    assert!(
        betrayed.is_empty(),
        "{} of them:\n{}",
        betrayed.len(),
        betrayed.join("\n")
    );
}

#[test]
fn what_neither_objects_to_is_a_read() {
    let wrong: Vec<_> = corpus("reads.sql")
        .into_iter()
        .filter(|text| ours(text) != Class::Read)
        .map(|text| {
            let statement = classify(text.as_bytes(), Syntax::default(), &catalog());
            format!(
                "{text}\n  {} {:?}",
                statement.reason.as_str(),
                statement.word
            )
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    for text in corpus("neutral.sql") {
        assert_eq!(ours(&text), Class::Neutral, "{text}");
    }
    for text in corpus("writes.sql") {
        assert_eq!(ours(&text), Class::Write, "{text}");
    }
}

/// Classifiers that are wrong in known ways: the checker has to find each of them out.
#[test]
fn the_checker_finds_out_weaker_classifiers() {
    fn words(text: &str) -> Vec<String> {
        text.to_lowercase()
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }
    let first_word = |text: &str| match words(text).first().map(String::as_str) {
        Some("select" | "with" | "values" | "table" | "explain" | "copy" | "show") => Class::Read,
        _ => Class::Write,
    };
    let no_functions = |text: &str| {
        let known = words(text)
            .into_iter()
            .map(|word| (word.into_bytes(), false));
        let harmless = Catalog::new(known);
        let statement = classify(text.as_bytes(), Syntax::default(), &harmless);
        match statement.reason.as_str() {
            "function" | "unknown_function" | "per_node" | "per_session" => Class::Read,
            _ => statement.class,
        }
    };
    let no_locks = |text: &str| {
        let statement = classify(text.as_bytes(), Syntax::default(), &catalog());
        if statement.reason.as_str() == "locking" {
            Class::Read
        } else {
            statement.class
        }
    };
    let no_changes = |text: &str| {
        let statement = classify(text.as_bytes(), Syntax::default(), &catalog());
        if statement.reason.as_str() == "data_modifying" {
            Class::Read
        } else {
            statement.class
        }
    };
    let first_statement = |text: &str| ours(text.split(';').next().unwrap_or_default());
    type Weak<'a> = (&'a str, usize, &'a dyn Fn(&str) -> Class);
    let weak: [Weak<'_>; 5] = [
        ("first word", 80, &first_word),
        ("no functions", 50, &no_functions),
        ("no locks", 20, &no_locks),
        ("no changes in WITH", 20, &no_changes),
        ("first statement", 4, &first_statement),
    ];
    for (name, least, class) in weak {
        let found = betrayed(&all(), class).len();
        assert!(least <= found, "{name}: only {found} found out");
    }
}
