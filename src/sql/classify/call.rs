//! A name followed by a parenthesis: a function, or one of the many other things it may be.

use super::findings::Findings;
use super::query::Walk;
use super::query::is_temporary_schema;
use super::set;
use super::stream::Name;
use super::stream::Stream;
use crate::sql::effect::Effect;
use crate::sql::lexer::Kind;
use crate::sql::lexer::Token;
use crate::sql::names;
use crate::sql::names::Builtin;
use crate::sql::names::Keyword;
use crate::sql::statement::Marks;
use crate::sql::statement::Reason;

/// Judges the name that the walk is at; the next token is the parenthesis.
pub(super) fn call(walk: &mut Walk<'_, '_>, token: Token, name: &Name) {
    let context = walk.word_before_chain();
    let cast = walk
        .place
        .before_chain
        .is_some_and(|t| t.kind == Kind::Typecast);
    if cast || context.is("as") {
        // A type with its size, or an alias with its columns.
        return;
    }
    let qualified = walk.kind_before() == Some(Kind::Dot);
    if token.kind == Kind::Word && !qualified && is_grammar(walk, name) {
        return;
    }
    let schema = if qualified {
        walk.place.qualifier
    } else {
        None
    };
    if schema.is_some_and(|s| is_temporary_schema(s.as_bytes())) {
        return walk.findings.write(Reason::PerSession, name.as_bytes());
    }
    let system = schema.is_none_or(|s| s.is_any(&["pg_catalog", "information_schema"]));
    if schema.is_none_or(|s| !s.is("pg_catalog")) {
        match walk.catalog.is_volatile(name.as_bytes()) {
            Some(true) => return walk.findings.write(Reason::Function, name.as_bytes()),
            Some(false) => {
                walk.findings.marks.add(Marks::USER_FUNCTION);
                if !system {
                    return;
                }
            }
            None => (),
        }
    }
    match names::builtin(name.as_bytes()).filter(|_| system) {
        Some(builtin) => judge_builtin(walk, name, builtin),
        None if walk.catalog.is_volatile(name.as_bytes()) == Some(false) => (),
        None if !qualified && names_its_columns(walk) => (),
        None => walk
            .findings
            .write(Reason::UnknownFunction, name.as_bytes()),
    }
}

/// Whether an unquoted word before a parenthesis is part of the grammar, not a function of its
/// own.
///
/// What the grammar makes a function of (COALESCE, TRIM, JSON_OBJECT …) is one of PostgreSQL's own
/// that is fit for a replica; only TREAT calls what one names. Where a function of the name is
/// possible (or was, before the word became a keyword), a volatile one wins.
fn is_grammar(walk: &mut Walk<'_, '_>, word: &Name) -> bool {
    match names::keyword(word.as_bytes()) {
        Some(Keyword::Reserved) => true,
        Some(Keyword::ColumnName) if word.is("treat") => {
            walk.findings.write(Reason::Function, word.as_bytes());
            true
        }
        Some(Keyword::ColumnName) => {
            walk.catalog.is_volatile(word.as_bytes()) != Some(true)
                && names::builtin(word.as_bytes()).is_none_or(|b| b == Builtin::Anywhere)
        }
        Some(Keyword::Unreserved | Keyword::FunctionName) => grammar_by_place(walk, word),
        None => false,
    }
}

