//! What a client does at the moment, as others see it.

use std::sync::Arc;
use std::time::Instant;

use crate::server::CancelHandle;
use crate::session::reported::Reported;

/// What a client does, and since when.
#[derive(Clone, Debug)]
pub struct Place {
    /// What it has to do with servers.
    pub link: SlotLink,
    /// How often it has got a server.
    pub links_count: u64,
    /// When it last began a batch, or to wait.
    pub since: Instant,
    /// What it was told of its settings.
    pub told: Arc<Reported>,
    /// How many statements it has prepared by name.
    pub prepared: usize,
    /// Whether it stands still, as it was told to.
    pub is_still: bool,
}

impl Place {
    /// What the client was told, and how many statements it has prepared.
    pub(super) fn report(&mut self, told: &Arc<Reported>, prepared: usize) {
        self.prepared = prepared;
        if !Arc::ptr_eq(&self.told, told) {
            self.told = Arc::clone(told);
        }
    }
}

/// What a client has to do with servers.
#[derive(Clone, Debug, Default)]
pub enum SlotLink {
    /// Nothing.
    #[default]
    Idle,
    /// It waits for one.
    Waiting,
    /// It has one.
    Linked(Arc<CancelHandle>),
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
