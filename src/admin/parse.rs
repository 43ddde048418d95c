//! What a text sent to the console asks for.
//!
//! The grammar is that of PgBouncer's console: one command a text, one or two words or a SET, with a
//! semicolon at its end or none. `EXPLAIN ROUTE` is ours and goes to the end of the text.

use std::fmt;

/// What a text asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// A command of one or two words.
    Command {
        /// The first word, in lower case.
        name: String,
        /// The second, as it came.
        argument: Option<String>,
    },
    /// `SET name = value`, or with `TO`.
    Set {
        /// The parameter, in lower case.
        name: String,
        /// The value, without quotes.
        value: String,
    },
    /// [`EXPLAIN_ROUTE`].
    ExplainRoute(Question<'a>),
    /// [`SWITCHOVER`]: the node.
    Switchover(String),
}

/// What `EXPLAIN ROUTE` is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question<'a> {
    /// The database, if it was named.
    pub database: Option<String>,
    /// The user, if one was named.
    pub user: Option<String>,
    /// Settings of the session, by their names without `pgsluice.`.
    pub settings: Vec<(&'static str, String)>,
    /// The statement.
    pub sql: &'a [u8],
}

/// Why a text asks for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does not have the form of a command.
    Invalid,
    /// A word is longer than [`WORD_BYTES_MAX`].
    TooLong,
    /// `EXPLAIN ROUTE` without a statement.
    NoStatement,
    /// `EXPLAIN ROUTE` with options that are no list of names and values.
    Options,
    /// `EXPLAIN ROUTE` has no such option.
    UnknownOption(String),
}

/// Longest word of a command in bytes, as in PgBouncer.
pub const WORD_BYTES_MAX: usize = 63;

/// How `EXPLAIN ROUTE` is written.
pub const EXPLAIN_ROUTE: &str =
    "EXPLAIN ROUTE [(DATABASE name, USER name, CONSISTENCY level, ...)] statement";

/// How `SWITCHOVER` is written.
pub const SWITCHOVER: &str = "SWITCHOVER TO <host:port>";

/// Settings of a session that `EXPLAIN ROUTE` takes as options.
const SETTINGS: [&str; 4] = ["route", "consistency", "max_staleness", "wait_for"];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => f.write_str("invalid command"),
            Self::TooLong => f.write_str("bad arguments"),
            Self::NoStatement => write!(f, "a statement is expected: {EXPLAIN_ROUTE}"),
            Self::Options => write!(f, "options are expected as in {EXPLAIN_ROUTE}"),
            Self::UnknownOption(name) => write!(
                f,
                "unrecognized EXPLAIN ROUTE option \"{name}\", expected as in {EXPLAIN_ROUTE}"
            ),
        }
    }
}

/// Reads a text.
///
/// # Errors
/// It is none of these.
pub fn parse(text: &[u8]) -> Result<Request<'_>, Fault> {
    let mut cursor = Cursor { rest: text };
    cursor.skip_space();
    if let Some(question) = explain_route(cursor)? {
        return Ok(Request::ExplainRoute(question));
    }
    let request = switchover(cursor).or_else(|| set(cursor));
    let request = request.or_else(|| command(cursor));
    let request = request.ok_or(Fault::Invalid)?;
    let words = match &request {
        Request::Command { name, argument } => [Some(name), argument.as_ref()],
        Request::Set { name, value } => [Some(name), Some(value)],
        Request::ExplainRoute(_) | Request::Switchover(_) => [None, None],
    };
    if words
        .into_iter()
        .flatten()
        .any(|word| WORD_BYTES_MAX < word.len())
    {
        return Err(Fault::TooLong);
    }
    Ok(request)
}

