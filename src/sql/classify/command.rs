//! One statement by its first word.

use super::copy;
use super::findings::Findings;
use super::query;
use super::set;
use super::stream::Name;
use super::stream::Stream;
use super::transaction;
use crate::sql::catalog::Catalog;
use crate::sql::effect::Effect;
use crate::sql::lexer::Kind;
use crate::sql::statement::Class;
use crate::sql::statement::Marks;
use crate::sql::statement::Reason;

/// Whether a statement is transaction control.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Transaction,
    Other,
}

/// Reads the statement that the stream is at, at least its first words.
pub(super) fn command(stream: &mut Stream<'_>, catalog: &Catalog, findings: &mut Findings) -> Form {
    if is_query(stream) {
        findings.judge(Class::Read, Reason::Read, b"");
        query::walk(stream, catalog, findings, query::Extent::Statement);
        return Form::Other;
    }
    let first = stream.peek_word();
    if first.is_any(&["insert", "update", "delete", "merge"]) {
        findings.write(Reason::Command, first.as_bytes());
        query::walk(stream, catalog, findings, query::Extent::Statement);
        return Form::Other;
    }
    stream.next();
    match first.as_bytes() {
        b"begin" => transaction::begin(stream, findings),
        b"start" if stream.peek_word().is("transaction") => transaction::begin(stream, findings),
        b"commit" | b"end" => transaction::commit(stream, findings),
        b"rollback" | b"abort" => transaction::rollback(stream, findings),
        b"savepoint" => transaction::savepoint(stream, findings),
        b"release" => transaction::release(stream, findings),
        b"set" => {
            if !set::set(stream, findings) {
                return Form::Other;
            }
        }
        _ => {
            utility(&first, stream, catalog, findings);
            return Form::Other;
        }
    }
    if findings.class == Class::Write {
        Form::Other
    } else {
        Form::Transaction
    }
}

fn utility(first: &Name, stream: &mut Stream<'_>, catalog: &Catalog, findings: &mut Findings) {
    findings.literal();
    match first.as_bytes() {
        b"reset" => set::reset(stream, findings),
        b"show" => set::show(stream, findings),
        b"explain" => explain(stream, catalog, findings),
        b"copy" => copy::copy(stream, catalog, findings),
        b"declare" => declare(stream, catalog, findings),
        b"fetch" | b"move" => findings.judge(Class::Neutral, Reason::Cursor, first.as_bytes()),
        b"close" => {
            findings.judge(Class::Neutral, Reason::Cursor, first.as_bytes());
            findings.effect(Effect::MayUnpin);
        }
        b"prepare" => prepare(stream, findings),
        b"execute" => {
            findings.write(Reason::PerSession, first.as_bytes());
            findings.effect(Effect::Execute(text(stream)));
        }
        b"deallocate" => deallocate(stream, findings),
        b"discard" => discard(stream, findings),
        b"listen" => {
            findings.write(Reason::PerSession, first.as_bytes());
            findings.effect(Effect::Listen(text(stream)));
        }
        b"unlisten" => {
            findings.judge(Class::Neutral, Reason::Setting, first.as_bytes());
            let channel = stream.take_name().map(Name::to_text);
            findings.effect(Effect::Unlisten(channel));
            findings.effect(Effect::MayUnpin);
        }
        b"load" => {
            findings.write(Reason::PerSession, first.as_bytes());
            findings.effect(Effect::Load);
        }
        b"create" => create(stream, findings),
        b"drop" => {
            findings.write(Reason::Command, first.as_bytes());
            findings.effect(Effect::MayUnpin);
        }
        b"lock" => findings.write(Reason::Locking, first.as_bytes()),
        word => findings.write(Reason::Command, word),
    }
}

/// Whether what comes is a query: SELECT, VALUES, TABLE or WITH, in any number of parentheses.
pub(super) fn is_query(stream: &Stream<'_>) -> bool {
    let mut ahead = *stream;
    while ahead.peek().is_some_and(|t| t.kind == Kind::Open) {
        ahead.next();
    }
    ahead
        .peek_word()
        .is_any(&["select", "values", "table", "with"])
}

fn text(stream: &mut Stream<'_>) -> Box<str> {
    stream.take_name().map(Name::to_text).unwrap_or_default()
}

