//! Our events in PgBouncer's words.

use tracing::Level;

use crate::app::logs::pgbouncer::Said;

/// PgBouncer's words for an event: `{name}` stands for a field.
struct Words {
    /// The event's constant text.
    message: &'static str,
    /// PgBouncer's level.
    level: &'static str,
    /// PgBouncer's words.
    words: &'static str,
}

/// Events that PgBouncer has too. All others are said in our own words.
const WORDS: &[Words] = &[
    words(
        "login attempt",
        LOG,
        "login attempt: db={db} user={name} tls={tls} replication={replication}",
    ),
    words("client logged in", DEBUG, "logged in"),
    words("client left", LOG, "closing because: {reason} (age={age}s)"),
    words("pooler error", WARNING, "pooler error: {error}"),
    words(
        "server opened",
        LOG,
        "new connection to server (from {local})",
    ),
    words(
        "server closed",
        LOG,
        "closing because: {reason} (age={age}s)",
    ),
    words(
        "server login failed",
        WARNING,
        "server login failed: {error}",
    ),
    words("listening", LOG, "listening on {at}"),
    words(
        "file descriptor limit",
        LOG,
        "kernel file descriptor limit: {soft} (hard: {hard}); max_client_conn: {max_client_conn}, max expected fd use: {expected}",
    ),
    words(
        "pgsluice is up",
        LOG,
        "process up: PgBouncer {pgbouncer} (pgsluice {version}), tokio (epoll), adns: getaddrinfo, tls: rustls",
    ),
    words(
        "stats",
        LOG,
        "stats: {xacts} xacts/s, {queries} queries/s, {client_parses} client parses/s, {server_parses} server parses/s, {binds} binds/s, in {received} B/s, out {sent} B/s, xact {xact_us} us, query {query_us} us, wait {wait_us} us",
    ),
    words("cannot start", FATAL, "{why}"),
    words("configuration trouble", ERROR, "{trouble}"),
    words("stale pidfile", LOG, "stale pidfile, removing"),
];

const FATAL: &str = "FATAL";
const ERROR: &str = "ERROR";
const WARNING: &str = "WARNING";
const LOG: &str = "LOG";
const DEBUG: &str = "DEBUG";
const NOISE: &str = "NOISE";

const fn words(message: &'static str, level: &'static str, words: &'static str) -> Words {
    Words {
        message,
        level,
        words,
    }
}

/// The level and the text of a line, without its prefix.
pub(super) fn say(level: Level, said: &Said) -> (&'static str, String) {
    match WORDS.iter().find(|w| w.message == said.message) {
        Some(found) => (found.level, fill(found.words, said)),
        None => (word(level), plain(said)),
    }
}

/// What PgBouncer calls a level.
fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => ERROR,
        Level::WARN => WARNING,
        Level::INFO => LOG,
        Level::DEBUG => DEBUG,
        Level::TRACE => NOISE,
    }
}

fn fill(words: &str, said: &Said) -> String {
    let mut text = String::new();
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        text += before;
        text += said.field(name);
        rest = after;
    }
    text + rest
}

/// Our own words: the message, and the fields behind it.
fn plain(said: &Said) -> String {
    let mut text = said.message.clone();
    for (name, value) in said.others() {
        text += " ";
        text += name;
        text += "=";
        text += value;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str, fields: &[(&'static str, &str)]) -> Said {
        let fields = fields.iter().map(|(n, v)| (*n, (*v).to_owned()));
        Said {
            message: message.to_owned(),
            fields: fields.collect(),
        }
    }

    #[test]
    fn events_that_pgbouncer_has_are_in_its_words() {
        let left = said(
            "client left",
            &[("reason", "client close request"), ("age", "7")],
        );
        let expected = "closing because: client close request (age=7s)";
        assert_eq!(say(Level::INFO, &left), ("LOG", expected.to_owned()));
        let start = said("cannot start", &[("why", "{no} such thing")]);
        assert_eq!(
            say(Level::ERROR, &start),
            ("FATAL", "{no} such thing".to_owned())
        );
    }

    #[test]
    fn others_are_in_our_own() {
        let found = said("primary found", &[("node", "a:1"), ("user", "joe")]);
        let text = "primary found node=a:1 user=joe".to_owned();
        assert_eq!(say(Level::INFO, &found), ("LOG", text));
    }
}
