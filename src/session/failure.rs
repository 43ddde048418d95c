//! What an error of the server's means: what is skipped, what is undone, what is tried again.

use std::sync::Arc;

use bytes::Bytes;
use bytes::BytesMut;

use crate::route::Kind;
use crate::session::Again;
use crate::session::Env;
use crate::session::Reply;
use crate::session::Session;
use crate::session::batch::BatchState;
use crate::session::batch::Plan;
use crate::session::batch::Rest;
use crate::session::expect::Expect;
use crate::session::expect::Own;
use crate::session::moving::Moving;
use crate::session::side::Role;
use crate::session::side::ServerSide;
use crate::sql::statement::Statement;
use crate::sqlstate::SqlState;
use crate::wire::fields::Fields;
use crate::wire::server::Status;
use crate::wire::write;
use crate::wire::write::Severity;

impl Session {
    pub(super) fn on_error(
        &mut self,
        body: &[u8],
        side: &mut ServerSide,
        says: &mut BytesMut,
        env: &Env<'_>,
    ) -> Reply {
        let fields = Fields::new(body);
        if let Some(Expect::Own(Own::Prelude | Own::Leave | Own::Begin)) = self.expects.head() {
            self.prelude_error
                .get_or_insert_with(|| Bytes::copy_from_slice(body));
            return Reply::Hide;
        }
        if self.is_hidden() {
            return Reply::Hide;
        }
        if fields.is_fatal() && self.survives_server() {
            side.farewell = fields.code().or(Some(SqlState::INTERNAL));
            return Reply::Hide;
        }
        if let Some(again) = self.remedy(&fields, env) {
            self.again = Some(again);
            if fields.is_fatal() || 1 < self.expects.open() {
                self.oldest.rest = Rest::Dropped;
            }
            self.skip(side);
            return Reply::Hide;
        }
        self.on_refused_late(&fields);
        self.oldest.failed = true;
        self.copying_in = false;
        self.expects
            .fail_copy(fields.code() == Some(SqlState::CANCELED));
        self.on_failed_statement(&fields, side);
        let reply = self.decisive();
        let refusal = match self.expects.head() {
            Some(Expect::Refused { refusal, .. }) if refusal.stands_for(&fields) => {
                Some(refusal.clone())
            }
            _ => None,
        };
        if !fields.is_fatal() {
            self.skip(side);
        }
        let Some(refusal) = refusal else { return reply };
        let report = write::Report {
            severity: Severity::Error,
            sqlstate: refusal.sqlstate,
            message: &refusal.message,
            hint: refusal.hint,
        };
        write::report(says, &report);
        Reply::Hide
    }

    /// What failed may leave something behind for all that.
    fn on_failed_statement(&mut self, fields: &Fields<'_>, side: &mut ServerSide) {
        match self.expects.head() {
            // PostgreSQL drops the old one before it looks at the new one.
            Some(&Expect::Unnamed { version }) => {
                if version == self.unnamed.version {
                    self.unnamed.forget();
                }
                self.expects.forget_unnamed(version);
            }
            Some(Expect::Bound(Some(p)) | Expect::Described(Some(p))) if is_stale(fields) => {
                side.prepared.spoil(p.id);
            }
            Some(
                Expect::Executed {
                    statement: Some(statement),
                    ..
                }
                | Expect::Queried {
                    statement: Some(statement),
                    ..
                },
            ) => {
                let statement = Arc::clone(statement);
                self.on_failed_with_pins(&statement);
            }
            _ => (),
        }
    }

    /// Not all that pins is taken back by a failure: session locks and PREPARE are not.
    pub(super) fn on_failed_with_pins(&mut self, statement: &Statement) {
        let pins = Self::pins_of(statement);
        if !pins.is_empty() {
            self.pins.add(pins);
            self.doubts.pins = true;
        }
    }

