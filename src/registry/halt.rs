//! What the console and signals do to databases and to the process: PAUSE, RESUME, SUSPEND, KILL,
//! DISABLE, ENABLE, RECONNECT, and what they wait for.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::config::types::CONSOLE_DATABASES;
use crate::control::gate::Gates;
use crate::ids::ClientId;
use crate::pool::set::Selection;
use crate::registry::Registry;
use crate::registry::clients::Slot;
use crate::registry::orders::Orders;
use crate::registry::parting::Parting;

/// What the process has been told to stop doing, as a whole and by database.
#[derive(Debug)]
pub struct Halts {
    /// Databases that take no new clients.
    pub gates: Gates,
    mode: Mutex<Mode>,
    is_ending: watch::Sender<bool>,
    is_suspended: watch::Sender<bool>,
}

/// What the process as a whole does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// It serves.
    #[default]
    Active,
    /// Clients wait for servers.
    Paused,
    /// No socket of a client or server is read.
    Suspended,
}

/// Why something cannot be done now. Displayed in PgBouncer's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The process is paused or suspended as a whole.
    Halted,
    /// It is not.
    NotHalted,
    /// The database is not paused.
    NotPaused(Arc<str>),
    /// Some database is paused.
    HasPaused,
    /// The process ends.
    Ending,
    /// There is no such client.
    NoSuchClient,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Halted => f.write_str("already suspended/paused"),
            Self::NotHalted => f.write_str("pooler is not paused/suspended"),
            Self::NotPaused(database) => write!(f, "database {database} is not paused"),
            Self::HasPaused => f.write_str("cannot suspend with paused databases"),
            Self::Ending => f.write_str("pooler is shutting down"),
            Self::NoSuchClient => f.write_str("client not found"),
        }
    }
}

impl Default for Halts {
    fn default() -> Self {
        Self {
            gates: Gates::default(),
            mode: Mutex::default(),
            is_ending: watch::Sender::new(false),
            is_suspended: watch::Sender::new(false),
        }
    }
}

impl Halts {
    /// What the process as a whole does.
    pub fn mode(&self) -> Mode {
        *self.lock()
    }

    /// Whether the process waits for its end: then nothing is resumed.
    pub fn is_ending(&self) -> bool {
        *self.is_ending.borrow()
    }

    /// The process waits for its end from now on.
    pub fn begin_to_end(&self) {
        self.is_ending.send_replace(true);
    }

    /// Waits while the process is suspended. For those who accept connections.
    ///
    /// # Cancel safety
    /// Yes: it changes nothing.
    pub async fn while_suspended(&self) {
        let mut told = self.is_suspended.subscribe();
        // It fails only when `self` is gone.
        let _ = told.wait_for(|is_suspended| !is_suspended).await;
    }

    /// Waits until the process is suspended.
    ///
    /// # Cancel safety
    /// Yes: it changes nothing.
    pub async fn suspended(&self) {
        let mut told = self.is_suspended.subscribe();
        let _ = told.wait_for(|is_suspended| *is_suspended).await;
    }

    fn lock(&self) -> MutexGuard<'_, Mode> {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes over to `next` from [`Mode::Active`].
    fn halt(&self, next: Mode) -> Result<(), Refused> {
        let mut mode = self.lock();
        if *mode != Mode::Active {
            return Err(Refused::Halted);
        }
        *mode = next;
        Ok(())
    }
}

impl Registry {
    /// Lets clients wait from now on; servers are closed now if idle, else when they come back.
    /// [`paused`](Self::paused) tells when none is left.
    ///
    /// # Errors
    /// The process as a whole is halted already.
    pub fn pause(&self, selection: &Selection) -> Result<(), Refused> {
        match selection {
            Selection::All => self.halts.halt(Mode::Paused)?,
            _ if self.halts.mode() != Mode::Active => return Err(Refused::Halted),
            _ => (),
        }
        self.pools.pause(selection);
        Ok(())
    }

    /// Ends [`pause`](Self::pause), [`suspend`](Self::suspend) or [`kill`](Self::kill).
    ///
    /// # Errors
    /// There is nothing to end, or the process ends.
    pub fn resume(&self, selection: &Selection) -> Result<(), Refused> {
        if self.halts.is_ending() {
            return Err(Refused::Ending);
        }
        if *selection != Selection::All {
            return match (self.pools.resume(selection), selection) {
                (false, Selection::Database(name)) => Err(Refused::NotPaused(Arc::clone(name))),
                (_, _) => Ok(()),
            };
        }
        let before = std::mem::take(&mut *self.halts.lock());
        match before {
            Mode::Active => return Err(Refused::NotHalted),
            Mode::Paused => {
                self.pools.resume(selection);
            }
            Mode::Suspended => {
                self.halts.is_suspended.send_replace(false);
                self.clients.withdraw(Orders::SUSPEND);
            }
        }
        Ok(())
    }