/// As `is_grammar`, for words that may also be functions: by what stands before them.
fn grammar_by_place(walk: &Walk<'_, '_>, word: &Name) -> bool {
    let before = walk.word_before();
    let fits = match word.as_bytes() {
        b"over" | b"filter" | b"repeatable" => {
            // No expression follows a parenthesis, so a function of the name is not called here.
            if walk.kind_before() == Some(Kind::Close) && !walk.place.open_ended {
                return true;
            }
            walk.kind_before() == Some(Kind::Close)
        }
        b"sets" => before.is("grouping"),
        b"materialized" => before.is_any(&["as", "not"]),
        b"zone" => before.is("time"),
        b"varying" => before.is_any(&["character", "char", "bit"]),
        b"by" => before.is_any(&["group", "order", "partition"]),
        b"rollup" | b"cube" => {
            walk.place.grouping_depth == Some(walk.stream.depth())
                && (before.is_any(&["by", "distinct", "all"])
                    || matches!(walk.kind_before(), Some(Kind::Comma | Kind::Open)))
        }
        b"join" => follows_operand(walk) || before.is_any(JOINS),
        b"like" | b"ilike" => follows_operand(walk) || before.is("not"),
        b"overlaps" | b"operator" | b"columns" | b"escape" | b"value" => follows_operand(walk),
        _ => false,
    };
    fits && walk.catalog.is_volatile(word.as_bytes()) != Some(true)
}

/// Words that may stand before JOIN.
const JOINS: &[&str] = &[
    "inner", "left", "right", "full", "outer", "cross", "natural",
];

/// Words that are not reserved and may have a value after them.
const BEFORE_A_VALUE: &[&str] = &[
    "by", "content", "document", "escape", "groups", "key", "name", "passing", "range", "rows",
    "value", "version", "zone",
];

/// Whether what stands before may be a value or the name of one, so that an infix word follows.
fn follows_operand(walk: &Walk<'_, '_>) -> bool {
    match walk.kind_before() {
        Some(Kind::Close | Kind::CloseBracket | Kind::Quoted | Kind::Param) => true,
        Some(Kind::Word) => {
            let word = walk.word_before();
            word.is_any(&["end", "null", "true", "false", "default"])
                || (!word.is_any(BEFORE_A_VALUE)
                    && !matches!(
                        names::keyword(word.as_bytes()),
                        Some(Keyword::Reserved | Keyword::FunctionName)
                    ))
        }
        Some(kind) => kind.is_literal(),
        None => false,
    }
}

/// Whether it stands where only an alias or a query of a WITH can, with a list of columns after it:
/// `FROM (…) t(a, b)`, `FROM t u(a)`, `WITH t(a) AS`.
fn names_its_columns(walk: &Walk<'_, '_>) -> bool {
    match walk.kind_before() {
        Some(Kind::Close) => !walk.place.open_ended,
        Some(Kind::Quoted) => true,
        Some(Kind::Comma) => walk.place.is_in_with_list(),
        Some(Kind::Word) => {
            let word = walk.word_before();
            word.is("ordinality")
                || (walk.place.is_in_with_list() && word.is_any(&["with", "recursive"]))
                || names::keyword(word.as_bytes()).is_none()
        }
        _ => false,
    }
}

fn judge_builtin(walk: &mut Walk<'_, '_>, name: &Name, builtin: Builtin) {
    match name.as_bytes() {
        b"set_config" => return set_config(walk),
        b"current_setting" => return current_setting(walk),
        _ => (),
    }
    match builtin {
        Builtin::Anywhere => (),
        Builtin::PerNode => walk.findings.write(Reason::PerNode, name.as_bytes()),
        Builtin::Primary => walk.findings.write(Reason::Function, name.as_bytes()),
        Builtin::PerSession => {
            walk.findings.write(Reason::PerSession, name.as_bytes());
            advisory_lock(walk.findings, name.as_bytes());
        }
    }
}

/// Locks for the transaction end with it, and have no effect of their own.
fn advisory_lock(findings: &mut Findings, name: &[u8]) {
    if name.starts_with(b"pg_advisory_lock") || name.starts_with(b"pg_try_advisory_lock") {
        findings.effect(Effect::AdvisoryLock);
    } else if name.starts_with(b"pg_advisory_unlock") {
        findings.effect(Effect::MayUnpin);
    }
}

