//! Answers as messages.

use bytes::BytesMut;

use crate::admin::cell::Row;
use crate::sqlstate::SqlState;
use crate::wire::server::Status;
use crate::wire::write;
use crate::wire::write::Column;
use crate::wire::write::Severity;

/// Most bytes of an error's message: it may repeat what the client sent. As in PgBouncer.
const ERROR_BYTES_MAX: usize = 1023;

/// Appends a result of rows.
pub(super) fn rows(out: &mut BytesMut, columns: &[Column<'_>], rows: &[Row], tag: &str) {
    write::row_description(out, columns.iter().copied());
    for row in rows {
        debug_assert_eq!(row.len(), columns.len(), "a value for each column");
        write::data_row(out, row.iter().map(Option::as_deref));
    }
    write::command_complete(out, tag);
}

/// Appends an error. Nearly all of the console have this code, as PgBouncer's do.
pub(super) fn error(out: &mut BytesMut, message: &str) {
    error_of(out, SqlState::PROTOCOL, message);
}

/// Appends an error of another code.
pub(super) fn error_of(out: &mut BytesMut, sqlstate: SqlState, message: &str) {
    let message = cut(message, ERROR_BYTES_MAX);
    write::console_report(out, Severity::Error, (sqlstate, message), None);
}

/// Appends the end of a command that shows nothing.
pub(super) fn done(out: &mut BytesMut, tag: &str) {
    write::command_complete(out, tag);
}

/// Appends the list of commands.
pub(super) fn help(out: &mut BytesMut, commands: &str) {
    notice(out, "Console usage", Some(commands));
    write::command_complete(out, "SHOW");
}

/// Appends the answer to a SET of what drivers set when they log in.
pub(super) fn set_ignored(out: &mut BytesMut) {
    notice(out, "SET ignored", None);
    write::command_complete(out, "SET");
}

/// Appends what is said when files that go with an option cannot be used.
pub(super) fn not_applied(out: &mut BytesMut) {
    let message = "TLS settings could not be applied, still using old configuration";
    notice(out, message, None);
}

/// Appends the end of an answer.
pub(super) fn ready(out: &mut BytesMut) {
    write::ready_for_query(out, Status::Idle);
}

fn notice(out: &mut BytesMut, message: &str, detail: Option<&str>) {
    let what = (SqlState::SUCCESS, message);
    write::console_report(out, Severity::Notice, what, detail);
}

/// The first `bytes_max` bytes of a text, or some less: no character is cut.
fn cut(text: &str, bytes_max: usize) -> &str {
    let ends = (0..=bytes_max.min(text.len())).rev();
    ends.filter_map(|end| text.get(..end))
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_errors_are_cut_between_characters() {
        let check = |text: &str, bytes_max, expected| assert_eq!(cut(text, bytes_max), expected);
        check("abc", 3, "abc");
        check("abc", 2, "ab");
        check("a\u{e9}c", 2, "a");
        check("", 5, "");
    }
}
