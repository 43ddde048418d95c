//! Asks a client who it is, up to and including AuthenticationOk. What follows that is not here.

use bytes::BytesMut;
use tokio::task::spawn_blocking;

use crate::auth::client_login::Ask;
use crate::auth::client_login::ClientLogin;
use crate::auth::client_login::Guest;
use crate::auth::client_login::Method;
use crate::auth::client_login::Proof;
use crate::auth::client_login::Random;
use crate::auth::client_login::Verdict;
use crate::auth::mock::Mock;
use crate::error::Blame;
use crate::error::Error;
use crate::net::conn::Conn;
use crate::net::stream::Stream;
use crate::sqlstate::SqlState;
use crate::wire::client;
use crate::wire::frames::SMALL_BYTES_MAX;
use crate::wire::write;

/// Has a client prove who it is, up to AuthenticationOk, which is for the caller to write once it has
/// what follows it. The caller bounds the time.
///
/// # Errors
/// The client is refused or gone; it has not been told.
///
/// # Cancel safety
/// No: the client must be closed.
pub async fn login(
    conn: &mut Conn<Stream>,
    method: Method,
    guest: &Guest<'_>,
    mock: &Mock,
) -> Result<Proof, Error> {
    let random = Random {
        nonce: rand::random(),
        salt: rand::random(),
    };
    let mut verdict = ClientLogin::start(method, guest, mock, random)?;
    loop {
        verdict = match verdict {
            Verdict::Ask(ask, login) => {
                write_ask(conn.out(), &ask);
                conn.flush().await.map_err(lost)?;
                login.on_message(&next_password(conn).await?)?
            }
            Verdict::Derive(derivation) => spawn_blocking(move || derivation.run())
                .await
                .map_err(|error| {
                    Error::new(Blame::Proxy, SqlState::INTERNAL, "key derivation failed")
                        .because(error)
                })??,
            Verdict::Passed(data, proof) => {
                if let Some(data) = data {
                    write::authentication_sasl_final(conn.out(), data.as_bytes());
                }
                return Ok(proof);
            }
        };
    }
}

fn write_ask(out: &mut BytesMut, ask: &Ask) {
    match ask {
        Ask::Plain => write::authentication_cleartext(out),
        Ask::Md5(salt) => write::authentication_md5(out, *salt),
        Ask::Sasl(mechanisms) => write::authentication_sasl(out, mechanisms),
        Ask::SaslContinue(data) => write::authentication_sasl_continue(out, data.as_bytes()),
    }
}

/// The body of the client's password message.
async fn next_password(conn: &mut Conn<Stream>) -> Result<BytesMut, Error> {
    let message = conn.next_message(SMALL_BYTES_MAX).await;
    match message.map_err(|fault| fault.blamed(Blame::Client))? {
        Some(message) if message.tag == client::PASSWORD => Ok(message.body),
        Some(message) => Err(Error::new(
            Blame::Client,
            SqlState::PROTOCOL,
            format!(
                "expected password response, got message type {}",
                message.tag
            ),
        )),
        // As psql does to ask its user for the password before it comes again.
        None => Err(Error::new(
            Blame::Client,
            SqlState::CONNECTION_FAILURE,
            "client closed the connection during login",
        )),
    }
}

fn lost(error: std::io::Error) -> Error {
    let said = format!("connection lost during login: {error}");
    Error::new(Blame::Client, SqlState::CONNECTION_FAILURE, said).because(error)
}
