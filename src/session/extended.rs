//! The extended protocol's messages on their way to the server: names are ours per text, and a
//! server is given what it lacks.

use std::sync::Arc;

use bytes::BufMut;

use crate::config::value::Scalar;
use crate::session::Session;
use crate::session::Unnamed;
use crate::session::batch::BatchState;
use crate::session::expect::Expect;
use crate::session::expect::Refusal;
use crate::session::pins::Pins;
use crate::session::prepared::Looked;
use crate::session::prepared::Prepared;
use crate::session::send::Out;
use crate::session::settings::Difference;
use crate::session::settings::quoted;
use crate::session::wishes::Wishes;
use crate::sql::effect::Effect;
use crate::sql::statement::Statement;
use crate::sqlstate::SqlState;
use crate::wire;
use crate::wire::client;
use crate::wire::client::Target;
use crate::wire::frames::Piece;
use crate::wire::server::Status;
use crate::wire::write;

impl Unnamed {
    /// The statement is gone, as after a Query.
    pub(super) fn forget(&mut self) {
        if self.statement.is_some() || self.text_bytes != 0 {
            self.version += 1;
            self.text.clear();
            self.text_bytes = 0;
            self.statement = None;
        }
    }

    /// Its text; empty if it is not kept.
    pub(super) fn text(&self) -> &[u8] {
        self.text.get(..self.text_bytes).unwrap_or_default()
    }

    fn keep(&mut self, parse: &client::Parse<'_>, text: &[u8], statement: &Arc<Statement>) {
        self.version += 1;
        self.text.clear();
        self.text.extend_from_slice(text);
        self.text.extend_from_slice(parse.types);
        self.text_bytes = text.len();
        self.statement = Some(Arc::clone(statement));
    }
}

impl Session {
    pub(super) fn send_parse(&mut self, parse: &client::Parse<'_>, out: &mut Out<'_, '_>) {
        let statement = self.next_statement(parse.text, out.env);
        if let Some(refusal) = self.refusal(&statement) {
            return self.refuse(refusal, out);
        }
        let rewritten = self.rewritten(&statement, out);
        let text = rewritten.as_deref().unwrap_or(parse.text);
        if !parse.name.is_empty() {
            self.count_parse(out.side);
        }
        if parse.name.is_empty() {
            self.note_unnaming();
            self.unnamed.keep(parse, text, &statement);
            out.side.unnamed = Some((self.client, self.unnamed.version));
            let version = self.unnamed.version;
            self.expects.push(Expect::Unnamed { version });
            write::parse(out.bytes, b"", text, parse.types);
        } else if self.rules.tracks_prepared {
            self.send_named_parse(parse, text, &statement, out);
        } else {
            self.expects.push(Expect::Unnamed { version: 0 });
            out.side.meter.counts.server_parses.add_alone(1);
            write::parse(out.bytes, parse.name, text, parse.types);
        }
    }

    /// The unnamed statement is about to change, unless the server skips what changes it.
    pub(super) fn note_unnaming(&mut self) {
        if !self.expects.may_skip() {
            return self.pins.remove(Pins::LONG_STATEMENT);
        }
        let before = std::mem::take(&mut self.unnamed);
        self.unnamed.version = before.version;
        self.expects.push(Expect::Unnaming(Box::new(before)));
    }

    fn send_named_parse(
        &mut self,
        parse: &client::Parse<'_>,
        text: &[u8],
        statement: &Arc<Statement>,
        out: &mut Out<'_, '_>,
    ) {
        let name = String::from_utf8_lossy(parse.name);
        let is_long = || self.long_names.iter().any(|n| **n == *parse.name);
        if self.find_name(parse.name).is_some() || is_long() {
            // Faults of the text come first, and only the server finds them.
            let taken = self.lay_placeholder(out);
            write::parse(out.bytes, taken, text, parse.types);
            self.expects.push(Expect::Refused {
                refusal: Box::new(Refusal {
                    sqlstate: SqlState::DUPLICATE_STATEMENT,
                    message: format!("prepared statement \"{name}\" already exists"),
                    hint: None,
                }),
                query_bytes: None,
            });
            return;
        }
        if self.names.is_full() {
            let message = "too many prepared statements in this session".to_owned();
            let sqlstate = SqlState::LIMIT_EXCEEDED;
            return self.refuse(
                Refusal {
                    sqlstate,
                    message,
                    hint: None,
                },
                out,
            );
        }
        let looked = Looked {
            statement: Arc::clone(statement),
            by: out.env.classify.edition(),
            syntax: (*text == *parse.text).then(|| self.syntax()),
        };
        let prepared = out.env.texts.intern(text, parse.types, &looked);
        let name = parse.name.into();
        let has_it = out.side.prepared.touch(prepared.id);
        if has_it && !self.may_be_aborted() {
            self.expects.push(Expect::SayParsed { name, prepared });
            return;
        }
        if has_it {
            write::target(out.bytes, client::CLOSE, Target::Statement, &prepared.name);
            let closed = Expect::HiddenClose(Arc::clone(&prepared));
            self.expects.push(closed);
            out.side.prepared.remove(prepared.id);
        }
        self.give(&prepared, out);
        self.expects.push(Expect::Named { name, prepared });
    }

