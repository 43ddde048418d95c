//! A client that says what it is told to, byte by byte.

use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use crate::stage::PATIENCE;

/// A connection.
pub(crate) struct Raw {
    stream: TcpStream,
    /// The parameters told at login.
    pub(crate) parameters: Vec<(String, String)>,
    /// What a request to cancel must hold.
    key: Vec<u8>,
}

impl Raw {
    /// A connection that has said nothing yet.
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self {
            stream,
            parameters: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Logs in to database `pgbouncer` where nobody is asked for a password; what else is said is
    /// the error.
    pub(crate) fn log_in(port: u16, user: &str) -> Result<Self, String> {
        Self::log_in_to(port, user, "pgbouncer")
    }

    /// As `log_in`, to a database.
    pub(crate) fn log_in_to(port: u16, user: &str, database: &str) -> Result<Self, String> {
        let mut raw = Self::knock(port, user, database);
        loop {
            let (tag, body) = raw.next().ok_or("the end")?;
            match tag {
                b'S' => raw.parameters.push(pair(&body)),
                b'K' => raw.key = body,
                b'E' => return Err(shown(tag, &body)),
                b'Z' => return Ok(raw),
                _ => (),
            }
        }
    }

    /// Says who one is and where one wants to, and waits for no answer.
    pub(crate) fn knock(port: u16, user: &str, database: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let mut raw = Self::new(stream);
        let mut body = 196_608_u32.to_be_bytes().to_vec();
        for text in ["user", user, "database", database, "application_name", "x"] {
            body.extend_from_slice(text.as_bytes());
            body.push(0);
        }
        body.push(0);
        let bytes = u32::try_from(body.len() + 4).expect("it is short");
        raw.send(&[&bytes.to_be_bytes()[..], &body].concat());
        raw
    }

    /// Says this. Whoever has closed meanwhile is noticed when an answer is read.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next message; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head).ok()?;
        let [tag, a, b, c, d] = head;
        let mut body = vec![0; u32::from_be_bytes([a, b, c, d]) as usize - 4];
        self.stream.read_exact(&mut body).expect("a whole message");
        Some((tag, body))
    }

    /// What is said up to ReadyForQuery or the end, one message a line.
    pub(crate) fn answer(&mut self) -> Vec<String> {
        let mut said = Vec::new();
        loop {
            match self.next() {
                Some((b'Z', body)) => {
                    said.push(shown(b'Z', &body));
                    return said;
                }
                Some((tag, body)) => said.push(shown(tag, &body)),
                None => {
                    said.push("end".to_owned());
                    return said;
                }
            }
        }
    }

    /// Asks that its query be cancelled, by a connection of its own.
    pub(crate) fn cancel(&self, port: u16) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        let bytes = u32::try_from(self.key.len() + 8).expect("it is short");
        let request = [
            &bytes.to_be_bytes()[..],
            &80_877_102_u32.to_be_bytes(),
            &self.key,
        ];
        stream.write_all(&request.concat()).expect("it is taken");
        stream
    }

    /// Asks by a simple query.
    pub(crate) fn ask(&mut self, text: &str) -> Vec<String> {
        self.begin(text);
        self.answer()
    }

    /// Asks, and does not wait for the answer.
    pub(crate) fn begin(&mut self, text: &str) {
        self.send(&message(b'Q', &[text.as_bytes(), b"\0"].concat()));
    }

    /// Whether nothing is said for so long.
    pub(crate) fn is_silent(&self, time: Duration) -> bool {
        self.stream.set_read_timeout(Some(time)).expect("a timeout");
        let peeked = self.stream.peek(&mut [0]);
        let patience = Some(PATIENCE);
        self.stream.set_read_timeout(patience).expect("a timeout");
        peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

/// A message.
pub(crate) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let bytes = u32::try_from(body.len() + 4).expect("it is short");
    [&[tag], &bytes.to_be_bytes()[..], body].concat()
}

/// A message as a line: columns with OID and size, values, fields of errors.
pub(crate) fn shown(tag: u8, body: &[u8]) -> String {
    match tag {
        b'T' => {
            let mut rest = &body[2..];
            let mut columns = Vec::new();
            while let Some(end) = rest.iter().position(|b| *b == 0) {
                let name = String::from_utf8_lossy(&rest[..end]);
                let fixed = &rest[end + 1..end + 19];
                let oid = u32::from_be_bytes([fixed[6], fixed[7], fixed[8], fixed[9]]);
                let size = i16::from_be_bytes([fixed[10], fixed[11]]);
                columns.push(format!("{name}:{oid}:{size}"));
                rest = &rest[end + 19..];
            }
            format!("T {}", columns.join(" "))
        }
        b'D' => {
            let mut rest = &body[2..];
            let mut values = Vec::new();
            while let Some((length, after)) = rest.split_first_chunk::<4>() {
                let length = usize::try_from(i32::from_be_bytes(*length)).ok();
                let bytes = length.map_or(&b""[..], |length| &after[..length]);
                values.push(length.map_or("NULL".into(), |_| String::from_utf8_lossy(bytes)));
                rest = &after[bytes.len()..];
            }
            format!("D {}", values.join("|"))
        }
        tag => {
            let text = String::from_utf8_lossy(body);
            let text = text.trim_end_matches('\0').replace('\0', " ");
            format!("{} {text}", char::from(tag)).trim_end().to_owned()
        }
    }
}

fn pair(body: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(body);
    let mut texts = text.split('\0').map(str::to_owned);
    (
        texts.next().unwrap_or_default(),
        texts.next().unwrap_or_default(),
    )
}
