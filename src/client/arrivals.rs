//! Connections that have come and are not logged in yet.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use crate::client::Context;

/// How many there are.
#[derive(Debug, Default)]
pub struct Arrivals(AtomicUsize);

impl Arrivals {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

/// One of them, with what its task uses. Dropped, it has logged in or left.
#[derive(Debug)]
pub struct Arrival(Arc<Context>);

impl Arrival {
    /// A connection has come.
    pub fn new(context: Arc<Context>) -> Self {
        context.arrivals.0.fetch_add(1, Ordering::AcqRel);
        Self(context)
    }

    /// What all client tasks use.
    pub fn context(&self) -> &Arc<Context> {
        &self.0
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.0.arrivals.0.fetch_sub(1, Ordering::AcqRel);
    }
}