    /// Whether the transaction has failed, or may have, so that only the server can tell if it will
    /// parse a statement.
    fn may_be_aborted(&self) -> bool {
        self.status == Status::Failed || self.expects.open() != 0
    }

    /// Writes the Parse of a text that the server lacks; what it is answered with is the caller's.
    fn give(&mut self, prepared: &Arc<Prepared>, out: &mut Out<'_, '_>) {
        if let Some(evicted) = out.side.prepared.insert(prepared) {
            write::target(out.bytes, client::CLOSE, Target::Statement, &evicted.name);
            self.expects.push(Expect::HiddenClose(evicted));
        }
        out.side.meter.counts.server_parses.add_alone(1);
        write::parse(out.bytes, &prepared.name, &prepared.text, &prepared.types);
    }

    /// Makes sure that the server has what the client calls `name`: the name there, or `None` if
    /// it is for the server to say that it knows no such statement.
    fn lay(&mut self, name: &[u8], out: &mut Out<'_, '_>) -> Option<Arc<Prepared>> {
        if name.is_empty() {
            self.lay_unnamed(out);
            return None;
        }
        let prepared = Arc::clone(self.find_name(name)?);
        if !out.side.prepared.touch(prepared.id) {
            self.give(&prepared, out);
            self.expects
                .push(Expect::HiddenParse(Arc::clone(&prepared)));
        }
        Some(prepared)
    }

