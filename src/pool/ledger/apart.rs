//! Places for servers that others open for themselves: they count as in use from before there is a
//! server until after it was closed.

use crate::pool::closing::Closing;
use crate::pool::ledger::Ledger;
use crate::pool::ledger::Member;
use crate::pool::ledger::answer::Mode;

impl<S, W> Ledger<S, W> {
    /// Takes a place, if there is one. The reserve is for those who wait in line.
    pub fn take_apart(&mut self) -> Option<Member<()>> {
        if self.mode != Mode::Open || self.settings.size <= self.count() {
            return None;
        }
        self.in_use += 1;
        self.totals.leases += 1;
        self.audit();
        Some(Member {
            server: (),
            expires: None,
            generation: self.generation,
        })
    }

    /// Notes that a server was opened for a place.
    pub fn on_filled(&mut self) {
        self.totals.opened += 1;
    }

    /// Notes that a server was closed whose place is kept.
    pub fn on_emptied(&mut self, why: Closing) {
        self.totals.on_closed(why);
    }

    /// Gives a place back that has no server.
    pub fn vacate<T>(&mut self, place: &Member<T>) {
        self.in_use -= 1;
        self.note_back(place);
        self.audit();
    }
}

impl<S> Member<S> {
    /// What is in its place, and the place with something else in it.
    pub fn with<T>(self, server: T) -> (S, Member<T>) {
        let place = Member {
            server,
            expires: self.expires,
            generation: self.generation,
        };
        (self.server, place)
    }
}
