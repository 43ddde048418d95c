//! What the console, or a signal, asks of the process: what only the main task can do. Whoever asks
//! may wait for the answer.

use tokio::sync::mpsc;
use tokio::sync::oneshot;

/// Something asked of the process as a whole.
#[derive(Debug)]
pub enum Ask {
    /// To read the configuration anew.
    Reload(Reply),
    /// To set an option.
    Set {
        /// Its name.
        name: String,
        /// What it is to be.
        value: String,
        /// Where the answer goes.
        reply: Reply,
    },
    /// To end.
    Shutdown(Shutdown),
    /// To leave new clients to another process, which has the sockets.
    HandOver,
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// At once.
    Now,
    /// When all servers have been released; clients that wait for one leave at once.
    WaitForServers,
    /// When the last client has left.
    WaitForClients,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was carried out.
    Well,
    /// Nothing has changed. The log says why.
    Failed,
    /// It is right, but cannot be used: what was before stays in use. The log says why.
    Kept,
}

/// Where the answer goes.
pub type Reply = oneshot::Sender<Done>;

/// Where to ask. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Asks(mpsc::Sender<Ask>);

impl Asks {
    /// A place to ask, and where the questions arrive.
    pub fn new() -> (Self, mpsc::Receiver<Ask>) {
        let (sender, receiver) = mpsc::channel(ASKS_COUNT_MAX);
        (Self(sender), receiver)
    }

    /// Asks for a reload and waits until it is done.
    ///
    /// # Cancel safety
    /// No: it may or may not be done.
    pub async fn reload(&self) -> Done {
        self.ask(Ask::Reload).await
    }

    /// Asks to set an option and waits until it is done.
    ///
    /// # Cancel safety
    /// No: it may or may not be done.
    pub async fn set(&self, name: String, value: String) -> Done {
        self.ask(|reply| Ask::Set { name, value, reply }).await
    }

    /// Asks for the end.
    ///
    /// # Cancel safety
    /// Yes: it was asked or not.
    pub async fn shutdown(&self, how: Shutdown) {
        // Whoever would hear it has ended already.
        let _ = self.0.send(Ask::Shutdown(how)).await;
    }

    /// Says that another process has the sockets.
    ///
    /// # Cancel safety
    /// Yes: it was said or not.
    pub async fn hand_over(&self) {
        let _ = self.0.send(Ask::HandOver).await;
    }

    async fn ask(&self, make: impl FnOnce(Reply) -> Ask) -> Done {
        let (reply, done) = oneshot::channel();
        match self.0.send(make(reply)).await {
            Ok(()) => done.await.unwrap_or(Done::Failed),
            Err(_) => Done::Failed,
        }
    }
}

/// Most questions that wait; those who ask more wait until there is room.
const ASKS_COUNT_MAX: usize = 16;
