//! What the tasks of a monitor and its handles share.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::Notify;
use tokio::sync::watch;

use crate::ids::NodeId;
use crate::monitor::line::Line;
use crate::monitor::log;
use crate::monitor::pace::Pace;
use crate::monitor::settings::Settings;
use crate::topology::tracker::Change;
use crate::topology::tracker::Tracker;
use crate::topology::view::View;

/// What the tasks of a monitor and its handles share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) view: ArcSwap<View>,
    /// Sends the view's version when it grows.
    pub(super) changes: watch::Sender<u64>,
    /// How often a view barred what the one before it did not.
    pub(super) fences: AtomicU64,
    /// Those who wait for a view.
    pub(super) line: Line,
    /// Whether nobody asks the nodes: then the view stays as it is.
    is_unasked: bool,
    /// Someone has written since the primary was asked last.
    dirty: AtomicBool,
    alarms: Vec<Alarm>,
    state: Mutex<State>,
}

/// Wakes a node's task.
#[derive(Debug, Default)]
struct Alarm {
    bell: Notify,
    is_urgent: AtomicBool,
}

#[derive(Debug)]
struct State {
    tracker: Tracker,
    pace: Pace,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        let tracker = Tracker::new(settings.policy, &settings.nodes);
        Self::of(settings, tracker)
    }

    /// One that knows what `before` knows of the nodes that both have.
    pub(super) fn after(before: &Self, settings: Settings) -> Self {
        let mut tracker = Tracker::new(settings.policy, &settings.nodes);
        let _ = tracker.inherit(&before.state().tracker, now());
        Self::of(settings, tracker)
    }

    fn of(settings: Settings, tracker: Tracker) -> Self {
        Self {
            view: ArcSwap::from_pointee(tracker.view().clone()),
            changes: watch::Sender::new(0),
            fences: AtomicU64::new(0),
            line: Line::default(),
            is_unasked: false,
            dirty: AtomicBool::new(false),
            alarms: settings.nodes.iter().map(|_| Alarm::default()).collect(),
            state: Mutex::new(State {
                tracker,
                pace: Pace::default(),
            }),
            settings,
        }
    }

    /// As [`Monitor::unasked`](crate::monitor::handle::Monitor::unasked).
    pub(super) fn unasked(settings: Settings) -> Self {
        let mut shared = Self::new(settings);
        shared.is_unasked = true;
        let view = View::clone(&shared.view.load());
        shared.view.store(Arc::new(view.taken_for_primary()));
        shared
    }

    /// Someone may have written. Only the first after a sample costs more than a load.
    pub(super) fn wrote(&self) {
        if !self.dirty.load(Ordering::Relaxed) {
            self.dirty.store(true, Ordering::Relaxed);
            if let Some(primary) = self.view.load().primary {
                self.wake(primary);
            }
        }
    }

    /// Takes the time for a question. The mark of a write is taken off first: a write that ends
    /// later marks again.
    pub(super) fn ask_time(&self, node: NodeId) -> Instant {
        self.calm(node);
        let is_primary = self.view.load().primary == Some(node);
        let was_dirty = is_primary && self.dirty.swap(false, Ordering::Relaxed);
        let now = now();
        if was_dirty {
            let mut state = self.state();
            let was_fast = state.pace.is_fast(&state.tracker, now);
            state.pace.on_write(now);
            drop(state);
            if !was_fast {
                self.wake_all();
            }
        }
        now
    }

    /// When to ask `node` again, after it was asked at `asked_at`.
    pub(super) fn due(&self, node: NodeId, asked_at: Instant, now: Instant) -> Instant {
        if self.is_urgent(node) {
            return asked_at + URGENT_INTERVAL;
        }
        let state = self.state();
        let Some(view) = state.tracker.view().node(node) else {
            return asked_at + self.settings.interval_slow;
        };
        let interval = state
            .pace
            .interval(&self.settings, &state.tracker, view, now);
        let is_primary = state.tracker.view().primary == Some(node);
        if is_primary && self.dirty.load(Ordering::Relaxed) {
            return asked_at + interval.min(self.settings.interval_fast);
        }
        asked_at + interval
    }

    /// A reader waits for a certificate as of `since`.
    pub(super) fn demand(&self, since: Instant) {
        let mut state = self.state();
        let is_new = state.pace.on_demand(since, now());
        let primary = state.tracker.view().primary;
        drop(state);
        if let (true, Some(primary)) = (is_new, primary) {
            self.wake(primary);
        }
    }

    /// Lets `input` tell the tracker something, and publishes what that changes.
    pub(super) fn tell(&self, input: impl FnOnce(&mut Tracker) -> Change) {
        if self.is_unasked {
            return;
        }
        let mut state = self.state();
        let sampled = state.tracker.newest_sample();
        let change = input(&mut state.tracker);
        if change == Change::Nothing {
            return;
        }
        let view = Arc::new(state.tracker.view().clone());
        let is_sampled = state.tracker.newest_sample() != sampled;
        let is_awaited = is_sampled && state.pace.has_demand(now());
        let before = self.view.swap(Arc::clone(&view));
        if change == Change::Shape && view.bars_more_than(&before) {
            // After the view: who sees this sees that.
            self.fences.fetch_add(1, Ordering::Release);
        }
        drop(state);
        if change == Change::Shape {
            log::changes(&self.settings.cluster, &before, &view);
            self.changes.send_replace(view.version);
        }
        if change == Change::Shape || is_awaited {
            self.wake_all();
        }
        match change {
            Change::Shape => self.line.wake_all(),
            Change::Freshness | Change::Nothing => self.line.wake_served(&view),
        }
    }

    /// Whether `node`, which has just answered, is the primary and should flush its log.
    pub(super) fn wants_flush(&self, node: NodeId, now: Instant) -> bool {
        let mut state = self.state();
        state.tracker.view().primary == Some(node) && state.tracker.wants_flush(now)
    }

    /// Has a node asked as soon as may be.
    pub(super) fn hurry(&self, node: NodeId) {
        if let Some(alarm) = self.alarms.get(node.index()) {
            alarm.is_urgent.store(true, Ordering::Relaxed);
            alarm.bell.notify_one();
        }
    }

    /// Whether someone wants the node asked as soon as may be.
    pub(super) fn is_urgent(&self, node: NodeId) -> bool {
        let alarm = self.alarms.get(node.index());
        alarm.is_some_and(|alarm| alarm.is_urgent.load(Ordering::Relaxed))
    }

    /// The node is being asked: whoever hurries it from here on wants it asked again.
    pub(super) fn calm(&self, node: NodeId) {
        if let Some(alarm) = self.alarms.get(node.index()) {
            alarm.is_urgent.store(false, Ordering::Relaxed);
        }
    }

    /// Waits until the node's next question may have become due earlier.
    ///
    /// Cancel safety: yes, a bell that rings while nobody waits is kept.
    pub(super) async fn woken(&self, node: NodeId) {
        match self.alarms.get(node.index()) {
            Some(alarm) => alarm.bell.notified().await,
            None => std::future::pending().await,
        }
    }

    fn wake(&self, node: NodeId) {
        if let Some(alarm) = self.alarms.get(node.index()) {
            alarm.bell.notify_one();
        }
    }

    fn wake_all(&self) {
        for alarm in &self.alarms {
            alarm.bell.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic cannot leave a half-made view: it is published whole, after.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time, by the clock that tests can pause.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The least time between two questions to a node, whoever hurries it.
pub(super) const URGENT_INTERVAL: Duration = Duration::from_millis(10);
