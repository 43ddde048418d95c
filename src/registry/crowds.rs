//! How many clients there are of each database, user and pool, and the limits of that:
//! `max_db_client_connections` and `max_user_client_connections`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use crate::error::Blame;
use crate::error::Error;
use crate::sqlstate::SqlState;

/// Clients that have something in common.
#[derive(Debug, Default)]
pub struct Crowd {
    count: AtomicU32,
}

impl Crowd {
    /// How many there are.
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    /// One more, unless there are `limit` already; 0 is no limit.
    fn try_enter(&self, limit: u32) -> bool {
        let enter = |count| (limit == 0 || count < limit).then_some(count + 1);
        self.count
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, enter)
            .is_ok()
    }

    fn leave(&self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The crowds of all databases, users and pools.
#[derive(Debug, Default)]
pub struct Crowds {
    databases: Mutex<HashMap<Arc<str>, Arc<Crowd>>>,
    users: Mutex<HashMap<Arc<str>, Arc<Crowd>>>,
    pools: Mutex<HashMap<PoolName, Arc<Crowd>>>,
}

/// A database and the user that its servers log in as.
type PoolName = (Arc<str>, Arc<str>);

impl Crowds {
    /// The clients of a database.
    pub fn of_database(&self, database: &Arc<str>) -> Arc<Crowd> {
        found(&self.databases, Arc::clone(database))
    }

    /// The clients that have logged in as this user.
    pub fn of_user(&self, user: &Arc<str>) -> Arc<Crowd> {
        found(&self.users, Arc::clone(user))
    }

    /// How many clients a database has.
    pub fn in_database(&self, database: &str) -> u32 {
        let databases = self.databases.lock();
        let databases = databases.unwrap_or_else(PoisonError::into_inner);
        databases.get(database).map_or(0, |crowd| crowd.count())
    }

    /// Forgets the crowds that nobody holds: they are empty, and clients make names up.
    pub fn forget_unheld(&self) {
        forget_unheld(&self.databases);
        forget_unheld(&self.users);
        forget_unheld(&self.pools);
    }

    /// The clients of a pool, by its database and the user that its servers log in as.
    pub fn of_pool(&self, database: &Arc<str>, user: &Arc<str>) -> Arc<Crowd> {
        found(&self.pools, (Arc::clone(database), Arc::clone(user)))
    }
}

fn found<K: Eq + std::hash::Hash>(crowds: &Mutex<HashMap<K, Arc<Crowd>>>, key: K) -> Arc<Crowd> {
    let mut crowds = crowds.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(crowds.entry(key).or_default())
}

fn forget_unheld<K: Eq + std::hash::Hash>(crowds: &Mutex<HashMap<K, Arc<Crowd>>>) {
    let mut crowds = crowds.lock().unwrap_or_else(PoisonError::into_inner);
    crowds.retain(|_, crowd| 1 < Arc::strong_count(crowd));
}

/// The crowds that a client of one desk is in.
#[derive(Debug)]
pub struct Places {
    /// Those of its database.
    pub database: Arc<Crowd>,
    /// Those of its user.
    pub user: Arc<Crowd>,
    /// Those of its pool.
    pub pool: Arc<Crowd>,
}

/// How many clients there may be; 0 is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrowdLimits {
    /// Of a database.
    pub database: u32,
    /// Of a user.
    pub user: u32,
}

impl Places {
    /// Counts a client in, until what is returned is dropped.
    ///
    /// # Errors
    /// There are too many, in PgBouncer's words.
    pub fn enter(self: &Arc<Self>, limits: CrowdLimits) -> Result<Admitted, Error> {
        if !self.database.try_enter(limits.database) {
            return Err(refused("max_db_client_connections"));
        }
        if !self.user.try_enter(limits.user) {
            self.database.leave();
            return Err(refused("max_user_client_connections"));
        }
        let is_in = self.pool.try_enter(0);
        debug_assert!(is_in, "there is no limit");
        Ok(Admitted(Arc::clone(self)))
    }
}

fn refused(limit: &str) -> Error {
    let said = format!("client connections exceeded ({limit})");
    Error::new(Blame::Proxy, SqlState::PROTOCOL, said)
}

/// A client that is counted, until it is dropped.
#[derive(Debug)]
pub struct Admitted(Arc<Places>);

impl Drop for Admitted {
    fn drop(&mut self) {
        let Places {
            database,
            user,
            pool,
        } = &*self.0;
        [database, user, pool].into_iter().for_each(|c| c.leave());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(crowds: &Crowds, database: &str, user: &str) -> Arc<Places> {
        let (database, user) = (Arc::from(database), Arc::from(user));
        Arc::new(Places {
            database: crowds.of_database(&database),
            user: crowds.of_user(&user),
            pool: crowds.of_pool(&database, &user),
        })
    }

    #[test]
    fn one_too_many_is_refused_and_counted_nowhere() {
        let crowds = Crowds::default();
        let limits = CrowdLimits {
            database: 2,
            user: 1,
        };
        let (a, b) = (places(&crowds, "d", "a"), places(&crowds, "d", "b"));
        let first = a.enter(limits).unwrap();
        let said = a.enter(limits).unwrap_err().to_string();
        assert_eq!(
            said,
            "client connections exceeded (max_user_client_connections)"
        );
        let _second = b.enter(limits).unwrap();
        let c = places(&crowds, "d", "c");
        let said = c.enter(limits).unwrap_err().to_string();
        assert_eq!(
            said,
            "client connections exceeded (max_db_client_connections)"
        );
        drop(first);
        assert_eq!(crowds.of_database(&Arc::from("d")).count(), 1);
        assert_eq!(crowds.of_user(&Arc::from("a")).count(), 0);
        let _third = c.enter(limits).unwrap();
        // Who is exempt comes in all the same.
        let _fourth = a.enter(CrowdLimits::default()).unwrap();
        assert_eq!(crowds.of_database(&Arc::from("d")).count(), 3);
    }
    #[test]
    fn names_that_nobody_goes_by_are_forgotten() {
        let crowds = Crowds::default();
        let names = |crowds: &Crowds| {
            let databases = crowds.databases.lock().unwrap().len();
            databases + crowds.users.lock().unwrap().len() + crowds.pools.lock().unwrap().len()
        };
        let (kept, gone) = (places(&crowds, "d", "a"), places(&crowds, "made_up", "a"));
        let client = kept.enter(CrowdLimits::default()).unwrap();
        drop((kept, gone));
        assert_eq!((names(&crowds), crowds.in_database("never")), (5, 0));
        crowds.forget_unheld();
        assert_eq!((names(&crowds), crowds.in_database("d")), (3, 1));
        drop(client);
        crowds.forget_unheld();
        assert_eq!((names(&crowds), crowds.in_database("d")), (0, 0));
    }
}
