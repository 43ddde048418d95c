//! The running process: what signals and the console do to it, and its end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::app::doors::Doors;
use crate::app::ending::End;
use crate::app::ending::Ended;
use crate::app::ending::Next;
use crate::app::logs::Logs;
use crate::app::set::Settings;
use crate::app::signals::Sent;
use crate::app::signals::Signals;
use crate::app::start::login_context;
use crate::app::start::tell_notices;
use crate::app::systemd;
use crate::client::Context;
use crate::config::process::ShutdownMode;
use crate::config::reload::diff;
use crate::config::types::Config;
use crate::control::Control;
use crate::control::ask::Ask;
use crate::control::ask::Done;
use crate::control::ask::Shutdown;
use crate::pool::set::Selection;
use crate::registry::orders::Orders;
use crate::registry::parting::Parting;
use crate::registry::place::SlotLink;

/// How long clients that were told to leave at once may take.
pub(super) const LEAVE_LIMIT: Duration = Duration::from_secs(2);

/// What signals are answered with.
pub(super) struct Process {
    pub(super) path: Mutex<PathBuf>,
    pub(super) context: Arc<Context>,
    pub(super) control: Control,
    pub(super) logs: Logs,
    pub(super) settings: Settings,
}

/// Where it hears what to do.
pub(super) struct Told {
    /// From the system.
    pub(super) signals: Signals,
    /// From the console.
    pub(super) asked: mpsc::Receiver<Ask>,
}

impl Process {
    /// Serves until a signal or the console ends it.
    pub(super) async fn run(&self, mut told: Told, mut doors: Doors) -> (Ended, Doors) {
        let mut ending = None;
        loop {
            let next = tokio::select! {
                biased;
                sent = told.signals.next() => self.on_signal(sent, ending),
                Some(ask) = told.asked.recv() => self.on_ask(ask),
                next = self.over(ending) => next,
            };
            match next {
                Next::GoOn => (),
                Next::Stop => return (self.stopped(ending).await, doors),
                Next::HandOver => {
                    doors.hand_over(&self.context).await;
                    ending = ending.or_else(|| Some(self.linger()));
                }
                Next::End(end) => {
                    // Before anything is waited for: who has just been told may ask what is so.
                    self.context.registry.halts.begin_to_end();
                    doors.close().await;
                    self.begin_to(end);
                    ending = Some(end);
                }
            }
        }
    }

    fn on_signal(&self, sent: Sent, ending: Option<End>) -> Next {
        match sent {
            Sent::Quit => {
                tracing::info!("got SIGQUIT, fast exit");
                Next::Stop
            }
            Sent::Terminate | Sent::Interrupt => match ending {
                None => Next::End(self.end_by(sent)),
                Some(End::Drain(_)) => Next::End(End::Leave(Instant::now() + LEAVE_LIMIT)),
                Some(End::Linger(Some(_))) => Next::End(self.end_by(sent)),
                Some(End::Clients | End::Servers | End::Leave(_) | End::Linger(None)) => {
                    tracing::info!("got {}, fast exit", name(sent));
                    Next::Stop
                }
            },
            Sent::Hangup => {
                tracing::info!("got SIGHUP, re-reading config");
                systemd::reloading();
                self.reload();
                systemd::ready();
                Next::GoOn
            }
            Sent::User1 => {
                self.pause();
                Next::GoOn
            }
            Sent::User2 => {
                match ending {
                    None | Some(End::Linger(_)) => self.resume(),
                    Some(_) => tracing::info!("got SIGUSR2 while shutting down, ignoring"),
                }
                Next::GoOn
            }
        }
    }

    /// How the first of the signals that end the process ends it.
    fn end_by(&self, sent: Sent) -> End {
        let shutdown = &self.context.registry.state().config.shutdown;
        let name = name(sent);
        match (shutdown.mode, sent) {
            (ShutdownMode::Drain, _) => {
                tracing::info!("got {name}, shutting down, waiting for transactions to end");
                End::Drain(Instant::now() + shutdown.timeout)
            }
            (ShutdownMode::PgBouncer, Sent::Interrupt) => {
                tracing::info!(
                    "got {name}, shutting down, waiting for all servers connections to be released"
                );
                End::Servers
            }
            (ShutdownMode::PgBouncer, _) => {
                tracing::info!("got {name}, shutting down, waiting for all clients disconnect");
                End::Clients
            }
        }
    }

