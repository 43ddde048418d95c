//! A read that a replica has refused is run on the primary. If that went well the replica was asked
//! for what only a primary can do, and its statements are learned as writes. One of whose reply the
//! client has seen a part has to fail, but is learned too.

use std::sync::Arc;

use crate::ids::NodeId;
use crate::session::Env;
use crate::session::Session;
use crate::session::batch::Risk;
use crate::session::expect::Expect;
use crate::sql::statement::Class;
use crate::sql::statement::Statement;
use crate::sqlstate::SqlState;
use crate::wire::client;
use crate::wire::fields::Fields;
use crate::wire::frames::Frames;
use crate::wire::frames::Side;
use crate::wire::server::Status;

/// A batch that a replica has refused.
#[derive(Debug)]
pub struct Healing {
    /// The replica.
    pub node: NodeId,
    /// What it said.
    pub sqlstate: SqlState,
    /// The batch's reads with their texts, as they were sent to the primary, or the one at fault.
    pub statements: Vec<(Arc<Statement>, Box<[u8]>)>,
    stage: Stage,
    /// Which of the batch's statements it was, counted by what it binds; `None`: any of them.
    culprit: Option<u32>,
    /// How many of them were run again.
    run: u32,
}

/// How far a healing has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The batch runs on the primary.
    Begun,
    /// The client was told of the refusal: the batch starts at this of its unread bytes.
    TooLate { start: usize },
    /// It is known what is to be learned.
    Done,
}

/// Most statements of one batch that are learned.
const STATEMENTS_COUNT_MAX: usize = 64;

impl Healing {
    /// The batch's next statement runs on the primary.
    fn on_run(&mut self, statement: &Arc<Statement>, text: &[u8]) {
        let is_at_fault = self.culprit.is_none_or(|culprit| culprit == self.run);
        self.run += 1;
        if is_at_fault
            && statement.class == Class::Read
            && self.statements.len() < STATEMENTS_COUNT_MAX
        {
            self.statements.push((Arc::clone(statement), text.into()));
        }
    }
}

impl Session {
    /// The replica at hand has refused the batch, which runs on the primary then.
    pub(super) fn on_refused(&mut self, sqlstate: SqlState) {
        self.heal(sqlstate, Stage::Begun);
    }

    /// A statement has failed as the client will hear. If it was a read that writes, it is to be
    /// learned from the bytes of the batch.
    pub(super) fn on_refused_late(&mut self, fields: &Fields<'_>) {
        let is_ours = self.is_read_on_replica()
            && self.oldest.retained
            && self.status == Status::Idle
            && !self.is_read_only();
        if is_ours && fields.code() == Some(SqlState::READ_ONLY) {
            let start = self.consumed;
            self.heal(SqlState::READ_ONLY, Stage::TooLate { start });
        }
    }

    fn heal(&mut self, sqlstate: SqlState, stage: Stage) {
        if let Some(link) = self.link {
            self.healing = Some(Box::new(Healing {
                node: link.node,
                sqlstate,
                statements: Vec::new(),
                stage,
                culprit: self.culprit(),
                run: 0,
            }));
        }
    }

    /// Which statement of its batch the server is at, if that is plain: each Bind, or the one that
    /// was bound last.
    fn culprit(&self) -> Option<u32> {
        let (bound, results) = (self.oldest.bound, self.oldest.results);
        match self.expects.head() {
            Some(Expect::Bound(_)) => Some(bound),
            Some(Expect::Executed { .. }) if bound == results + 1 => Some(results),
            _ => None,
        }
    }

    /// Learns from the client's unread bytes, if a batch at their front was refused too late.
    /// Called before they are consumed.
    pub fn learn_late(&mut self, unread: &[u8], env: &Env<'_>) {
        let Some(healing) = &self.healing else { return };
        let Stage::TooLate { start } = healing.stage else {
            return;
        };
        let culprit = healing.culprit;
        let run = self.run_by(unread.get(start..).unwrap_or_default(), env);
        let at_fault = (0..)
            .zip(run)
            .filter(|(i, _)| culprit.is_none_or(|culprit| culprit == *i));
        let reads = at_fault
            .map(|(_, run)| run)
            .filter(|(statement, _)| statement.class == Class::Read);
        let statements = reads.take(STATEMENTS_COUNT_MAX).collect();
        if let Some(healing) = &mut self.healing {
            healing.statements = statements;
            healing.stage = Stage::Done;
        }
    }

