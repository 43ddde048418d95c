//! The line of those who wait for a primary: in the order of arrival, no longer than it may be,
//! and let go little by little once there is one.
//!
//! Only the first of the line looks at the cluster; whoever leaves the front wakes the next. As
//! long as somebody waits, those who come stand behind.

mod ramp;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::Notify;
use tokio::time::sleep_until;

use crate::monitor::handle::Monitor;
use crate::registry::desk::clock;
use crate::registry::failover::ramp::Ramp;
use crate::topology::view::View;

/// Those who wait for the primary of one cluster.
#[derive(Debug, Default)]
pub struct Line {
    /// All who have a place, those who were let go and have no server yet too.
    places: AtomicUsize,
    /// Those who stand in line.
    waiting: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next_number: u64,
    /// By their keys.
    line: VecDeque<Waiter>,
    ramp: Ramp,
}

#[derive(Debug)]
struct Waiter {
    key: Key,
    bell: Arc<Notify>,
}

/// Who came when; the number tells those apart that came at the same time.
type Key = (Instant, u64);

/// What the first of the line does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It goes.
    Go,
    /// It looks again then, or when the cluster changes.
    At(Instant),
    /// It looks again when the cluster changes.
    Changed,
    /// It is not the first.
    Behind,
}

impl Line {
    /// Whether those who come have to stand in line. One atomic load.
    pub fn is_busy(&self) -> bool {
        self.waiting() != 0
    }

    /// How many stand in line.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// A place for one who came at `came`, who does not stand in line yet; `None` if `count_max`
    /// have one.
    pub fn enter(self: &Arc<Self>, came: Instant, count_max: usize) -> Option<Place> {
        let has_room = |count: usize| (count < count_max).then_some(count + 1);
        self.places
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, has_room)
            .ok()?;
        let mut state = self.state();
        state.next_number += 1;
        Some(Place {
            key: (came, state.next_number),
            bell: Arc::default(),
            stands: false,
            line: Arc::clone(self),
        })
    }

    /// One who was let go got its server.
    pub fn on_served(&self) {
        self.state().ramp.on_served();
    }

    /// No server could be had of the primary: the next try is to wait a little.
    pub fn on_failed(&self, now: Instant) {
        self.state().ramp.on_failed(now);
    }

    fn step(&self, key: Key, view: &View, patience: Duration, now: Instant) -> Step {
        let mut state = self.state();
        if state.line.front().is_none_or(|first| first.key != key) {
            return Step::Behind;
        }
        let node = view.primary_node();
        if let Some(until) = node.and_then(|node| node.gives_way_until(patience, now)) {
            state.ramp.begin();
            return Step::At(until);
        }
        let timeline = view.identity.map(|identity| identity.timeline);
        let primary = node.map(|node| (node.id, timeline));
        match state.ramp.next(primary, now) {
            None => Step::Changed,
            Some(at) if now < at => Step::At(at),
            Some(_) => {
                state.line.pop_front();
                self.show(&state);
                Step::Go
            }
        }
    }

    fn show(&self, state: &State) {
        self.waiting.store(state.line.len(), Ordering::Relaxed);
        if let Some(first) = state.line.front() {
            first.bell.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic leaves the line as it was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one who waits. Dropped, it is given up.
#[derive(Debug)]
pub struct Place {
    key: Key,
    bell: Arc<Notify>,
    stands: bool,
    line: Arc<Line>,
}

impl Place {
    /// Whether it stands in line, and was not let go.
    pub fn stands(&self) -> bool {
        self.stands
    }

    /// Stands in line, by when it came: again if it was let go for nothing.
    pub fn stand(&mut self) {
        if self.stands {
            return;
        }
        self.stands = true;
        let mut state = self.line.state();
        if state.line.is_empty() {
            state.ramp.begin();
        }
        let i = state.line.partition_point(|w| w.key < self.key);
        let waiter = Waiter {
            key: self.key,
            bell: Arc::clone(&self.bell),
        };
        state.line.insert(i, waiter);
        self.line.show(&state);
    }

    /// Waits until it is its turn, and there is a primary; for one that has turned read only to be
    /// replaced no longer than `patience`.
    ///
    /// # Cancel safety
    /// Yes: it keeps its place.
    pub async fn turn(&mut self, monitor: &Monitor, patience: Duration) {
        // From here on no change is missed.
        let mut changes = monitor.changes();
        while self.stands {
            let step = self.line.step(self.key, &monitor.view(), patience, clock());
            match step {
                Step::Go => self.stands = false,
                Step::Behind => self.bell.notified().await,
                Step::At(at) => {
                    tokio::select! {
                        biased; // In any order: it looks again.
                        _ = changes.changed() => (),
                        () = sleep_until(at.into()) => (),
                        () = self.bell.notified() => (),
                    }
                }
                // The monitor lives as long as the handle on it.
                Step::Changed => drop(changes.changed().await),
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.line.places.fetch_sub(1, Ordering::Relaxed);
        if !self.stands {
            return;
        }
        let mut state = self.line.state();
        if let Ok(i) = state.line.binary_search_by_key(&self.key, |w| w.key) {
            state.line.remove(i);
        }
        self.line.show(&state);
    }
}

#[cfg(test)]
mod tests;
