//! Links that end because their server is gone, or is of no use: what becomes of the batch, and what
//! the client is told.

use bytes::BufMut;

use crate::client::ending::Ending;
use crate::client::ending::Fate;
use crate::client::relay::Done;
use crate::client::relay::Relay;
use crate::client::relay::now;
use crate::pool::closing::Closing;
use crate::session::Again;
use crate::session::link::Lost;
use crate::wire::fields::Fields;

impl Relay {
    /// The server is gone, or does not speak the protocol.
    pub(super) fn on_server_lost(&mut self, reason: String) -> Result<Option<Done>, Ending> {
        let link = self.session.link().copied();
        let closing = Closing::Dead;
        let fate = Fate::of(&self.session);
        let lost = self.session.on_lost(&self.desk.database.budget, now());
        self.pass_on_write(now());
        if let Some(link) = link {
            self.desk.on_failed(link.node);
        }
        let is_whole = self.lease.as_ref().is_none_or(|l| l.frames.is_at_start());
        self.drop_lease(Some(closing));
        match (lost, link) {
            _ if self.told_fatal => Err(Ending::Told),
            (Lost::Unharmed, _) => {
                self.conn.consume(self.session.take_consumed());
                Ok(Some(Done::Served))
            }
            (Lost::Again, Some(link)) => {
                self.held.clear();
                Ok(Some(Done::Again(Again::Elsewhere, link)))
            }
            (Lost::Again, None) => Ok(Some(Done::Served)),
            (Lost::Ended { unknown }, _) => {
                // It may end within a row; an error does not stand there.
                if is_whole {
                    self.conn.out().put_slice(&self.held);
                }
                Err(Ending::server_lost(fate.unless(unknown), reason))
            }
        }
    }

    /// The session's settings could not be laid on the server.
    pub(super) fn on_prelude_error(&mut self, body: &[u8]) -> Result<Option<Done>, Ending> {
        let link = self.session.link().copied();
        let lost = self.session.on_lost(&self.desk.database.budget, now());
        self.pass_on_write(now());
        // What it has been set to is not known, and the batch may have run.
        self.drop_lease(Some(Closing::Dropped));
        match (lost, link) {
            (Lost::Again, Some(link)) => {
                self.held.clear();
                Ok(Some(Done::Again(Again::Elsewhere, link)))
            }
            (Lost::Ended { unknown: true }, _) => {
                let reason = Fields::new(body).message();
                Err(Ending::server_lost(Fate::Unknown, reason))
            }
            (Lost::Unharmed | Lost::Again | Lost::Ended { .. }, _) => {
                Err(Ending::refused_by_server(body))
            }
        }
    }
}
