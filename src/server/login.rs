//! Logs in with a server, from the startup message to its first ReadyForQuery.

use bytes::BufMut;
use bytes::BytesMut;
use tokio::task::spawn_blocking;

use crate::auth::server_login::Identity;
use crate::auth::server_login::Reply;
use crate::auth::server_login::ServerLogin;
use crate::auth::server_login::Verdict;
use crate::error::Blame;
use crate::error::Error;
use crate::net::conn::Conn;
use crate::net::conn::Message;
use crate::net::stream::Stream;
use crate::net::tls::dial::end_point;
use crate::server::dial::Ask;
use crate::server::dial::Fresh;
use crate::sqlstate::SqlState;
use crate::wire::client;
use crate::wire::fields::Fields;
use crate::wire::server;
use crate::wire::startup;
use crate::wire::startup::CancelKey;
use crate::wire::write;

/// Longest message that a server may send before it is logged in with. PostgreSQL's longest is an
/// error, which libpq bounds at 30,000.
pub const LOGIN_BYTES_MAX: u32 = 64 * 1024;

/// Most messages of a login; PostgreSQL 18 sends about 20.
const MESSAGES_MAX: usize = 1000;

/// Logs in. The caller bounds the time.
///
/// # Errors
/// As [`dial`](crate::server::dial::dial).
pub(super) async fn login(mut conn: Conn<Stream>, ask: &Ask<'_>) -> Result<Fresh, Error> {
    let user = [("user", ask.user)];
    let parameters = user.into_iter().chain(ask.parameters.iter().copied());
    startup::write_startup(conn.out(), ask.minor, parameters);
    flush(&mut conn).await?;
    let minor = authenticate(&mut conn, ask).await?;
    settle(conn, minor).await
}

/// Until AuthenticationOk: the minor version that is spoken.
async fn authenticate(conn: &mut Conn<Stream>, ask: &Ask<'_>) -> Result<u16, Error> {
    let mut minor = ask.minor;
    let mut login = ServerLogin::New(Identity {
        user: ask.user.to_owned(),
        credential: ask.credential.clone(),
        end_point: end_point(conn.stream()),
        nonce: rand::random(),
    });
    for _ in 0..MESSAGES_MAX {
        let message = next(conn).await?;
        match message.tag {
            server::AUTHENTICATION => {
                let mut verdict = login.on_message(&message.body)?;
                if let Verdict::Derive(derivation) = verdict {
                    let derived = spawn_blocking(move || derivation.run()).await;
                    verdict = derived.map_err(|error| internal(error.to_string()))?.into();
                }
                login = match verdict {
                    Verdict::Passed => return Ok(minor),
                    Verdict::Wait(login) => login,
                    Verdict::Send(reply, login) => {
                        write_reply(conn.out(), &reply);
                        flush(conn).await?;
                        login
                    }
                    Verdict::Derive(_) => return Err(internal("derived twice".to_owned())),
                };
            }
            server::NEGOTIATE_PROTOCOL_VERSION => {
                minor = negotiated(&message.body, ask.minor)?;
            }
            server::NOTICE_RESPONSE => (),
            tag => return Err(unexpected(tag)),
        }
    }
    Err(too_many())
}

/// From AuthenticationOk to ReadyForQuery.
async fn settle(mut conn: Conn<Stream>, minor: u16) -> Result<Fresh, Error> {
    let mut parameters = Vec::new();
    // A server may have none: it cannot be canceled then.
    let mut key = CancelKey {
        pid: 0,
        secret: Box::default(),
    };
    for _ in 0..MESSAGES_MAX {
        let message = next(&mut conn).await?;
        let body = &message.body;
        match message.tag {
            server::PARAMETER_STATUS => {
                let (name, value) = server::parameter_status(body).map_err(blamed)?;
                parameters.push((text(name), text(value)));
            }
            server::BACKEND_KEY_DATA => {
                let (pid, secret) = server::backend_key_data(body).map_err(blamed)?;
                let secret = secret.into();
                key = CancelKey { pid, secret };
            }
            server::READY_FOR_QUERY => {
                return Ok(Fresh {
                    conn,
                    parameters,
                    key,
                    minor,
                });
            }
            server::NOTICE_RESPONSE => (),
            tag => return Err(unexpected(tag)),
        }
    }
    Err(too_many())
}

/// The next message; an error of the server's is one of ours.
async fn next(conn: &mut Conn<Stream>) -> Result<Message, Error> {
    let message = conn.next_message(LOGIN_BYTES_MAX).await;
    match message.map_err(|fault| fault.blamed(Blame::Server).or_elsewhere())? {
        Some(message) if message.tag == server::ERROR_RESPONSE => Err(refused(&message.body)),
        Some(message) => Ok(message),
        None => Err(Error::new(
            Blame::Server,
            SqlState::CONNECTION_FAILURE,
            "server closed the connection during login",
        )
        .or_elsewhere()),
    }
}

/// What a server said at a login. Another may have room, or not be starting or ending.
fn refused(body: &[u8]) -> Error {
    let error = told(body);
    match error.sqlstate() {
        SqlState::TOO_MANY_CONNECTIONS
        | SqlState::ADMIN_SHUTDOWN
        | SqlState::CRASH_SHUTDOWN
        | SqlState::CANNOT_CONNECT_NOW => error.or_elsewhere(),
        _ => error,
    }
}

/// What a server said, in its own words and code.
pub(super) fn told(body: &[u8]) -> Error {
    let fields = Fields::new(body);
    let sqlstate = fields.code().unwrap_or(SqlState::INTERNAL);
    Error::new(Blame::Server, sqlstate, fields.message())
}

fn write_reply(out: &mut BytesMut, reply: &Reply) {
    write::message(out, client::PASSWORD, |out| match reply {
        Reply::Password(password) => {
            out.put_slice(password);
            out.put_u8(0);
        }
        Reply::SaslInitial(initial) => {
            out.put_slice(initial.mechanism.as_bytes());
            out.put_u8(0);
            out.put_u32(u32::try_from(initial.message.len()).unwrap_or(u32::MAX));
            out.put_slice(initial.message.as_bytes());
        }
        Reply::Sasl(message) => out.put_slice(message.as_bytes()),
    });
}

fn negotiated(body: &[u8], asked: u16) -> Result<u16, Error> {
    let offered = startup::read_negotiation(body).map_err(|fault| protocol(fault.to_string()))?;
    if asked < offered {
        return Err(protocol(format!(
            "server offers protocol 3.{offered} where 3.{asked} was asked for"
        )));
    }
    Ok(offered)
}

async fn flush(conn: &mut Conn<Stream>) -> Result<(), Error> {
    conn.flush().await.map_err(|error| {
        Error::new(
            Blame::Server,
            SqlState::CONNECTION_FAILURE,
            format!("connection lost during login: {error}"),
        )
        .or_elsewhere()
        .because(error)
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn blamed(fault: crate::wire::Fault) -> Error {
    fault.blamed(Blame::Server)
}

fn protocol(said: String) -> Error {
    Error::new(Blame::Server, SqlState::PROTOCOL, said)
}

fn unexpected(tag: u8) -> Error {
    protocol(format!(
        "unexpected message {:?} during login",
        char::from(tag)
    ))
}

fn too_many() -> Error {
    protocol("server sends messages without end during login".to_owned())
}

fn internal(said: String) -> Error {
    Error::new(Blame::Proxy, SqlState::INTERNAL, said)
}
