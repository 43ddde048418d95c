//! PostgreSQL's tokens, all of them, over bytes in any encoding that is ASCII-safe.
//!
//! The rules are those of `src/backend/parser/scan.l`. White space and comments are tokens too, so
//! that the tokens of a text cover it without gaps. Nothing is decoded here and nothing is copied.
//! Where server versions differ (`1_000`, `0x1F` are one number from 16 on) the newer one is
//! followed; [`Token`]s then still cover what an older one would see as two.

mod bytes;

use self::bytes::CharClass;
use self::bytes::Escapes;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Blanks and line ends.
    Space,
    /// `-- …` up to the end of the line.
    LineComment,
    /// `/* … */`, nested ones within.
    BlockComment,
    /// A keyword or an identifier without quotes.
    Word,
    /// `"…"`.
    Quoted,
    /// `U&"…"`.
    QuotedUnicode,
    /// `'…'` or `N'…'` without backslash escapes, continuation lines included.
    String,
    /// `E'…'`, or any `'…'` while `standard_conforming_strings` is off.
    StringEscape,
    /// `U&'…'`.
    StringUnicode,
    /// `B'…'` or `X'…'`.
    StringBits,
    /// `$tag$…$tag$`.
    StringDollar,
    /// A number of any form.
    Number,
    /// `$1`.
    Param,
    /// An operator, `:=` and `=>` among them.
    Operator,
    /// `::`.
    Typecast,
    /// `..`.
    DotDot,
    /// `.`.
    Dot,
    /// `,`.
    Comma,
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `[`.
    OpenBracket,
    /// `]`.
    CloseBracket,
    /// `:`.
    Colon,
    /// `;`.
    Semicolon,
    /// A byte that starts no token.
    Other,
    /// A string, quoted identifier or comment that the text ends in the middle of.
    Unterminated,
}

impl Kind {
    /// Whether the parser never sees it.
    pub fn is_trivia(self) -> bool {
        matches!(self, Self::Space | Self::LineComment | Self::BlockComment)
    }

    /// Whether it is a string, a number or a bit string.
    pub fn is_literal(self) -> bool {
        matches!(
            self,
            Self::String
                | Self::StringEscape
                | Self::StringUnicode
                | Self::StringBits
                | Self::StringDollar
                | Self::Number
        )
    }
}

/// A token: `text[start..end]` is of `kind`. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where its first byte is.
    pub start: usize,
    /// Where the byte after its last is.
    pub end: usize,
}

/// Cuts a text into tokens; cheap to copy, so that one may look ahead.
#[derive(Clone, Copy, Debug)]
pub struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    conforming: bool,
}

impl<'a> Lexer<'a> {
    /// Starts at the first byte. `conforming` is the server's `standard_conforming_strings`.
    pub fn new(text: &'a [u8], conforming: bool) -> Self {
        Self {
            text,
            at: 0,
            conforming,
        }
    }

