//! Writers of messages: each appends one message to the caller's buffer.

use bytes::BufMut;
use bytes::BytesMut;

use crate::sqlstate::SqlState;
use crate::wire::client;
use crate::wire::server;

/// How bad an error or notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The connection ends.
    Fatal,
    /// The statement failed.
    Error,
    /// Something worth saying.
    Notice,
    /// Something that may be wrong.
    Warning,
}

impl Severity {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::Notice => "NOTICE",
            Self::Warning => "WARNING",
        }
    }
}

/// What an error or notice says.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// How bad it is.
    pub severity: Severity,
    /// Its code.
    pub sqlstate: SqlState,
    /// Its message.
    pub message: &'a str,
    /// What would help, or nothing.
    pub hint: Option<&'a str>,
}

/// Appends a message: tag, length (patched in afterwards), body.
///
/// A body over 4 GiB cannot be told; callers' bodies are bounded far below that.
pub fn message(out: &mut BytesMut, tag: u8, body: impl FnOnce(&mut BytesMut)) {
    out.put_u8(tag);
    let start = out.len();
    out.put_u32(0);
    body(out);
    let bytes = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    if let Some(field) = out.get_mut(start..start + 4) {
        field.copy_from_slice(&bytes.to_be_bytes());
    }
}

fn text(out: &mut BytesMut, text: &[u8]) {
    out.put_slice(text);
    out.put_u8(0);
}

/// Appends AuthenticationOk.
pub fn authentication_ok(out: &mut BytesMut) {
    message(out, server::AUTHENTICATION, |out| out.put_u32(0));
}

/// Appends AuthenticationCleartextPassword.
pub fn authentication_cleartext(out: &mut BytesMut) {
    message(out, server::AUTHENTICATION, |out| out.put_u32(3));
}

/// Appends AuthenticationMD5Password.
pub fn authentication_md5(out: &mut BytesMut, salt: [u8; 4]) {
    message(out, server::AUTHENTICATION, |out| {
        out.put_u32(5);
        out.put_slice(&salt);
    });
}

/// Appends AuthenticationSASL with the names of the mechanisms, preferred first.
pub fn authentication_sasl(out: &mut BytesMut, mechanisms: &[&str]) {
    message(out, server::AUTHENTICATION, |out| {
        out.put_u32(10);
        for mechanism in mechanisms {
            text(out, mechanism.as_bytes());
        }
        out.put_u8(0);
    });
}

/// Appends AuthenticationSASLContinue.
pub fn authentication_sasl_continue(out: &mut BytesMut, data: &[u8]) {
    message(out, server::AUTHENTICATION, |out| {
        out.put_u32(11);
        out.put_slice(data);
    });
}

/// Appends AuthenticationSASLFinal.
pub fn authentication_sasl_final(out: &mut BytesMut, data: &[u8]) {
    message(out, server::AUTHENTICATION, |out| {
        out.put_u32(12);
        out.put_slice(data);
    });
}

/// Appends ParameterStatus.
pub fn parameter_status(out: &mut BytesMut, name: &str, value: &str) {
    message(out, server::PARAMETER_STATUS, |out| {
        text(out, name.as_bytes());
        text(out, value.as_bytes());
    });
}

/// Appends BackendKeyData.
pub fn backend_key_data(out: &mut BytesMut, pid: u32, key: &[u8]) {
    message(out, server::BACKEND_KEY_DATA, |out| {
        out.put_u32(pid);
        out.put_slice(key);
    });
}

/// Appends ReadyForQuery.
pub fn ready_for_query(out: &mut BytesMut, status: server::Status) {
    message(out, server::READY_FOR_QUERY, |out| {
        out.put_u8(status.letter())
    });
}

/// Appends a message without a body.
pub fn empty(out: &mut BytesMut, tag: u8) {
    message(out, tag, |_| ());
}

/// Appends CommandComplete.
pub fn command_complete(out: &mut BytesMut, tag: &str) {
    message(out, server::COMMAND_COMPLETE, |out| {
        text(out, tag.as_bytes())
    });
}

/// The type of a column. Values are written as text whatever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// `text`
    Text,
    /// `integer`
    Int4,
    /// `bigint`
    Int8,
    /// `numeric`
    Numeric,
    /// `bytea`
    Bytea,
}

impl ColumnType {
    /// Its OID and the size of its values in bytes, -1 if they have none, as in `pg_type`.
    fn oid_and_size(self) -> (u32, i16) {
        match self {
            Self::Text => (25, -1),
            Self::Int4 => (23, 4),
            Self::Int8 => (20, 8),
            Self::Numeric => (1700, -1),
            Self::Bytea => (17, -1),
        }
    }
}

/// A column of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type.
    pub kind: ColumnType,
}

