//! What is logged of a client. Each line is written before the client can see what it explains.

use crate::client::ending::Ending;
use crate::client::relay::now;
use crate::error::Error;
use crate::ids::ClientId;
use crate::log;
use crate::net::about::About;
use crate::wire::startup::Replication;

/// The client that a line is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    /// Its number.
    pub(super) id: ClientId,
    /// Its connection.
    pub(super) about: &'a About,
    /// The database that it uses; empty if it uses none.
    pub(super) database: &'a str,
    /// Who it is; empty if it has not said so.
    pub(super) user: &'a str,
}

impl<'a> Subject<'a> {
    /// One that has not said who it is.
    pub(super) fn stranger(id: ClientId, about: &'a About) -> Self {
        Self {
            id,
            about,
            database: "",
            user: "",
        }
    }

    /// It has said who it wants to be, and in which database.
    pub(super) fn attempts(self, (database, user): (&str, &str), replication: Replication) {
        tracing::info!(
            target: log::ATTEMPT,
            client = self.id.0,
            database = self.database,
            user = self.user,
            peer = self.about.who(),
            db = database,
            name = user,
            tls = self.about.tls.as_deref().unwrap_or("no"),
            replication = match replication {
                Replication::No => "no",
                Replication::Physical => "yes",
                Replication::Logical => "database",
            },
            "login attempt"
        );
    }

    /// It has shown who it is.
    pub(super) fn logged_in(self) {
        tracing::info!(
            target: log::LOGIN,
            client = self.id.0,
            database = self.database,
            user = self.user,
            peer = self.about.who(),
            "client logged in"
        );
    }

    /// Its connection ends.
    pub(super) fn leaves(self, ending: &Ending) {
        self.ends(&ending.reason());
        if let Ending::Fatal(error) = ending {
            self.is_told(error);
        }
    }

    /// Its connection ends, and it is told nothing.
    pub(super) fn ends(self, reason: &str) {
        tracing::info!(
            target: log::LEFT,
            client = self.id.0,
            database = self.database,
            user = self.user,
            peer = self.about.who(),
            reason,
            age = now().saturating_duration_since(self.about.since).as_secs(),
            "client left"
        );
    }

    /// It is told an error of ours.
    fn is_told(self, error: &Error) {
        // What clients are not told, so that it does not help those who guess.
        let cause = std::error::Error::source(error).map(tracing::field::display);
        tracing::warn!(
            target: log::POOLER_ERROR,
            client = self.id.0,
            database = self.database,
            user = self.user,
            peer = self.about.who(),
            sqlstate = %error.sqlstate(),
            %error,
            cause,
            "pooler error"
        );
    }
}
