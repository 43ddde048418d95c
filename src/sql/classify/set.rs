//! SET, RESET and SHOW.

use super::findings::Findings;
use super::stream::Stream;
use super::transaction;
use crate::sql::effect::Effect;
use crate::sql::lexer::Kind;
use crate::sql::quote;
use crate::sql::statement::Class;
use crate::sql::statement::Reason;

/// After `SET`. Whether it is transaction control.
pub(super) fn set(stream: &mut Stream<'_>, findings: &mut Findings) -> bool {
    findings.literal();
    let scope = scope(stream);
    let Some(name) = parameter(stream) else {
        findings.write(Reason::Command, b"set");
        return false;
    };
    match &*name {
        "transaction" => {
            transaction::set_transaction(stream, findings);
            return true;
        }
        "constraints" => {
            findings.judge(Class::Neutral, Reason::Transaction, b"");
            return true;
        }
        "characteristics" if scope == Scope::Session => {
            let modes = transaction::modes(stream);
            note(findings, Effect::SetCharacteristics(modes));
            return false;
        }
        _ => (),
    }
    let (name, value) = value(stream, name);
    let effect = match value {
        Value::Given(value) => {
            if let Some(modes) = transaction::modes_of_parameter(&name, &value) {
                findings.judge(Class::Neutral, Reason::Transaction, b"");
                findings.effect(Effect::SetTransaction(modes));
                return true;
            }
            assigned(scope, name, value)
        }
        Value::Default => match (scope, own(&name)) {
            (Scope::Session, Some(own)) => Effect::OwnReset(own),
            (Scope::Local, _) => Effect::SetLocal { name },
            (Scope::Session, None) => Effect::Reset(name),
        },
        Value::Current => return set_nothing(findings),
        Value::Missing => {
            findings.write(Reason::Command, b"set");
            return false;
        }
    };
    note(findings, effect);
    false
}

/// After `RESET`.
pub(super) fn reset(stream: &mut Stream<'_>, findings: &mut Findings) {
    findings.literal();
    let Some(name) = parameter(stream) else {
        return findings.write(Reason::Command, b"reset");
    };
    let name = spoken(stream, name);
    let effect = match (&*name, own(&name)) {
        (_, Some(own)) => Effect::OwnReset(own),
        ("all", None) => Effect::ResetAll,
        _ => Effect::Reset(name),
    };
    note(findings, effect);
}

/// After `SHOW`. What a node may have been configured with by itself is the primary's to tell.
pub(super) fn show(stream: &mut Stream<'_>, findings: &mut Findings) {
    findings.literal();
    let Some(name) = parameter(stream) else {
        return findings.write(Reason::Command, b"show");
    };
    let name = spoken(stream, name);
    if let Some(own) = own(&name) {
        if &*own == WRITE_TOKEN {
            findings.write(Reason::PerNode, name.as_bytes());
            return findings.effect(Effect::OwnShow(own));
        }
        return note(findings, Effect::OwnShow(own));
    }
    if is_of_the_session(name.as_bytes()) {
        findings.judge(Class::Read, Reason::Read, b"");
    } else {
        findings.write(Reason::PerNode, name.as_bytes());
    }
}

/// Whether a parameter, in lower case, has the same value on every node: it comes from the client
/// or from the database, or is a custom one (with a dot), which only sessions, roles and databases
/// set.
pub(super) fn is_of_the_session(name: &[u8]) -> bool {
    name.contains(&b'.') || SESSION_PARAMETERS.iter().any(|p| p.as_bytes() == name)
}

const SESSION_PARAMETERS: &[&str] = &[
    "application_name",
    "bytea_output",
    "check_function_bodies",
    "client_encoding",
    "client_min_messages",
    "datestyle",
    "default_transaction_isolation",
    "extra_float_digits",
    "integer_datetimes",
    "intervalstyle",
    "is_superuser",
    "lc_collate",
    "lc_ctype",
    "lc_messages",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "max_identifier_length",
    "role",
    "row_security",
    "search_path",
    "server_encoding",
    "server_version",
    "server_version_num",
    "session_authorization",
    "standard_conforming_strings",
    "timezone",
    "transaction_isolation",
];

/// The setting that only the primary can tell.
const WRITE_TOKEN: &str = "write_token";

/// What settings of the proxy begin with.
const OWN: &str = "pgsluice.";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Session,
    Local,
}

enum Value {
    /// SQL that may stand after `SET name TO`.
    Given(Box<[u8]>),
    Default,
    /// `FROM CURRENT`: changes nothing.
    Current,
    Missing,
}

