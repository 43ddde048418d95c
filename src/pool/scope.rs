//! Limits that several pools share: `max_db_connections` and `max_user_connections`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

/// How many servers the pools of one database, or of one user, have, and may have.
#[derive(Debug, Default)]
pub struct Scope {
    /// 0: no limit.
    limit: AtomicU32,
    taken: AtomicU32,
    /// A pool waits for a place.
    starved: AtomicBool,
}

impl Scope {
    /// Sets the limit; 0: none. Servers above it stay until they are closed for other reasons.
    pub fn set_limit(&self, limit: u32) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// The limit; 0: none.
    pub fn limit(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }

    /// Servers there are, those being opened included.
    pub fn taken(&self) -> u32 {
        self.taken.load(Ordering::Relaxed)
    }

    fn try_take(&self) -> bool {
        let limit = match self.limit() {
            0 => u32::MAX,
            limit => limit,
        };
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                (taken < limit).then(|| taken + 1)
            })
            .is_ok()
    }

    fn release(&self) {
        let before = self.taken.fetch_sub(1, Ordering::Relaxed);
        debug_assert!(0 < before, "a place was released that nobody had");
    }
}

/// The scopes of one pool.
#[derive(Clone, Debug)]
pub(super) struct Scopes {
    pub(super) database: Arc<Scope>,
    pub(super) user: Arc<Scope>,
}

/// Which limit left no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Database,
    User,
}

impl Scopes {
    /// Takes a place for one server in both scopes, or in none.
    pub(super) fn take(&self) -> Result<Place, Full> {
        if !self.database.try_take() {
            return Err(Full::Database);
        }
        if !self.user.try_take() {
            self.database.release();
            return Err(Full::User);
        }
        Ok(Place(self.clone()))
    }

    /// Notes that a pool waits for a place in one of them.
    pub(super) fn starve(&self, full: Full) {
        match full {
            Full::Database => self.database.starved.store(true, Ordering::Relaxed),
            Full::User => self.user.starved.store(true, Ordering::Relaxed),
        }
    }

    /// Whether a pool waits for a place in one of them.
    pub(super) fn is_starved(&self) -> bool {
        self.database.starved.load(Ordering::Relaxed) || self.user.starved.load(Ordering::Relaxed)
    }

    /// Forgets that pools wait; those that still do will say so again.
    pub(super) fn settle(&self) {
        self.database.starved.store(false, Ordering::Relaxed);
        self.user.starved.store(false, Ordering::Relaxed);
    }
}

/// A server's place in its pool's scopes; free again when dropped.
#[derive(Debug)]
pub(super) struct Place(Scopes);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.database.release();
        self.0.user.release();
    }
}
