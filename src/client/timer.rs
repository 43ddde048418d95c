//! The time limits of a client, by one timer that is moved only when it has to ring earlier.

use std::future::Future;
use std::pin::Pin;
use std::task::Context as TaskContext;
use std::task::Poll;
use std::task::ready;
use std::time::Duration;
use std::time::Instant;

use tokio::time::Sleep;

use crate::client::relay::now;
use crate::registry::limits::Limits;
use crate::session::Session;
use crate::session::late::Alone;

/// Which limit has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUp {
    /// `client_idle_timeout`.
    ClientIdle,
    /// `query_timeout`.
    Query,
    /// `transaction_timeout`.
    Transaction,
    /// `idle_transaction_timeout`.
    IdleTransaction,
}

/// A client's clock.
#[derive(Debug)]
pub struct Timer {
    alarm: Option<Pin<Box<Sleep>>>,
    /// When the batch's first byte was looked at, when it had a server, and when that was released.
    began: Instant,
    linked: Instant,
    released: Instant,
    /// When the client last sent something within the link.
    asked: Instant,
    /// When the transaction began, or the link if there is none.
    transaction: Instant,
    /// When something last moved within the link.
    moved: Instant,
}

impl Timer {
    /// A clock that starts now.
    pub fn new(now: Instant) -> Self {
        Self {
            alarm: None,
            began: now,
            linked: now,
            released: now,
            asked: now,
            transaction: now,
            moved: now,
        }
    }

    /// A time no later than now and not much earlier, which costs nothing to ask.
    pub fn now(&self) -> Instant {
        self.moved
    }

    /// A batch has come.
    pub fn batch_began(&mut self, now: Instant) {
        self.began = now;
        self.moved = now;
    }

    /// When the batch came.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// It has a server.
    pub fn linked(&mut self, now: Instant) {
        self.linked = now;
        self.asked = now;
        self.moved = now;
    }

    /// A transaction begins.
    pub fn transaction_began(&mut self, at: Instant) {
        self.transaction = at;
    }

    /// The client has sent more.
    pub fn asked(&mut self, now: Instant) {
        self.asked = now;
        self.moved = now;
    }

    /// Replies have come. What they say is later than what was sampled before.
    pub fn moved(&mut self, now: Instant) {
        self.moved = now;
    }

    /// The server went back.
    pub fn released(&mut self, now: Instant) {
        self.released = now;
        self.moved = now;
    }

    /// A batch was answered that needed no server.
    pub fn answered_alone(&mut self, alone: Alone) {
        self.released = self.moved;
        if alone.is_first {
            self.transaction = self.moved;
        }
    }

    /// How long the batch waited for a server.
    pub fn waited(&self) -> Duration {
        self.linked.saturating_duration_since(self.began)
    }

    /// How long the link lasted.
    pub fn held(&self) -> Duration {
        self.released.saturating_duration_since(self.linked)
    }

    /// Which limit passes first, and when.
    fn deadline(&self, session: &Session, limits: &Limits) -> Option<(Instant, TimeUp)> {
        let Limits {
            client_idle,
            query,
            transaction,
            idle_transaction,
        } = *limits;
        if session.link().is_none() && !session.is_unbound() {
            return client_idle.map(|limit| (self.released + limit, TimeUp::ClientIdle));
        }
        // One that keeps its server may be idle on it for as long as it likes.
        if session.is_idle_on_link() {
            return None;
        }
        let by_transaction =
            transaction.map(|limit| (self.transaction + limit, TimeUp::Transaction));
        let other = if session.is_idle_in_transaction() {
            idle_transaction.map(|limit| (self.moved + limit, TimeUp::IdleTransaction))
        } else {
            query.map(|limit| (self.asked + limit, TimeUp::Query))
        };
        [by_transaction, other]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// Which limit has passed, if one has.
    pub fn time_up(&self, session: &Session, limits: &Limits) -> Option<TimeUp> {
        self.deadline(session, limits)
            .filter(|(at, _)| *at <= now())
            .map(|(_, which)| which)
    }

    /// Waits until a limit has passed. Without limits it costs a few comparisons.
    pub fn poll(
        &mut self,
        cx: &mut TaskContext<'_>,
        session: &Session,
        limits: &Limits,
    ) -> Poll<()> {
        if !limits.are_set() {
            return Poll::Pending;
        }
        loop {
            let Some((at, _)) = self.deadline(session, limits) else {
                return Poll::Pending;
            };
            let alarm = self
                .alarm
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at.into())));
            if at < alarm.deadline().into_std() {
                alarm.as_mut().reset(at.into());
            }
            ready!(alarm.as_mut().poll(cx));
            // It rang: for this limit, or for one that has moved on since.
            if at <= now() {
                self.alarm = None;
                return Poll::Ready(());
            }
            alarm.as_mut().reset(at.into());
        }
    }
}
