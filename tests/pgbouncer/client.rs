//! A client that tells all it hears.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::ChannelBinding;
use postgres_protocol::authentication::sasl::SCRAM_SHA_256;
use postgres_protocol::authentication::sasl::ScramSha256;
use postgres_protocol::message::frontend;

use crate::raw::Raw;
use crate::raw::message;
use crate::raw::shown;

/// Who logs in, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Login<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) database: &'a str,
    pub(crate) parameters: &'a [(&'a str, &'a str)],
}

impl Default for Login<'_> {
    fn default() -> Self {
        Self {
            user: "app",
            password: "wholly secret",
            database: "app",
            parameters: &[],
        }
    }
}

impl<'a> Login<'a> {
    /// Of a user in a database.
    pub(crate) fn new(user: &'a str, password: &'a str, database: &'a str) -> Self {
        Self {
            user,
            password,
            database,
            parameters: &[],
        }
    }
}

/// A connection that is logged in.
pub(crate) struct Client {
    raw: Raw,
    key: Vec<u8>,
}

impl Client {
    /// Logs in; what is heard until then, one message a line.
    pub(crate) fn log_in(port: u16, login: Login<'_>) -> (Vec<String>, Option<Self>) {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let mut raw = Raw::new(stream);
        raw.send(&startup(login));
        let mut heard = Vec::new();
        let (mut scram, mut key) = (None, Vec::new());
        loop {
            let Some((tag, body)) = raw.next() else {
                heard.push("end".to_owned());
                return (heard, None);
            };
            match tag {
                b'R' => {
                    heard.push(answer(&mut raw, login, &body, &mut scram));
                }
                b'K' => {
                    heard.push(format!("K of {}", body.len()));
                    key = body;
                }
                b'Z' => {
                    heard.push(shown(tag, &body));
                    heard.sort_by_key(|line| line.starts_with("S ").then(|| line.clone()));
                    return (heard, Some(Self { raw, key }));
                }
                _ => heard.push(shown(tag, &body)),
            }
        }
    }

    /// Asks by a simple query: what is heard up to ReadyForQuery or the end.
    pub(crate) fn ask(&mut self, sql: &str) -> Vec<String> {
        self.begin(sql);
        self.answer()
    }

    /// Asks, and does not wait for the answer.
    pub(crate) fn begin(&mut self, sql: &str) {
        self.raw.begin(sql);
    }

    /// Says this.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.raw.send(bytes);
    }

    /// What is heard up to ReadyForQuery or the end.
    pub(crate) fn answer(&mut self) -> Vec<String> {
        self.raw.answer()
    }

    /// Whether nothing is heard for so long.
    pub(crate) fn is_silent(&self, time: Duration) -> bool {
        self.raw.is_silent(time)
    }

    /// Asks, by a connection of its own, to cancel what it does.
    pub(crate) fn cancel(&self, port: u16) {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let bytes = u32::try_from(self.key.len() + 8).expect("it is short");
        let packet = [
            &bytes.to_be_bytes()[..],
            &80_877_102_u32.to_be_bytes(),
            &self.key,
        ];
        stream.write_all(&packet.concat()).expect("it is taken");
        Raw::new(stream).next();
    }

    /// Has another key from now on.
    pub(crate) fn forget_key(&mut self) {
        for byte in self.key.iter_mut().skip(4) {
            *byte ^= 0x55;
        }
    }
}

fn startup(login: Login<'_>) -> Vec<u8> {
    let own = [("user", login.user), ("database", login.database)];
    let parameters = own.iter().chain(login.parameters);
    let mut bytes = BytesMut::new();
    frontend::startup_message(parameters.copied(), &mut bytes).expect("a startup message");
    bytes.to_vec()
}

/// Does what an Authentication message asks for, and tells of it.
fn answer(raw: &mut Raw, login: Login<'_>, body: &[u8], scram: &mut Option<ScramSha256>) -> String {
    let (kind, rest) = body.split_first_chunk::<4>().expect("a kind");
    let password = login.password.as_bytes();
    match u32::from_be_bytes(*kind) {
        0 => "R ok".to_owned(),
        3 => {
            raw.send(&message(b'p', &[password, b"\0"].concat()));
            "R password".to_owned()
        }
        5 => {
            let salt = rest.first_chunk::<4>().expect("a salt");
            let hash = md5_hash(login.user.as_bytes(), password, *salt);
            raw.send(&message(b'p', &[hash.as_bytes(), b"\0"].concat()));
            "R md5".to_owned()
        }
        10 => {
            let begun = ScramSha256::new(password, ChannelBinding::unsupported());
            let mut bytes = BytesMut::new();
            frontend::sasl_initial_response(SCRAM_SHA_256, begun.message(), &mut bytes)
                .expect("a message");
            raw.send(&bytes);
            *scram = Some(begun);
            format!(
                "R SASL {}",
                String::from_utf8_lossy(rest).replace('\0', " ")
            )
        }
        11 => {
            let begun = scram.as_mut().expect("it began");
            begun.update(rest).expect("a challenge");
            let mut bytes = BytesMut::new();
            frontend::sasl_response(begun.message(), &mut bytes).expect("a message");
            raw.send(&bytes);
            "R SASL goes on".to_owned()
        }
        12 => {
            let begun = scram.as_mut().expect("it began");
            begun.finish(rest).expect("the server knows the password");
            "R SASL is over".to_owned()
        }
        other => format!("R {other}"),
    }
}
