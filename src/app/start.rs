//! From a configuration to a running proxy, and to its end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::admin::PGBOUNCER_VERSION;
use crate::app::discover::discover;
use crate::app::doors::Doors;
use crate::app::ending::Ended;
use crate::app::logs::Logs;
use crate::app::predecessor::Predecessor;
use crate::app::process::LEAVE_LIMIT;
use crate::app::process::Process;
use crate::app::process::Told;
use crate::app::set::Settings;
use crate::app::signals::Signals;
use crate::app::sockets::Sockets;
use crate::app::sockets::window_path;
use crate::app::systemd;
use crate::auth::hba::Method;
use crate::auth::mock::Mock;
use crate::auth::secret::Key;
use crate::auth::verifier::Verifier;
use crate::client::Context;
use crate::client::arrivals::Arrivals;
use crate::client::elders::Elders;
use crate::client::start::LoginContext;
use crate::config::types::Config;
use crate::config::words::AuthType;
use crate::control::Control;
use crate::control::ask::Asks;
use crate::metrics::Metrics;
use crate::metrics::handles::ErrorMetrics;
use crate::net::listen::passed::Passed;
use crate::net::tls::accept::ClientTls;
use crate::registry::Registry;
use crate::registry::autodb::Unused;
use crate::registry::seed::Seed;

/// What a process is started with.
pub(super) struct Start {
    /// Where the configuration stands.
    pub(super) path: PathBuf,
    /// The configuration.
    pub(super) config: Config,
    /// The log.
    pub(super) logs: Logs,
    /// The process whose place this one takes.
    pub(super) predecessor: Option<Predecessor>,
}

/// Serves until a signal ends it.
pub(super) async fn serve(start: Start) -> Result<(), String> {
    let (asks, asked) = Asks::new();
    let told = Told {
        signals: Signals::start()?,
        asked,
    };
    let config = Arc::new(start.config);
    tell_notices(&config);
    let mut predecessor = start.predecessor;
    let sockets = predecessor.as_mut().map(Predecessor::sockets);
    let mut passed = Passed::new(sockets.unwrap_or_default())
        .map_err(|error| format!("cannot use a socket of the old process: {error}"))?;
    let sockets = Sockets::open(&config, &mut passed).await?;
    // Without a predecessor there is nobody to ask.
    let window = predecessor.as_ref().and_then(|_| window_path(&config));
    let context = make_context(&config, asks, Elders::new(window))?;
    let control = Control::new();
    // Nothing fails from here on.
    sockets.own();
    passed.close();
    let doors = Doors::open(sockets, &context, &control);
    let mut chores = JoinSet::new();
    chores.spawn(watch_roles(Arc::clone(&context)));
    chores.spawn(sweep_idle(Arc::clone(&context)));
    chores.spawn(discover(Arc::clone(&context)));
    tracing::info!(
        pgbouncer = PGBOUNCER_VERSION,
        version = env!("CARGO_PKG_VERSION"),
        pid = std::process::id(),
        databases = config.databases.len(),
        nodes = config.nodes_count(),
        "pgsluice is up"
    );
    systemd::ready();
    let pidfile = config.process.pidfile.as_deref();
    let _pidfile = match predecessor {
        Some(predecessor) => predecessor.replace(pidfile).await,
        None => None,
    };
    let process = Process {
        settings: Settings::of(&start.path),
        path: Mutex::new(start.path),
        context,
        control,
        logs: start.logs,
    };
    let (ended, mut doors) = process.run(told, doors).await;
    chores.shutdown().await;
    if ended == Ended::InTime {
        doors.last_page(LEAVE_LIMIT).await;
        tracing::info!("pgsluice has ended");
    }
    // Before the pid file goes: whoever sees that it has gone may take our place.
    doors.close_all().await;
    Ok(())
}

/// Says what the configuration asks for in vain.
pub(super) fn tell_notices(config: &Config) {
    for notice in &config.notices {
        tracing::warn!(notice, "configuration");
    }
    tell_troubles(config);
}

/// Says what is wrong with files that the configuration names.
pub(super) fn tell_troubles(config: &Config) {
    for trouble in &config.troubles {
        tracing::error!(trouble, "configuration trouble");
    }
}

fn make_context(config: &Arc<Config>, asks: Asks, elders: Elders) -> Result<Arc<Context>, String> {
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
        arrivals: Arrivals::default(),
        elders,
        asks,
    }))
}

/// What logins need under a configuration; `key` is that of the mock.
///
/// # Errors
/// TLS files that cannot be used.
pub(super) fn login_context(config: &Config, key: &Key) -> Result<LoginContext, String> {
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
    let is_needed = match config.auth.auth_type {
        AuthType::Scram => true,
        AuthType::Hba => config
            .auth
            .hba
            .rules
            .iter()
            .any(|r| r.method == Method::Scram),
        AuthType::Any
        | AuthType::Trust
        | AuthType::Plain
        | AuthType::Md5
        | AuthType::Certificate
        | AuthType::Ldap
        | AuthType::Pam => false,
    };
    if !is_needed {
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

/// Has idle clients give back their buffers, and begins periods of statistics.
async fn sweep_idle(context: Arc<Context>) {
    const SWEEP_EVERY: Duration = Duration::from_secs(1);
    let mut unused = Unused::default();
    loop {
        sleep(SWEEP_EVERY).await;
        context.registry.clients.sweep();
        context.registry.tick();
        context.registry.forget_unused(&mut unused);
    }
}

/// Cuts off nodes that must not be used, and fits the pools to what is known of the others, whenever
/// that changes.
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
        // What has changed before one listened.
        context.registry.fence();
        // A reload may bring clusters that are not among these.
        let _ = tokio::time::timeout(LOOK_EVERY, changes.join_next()).await;
        context.registry.fence();
        sleep(SETTLE).await;
        context.registry.resize();
        context.registry.forgive();
    }
}
