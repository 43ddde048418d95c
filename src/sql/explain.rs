//! What decided a text's class, for people to read: the token, and what is known of it. Slow.

use std::ops::Range;

use crate::sql::catalog::Catalog;
use crate::sql::classify;
use crate::sql::classify::Syntax;
use crate::sql::lexer::Kind;
use crate::sql::lexer::Lexer;
use crate::sql::lexer::Token;
use crate::sql::names;
use crate::sql::names::Builtin;
use crate::sql::statement::Reason;
use crate::sql::statement::Statement;

/// A text's class, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What the text is.
    pub statement: Statement,
    /// Where in the text the token is that decided, in bytes; `None` if none did by itself.
    pub token: Option<Range<usize>>,
    /// What is known of the function that decided, if one did.
    pub function: Option<Known>,
}

/// What is known of a function, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The database's catalog has it as volatile.
    Volatile,
    /// PostgreSQL's own, of which the table of this program says where a call may run.
    Builtin(Builtin),
    /// Neither knows it.
    Unknown,
}

/// Says what decided the class of a text, read with the syntax of a new session.
pub fn explain(text: &[u8], catalog: &Catalog) -> Explanation {
    let (statement, at) = classify::classify_at(text, Syntax::default(), catalog);
    let tokens = tokens(text);
    let word = statement.word.as_deref().unwrap_or_default();
    let is_it = |token: &Token| is_named(text, *token, word);
    // Not all that decides notes its place: then the first token of the name will do.
    let place = tokens
        .iter()
        .position(|token| token.start == at && is_it(token))
        .or_else(|| tokens.iter().position(is_it));
    let function = place
        .filter(|place| is_called(&tokens, *place))
        .and_then(|place| known(text, &tokens, place, &statement, catalog));
    let token = place.and_then(|place| tokens.get(place));
    Explanation {
        token: token.map(|token| token.start..token.end),
        function,
        statement,
    }
}

/// The tokens that the parser would see.
fn tokens(text: &[u8]) -> Vec<Token> {
    let mut lexer = Lexer::new(text, Syntax::default().standard_conforming_strings);
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next_token() {
        if !token.kind.is_trivia() {
            tokens.push(token);
        }
    }
    tokens
}

/// Whether a token is the name, quoted or folded.
fn is_named(text: &[u8], token: Token, name: &str) -> bool {
    let bytes = text.get(token.start..token.end).unwrap_or_default();
    let name = name.as_bytes();
    match token.kind {
        // PostgreSQL cuts long names, and so are those that decide.
        Kind::Word => {
            bytes
                .get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
                && (bytes.len() == name.len() || NAME_BYTES_MAX <= name.len())
        }
        Kind::Quoted => {
            let inner = bytes.get(1..bytes.len().saturating_sub(1));
            let inner = inner.unwrap_or_default();
            inner == name || (NAME_BYTES_MAX <= name.len() && inner.starts_with(name))
        }
        _ => false,
    }
}

/// Longest name, `NAMEDATALEN - 1` of PostgreSQL.
const NAME_BYTES_MAX: usize = 63;

fn is_called(tokens: &[Token], place: usize) -> bool {
    tokens
        .get(place + 1)
        .is_some_and(|token| token.kind == Kind::Open)
}

/// What is known of the function at this place, if it is as such that it decided.
fn known(
    text: &[u8],
    tokens: &[Token],
    place: usize,
    statement: &Statement,
    catalog: &Catalog,
) -> Option<Known> {
    let name = statement.word.as_deref()?.as_bytes();
    let builtin = names::builtin(name).map(Known::Builtin);
    match statement.reason {
        Reason::UnknownFunction => Some(Known::Unknown),
        Reason::Function
            if !is_system(text, tokens, place) && catalog.is_volatile(name) == Some(true) =>
        {
            Some(Known::Volatile)
        }
        Reason::Function | Reason::PerNode | Reason::PerSession => builtin,
        _ => None,
    }
}

/// Whether the name at this place is one of schema `pg_catalog`.
fn is_system(text: &[u8], tokens: &[Token], place: usize) -> bool {
    let before = |count: usize| place.checked_sub(count).and_then(|i| tokens.get(i));
    before(1).is_some_and(|token| token.kind == Kind::Dot)
        && before(2).is_some_and(|token| is_named(text, *token, "pg_catalog"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What decided: the token as it stands in the text, and what is known of it.
    fn check(text: &str, reason: Reason, token: Option<&str>, function: Option<Known>) {
        let catalog = Catalog::new([
            ("loud".as_bytes(), true),
            (b"calm", false),
            (b"lower", true),
        ]);
        let found = explain(text.as_bytes(), &catalog);
        let shown = found.token.clone().map(|range| &text[range]);
        let found = (found.statement.reason, shown, found.function);
        assert_eq!(found, (reason, token, function), "{text}");
    }

    #[test]
    fn the_token_that_decided_is_named() {
        check("select 1", Reason::Read, None, None);
        check("select calm(1)", Reason::Read, None, None);
        check("", Reason::Empty, None, None);
        check(
            "Insert into t values (1)",
            Reason::Command,
            Some("Insert"),
            None,
        );
        check("select 1; VACUUM", Reason::Command, Some("VACUUM"), None);
        let text = "with a as (UPDATE t set b = 1 returning *) table a";
        check(text, Reason::DataModifying, Some("UPDATE"), None);
        let text = "select substring(a for 3) from t FOR update";
        check(text, Reason::Locking, Some("FOR"), None);
        check("select * Into u from t", Reason::Into, Some("Into"), None);
        check("copy t from stdin", Reason::Copy, Some("copy"), None);
        check(
            "select * from pg_locks",
            Reason::PerNode,
            Some("pg_locks"),
            None,
        );
        check(
            "copy pg_locks to stdout",
            Reason::PerNode,
            Some("pg_locks"),
            None,
        );
    }

    #[test]
    fn functions_are_told_with_what_is_known_of_them() {
        let function = Reason::Function;
        let primary = Some(Known::Builtin(Builtin::Primary));
        let text = "select nextval, NEXTVAL('s')";
        check(text, function, Some("NEXTVAL"), primary);
        let text = "select loud, s.\"loud\"(1)";
        check(text, function, Some("\"loud\""), Some(Known::Volatile));
        // A built-in name that the database has a volatile function of, too.
        check(
            "select lower('A')",
            function,
            Some("lower"),
            Some(Known::Volatile),
        );
        check("select pg_catalog.lower('A')", Reason::Read, None, None);
        let unknown = Some(Known::Unknown);
        check("select f(1)", Reason::UnknownFunction, Some("f"), unknown);
        let session = Some(Known::Builtin(Builtin::PerSession));
        let text = "select pg_advisory_lock(1)";
        check(text, Reason::PerSession, Some("pg_advisory_lock"), session);
        let node = Some(Known::Builtin(Builtin::PerNode));
        let text = "select pg_backend_pid()";
        check(text, Reason::PerNode, Some("pg_backend_pid"), node);
    }

    #[test]
    fn the_decision_is_that_of_classify() {
        for text in ["select 1", "select f(1); commit", "listen a", "\"", "E'"] {
            let catalog = Catalog::default();
            let found = explain(text.as_bytes(), &catalog).statement;
            let expected = classify::classify(text.as_bytes(), Syntax::default(), &catalog);
            assert_eq!(found, expected, "{text}");
        }
    }
}
