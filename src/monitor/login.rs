//! How our own connections to the nodes of a cluster are made, for probes and the catalog.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::auth::server_login::Credential;
use crate::config::cluster::Cluster;
use crate::config::cluster::Node;
use crate::error::Error;
use crate::ids::NodeId;
use crate::monitor::probe::Trouble;
use crate::net::conn::Conn;
use crate::net::dial::Fault;
use crate::net::dial::Find;
use crate::net::dial::Target;
use crate::net::stream::Stream;
use crate::server::dial::Ask;
use crate::server::dial::Route;
use crate::server::dial::dial;
use crate::server::path::Means;
use crate::server::path::Watched;
use crate::sqlstate::SqlState;

/// How our own connections to the nodes of a cluster are made.
#[derive(Clone, Debug)]
pub struct Login {
    cluster: Arc<str>,
    targets: Vec<(Target, Option<SocketAddr>)>,
    watched: Vec<Arc<Watched>>,
    means: Means,
    user: String,
    credential: Credential,
    limit: Duration,
}

impl Login {
    /// As the cluster's monitor user, within its `probe_timeout`.
    pub fn new(cluster: &Cluster, means: Means) -> Self {
        let target = |node: &Node| {
            let target = Target {
                host: node.host.clone(),
                port: node.port,
            };
            (target, node.socket_address())
        };
        Self {
            cluster: Arc::from(cluster.name.as_str()),
            targets: cluster.nodes.iter().map(target).collect(),
            watched: cluster.nodes.iter().map(|_| Arc::default()).collect(),
            means,
            user: cluster.monitor.user.clone(),
            credential: cluster.monitor.credential.clone(),
            limit: cluster.settings.probe_timeout,
        }
    }

    /// The cluster's name, for logs.
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// Where a node is watched.
    pub fn watched(&self, node: NodeId) -> Arc<Watched> {
        let watched = self.watched.get(node.index());
        watched.map(Arc::clone).unwrap_or_default()
    }

    /// Connects to a database on a node. `settings` are laid over those that keep us out of the
    /// way of what a role or database sets for its applications.
    ///
    /// # Errors
    /// Nobody listens there or it is starting or stopping ([`Trouble::Refused`]); or else.
    ///
    /// # Cancel safety
    /// Yes: a connection that nobody waits for is closed.
    pub async fn connect(
        &self,
        node: NodeId,
        dbname: &str,
        settings: &[(&str, &str)],
    ) -> Result<Conn<Stream>, Trouble> {
        let Some((target, address)) = self.targets.get(node.index()) else {
            return Err(Trouble::Nonsense {
                expected: "a node of this cluster",
                found: node.to_string(),
            });
        };
        let by_name = Find::ByName {
            names: &self.means.names,
            first: 0,
        };
        let route = Route {
            target,
            find: address.map_or(by_name, Find::At),
            tls: &self.means.tls,
            tcp: &self.means.tcp,
        };
        let mut parameters = vec![("database", dbname)];
        parameters.extend(SETTINGS);
        parameters.extend(settings);
        let ask = Ask {
            user: &self.user,
            credential: &self.credential,
            parameters: &parameters,
            minor: 0,
        };
        match dial(&route, &ask, self.limit).await {
            Ok(fresh) => Ok(fresh.conn),
            Err(error) if is_refusal(&error) => Err(Trouble::Refused),
            Err(error) if error.sqlstate() == SqlState::TOO_MANY_CONNECTIONS => {
                Err(Trouble::Full(error))
            }
            Err(error) => Err(Trouble::Failed(error)),
        }
    }
}

/// Whether nobody serves there: no listener, or a PostgreSQL that is starting or stopping.
///
/// For traffic, too: what is true makes [`Monitor::refused`](super::handle::Monitor::refused) the
/// right report, and anything else [`Monitor::failed`](super::handle::Monitor::failed).
pub fn is_refusal(error: &Error) -> bool {
    if error.sqlstate() == SqlState::CANNOT_CONNECT_NOW {
        return true;
    }
    let fault = error.source().and_then(|s| s.downcast_ref::<Fault>());
    match fault {
        Some(Fault::Refused { source, .. }) => matches!(
            source.kind(),
            // A Unix socket's file goes with its server.
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound
        ),
        Some(Fault::Resolve { .. } | Fault::NoAddress { .. } | Fault::Late { .. }) | None => false,
    }
}

const SETTINGS: [(&str, &str); 3] = [
    ("application_name", "pgsluice monitor"),
    ("search_path", "pg_catalog"),
    ("client_encoding", "UTF8"),
];
