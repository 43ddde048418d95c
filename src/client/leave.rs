//! What becomes of a client's server and desk when it leaves, or when the configuration changes.

use std::sync::Arc;
use std::time::Duration;

use crate::auth::client_login::Proof;
use crate::client::ending::Ending;
use crate::client::relay::Relay;
use crate::client::relay::now;
use crate::pool::closing::Closing;
use crate::registry::dialer::run;

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
        let reset = self.desk.reset_query();
        if reset.is_empty() {
            return lease.close(Closing::Dropped);
        }
        let done = tokio::time::timeout(RESET_LIMIT, run(&mut lease, &reset)).await;
        if !matches!(done, Ok(Ok(()))) {
            return lease.close(Closing::Dropped);
        }
        lease.side.prepared.clear();
        lease.side.unnamed = None;
        lease.side.settings = Arc::default();
        lease.side.unsure = reset.as_ref() != DISCARD_ALL;
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
        self.desk = desk;
        Ok(())
    }
}

/// How long a server may take to reset itself after its client left.
const RESET_LIMIT: Duration = Duration::from_secs(5);

/// After it nothing of a session is left.
const DISCARD_ALL: &str = "DISCARD ALL";