    /// How the process ends when another has taken its place: nobody has to leave at once, as those
    /// who come back find the other. Those in login may finish it.
    fn linger(&self) -> End {
        let shutdown = &self.context.registry.state().config.shutdown;
        let clients = self.context.registry.clients.connected();
        tracing::info!(
            clients,
            "a new process has taken over, waiting for all clients disconnect"
        );
        End::Linger(match shutdown.mode {
            ShutdownMode::Drain => Some(Instant::now() + shutdown.timeout),
            ShutdownMode::PgBouncer => None,
        })
    }

    fn pause(&self) {
        match self.context.registry.pause(&Selection::All) {
            Ok(()) => tracing::info!("got SIGUSR1, pausing all activity"),
            Err(_) => tracing::info!("got SIGUSR1, but already paused/suspended"),
        }
    }

    fn resume(&self) {
        match self.context.registry.resume(&Selection::All) {
            Ok(()) => tracing::info!("got SIGUSR2, continuing from PAUSE"),
            Err(_) => tracing::info!("got SIGUSR2, but not paused/suspended"),
        }
    }

    /// Answers the console.
    fn on_ask(&self, ask: Ask) -> Next {
        match ask {
            Ask::Reload(reply) => {
                systemd::reloading();
                // Whoever asked may have left.
                let _ = reply.send(self.reload());
                systemd::ready();
                Next::GoOn
            }
            Ask::Set { name, value, reply } => {
                let _ = reply.send(self.set(&name, &value));
                Next::GoOn
            }
            Ask::HandOver => Next::HandOver,
            Ask::Shutdown(how) => {
                tracing::info!("{}", issued(how));
                match how {
                    Shutdown::Now => Next::Stop,
                    Shutdown::WaitForClients => Next::End(End::Clients),
                    Shutdown::WaitForServers => Next::End(End::Servers),
                }
            }
        }
    }

    fn begin_to(&self, end: End) {
        let registry = &self.context.registry;
        match end {
            End::Drain(deadline) => {
                systemd::stopping("waiting for transactions to end");
                tracing::info!(clients = registry.clients.connected(), "draining");
                self.control.drain(Some(deadline.into_std()));
                registry.clients.tell_all(Orders::DRAIN);
            }
            End::Clients => {
                systemd::stopping("waiting for all clients to disconnect");
                self.control.drain(None);
            }
            End::Servers => {
                systemd::stopping("waiting for all servers to be released");
                self.control.drain(None);
                registry.pools.pause(&Selection::All);
            }
            // Nobody is told anything.
            End::Linger(_) => (),
            End::Leave(_) => {
                tracing::warn!(
                    clients = registry.clients.connected(),
                    "clients are told to leave now"
                );
                registry.clients.tell_all(Orders::LEAVE);
            }
        }
    }

    /// Waits until what the end waits for has come; for ever while there is no end.
    ///
    /// # Cancel safety
    /// Yes: it changes nothing.
    async fn over(&self, ending: Option<End>) -> Next {
        let registry = &self.context.registry;
        match ending {
            None => std::future::pending().await,
            // Those that have not logged in yet have nothing to lose: they are not waited for.
            Some(End::Drain(deadline)) => {
                self.wait_until(|| registry.clients.count() == 0, deadline)
                    .await;
                match registry.clients.count() {
                    0 => Next::Stop,
                    _ => Next::End(End::Leave(Instant::now() + LEAVE_LIMIT)),
                }
            }
            Some(End::Leave(deadline)) => {
                self.wait_until(|| registry.clients.count() == 0, deadline)
                    .await;
                Next::Stop
            }
            Some(End::Linger(until)) => self.lingered(until).await,
            Some(End::Clients) => {
                while registry.clients.connected() != 0 {
                    sleep(LOOK_EVERY).await;
                }
                tracing::info!("client connections dropped, exiting");
                Next::Stop
            }
            Some(End::Servers) => {
                tokio::select! {
                    () = registry.pools.quiet(&Selection::All) => (),
                    () = self.turn_away() => (),
                }
                tracing::info!("server connections dropped, exiting");
                Next::Stop
            }
        }
    }

