//! What one task tells all others: whether the process runs, drains or stops, and which databases
//! take clients.
//!
//! A client task asks [`Watcher::news`] between batches, which is one atomic load, and waits for
//! [`Watcher::changed`] only while it is idle.

pub mod ask;
pub mod gate;

use std::time::Instant;

use tokio::sync::watch;

/// What the process is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// Clients come and go.
    Running,
    /// No new clients; those that are idle leave, transactions may end until `deadline`.
    Draining {
        /// When the process stops whatever still runs; `None`: it waits for as long as it takes.
        deadline: Option<Instant>,
    },
    /// Everything ends now.
    Stopping,
}

/// The one place that says what the process is about.
#[derive(Debug)]
pub struct Control {
    run: watch::Sender<Run>,
}

impl Control {
    /// Starts with [`Run::Running`].
    pub fn new() -> Self {
        Self {
            run: watch::Sender::new(Run::Running),
        }
    }

    /// What the process is about now.
    pub fn run(&self) -> Run {
        *self.run.borrow()
    }

    /// A watcher, which has seen what is so now.
    pub fn watch(&self) -> Watcher {
        Watcher {
            run: self.run.subscribe(),
        }
    }

    /// Begins to drain. A later call may only bring the deadline nearer; a process that stops
    /// goes on to do so.
    pub fn drain(&self, deadline: Option<Instant>) {
        self.run.send_if_modified(|run| {
            let next = match *run {
                Run::Running => Run::Draining { deadline },
                Run::Draining { deadline: before } => Run::Draining {
                    deadline: [before, deadline].into_iter().flatten().min(),
                },
                Run::Stopping => Run::Stopping,
            };
            std::mem::replace(run, next) != next
        });
    }

    /// Ends everything.
    pub fn stop(&self) {
        self.run
            .send_if_modified(|run| std::mem::replace(run, Run::Stopping) != Run::Stopping);
    }
}

impl Default for Control {
    fn default() -> Self {
        Self::new()
    }
}

/// One task's view of [`Control`].
#[derive(Clone, Debug)]
pub struct Watcher {
    run: watch::Receiver<Run>,
}

impl Watcher {
    /// What the process is about.
    pub fn run(&self) -> Run {
        *self.run.borrow()
    }

    /// What the process is about, if that has changed since this watcher last said so: one atomic
    /// load while nothing has.
    pub fn news(&mut self) -> Option<Run> {
        match self.run.has_changed() {
            Ok(false) => None,
            Ok(true) => Some(*self.run.borrow_and_update()),
            // Whoever said what to do is gone: the process ends.
            Err(_) => Some(Run::Stopping),
        }
    }

    /// Waits until it changes.
    ///
    /// # Cancel safety
    ///
    /// Yes, because what was not returned is still news.
    pub async fn changed(&mut self) -> Run {
        match self.run.changed().await {
            Ok(()) => *self.run.borrow_and_update(),
            Err(_) => Run::Stopping,
        }
    }

    /// Waits until the process no longer runs as usual. For tasks that take no part in draining.
    ///
    /// # Cancel safety
    ///
    /// Yes, because it changes nothing.
    pub async fn ended(&mut self) {
        // An error says that whoever said what to do is gone.
        drop(self.run.wait_for(|run| *run != Run::Running).await);
    }

    /// Waits until everything ends.
    ///
    /// # Cancel safety
    ///
    /// Yes, because it changes nothing.
    pub async fn stopped(&mut self) {
        drop(self.run.wait_for(|run| *run == Run::Stopping).await);
    }
}

#[cfg(test)]
mod tests;
