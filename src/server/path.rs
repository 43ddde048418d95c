//! The way to a node, kept for as long as its configuration holds.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use arc_swap::ArcSwapOption;

use crate::config::types::Tcp;
use crate::config::words::LoadBalance;
use crate::net::dial::Find;
use crate::net::dial::Target;
use crate::net::names::Names;
use crate::net::tls::dial::ServerTls;
use crate::server::dial::Route;

/// By what servers are reached.
#[derive(Clone, Debug)]
pub struct Means {
    /// TLS towards them.
    pub tls: Arc<ServerTls>,
    /// Socket options.
    pub tcp: Tcp,
    /// What their names stand for.
    pub names: Arc<Names>,
}

impl Means {
    /// These, with names of their own.
    pub fn new(tls: Arc<ServerTls>, tcp: Tcp) -> Self {
        let names = Arc::default();
        Self { tls, tcp, names }
    }
}

/// Where the node of a name was reached by the one who watches it. What is known of the node is
/// known of the host there: another that the name stands for as well would not do.
#[derive(Debug, Default)]
pub struct Watched(ArcSwapOption<SocketAddr>);

impl Watched {
    /// It is watched there until what is returned is dropped.
    pub fn at(self: &Arc<Self>, address: Option<SocketAddr>) -> Watch {
        self.0.store(address.map(Arc::new));
        Watch(Arc::clone(self))
    }

    fn address(&self) -> Option<SocketAddr> {
        self.0.load().as_deref().copied()
    }
}

/// A node is watched.
#[derive(Debug)]
pub struct Watch(Arc<Watched>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.0.store(None);
    }
}

/// Where a node is, and how it is reached. One that nobody asks what it is may be several hosts.
#[derive(Debug)]
pub struct Path {
    hosts: Box<[Target]>,
    /// The only address that will do, of a host that has several.
    address: Option<SocketAddr>,
    /// The one that will do while it is watched there.
    watched: Arc<Watched>,
    means: Means,
    turns: Turns,
}

/// Which host, and which of its addresses, is next.
#[derive(Debug)]
enum Turns {
    /// There is one host, always dialed in the order in which its addresses are given.
    One,
    /// Each host, and each address of it, in turn.
    Each(AtomicUsize),
    /// The host at this place until it fails, its addresses in turn.
    Stay {
        host: AtomicUsize,
        turn: AtomicUsize,
    },
}

/// One host to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Try {
    host: usize,
    /// The first address to be dialed.
    first: usize,
}

/// Where a server was reached, so that a cancel request goes to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    host: usize,
    /// `None` for a Unix socket.
    address: Option<SocketAddr>,
}

impl Path {
    /// The way to a node that is one host.
    pub fn new(target: Target, means: Means) -> Self {
        Self {
            hosts: [target].into(),
            address: None,
            watched: Arc::default(),
            means,
            turns: Turns::One,
        }
    }

    /// The same at this address of the host alone, if there is one to heed.
    #[must_use]
    pub fn at(mut self, address: Option<SocketAddr>) -> Self {
        self.address = address;
        self
    }

    /// The same to where it is watched, while it is.
    #[must_use]
    pub fn watched(mut self, watched: &Arc<Watched>) -> Self {
        self.watched = Arc::clone(watched);
        self
    }

    /// The way to what is one of several hosts, at least one.
    pub fn to_any(hosts: Box<[Target]>, balance: LoadBalance, means: Means) -> Self {
        let turns = match balance {
            LoadBalance::RoundRobin => Turns::Each(AtomicUsize::new(0)),
            LoadBalance::Disable => Turns::Stay {
                host: AtomicUsize::new(0),
                turn: AtomicUsize::new(0),
            },
        };
        Self {
            hosts,
            address: None,
            watched: Arc::default(),
            means,
            turns,
        }
    }

    /// Whether both lead to the same hosts in the same way.
    pub fn is_same(one: &Arc<Self>, other: &Arc<Self>) -> bool {
        Arc::ptr_eq(one, other)
            || (one.hosts == other.hosts
                && one.address == other.address
                && one.means.tcp == other.means.tcp
                && Arc::ptr_eq(&one.means.tls, &other.means.tls)
                && std::mem::discriminant(&one.turns) == std::mem::discriminant(&other.turns))
    }

