//! Holds our tokens against those of PostgreSQL's own scanner, over the corpus and over texts made
//! of odd pieces.

use std::fs;
use std::path::Path;

use pgsluice::sql::lexer::Kind;
use pgsluice::sql::lexer::Lexer;

/// Where our tokens are, white space left out.
fn ours(text: &str) -> Option<Vec<(usize, usize)>> {
    let mut lexer = Lexer::new(text.as_bytes(), true);
    let mut spans = Vec::new();
    while let Some(token) = lexer.next_token() {
        match token.kind {
            Kind::Space => (),
            Kind::Unterminated => return None,
            _ => spans.push((token.start, token.end)),
        }
    }
    Some(spans)
}

/// Where PostgreSQL's are; `None` if its scanner refuses the text.
fn theirs(text: &str) -> Option<Vec<(usize, usize)>> {
    let tokens = pg_query::scan(text).ok()?.tokens;
    let place = |n: i32| usize::try_from(n).expect("places are not negative");
    Some(
        tokens
            .iter()
            .map(|t| (place(t.start), place(t.end)))
            .collect(),
    )
}

#[test]
fn the_corpus_has_the_same_tokens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for name in ["reads.sql", "writes.sql", "neutral.sql"] {
        let text = fs::read_to_string(folder.join(name)).expect("the corpus is there");
        for block in text.trim().split("\n\n") {
            assert_eq!(ours(block), theirs(block), "{block}");
        }
    }
}

/// Pieces that meet in many ways, joined three and four at a time.
#[test]
fn odd_pieces_have_the_same_tokens() {
    const PIECES: &[&str] = &[
        "a", "1", " ", "'x'", "'", "\"q\"", "$1", "$$", "$t$", "--", "\n", "/*", "*/", "+", "-",
        "@", "=", ">", ".", "..", ":", "::", ":=", "=>", "E'\\'", "U&'x'", "U&\"x\"", "b'1'",
        "1.5", "1e5", "e", "0x1f", "1_0", ";", "(", "]", "é", "<", "!", "?", "|", "\r", "\t", "*",
        "/",
    ];
    let (mut compared, mut wrong) = (0, Vec::new());
    let mut compare = |text: &str| {
        let Some(theirs) = theirs(text) else {
            return;
        };
        compared += 1;
        if ours(text).as_ref() != Some(&theirs) {
            wrong.push(format!(
                "{text:?}\n  ours   {:?}\n  theirs {theirs:?}",
                ours(text)
            ));
        }
    };
    for (i, a) in PIECES.iter().enumerate() {
        for (j, b) in PIECES.iter().enumerate() {
            for (k, c) in PIECES.iter().enumerate() {
                compare(&format!("{a}{b}{c}"));
                let d = PIECES[(i * 7 + j * 11 + k * 13) % PIECES.len()];
                compare(&format!("{c}{a}{d}{b} x"));
            }
        }
    }
    assert!(100_000 < compared, "only {compared} compared");
    assert!(
        wrong.is_empty(),
        "{} of {compared}:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
}
