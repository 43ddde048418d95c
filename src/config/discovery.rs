//! Where the list of a cluster's nodes comes from, if not from the file alone.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::config::nodes;
use crate::config::value::Field;
use crate::config::value::Value;

/// How the nodes of a cluster are found.
#[derive(Clone, Debug, PartialEq)]
pub struct Discovery {
    /// Who is asked.
    pub source: Source,
    /// Time between two questions.
    pub interval: Duration,
    /// How long one question may take, connecting included.
    pub timeout: Duration,
    /// The port of standbys that the primary names; `None`: that of the primary.
    pub port: Option<u16>,
    /// Where Patroni answers; empty: port 8008 of each node.
    pub patroni_urls: Urls,
}

impl Default for Discovery {
    fn default() -> Self {
        Self {
            source: Source::default(),
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            port: None,
            patroni_urls: Urls::default(),
        }
    }
}

/// Who is asked for the nodes of a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Source {
    /// Nobody: they are those of the file.
    #[default]
    None,
    /// The names of the file's nodes: each address is a node.
    Dns,
    /// Patroni's REST interface: its members are the nodes.
    Patroni,
    /// The primary: the file's nodes and the standbys that stream from it.
    Replication,
}

impl Source {
    /// The word in the configuration, in logs and in the console.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dns => "dns",
            Self::Patroni => "patroni",
            Self::Replication => "replication",
        }
    }
}

/// A Patroni's REST interface.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Url {
    /// Whether it is spoken to over TLS.
    pub is_tls: bool,
    /// A host name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// The port of Patroni's REST interface where nothing else is said.
pub const PATRONI_PORT: u16 = 8008;

impl Url {
    /// That of a host in plain text, on its usual port.
    pub fn of_host(host: &str) -> Self {
        Self {
            is_tls: false,
            host: host.to_owned(),
            port: PATRONI_PORT,
        }
    }

    /// A URL as the file or Patroni itself writes it; a path behind the host is of no account.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let node = nodes::from_text_or(authority, PATRONI_PORT).ok()?;
        let is_folder = node.is_unix();
        (!is_folder).then_some(Self {
            is_tls,
            host: node.host,
            port: node.port,
        })
    }

    /// Host and port as a request names them.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// `http://host:port`
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

/// A list of URLs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Urls(pub Vec<Url>);

impl Field for Urls {
    fn set(&mut self, value: &Value) -> Result<(), Cow<'static, str>> {
        let mut words: Vec<String> = Vec::new();
        words.set(value)?;
        let urls: Option<Vec<_>> = words.iter().map(|word| Url::parse(word)).collect();
        let expected = "a list of URLs such as http://pg1:8008";
        self.0 = urls.ok_or(Cow::Borrowed(expected))?;
        Ok(())
    }

    fn show(&self) -> String {
        let urls: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        urls.join(", ")
    }

    fn kind(&self) -> Cow<'static, str> {
        Cow::Borrowed("list of URLs")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_as_patroni_writes_them() {
        let check = |text: &str, expected: Option<&str>| {
            let found = Url::parse(text).map(|url| url.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("http://pg1", Some("http://pg1:8008"));
        check("HTTP://pg1:80/", Some("http://pg1:80"));
        check(
            "https://10.0.0.1:8009/patroni",
            Some("https://10.0.0.1:8009"),
        );
        check("http://[::1]:8008/patroni", Some("http://[::1]:8008"));
        for wrong in [
            "",
            "pg1:8008",
            "ftp://pg1",
            "http://",
            "http:///patroni",
            "http://user:secret@pg1:8008/",
            "http://pg1:0",
            "http://pg1:99999",
            "http://@abstract",
            "http://a b",
        ] {
            check(wrong, None);
        }
    }
}
