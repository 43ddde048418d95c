//! Reads a Prometheus page: a GET of HTTP/1.0 and the lines of its answer.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::time::Duration;

/// One line of a page: `name{label="value"} number`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The metric's name.
    pub name: String,
    /// Its labels, in the page's order.
    pub labels: Vec<(String, String)>,
    /// Its value.
    pub value: f64,
}

impl Sample {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        let mut labels = self.labels.iter();
        labels
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Fetches `path` from the HTTP server at `address`; the body, if the answer is a 200.
///
/// # Errors
///
/// When nobody answers within two seconds, or with another status.
pub fn fetch(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.take(PAGE_BYTES_MAX).read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split_whitespace().nth(1) {
        Some("200") => Ok(body.to_owned()),
        _ => Err(io::Error::other(format!(
            "{path}: {}",
            head.lines().next().unwrap_or("")
        ))),
    }
}

/// The samples of a page. Comments and lines that are none are left out.
pub fn samples(page: &str) -> Vec<Sample> {
    page.lines().filter_map(sample).collect()
}

fn sample(line: &str) -> Option<Sample> {
    let (key, value) = line.trim_end().rsplit_once(' ')?;
    let (name, labels) = key.split_once('{').unwrap_or((key, ""));
    if name.is_empty() || name.starts_with('#') {
        return None;
    }
    Some(Sample {
        name: name.to_owned(),
        labels: labels_of(labels.strip_suffix('}').unwrap_or(labels)),
        value: value.parse().ok()?,
    })
}

/// `a="b",c="d"`. Values with escapes do not occur in the labels that the demo reads.
fn labels_of(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once("=\"") {
        let Some((value, tail)) = after.split_once('"') else {
            break;
        };
        found.push((name.trim_start_matches(',').to_owned(), value.to_owned()));
        rest = tail;
    }
    found
}

const TIMEOUT: Duration = Duration::from_secs(2);
const PAGE_BYTES_MAX: u64 = 4 << 20;

#[cfg(test)]
mod tests;
