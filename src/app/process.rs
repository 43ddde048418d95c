//! What signals and the console have the process do: reload, and the ways to end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::app::logs::Logs;
use crate::app::start::LEAVE_LIMIT;
use crate::app::start::login_context;
use crate::client::Context;
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

/// The process, as signals and the console change it.
pub(super) struct Process {
    pub(super) path: PathBuf,
    pub(super) context: Arc<Context>,
    pub(super) control: Control,
    pub(super) logs: Logs,
    pub(super) asked: mpsc::Receiver<Ask>,
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Idle clients leave, transactions may end until `shutdown_timeout`.
    Drain,
    /// As the console says.
    Asked(Shutdown),
}

impl Process {
    /// Does what is asked until that is to end.
    pub(super) async fn wait_for_end(&mut self) -> Result<End, String> {
        let mut hangup = on(SignalKind::hangup())?;
        let mut terminate = on(SignalKind::terminate())?;
        let mut interrupt = on(SignalKind::interrupt())?;
        loop {
            let asked = tokio::select! {
                biased;
                _ = terminate.recv() => return Ok(End::Drain),
                _ = interrupt.recv() => return Ok(End::Drain),
                _ = hangup.recv() => {
                    self.reload();
                    continue;
                }
                Some(ask) = self.asked.recv() => ask,
            };
            if let Some(how) = self.answer(asked) {
                return Ok(End::Asked(how));
            }
        }
    }

    /// Answers the console; how to end, if that is what it asks.
    fn answer(&self, ask: Ask) -> Option<Shutdown> {
        let (reply, done) = match ask {
            Ask::Reload(reply) => (reply, self.reload()),
            Ask::Shutdown(how) => return Some(how),
        };
        // Whoever asked may have left.
        let _ = reply.send(done);
        None
    }

    /// Reads the file again. With a fault in it nothing changes.
    fn reload(&self) -> Done {
        let old = Arc::clone(&self.context.registry.state().config);
        let new = match Config::load(&self.path) {
            Ok(new) => new,
            Err(faults) => {
                tracing::error!(file = %self.path.display(), %faults, "reload failed: nothing has changed");
                return Done::Failed;
            }
        };
        let (config, changes) = diff(&old, new);
        for ignored in &changes.ignored {
            tracing::warn!(option = ignored.name, "option changes only with a restart");
        }
        if let Err(message) = self.take(config) {
            tracing::error!(message, "reload failed: nothing has changed");
            return Done::Failed;
        }
        tracing::info!(changed = changes.options.len(), "configuration reloaded");
        Done::Well
    }

    /// Uses a configuration from now on.
    fn take(&self, config: Config) -> Result<(), String> {
        let config = Arc::new(config);
        let login = login_context(&config, self.context.login.load().mock_key())?;
        let registry = &self.context.registry;
        let taken = registry.reload(Arc::clone(&config));
        taken.map_err(|error| error.to_string())?;
        self.logs.set_level(config.log.level);
        self.context.login.store(Arc::new(login));
        registry.clients.tell_all(Orders::RELOAD);
        Ok(())
    }

    /// Ends everything. A signal, or another word from the console, ends it at once.
    pub(super) async fn end(&mut self, end: End) {
        match end {
            End::Drain => self.drain().await,
            End::Asked(Shutdown::Now) => tracing::info!("SHUTDOWN command issued"),
            End::Asked(how) => {
                tracing::info!(?how, "SHUTDOWN command issued");
                self.control.drain(None);
                self.context.registry.halts.begin_to_end();
                let context = Arc::clone(&self.context);
                let mut terminate = signal(SignalKind::terminate()).ok();
                let mut interrupt = signal(SignalKind::interrupt()).ok();
                tokio::select! {
                    biased;
                    () = again(&mut terminate) => (),
                    () = again(&mut interrupt) => (),
                    () = self.asked_to_end() => (),
                    () = wait_for(how, &context) => (),
                }
            }
        }
        self.control.stop();
    }

    /// Goes on answering the console until it says to end at once.
    async fn asked_to_end(&mut self) {
        while let Some(ask) = self.asked.recv().await {
            if self.answer(ask) == Some(Shutdown::Now) {
                return;
            }
        }
    }

    /// Lets running transactions end, until the deadline; then ends all.
    async fn drain(&self) {
        let registry = &self.context.registry;
        let limit = registry.state().config.shutdown.timeout;
        let deadline = Instant::now() + limit;
        tracing::info!(clients = registry.clients.connected(), ?limit, "draining");
        self.control.drain(Some(deadline.into_std()));
        registry.halts.begin_to_end();
        registry.clients.tell_all(Orders::DRAIN);
        let mut terminate = signal(SignalKind::terminate()).ok();
        let mut interrupt = signal(SignalKind::interrupt()).ok();
        let is_drained = tokio::select! {
            biased;
            () = self.wait_for_clients(deadline) => registry.clients.count() == 0,
            () = again(&mut terminate) => false,
            () = again(&mut interrupt) => false,
        };
        if !is_drained {
            tracing::warn!(
                clients = registry.clients.connected(),
                "clients are told to leave now"
            );
            registry.clients.tell_all(Orders::LEAVE);
            self.wait_for_clients(Instant::now() + LEAVE_LIMIT).await;
        }
        self.control.stop();
        let _ = tokio::time::timeout(LEAVE_LIMIT, registry.pools.drain()).await;
    }

    /// Those that have not logged in yet have nothing to lose: they are not waited for.
    async fn wait_for_clients(&self, deadline: Instant) {
        while self.context.registry.clients.count() != 0 && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
        }
    }
}

/// Waits until the process may end as it was asked to.
async fn wait_for(how: Shutdown, context: &Context) {
    let registry = &context.registry;
    match how {
        Shutdown::Now => (),
        Shutdown::WaitForClients => {
            while registry.clients.count() != 0 {
                sleep(LOOK_EVERY).await;
            }
        }
        Shutdown::WaitForServers => {
            registry.pools.pause(&Selection::All);
            let turn_away = async {
                loop {
                    let slots = registry.clients.of_databases().into_iter();
                    slots
                        .filter(|slot| matches!(slot.place().link, SlotLink::Waiting))
                        .for_each(|slot| slot.part(Parting::ServersLeave));
                    sleep(LOOK_EVERY).await;
                }
            };
            tokio::select! {
                () = registry.pools.quiet(&Selection::All) => (),
                () = turn_away => (),
            }
        }
    }
}

fn on(kind: SignalKind) -> Result<Signal, String> {
    signal(kind).map_err(|error| format!("cannot wait for signals: {error}"))
}

/// A second signal of a kind; never if it cannot be waited for.
async fn again(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// How often what has no notice of its own is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
