//! What a session has written and read, and what its next read must not miss.

use std::time::Duration;
use std::time::Instant;

use crate::route::Kind;
use crate::route::Want;
use crate::route::freshness::Freshness;
use crate::route::freshness::Needs;
use crate::route::freshness::Past;
use crate::session::Session;
use crate::session::side::Link;
use crate::session::side::Role;
use crate::topology::choose::LastRead;

/// How long a session reads from one node before the choice is made anew. What it has read there
/// no other node is known to hold without a fresh sample, which costs a moment of waiting: so it is
/// not paid for each read.
const TENURE: Duration = Duration::from_secs(1);

impl Session {
    /// What the batch that was looked at needs, which came at `arrived`; `database_write` is when
    /// any session of the database was last known to have written.
    pub fn needs(&self, arrived: Instant, database_write: Option<Instant>) -> Needs {
        let past = Past {
            last_write: self.last_write,
            database_write,
            last_read: self.last_read,
        };
        self.freshness().needs(&past, arrived)
    }

    /// Whether the choice of the node for reads is to be made anew, apart from where the last read
    /// was.
    pub fn may_settle_anew(&self, now: Instant) -> bool {
        self.settled.is_none_or(|at| at + TENURE <= now)
    }

    /// It reads from where it did for another while.
    pub fn settle_again(&mut self, now: Instant) {
        self.settled = Some(now);
    }

    /// The session ends as it is: what it may be writing may be committed.
    pub fn on_abandoned(&mut self) {
        self.writes.told |= self.writes.running;
    }

    /// Nodes have other numbers: where the last read was is not known any more.
    pub fn on_reload(&mut self) {
        self.last_read = self.last_read.map(LastRead::nowhere);
    }

    /// What the batch at hand asks for.
    fn freshness(&self) -> Freshness {
        let asked = self.scan.asked.as_ref().and_then(|asked| asked.freshness());
        asked.unwrap_or_else(|| self.settings.wishes().freshness(&self.rules))
    }

    /// Whether the batch at hand changes our settings.
    pub(super) fn changes_settings(&self) -> bool {
        self.scan
            .asked
            .as_ref()
            .is_some_and(|asked| asked.has_set())
    }

    /// A batch was answered to its end: what it may have shown, later reads must not fall behind.
    pub(super) fn note_read(&mut self, now: Instant) {
        let Some(link) = self.link else { return };
        if link.want.kind == Kind::Any && link.role == Role::Replica {
            return;
        }
        let is_here = self
            .last_read
            .is_some_and(|last| last.node == link.node && last.incarnation == link.incarnation);
        if !is_here {
            self.settled = Some(now);
        }
        self.last_read = Some(LastRead {
            node: link.node,
            incarnation: link.incarnation,
            at: now,
        });
    }

    /// A batch that may have written has ended, or its outcome was lost.
    pub(super) fn note_write(&mut self, now: Instant) {
        self.writes.told = true;
        self.last_write = self.last_write.max(Some(now));
    }

    /// Whether a batch that came while the link to a replica served another may follow it there:
    /// the replica was chosen by what that one needed, when it came. What it needs must not have
    /// changed since, be it by our settings or by what others do.
    pub(super) fn may_follow(&self, link: &Link, want: Want) -> bool {
        match (want.kind, link.want.kind) {
            (Kind::Primary, _) => false,
            (Kind::Any, _) => true,
            (Kind::Read | Kind::Replica, Kind::Any) => false,
            (Kind::Read | Kind::Replica, _) => {
                self.scan.asked.is_none() && !link.has_set && self.freshness().is_steady()
            }
        }
    }
}
