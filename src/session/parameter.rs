//! What servers report of their settings while they are used.

use crate::session::Reply;
use crate::session::Session;
use crate::session::side::ServerSide;
use crate::wire::Fault;
use crate::wire::server;

/// Whether transactions are read only unless they say otherwise; reported since PostgreSQL 14.
const READ_ONLY: &[u8] = b"default_transaction_read_only";

impl Session {
    /// The server says what a setting is now: it was set, or that has changed on the server.
    pub(super) fn on_parameter(
        &mut self,
        body: &[u8],
        side: &mut ServerSide,
    ) -> Result<Reply, Fault> {
        let (name, value) = server::parameter_status(body)?;
        side.reported.on_status(name, value);
        // Some stop writes by this default. Others set it for their sessions, so that it says nothing
        // for certain: the node is asked.
        let is_ours = self.expects.changes_settings() || self.is_hidden();
        side.has_read_only_news |= name == READ_ONLY && value == b"on" && !is_ours;
        if name == b"in_hot_standby" {
            side.on_in_hot_standby(value);
            return Ok(Reply::Hide);
        }
        if self.is_hidden() {
            return Ok(Reply::Hide);
        }
        self.told.on_status(name, value);
        Ok(self.decisive())
    }
}
