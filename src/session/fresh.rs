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

    /// Whether a node that has what is needed has what the session has read before.
    pub fn goes_on(&self, needs: &Needs) -> bool {
        needs.last_read.is_some() || self.last_read.is_none()
    }

    /// What the batch at hand asks for. What follows it in its transaction asks for no less than the
    /// settings do, and is served by the same node.
    fn freshness(&self) -> Freshness {
        let asked = self.scan.asked.as_ref().and_then(|asked| asked.freshness());
        match asked {
            Some(asked) if self.is_late() || self.scan.facts.begins.is_some() => {
                asked.and(self.settled_freshness())
            }
            Some(asked) => asked,
            None => self.settled_freshness(),
        }
    }

    /// What the settings ask for.
    fn settled_freshness(&self) -> Freshness {
        self.settings.wishes().freshness(&self.rules)
    }

    /// Whether the batch at hand asks for more than the settings do, by which the node of its
    /// transaction was chosen.
    pub(super) fn asks_for_more(&self) -> bool {
        self.scan.asked.is_some() && self.freshness() != self.settled_freshness()
    }

    /// What was sent over the link asks for other than the settings did when it was chosen, or it
    /// has changed them: it is no measure for what comes behind.
    pub(super) fn note_asked(&mut self) {
        if let Some(link) = &mut self.link {
            link.has_asked = true;
        }
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
        let here = LastRead {
            node: link.node,
            incarnation: link.incarnation,
            at: now,
        };
        // A node that was chosen without regard to earlier reads may be behind them.
        let holds_all = is_here || link.goes_on;
        self.last_read = Some(if holds_all { here } else { here.nowhere() });
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
                self.scan.asked.is_none() && !link.has_asked && self.freshness().is_steady()
            }
        }
    }
}
