//! The seam between pools and what they pool.

use std::future::Future;

use crate::error::Error;
use crate::pool::closing::Closing;

/// How the servers of a pool are opened, checked and closed.
pub trait Connect: Send + Sync + Sized + 'static {
    /// One server. It is moved in and out of the books: a large one is boxed.
    type Server: Send + 'static;

    /// Opens a server and logs in. It must end by itself within `server_connect_timeout`; it is
    /// dropped when the pools drain.
    ///
    /// # Errors
    ///
    /// Why there is no server. Those who wait are told, and those who ask before the next try.
    fn connect(&self) -> impl Future<Output = Result<Self::Server, Error>> + Send;

    /// Makes sure that a server that was idle for long still answers. A check that fails, takes
    /// too long or is dropped closes the server.
    ///
    /// # Errors
    ///
    /// Why the server cannot be used.
    fn check(&self, server: &mut Self::Server) -> impl Future<Output = Result<(), Error>> + Send;

    /// Whether an idle server has ended or spoken, as far as is known without waiting. Called for
    /// every lease and, under the pool's lock, for every idle server once a second.
    fn is_dead(server: &Self::Server) -> bool;

    /// The servers there are, those being opened too, are closed when they come back:
    /// for those who keep a list of them.
    fn outdate(&self) {}

    /// A server has ended or spoken while nobody asked it: its node may have, too.
    fn on_dead(&self) {}

    /// Parts with a server without waiting: at most says goodbye and drops it.
    fn close(server: Self::Server, why: Closing);
}
