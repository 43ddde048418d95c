//! What is done to a pool by command: pause, resume, drain, reconnect, resize.

use std::sync::Arc;

use crate::pool::Pool;
use crate::pool::connect::Connect;
use crate::pool::ledger::is_down;
use crate::pool::now;
use crate::pool::refusal::Refusal;
use crate::pool::refuse_all;
use crate::pool::settings::Settings;

impl<C: Connect> Pool<C> {
    /// Lets those who ask wait until [`resume`](Self::resume); servers are closed now if idle,
    /// else when they come back.
    pub(super) fn pause(&self) {
        let closed = self.books().pause();
        self.close_all(closed);
        self.quiet.notify_waiters();
    }

    /// Serves again.
    pub(super) fn resume(self: &Arc<Self>) {
        self.books().resume();
        self.grow(now());
    }

    /// Refuses those who wait and those who ask from now on; servers are closed now if idle,
    /// else when they come back.
    pub(super) fn drain(&self) {
        self.connect.load().outdate();
        let (waiters, closed) = {
            let mut ledger = self.books();
            let taken_off = ledger.drain();
            self.gauges.show(&ledger);
            taken_off
        };
        refuse_all(waiters, &Refusal::Draining);
        self.close_all(closed);
        self.quiet.notify_waiters();
    }

    /// Waits until no server is in use or being opened. Sure to come only in a pool that is
    /// paused or drains.
    ///
    /// # Cancel safety
    ///
    /// Yes, because it changes nothing.
    pub async fn quiet(&self) {
        loop {
            let told = self.quiet.notified();
            tokio::pin!(told);
            // From here on no notice is lost.
            told.as_mut().enable();
            if self.books().is_quiet() {
                return;
            }
            told.await;
        }
    }

    /// Notes that the node answers: if the last login failed because it did not, the next is
    /// tried at once instead of after `server_login_retry`.
    pub fn node_answers(self: &Arc<Self>) {
        let is_forgiven = {
            let mut ledger = self.books();
            let is_forgiven = ledger.failure().is_some_and(|error| is_down(error));
            if is_forgiven {
                ledger.forgive();
            }
            is_forgiven
        };
        if is_forgiven {
            self.grow(now());
        }
    }

    /// Outdates every server: closed now if idle, else when it comes back. Logins are tried at
    /// once.
    pub fn reconnect(self: &Arc<Self>) {
        self.connect.load().outdate();
        let closed = self.books().reconnect();
        self.close_all(closed);
        self.grow(now());
    }

    /// How servers are opened now.
    pub fn connect(&self) -> Arc<C> {
        self.connect.load_full()
    }

    /// Opens servers by `connect` from now on, and outdates those there are unless `is_same` says
    /// that they are as good.
    pub fn update(self: &Arc<Self>, connect: C, is_same: impl FnOnce(&C, &C) -> bool) {
        let connect = Arc::new(connect);
        let before = self.connect.swap(Arc::clone(&connect));
        if !is_same(&before, &connect) {
            before.outdate();
            self.reconnect();
        }
    }

    /// Takes other settings.
    pub fn resize(self: &Arc<Self>, settings: Settings) {
        self.gauges.show_size(settings.size);
        self.books().resize(settings);
        self.grow(now());
    }
}
