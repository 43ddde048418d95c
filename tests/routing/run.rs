//! Runs the corpus in two databases that begin and stay alike: in one directly on the primary, in
//! the other through the proxy; and on a standby, to see what that makes of it.

use std::sync::Arc;

use pgsluice::catalog::look::Names;
use pgsluice::catalog::look::questions;
use pgsluice::sql::catalog::Catalog;
use pgsluice::sql::classify::Syntax;
use pgsluice::sql::classify::classify;
use pgsluice::sql::effect::Effect;
use pgsluice::sql::statement::Class;
use pgsluice::sql::statement::Statement;

use crate::answer::Answer;
use crate::answer::Protocol;
use crate::corpus::Block;
use crate::corpus::Text;
use crate::raw::Raw;
use crate::say::query;
use crate::scene::Pace;
use crate::scene::Scene;
use crate::show::row;

/// A statement and what it was answered with.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) file: String,
    pub(crate) text: Text,
    pub(crate) protocol: Protocol,
    /// What was known of the database's names.
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) direct: Answer,
    pub(crate) proxied: Answer,
    /// `None` where a standby cannot be in the same state: in a transaction that has written, or
    /// after what lives in one session.
    pub(crate) standby: Option<Answer>,
}

/// Where to run.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) pace: &'a Pace,
    pub(crate) protocol: Protocol,
    /// The database for direct connections.
    pub(crate) direct: &'a str,
    /// The database for those through the proxy.
    pub(crate) proxied: &'a str,
    /// What each session through the proxy says first.
    pub(crate) prelude: &'a str,
}

/// The three connections of a block.
struct Sessions {
    direct: Raw,
    proxied: Raw,
    standby: Raw,
    /// Whether the standby's session is in the same state as the primary's.
    is_alike: bool,
    /// Whether that one is in a transaction.
    is_standby_open: bool,
    /// Whether they are alike again when the transaction ends.
    is_alike_when_idle: bool,
}

impl Run<'_> {
    pub(crate) fn run(&self, blocks: &[Block]) -> Vec<Seen> {
        let mut catalog = self.catalog();
        let mut sessions = self.connect();
        let mut seen = Vec::new();
        let (mut is_used, mut is_stale) = (false, false);
        for block in blocks {
            if is_used {
                sessions = self.connect();
                is_used = false;
            }
            for text in &block.texts {
                let skipped = match self.protocol {
                    Protocol::Simple => text.values.is_some(),
                    Protocol::Extended => text.is_simple_only,
                };
                if skipped {
                    continue;
                }
                let mut statement = judged(&text.sql, &catalog);
                if is_stale && !statement.may_define() {
                    catalog = self.catalog();
                    statement = judged(&text.sql, &catalog);
                    is_stale = false;
                }
                is_used |= statement.class != Class::Read;
                let one = self.one(&mut sessions, block, text, &statement, &catalog);
                if one.direct.status() == "I" {
                    self.pace.catch_up();
                }
                if one.direct.is_end() || one.proxied.is_end() {
                    sessions = self.connect();
                }
                seen.push(one);
                is_stale |= statement.may_define();
            }
        }
        seen
    }

    fn connect(&self) -> Sessions {
        let mut proxied = self.scene.proxied(self.proxied);
        if !self.prelude.is_empty() {
            proxied.q(self.prelude);
        }
        Sessions {
            direct: self.scene.primary(self.direct),
            proxied,
            standby: self.scene.standby(self.direct),
            is_alike: true,
            is_standby_open: false,
            is_alike_when_idle: true,
        }
    }

    fn one(
        &self,
        sessions: &mut Sessions,
        block: &Block,
        text: &Text,
        statement: &Statement,
        catalog: &Arc<Catalog>,
    ) -> Seen {
        let values = text.values.as_deref().unwrap_or_default();
        let ask = |raw: &mut Raw, database: &str| {
            let sql = text.sql.replace("{db}", database);
            let values: Vec<_> = values.iter().map(|v| v.replace("{db}", database)).collect();
            let answer = Answer::ask(raw, self.protocol, &sql, &values, text.data.as_deref());
            answer.without(database)
        };
        let direct = ask(&mut sessions.direct, self.direct);
        let mut standby = None;
        if sessions.is_alike && !text.is_primary_only {
            let answer = ask(&mut sessions.standby, self.direct);
            if answer.is_end() {
                // Replay was in its way, which no statement is to blame for.
                sessions.standby = self.scene.standby(self.direct);
                sessions.is_alike = false;
            } else {
                sessions.is_standby_open = answer.status() != "I";
                // It refused to begin, or failed in what the primary can do.
                sessions.is_alike = answer.status() == direct.status();
                standby = Some(answer);
            }
        }
        let proxied = ask(&mut sessions.proxied, self.proxied);
        sessions.follow(statement, &direct);
        Seen {
            file: block.file.clone(),
            text: text.clone(),
            protocol: self.protocol,
            catalog: Arc::clone(catalog),
            direct,
            proxied,
            standby,
        }
    }

    /// What the proxy knows of the database, asked by the proxy's own questions.
    fn catalog(&self) -> Arc<Catalog> {
        let mut raw = self.scene.primary(self.direct);
        let answers = questions(10_000).map(|sql| rows(&mut raw, &sql));
        Arc::new(Names::read(answers).into_catalog())
    }
}

impl Sessions {
    /// Whether the standby's session can be held against the primary's from here on.
    fn follow(&mut self, statement: &Statement, direct: &Answer) {
        let stays = statement.is_per_session()
            || statement
                .effects
                .iter()
                .any(|effect| matches!(effect, Effect::TemporaryTable | Effect::SetConfigUnknown));
        if stays {
            self.is_alike = false;
            self.is_alike_when_idle = false;
        }
        if direct.status() == "I" {
            self.is_alike = self.is_alike_when_idle;
            if std::mem::take(&mut self.is_standby_open) {
                self.standby.q("rollback");
            }
        } else if statement.class == Class::Write {
            self.is_alike = false;
        }
    }
}

/// What the classifier says of a text.
pub(crate) fn judged(sql: &str, catalog: &Catalog) -> Statement {
    classify(sql.as_bytes(), Syntax::default(), catalog)
}

fn rows(raw: &mut Raw, sql: &str) -> Vec<Vec<Option<String>>> {
    raw.send(&query(sql));
    let mut rows = Vec::new();
    loop {
        let message = raw.next();
        match message.tag {
            b'D' => rows.push(row(&message.body).into_iter().map(Some).collect()),
            b'Z' => return rows,
            _ => (),
        }
    }
}
