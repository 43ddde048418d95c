//! The clients of this process: how to tell one of them something, and whose query a cancel
//! request means.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Instant;

use crate::ids::ClientId;
use crate::net::about::About;
use crate::registry::cancels::Cancel;
use crate::registry::client_key::CANCEL_KEY_BYTES;
use crate::registry::client_key::Key;
use crate::registry::halt::is_console;
use crate::registry::orders::Orders;
use crate::registry::parting::Parting;
use crate::registry::place::Census;
use crate::registry::place::Place;
use crate::registry::place::SlotLink;
use crate::server::CancelHandle;
use crate::session::reported::Reported;
use crate::wire::startup::CancelKey;
use crate::wire::startup::Replication;

/// Sweeps without a batch after which a client is idle.
const SWEEPS_TO_SHED: u8 = 2;

/// One client as others see it.
pub struct Slot {
    /// Its number.
    pub id: ClientId,
    /// What its cancel requests hold.
    pub key: Key,
    /// The database that it named.
    pub database: Arc<str>,
    /// Who it is.
    pub user: Arc<str>,
    /// Its connection.
    pub about: About,
    /// Whether it replicates.
    pub replication: Replication,
    place: Mutex<Place>,
    orders: AtomicU8,
    parting: OnceLock<Parting>,
    /// Sweeps since the client last began a batch.
    sweeps: AtomicU8,
    waker: Mutex<Option<Waker>>,
}

/// Who joins, and what it was told at its login.
pub struct Joining<'a> {
    /// Its number.
    pub id: ClientId,
    /// The bytes of its key, of which `key_bytes` are told.
    pub random: [u8; CANCEL_KEY_BYTES],
    /// 4 in protocol 3.0.
    pub key_bytes: usize,
    /// The number that this process has among its peers; 0: none.
    pub peer_id: u16,
    /// The database that it named.
    pub database: &'a Arc<str>,
    /// Who it is.
    pub user: Arc<str>,
    /// Its connection.
    pub about: About,
    /// Its settings.
    pub told: Arc<Reported>,
    /// Whether it replicates.
    pub replication: Replication,
}

impl Slot {
    /// Notes the server that the client's query is on, which came at `began`.
    pub fn link(&self, key: &Arc<CancelHandle>, began: Instant) {
        let mut place = self.lock();
        place.link = SlotLink::Linked(Arc::clone(key));
        place.links_count += 1;
        place.since = began;
    }

    /// Notes that the client waits for a server.
    pub fn wait(&self, now: Instant) {
        let mut place = self.lock();
        place.link = SlotLink::Waiting;
        place.since = now;
    }

    /// Notes that the client has no query, and what has become of its session.
    pub fn unlink(&self, told: &Arc<Reported>, prepared: usize) {
        let mut place = self.lock();
        place.link = SlotLink::Idle;
        place.report(told, prepared);
    }

    /// Notes what has become of the session of a client that keeps its server.
    pub fn report(&self, told: &Arc<Reported>, prepared: usize) {
        self.lock().report(told, prepared);
    }

    /// What the client does now.
    pub fn place(&self) -> Place {
        self.lock().clone()
    }

    /// Notes whether the client stands still.
    pub fn stand_still(&self, is_still: bool) {
        self.lock().is_still = is_still;
    }

    /// Tells the client's task to end now, for this reason if there is none yet.
    pub fn part(&self, parting: Parting) {
        // The first reason counts.
        let _ = self.parting.set(parting);
        self.tell(Orders::LEAVE);
    }

    /// Why the client's task is to end.
    pub fn parting(&self) -> Parting {
        self.parting.get().copied().unwrap_or(Parting::Shutdown)
    }

    /// Tells the client's task something and wakes it.
    pub fn tell(&self, orders: Orders) {
        self.orders.fetch_or(orders.0, Ordering::AcqRel);
        if let Some(waker) = &*self.waker() {
            waker.wake_by_ref();
        }
    }

    /// What was told and not yet taken.
    pub fn orders(&self) -> Orders {
        Orders(self.orders.load(Ordering::Acquire))
    }

    /// Notes that an order was carried out.
    pub fn carried_out(&self, orders: Orders) {
        self.orders.fetch_and(!orders.0, Ordering::AcqRel);
    }

    /// The client begins a batch. One relaxed store.
    pub fn stir(&self) {
        self.sweeps.store(0, Ordering::Relaxed);
    }

    /// A sweep goes by: a client that began no batch since the last one but one is told to shed,
    /// once.
    fn sweep(&self) {
        let before = self.sweeps.load(Ordering::Relaxed);
        if before < SWEEPS_TO_SHED {
            self.sweeps.store(before + 1, Ordering::Relaxed);
            if before + 1 == SWEEPS_TO_SHED {
                self.tell(Orders::SHED);
            }
        }
    }

    /// Whom to wake whenever something is told, from now on. Called before
    /// [`orders`](Self::orders) is asked.
    pub fn register(&self, waker: &Waker) {
        *self.waker() = Some(waker.clone());
    }

    fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// All clients that have logged in, and a count of those that have not.
#[derive(Debug, Default)]
pub struct Clients {
    /// By the heads of their keys.
    slots: Mutex<HashMap<u64, Arc<Slot>>>,
    next_id: AtomicU64,
    /// Connections of all kinds, those in login too.
    connected: AtomicUsize,
    /// What those are told who come later.
    standing: AtomicU8,
    /// How often all were told of another configuration.
    reloads: AtomicU64,
}

impl Clients {
    /// Counts a connection in, until the returned value is dropped; `None` if there are
    /// `count_max` already.
    pub fn enter(self: &Arc<Self>, count_max: usize) -> Option<Entered> {
        let entered = self
            .connected
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| {
                (count < count_max).then_some(count + 1)
            });
        entered.is_ok().then(|| Entered {
            clients: Arc::clone(self),
        })
    }

    /// A number for a new client.
    pub fn next_id(&self) -> ClientId {
        ClientId(self.next_id.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Registers a client that has logged in, until [`leave`](Self::leave).
    pub fn join(&self, joining: Joining<'_>) -> Arc<Slot> {
        let id = joining.id;
        let mut slots = self.slots();
        let secret = (joining.random, joining.key_bytes);
        let key = Key::free(id.0, secret, joining.peer_id, |h| slots.contains_key(&h));
        let slot = Arc::new(Slot {
            id,
            key,
            database: Arc::clone(joining.database),
            user: joining.user,
            place: Mutex::new(Place {
                link: SlotLink::Idle,
                links_count: 0,
                since: joining.about.since,
                told: joining.told,
                prepared: 0,
                is_still: false,
            }),
            about: joining.about,
            replication: joining.replication,
            orders: AtomicU8::new(self.standing.load(Ordering::Acquire)),
            parting: OnceLock::new(),
            sweeps: AtomicU8::new(0),
            waker: Mutex::default(),
        });
        slots.insert(slot.key.head(), Arc::clone(&slot));
        slot
    }

    /// Forgets a client.
    pub fn leave(&self, slot: &Slot) {
        self.slots().remove(&slot.key.head());
    }

    /// Finds what a cancel request means.
    pub fn cancel(&self, shown: &CancelKey) -> Cancel {
        for head in Key::heads(shown) {
            let slot = self.slots().get(&head).map(Arc::clone);
            if let Some(slot) = slot.filter(|slot| slot.key.is_shown(shown)) {
                return slot.cancel();
            }
        }
        Cancel::Unknown
    }

    /// Tells all clients something; those who come later are told to drain and to stand still too.
    pub fn tell_all(&self, orders: Orders) {
        let standing = orders.0 & (Orders::DRAIN.0 | Orders::SUSPEND.0);
        self.standing.fetch_or(standing, Ordering::AcqRel);
        if orders.has(Orders::RELOAD) {
            self.reloads.fetch_add(1, Ordering::AcqRel);
        }
        self.all().iter().for_each(|slot| slot.tell(orders));
    }

    /// How often all were told of another configuration: who has logged in by one that was replaced
    /// meanwhile was not.
    pub fn reloads(&self) -> u64 {
        self.reloads.load(Ordering::Acquire)
    }

    /// Takes back what all were told.
    pub fn withdraw(&self, orders: Orders) {
        self.standing.fetch_and(!orders.0, Ordering::AcqRel);
        for slot in self.all() {
            slot.carried_out(orders);
            slot.tell(Orders::default());
        }
    }

    /// All that have logged in, in the order of their numbers.
    pub fn all(&self) -> Vec<Arc<Slot>> {
        let mut slots: Vec<_> = self.slots().values().map(Arc::clone).collect();
        slots.sort_unstable_by_key(|slot| slot.id);
        slots
    }

    /// Those that are not in the console.
    pub fn of_databases(&self) -> Vec<Arc<Slot>> {
        let mut slots = self.all();
        slots.retain(|slot| !is_console(&slot.database));
        slots
    }

    /// Those that were told to stand still and do not yet.
    pub fn restless(&self) -> Vec<Arc<Slot>> {
        let mut slots = self.of_databases();
        slots.retain(|slot| {
            let place = slot.lock();
            !place.is_still && !matches!(place.link, SlotLink::Waiting)
        });
        slots
    }

    /// The client of this number.
    pub fn find(&self, id: ClientId) -> Option<Arc<Slot>> {
        let slots = self.slots();
        slots.values().find(|slot| slot.id == id).map(Arc::clone)
    }

    /// How many have logged in, by database and by what they do.
    pub fn census(&self) -> BTreeMap<Arc<str>, Census> {
        let mut census: BTreeMap<Arc<str>, Census> = BTreeMap::new();
        for slot in self.slots().values() {
            let counts = census.entry(Arc::clone(&slot.database)).or_default();
            match &slot.lock().link {
                SlotLink::Idle => counts.idle += 1,
                SlotLink::Waiting => counts.waiting += 1,
                SlotLink::Linked(..) => counts.active += 1,
            }
        }
        census
    }

    /// Looks for clients that have become idle. To be called each second or so: it is what lets
    /// busy clients keep their buffers and idle ones have none.
    pub fn sweep(&self) {
        let slots: Vec<_> = self.slots().values().map(Arc::clone).collect();
        slots.iter().for_each(|slot| slot.sweep());
    }

    /// How many have logged in.
    pub fn count(&self) -> usize {
        self.slots().len()
    }

    /// How many connections there are, those in login too.
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::Acquire)
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<u64, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that counts against `max_client_conn`.
#[derive(Debug)]
pub struct Entered {
    clients: Arc<Clients>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.clients.connected.fetch_sub(1, Ordering::AcqRel);
    }
}
