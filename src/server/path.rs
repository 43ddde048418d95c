//! The way to a node, kept for as long as its configuration holds.

use std::sync::Arc;

use crate::config::types::Tcp;
use crate::net::dial::Target;
use crate::net::tls::dial::ServerTls;
use crate::server::dial::Route;

/// Where a node is, and how it is reached.
#[derive(Debug)]
pub struct Path {
    /// Its address.
    pub target: Target,
    /// TLS towards it.
    pub tls: Arc<ServerTls>,
    /// Socket options.
    pub tcp: Tcp,
}

impl Path {
    /// Whether both lead to the same node in the same way.
    pub fn is_same(one: &Arc<Self>, other: &Arc<Self>) -> bool {
        Arc::ptr_eq(one, other)
            || (one.target == other.target
                && one.tcp == other.tcp
                && Arc::ptr_eq(&one.tls, &other.tls))
    }

    /// The same, borrowed.
    pub fn route(&self) -> Route<'_> {
        Route {
            target: &self.target,
            tls: &self.tls,
            tcp: &self.tcp,
        }
    }
}
