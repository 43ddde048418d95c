//! The signals of this process.

use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

/// A signal that means something to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// SIGHUP
    Hangup,
    /// SIGTERM
    Terminate,
    /// SIGINT
    Interrupt,
    /// SIGQUIT
    Quit,
    /// SIGUSR1
    User1,
    /// SIGUSR2
    User2,
}

/// All of them, from now on.
#[derive(Debug)]
pub(super) struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    user1: Signal,
    user2: Signal,
}

impl Signals {
    /// Takes them in.
    ///
    /// # Errors
    /// The system does not let us.
    pub(super) fn start() -> Result<Self, String> {
        let on = |kind| signal(kind).map_err(|error| format!("cannot wait for signals: {error}"));
        Ok(Self {
            hangup: on(SignalKind::hangup())?,
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
            quit: on(SignalKind::quit())?,
            user1: on(SignalKind::user_defined1())?,
            user2: on(SignalKind::user_defined2())?,
        })
    }

    /// The next one; those that end more come first.
    ///
    /// # Cancel safety
    /// Yes: what was not returned is still there.
    pub(super) async fn next(&mut self) -> Sent {
        tokio::select! {
            biased;
            _ = self.quit.recv() => Sent::Quit,
            _ = self.terminate.recv() => Sent::Terminate,
            _ = self.interrupt.recv() => Sent::Interrupt,
            _ = self.hangup.recv() => Sent::Hangup,
            _ = self.user1.recv() => Sent::User1,
            _ = self.user2.recv() => Sent::User2,
        }
    }
}
