//! The corpus taken apart and put together: texts nobody wrote, held against the parse tree
//! wherever they happen to be SQL.

use std::fs;
use std::path::Path;

use pgsluice::sql::catalog::Catalog;
use pgsluice::sql::classify::Syntax;
use pgsluice::sql::classify::classify;
use pgsluice::sql::lexer::Lexer;
use pgsluice::sql::statement::Class;
use second_opinion::objections;

fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    ["reads.sql", "writes.sql"]
        .iter()
        .map(|name| fs::read_to_string(folder.join(name)).expect("the corpus is there"))
        .flat_map(|text| {
            text.trim()
                .split("\n\n")
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// How many of the texts are SQL; fails if one of them is taken for a read and is none.
fn check(texts: impl Iterator<Item = String>) -> usize {
    let catalog = Catalog::new([(b"calm".to_vec(), false), (b"Odd Name".to_vec(), false)]);
    let (mut count, mut wrong) = (0, Vec::new());
    for text in texts {
        let Ok(objections) = objections(&text, &catalog) else {
            continue;
        };
        count += 1;
        let statement = classify(text.as_bytes(), Syntax::default(), &catalog);
        if !objections.is_empty() && statement.class != Class::Write {
            wrong.push(format!("{text}\n  {objections:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {count}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(30)].join("\n")
    );
    count
}

#[test]
fn no_text_within_another_is_hidden() {
    const FRAMES: &[&str] = &[
        "SELECT * FROM ({}) x",
        "SELECT * FROM t x, LATERAL ({}) y(a, b) WHERE true",
        "SELECT ({}), 1",
        "SELECT ARRAY({})",
        "SELECT a FROM t WHERE a IN ({}) ORDER BY 1",
        "SELECT a FROM t WHERE EXISTS ({})",
        "WITH x AS ({}) SELECT * FROM x",
        "WITH x(a, b) AS NOT MATERIALIZED ({}), y AS (SELECT 1) TABLE x",
        "WITH RECURSIVE x AS ({}) SEARCH DEPTH FIRST BY a SET b SELECT 1",
        "WITH x AS (SELECT 1) {}",
        "WITH x AS (SELECT 1), update (delete) AS (SELECT 2) ({})",
        "WITH RECURSIVE x AS (SELECT 1 UNION SELECT 2) CYCLE a SET b USING c {}",
        "SELECT 1 UNION ALL {}",
        "({}) UNION SELECT 1",
        "(({})) ORDER BY 1 LIMIT 1",
        "EXPLAIN {}",
        "EXPLAIN ANALYZE {}",
        "EXPLAIN (ANALYZE, VERBOSE) {}",
        "COPY ({}) TO STDOUT",
        "DECLARE c CURSOR FOR {}",
        "DECLARE c CURSOR WITH HOLD FOR {}",
        "SELECT 1; {}; SELECT 2",
        "BEGIN READ ONLY; {}",
        "/* a */ {} -- b",
        "CREATE VIEW v AS {}",
        "PREPARE p AS {}",
    ];
    let texts = corpus();
    let framed = texts
        .iter()
        .flat_map(|text| FRAMES.iter().map(move |frame| frame.replace("{}", text)));
    let count = check(framed);
    assert!(5_000 < count, "only {count} are SQL");
}

/// Each text without one token, with one twice, and with two exchanged.
#[test]
fn no_small_change_hides_a_write() {
    let count = check(corpus().iter().flat_map(|text| changed(text)));
    assert!(3_500 < count, "only {count} are SQL");
}

/// Each text with one token replaced by one of these.
#[test]
fn no_other_word_hides_a_write() {
    const WORDS: &[&str] = &[
        "update",
        "\"update\"",
        "delete",
        "into",
        "for",
        "nextval",
        "frob",
        "pg_temp",
        "as",
        "with",
        "(",
        ")",
        ",",
        ".",
        "select",
        "values",
        "table",
        "on",
        "from",
        "operator",
        "value",
        "like",
        "cube",
        "filter",
        "by",
        "key",
        "'x'",
        "1",
    ];
    let texts = corpus();
    let replaced = texts.iter().enumerate().flat_map(|(n, text)| {
        let spans = spans(text);
        let replace = |place: usize, word: &str| {
            let (start, end) = spans[place];
            format!("{} {word} {}", &text[..start], &text[end..])
        };
        (0..spans.len())
            .flat_map(|place| {
                // All words at all places would take minutes.
                WORDS
                    .iter()
                    .skip((place + n) % 13)
                    .step_by(13)
                    .map(move |word| (place, *word))
            })
            .map(|(place, word)| replace(place, word))
            .collect::<Vec<_>>()
    });
    let count = check(replaced);
    assert!(3_500 < count, "only {count} are SQL");
}

fn spans(text: &str) -> Vec<(usize, usize)> {
    let mut lexer = Lexer::new(text.as_bytes(), true);
    std::iter::from_fn(|| lexer.next_significant())
        .map(|t| (t.start, t.end))
        .collect()
}

fn changed(text: &str) -> Vec<String> {
    let spans = spans(text);
    let mut texts = Vec::new();
    for (i, &(start, end)) in spans.iter().enumerate() {
        texts.push(format!("{} {}", &text[..start], &text[end..]));
        texts.push(format!(
            "{} {} {}",
            &text[..end],
            &text[start..end],
            &text[end..]
        ));
        if let Some(&(next, next_end)) = spans.get(i + 1) {
            texts.push(format!(
                "{} {} {} {}",
                &text[..start],
                &text[next..next_end],
                &text[start..end],
                &text[next_end..],
            ));
        }
    }
    texts
}
