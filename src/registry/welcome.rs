//! What a client is told at the end of its login: the parameters of a real server, with the
//! client's own settings laid on it, so that wrong ones are refused at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use crate::error::Blame;
use crate::error::Error;
use crate::error::Retry;
use crate::ids::NodeId;
use crate::registry::desk::Desk;
use crate::registry::desk::clock;
use crate::registry::run::run_telling;
use crate::route::Kind;
use crate::session::reported::Reported;
use crate::session::reported::is_followed;
use crate::session::settings::Difference;
use crate::session::settings::Settings;
use crate::session::settings::given;
use crate::sqlstate::SqlState;
use crate::topology::choose::Ask;

/// Most welcomes kept for clients that ask for the same settings.
pub const WELCOMES_COUNT_MAX: usize = 256;

/// Time that is left to a login when it gives up waiting for a server.
pub(super) const LAST_WORD: Duration = Duration::from_millis(100);

/// What a new session starts with.
#[derive(Clone, Debug)]
pub struct Welcome {
    /// The ParameterStatus messages, in the server's order.
    pub parameters: Arc<[(String, String)]>,
    /// Those that follow the session.
    pub told: Arc<Reported>,
    /// The settings to lay on every server.
    pub base: Arc<Settings>,
}

/// The settings of a startup packet: names and values as the client sent them.
pub type Asked = Vec<(String, String)>;

impl Desk {
    /// The welcome of a client that asks for these settings.
    ///
    /// # Errors
    /// No server can be had, or it refuses a setting.
    pub async fn welcome(&self, asked: &Asked, deadline: Instant) -> Result<Welcome, Error> {
        let (names, others): (Asked, Asked) = asked
            .iter()
            .cloned()
            .partition(|(name, _)| name == "application_name");
        let known = self.welcomes().get(&others).cloned();
        let welcome = match known {
            Some(known) => known,
            None => {
                // The client is to hear what it waited for, not only that its time is over.
                let now = tokio::time::Instant::now().into_std();
                let until = deadline.checked_sub(LAST_WORD).unwrap_or(deadline);
                let until = until.min(self.wait_deadline(now));
                let made = self.new_welcome(&others, until).await?;
                let mut welcomes = self.welcomes();
                if WELCOMES_COUNT_MAX <= welcomes.len() {
                    welcomes.clear();
                }
                welcomes.insert(others, made.clone());
                made
            }
        };
        Ok(match names.last() {
            Some((_, name)) => welcome.with_application_name(name),
            None => welcome,
        })
    }

    async fn new_welcome(&self, asked: &Asked, deadline: Instant) -> Result<Welcome, Error> {
        let mut ask = Ask {
            primary_reads: self.primary_reads,
            ..Ask::default()
        };
        let until = deadline.min(clock() + self.failover_wait);
        let mut last = None;
        let mut kind = Kind::Any;
        loop {
            let Some(pick) = self.wait_for_own(kind, &mut ask, until).await else {
                return Err(last.unwrap_or_else(no_node));
            };
            let work = self.welcome_from(pick.node, asked, deadline);
            match self.unless_replaced(pick, work).await {
                Some(Err(error)) if self.may_lag(pick, &error) => {
                    kind = Kind::Primary;
                    last = Some(error);
                }
                Some(Err(error)) if error.retry() == Retry::Elsewhere && clock() < until => {
                    self.on_failed(pick.node);
                    last = Some(error);
                }
                Some(result) => return result,
                None => (),
            }
            ask.avoid = ask.avoid.with(pick.node);
        }
    }