    /// Gives the server a statement that is there to be deallocated: its name. An empty one can be
    /// parsed in a failed transaction too.
    fn lay_placeholder(&mut self, out: &mut Out<'_, '_>) -> &'static [u8] {
        const NAME: &[u8] = b"pgsluice_placeholder";
        write::target(out.bytes, client::CLOSE, Target::Statement, NAME);
        self.expects.push(Expect::Hidden);
        write::parse(out.bytes, NAME, b"", &[0, 0]);
        self.expects.push(Expect::Hidden);
        NAME
    }

    fn lay_unnamed(&mut self, out: &mut Out<'_, '_>) {
        let wanted = Some((self.client, self.unnamed.version));
        if out.side.unnamed == wanted {
            return;
        }
        if self.unnamed.statement.is_none() {
            // What the server may have is another client's.
            write::target(out.bytes, client::CLOSE, Target::Statement, b"");
            out.side.unnamed = None;
            self.expects.push(Expect::Hidden);
        } else {
            let (text, types) = self.unnamed.text.split_at(self.unnamed.text_bytes);
            write::parse(out.bytes, b"", text, types);
            out.side.unnamed = wanted;
            self.expects.push(Expect::Hidden);
        }
    }

    pub(super) fn send_bind(
        &mut self,
        piece: Piece,
        bind: &client::Bind<'_>,
        out: &mut Out<'_, '_>,
    ) {
        let statement = if bind.statement.is_empty() {
            self.unnamed.statement.clone()
        } else {
            self.find_name(bind.statement)
                .map(|p| p.look(out.env.classify))
        };
        if let Some(statement) = &statement {
            if let Some(refusal) = self.refusal(statement) {
                return self.refuse(refusal, out);
            }
            let text = self.text_of(bind.statement);
            self.note_class(statement, out.env.now);
            self.note_run(statement, &text);
        } else {
            self.note_unknown();
        }
        self.count_bind(bind.statement, out.side);
        let prepared = self.lay(bind.statement, out);
        let name = prepared.as_ref().map_or(bind.statement, |p| &p.name);
        let names_bytes = bind.portal.len() + bind.statement.len() + 2;
        write::bind_head(
            out.bytes,
            bind.portal,
            name,
            piece.frame_bytes - 5 - names_bytes,
        );
        out.bytes.put_slice(bind.rest);
        self.note_portal(bind.portal, statement);
        self.expects.push(Expect::Bound(prepared));
    }

    /// Remembers a portal whose statement does something to the session, or has yet to be tried.
    fn note_portal(&mut self, portal: &[u8], statement: Option<Arc<Statement>>) {
        if !self.portals.is_empty() {
            self.portals.retain(|(p, _)| **p != *portal);
        }
        if let Some(statement) = statement.filter(|s| !s.effects.is_empty() || self.may_try(s)) {
            self.portals.push((portal.into(), statement));
        }
    }

    pub(super) fn send_target(
        &mut self,
        tag: u8,
        bytes: &[u8],
        out: &mut Out<'_, '_>,
    ) -> Result<(), wire::Fault> {
        let what = if tag == client::CLOSE {
            "Close"
        } else {
            "Describe"
        };
        let (kind, name) = client::target(bytes.get(5..).unwrap_or_default(), what)?;
        match (tag, kind) {
            (client::CLOSE, Target::Statement)
                if self.rules.tracks_prepared && self.find_name(name).is_some() =>
            {
                self.expects.push(Expect::SayClosed(name.into()));
            }
            (client::CLOSE, _) => {
                if kind == Target::Statement && name.is_empty() {
                    self.note_unnaming();
                    self.unnamed.forget();
                    out.side.unnamed = None;
                } else if kind == Target::Statement {
                    self.forget_long(name);
                }
                self.expects.push(Expect::Closed);
                out.bytes.put_slice(bytes);
            }
            (_, Target::Statement) => {
                let prepared = self.lay(name, out);
                let name = prepared.as_ref().map_or(name, |p| &p.name);
                write::target(out.bytes, client::DESCRIBE, Target::Statement, name);
                self.expects.push(Expect::Described(prepared));
            }
            (_, Target::Portal) => {
                self.expects.push(Expect::Described(None));
                out.bytes.put_slice(bytes);
            }
        }
        Ok(())
    }

    /// A Parse whose text is too long to be read or kept: it goes as it is, and the session stays
    /// with the server that has it.
    pub(super) fn send_long_parse(
        &mut self,
        _piece: Piece,
        bytes: &[u8],
        out: &mut Out<'_, '_>,
    ) -> Result<(), wire::Fault> {
        let (name, _) = client::string(bytes.get(5..).unwrap_or_default(), "Parse")?;
        self.note_unknown();
        self.oldest.retained = false;
        self.batch = BatchState::Within;
        if name.is_empty() {
            self.unnamed.forget();
            self.unnamed.version += 1;
            out.side.unnamed = Some((self.client, self.unnamed.version));
            self.pins.add(Pins::LONG_STATEMENT);
            let version = self.unnamed.version;
            self.expects.push(Expect::Unnamed { version });
        } else {
            self.expects.push(Expect::Long(name.into()));
        }
        out.bytes.put_slice(bytes);
        Ok(())
    }

    /// A long named statement is closed, or may be.
    pub(super) fn forget_long(&mut self, name: &[u8]) {
        self.long_names.retain(|n| **n != *name);
        if self.long_names.is_empty() {
            self.pins.remove(Pins::LONG_NAMED);
        }
    }

    /// The text to send in place of a statement about what only pgsluice knows.
    pub(super) fn rewritten(
        &mut self,
        statement: &Statement,
        out: &mut Out<'_, '_>,
    ) -> Option<Vec<u8>> {
        if statement.statements != 1 {
            return None;
        }
        match statement.effects.first()? {
            Effect::Deallocate(Some(name)) => {
                let prepared = self.find_name(name.as_bytes()).cloned()?;
                // A server that lacks it has nothing to deallocate, but must answer.
                let name = if out.side.prepared.touch(prepared.id) {
                    &*prepared.name
                } else {
                    self.lay_placeholder(out)
                };
                Some([b"DEALLOCATE ", name].concat())
            }
            // The server would go back to what it started with, not the client.
            Effect::Reset(name) => {
                let kept = self.base.value(name).map(Box::from);
                let value = kept.or_else(|| self.base_told.value_unlike(&out.side.fresh, name))?;
                let mut sql = bytes::BytesMut::new();
                Difference::default().one(&mut sql, name, Some(&value));
                Some(sql.to_vec())
            }
            Effect::OwnShow(name) if &**name == "write_token" => Some(WRITE_TOKEN.to_vec()),
            Effect::OwnShow(name) => {
                let setting = format!("pgsluice.{name}");
                let value = self.settings.value(&setting).map(Box::from);
                let value = value.unwrap_or_else(|| quoted(self.unset_value(name).as_bytes()));
                let column = format!("::pg_catalog.text AS \"{setting}\"");
                Some([b"SELECT ", &*value, column.as_bytes()].concat())
            }
            _ => None,
        }
    }

    /// What is wrong with a statement about a setting of ours, if something is.
    pub(super) fn bad_own_setting(statement: &Statement) -> Option<String> {
        statement.effects.iter().find_map(|effect| match effect {
            Effect::OwnSet { name, value } => Wishes::default().set(name, value).err(),
            Effect::OwnReset(name) | Effect::OwnShow(name) => Wishes::unknown(name),
            _ => None,
        })
    }

    /// A setting of ours that the session has not set.
    fn unset_value(&self, name: &str) -> String {
        match name {
            "route" => "auto".to_owned(),
            "consistency" => self.rules.consistency.as_str().to_owned(),
            "transaction_reads" => Scalar::show(&self.rules.transaction_reads),
            "max_staleness" => Scalar::show(&self.rules.staleness_max),
            _ => String::new(),
        }
    }
}

/// The primary's position in its history, behind everything the session was acknowledged.
const WRITE_TOKEN: &[u8] = b"SELECT pg_catalog.substr(pg_catalog.pg_walfile_name(lsn), 1, 8) \
    OPERATOR(pg_catalog.||) '-' OPERATOR(pg_catalog.||) lsn::pg_catalog.text AS \"pgsluice.write_token\" \
    FROM pg_catalog.pg_current_wal_insert_lsn() AS lsn";
