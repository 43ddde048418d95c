//! From a configuration to a running proxy, and to its end.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio::time::sleep;

use crate::app::logs::Logs;
use crate::app::pages::Pages;
use crate::auth::client_login::Method;
use crate::auth::mock::Mock;
use crate::auth::secret::Key;
use crate::auth::verifier::Verifier;
use crate::client;
use crate::client::Context;
use crate::client::start::LoginContext;
use crate::config::reload::diff;
use crate::config::types::Config;
use crate::control::Control;
use crate::http;
use crate::metrics::Metrics;
use crate::metrics::handles::ErrorMetrics;
use crate::net::listen::Listener;
use crate::net::tls::accept::ClientTls;
use crate::registry::Registry;
use crate::registry::clients::Orders;
use crate::registry::seed::Seed;

/// How long clients that were told to leave at once may take.
const LEAVE_LIMIT: Duration = Duration::from_secs(2);

/// Serves until a signal ends it.
pub(super) async fn serve(path: &Path, config: Config, logs: Logs) -> Result<(), String> {
    let config = Arc::new(config);
    let context = make_context(&config)?;
    let listeners = Listener::bind_all(&config.listen)
        .await
        .map_err(|fault| fault.to_string())?;
    let control = Control::new();
    let mut tasks = JoinSet::new();
    for listener in listeners {
        tracing::info!(at = %listener, "listening");
        tasks.spawn(accept(Arc::clone(&context), listener));
    }
    let pages = start_http(&config, &context, &control).await?;
    tasks.spawn(watch_roles(Arc::clone(&context)));
    tasks.spawn(sweep_idle(Arc::clone(&context)));
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        pid = std::process::id(),
        databases = config.databases.len(),
        nodes = config.nodes_count(),
        "pgsluice is up"
    );
    let process = Process {
        path: path.to_owned(),
        context,
        control,
        logs,
    };
    process.wait_for_end().await?;
    // No new clients: the listeners close.
    tasks.shutdown().await;
    process.drain().await;
    pages.await;
    tracing::info!("pgsluice has ended");
    Ok(())
}

/// What a signal is answered with.
struct Process {
    path: PathBuf,
    context: Arc<Context>,
    control: Control,
    logs: Logs,
}

impl Process {
    /// Reloads at SIGHUP; returns at SIGTERM or SIGINT.
    async fn wait_for_end(&self) -> Result<(), String> {
        let on = |kind| signal(kind).map_err(|error| format!("cannot wait for signals: {error}"));
        let mut hangup = on(SignalKind::hangup())?;
        let mut terminate = on(SignalKind::terminate())?;
        let mut interrupt = on(SignalKind::interrupt())?;
        loop {
            tokio::select! {
                biased;
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
                _ = hangup.recv() => self.reload(),
            }
        }
    }

    /// Reads the file again. With a fault in it nothing changes.
    fn reload(&self) {
        let old = Arc::clone(&self.context.registry.state().config);
        let new = match Config::load(&self.path) {
            Ok(new) => new,
            Err(faults) => {
                tracing::error!(file = %self.path.display(), %faults, "reload failed: nothing has changed");
                return;
            }
        };
        let (config, changes) = diff(&old, new);
        for ignored in &changes.ignored {
            tracing::warn!(option = ignored.name, "option changes only with a restart");
        }
        let config = Arc::new(config);
        let login = match login_context(&config, self.context.login.load().mock_key()) {
            Ok(login) => login,
            Err(message) => {
                tracing::error!(message, "reload failed: nothing has changed");
                return;
            }
        };
        if let Err(error) = self.context.registry.reload(Arc::clone(&config)) {
            tracing::error!(%error, "reload failed: nothing has changed");
            return;
        }
        let state = self.context.registry.state();
        self.logs.set_level(state.config.log.level);
        self.context.login.store(Arc::new(login));
        self.context.registry.clients.tell_all(Orders::RELOAD);
        tracing::info!(changed = changes.options.len(), "configuration reloaded");
    }

    /// Lets running transactions end, until the deadline; then ends all.
    async fn drain(&self) {
        let registry = &self.context.registry;
        let limit = registry.state().config.shutdown.timeout;
        let deadline = Instant::now() + limit;
        tracing::info!(clients = registry.clients.connected(), ?limit, "draining");
        self.control.drain(Some(deadline.into_std()));
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
        const LOOK_EVERY: Duration = Duration::from_millis(20);
        while self.context.registry.clients.count() != 0 && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
        }
    }
}