fn command(mut cursor: Cursor<'_>) -> Option<Request<'_>> {
    let name = cursor.word()?.to_ascii_lowercase();
    let argument = if cursor.skip_space() {
        cursor.word()
    } else {
        None
    };
    cursor
        .is_end()
        .then_some(Request::Command { name, argument })
}

fn set(mut cursor: Cursor<'_>) -> Option<Request<'_>> {
    if !cursor.take_keyword("set") {
        return None;
    }
    let name = cursor.word()?.to_ascii_lowercase();
    cursor.skip_space();
    if !cursor.take_byte(b'=') && !cursor.take_keyword("to") {
        return None;
    }
    cursor.skip_space();
    let value = cursor.value()?;
    cursor.is_end().then_some(Request::Set { name, value })
}

/// A node's address has no blanks; in quotes it may have what it likes.
fn switchover(mut cursor: Cursor<'_>) -> Option<Request<'_>> {
    if !cursor.take_keyword("switchover") || !cursor.take_keyword("to") {
        return None;
    }
    let node = match cursor.rest.first()? {
        b'\'' | b'"' => cursor.value()?,
        _ => cursor.address(),
    };
    let is_whole = cursor.is_end() && !node.is_empty();
    is_whole.then_some(Request::Switchover(node))
}

/// `None` if it is something else.
fn explain_route(mut cursor: Cursor<'_>) -> Result<Option<Question<'_>>, Fault> {
    if !cursor.take_keyword("explain") || !cursor.take_keyword("route") {
        return Ok(None);
    }
    let mut question = Question::default();
    if cursor.has_options() {
        options(&mut cursor, &mut question)?;
    }
    let is_blank = |byte: &u8| is_space(*byte) || *byte == b';';
    if cursor.rest.iter().all(is_blank) {
        return Err(Fault::NoStatement);
    }
    question.sql = cursor.rest;
    Ok(Some(question))
}

/// Reads `(NAME value, …)`.
fn options(cursor: &mut Cursor<'_>, question: &mut Question<'_>) -> Result<(), Fault> {
    cursor.take_byte(b'(');
    loop {
        cursor.skip_space();
        let name = cursor.word().ok_or(Fault::Options)?;
        cursor.skip_space();
        let value = |cursor: &mut Cursor<'_>| cursor.value().ok_or(Fault::Options);
        let setting = SETTINGS.iter().find(|s| s.eq_ignore_ascii_case(&name));
        match (name.to_ascii_lowercase().as_str(), setting) {
            ("database", _) => question.database = Some(value(cursor)?),
            ("user", _) => question.user = Some(value(cursor)?),
            (_, Some(setting)) => question.settings.push((setting, value(cursor)?)),
            (_, None) => return Err(Fault::UnknownOption(name)),
        }
        cursor.skip_space();
        if cursor.take_byte(b')') {
            cursor.skip_space();
            return Ok(());
        }
        if !cursor.take_byte(b',') {
            return Err(Fault::Options);
        }
    }
}

/// What is left of a text.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    /// Goes past blanks; whether there were any.
    fn skip_space(&mut self) -> bool {
        let count = self.rest.iter().take_while(|b| is_space(**b)).count();
        self.rest = self.rest.get(count..).unwrap_or_default();
        count != 0
    }

    fn take_byte(&mut self, byte: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == byte => {
                self.rest = rest;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Takes a word of the grammar and the blanks after it. What follows must not go on with it.
    fn take_keyword(&mut self, keyword: &str) -> bool {
        let mut ahead = *self;
        let is_it = ahead
            .bare_word()
            .is_some_and(|word| word.eq_ignore_ascii_case(keyword.as_bytes()));
        if is_it {
            ahead.skip_space();
            *self = ahead;
        }
        is_it
    }

    /// A word: letters, digits and underscores, or anything in double quotes.
    fn word(&mut self) -> Option<String> {
        if self.rest.first() == Some(&b'"') {
            return self.quoted(b'"');
        }
        self.bare_word()
            .map(|word| String::from_utf8_lossy(word).into_owned())
    }

    /// What stands before a blank or a semicolon.
    fn address(&mut self) -> String {
        let is_of_it = |b: &&u8| !is_space(**b) && **b != b';';
        let count = self.rest.iter().take_while(is_of_it).count();
        let (address, rest) = self.rest.split_at_checked(count).unwrap_or_default();
        self.rest = rest;
        String::from_utf8_lossy(address).into_owned()
    }

    /// A word, or anything in single quotes.
    fn value(&mut self) -> Option<String> {
        if self.rest.first() == Some(&b'\'') {
            return self.quoted(b'\'');
        }
        self.word()
    }

    fn bare_word(&mut self) -> Option<&[u8]> {
        let is_of_word = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'_';
        let count = self.rest.iter().take_while(is_of_word).count();
        let (word, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    /// What stands between two quotes; a doubled one stands for itself.
    fn quoted(&mut self, quote: u8) -> Option<String> {
        let mut bytes = self.rest.iter().enumerate().skip(1).peekable();
        let mut word = Vec::new();
        while let Some((i, &byte)) = bytes.next() {
            if byte != quote {
                word.push(byte);
                continue;
            }
            if bytes.next_if(|(_, next)| **next == quote).is_none() {
                self.rest = self.rest.get(i + 1..).unwrap_or_default();
                return Some(String::from_utf8_lossy(&word).into_owned());
            }
            word.push(quote);
        }
        None
    }

    /// Whether a list of options begins here, not a query in parentheses.
    fn has_options(&self) -> bool {
        let mut ahead = *self;
        if !ahead.take_byte(b'(') {
            return false;
        }
        ahead.skip_space();
        let is_query = ["select", "values", "table", "with"]
            .iter()
            .any(|word| ahead.take_keyword(word));
        !is_query && ahead.rest.first() != Some(&b'(')
    }

    /// Whether nothing follows but a semicolon.
    fn is_end(mut self) -> bool {
        self.skip_space();
        if self.take_byte(b';') {
            self.skip_space();
        }
        self.rest.is_empty()
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests;
