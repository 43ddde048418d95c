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
        text,
        out,
        from: 0,
        run: Run::Other,
    };
    loop {
        if lexer.skip_words() {
            writer.run = Run::Other;
        }
        let Some(token) = lexer.next_token() else {
            break;
        };
        match token.kind {
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
            | Kind::Semicolon => writer.run = Run::Other,
            Kind::Space => writer.space(token),
            Kind::Comma => writer.comma(),
            Kind::String | Kind::StringEscape | Kind::StringBits | Kind::StringDollar => {
                writer.literal(token);
            }
            Kind::Number | Kind::Param if !runs_on(text, token) => writer.literal(token),
            Kind::LineComment | Kind::BlockComment => writer.comment(token),
            Kind::Number
            | Kind::Param
            | Kind::StringUnicode
            | Kind::QuotedUnicode
            | Kind::Other
            | Kind::Unterminated => return false,
        }
        if bytes_max < writer.out.len() {
            return false;
        }
    }
    writer.finish();
    out.len() <= bytes_max
}

/// Whether a word begins right where a number or parameter ends.
fn runs_on(text: &[u8], token: Token) -> bool {
    text.get(token.end)
        .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_' || !b.is_ascii())
}

/// Where in a run of literals the text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    Other,
    /// The last token was a literal.
    Literal,
    /// The last two were a literal and a comma.
    Comma,
}

/// Copies what stays as it is in one go, up to the next thing that does not.
struct Writer<'a> {
    text: &'a [u8],
    out: &'a mut Vec<u8>,
    /// Where what has not been copied begins.
    from: usize,
    run: Run,
}

impl Writer<'_> {
    fn copy_to(&mut self, end: usize) {
        self.out
            .extend_from_slice(self.text.get(self.from..end).unwrap_or_default());
        self.from = end;
    }

    fn literal(&mut self, token: Token) {
        if self.run != Run::Comma {
            self.copy_to(token.start);
            self.out.push(LITERAL);
        }
        self.from = token.end;
        self.run = Run::Literal;
    }

    fn comma(&mut self) {
        self.run = if self.run == Run::Literal {
            Run::Comma
        } else {
            Run::Other
        };
    }

    fn space(&mut self, token: Token) {
        let single = self.text.get(token.start..token.end) == Some(b" ");
        let after_gap = self.from == token.start && self.ends_in_gap();
        // Between a comma and a literal it goes with the comma; elsewhere there it does no harm.
        if self.run != Run::Comma && (!single || after_gap) {
            self.gap(token);
        }
    }

    /// A hint stays, whole; any other comment is a blank.
    fn comment(&mut self, token: Token) {
        let inner = self
            .text
            .get(token.start + 2..token.end)
            .unwrap_or_default();
        let own = inner.trim_ascii_start().get(..Hint::PREFIX.len());
        if own.is_some_and(|own| own.eq_ignore_ascii_case(Hint::PREFIX)) {
            self.copy_to(token.end);
            // Or a hint up to the end of its line would be one with what follows it.
            self.out.push(b'\n');
            self.run = Run::Other;
        } else if self.run != Run::Comma {
            self.gap(token);
        }
    }

    /// One blank in place of the token, none at the start or after another.
    fn gap(&mut self, token: Token) {
        self.copy_to(token.start);
        if !self.ends_in_gap() {
            self.out.push(b' ');
        }
        self.from = token.end;
    }

    fn ends_in_gap(&self) -> bool {
        self.out.last().is_none_or(|b| *b == b' ')
    }

    fn finish(&mut self) {
        self.copy_to(self.text.len());
        while self.out.last() == Some(&b' ') {
            self.out.pop();
        }
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