/// A second signal of a kind; never if it cannot be waited for.
async fn again(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

fn make_context(config: &Arc<Config>) -> Result<Arc<Context>, String> {
    let metrics = Arc::new(Metrics::new());
    let login = login_context(config, &Key::new(rand::random()))?;
    let seed = Seed::new(rand::random());
    let registry = Registry::start(Arc::clone(config), Arc::clone(&metrics), seed)
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(Context {
        registry: Arc::new(registry),
        texts: crate::session::prepared::Texts::default(),
        login: ArcSwap::from_pointee(login),
        errors: ErrorMetrics::new(metrics),
    }))
}

fn login_context(config: &Config, key: &Key) -> Result<LoginContext, String> {
    let tls = ClientTls::new(&config.client_tls)
        .map_err(|fault| format!("TLS towards clients: {fault}"))?;
    let kinds = config
        .users
        .values()
        .filter_map(|user| user.secret.as_ref())
        .map(|v| v.kind());
    let mock = Mock::new(
        key.clone(),
        config.auth.scram_iterations,
        Mock::kind_of_most(kinds),
    );
    derive_ahead(config, &mock);
    Ok(LoginContext::new(tls, mock, key.clone()))
}

/// Derives the SCRAM verifiers of all passwords in plain text, on a thread of its own: a first login
/// that took longer than others would tell that there is such a user.
fn derive_ahead(config: &Config, mock: &Mock) {
    if config.auth.auth_type != Method::Scram {
        return;
    }
    let users: Vec<_> = config.users.values().map(Arc::clone).collect();
    let mock = mock.clone();
    let derive = move || {
        for user in users {
            if let Some(Verifier::Plain(plain)) = &user.secret {
                plain.derive(&mock.salt(&user.name), mock.iterations());
            }
        }
    };
    // Not the runtime's: its end would wait for all of them.
    drop(std::thread::spawn(derive));
}

/// Accepts clients until it is aborted. Each has a task of its own, which ends by itself.
async fn accept(context: Arc<Context>, listener: Listener) {
    /// How long to wait when the process has no file descriptors left.
    const FULL_WAIT: Duration = Duration::from_millis(50);
    loop {
        // The options may change with a reload.
        let state = context.registry.state();
        match listener.accept(&state.config.tcp).await {
            Ok(stream) => drop(tokio::spawn(client::serve(Arc::clone(&context), stream))),
            Err(error) if is_of_one_connection(&error) => (),
            Err(error) => {
                tracing::error!(%error, "cannot accept clients");
                sleep(FULL_WAIT).await;
            }
        }
    }
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::ConnectionReset
            | std::io::ErrorKind::ConnectionAborted
            | std::io::ErrorKind::Interrupted
    )
}

/// Has idle clients give back their buffers.
async fn sweep_idle(context: Arc<Context>) {
    const SWEEP_EVERY: Duration = Duration::from_secs(1);
    loop {
        sleep(SWEEP_EVERY).await;
        context.registry.clients.sweep();
    }
}

/// Fits the pools to what is known of the nodes whenever that changes.
async fn watch_roles(context: Arc<Context>) {
    const SETTLE: Duration = Duration::from_millis(100);
    const LOOK_EVERY: Duration = Duration::from_secs(1);
    loop {
        let clusters: Vec<_> = context
            .registry
            .state()
            .clusters
            .values()
            .map(Arc::clone)
            .collect();
        let mut changes = JoinSet::new();
        for cluster in clusters {
            let mut receiver = cluster.monitor.changes();
            changes.spawn(async move {
                // The monitor's end is a change too: the configuration has others then.
                let _ = receiver.changed().await;
            });
        }
        // A reload may bring clusters that are not among these.
        let _ = tokio::time::timeout(LOOK_EVERY, changes.join_next()).await;
        sleep(SETTLE).await;
        context.registry.resize();
        context.registry.forgive();
    }
}

/// Serves HTTP, if it is asked for; what is returned ends when the last page was served.
async fn start_http(
    config: &Config,
    context: &Arc<Context>,
    control: &Control,
) -> Result<impl Future<Output = ()> + use<>, String> {
    let mut tasks = JoinSet::new();
    if let Some(address) = config.http.listen {
        let listener = http::bind(address).await.map_err(|fault| {
            let cause = std::error::Error::source(&fault).map(ToString::to_string);
            format!("{fault}: {}", cause.unwrap_or_default())
        })?;
        tracing::info!(at = %address, "listening for HTTP");
        let pages = Arc::new(Pages::new(Arc::clone(context)));
        tasks.spawn_on(
            http::run(listener, pages, control.watch()),
            &Handle::current(),
        );
    }
    Ok(async move {
        let _ = tokio::time::timeout(LEAVE_LIMIT, tasks.join_next()).await;
    })
}
