//! The clients of this process: how to tell one of them something, and whose query a cancel
//! request means.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::task::Waker;

use subtle::ConstantTimeEq;

use crate::ids::ClientId;
use crate::server::CancelHandle;
use crate::server::CancelInFlight;

/// Bytes of a cancel key in protocol 3.2; in 3.0 it has 4.
pub const CANCEL_KEY_BYTES: usize = 32;

/// Sweeps without a batch after which a client is idle.
const SWEEPS_TO_SHED: u8 = 2;

/// What a client's task is told. More than one may be told at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders(u8);

impl Orders {
    /// Leave when no transaction is running.
    pub const DRAIN: Self = Self(1);
    /// Leave now.
    pub const LEAVE: Self = Self(2);
    /// Give up waiting for a server: the query was cancelled.
    pub const CANCEL: Self = Self(4);
    /// Take the configuration anew.
    pub const RELOAD: Self = Self(8);
    /// Give back memory: the client has been idle for a while.
    pub const SHED: Self = Self(16);

    /// Whether all of `other` was told.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing was told.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// One client as others see it.
pub struct Slot {
    /// Its number.
    pub id: ClientId,
    /// What its cancel requests hold as process id.
    pub pid: u32,
    /// The database that it named.
    pub database: Arc<str>,
    key: [u8; CANCEL_KEY_BYTES],
    key_bytes: usize,
    link: Mutex<SlotLink>,
    orders: AtomicU8,
    /// Sweeps since the client last began a batch.
    sweeps: AtomicU8,
    waker: Mutex<Option<Waker>>,
}

/// What a client has to do with servers.
#[derive(Default)]
enum SlotLink {
    /// Nothing.
    #[default]
    Idle,
    /// It waits for one.
    Waiting,
    /// It has one.
    Linked(Arc<CancelHandle>),
}

/// What a cancel request asks for.
pub enum Cancel {
    /// To be passed on to this server.
    Forward(CancelInFlight),
    /// Nothing more: the client was told, or has no query, or nobody knows the key.
    Done,
}

impl Slot {
    /// The key that the client was told.
    pub fn key(&self) -> &[u8] {
        self.key.get(..self.key_bytes).unwrap_or(&self.key)
    }

    /// Notes the server that the client's query is on.
    pub fn link(&self, key: &Arc<CancelHandle>) {
        *self.lock() = SlotLink::Linked(Arc::clone(key));
    }

    /// Notes that the client waits for a server.
    pub fn wait(&self) {
        // One that came before this batch does not mean it.
        self.carried_out(Orders::CANCEL);
        *self.lock() = SlotLink::Waiting;
    }

    /// Notes that the client has no query.
    pub fn unlink(&self) {
        *self.lock() = SlotLink::Idle;
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

    fn cancel(&self) -> Cancel {
        let link = self.lock();
        match &*link {
            SlotLink::Idle => Cancel::Done,
            SlotLink::Waiting => {
                self.tell(Orders::CANCEL);
                Cancel::Done
            }
            SlotLink::Linked(key) => Cancel::Forward(key.begin()),
        }
    }

    fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, SlotLink> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
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
    slots: Mutex<HashMap<u32, Arc<Slot>>>,
    next_id: AtomicU64,
    /// Connections of all kinds, those in login too.
    connected: AtomicUsize,
    draining: AtomicBool,
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

    /// Registers a client that has logged in, until [`leave`](Self::leave). `random` are the
    /// bytes of its key; `key_bytes` of them are told, 4 in protocol 3.0.
    pub fn join(
        &self,
        id: ClientId,
        random: [u8; CANCEL_KEY_BYTES],
        key_bytes: usize,
        database: &Arc<str>,
    ) -> Arc<Slot> {
        let mut slots = self.slots();
        let mut pid = u32::try_from(id.0 & 0x7fff_ffff).unwrap_or(1).max(1);
        while slots.contains_key(&pid) {
            pid = pid % 0x7fff_ffff + 1;
        }
        let slot = Arc::new(Slot {
            id,
            pid,
            database: Arc::clone(database),
            key: random,
            key_bytes: key_bytes.min(CANCEL_KEY_BYTES),
            link: Mutex::default(),
            orders: AtomicU8::new(0),
            sweeps: AtomicU8::new(0),
            waker: Mutex::default(),
        });
        slots.insert(pid, Arc::clone(&slot));
        if self.draining.load(Ordering::Acquire) {
            slot.tell(Orders::DRAIN);
        }
        slot
    }

    /// Forgets a client.
    pub fn leave(&self, slot: &Slot) {
        self.slots().remove(&slot.pid);
    }

    /// Finds what a cancel request means. The key is compared in constant time.
    pub fn cancel(&self, pid: u32, key: &[u8]) -> Cancel {
        let slot = self.slots().get(&pid).map(Arc::clone);
        match slot {
            Some(slot) if bool::from(slot.key().ct_eq(key)) => slot.cancel(),
            _ => Cancel::Done,
        }
    }

    /// Tells all clients something; those who come later are told to drain too.
    pub fn tell_all(&self, orders: Orders) {
        if orders.has(Orders::DRAIN) {
            self.draining.store(true, Ordering::Release);
        }
        let slots: Vec<_> = self.slots().values().map(Arc::clone).collect();
        slots.iter().for_each(|slot| slot.tell(orders));
    }

    /// How many have logged in, by database and by what they do.
    pub fn census(&self) -> BTreeMap<Arc<str>, Census> {
        let mut census: BTreeMap<Arc<str>, Census> = BTreeMap::new();
        for slot in self.slots().values() {
            let counts = census.entry(Arc::clone(&slot.database)).or_default();
            match &*slot.lock() {
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

    fn slots(&self) -> MutexGuard<'_, HashMap<u32, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clients by what they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// They have no server and ask for none.
    pub idle: u32,
    /// They wait for a server.
    pub waiting: u32,
    /// They have a server.
    pub active: u32,
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