    /// Has all clients flush what they have and then stand still.
    /// [`still`](Self::still) tells when they do.
    ///
    /// # Errors
    /// The process is halted already, as a whole or for a database.
    pub fn suspend(&self) -> Result<(), Refused> {
        if self.halts.mode() != Mode::Active {
            return Err(Refused::Halted);
        }
        if !self.pools.paused().is_empty() {
            return Err(Refused::HasPaused);
        }
        self.halts.halt(Mode::Suspended)?;
        self.halts.is_suspended.send_replace(true);
        self.clients.tell_all(Orders::SUSPEND);
        Ok(())
    }

    /// Closes clients and servers now and lets those who come wait, until it is resumed.
    ///
    /// # Errors
    /// The process as a whole is halted already.
    pub fn kill(&self, selection: &Selection) -> Result<(), Refused> {
        self.pause(selection)?;
        for slot in self.clients.of_databases() {
            if is_meant(&slot, selection) {
                slot.part(Parting::Killed);
            }
        }
        Ok(())
    }

    /// Closes one client and its server.
    ///
    /// # Errors
    /// There is none of this number.
    pub fn kill_client(&self, id: ClientId) -> Result<(), Refused> {
        let slot = self.clients.find(id).ok_or(Refused::NoSuchClient)?;
        slot.part(Parting::KilledAlone);
        Ok(())
    }

    /// Waits until the selected pools, which are paused, have no server in use or being opened.
    ///
    /// # Errors
    /// They were resumed before.
    ///
    /// # Cancel safety
    /// Yes: it changes nothing.
    pub async fn paused(&self, selection: &Selection) -> Result<(), Refused> {
        let mut quiet = pin!(self.pools.quiet(selection));
        loop {
            if timeout(LOOK_EVERY, &mut quiet).await.is_ok() {
                return Ok(());
            }
            if !self.pools.paused().contains(selection) {
                return Err(match selection {
                    Selection::Database(name) => Refused::NotPaused(Arc::clone(name)),
                    _ => Refused::NotHalted,
                });
            }
        }
    }

    /// Waits until the clients of the selected databases, which were told to go, have done so and
    /// their servers are closed; not for long, for one may not read what it is told.
    ///
    /// # Cancel safety
    /// Yes: it changes nothing.
    pub async fn gone(&self, selection: &Selection) {
        let deadline = Instant::now() + GONE_LIMIT;
        while Instant::now() < deadline {
            let slots = self.clients.of_databases();
            let is_left = slots.iter().any(|slot| is_meant(slot, selection));
            let quiet = timeout(LOOK_EVERY, self.pools.quiet(selection));
            if quiet.await.is_ok() && !is_left {
                return;
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until no server of the selected pools is left that has to be closed when it comes
    /// back.
    ///
    /// # Cancel safety
    /// Yes: it changes nothing.
    pub async fn renewed(&self, selection: &Selection) {
        while self.pools.outdated(selection) != 0 {
            sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until all clients of a suspended process stand still; those that do not within
    /// `suspend_timeout` are closed.
    ///
    /// # Cancel safety
    /// Yes: it may be called again.
    pub async fn still(&self) {
        let limit = self.state().config.limits.suspend_timeout;
        let deadline = Instant::now() + limit;
        while self.halts.mode() == Mode::Suspended {
            let restless = self.clients.restless();
            if restless.is_empty() {
                return;
            }
            if deadline <= Instant::now() {
                restless
                    .iter()
                    .for_each(|slot| slot.part(Parting::Restless));
            }
            sleep(LOOK_EVERY).await;
        }
    }
}

fn is_meant(slot: &Slot, selection: &Selection) -> bool {
    match selection {
        Selection::Database(database) => slot.database == *database,
        Selection::All | Selection::User(_) | Selection::Node(_) => true,
    }
}

/// What PgBouncer calls the console's database, and its user.
pub const CONSOLE: &str = "pgbouncer";

/// Whether a database of this name is the console.
pub fn is_console(database: &str) -> bool {
    CONSOLE_DATABASES.contains(&database)
}

/// How long clients and servers may take to go.
const GONE_LIMIT: Duration = Duration::from_secs(2);

/// How often what has no notice of its own is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);
