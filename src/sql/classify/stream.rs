//! The tokens of a text statement by statement, with one token of look-ahead.

use crate::sql::hint;
use crate::sql::lexer::Kind;
use crate::sql::lexer::Lexer;
use crate::sql::lexer::Token;

/// What the parser would see; comments are dropped, and whether one was a hint is noted.
#[derive(Clone, Copy)]
pub(super) struct Stream<'a> {
    lexer: Lexer<'a>,
    ahead: Option<Token>,
    parens: u32,
    atomic: u32,
    has_hint: bool,
    doubtful: bool,
}

impl<'a> Stream<'a> {
    pub(super) fn new(text: &'a [u8], conforming: bool) -> Self {
        let mut stream = Self {
            lexer: Lexer::new(text, conforming),
            ahead: None,
            parens: 0,
            atomic: 0,
            has_hint: false,
            doubtful: false,
        };
        stream.ahead = stream.lex();
        stream
    }

    /// The next token of this statement; `None` at its end.
    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.peek()?;
        match token.kind {
            Kind::Open => self.parens = self.parens.saturating_add(1),
            Kind::Close => self.parens = self.parens.saturating_sub(1),
            _ => (),
        }
        self.ahead = self.lex();
        Some(token)
    }

    /// The token that `next` would give.
    pub(super) fn peek(&self) -> Option<Token> {
        let ends = |t: &Token| t.kind == Kind::Semicolon && self.parens == 0 && self.atomic == 0;
        self.ahead.filter(|t| !ends(t))
    }

    /// Goes past what is left of this statement; whether anything may follow it.
    pub(super) fn next_statement(&mut self) -> bool {
        while self.next().is_some() {}
        self.parens = 0;
        self.atomic = 0;
        if self.ahead.is_none() {
            return false;
        }
        self.ahead = self.lex();
        true
    }

    /// Goes into (or within) a body of SQL, whose semicolons do not end the statement.
    pub(super) fn enter_body(&mut self) {
        self.atomic = self.atomic.saturating_add(1);
    }

    /// Comes out of what `enter_body` went into.
    pub(super) fn leave_body(&mut self) {
        self.atomic = self.atomic.saturating_sub(1);
    }

    /// Whether it is within a body.
    pub(super) fn is_in_body(&self) -> bool {
        self.atomic != 0
    }

    /// Whether a comment so far held a hint.
    pub(super) fn has_hint(&self) -> bool {
        self.has_hint
    }

    /// Whether a token so far could not be read for certain.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    pub(super) fn bytes(&self, token: Token) -> &'a [u8] {
        self.lexer.bytes(token)
    }

    pub(super) fn text(&self) -> &'a [u8] {
        self.lexer.text()
    }

    /// The name that a token is: a word in lower case, or what stands between the quotes.
    pub(super) fn name(&self, token: Token) -> Option<Name> {
        match token.kind {
            Kind::Word => Some(Name::folded(self.bytes(token))),
            Kind::Quoted => Some(Name::unquoted(self.bytes(token))),
            _ => None,
        }
    }

    /// The word (not quoted, in lower case) that a token is; empty for any other token.
    pub(super) fn word(&self, token: Option<Token>) -> Name {
        match token {
            Some(t) if t.kind == Kind::Word => Name::folded(self.bytes(t)),
            _ => Name::EMPTY,
        }
    }

    /// The word that `next` would give; empty if it is none.
    pub(super) fn peek_word(&self) -> Name {
        self.word(self.peek())
    }

    /// Takes the next token; the word that it was, empty if it was none.
    pub(super) fn next_word(&mut self) -> Name {
        let token = self.next();
        self.word(token)
    }

    /// Takes the next token if it is this word.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.peek_word().is(word);
        if found {
            self.next();
        }
        found
    }

    /// Takes the next token if it is a name.
    pub(super) fn take_name(&mut self) -> Option<Name> {
        let name = self.name(self.peek()?)?;
        self.next();
        Some(name)
    }

    /// Goes past what stands in parentheses here, if anything does.
    pub(super) fn skip_parenthesised(&mut self) {
        if self.peek().is_none_or(|t| t.kind != Kind::Open) {
            return;
        }
        let outside = self.parens;
        self.next();
        while outside < self.parens && self.next().is_some() {}
    }

    /// How many parentheses are open.
    pub(super) fn depth(&self) -> u32 {
        self.parens
    }

    fn lex(&mut self) -> Option<Token> {
        loop {
            let token = self.lexer.next_token()?;
            match token.kind {
                Kind::LineComment | Kind::BlockComment => {
                    self.has_hint |= hint::is_hint(self.bytes(token));
                }
                Kind::Space => (),
                Kind::Other | Kind::Unterminated | Kind::QuotedUnicode => {
                    self.doubtful = true;
                    return Some(token);
                }
                _ => return Some(token),
            }
        }
    }
}

/// A name as PostgreSQL sees it: folded or unquoted, cut to 63 bytes.
#[derive(Clone, Copy)]
pub(super) struct Name {
    bytes: [u8; Self::BYTES_MAX],
    length: usize,
}

impl Name {
    const BYTES_MAX: usize = 63;

    pub(super) const EMPTY: Self = Self {
        bytes: [0; Self::BYTES_MAX],
        length: 0,
    };

    fn folded(word: &[u8]) -> Self {
        let mut name = Self::EMPTY;
        for (to, from) in name.bytes.iter_mut().zip(word) {
            *to = from.to_ascii_lowercase();
        }
        name.length = word.len().min(Self::BYTES_MAX);
        name
    }

    fn unquoted(quoted: &[u8]) -> Self {
        let mut name = Self::EMPTY;
        let inner = quoted
            .get(1..quoted.len().saturating_sub(1))
            .unwrap_or_default();
        let mut bytes = inner.iter();
        for to in &mut name.bytes {
            let Some(&byte) = bytes.next() else {
                break;
            };
            if byte == b'"' {
                bytes.next();
            }
            *to = byte;
            name.length += 1;
        }
        name
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    pub(super) fn is(&self, word: &str) -> bool {
        self.as_bytes() == word.as_bytes()
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|w| self.is(w))
    }

    pub(super) fn to_text(self) -> Box<str> {
        String::from_utf8_lossy(self.as_bytes()).into()
    }

    /// As the name of a parameter, of which the case never counts.
    pub(super) fn to_parameter(self) -> Box<str> {
        self.to_text().to_ascii_lowercase().into()
    }
}