    /// Drops what the server skips after an error, and takes back what was noted for it, the
    /// newest first.
    fn skip(&mut self, side: &mut ServerSide) {
        let (skipped, has_sync) = self.expects.skip();
        if !has_sync && (self.batch == BatchState::Within || !skipped.is_empty()) {
            self.batch = BatchState::Skipping;
        }
        for skipped in skipped.into_iter().rev() {
            match skipped {
                Expect::Queried { bytes, .. } | Expect::Called { bytes } => {
                    match self.expects.head_mut() {
                        Some(Expect::Synced { bytes: synced }) => *synced += bytes,
                        _ => self.batch_bytes += bytes,
                    }
                }
                Expect::Named { prepared, .. } | Expect::HiddenParse(prepared) => {
                    side.prepared.remove(prepared.id);
                    self.expects.forget_close(prepared.id);
                }
                Expect::HiddenClose(prepared) => side.prepared.restore(&prepared),
                Expect::Unnamed { .. } | Expect::Hidden => side.unnamed = None,
                Expect::Unnaming(before) => {
                    let version = self.unnamed.version + 1;
                    self.unnamed = *before;
                    self.unnamed.version = version;
                    side.unnamed = None;
                }
                _ => (),
            }
        }
    }

    /// Whether the server has more to say of what is sent again, so that it cannot be used on.
    pub fn breaks_off(&self) -> bool {
        self.oldest.rest == Rest::Dropped
    }

    /// Whether a replica was chosen by us, so that its refusal is our mistake.
    pub(super) fn is_read_on_replica(&self) -> bool {
        self.link
            .is_some_and(|link| link.role == Role::Replica && link.want.kind == Kind::Read)
    }

    /// Whether what the server refuses as a standby, or because it has turned read only, is sent to the
    /// primary that there is by then: nothing of it can have been done. Once, lest the two never agree.
    pub(super) fn may_be_refused(&self) -> bool {
        self.link.is_some_and(|link| link.if_read_only.is_some())
            && self.oldest.retained
            && !self.oldest.answered
            && self.oldest.retries == 0
            && self.status == Status::Idle
            && self.pins.is_empty()
            && matches!(self.moving, Moving::No)
            && !self.is_read_only()
    }

    /// Whether a plan that is out of date would be made anew: then what comes before the error
    /// must not be seen.
    pub(super) fn may_renew(&self) -> bool {
        let may_fail = matches!(
            self.expects.head(),
            Some(Expect::Described(Some(_)) | Expect::SayParsed { .. } | Expect::SayClosed(_))
        );
        may_fail
            && self.oldest.retained
            && !self.oldest.answered
            && self.status == Status::Idle
            && self.expects.open() == 1
            && matches!(self.plan, Plan::Fresh)
    }

    /// How an error can be kept from the client, if it can.
    fn remedy(&mut self, fields: &Fields<'_>, env: &Env<'_>) -> Option<Again> {
        if !self.oldest.retained || self.oldest.answered || self.expects.open() == 0 {
            return None;
        }
        let code = fields.code()?;
        let stale = match self.expects.head() {
            Some(Expect::Bound(Some(p)) | Expect::Described(Some(p))) => Some(p),
            _ => None,
        };
        if is_stale(fields)
            && self.status == Status::Idle
            && self.expects.open() == 1
            && matches!(self.plan, Plan::Fresh)
            && let Some(stale) = stale
        {
            self.plan = Plan::Stale(Arc::clone(stale));
            return Some(Again::Here);
        }
        if code == SqlState::READ_ONLY && self.may_be_refused() {
            self.oldest.retries += 1;
            return self.link.and_then(|link| link.if_read_only);
        }
        if !self.may_run_elsewhere() {
            return None;
        }
        let on_replica = self.is_read_on_replica();
        match code {
            // The last two may have other causes than recovery; then the primary says the same.
            SqlState::READ_ONLY | SqlState::NOT_SUPPORTED | SqlState::WRONG_STATE if on_replica => {
                self.on_refused(code);
                Some(Again::Primary)
            }
            // A conflict with recovery; the second is one over a buffer.
            SqlState::SERIALIZATION | SqlState::DEADLOCK if on_replica => self
                .may_retry(env.budget, env.now)
                .then_some(Again::Elsewhere),
            SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN | SqlState::CANNOT_CONNECT_NOW => {
                self.may_retry(env.budget, env.now)
                    .then_some(Again::Elsewhere)
            }
            _ => None,
        }
    }
}

/// "cached plan must not change result type": a table was altered under a prepared statement.
fn is_stale(fields: &Fields<'_>) -> bool {
    fields.code() == Some(SqlState::NOT_SUPPORTED)
        && fields.field(b'R') == Some(b"RevalidateCachedQuery")
}