/// Its answer is the session's for some parameters and the node's for the others.
fn current_setting(walk: &mut Walk<'_, '_>) {
    walk.findings.literal();
    let mut ahead = *walk.stream;
    ahead.next();
    let name = ahead.next().and_then(|t| string(&ahead, t));
    let alone = ahead
        .next()
        .is_some_and(|t| matches!(t.kind, Kind::Comma | Kind::Close));
    let fits = name.is_some_and(|n| set::is_of_the_session(&n.to_ascii_lowercase()));
    if !(alone && fits) {
        walk.findings.write(Reason::PerNode, b"current_setting");
    }
}

/// `set_config(name, value, is_local)`.
fn set_config(walk: &mut Walk<'_, '_>) {
    walk.findings.literal();
    match arguments(*walk.stream) {
        Setting::Local => walk.findings.marks.add(Marks::SETS_LOCALLY),
        Setting::Session { name, value } => {
            walk.findings.effect(Effect::SetConfig { name, value });
        }
        Setting::Unknown => {
            walk.findings.write(Reason::PerSession, b"set_config");
            walk.findings.effect(Effect::SetConfigUnknown);
        }
    }
}

/// A statement that does more than call `set_config` may not call it at all, or with other values:
/// what was taken for known since `from` is not.
pub(super) fn doubt_settings(findings: &mut Findings, from: usize) {
    let mut doubted = false;
    for effect in findings.effects.iter_mut().skip(from) {
        if matches!(effect, Effect::SetConfig { .. }) {
            *effect = Effect::SetConfigUnknown;
            doubted = true;
        }
    }
    if doubted {
        findings.write(Reason::PerSession, b"set_config");
    }
}

enum Setting {
    Local,
    Session { name: Box<str>, value: Box<[u8]> },
    Unknown,
}

/// Reads the arguments from the opening parenthesis on, a bounded number of tokens.
fn arguments(mut ahead: Stream<'_>) -> Setting {
    let outside = ahead.depth();
    let mut tokens: [Option<Token>; 5] = [None; 5];
    let mut count = 0_usize;
    ahead.next();
    for _ in 0..ARGUMENT_TOKENS_MAX {
        let Some(token) = ahead.next() else {
            return Setting::Unknown;
        };
        if ahead.depth() == outside {
            return setting(&ahead, tokens, count);
        }
        if let Some(place) = tokens.get_mut(count) {
            *place = Some(token);
        } else {
            // Only the last two matter then: a comma and the last argument.
            tokens.rotate_left(1);
            tokens[4] = Some(token);
        }
        count = count.saturating_add(1);
    }
    Setting::Unknown
}

/// From the first five tokens between the parentheses, or the last five if there are more.
fn setting(stream: &Stream<'_>, tokens: [Option<Token>; 5], count: usize) -> Setting {
    let [name, _, value, comma, local] = tokens;
    if count < 5 || comma.is_none_or(|t| t.kind != Kind::Comma) {
        return Setting::Unknown;
    }
    let local = stream.word(local);
    if local.is("true") {
        return Setting::Local;
    }
    let name = name.and_then(|t| string(stream, t));
    let value = value.and_then(|t| string(stream, t));
    match (name, value) {
        (Some(name), Some(value)) if count == 5 && local.is("false") => Setting::Session {
            name: String::from_utf8_lossy(&name).to_ascii_lowercase().into(),
            value: value.into(),
        },
        _ => Setting::Unknown,
    }
}

/// What a plain string holds; `None` for any other token, and for one in several pieces.
fn string(stream: &Stream<'_>, token: Token) -> Option<Vec<u8>> {
    if token.kind != Kind::String {
        return None;
    }
    let inner = stream.bytes(token).strip_prefix(b"'")?.strip_suffix(b"'")?;
    let mut value = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        value.push(byte);
        if byte == b'\'' && bytes.next() != Some(&b'\'') {
            return None;
        }
    }
    Some(value)
}

/// How far `set_config` is looked into; beyond it counts as not understood.
const ARGUMENT_TOKENS_MAX: usize = 256;