    /// The whole text.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The bytes of a token of this text.
    pub fn bytes(&self, token: Token) -> &'a [u8] {
        self.text.get(token.start..token.end).unwrap_or_default()
    }

    /// The next token, white space and comments among them; `None` at the end.
    pub fn next_token(&mut self) -> Option<Token> {
        let start = self.at;
        let first = *self.text.get(start)?;
        let kind = match bytes::class(first) {
            CharClass::Space => self.space(),
            CharClass::Letter => self.word_or_string(first),
            CharClass::Digit => self.number(),
            CharClass::Quote => self.plain_string(1),
            CharClass::DoubleQuote => self.quoted(1, Kind::Quoted),
            CharClass::Dollar => self.dollar(),
            CharClass::Dot => self.dot(),
            CharClass::Colon => self.colon(),
            CharClass::Operator => self.operator_or_comment(),
            CharClass::Punctuation => self.one(punctuation(first)),
            CharClass::Other => self.one(Kind::Other),
        };
        debug_assert!(start < self.at && self.at <= self.text.len());
        Some(Token {
            kind,
            start,
            end: self.at,
        })
    }

    /// The next token that the parser would see.
    pub fn next_significant(&mut self) -> Option<Token> {
        loop {
            let token = self.next_token()?;
            if !token.kind.is_trivia() {
                return Some(token);
            }
        }
    }

    /// Skips words with one blank between them, from a token's start; whether it skipped any. They are
    /// most of a text, and whoever does not look at them need not have them as tokens.
    pub fn skip_words(&mut self) -> bool {
        let start = self.at;
        loop {
            match (self.peek(0), self.peek(1)) {
                // These may begin a string.
                (_, b'\'' | b'&') => break,
                (first, _) if bytes::class(first) == CharClass::Letter => (),
                _ => break,
            }
            self.advance_while(bytes::is_word);
            if self.peek(0) != b' ' || bytes::class(self.peek(1)) != CharClass::Letter {
                return true;
            }
            self.at += 1;
        }
        start < self.at
    }

    /// The byte `ahead` of the current place; 0 past the end.
    fn peek(&self, ahead: usize) -> u8 {
        self.text
            .get(self.at.saturating_add(ahead))
            .copied()
            .unwrap_or(0)
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn one(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    fn advance_while(&mut self, accept: impl Fn(u8) -> bool) {
        self.at += self.rest().iter().take_while(|b| accept(**b)).count();
    }

    fn space(&mut self) -> Kind {
        self.advance_while(bytes::is_space);
        Kind::Space
    }

    fn word_or_string(&mut self, first: u8) -> Kind {
        match (first | 0x20, self.peek(1), self.peek(2)) {
            (b'e', b'\'', _) => self.string(2, Escapes::Backslash, Kind::StringEscape),
            (b'b' | b'x', b'\'', _) => self.string(2, Escapes::None, Kind::StringBits),
            (b'n', b'\'', _) => self.plain_string(2),
            (b'u', b'&', b'\'') => self.string(3, Escapes::Doubling, Kind::StringUnicode),
            (b'u', b'&', b'"') => self.quoted(3, Kind::QuotedUnicode),
            _ => {
                self.advance_while(bytes::is_word);
                Kind::Word
            }
        }
    }

    fn plain_string(&mut self, prefix: usize) -> Kind {
        if self.conforming {
            self.string(prefix, Escapes::Doubling, Kind::String)
        } else {
            self.string(prefix, Escapes::Backslash, Kind::StringEscape)
        }
    }

    /// A string whose `prefix` (the opening quote its last byte) is at the current place, with
    /// the lines that continue it.
    fn string(&mut self, prefix: usize, escapes: Escapes, kind: Kind) -> Kind {
        self.at += prefix;
        loop {
            let Some(inner) = bytes::find_string_end(self.rest(), escapes) else {
                return self.unterminated();
            };
            self.at += inner + 1;
            let Some(gap) = bytes::continuation(self.rest()) else {
                return kind;
            };
            self.at += gap;
        }
    }

    fn quoted(&mut self, prefix: usize, kind: Kind) -> Kind {
        self.at += prefix;
        loop {
            let Some(inner) = memchr::memchr(b'"', self.rest()) else {
                return self.unterminated();
            };
            self.at += inner + 1;
            if self.peek(0) != b'"' {
                return kind;
            }
            self.at += 1;
        }
    }

    fn unterminated(&mut self) -> Kind {
        self.at = self.text.len();
        Kind::Unterminated
    }

    /// A parameter, a dollar-quoted string, or a stray `$`.
    fn dollar(&mut self) -> Kind {
        if self.peek(1).is_ascii_digit() {
            self.at += 1;
            self.advance_while(|b| b.is_ascii_digit());
            return Kind::Param;
        }
        let Some(delimiter) = bytes::dollar_delimiter(self.rest()) else {
            return self.one(Kind::Other);
        };
        self.at += delimiter.len();
        match memchr::memmem::find(self.rest(), delimiter) {
            Some(inner) => {
                self.at += inner + delimiter.len();
                Kind::StringDollar
            }
            None => self.unterminated(),
        }
    }

    fn dot(&mut self) -> Kind {
        if self.peek(1) == b'.' {
            self.at += 2;
            return Kind::DotDot;
        }
        if self.peek(1).is_ascii_digit() {
            return self.number();
        }
        self.one(Kind::Dot)
    }

    fn number(&mut self) -> Kind {
        if self.peek(0) == b'0' && self.radix_number() {
            return Kind::Number;
        }
        self.digits();
        // `1..2` is two numbers with `..` between them.
        if self.peek(0) == b'.' && self.peek(1) != b'.' {
            self.at += 1;
            self.digits();
        }
        if self.peek(0) | 0x20 == b'e' {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.peek(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                self.digits();
            }
        }
        Kind::Number
    }

    /// `0x1F`, `0o17`, `0b1`, taken if at least one digit follows.
    fn radix_number(&mut self) -> bool {
        let radix = match self.peek(1) | 0x20 {
            b'x' => 16,
            b'o' => 8,
            b'b' => 2,
            _ => return false,
        };
        let rest = self.text.get(self.at + 2..).unwrap_or_default();
        let length = bytes::digits(rest, radix, bytes::LeadingUnderscore::Allowed);
        if length == 0 {
            return false;
        }
        self.at += 2 + length;
        true
    }

    fn digits(&mut self) {
        self.at += bytes::digits(self.rest(), 10, bytes::LeadingUnderscore::Refused);
    }

    fn colon(&mut self) -> Kind {
        match self.peek(1) {
            b':' => {
                self.at += 2;
                Kind::Typecast
            }
            b'=' => {
                self.at += 2;
                Kind::Operator
            }
            _ => self.one(Kind::Colon),
        }
    }

    fn operator_or_comment(&mut self) -> Kind {
        match (self.peek(0), self.peek(1)) {
            (b'-', b'-') => {
                self.advance_while(|b| b != b'\n' && b != b'\r');
                Kind::LineComment
            }
            (b'/', b'*') => match bytes::comment_length(self.rest()) {
                Some(length) => {
                    self.at += length;
                    Kind::BlockComment
                }
                None => self.unterminated(),
            },
            _ => {
                self.at += bytes::operator_length(self.rest());
                Kind::Operator
            }
        }
    }
}

fn punctuation(byte: u8) -> Kind {
    match byte {
        b',' => Kind::Comma,
        b'(' => Kind::Open,
        b')' => Kind::Close,
        b'[' => Kind::OpenBracket,
        b']' => Kind::CloseBracket,
        b';' => Kind::Semicolon,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests;
