//! A client that says exactly what it is told to, and shows what it hears in one line.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use postgres_protocol::authentication::sasl::ChannelBinding;
use postgres_protocol::authentication::sasl::ScramSha256;

use crate::say::framed;
use crate::say::put_text;
use crate::say::query;
use crate::show::row;
use crate::show::shown;
use crate::show::text;
use crate::show::texts;
use crate::support::proxy::DATABASE;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::USER;

/// Protocol 3.0 and 3.2.
pub(crate) const V3_0: u32 = 3 << 16;
pub(crate) const V3_2: u32 = (3 << 16) | 2;

/// How long any answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// One message as it came.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) tag: u8,
    pub(crate) body: Vec<u8>,
}

/// What was heard within a time.
#[derive(Clone, Debug)]
pub(crate) enum Heard {
    Message(Message),
    Silence,
    End,
}

/// A connection that has logged in.
#[derive(Debug)]
pub(crate) struct Raw {
    stream: TcpStream,
    unread: Vec<u8>,
    pub(crate) pid: u32,
    pub(crate) key: Vec<u8>,
    /// ParameterStatus, in the order they came.
    pub(crate) parameters: Vec<(String, String)>,
    /// The body of NegotiateProtocolVersion, if one came.
    pub(crate) negotiated: Option<Vec<u8>>,
}

impl Raw {
    pub(crate) fn connect(port: u16) -> Self {
        Self::connect_with(port, &[])
    }

    /// Logs in with more startup parameters, or with another user or database.
    pub(crate) fn connect_with(port: u16, parameters: &[(&str, &str)]) -> Self {
        Self::try_connect(port, V3_0, parameters).expect("it logs in")
    }

    /// Logs in, or tells the error.
    pub(crate) fn try_connect(
        port: u16,
        version: u32,
        parameters: &[(&str, &str)],
    ) -> Result<Self, String> {
        let mut raw = Self {
            stream: dial(port),
            unread: Vec::new(),
            pid: 0,
            key: Vec::new(),
            parameters: Vec::new(),
            negotiated: None,
        };
        let mut body = version.to_be_bytes().to_vec();
        let ours = [("user", USER), ("database", DATABASE)];
        let given = |name| parameters.iter().any(|(n, _)| *n == name);
        let ours = ours.iter().filter(|(name, _)| !given(*name));
        for (name, value) in ours.chain(parameters) {
            put_text(&mut body, name);
            put_text(&mut body, value);
        }
        body.push(0);
        raw.send(&framed(None, &body));
        raw.log_in().map(|()| raw)
    }

