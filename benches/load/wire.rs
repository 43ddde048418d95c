//! A client that reads rows and drops them: no driver's cost is in what it measures.

use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use pgsluice::demo::cluster::settings::SUPERUSER;
use postgres_protocol::authentication::sasl::ChannelBinding;
use postgres_protocol::authentication::sasl::ScramSha256;

use crate::fault::Fault;
use crate::fault::said;
use crate::rig::PASSWORD;

/// A logged-in connection that runs one simple query at a time.
#[derive(Debug)]
pub(crate) struct Client {
    stream: TcpStream,
}

/// What a query gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// DataRow messages.
    pub(crate) rows: u64,
    /// Bytes of all messages.
    pub(crate) bytes: u64,
}

impl Client {
    /// Logs in as the cluster's superuser.
    pub(crate) fn connect(port: u16, database: &str) -> Result<Self, Fault> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        let mut client = Self { stream };
        client.stream.write_all(&startup(database)?)?;
        client.log_in()?;
        Ok(client)
    }

    /// Answers what is asked for, SCRAM or nothing, up to ReadyForQuery.
    fn log_in(&mut self) -> Result<(), Fault> {
        let mut scram = ScramSha256::new(PASSWORD.as_bytes(), ChannelBinding::unsupported());
        loop {
            let (tag, body) = self.read_message()?;
            let asked = body.first_chunk().map(|code| u32::from_be_bytes(*code));
            let rest = body.get(4..).unwrap_or_default();
            match (tag, asked) {
                (b'Z', _) => return Ok(()),
                (b'E', _) => return Err(error_in(&body)),
                (b'R', Some(AUTHENTICATION_SASL)) => {
                    let first = scram.message();
                    let mut answer = b"SCRAM-SHA-256\0".to_vec();
                    answer.extend_from_slice(&length(first.len())?);
                    answer.extend_from_slice(first);
                    self.write_message(b'p', &answer)?;
                }
                (b'R', Some(AUTHENTICATION_SASL_CONTINUE)) => {
                    scram.update(rest)?;
                    self.write_message(b'p', scram.message())?;
                }
                (b'R', Some(AUTHENTICATION_SASL_FINAL)) => scram.finish(rest)?,
                _ => (),
            }
        }
    }

    fn read_message(&mut self) -> Result<(u8, Vec<u8>), Fault> {
        let mut header = [0; HEADER_BYTES];
        self.stream.read_exact(&mut header)?;
        let [tag, length @ ..] = header;
        let bytes = u32::from_be_bytes(length).saturating_sub(4);
        if LOGIN_MESSAGE_BYTES_MAX < bytes {
            return Err(said(format!("a login message of {bytes} bytes")));
        }
        let mut body = vec![0; usize::try_from(bytes).unwrap_or_default()];
        self.stream.read_exact(&mut body)?;
        Ok((tag, body))
    }

    fn write_message(&mut self, tag: u8, body: &[u8]) -> Result<(), Fault> {
        let mut message = vec![tag];
        message.extend_from_slice(&length(body.len() + 4)?);
        message.extend_from_slice(body);
        Ok(self.stream.write_all(&message)?)
    }

    /// Runs a query and reads all that it gives through `buffer`.
    pub(crate) fn query(&mut self, sql: &str, buffer: &mut [u8]) -> Result<Tally, Fault> {
        let mut body = sql.as_bytes().to_vec();
        body.push(0);
        self.write_message(b'Q', &body)?;
        self.drain(buffer)
    }

    /// Reads messages up to ReadyForQuery.
    fn drain(&mut self, buffer: &mut [u8]) -> Result<Tally, Fault> {
        let mut tally = Tally::default();
        let mut frames = Frames::default();
        loop {
            let count = match self.stream.read(buffer) {
                Ok(0) => return Err(said("the connection was closed")),
                Ok(count) => count,
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => return Err(e.into()),
            };
            tally.bytes += u64::try_from(count).unwrap_or(u64::MAX);
            if frames.feed(buffer.get(..count).unwrap_or_default(), &mut tally)? {
                return Ok(tally);
            }
        }
    }
}

/// Where in the stream of messages we are.
#[derive(Debug, Default)]
struct Frames {
    header: Vec<u8>,
    body_left: usize,
    error: Option<Vec<u8>>,
}

impl Frames {
    /// Takes bytes; true when ReadyForQuery is complete.
    fn feed(&mut self, mut bytes: &[u8], tally: &mut Tally) -> Result<bool, Fault> {
        while !bytes.is_empty() {
            if self.header.len() < HEADER_BYTES {
                bytes = self.on_header_bytes(bytes, tally)?;
                continue;
            }
            let (body, rest) = bytes.split_at(bytes.len().min(self.body_left));
            bytes = rest;
            self.body_left -= body.len();
            if let Some(error) = &mut self.error {
                error.extend_from_slice(body);
            }
            if self.body_left == 0 && self.on_end()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes what belongs to a header and returns the rest.
    fn on_header_bytes<'a>(
        &mut self,
        bytes: &'a [u8],
        tally: &mut Tally,
    ) -> Result<&'a [u8], Fault> {
        let missing = HEADER_BYTES - self.header.len();
        let (head, rest) = bytes.split_at(bytes.len().min(missing));
        self.header.extend_from_slice(head);
        if self.header.len() == HEADER_BYTES {
            self.on_header(tally)?;
        }
        Ok(rest)
    }

    fn on_header(&mut self, tally: &mut Tally) -> Result<(), Fault> {
        let (Some(tag), Some(Ok(length))) = (
            self.header.first().copied(),
            self.header.get(1..).map(<[u8; 4]>::try_from),
        ) else {
            return Err(said("a header is too short"));
        };
        let body = u32::from_be_bytes(length).checked_sub(4);
        self.body_left = body
            .and_then(|bytes| usize::try_from(bytes).ok())
            .ok_or_else(|| said("a message has a length below 4"))?;
        match tag {
            b'D' => tally.rows += 1,
            b'E' => self.error = Some(Vec::new()),
            _ => (),
        }
        if self.body_left == 0 {
            self.header.clear();
        }
        Ok(())
    }

    /// Ends a message that has a body.
    fn on_end(&mut self) -> Result<bool, Fault> {
        if let Some(error) = self.error.take() {
            return Err(error_in(&error));
        }
        let is_ready = self.header.first() == Some(&b'Z');
        self.header.clear();
        Ok(is_ready)
    }
}

fn startup(database: &str) -> Result<Vec<u8>, Fault> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for word in ["user", SUPERUSER, "database", database] {
        body.extend_from_slice(word.as_bytes());
        body.push(0);
    }
    body.push(0);
    let mut message = length(body.len() + 4)?.to_vec();
    message.extend_from_slice(&body);
    Ok(message)
}

fn length(bytes: usize) -> Result<[u8; 4], Fault> {
    let bytes = u32::try_from(bytes).map_err(|e| said(e.to_string()))?;
    Ok(bytes.to_be_bytes())
}

fn error_in(body: &[u8]) -> Fault {
    let words = String::from_utf8_lossy(body).replace('\0', " ");
    said(format!("an error came back: {words}"))
}

const AUTHENTICATION_SASL: u32 = 10;
const AUTHENTICATION_SASL_CONTINUE: u32 = 11;
const AUTHENTICATION_SASL_FINAL: u32 = 12;
const LOGIN_MESSAGE_BYTES_MAX: u32 = 10_000;
const HEADER_BYTES: usize = 5;
const TIMEOUT: Duration = Duration::from_secs(30);
