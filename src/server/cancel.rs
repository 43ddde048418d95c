//! Asks a server to cancel the query of another connection.

use std::io::ErrorKind;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use tokio::time::timeout_at;

use crate::error::Blame;
use crate::error::Error;
use crate::net::stream::Stream;
use crate::server::dial::Failure;
use crate::server::dial::Route;
use crate::server::dial::attempts;
use crate::server::dial::late;
use crate::server::dial::open;
use crate::sqlstate::SqlState;
use crate::wire::startup::CancelKey;
use crate::wire::startup::write_cancel;

/// Sends a CancelRequest and waits until the server has taken it, which it shows by closing; it
/// does not say whether there was anything to cancel. While it is sent and not taken, `is_out` says
/// so; where that stays, it may be taken at any time.
///
/// # Errors
/// The server was not reached, or did not close, before `deadline`.
///
/// # Cancel safety
/// Yes: the connection is closed, and `is_out` says whether the request was sent.
pub async fn cancel(
    route: &Route<'_>,
    key: &CancelKey,
    is_out: &AtomicBool,
    deadline: Instant,
) -> Result<(), Error> {
    timeout_at(deadline, Box::pin(cancel_by(route, key, is_out, deadline)))
        .await
        .unwrap_or_else(|_| Err(late(route.target, "cancel request")))
}

async fn cancel_by(
    route: &Route<'_>,
    key: &CancelKey,
    is_out: &AtomicBool,
    deadline: Instant,
) -> Result<(), Error> {
    let (first, second) = attempts(route);
    let mut stream = match (open(route, first, deadline).await, second) {
        (Ok(stream), _) => stream,
        (Err(Failure::Encryption(_)), Some(second)) => open(route, second, deadline)
            .await
            .map_err(Failure::into_error)?,
        (Err(failure), _) => return Err(failure.into_error()),
    };
    send(&mut stream, key, is_out).await.map_err(|error| {
        let said = format!("server {}: connection lost: {error}", route.target);
        Error::new(Blame::Server, SqlState::CONNECTION_FAILURE, said).because(error)
    })
}

async fn send(stream: &mut Stream, key: &CancelKey, is_out: &AtomicBool) -> std::io::Result<()> {
    let mut request = BytesMut::new();
    write_cancel(&mut request, key);
    is_out.store(true, Ordering::Release);
    stream.write_all(&request).await?;
    stream.flush().await?;
    match stream.read_u8().await {
        Ok(_) => Err(ErrorKind::InvalidData.into()),
        // TLS's own goodbye is missed in this way too. A reset would be another's word.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            is_out.store(false, Ordering::Release);
            Ok(())
        }
        Err(error) => Err(error),
    }
}