    async fn lingered(&self, until: Option<Instant>) -> Next {
        let context = &self.context;
        let count = || context.arrivals.count() + context.registry.clients.connected();
        let is_over = |until| until <= Instant::now();
        while count() != 0 {
            if until.is_some_and(is_over) {
                return Next::End(End::Drain(
                    Instant::now() + context.registry.state().config.shutdown.timeout,
                ));
            }
            sleep(LOOK_EVERY).await;
        }
        tracing::info!("client connections dropped, exiting");
        Next::Stop
    }

    /// Has clients leave that wait for a server, as there will be none. Does not end.
    async fn turn_away(&self) {
        loop {
            let slots = self.context.registry.clients.of_databases().into_iter();
            slots
                .filter(|slot| matches!(slot.place().link, SlotLink::Waiting))
                .for_each(|slot| slot.part(Parting::ServersLeave));
            sleep(LOOK_EVERY).await;
        }
    }

    async fn wait_until(&self, is_so: impl Fn() -> bool, deadline: Instant) {
        while !is_so() && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
        }
    }

    /// Parts with the servers, if there is time.
    async fn stopped(&self, ending: Option<End>) -> Ended {
        self.control.stop();
        match ending {
            Some(End::Drain(_) | End::Leave(_) | End::Linger(_)) => {
                let drained = self.context.registry.pools.drain();
                let _ = tokio::time::timeout(LEAVE_LIMIT, drained).await;
                Ended::InTime
            }
            None | Some(End::Clients | End::Servers) => Ended::AtOnce,
        }
    }

    /// Reads the file again. With a fault in it nothing changes.
    fn reload(&self) -> Done {
        let old = Arc::clone(&self.context.registry.state().config);
        let last = self.path.lock().unwrap_or_else(PoisonError::into_inner);
        let path = old.process.conffile.clone().unwrap_or_else(|| last.clone());
        drop(last);
        let new = match Config::reload(&path, &old) {
            Ok(new) => new,
            Err(faults) => {
                tracing::error!(file = %path.display(), %faults, "reload failed: nothing has changed");
                return Done::Failed;
            }
        };
        tell_notices(&new);
        let (config, changes) = diff(&old, new);
        for ignored in &changes.ignored {
            tracing::warn!(option = ignored.name, "option changes only with a restart");
        }
        if let Err(why) = self.take(config) {
            tracing::error!(why, "reload failed: nothing has changed");
            return Done::Failed;
        }
        self.settings.renew(&path);
        *self.path.lock().unwrap_or_else(PoisonError::into_inner) = path;
        tracing::info!(changed = changes.options.len(), "configuration reloaded");
        Done::Well
    }

    /// Uses a configuration from now on.
    pub(super) fn take(&self, config: Config) -> Result<(), String> {
        let config = Arc::new(config);
        let login = login_context(&config, self.context.login.load().mock_key())?;
        let registry = &self.context.registry;
        let taken = registry.reload(Arc::clone(&config));
        taken.map_err(|error| error.to_string())?;
        if let Err(message) = self.logs.open(&config.log) {
            tracing::error!("{message}");
        }
        self.context.login.store(Arc::new(login));
        registry.clients.tell_all(Orders::RELOAD);
        Ok(())
    }
}

fn issued(how: Shutdown) -> &'static str {
    match how {
        Shutdown::Now => "SHUTDOWN command issued",
        Shutdown::WaitForClients => "SHUTDOWN WAIT_FOR_CLIENTS command issued",
        Shutdown::WaitForServers => "SHUTDOWN WAIT_FOR_SERVERS command issued",
    }
}

fn name(sent: Sent) -> &'static str {
    match sent {
        Sent::Hangup => "SIGHUP",
        Sent::Terminate => "SIGTERM",
        Sent::Interrupt => "SIGINT",
        Sent::Quit => "SIGQUIT",
        Sent::User1 => "SIGUSR1",
        Sent::User2 => "SIGUSR2",
    }
}

/// How often what has no notice of its own is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
