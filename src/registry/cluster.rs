//! A cluster as clients use it: its view, and what traffic tells its monitor.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use arc_swap::ArcSwapOption;
use arc_swap::Guard;

use crate::config::cluster as config;
use crate::ids::NodeId;
use crate::monitor::handle::Monitor;
use crate::monitor::handle::Tasks;
use crate::monitor::login::Login;
use crate::monitor::postgres::Postgres;
use crate::monitor::settings::Settings;
use crate::net::dial::Target;
use crate::registry::desk::clock;
use crate::registry::failover::Line;
use crate::registry::found::Both;
use crate::registry::last_write::LastWrites;
use crate::registry::patience::Patience;
use crate::server::path::Means;
use crate::server::path::Path;
use crate::topology::view::View;

/// The nodes that replicate one primary.
#[derive(Debug)]
pub struct Cluster {
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// What the configuration says of it, with the nodes that there are.
    pub config: Arc<config::Cluster>,
    /// The same with the nodes of the file, where others were found.
    pub configured: Arc<config::Cluster>,
    /// Its nodes' addresses, by number.
    pub addresses: Box<[Arc<str>]>,
    /// Who watches it.
    pub monitor: Monitor,
    /// When sessions of its databases last wrote.
    pub last_writes: Arc<LastWrites>,
    /// Whether reads wait for a replica.
    pub patience: Patience,
    /// Those who wait for its primary.
    pub failover: Arc<Line>,
    /// [`Monitor::fences`] when its clients were last told.
    pub fenced: AtomicU64,
    /// Whether a switchover is on its way.
    pub is_switching: AtomicBool,
    /// How our own connections are made.
    pub login: Login,
    /// The cluster that took its place at a reload or a change of nodes. Links that are older know more
    /// of their nodes by it.
    heir: ArcSwapOption<Self>,
    has_heir: AtomicBool,
    paths: Box<[Arc<Path>]>,
    /// The monitor's tasks end with the cluster.
    _tasks: Tasks,
}

impl Cluster {
    /// A cluster whose monitor starts now, within a runtime. With the one whose place it takes,
    /// what is known of their common nodes stays known.
    pub fn start(both: Both, means: &Means, before: Option<&Self>) -> Self {
        let config = &both.config;
        if config.is_plain() {
            return Self::plain(both, means, before);
        }
        let login = Login::new(config, means.clone());
        let paths: Box<[Arc<Path>]> = (0..)
            .map(NodeId)
            .zip(&config.nodes)
            .map(|(id, node)| {
                let target = Target {
                    host: node.host.clone(),
                    port: node.port,
                };
                let path = Path::new(target, means.clone()).at(node.socket_address());
                Arc::new(path.watched(&login.watched(id)))
            })
            .collect();
        let addresses = config
            .nodes
            .iter()
            .map(|node| node.to_string().into())
            .collect();
        let probe = Postgres::new(login.clone(), config.settings.monitor_dbname.clone());
        let settings = Settings::from(&**config);
        let (monitor, tasks) = match before.filter(|before| !before.config.is_plain()) {
            Some(before) => before.monitor.start_after(settings, probe),
            None => Monitor::start(settings, probe),
        };
        Self {
            name: config.name.as_str().into(),
            config: both.config,
            configured: both.configured,
            addresses,
            paths,
            login,
            last_writes: last_writes(before),
            patience: Patience::new(clock()),
            failover: Arc::default(),
            fenced: AtomicU64::new(0),
            is_switching: AtomicBool::new(false),
            heir: ArcSwapOption::empty(),
            has_heir: AtomicBool::new(false),
            monitor,
            _tasks: tasks,
        }
    }

