//! Lines as PgBouncer writes them: `2026-11-21 03:37:22.536 UTC [36] LOG C-0x1: p0/joe@127.0.0.1:58316
//! login attempt: …`.

use std::fmt;
use std::sync::Arc;

use tracing::Event;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::app::logs::clock::stamp;
use crate::app::logs::outlet::Line;
use crate::app::logs::outlet::Outlet;
use crate::app::logs::words;

/// Writes each event as one line.
#[derive(Debug)]
pub(super) struct Lines {
    outlet: Arc<Outlet>,
    /// What stands for the port of a Unix socket.
    port: u16,
}

impl Lines {
    pub(super) fn new(outlet: Arc<Outlet>, port: u16) -> Self {
        Self { outlet, port }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let level = *event.metadata().level();
        let (word, text) = words::say(level, &said);
        let head = head(word);
        // What clients send must not look like lines of ours.
        let body = (said.prefix(self.port) + &text).replace(['\n', '\r'], " ");
        self.outlet.write(Line {
            level,
            head: &head,
            body: &body,
        });
    }
}

/// What an event says.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Its constant text.
    pub(super) message: String,
    /// Its fields, as text.
    pub(super) fields: Vec<(&'static str, String)>,
}

/// The fields of the prefix.
const OF_PREFIX: [&str; 5] = ["client", "server", "database", "user", "peer"];

impl Said {
    /// A field's text; empty if there is none.
    pub(super) fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(n, _)| *n == name);
        found.map_or("", |(_, text)| text)
    }

    /// The fields that do not stand in the prefix.
    pub(super) fn others(&self) -> impl Iterator<Item = &(&'static str, String)> {
        let has_prefix = self.has_prefix();
        self.fields
            .iter()
            .filter(move |(name, _)| !has_prefix || !OF_PREFIX.contains(name))
    }

    fn has_prefix(&self) -> bool {
        !self.field("peer").is_empty()
    }

    /// `C-0x1: database/user@peer ` for a line about one connection.
    fn prefix(&self, port: u16) -> String {
        if !self.has_prefix() {
            return String::new();
        }
        let (kind, number) = match self.field("server") {
            "" => ('C', self.field("client")),
            number => ('S', number),
        };
        let number: u64 = number.parse().unwrap_or_default();
        let database = some_or(self.field("database"), "(nodb)");
        let user = some_or(self.field("user"), "(nouser)");
        let peer = self.field("peer");
        let port = if peer.starts_with("unix") {
            format!(":{port}")
        } else {
            String::new()
        };
        format!("{kind}-{number:#x}: {database}/{user}@{peer}{port} ")
    }

    fn add(&mut self, field: &Field, text: String) {
        match field.name() {
            "message" => self.message = text,
            name => self.fields.push((name, text)),
        }
    }
}

fn some_or<'a>(text: &'a str, none: &'a str) -> &'a str {
    if text.is_empty() { none } else { text }
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}

/// What a line begins with: `2026-11-21 03:37:21.432 UTC [32] FATAL `.
pub(super) fn head(word: &str) -> String {
    format!("{} [{}] {word} ", stamp(), std::process::id())
}

#[cfg(test)]
mod tests;