    async fn welcome_from(
        &self,
        node: NodeId,
        asked: &Asked,
        deadline: Instant,
    ) -> Result<Welcome, Error> {
        let asked_at = clock();
        let mut lease = self.pool(node)?.lease(Some(deadline)).await?;
        let waited = clock().saturating_duration_since(asked_at);
        self.database.done.wait_ns.add_time(waited);
        let (followed, kept): (Asked, Asked) = asked
            .iter()
            .cloned()
            .partition(|(name, _)| lease.side.reported.value(name).is_some());
        let base = Settings::from_startup(kept.iter().map(|(n, v)| (&**n, &**v)));
        let (mut reset, mut sql) = (bytes::BytesMut::new(), bytes::BytesMut::new());
        let mut difference = Difference::default();
        lease.side.write_reset(&mut reset);
        for (name, value) in &followed {
            let name = name.to_ascii_lowercase();
            difference.one(&mut sql, &name, Some(&given(&name, value.as_bytes())));
        }
        base.write_difference(&Settings::default(), &mut sql);
        lease.side.unsure = true;
        lease.side.unnamed = None;
        let mut changed = HashMap::new();
        let mut tell = |name: &[u8], value: &[u8]| {
            let [name, value] = [name, value].map(|b| String::from_utf8_lossy(b).into_owned());
            changed.insert(name, value);
        };
        // One after the other: what is the same before and after both a server would not report.
        let laid = async {
            for sql in [&reset, &sql] {
                run_telling(&mut lease, &String::from_utf8_lossy(sql), &mut tell).await?;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = laid.await {
            // It has undone what it refused, and the next link lays all anew.
            if error.retry() == Retry::No && lease.is_clean() {
                lease.give_back(clock());
            }
            return Err(error);
        }
        let base = Arc::new(base);
        let told = Arc::clone(&lease.side.reported);
        lease.side.unsure = false;
        lease.side.settings = Arc::clone(&base);
        let parameters = lease.parameters.iter().map(|(name, value)| {
            let changed = changed.get(name).map_or(value.as_str(), String::as_str);
            let value = told.value(name).unwrap_or(changed);
            (name.clone(), value.to_owned())
        });
        let parameters: Arc<[_]> = parameters.collect();
        lease.give_back(tokio::time::Instant::now().into_std());
        Ok(Welcome {
            parameters,
            told,
            base,
        })
    }
}

impl Welcome {
    /// The same for a client of this name. PostgreSQL keeps 63 bytes of printable ASCII.
    fn with_application_name(&self, name: &str) -> Self {
        const NAME_BYTES_MAX: usize = 63;
        let mut kept = String::new();
        for byte in name.bytes() {
            let next = match byte {
                b' '..=b'~' => char::from(byte).to_string(),
                byte => format!("\\x{byte:02x}"),
            };
            if NAME_BYTES_MAX < kept.len() + next.len() {
                break;
            }
            kept.push_str(&next);
        }
        let mut told = Arc::clone(&self.told);
        told.on_status(b"application_name", kept.as_bytes());
        let parameters = self.parameters.iter().map(|(name, value)| {
            let is_it = name == "application_name";
            (
                name.clone(),
                if is_it { kept.clone() } else { value.clone() },
            )
        });
        debug_assert!(is_followed("application_name"), "followed like the others");
        Self {
            parameters: parameters.collect(),
            told,
            base: Arc::clone(&self.base),
        }
    }
}

/// No node may serve.
pub(super) fn no_node() -> Error {
    let message = "no node is available at the moment";
    Error::new(Blame::Server, SqlState::CANNOT_CONNECT_NOW, message)
}

/// Adds where a client comes from to what it calls itself (`application_name_add_host`).
pub fn add_host(asked: &mut Asked, host: &str) {
    match asked.iter_mut().rfind(|(n, _)| n == "application_name") {
        Some((_, name)) => *name = format!("{name} - {host}"),
        None => asked.push(("application_name".to_owned(), format!("app - {host}"))),
    }
}

/// The settings in the `options` of a startup packet: `-c name=value` and `--name=value`, blanks
/// and backslashes after a backslash taken as they are.
///
/// # Errors
/// Something else is in it.
pub fn options(text: &str) -> Result<Asked, Error> {
    let mut words = words(text).into_iter();
    let mut asked = Asked::new();
    while let Some(word) = words.next() {
        let pair = match word.strip_prefix("--") {
            Some(pair) => Some(pair.to_owned()),
            None if word == "-c" => words.next(),
            None => word.strip_prefix("-c").map(str::to_owned),
        };
        let parsed = pair.as_deref().and_then(|pair| pair.split_once('='));
        let Some((name, value)) = parsed else {
            let message = "unsupported options startup parameter: only '-c config=val' and \
                           '--config=val' are allowed";
            return Err(Error::new(Blame::Client, SqlState::PROTOCOL, message));
        };
        asked.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(asked)
}

fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut chars) = (Vec::new(), String::new(), text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.extend(chars.next()),
            c if c.is_whitespace() => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_the_server_reads_them() {
        let check = |text: &str, expected: &[(&str, &str)]| {
            let found = options(text).unwrap();
            let found: Vec<_> = found.iter().map(|(n, v)| (&**n, &**v)).collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check("", &[]);
        check("-c work_mem=1MB", &[("work_mem", "1MB")]);
        check(
            "-csearch_path=a --jit=off",
            &[("search_path", "a"), ("jit", "off")],
        );
        check("-c a.b=x\\ y\\\\z", &[("a.b", "x y\\z")]);
        check("--statement-timeout=5s", &[("statement_timeout", "5s")]);
        for wrong in ["-c", "-d 5", "work_mem=1", "--jit"] {
            assert!(options(wrong).is_err(), "{wrong:?}");
        }
    }
}