    /// A cluster that nobody asks: to clients it is one node, whose servers are opened to its hosts
    /// in turn.
    fn plain(both: Both, means: &Means, before: Option<&Self>) -> Self {
        let config = &both.config;
        let hosts = config.nodes.iter().map(|node| Target {
            host: node.host.clone(),
            port: node.port,
        });
        let balance = config.settings.load_balance_hosts;
        let path = Path::to_any(hosts.collect(), balance, means.clone());
        let names: Vec<_> = config.nodes.iter().map(ToString::to_string).collect();
        let address: Arc<str> = names.join(",").into();
        let settings = Settings {
            nodes: vec![(Arc::clone(&address), 1.0)],
            ..Settings::from(&**config)
        };
        let (monitor, tasks) = Monitor::unasked(settings);
        Self {
            name: config.name.as_str().into(),
            login: Login::new(config, means.clone()),
            config: both.config,
            configured: both.configured,
            addresses: [address].into(),
            paths: [Arc::new(path)].into(),
            last_writes: last_writes(before),
            patience: Patience::new(clock()),
            failover: Arc::default(),
            fenced: AtomicU64::new(0),
            is_switching: AtomicBool::new(false),
            heir: ArcSwapOption::empty(),
            has_heir: AtomicBool::new(false),
            monitor,
            _tasks: tasks,
        }
    }

    /// How a node is reached.
    pub fn path(&self, node: NodeId) -> Option<&Arc<Path>> {
        self.paths.get(node.index())
    }

    /// The cluster as it is now. One atomic load.
    pub fn view(&self) -> Guard<Arc<View>> {
        self.monitor.view()
    }

    /// Another takes its place.
    pub fn replace_by(&self, heir: &Arc<Self>) {
        self.heir.store(Some(Arc::clone(heir)));
        self.has_heir.store(true, Ordering::Release);
    }

    /// Whether another has its place. One atomic load.
    pub fn is_replaced(&self) -> bool {
        self.has_heir.load(Ordering::Acquire)
    }

    /// The cluster that has its place now, if that is another.
    pub fn heir(&self) -> Option<Arc<Self>> {
        let mut heir = self.heir.load_full()?;
        while let Some(next) = heir.heir.load_full() {
            heir = next;
        }
        Some(heir)
    }

    /// Whether nothing may go to a node any more over a link that was made to it, as
    /// [`View::bars`]: by what is known of it here, and in the cluster that has this one's place.
    ///
    /// There it may be known by another number, or not at all: then it is barred as the primary once
    /// another is on a later timeline of the same history. Until then what runs there may end.
    pub fn bars(&self, node: NodeId, as_primary: bool) -> bool {
        let view = self.view();
        if view.bars(node, as_primary) {
            return true;
        }
        let Some(heir) = self.heir().filter(|_| !self.config.is_plain()) else {
            return false;
        };
        let (address, theirs) = (self.address(node), heir.view());
        match theirs.nodes.iter().find(|node| node.address == address) {
            Some(node) => theirs.bars(node.id, as_primary),
            None => as_primary && theirs.primary.is_some() && is_later(&theirs, &view),
        }
    }

    /// Waits until this node is not the primary.
    ///
    /// # Cancel safety
    /// Yes: it changes nothing.
    pub async fn replaced(&self, node: NodeId) {
        let mut changes = self.monitor.changes();
        while self.view().primary == Some(node) {
            if changes.changed().await.is_err() {
                // Nobody asks any more: it stays so.
                std::future::pending::<()>().await;
            }
        }
    }

    /// A node's address; empty if there is none of this number.
    pub fn address(&self, node: NodeId) -> Arc<str> {
        self.addresses
            .get(node.index())
            .map(Arc::clone)
            .unwrap_or_default()
    }
}

/// Whether a view is of a later timeline than another of the same history.
fn is_later(view: &View, than: &View) -> bool {
    let both = view.identity.zip(than.identity);
    both.is_some_and(|(ours, theirs)| {
        ours.system == theirs.system && theirs.timeline < ours.timeline
    })
}

/// What was written outlives a change of the configuration.
fn last_writes(before: Option<&Cluster>) -> Arc<LastWrites> {
    before
        .map(|before| Arc::clone(&before.last_writes))
        .unwrap_or_default()
}
