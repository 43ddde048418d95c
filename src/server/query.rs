//! Small queries of our own: monitoring, catalog, checks and resets. Not for clients' queries.

use bytes::BufMut;

use crate::error::Blame;
use crate::error::Error;
use crate::net::conn::Conn;
use crate::net::stream::Stream;
use crate::server::login::told;
use crate::sqlstate::SqlState;
use crate::wire::Fault;
use crate::wire::client;
use crate::wire::server;
use crate::wire::write;

/// Most bytes of rows that one query of ours may answer with.
pub const RESULT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// A row in text form; `None` is NULL.
pub type Row = Vec<Option<String>>;

/// Runs one text by the simple protocol; the rows of all its statements.
///
/// # Errors
/// The server's own error (the connection can be used again), or a lost or confused connection.
///
/// # Cancel safety
/// No: a connection whose query was not waited for must be closed.
pub async fn query(conn: &mut Conn<Stream>, sql: &str) -> Result<Vec<Row>, Error> {
    write::query(conn.out(), sql.as_bytes());
    answer(conn).await
}

/// Runs one statement about one value, its `$1`, by the extended protocol; its rows.
///
/// # Errors
/// As [`query`].
///
/// # Cancel safety
/// No: a connection whose query was not waited for must be closed.
pub async fn query_about(
    conn: &mut Conn<Stream>,
    sql: &str,
    value: &str,
) -> Result<Vec<Row>, Error> {
    let out = conn.out();
    write::parse(out, b"", sql.as_bytes(), &[0, 0]);
    write::message(out, client::BIND, |out| {
        // No names, all in text form, and one value.
        out.put_slice(&[0, 0]);
        out.put_slice(&[0, 0, 0, 1]);
        out.put_u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        out.put_slice(value.as_bytes());
        out.put_u16(0);
    });
    write::message(out, client::EXECUTE, |out| out.put_slice(&[0; 5]));
    write::empty(out, client::SYNC);
    answer(conn).await
}

/// Sends what was written, and reads up to ReadyForQuery.
async fn answer(conn: &mut Conn<Stream>) -> Result<Vec<Row>, Error> {
    conn.flush().await.map_err(|error| {
        let said = format!("connection lost: {error}");
        Error::new(Blame::Server, SqlState::CONNECTION_FAILURE, said).because(error)
    })?;
    let mut rows = Vec::new();
    let mut bytes_left = RESULT_BYTES_MAX;
    let mut error = None;
    loop {
        let bytes_max = u32::try_from(bytes_left).unwrap_or(u32::MAX);
        let message = conn.next_message(bytes_max).await;
        let message = message.map_err(|fault| fault.blamed(Blame::Server))?;
        let message = message.ok_or_else(closed)?;
        match message.tag {
            server::DATA_ROW => {
                bytes_left = bytes_left.saturating_sub(message.body.len());
                rows.push(read_row(&message.body).map_err(|fault| fault.blamed(Blame::Server))?);
            }
            // The first is the reason of those that follow.
            server::ERROR_RESPONSE => error = error.or_else(|| Some(told(&message.body))),
            server::READY_FOR_QUERY => return error.map_or(Ok(rows), Err),
            server::ROW_DESCRIPTION
            | server::PARSE_COMPLETE
            | server::BIND_COMPLETE
            | server::COMMAND_COMPLETE
            | server::EMPTY_QUERY_RESPONSE
            | server::NOTICE_RESPONSE
            | server::NOTIFICATION_RESPONSE
            | server::PARAMETER_STATUS => (),
            tag => {
                let said = format!("unexpected message {:?} to a query", char::from(tag));
                return Err(Error::new(Blame::Server, SqlState::PROTOCOL, said));
            }
        }
    }
}

fn closed() -> Error {
    Error::new(
        Blame::Server,
        SqlState::CONNECTION_FAILURE,
        "server closed the connection",
    )
}

fn read_row(body: &[u8]) -> Result<Row, Fault> {
    const FAULT: Fault = Fault::Malformed { what: "DataRow" };
    let (count, mut rest) = body.split_first_chunk::<2>().ok_or(FAULT)?;
    let mut row = Row::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, after) = rest.split_first_chunk::<4>().ok_or(FAULT)?;
        let length = i32::from_be_bytes(*length);
        if length == -1 {
            row.push(None);
            rest = after;
            continue;
        }
        let length = usize::try_from(length).map_err(|_| FAULT)?;
        let (value, after) = after.split_at_checked(length).ok_or(FAULT)?;
        row.push(Some(String::from_utf8_lossy(value).into_owned()));
        rest = after;
    }
    if rest.is_empty() { Ok(row) } else { Err(FAULT) }
}

#[cfg(test)]
mod tests;
