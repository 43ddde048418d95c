//! SQL of ours on a server.

use bytes::BytesMut;

use crate::error::Blame;
use crate::error::Error;
use crate::server::Server;
use crate::sqlstate::SqlState;
use crate::wire::fields::Fields;
use crate::wire::server;
use crate::wire::write;

/// Runs SQL of ours and drops its rows; what the server reports is noted.
///
/// # Errors
/// What the server says, or that it is gone.
///
/// # Cancel safety
/// No: the server must be closed then.
pub async fn run(server: &mut Server, sql: &str) -> Result<(), Error> {
    run_telling(server, sql, |_, _| ()).await
}

/// As [`run`]; `tell` hears of what the server reports.
///
/// # Errors
/// As [`run`].
///
/// # Cancel safety
/// As [`run`].
pub async fn run_telling(
    server: &mut Server,
    sql: &str,
    mut tell: impl FnMut(&[u8], &[u8]),
) -> Result<(), Error> {
    write::query(server.conn.out(), sql.as_bytes());
    let lost = |error: std::io::Error| {
        Error::new(
            Blame::Server,
            SqlState::CONNECTION_FAILURE,
            format!("server connection lost: {error}"),
        )
        .or_elsewhere()
    };
    server.conn.flush().await.map_err(lost)?;
    let mut failed = None;
    loop {
        let message = server
            .conn
            .next_message(ANSWER_BYTES_MAX)
            .await
            .map_err(|fault| fault.blamed(Blame::Server).or_elsewhere())?
            .ok_or_else(|| lost(std::io::ErrorKind::UnexpectedEof.into()))?;
        match message.tag {
            server::READY_FOR_QUERY => break,
            server::PARAMETER_STATUS => {
                if let Ok((name, value)) = server::parameter_status(&message.body) {
                    server.side.on_status(name, value);
                    tell(name, value);
                }
            }
            server::ERROR_RESPONSE => failed = Some(said(&message.body)),
            _ => (),
        }
    }
    failed.map_or(Ok(()), Err)
}

/// What a server said, as an error.
fn said(body: &BytesMut) -> Error {
    let fields = Fields::new(body);
    Error::new(
        Blame::Server,
        fields.code().unwrap_or(SqlState::INTERNAL),
        fields.message(),
    )
}

/// Longest message of a server in answer to what we ask by ourselves.
const ANSWER_BYTES_MAX: u32 = 64 * 1024;