    fn log_in(&mut self) -> Result<(), String> {
        let mut scram = ScramSha256::new(PASSWORD.as_bytes(), ChannelBinding::unsupported());
        loop {
            let Message { tag, body } = self.next();
            match tag {
                b'R' => match u32::from_be_bytes(body[..4].try_into().unwrap()) {
                    0 => (),
                    10 => {
                        let mut first = b"SCRAM-SHA-256\0".to_vec();
                        first.extend((scram.message().len() as u32).to_be_bytes());
                        first.extend(scram.message());
                        self.send(&framed(Some(b'p'), &first));
                    }
                    11 => {
                        scram.update(&body[4..]).unwrap();
                        let message = scram.message().to_vec();
                        self.send(&framed(Some(b'p'), &message));
                    }
                    12 => scram.finish(&body[4..]).unwrap(),
                    other => panic!("authentication {other}"),
                },
                b'S' => {
                    let texts = texts(&body);
                    self.parameters.push((texts[0].clone(), texts[1].clone()));
                }
                b'K' => {
                    self.pid = u32::from_be_bytes(body[..4].try_into().unwrap());
                    self.key = body[4..].to_vec();
                }
                b'v' => self.negotiated = Some(body),
                b'Z' => return Ok(()),
                b'E' => return Err(shown(&Message { tag, body })),
                b'N' => (),
                _ => panic!("unexpected {:?} in a login", char::from(tag)),
            }
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("it takes bytes");
    }

    /// Sends unless the other side has closed.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Sends what can be sent of `bytes` within the time; how many were taken.
    pub(crate) fn send_within(&mut self, bytes: &[u8], limit: Duration) -> usize {
        self.stream.set_write_timeout(Some(limit)).unwrap();
        let mut sent = 0;
        while sent < bytes.len() {
            match self.stream.write(&bytes[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("it takes bytes: {error}"),
            }
        }
        self.stream.set_write_timeout(Some(PATIENCE)).unwrap();
        sent
    }

    /// Another handle on the socket, to write from another thread.
    pub(crate) fn writer(&self) -> TcpStream {
        self.stream.try_clone().unwrap()
    }

    /// The next message; it has to come.
    pub(crate) fn next(&mut self) -> Message {
        self.try_next().expect("a message, not the end")
    }

    /// The next message, or `None` at the end of the stream.
    pub(crate) fn try_next(&mut self) -> Option<Message> {
        match self.next_within(PATIENCE) {
            Heard::Message(message) => Some(message),
            Heard::End => None,
            Heard::Silence => panic!("no answer after {:?}", text(&self.unread)),
        }
    }

    /// The next message if it comes within the time.
    pub(crate) fn next_within(&mut self, limit: Duration) -> Heard {
        loop {
            if let Some((head, _)) = self.unread.split_first_chunk::<5>() {
                let bytes = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize + 1;
                if bytes <= self.unread.len() {
                    let body = self.unread[5..bytes].to_vec();
                    let tag = self.unread[0];
                    self.unread.drain(..bytes);
                    return Heard::Message(Message { tag, body });
                }
            }
            let mut chunk = vec![0; 256 * 1024];
            self.stream.set_read_timeout(Some(limit)).unwrap();
            match self.stream.read(&mut chunk) {
                Ok(0) => return Heard::End,
                Ok(count) => self.unread.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Heard::End,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Heard::Silence,
                Err(error) => panic!("it can be read: {error}"),
            }
        }
    }

    /// Reads messages up to and with the first of this tag.
    pub(crate) fn until(&mut self, tag: u8) -> String {
        self.until_nth(tag, 1)
    }

    pub(crate) fn until_nth(&mut self, tag: u8, count: usize) -> String {
        let (mut line, mut found) = (String::new(), 0);
        while found < count {
            let message = self.try_next();
            let Some(message) = message else {
                line.push_str("END");
                return line;
            };
            found += usize::from(message.tag == tag);
            let _ = write!(line, "{} ", shown(&message));
        }
        line.trim_end().to_owned()
    }

    /// Sends, and reads up to ReadyForQuery.
    pub(crate) fn ask(&mut self, bytes: &[u8]) -> String {
        self.send(bytes);
        self.until(b'Z')
    }

    /// Runs a simple query; all that came.
    pub(crate) fn q(&mut self, sql: &str) -> String {
        self.ask(&query(sql))
    }

    /// The first column of the first row of a simple query, or the error.
    pub(crate) fn value(&mut self, sql: &str) -> String {
        self.send(&query(sql));
        let mut value = None;
        loop {
            let message = self.next();
            match message.tag {
                b'D' if value.is_none() => value = row(&message.body).into_iter().next(),
                b'E' => value = Some(shown(&message)),
                b'Z' => return value.unwrap_or_default(),
                _ => (),
            }
        }
    }

    /// Reads `size` bytes of messages without keeping them: what they were, by tag, and the bytes.
    pub(crate) fn drain_until_ready(&mut self) -> (String, u64) {
        let (mut tags, mut total) = (String::new(), 0_u64);
        let mut chunk = vec![0; 1024 * 1024];
        let mut head = Vec::new();
        let mut rest = 0_usize;
        loop {
            let mut shown = std::mem::take(&mut self.unread);
            if shown.is_empty() {
                self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
                let count = self.stream.read(&mut chunk).expect("an answer");
                assert_ne!(count, 0, "the end after {tags} and {total} bytes");
                shown.extend_from_slice(&chunk[..count]);
            }
            let mut bytes = &shown[..];
            total += bytes.len() as u64;
            while !bytes.is_empty() {
                let skipped = rest.min(bytes.len());
                rest -= skipped;
                bytes = &bytes[skipped..];
                if rest == 0 && !bytes.is_empty() {
                    head.push(bytes[0]);
                    bytes = &bytes[1..];
                }
                if head.len() == 5 {
                    rest = u32::from_be_bytes(head[1..].try_into().unwrap()) as usize - 4;
                    let tag = char::from(head[0]);
                    if !tags.ends_with(tag) {
                        tags.push(tag);
                    }
                    head.clear();
                }
                if tags.ends_with('Z') && rest == 0 && head.is_empty() {
                    assert!(bytes.is_empty(), "nothing after Z");
                    return (tags, total);
                }
            }
        }
    }

    /// Whether nothing comes for a while.
    pub(crate) fn is_silent(&mut self, limit: Duration) -> bool {
        self.stream.set_read_timeout(Some(limit)).unwrap();
        let mut chunk = [0; 1024];
        let read = self.stream.read(&mut chunk);
        self.stream.set_read_timeout(Some(PATIENCE)).unwrap();
        match read {
            Ok(count) => {
                self.unread.extend_from_slice(&chunk[..count]);
                count == 0 && self.unread.is_empty()
            }
            Err(_) => self.unread.is_empty(),
        }
    }
}

/// Sends a cancel request, and returns when it was dealt with.
pub(crate) fn cancel(port: u16, pid: u32, key: &[u8]) {
    let mut stream = dial(port);
    let mut body = 80_877_102_u32.to_be_bytes().to_vec();
    body.extend(pid.to_be_bytes());
    body.extend(key);
    stream.write_all(&framed(None, &body)).unwrap();
    let _ = stream.read(&mut [0; 1]);
}

fn dial(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}
