//! A text's key: the text without what may differ between texts that are alike.
//!
//! Literals and parameters become one byte that no text can hold, runs of them with commas between
//! (`IN (1, 2, 3)`) become one, blanks become one space and comments are dropped, but for hints.
//! All else stays as it was, so texts of one key have the same tokens but for their literals.

use crate::sql::lexer::Kind;
use crate::sql::lexer::Lexer;
use crate::sql::lexer::Token;
use crate::sql::statement::Hint;

/// What stands for a literal. A text that holds this byte has no key.
pub const LITERAL: u8 = 0;

/// Writes the key of `text` to `out`, which is cleared first; whether it has one.
///
/// It has none if a token cannot be read for certain, if a number runs into a word (versions of
/// PostgreSQL differ there), or if the key would be longer than `bytes_max`. `text` is taken to be
/// of the default syntax ([`crate::sql::classify::Syntax::is_plain_for`]).
pub fn key(text: &[u8], bytes_max: usize, out: &mut Vec<u8>) -> bool {
    out.clear();
    let mut lexer = Lexer::new(text, true);
    let mut writer = Writer {
        out,
        gap: false,
        run: Run::Other,
    };
    while let Some(token) = lexer.next_token() {
        let bytes = lexer.bytes(token);
        let taken = match token.kind {
            Kind::Space => {
                writer.gap = true;
                true
            }
            Kind::LineComment | Kind::BlockComment => writer.comment(bytes),
            Kind::Number | Kind::Param => !runs_on(text, token) && writer.literal(),
            Kind::String | Kind::StringEscape | Kind::StringBits | Kind::StringDollar => {
                writer.literal()
            }
            Kind::Comma => writer.comma(),
            Kind::StringUnicode | Kind::QuotedUnicode | Kind::Other | Kind::Unterminated => false,
            Kind::Word
            | Kind::Quoted
            | Kind::Operator
            | Kind::Typecast
            | Kind::DotDot
            | Kind::Dot
            | Kind::Open
            | Kind::Close
            | Kind::OpenBracket
            | Kind::CloseBracket
            | Kind::Colon
            | Kind::Semicolon => writer.other(bytes),
        };
        if !taken || bytes_max < writer.out.len() {
            return false;
        }
    }
    true
}

/// Whether a word begins right where a number or parameter ends.
fn runs_on(text: &[u8], token: Token) -> bool {
    text.get(token.end)
        .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_' || !b.is_ascii())
}

/// Where in a run of literals the key is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    Other,
    /// The last token was a literal.
    Literal,
    /// The last two were a literal and a comma; the comma is not in the key yet.
    Comma,
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    gap: bool,
    run: Run,
}

impl Writer<'_> {
    fn literal(&mut self) -> bool {
        match self.run {
            Run::Comma => self.gap = false,
            Run::Literal | Run::Other => {
                self.blank();
                self.out.push(LITERAL);
            }
        }
        self.run = Run::Literal;
        true
    }

    fn comma(&mut self) -> bool {
        if self.run == Run::Literal {
            self.gap = false;
            self.run = Run::Comma;
            return true;
        }
        self.other(b",")
    }

    fn other(&mut self, bytes: &[u8]) -> bool {
        if self.run == Run::Comma {
            self.out.push(b',');
        }
        self.blank();
        self.out.extend_from_slice(bytes);
        self.run = Run::Other;
        true
    }

    /// A hint stays, whole; any other comment is a blank.
    fn comment(&mut self, bytes: &[u8]) -> bool {
        let inner = bytes.get(2..).unwrap_or_default().trim_ascii_start();
        let hint = inner
            .get(..Hint::PREFIX.len())
            .is_some_and(|own| own.eq_ignore_ascii_case(Hint::PREFIX));
        if hint {
            self.other(bytes);
            // A line comment must not swallow what follows it.
            self.out.push(b'\n');
        }
        self.gap = !hint;
        true
    }

    fn blank(&mut self) {
        if self.gap && !self.out.is_empty() {
            self.out.push(b' ');
        }
        self.gap = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyed(text: &str) -> Option<String> {
        let mut out = b"left over".to_vec();
        key(text.as_bytes(), 100, &mut out)
            .then(|| String::from_utf8(out).unwrap().replace('\0', "§"))
    }

    #[test]
    fn literals_and_comments_are_taken_out() {
        for (text, expected) in [
            ("select 1", "select §"),
            ("select  'a' ,\n 2", "select §"),
            (
                "SELECT a FROM t WHERE b = $1",
                "SELECT a FROM t WHERE b = §",
            ),
            ("where a in (1, 2,3 , 'x')", "where a in (§)"),
            ("values (1, a, 2, 3), (4)", "values (§, a, §), (§)"),
            ("values (1, 2, a)", "values (§, a)"),
            ("select E'a\\'b', $$x$$, b'1', 1.5e3", "select §"),
            ("select -1, - 2", "select -§, - §"),
            ("/* a */ select /* b */ 1 -- c", "select §"),
            ("a/**/b", "a b"),
            ("'a'for update", "§for update"),
            ("a\n\t b", "a b"),
            (
                "/* pgsluice: primary */ select 1",
                "/* pgsluice: primary */\n select §",
            ),
            (
                "select 1, -- pgsluice: replica\n 2",
                "select §, -- pgsluice: replica\n §",
            ),
            ("select \"a b\".c, 1", "select \"a b\".c, §"),
            ("select 1;", "select §;"),
            ("", ""),
        ] {
            assert_eq!(keyed(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn doubtful_texts_have_no_key() {
        let long = "x".repeat(101);
        for text in [
            "select 1x",
            "select 1_",
            "select $1and",
            "select 0x1g",
            "select 1é",
            "select 'a",
            "select \"a",
            "select /* a",
            "select \\",
            "select \u{0}",
            "select U&'a'",
            "select U&\"a\"",
            &long,
        ] {
            assert_eq!(keyed(text), None, "{text}");
        }
    }
}