    /// The statements with their texts that the batch in front of `shown` runs.
    fn run_by(&self, shown: &[u8], env: &Env<'_>) -> Vec<(Arc<Statement>, Box<[u8]>)> {
        let bytes_max = self.rules.message_bytes_max;
        let mut frames = Frames::new(Side::Client { bytes_max });
        let (mut rest, mut run, mut unnamed) = (shown, Vec::new(), None);
        while let Ok(Some(piece)) = frames.next(rest) {
            let (bytes, behind) = rest.split_at_checked(piece.size).unwrap_or_default();
            let body = bytes.get(5..).unwrap_or_default();
            rest = behind;
            let look = |text: &[u8]| (env.classify.classify(text, self.syntax()), text.into());
            match piece.tag {
                client::QUERY => {
                    run.extend(client::query(body).ok().map(look));
                    break;
                }
                client::PARSE => {
                    let parse = client::Parse::read(body).ok();
                    let is_unnamed = parse.filter(|parse| parse.name.is_empty());
                    unnamed = is_unnamed.map(|parse| look(parse.text)).or(unnamed);
                }
                client::BIND => {
                    let name = client::Bind::read(body).map_or(&b""[..], |bind| bind.statement);
                    let here = unnamed.clone().filter(|_| name.is_empty());
                    run.extend(here.or_else(|| self.known(name)));
                }
                client::SYNC => break,
                _ => (),
            }
        }
        run
    }

    /// A statement that the session has prepared, and its text.
    fn known(&self, name: &[u8]) -> Option<(Arc<Statement>, Box<[u8]>)> {
        if name.is_empty() {
            let statement = Arc::clone(self.unnamed.statement.as_ref()?);
            return Some((statement, self.unnamed.text().into()));
        }
        let prepared = self.find_name(name)?;
        Some((prepared.statement(), prepared.text.clone()))
    }

    /// A statement is run by what goes to the server now. Should the primary die over one that no
    /// replica has run, it is not run again: it may have written.
    pub(super) fn note_run(&mut self, statement: &Arc<Statement>, text: &[u8]) {
        if statement.class == Class::Read {
            self.note_read_run(statement);
        }
        let is_oldest = self.expects.open() == 0;
        if let Some(healing) = &mut self.healing
            && healing.stage == Stage::Begun
            && is_oldest
        {
            healing.on_run(statement, text);
        }
    }

    fn note_read_run(&mut self, statement: &Statement) {
        if self.is_on_primary() && !statement.learned.is_tried() {
            self.oldest.risk = Risk::WritesTwice;
            // Others must not miss what it may have written.
            if statement.may_write_unseen() {
                self.note_may_write();
            }
        }
    }

    /// Whether it is to be noted that a replica has run a statement, once it has.
    pub(super) fn may_try(&self, statement: &Statement) -> bool {
        let is_read = statement.class == Class::Read;
        is_read && !statement.learned.is_tried() && !self.is_on_primary()
    }

    /// A statement was run to its end. It was a replica that did, so it does not write.
    pub(super) fn note_tried(&self, statement: &Statement) {
        if self.may_try(statement) {
            statement.learned.try_out();
        }
    }

    /// The text of a statement that the session knows, if it has to be looked at again.
    pub(super) fn text_of(&self, name: &[u8]) -> Box<[u8]> {
        let known = self.is_healing().then(|| self.known(name)).flatten();
        known.map(|(_, text)| text).unwrap_or_default()
    }

    /// Whether the batch at hand was refused by a replica: then it may write, whatever it says.
    pub(super) fn is_healing(&self) -> bool {
        self.healing
            .as_ref()
            .is_some_and(|healing| healing.stage == Stage::Begun)
    }

    /// The batch was answered to its end. Nothing is learned from one that failed on the primary
    /// too.
    pub(super) fn on_healed(&mut self) {
        if !self.is_healing() {
            return;
        }
        let has_failed = self.oldest.failed;
        match &mut self.healing {
            Some(_) if has_failed => self.healing = None,
            Some(healing) => healing.stage = Stage::Done,
            None => (),
        }
    }

    /// What was learned since this was last asked.
    pub fn take_healed(&mut self) -> Option<Box<Healing>> {
        self.healing.take_if(|healing| healing.stage == Stage::Done)
    }
}