fn note(findings: &mut Findings, effect: Effect) {
    findings.judge(Class::Neutral, Reason::Setting, b"");
    findings.effect(effect);
}

fn set_nothing(findings: &mut Findings) -> bool {
    findings.judge(Class::Neutral, Reason::Setting, b"");
    false
}

fn own(name: &str) -> Option<Box<str>> {
    name.strip_prefix(OWN).map(Into::into)
}

fn assigned(scope: Scope, name: Box<str>, value: Box<[u8]>) -> Effect {
    match (scope, own(&name)) {
        (Scope::Session, Some(name)) => Effect::OwnSet {
            name,
            value: unquoted(&value),
        },
        // A transaction stays where it began, so that nothing of ours can hold for one alone.
        (Scope::Local, _) => Effect::SetLocal { name },
        (Scope::Session, None) => Effect::Set { name, value },
    }
}

/// SESSION or LOCAL, taken unless it is the name of what is set (`SET SESSION AUTHORIZATION`).
fn scope(stream: &mut Stream<'_>) -> Scope {
    if stream.take_word("local") {
        return Scope::Local;
    }
    let mut ahead = *stream;
    if ahead.take_word("session") && !ahead.peek_word().is("authorization") {
        *stream = ahead;
    }
    Scope::Session
}

/// A name with its dots, in lower case.
fn parameter(stream: &mut Stream<'_>) -> Option<Box<str>> {
    let mut name = String::from(stream.take_name()?.to_parameter());
    while stream.peek().is_some_and(|t| t.kind == Kind::Dot) {
        stream.next();
        name.push('.');
        name.push_str(&stream.take_name()?.to_parameter());
    }
    Some(name.into())
}

/// The parameter behind a phrase: TIME ZONE is timezone.
fn spoken(stream: &mut Stream<'_>, name: Box<str>) -> Box<str> {
    match &*name {
        "time" if stream.take_word("zone") => "timezone".into(),
        "session" if stream.take_word("authorization") => "session_authorization".into(),
        "transaction" if stream.take_word("isolation") => "transaction_isolation".into(),
        "xml" if stream.take_word("option") => "xmloption".into(),
        _ => name,
    }
}

/// The value, and the name of the parameter that it is for.
fn value(stream: &mut Stream<'_>, name: Box<str>) -> (Box<str>, Value) {
    let assigned = stream.peek().is_some_and(|t| stream.bytes(t) == b"=");
    if assigned || stream.peek_word().is("to") {
        stream.next();
        return (name, plain_value(stream));
    }
    if stream.take_word("from") {
        return (name, Value::Current);
    }
    let name = spoken(stream, name);
    match &*name {
        "timezone" => (name, time_zone(stream)),
        "names" => ("client_encoding".into(), encoding(stream)),
        "schema" => ("search_path".into(), plain_value(stream)),
        "role" | "session_authorization" | "xmloption" => (name, plain_value(stream)),
        _ => (name, Value::Missing),
    }
}

/// From here to the end of the statement, as it was written.
fn plain_value(stream: &mut Stream<'_>) -> Value {
    if stream.peek_word().is("default") {
        return Value::Default;
    }
    let Some(first) = stream.next() else {
        return Value::Missing;
    };
    let mut last = first;
    while let Some(token) = stream.next() {
        last = token;
    }
    Value::Given(
        stream
            .text()
            .get(first.start..last.end)
            .unwrap_or_default()
            .into(),
    )
}

fn encoding(stream: &mut Stream<'_>) -> Value {
    match plain_value(stream) {
        Value::Missing => Value::Default,
        value => value,
    }
}

/// After `SET TIME ZONE`. An interval may not stand after `SET timezone TO`, but PostgreSQL takes it
/// there as a string.
fn time_zone(stream: &mut Stream<'_>) -> Value {
    if stream.peek_word().is("local") {
        return Value::Default;
    }
    if !stream.take_word("interval") {
        return plain_value(stream);
    }
    stream.skip_parenthesised();
    let Some(text) = stream.next().filter(|t| t.kind == Kind::String) else {
        return Value::Missing;
    };
    let mut interval = b"INTERVAL ".to_vec();
    interval.extend_from_slice(stream.bytes(text));
    let mut value = Vec::new();
    quote::literal(&mut value, &interval);
    Value::Given(value.into())
}

/// A value of ours: one word or string, quotes removed.
fn unquoted(value: &[u8]) -> Box<str> {
    let text = String::from_utf8_lossy(value);
    match text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'").into(),
        None => text.to_ascii_lowercase().into(),
    }
}
