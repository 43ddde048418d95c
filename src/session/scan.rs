//! Looking at a batch before there is a link for it: nothing is changed but how far was looked.

use std::sync::Arc;
use std::time::Instant;

use crate::config::words::PoolMode;
use crate::error::Blame;
use crate::error::Error;
use crate::route;
use crate::route::Blind;
use crate::route::Facts;
use crate::route::Standing;
use crate::route::Want;
use crate::session::Env;
use crate::session::Pins;
use crate::session::RETAINED_BYTES_MAX;
use crate::session::Session;
use crate::session::ahead::Ahead;
use crate::session::asked::Asked;
use crate::session::batch::BatchState;
use crate::session::late::Part as LatePart;
use crate::sql::classify::Syntax;
use crate::sql::effect::Effect;
use crate::sql::effect::Isolation;
use crate::sql::statement::Class;
use crate::sql::statement::Reason;
use crate::sql::statement::Statement;
use crate::wire;
use crate::wire::client;
use crate::wire::frames::Frames;
use crate::wire::frames::Part;
use crate::wire::frames::Piece;
use crate::wire::frames::Side;

/// What has become of the look at a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Progress {
    /// More of the batch is needed.
    #[default]
    Begun,
    /// It is whole, or no more of it will be looked at.
    Done,
    /// That, and the link was made for it.
    Linked,
}

/// How far a batch has been looked at.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Bytes looked at, from the first that was not sent.
    pub(super) bytes: usize,
    pub(super) progress: Progress,
    pub(super) facts: Facts,
    /// What it is to a transaction that binds late.
    pub(super) part: LatePart,
    /// What its statements ask for, where that is not what the session's settings do.
    pub(super) asked: Option<Box<Asked>>,
    /// What its texts are, oldest first, so that sending does not ask again.
    pub(super) statements: Vec<Arc<Statement>>,
    /// What the unnamed statement is within the batch.
    unnamed: Option<Arc<Statement>>,
    /// Whether it uses a statement that hangs on a batch in front of it.
    pub(super) is_in_doubt: bool,
    /// Whether it does more than prepare statements.
    pub(super) has_more: bool,
    /// Whether it prepares ahead what it may, up to its Flush.
    pub(super) is_ahead: bool,
    /// Names given in the batch so far.
    named: Vec<(Box<[u8]>, Arc<Statement>)>,
}

impl Scan {
    /// Gives storage back.
    pub(super) fn shed(&mut self) {
        if self.statements.is_empty() && self.statements.capacity() != 0 {
            self.statements = Vec::new();
        }
        if self.named.is_empty() && self.named.capacity() != 0 {
            self.named = Vec::new();
        }
    }
}

/// What a look at the client's bytes found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// The batch goes on: more bytes are needed.
    More,
    /// This many bytes mean nothing here (copied data that comes too late): drop them.
    Drop(usize),
    /// The client takes its leave.
    Terminate,
    /// The batch is whole, or more of it will not be waited for.
    Batch(Want),
    /// It is whole, and needs no server: see [`Session::answer_alone`].
    Alone,
}

impl Session {
    /// Looks at `unread`, whose first byte is the first not yet sent.
    ///
    /// # Errors
    /// The client does not speak the protocol.
    pub fn scan(&mut self, unread: &[u8], env: &Env<'_>) -> Result<Scanned, Error> {
        debug_assert!(self.batch == BatchState::Between, "looks at whole batches");
        if self.scan.progress != Progress::Begun {
            return Ok(self.scan_batch(env));
        }
        loop {
            let shown = unread.get(self.scan.bytes..).unwrap_or_default();
            let side = Side::Client {
                bytes_max: self.rules.message_bytes_max,
            };
            let piece = if self.frames.is_at_start() {
                Frames::new(side).next(shown)
            } else {
                self.frames.next(shown)
            };
            let Some(piece) = piece.map_err(|fault| fault.blamed(Blame::Client))? else {
                return Ok(self.scan_more(unread.len(), env));
            };
            if self.ahead == Ahead::Failed {
                return Ok(self.scan_skipped(shown, piece));
            }
            self.allow(piece.tag)?;
            let bytes = shown.get(..piece.size).unwrap_or_default();
            let first = self.scan.bytes == 0;
            match piece.tag {
                client::COPY_DATA | client::COPY_DONE | client::COPY_FAIL if first => {
                    return Ok(self.scan_dropped(shown, piece));
                }
                client::TERMINATE if first => return Ok(Scanned::Terminate),
                _ => (),
            }
            let ended = self
                .scan_message(piece, bytes, env)
                .map_err(|fault| fault.blamed(Blame::Client))?;
            self.scan.bytes += piece.size;
            if ended {
                return Ok(self.scan_batch(env));
            }
        }
    }