    /// The hosts to try for one server, the one whose turn it is first.
    pub fn tries(&self) -> Vec<Try> {
        let count = self.hosts.len().max(1);
        let (host, first) = match &self.turns {
            Turns::One => (0, 0),
            Turns::Each(turn) => {
                let turn = turn.fetch_add(1, Ordering::Relaxed);
                (turn % count, turn / count)
            }
            Turns::Stay { host, turn } => {
                let host = host.load(Ordering::Relaxed) % count;
                (host, turn.fetch_add(1, Ordering::Relaxed))
            }
        };
        let hosts = (host..host + count).map(|host| host % count);
        hosts.map(|host| Try { host, first }).collect()
    }

    /// A host did not give a server: one that is stayed with is left for the next.
    pub fn on_failed(&self, tried: Try) {
        if let Turns::Stay { host, .. } = &self.turns {
            let (now, next) = (tried.host, (tried.host + 1) % self.hosts.len().max(1));
            // Another may have left it already.
            let _ = host.compare_exchange(now, next, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    /// The way to a host; `None` if it is one of another path.
    pub fn route(&self, tried: Try) -> Option<Route<'_>> {
        let names = &*self.means.names;
        let first = tried.first;
        let by_name = Find::ByName { names, first };
        let address = self.address.or_else(|| self.watched.address());
        self.route_by(tried.host, address.map_or(by_name, Find::At))
    }

    /// The way to where a server was reached.
    pub fn route_back(&self, reached: Reached) -> Option<Route<'_>> {
        let names = &*self.means.names;
        let by_name = Find::ByName { names, first: 0 };
        self.route_by(reached.host, reached.address.map_or(by_name, Find::At))
    }

    /// Where a server was reached that was opened by `tried` and has this peer.
    pub fn reached(tried: Try, address: Option<SocketAddr>) -> Reached {
        let host = tried.host;
        Reached { host, address }
    }

    /// The host where a server was reached.
    pub fn target(&self, reached: Reached) -> Option<&Target> {
        self.hosts.get(reached.host)
    }

    fn route_by<'a>(&'a self, host: usize, find: Find<'a>) -> Option<Route<'a>> {
        Some(Route {
            target: self.hosts.get(host)?,
            find,
            tls: &self.means.tls,
            tcp: &self.means.tcp,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tls::Tls;

    fn path(hosts: &[&str], balance: LoadBalance) -> Path {
        let tls = ServerTls::new(&Tls::default()).unwrap();
        let means = Means::new(Arc::new(tls), Tcp::default());
        let target = |host: &&str| Target {
            host: (*host).to_owned(),
            port: 5432,
        };
        Path::to_any(hosts.iter().map(target).collect(), balance, means)
    }

    fn order(path: &Path) -> String {
        let route = |tried: Try| path.route(tried).unwrap();
        let tries = path.tries().into_iter();
        tries.map(|t| route(t).target.host.clone()).collect()
    }

    #[test]
    fn hosts_are_tried_in_turn() {
        let path = path(&["a", "b", "c"], LoadBalance::RoundRobin);
        let orders: Vec<_> = (0..4).map(|_| order(&path)).collect();
        assert_eq!(orders, ["abc", "bca", "cab", "abc"]);
        assert_eq!(path.tries()[0], Try { host: 1, first: 1 });
    }

    #[test]
    fn a_host_is_stayed_with_until_it_fails() {
        let path = path(&["a", "b"], LoadBalance::Disable);
        assert_eq!([order(&path), order(&path)], ["ab", "ab"]);
        let tried = path.tries()[0];
        path.on_failed(tried);
        // Of several that failed at the same time one counts.
        path.on_failed(tried);
        assert_eq!([order(&path), order(&path)], ["ba", "ba"]);
    }

    #[test]
    fn servers_are_opened_where_the_node_is_watched() {
        let at = |path: &Path| match path.route(path.tries()[0]).unwrap().find {
            Find::At(address) => Some(address),
            Find::ByName { .. } => None,
        };
        let watched = Arc::default();
        let path = path(&["a"], LoadBalance::Disable).watched(&watched);
        assert_eq!(at(&path), None);
        let address = SocketAddr::from(([127, 0, 0, 1], 5));
        let watch = watched.at(Some(address));
        assert_eq!(at(&path), Some(address));
        drop(watch);
        assert_eq!(at(&path), None);
        let _watch = watched.at(None);
        assert_eq!(at(&path), None);
    }

    #[test]
    fn a_cancel_goes_where_the_server_is() {
        let path = path(&["a", "b"], LoadBalance::RoundRobin);
        let address = SocketAddr::from(([127, 0, 0, 1], 5));
        let reached = Path::reached(path.tries()[1], Some(address));
        let route = path.route_back(reached).unwrap();
        assert_eq!(route.target.host, "b");
        assert!(matches!(route.find, Find::At(at) if at == address));
        assert_eq!(path.target(reached).unwrap().host, "b");
    }
}
