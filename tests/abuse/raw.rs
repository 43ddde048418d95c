//! Bytes to and from the proxy, with no driver between.

use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpStream;
use std::time::Duration;
use std::time::Instant;

use crate::support::proxy::DATABASE;
use crate::support::proxy::USER;

/// A connection to the proxy.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

/// A message as it came: its tag and its body.
pub(crate) type Message = (u8, Vec<u8>);

/// How a wait for messages ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// ReadyForQuery came.
    Ready,
    /// The proxy closed the connection.
    Closed,
    /// Nothing came for [`SILENCE`].
    Silent,
}

impl Raw {
    /// Connects, and sends nothing yet.
    pub(crate) fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("it accepts");
        stream.set_nodelay(true).expect("it is a socket");
        stream
            .set_read_timeout(Some(SILENCE))
            .expect("it is a socket");
        stream
            .set_write_timeout(Some(SILENCE))
            .expect("it is a socket");
        Self {
            stream,
            read: Vec::new(),
        }
    }

    /// Connects and logs in, which takes no password.
    pub(crate) fn log_in(port: u16) -> Self {
        let mut raw = Self::connect(port);
        raw.send(&startup(&[("user", USER), ("database", DATABASE)]));
        let (messages, end) = raw.receive();
        assert_eq!(end, End::Ready, "{}", said(&messages));
        raw
    }

    /// Sends bytes; that the peer has gone is no fault here, it shows in the reply.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// Sends bytes one by one.
    pub(crate) fn send_slowly(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.send(&[*byte]);
        }
    }

    /// Sends nothing more.
    pub(crate) fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads messages up to ReadyForQuery, the end, or a long silence.
    pub(crate) fn receive(&mut self) -> (Vec<Message>, End) {
        let mut messages = Vec::new();
        let mut chunk = vec![0; 65_536];
        loop {
            if self.take_buffered(&mut messages) {
                return (messages, End::Ready);
            }
            match self.stream.read(&mut chunk) {
                Ok(0) => return (messages, End::Closed),
                Ok(count) => self.read.extend(chunk.iter().take(count)),
                Err(e) if e.kind() == ErrorKind::Interrupted => (),
                Err(e) if is_timeout(e.kind()) => return (messages, End::Silent),
                // A reset is a close with bytes of ours unread.
                Err(_) => return (messages, End::Closed),
            }
        }
    }

    /// Reads messages, ReadyForQuery among them, up to the end; false when it does not come in time.
    pub(crate) fn receive_all(&mut self, within: Duration) -> (Vec<Message>, bool) {
        let began = Instant::now();
        let mut all = Vec::new();
        while began.elapsed() < within {
            let (messages, end) = self.receive();
            all.extend(messages);
            if end == End::Closed {
                return (all, true);
            }
        }
        (all, false)
    }

    /// Reads messages up to the ReadyForQuery of a number.
    pub(crate) fn receive_ready(&mut self, count: usize) -> Vec<Message> {
        let mut all = Vec::new();
        for i in 0..count {
            let (messages, end) = self.receive();
            all.extend(messages);
            assert_eq!(end, End::Ready, "{i} of {count} came, then {}", said(&all));
        }
        all
    }

    /// Runs a simple query and returns the reply.
    pub(crate) fn query(&mut self, sql: &str) -> (Vec<Message>, End) {
        self.send(&query(sql));
        self.receive()
    }

    /// Moves complete messages over; true when ReadyForQuery is the last.
    fn take_buffered(&mut self, messages: &mut Vec<Message>) -> bool {
        while let Some(message) = self.next_buffered() {
            let is_ready = message.0 == b'Z';
            messages.push(message);
            if is_ready {
                return true;
            }
        }
        false
    }

    fn next_buffered(&mut self) -> Option<Message> {
        let length = self.read.get(1..5)?.first_chunk::<4>()?;
        let total = usize::try_from(u32::from_be_bytes(*length)).expect("64 bits") + 1;
        let body = self.read.get(5..total)?.to_vec();
        let tag = *self.read.first()?;
        self.read.drain(..total);
        Some((tag, body))
    }
}

fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// A startup packet of protocol 3.0.
pub(crate) fn startup(parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for (name, value) in parameters {
        body.extend([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
    }
    body.push(0);
    [length(body.len()).as_slice(), &body].concat()
}

/// One message with a true length.
pub(crate) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    [&[tag], length(body.len()).as_slice(), body].concat()
}

/// A header that claims any length.
pub(crate) fn header(tag: u8, length: i32) -> Vec<u8> {
    [&[tag], length.to_be_bytes().as_slice()].concat()
}

/// A Query message.
pub(crate) fn query(sql: &str) -> Vec<u8> {
    message(b'Q', &[sql.as_bytes(), b"\0"].concat())
}

/// Parse, Bind, Describe, Execute and Sync of a statement without a name.
pub(crate) fn extended(sql: &str) -> Vec<u8> {
    [
        message(b'P', &[b"\0", sql.as_bytes(), b"\0\0\0"].concat()),
        message(b'B', b"\0\0\0\0\0\0\0\0"),
        message(b'D', b"P\0"),
        message(b'E', b"\0\0\0\0\0"),
        message(b'S', b""),
    ]
    .concat()
}

fn length(body: usize) -> [u8; 4] {
    u32::try_from(body + 4)
        .expect("messages of tests are small")
        .to_be_bytes()
}

/// The tags of messages in a line.
pub(crate) fn tags(messages: &[Message]) -> String {
    messages.iter().map(|(tag, _)| char::from(*tag)).collect()
}

/// The SQLSTATE of the last error among messages.
pub(crate) fn sqlstate(messages: &[Message]) -> Option<String> {
    let (_, body) = messages.iter().rfind(|(tag, _)| *tag == b'E')?;
    let fields = body.split(|byte| *byte == 0);
    let mut codes = fields.filter_map(|field| field.strip_prefix(b"C"));
    Some(String::from_utf8_lossy(codes.next()?).into_owned())
}

/// Messages for people.
pub(crate) fn said(messages: &[Message]) -> String {
    let words = messages.iter().map(|(tag, body)| {
        let tag = char::from(*tag);
        format!("{tag} {:?}", String::from_utf8_lossy(body))
    });
    words.collect::<Vec<_>>().join("\n")
}

/// How long the proxy may say nothing.
pub(crate) const SILENCE: Duration = Duration::from_secs(5);