    /// What PostgreSQL ignores too: for example data that was copied in after the server had ended
    /// the COPY.
    pub(super) fn scan_dropped(&mut self, shown: &[u8], piece: Piece) -> Scanned {
        if piece.part == Part::First {
            // The scanner that owns the stream has to know that a frame is open.
            let _ = self.frames.next(shown);
        }
        Scanned::Drop(piece.size)
    }

    fn scan_more(&mut self, unread: usize, env: &Env<'_>) -> Scanned {
        if RETAINED_BYTES_MAX < self.scan.bytes && self.scan.bytes < unread {
            self.scan.facts.blind.get_or_insert(Blind::Large);
            return self.scan_batch(env);
        }
        Scanned::More
    }

    fn scan_batch(&mut self, env: &Env<'_>) -> Scanned {
        if self.scan.progress == Progress::Begun {
            self.scan.progress = Progress::Done;
        }
        if self.is_answered_alone(env) {
            return Scanned::Alone;
        }
        let want = self.moved().map(|transfer| transfer.want);
        let want = want.or_else(|| self.late_want(env));
        Scanned::Batch(want.unwrap_or_else(|| route::policy(&self.standing(), &self.scan.facts)))
    }

    /// Takes one message in; whether it ends the batch.
    fn scan_message(
        &mut self,
        piece: Piece,
        bytes: &[u8],
        env: &Env<'_>,
    ) -> Result<bool, wire::Fault> {
        let body = bytes.get(5..).unwrap_or_default();
        if piece.part == Part::First && matches!(piece.tag, client::QUERY | client::PARSE) {
            self.scan.facts.blind = Some(Blind::Large);
            return Ok(true);
        }
        self.scan.has_more |=
            !matches!(piece.tag, client::PARSE | client::DESCRIBE | client::FLUSH);
        match piece.tag {
            client::QUERY => {
                let text = client::query(body)?;
                let statement = env.classify.classify(text, self.syntax());
                self.scan.part.add_query(text, &statement);
                self.scan_statement(&statement, env.now);
                self.scan.statements.push(statement);
                return Ok(true);
            }
            client::PARSE => {
                let parse = client::Parse::read(body)?;
                let statement = env.classify.classify(parse.text, self.syntax());
                self.scan_statement(&statement, env.now);
                self.scan.statements.push(Arc::clone(&statement));
                if parse.name.is_empty() {
                    self.scan.unnamed = Some(statement);
                } else {
                    self.scan.named.push((parse.name.into(), statement));
                }
            }
            client::BIND => {
                let bind = client::Bind::read(body)?;
                self.scan.part.add_portal(bind.portal, 0);
                self.scan_use(bind.statement, env);
            }
            client::EXECUTE => {
                let (portal, rest) = client::string(body, "Execute")?;
                let rows_max = rest.first_chunk().map_or(0, |n| u32::from_be_bytes(*n));
                self.scan.part.add_portal(portal, rows_max);
            }
            client::DESCRIBE => match client::target(body, "Describe")? {
                (client::Target::Statement, name) => self.scan_use(name, env),
                (client::Target::Portal, _) => self.scan.has_more = true,
            },
            client::CLOSE => drop(client::target(body, "Close")?),
            client::SYNC => return Ok(true),
            client::FLUSH => {
                self.scan_flush();
                return Ok(true);
            }
            client::FUNCTION_CALL => {
                self.scan.facts.blind = Some(Blind::FunctionCall);
                return Ok(true);
            }
            // What else may come within a batch changes nothing; a Terminate ends it unsent.
            client::TERMINATE => return Ok(true),
            _ => (),
        }
        if piece.part == Part::First {
            self.scan.facts.blind.get_or_insert(Blind::Large);
            return Ok(true);
        }
        Ok(false)
    }

