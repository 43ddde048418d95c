//! What becomes of a client's server and desk when it leaves, or when the configuration changes.

use std::sync::Arc;
use std::task::Context as TaskContext;
use std::task::Waker;
use std::time::Duration;
use std::time::Instant;

use crate::auth::client_login::Proof;
use crate::client::ending::Ending;
use crate::client::relay::Relay;
use crate::client::relay::now;
use crate::pool::closing::Closing;
use crate::pool::lease::Lease;
use crate::registry::dialer::Dialer;
use crate::registry::orders::Orders;
use crate::registry::run::run;
use crate::server::flight::Landing;

impl Relay {
    /// The client's task ends: its server goes back if nothing of the session is left on it.
    pub(super) async fn on_farewell(&mut self, ending: &Ending) {
        let is_left = matches!(ending, Ending::Left | Ending::Gone(_));
        let Some(mut lease) = self.lease.take() else {
            return;
        };
        self.session.on_abandoned();
        self.pass_on_write(now());
        self.pass_on_news(&mut lease);
        self.note_cut(&lease);
        self.unlink();
        if !is_left || !self.session.may_be_reset() || !lease.is_clean() {
            return lease.close(Closing::Dropped);
        }
        if self.desk.reset_query().is_empty() {
            return self.hand_on(lease);
        }
        self.reset(lease).await;
    }

    /// Nothing makes the server fit for others, as is asked for: they may have it if only settings
    /// are left on it, which the next link lays anew.
    fn hand_on(&self, mut lease: Lease<Dialer>) {
        if !self.session.pins().is_empty() || !self.desk.rules.tracks_prepared {
            return lease.close(Closing::Dropped);
        }
        lease.side.unsure = true;
        lease.side.unnamed = None;
        lease.give_back(now());
    }

    /// Ends the link without a released session: the server is given back if it is clean, else
    /// closed.
    pub(super) fn drop_lease(&mut self, why: Option<Closing>) {
        let Some(lease) = self.lease.take() else {
            return;
        };
        let mut lease = lease;
        self.pass_on_news(&mut lease);
        self.note_cut(&lease);
        self.unlink();
        self.through = 0;
        let now = now();
        self.timer.released(now);
        match why {
            None => give_back(lease, now),
            Some(why) => lease.close(why),
        }
    }

    /// The link ends: whether that is within a message that the client has a part of.
    pub(super) fn note_cut(&mut self, lease: &Lease<Dialer>) {
        let is_within = !lease.frames.is_at_start() && self.session.passes_rest();
        self.is_cut_short |= self.through != 0 || is_within;
    }

    /// The server has told the client that the connection ends: so it does, before more is run for
    /// it. A client that reads late would take the message for the answer to that.
    pub(super) fn on_told_fatal(&mut self) -> Ending {
        self.session.on_abandoned();
        self.pass_on_write(now());
        if let Some(link) = self.session.link() {
            self.desk.on_failed(link.node);
        }
        self.drop_lease(Some(Closing::Dead));
        Ending::Told
    }

    /// Gives the server back.
    pub(super) fn release(&mut self) {
        let Some(mut lease) = self.lease.take() else {
            return;
        };
        self.session.on_release(&mut lease.side);
        self.pass_on_news(&mut lease);
        self.conn.consume(self.session.take_consumed());
        self.unlink();
        let now = self.timer.now();
        self.timer.released(now);
        self.desk.on_released(lease.node, self.timer.held());
        if self.desk.resets_always() {
            // It goes back when that is done.
            self.lease = Some(lease);
        } else {
            give_back(lease, now);
        }
    }

    /// Whether the server is one of those that were outdated. If not, nothing is to be done for
    /// that.
    pub(super) fn is_outdated(&self) -> bool {
        let is_outdated = self.lease.as_ref().is_some_and(Lease::is_outdated);
        if !is_outdated {
            self.slot.carried_out(Orders::RENEW);
        }
        is_outdated
    }

    /// The session has released its server, which is reset before others may have it. The client
    /// need not wait for that to see its reply.
    pub(super) async fn reset_released(&mut self) -> Result<(), Ending> {
        // What it does not take now, or an error, shows when the client is waited for.
        let _ = self
            .conn
            .poll_flush(&mut TaskContext::from_waker(Waker::noop()));
        match self.lease.take() {
            Some(lease) if lease.is_clean() => Box::pin(self.reset(lease)).await,
            Some(lease) => lease.close(Closing::Dropped),
            None => (),
        }
        Ok(())
    }

    /// Makes a server fit for others.
    async fn reset(&self, mut lease: Lease<Dialer>) {
        let reset = self.desk.reset_query();
        let done = tokio::time::timeout(RESET_LIMIT, run(&mut lease, &reset)).await;
        if !matches!(done, Ok(Ok(()))) {
            return lease.close(Closing::ResetFailed);
        }
        lease.side.prepared.clear();
        lease.side.unnamed = None;
        lease.side.settings = Arc::default();
        // What `connect_query` had set is gone with the rest.
        lease.side.unsure = reset.as_ref() != DISCARD_ALL || lease.side.after_reset.is_some();
        lease.give_back(now());
    }

    /// Takes the configuration anew. A session that has no server takes the new desk; one that has
    /// is asked again when it has none.
    pub(super) fn reload(&mut self) -> Result<(), Ending> {
        let registry = &self.context.registry;
        let database = registry.database(&self.desk.database.name)?;
        let desk = registry.desk(&database, &self.desk.user, Proof::None);
        if !desk.has_own_credential() {
            desk.set_credential(self.desk.credential());
        }
        self.session.set_rules(Arc::clone(&desk.rules));
        self.session.on_reload();
        self.desk = desk;
        Ok(())
    }
}

/// Gives back a server whose session is released; when the cancel requests on their way to it have
/// arrived, if there are any.
pub(super) fn give_back(lease: Lease<Dialer>, now: Instant) {
    if lease.is_clean() {
        return lease.give_back(now);
    }
    if !lease.is_drained() {
        return lease.close(Closing::Dropped);
    }
    let handle = Arc::clone(&lease.cancel);
    handle.when_landed(Box::new(move |landing| match landing {
        Landing::Sure => lease.give_back(self::now()),
        Landing::Doubtful => lease.close(Closing::Canceled),
    }));
}

/// How long a server may take to reset itself after its client left.
const RESET_LIMIT: Duration = Duration::from_secs(5);

/// After it nothing of a session is left.
const DISCARD_ALL: &str = "DISCARD ALL";