/// Appends RowDescription: columns of no table, in text format.
pub fn row_description<'a>(out: &mut BytesMut, columns: impl ExactSizeIterator<Item = Column<'a>>) {
    message(out, server::ROW_DESCRIPTION, |out| {
        out.put_u16(u16::try_from(columns.len()).unwrap_or(u16::MAX));
        for column in columns {
            let (oid, size) = column.kind.oid_and_size();
            text(out, column.name.as_bytes());
            out.put_u32(0);
            out.put_u16(0);
            out.put_u32(oid);
            out.put_i16(size);
            out.put_i32(-1);
            out.put_u16(0);
        }
    });
}

/// Appends DataRow; `None` is NULL.
pub fn data_row<'a>(out: &mut BytesMut, values: impl ExactSizeIterator<Item = Option<&'a str>>) {
    message(out, server::DATA_ROW, |out| {
        out.put_u16(u16::try_from(values.len()).unwrap_or(u16::MAX));
        for value in values {
            match value {
                Some(value) => {
                    out.put_u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
                    out.put_slice(value.as_bytes());
                }
                None => out.put_i32(-1),
            }
        }
    });
}

/// Appends the description of one row of text columns with these names.
pub fn text_columns(out: &mut BytesMut, names: &[&str]) {
    let kind = ColumnType::Text;
    row_description(out, names.iter().map(|name| Column { name, kind }));
}

/// Appends a row of text columns.
pub fn text_row(out: &mut BytesMut, values: &[&str]) {
    data_row(out, values.iter().map(|value| Some(*value)));
}

/// Appends an ErrorResponse, or a NoticeResponse for the severities below an error.
pub fn report(out: &mut BytesMut, report: &Report<'_>) {
    report_message(out, report.severity, |field| {
        field(b'S', report.severity.as_str());
        field(b'V', report.severity.as_str());
        field(b'C', report.sqlstate.as_str());
        field(b'M', report.message);
        if let Some(hint) = report.hint {
            field(b'H', hint);
        }
    });
}

/// Appends the message for a severity, with the fields that `fields` puts in.
fn report_message(
    out: &mut BytesMut,
    severity: Severity,
    fields: impl FnOnce(&mut dyn FnMut(u8, &str)),
) {
    let tag = match severity {
        Severity::Fatal | Severity::Error => server::ERROR_RESPONSE,
        Severity::Notice | Severity::Warning => server::NOTICE_RESPONSE,
    };
    message(out, tag, |out| {
        fields(&mut |letter, value| {
            out.put_u8(letter);
            text(out, value.as_bytes());
        });
        out.put_u8(0);
    });
}

/// Appends an ErrorResponse or a NoticeResponse with the fields that PgBouncer's console sends:
/// severity, code, message, and `detail` if there is one.
pub fn console_report(
    out: &mut BytesMut,
    severity: Severity,
    (sqlstate, message): (SqlState, &str),
    detail: Option<&str>,
) {
    report_message(out, severity, |field| {
        field(b'S', severity.as_str());
        field(b'C', sqlstate.as_str());
        field(b'M', message);
        if let Some(detail) = detail {
            field(b'D', detail);
        }
    });
}

/// Appends Query.
pub fn query(out: &mut BytesMut, sql: &[u8]) {
    message(out, client::QUERY, |out| text(out, sql));
}

/// Appends Parse; `types` is a count and that many OIDs, as on the wire.
pub fn parse(out: &mut BytesMut, name: &[u8], sql: &[u8], types: &[u8]) {
    message(out, client::PARSE, |out| {
        text(out, name);
        text(out, sql);
        out.put_slice(types);
    });
}

/// Appends Describe or Close (by `tag`) of a statement or portal.
pub fn target(out: &mut BytesMut, tag: u8, kind: client::Target, name: &[u8]) {
    message(out, tag, |out| {
        out.put_u8(match kind {
            client::Target::Statement => b'S',
            client::Target::Portal => b'P',
        });
        text(out, name);
    });
}

/// Appends the start of a Bind whose formats and values (`rest_bytes` of them in all) follow.
pub fn bind_head(out: &mut BytesMut, portal: &[u8], statement: &[u8], rest_bytes: usize) {
    out.put_u8(client::BIND);
    let bytes = 4 + portal.len() + 1 + statement.len() + 1 + rest_bytes;
    out.put_u32(u32::try_from(bytes).unwrap_or(u32::MAX));
    text(out, portal);
    text(out, statement);
}

/// Appends the start of a Parse whose text and types (`rest_bytes` in all) follow.
pub fn parse_head(out: &mut BytesMut, name: &[u8], rest_bytes: usize) {
    out.put_u8(client::PARSE);
    let bytes = 4 + name.len() + 1 + rest_bytes;
    out.put_u32(u32::try_from(bytes).unwrap_or(u32::MAX));
    text(out, name);
}
