//! Transaction control: BEGIN, COMMIT, ROLLBACK, savepoints, and the modes of a transaction.

use super::findings::Findings;
use super::stream::Stream;
use crate::sql::effect::Access;
use crate::sql::effect::Effect;
use crate::sql::effect::Isolation;
use crate::sql::effect::Modes;
use crate::sql::statement::Class;
use crate::sql::statement::Reason;

/// After `BEGIN` or `START`.
pub(super) fn begin(stream: &mut Stream<'_>, findings: &mut Findings) {
    let _ = stream.take_word("work") || stream.take_word("transaction");
    control(findings, Effect::Begin(modes(stream)));
}

/// After `COMMIT` or `END`. COMMIT PREPARED is no control of this transaction; it writes.
pub(super) fn commit(stream: &mut Stream<'_>, findings: &mut Findings) {
    if stream.take_word("prepared") {
        return findings.write(Reason::Command, b"commit prepared");
    }
    skip_noise(stream);
    let chain = chain(stream);
    control(findings, Effect::Commit { chain });
}

/// After `ROLLBACK` or `ABORT`.
pub(super) fn rollback(stream: &mut Stream<'_>, findings: &mut Findings) {
    if stream.take_word("prepared") {
        return findings.write(Reason::Command, b"rollback prepared");
    }
    skip_noise(stream);
    if stream.take_word("to") {
        stream.take_word("savepoint");
        let name = savepoint_name(stream);
        return control(findings, Effect::RollbackTo(name));
    }
    let chain = chain(stream);
    control(findings, Effect::Rollback { chain });
}

/// After `SAVEPOINT`.
pub(super) fn savepoint(stream: &mut Stream<'_>, findings: &mut Findings) {
    let name = savepoint_name(stream);
    control(findings, Effect::Savepoint(name));
}

/// After `RELEASE`.
pub(super) fn release(stream: &mut Stream<'_>, findings: &mut Findings) {
    // A savepoint may be called "savepoint".
    let word = stream.take_name();
    let name = stream.take_name().or(word);
    control(
        findings,
        Effect::Release(name.map(|n| n.to_text()).unwrap_or_default()),
    );
}

/// After `SET TRANSACTION`. A snapshot is one of the node that exported it.
pub(super) fn set_transaction(stream: &mut Stream<'_>, findings: &mut Findings) {
    if stream.peek_word().is("snapshot") {
        findings.write(Reason::PerNode, b"set transaction snapshot");
    }
    control(findings, Effect::SetTransaction(modes(stream)));
}

fn control(findings: &mut Findings, effect: Effect) {
    findings.literal();
    findings.judge(Class::Neutral, Reason::Transaction, b"");
    findings.effect(effect);
}

fn skip_noise(stream: &mut Stream<'_>) {
    let _ = stream.take_word("work") || stream.take_word("transaction");
}

fn chain(stream: &mut Stream<'_>) -> bool {
    stream.take_word("and") && !stream.take_word("no") && stream.take_word("chain")
}

fn savepoint_name(stream: &mut Stream<'_>) -> Box<str> {
    stream
        .take_name()
        .map(|name| name.to_text())
        .unwrap_or_default()
}

/// The modes up to the end of the statement; the last one of a kind counts.
pub(super) fn modes(stream: &mut Stream<'_>) -> Modes {
    let mut modes = Modes::default();
    let mut negated = false;
    while let Some(token) = stream.next() {
        let word = stream.word(Some(token));
        match word.as_bytes() {
            b"read" => access_or_level(stream, &mut modes),
            b"serializable" => modes.isolation = Some(Isolation::Serializable),
            b"repeatable" => modes.isolation = Some(Isolation::RepeatableRead),
            b"deferrable" => modes.deferrable = Some(!negated),
            _ => (),
        }
        negated = word.is("not");
        // REPEATABLE READ: its READ is not the one of READ ONLY.
        if word.is("repeatable") {
            stream.take_word("read");
        }
    }
    modes
}

/// After `READ`: ONLY, WRITE, COMMITTED or UNCOMMITTED.
fn access_or_level(stream: &mut Stream<'_>, modes: &mut Modes) {
    let word = stream.peek_word();
    match word.as_bytes() {
        b"only" => modes.access = Some(Access::ReadOnly),
        b"write" => modes.access = Some(Access::ReadWrite),
        b"committed" => modes.isolation = Some(Isolation::ReadCommitted),
        b"uncommitted" => modes.isolation = Some(Isolation::ReadUncommitted),
        _ => (),
    }
}

/// The modes that `SET transaction_… = value` stands for; `None` if it is no such parameter.
pub(super) fn modes_of_parameter(name: &str, value: &[u8]) -> Option<Modes> {
    let value = value.trim_ascii().to_ascii_lowercase();
    let value = value
        .strip_prefix(b"'")
        .and_then(|v| v.strip_suffix(b"'"))
        .unwrap_or(&value);
    let mut modes = Modes::default();
    match name {
        "transaction_read_only" => {
            modes.access = match value {
                b"on" | b"true" | b"yes" | b"1" => Some(Access::ReadOnly),
                _ => Some(Access::ReadWrite),
            };
        }
        "transaction_isolation" => {
            modes.isolation = match value {
                b"read uncommitted" => Some(Isolation::ReadUncommitted),
                b"read committed" => Some(Isolation::ReadCommitted),
                b"repeatable read" => Some(Isolation::RepeatableRead),
                _ => Some(Isolation::Serializable),
            };
        }
        "transaction_deferrable" => {
            modes.deferrable = Some(matches!(value, b"on" | b"true" | b"yes" | b"1"));
        }
        _ => return None,
    }
    Some(modes)
}