    /// A statement that was prepared before, or in this batch, is used.
    fn scan_use(&mut self, name: &[u8], env: &Env<'_>) {
        let here = if name.is_empty() {
            self.scan.unnamed.clone()
        } else {
            let here = self.scan.named.iter().rev().find(|(n, _)| **n == *name);
            here.map(|(_, statement)| Arc::clone(statement))
        };
        let known = here.or_else(|| {
            self.scan.is_in_doubt |= self.is_statement_in_doubt(name);
            if name.is_empty() {
                self.unnamed.statement.clone()
            } else {
                self.find_name(name).map(|p| p.look(env.classify))
            }
        });
        match known {
            Some(statement) => self.scan_statement(&statement, env.now),
            None => {
                self.scan.facts.blind.get_or_insert(Blind::UnknownStatement);
            }
        }
    }

    fn scan_statement(&mut self, statement: &Statement, now: Instant) {
        self.scan_asks(statement);
        self.scan.facts.add(statement, now);
        if self.is_too_much(statement) {
            // It will keep its server, which must be one that serves whatever comes.
            self.scan.facts.class = Class::Write;
            self.scan.facts.why = Reason::Setting;
        }
        self.scan.part.add(statement, statement.verdict(now).0);
    }

    /// Gives up the batch that was looked at, before it was sent: how many bytes of the client's it
    /// has. `None` if its end is not known, so that nothing can be answered in its place.
    pub fn give_up(&mut self) -> Option<usize> {
        let is_whole = self.scan.progress != Progress::Begun
            && self.scan.facts.blind.is_none()
            && !self.scan.is_ahead
            && self.sent == 0
            && self.moved().is_none()
            && !self.is_late();
        let bytes = is_whole.then_some(self.scan.bytes);
        self.resent = 0;
        self.scan_reset();
        bytes
    }

    /// Forgets the look: the batch is sent, or to be looked at anew.
    pub(super) fn scan_reset(&mut self) {
        self.scan.bytes = 0;
        self.scan.progress = Progress::Begun;
        self.scan.facts = Facts::default();
        self.scan.part = LatePart::default();
        self.scan.asked = None;
        self.scan.statements.clear();
        self.scan.unnamed = None;
        self.scan.is_in_doubt = false;
        self.scan.has_more = false;
        self.scan.is_ahead = false;
        self.scan.named.clear();
    }

    /// How texts are to be read.
    pub(super) fn syntax(&self) -> Syntax {
        self.told.syntax()
    }

    pub(super) fn standing(&self) -> Standing {
        let wishes = self.settings.wishes();
        Standing {
            split: self.rules.split,
            mode: self.rules.mode,
            route: wishes.route,
            read_only: self.is_read_only(),
            serializable: wishes.isolation == Some(Isolation::Serializable),
        }
    }

    /// Whether transactions are read only unless they say otherwise.
    pub(super) fn is_read_only(&self) -> bool {
        let reported = self.told.is_read_only();
        reported.unwrap_or(self.settings.wishes().read_only)
    }

    /// Whether statement pooling forbids what this statement does.
    pub(super) fn is_forbidden(&self, statement: &Statement) -> bool {
        let leaves_open = |is_open, effect: &Effect| match effect {
            Effect::Begin(_) => true,
            Effect::Commit { chain } | Effect::Rollback { chain } => *chain,
            Effect::PrepareTransaction => false,
            _ => is_open,
        };
        self.rules.mode == PoolMode::Statement && statement.effects.iter().fold(false, leaves_open)
    }

    /// The pins that a statement asks for.
    pub(super) fn pins_of(statement: &Statement) -> Pins {
        let mut pins = Pins::NONE;
        for effect in &statement.effects {
            pins.add(match effect {
                Effect::Listen(_) => Pins::LISTEN,
                Effect::TemporaryTable => Pins::TEMPORARY,
                Effect::AdvisoryLock => Pins::ADVISORY_LOCK,
                Effect::HoldCursor(_) => Pins::HOLD_CURSOR,
                Effect::Prepare(_) => Pins::SQL_PREPARED,
                Effect::SetConfigUnknown => Pins::SETTING,
                Effect::Load => Pins::LIBRARY,
                _ => Pins::NONE,
            });
        }
        pins
    }
}

/// Whether a class may be served by a replica.
pub(super) fn may_read(class: Class) -> bool {
    match class {
        Class::Neutral | Class::Read => true,
        Class::Write => false,
    }
}
