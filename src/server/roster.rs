//! All servers there are, as others see them: those that are being opened too.
//!
//! A server stands here from when it is dialed until it is closed. What it did for its clients is
//! then added to what its database had done before.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::ids::ServerId;
use crate::metrics::figures::Counts;
use crate::metrics::figures::Figures;
use crate::net::about::About;
use crate::server::CancelHandle;
use crate::session::meter::Meter;

/// All servers, and what was done for each database.
#[derive(Debug, Default)]
pub struct Roster {
    next_id: AtomicU64,
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    cards: BTreeMap<u64, Arc<Card>>,
    /// By the names that clients use: what servers that are closed did, and what needed none.
    done: HashMap<Arc<str>, Arc<Counts>>,
}

/// Who a server is for, and in which pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The database by the name that clients use.
    pub database: Arc<str>,
    /// The user it logs in as.
    pub user: Arc<str>,
    /// The address under which its pool is known.
    pub node: Arc<str>,
}

/// One server.
#[derive(Debug)]
pub struct Card {
    /// Its number.
    pub id: ServerId,
    /// Who it is for.
    pub purpose: Purpose,
    /// Where it was dialed: host and port.
    pub target: Box<str>,
    /// When it was dialed.
    pub since: Instant,
    login: OnceLock<LoggedIn>,
    counts: Arc<Counts>,
    prepared: Arc<AtomicUsize>,
    is_outdated: AtomicBool,
}

/// What there is once a server has logged in.
#[derive(Debug)]
pub struct LoggedIn {
    /// Its connection.
    pub about: About,
    /// What cancels its query: by this it is known whose server it is.
    pub cancel: Arc<CancelHandle>,
}

impl Roster {
    /// A server is dialed at `target`, `now`; it leaves when the returned value is dropped.
    pub fn enter(self: &Arc<Self>, purpose: Purpose, target: &str, now: Instant) -> Entry {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed) + 1;
        let meter = Meter::default();
        let card = Arc::new(Card {
            id: ServerId(id),
            purpose,
            target: target.into(),
            since: now,
            login: OnceLock::new(),
            counts: Arc::clone(&meter.counts),
            prepared: Arc::clone(&meter.prepared),
            is_outdated: AtomicBool::new(false),
        });
        self.rows().cards.insert(id, Arc::clone(&card));
        Entry {
            roster: Arc::clone(self),
            card,
        }
    }

    /// All servers, by number.
    pub fn cards(&self) -> Vec<Arc<Card>> {
        self.rows().cards.values().map(Arc::clone).collect()
    }

    /// What was done for a database and is in no server's figures; others add to it.
    pub fn done(&self, database: &Arc<str>) -> Arc<Counts> {
        let mut rows = self.rows();
        Arc::clone(rows.done.entry(Arc::clone(database)).or_default())
    }

    /// All that was done for each database that has had a client or a server.
    pub fn figures(&self) -> BTreeMap<Arc<str>, Figures> {
        let rows = self.rows();
        let done = rows.done.iter();
        let mut figures: BTreeMap<_, _> = done
            .map(|(database, counts)| (Arc::clone(database), counts.read()))
            .collect();
        for card in rows.cards.values() {
            let database = Arc::clone(&card.purpose.database);
            *figures.entry(database).or_default() += card.counts.read();
        }
        figures
    }

    /// The servers for this purpose are to be closed when they come back.
    pub fn outdate(&self, purpose: &Purpose) {
        let rows = self.rows();
        let cards = rows.cards.values().filter(|card| card.purpose == *purpose);
        cards.for_each(|card| card.is_outdated.store(true, Ordering::Relaxed));
    }

    /// Forgets a database that is not there.
    pub fn forget(&self, database: &str) {
        self.rows().done.remove(database);
    }

    fn leave(&self, card: &Card) {
        let mut rows = self.rows();
        rows.cards.remove(&card.id.0);
        let database = Arc::clone(&card.purpose.database);
        let figures = card.counts.read();
        if figures != Figures::default() {
            rows.done.entry(database).or_default().add(&figures);
        }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Card {
    /// What there is once it has logged in.
    pub fn login(&self) -> Option<&LoggedIn> {
        self.login.get()
    }

    /// Whether it is closed when it comes back.
    pub fn is_outdated(&self) -> bool {
        self.is_outdated.load(Ordering::Relaxed)
    }

    /// How many statements it has prepared.
    pub fn prepared(&self) -> usize {
        self.prepared.load(Ordering::Relaxed)
    }
}

/// A server's place in the roster, which it has as long as this lives.
#[derive(Debug)]
pub struct Entry {
    roster: Arc<Roster>,
    card: Arc<Card>,
}

impl Entry {
    /// Its number.
    pub fn id(&self) -> ServerId {
        self.card.id
    }

    /// What counts for it.
    pub fn meter(&self) -> Meter {
        Meter::of(&self.card.counts, &self.card.prepared)
    }

    /// It has logged in.
    pub fn on_login(&self, about: About, cancel: &Arc<CancelHandle>) {
        let cancel = Arc::clone(cancel);
        // Each logs in once.
        let _ = self.card.login.set(LoggedIn { about, cancel });
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.roster.leave(&self.card);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn purpose(database: &str) -> Purpose {
        Purpose {
            database: database.into(),
            user: "app".into(),
            node: "a:1".into(),
        }
    }

    #[test]
    fn what_a_server_did_is_kept_when_it_is_closed() {
        let roster = Arc::new(Roster::default());
        let (one, other) = (
            roster.enter(purpose("a"), "a:1", now()),
            roster.enter(purpose("a"), "a:1", now()),
        );
        one.meter().counts.queries.add_alone(2);
        other.meter().counts.queries.add_alone(3);
        roster.done(&"a".into()).queries.add(10);
        let queries = || roster.figures().get("a").map(|f| f.queries);
        assert_eq!((queries(), roster.cards().len()), (Some(15), 2));
        drop(one);
        assert_eq!((queries(), roster.cards().len()), (Some(15), 1));
        assert_eq!(other.id(), ServerId(2));
        drop(other);
        assert_eq!((queries(), roster.cards().len()), (Some(15), 0));
        roster.forget("a");
        assert_eq!(queries(), None);
    }
}
