//! Servers for replication: each is opened on the primary for one client, with what that client asks
//! for at its login, and closed after it.

use std::time::Instant;

use crate::error::Blame;
use crate::error::Error;
use crate::error::Retry;
use crate::pool::lease::Lease;
use crate::registry::desk::Desk;
use crate::registry::desk::clock;
use crate::registry::dialer::Dialer;
use crate::registry::welcome::Asked;
use crate::registry::welcome::LAST_WORD;
use crate::route::Kind;
use crate::route::Reason;
use crate::route::Want;
use crate::sqlstate::SqlState;
use crate::topology::choose::Ask;
use crate::wire::startup::Replication;

impl Desk {
    /// A server for replication of this kind, with these settings. It counts as one of its pool.
    ///
    /// # Errors
    /// No server can be had, or it refuses what is asked for.
    ///
    /// # Cancel safety
    /// Yes: what was opened is closed.
    pub async fn replicate(
        &self,
        kind: Replication,
        asked: &Asked,
        deadline: Instant,
    ) -> Result<Lease<Dialer>, Error> {
        let until = deadline.checked_sub(LAST_WORD).unwrap_or(deadline);
        let until = until.min(self.wait_deadline(clock()));
        let want = Want {
            kind: Kind::Primary,
            reason: Reason::SessionMode,
        };
        let pick = self.wait_and_pick(want, &Ask::default(), until).await;
        let pick = pick.ok_or_else(|| {
            let message = "no primary is known at the moment";
            Error::new(Blame::Server, SqlState::CANNOT_CONNECT_NOW, message)
        })?;
        let pool = self.pool(pick.node)?;
        let dialer = pool.connect();
        let mut parameters = vec![("replication", kind.as_startup())];
        parameters.extend(asked.iter().map(|(n, v)| (&**n, &**v)));
        let leased = pool.lease_apart(until, dialer.open(&parameters)).await;
        leased.inspect_err(|error| {
            if error.retry() == Retry::Elsewhere {
                self.on_failed(pick.node);
            }
        })
    }
}