/// After `EXPLAIN`. Only with ANALYZE does anything run.
fn explain(stream: &mut Stream<'_>, catalog: &Catalog, findings: &mut Findings) {
    let mut analyze = false;
    if stream.peek().is_some_and(|t| t.kind == Kind::Open) && !is_query(stream) {
        let outside = stream.depth();
        stream.next();
        while outside < stream.depth() {
            let Some(token) = stream.next() else {
                break;
            };
            // Said with OFF it still counts: the last of several would win.
            let name = stream.name(token).unwrap_or(Name::EMPTY);
            analyze |= name.is_any(&["analyze", "analyse"]);
        }
    } else {
        analyze = stream.take_word("analyze") || stream.take_word("analyse");
        stream.take_word("verbose");
    }
    let first = stream.peek_word();
    let is_query = is_query(stream);
    let changes = first.is_any(&["insert", "update", "delete", "merge"]);
    if is_query || (changes && !analyze) {
        findings.judge(Class::Read, Reason::Read, b"");
    } else {
        findings.write(Reason::Command, b"explain");
    }
    if analyze && (is_query || changes) {
        query::walk(stream, catalog, findings, query::Extent::Statement);
    }
}

/// After `DECLARE`.
fn declare(stream: &mut Stream<'_>, catalog: &Catalog, findings: &mut Findings) {
    let name = text(stream);
    let mut before = Name::EMPTY;
    let mut hold = false;
    while let Some(token) = stream.next() {
        let word = stream.word(Some(token));
        hold |= word.is("hold") && before.is("with");
        if word.is("for") {
            break;
        }
        before = word;
    }
    if hold {
        findings.write(Reason::PerSession, b"declare");
        findings.effect(Effect::HoldCursor(name));
    }
    if is_query(stream) {
        findings.judge(Class::Read, Reason::Cursor, b"declare");
        query::walk(stream, catalog, findings, query::Extent::Statement);
    } else {
        findings.write(Reason::Command, b"declare");
    }
}

/// After `PREPARE`.
fn prepare(stream: &mut Stream<'_>, findings: &mut Findings) {
    let mut ahead = *stream;
    let two_phase = ahead.take_word("transaction");
    if two_phase && ahead.peek().is_some_and(|t| t.kind.is_literal()) {
        findings.write(Reason::Command, b"prepare transaction");
        findings.effect(Effect::PrepareTransaction);
        return;
    }
    findings.write(Reason::PerSession, b"prepare");
    findings.effect(Effect::Prepare(text(stream)));
}

/// After `DEALLOCATE`.
fn deallocate(stream: &mut Stream<'_>, findings: &mut Findings) {
    findings.judge(Class::Neutral, Reason::Setting, b"deallocate");
    let mut ahead = *stream;
    // A statement may be called "prepare".
    if ahead.take_word("prepare") && ahead.peek().is_some() {
        *stream = ahead;
    }
    let all = stream.peek_word().is("all");
    let name = stream.take_name().map(Name::to_text);
    findings.effect(Effect::Deallocate(name.filter(|_| !all)));
    findings.effect(Effect::MayUnpin);
}

/// After `DISCARD`.
fn discard(stream: &mut Stream<'_>, findings: &mut Findings) {
    let effect = match stream.peek_word().as_bytes() {
        b"all" => Effect::DiscardAll,
        b"temp" | b"temporary" => Effect::DiscardTemp,
        b"plans" => Effect::DiscardPlans,
        b"sequences" => Effect::DiscardSequences,
        _ => return findings.write(Reason::Command, b"discard"),
    };
    findings.judge(Class::Neutral, Reason::Setting, b"discard");
    findings.effect(effect);
    findings.effect(Effect::MayUnpin);
}

/// After `CREATE`: looks for what is temporary, and past the semicolons of function bodies.
fn create(stream: &mut Stream<'_>, findings: &mut Findings) {
    findings.write(Reason::Command, b"create");
    if stream.take_word("or") {
        stream.take_word("replace");
    }
    let routine = stream.peek_word().is_any(&["function", "procedure"]);
    let _ = stream.take_word("local") || stream.take_word("global");
    let mut temporary = stream.peek_word().is_any(&["temp", "temporary"]);
    let mut words = [Name::EMPTY; 2];
    while let Some(token) = stream.next() {
        let name = stream.name(token).unwrap_or(Name::EMPTY);
        let [two_before, before] = words;
        if name.is("drop") && before.is("commit") && two_before.is("on") {
            temporary = false;
        }
        let qualifies = stream.peek().is_some_and(|t| t.kind == Kind::Dot);
        temporary |= qualifies && query::is_temporary_schema(name.as_bytes());
        if routine {
            follow_body(stream, &name);
        }
        words = [before, name];
    }
    if temporary {
        findings.marks.add(Marks::PER_SESSION);
        findings.effect(Effect::TemporaryTable);
    }
}

/// Keeps count of `BEGIN ATOMIC … END` and of the CASEs in it.
fn follow_body(stream: &mut Stream<'_>, word: &Name) {
    match word.as_bytes() {
        b"begin" if stream.peek_word().is("atomic") => stream.enter_body(),
        b"case" if stream.is_in_body() => stream.enter_body(),
        b"end" => stream.leave_body(),
        _ => (),
    }
}
