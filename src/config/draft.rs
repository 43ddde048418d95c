//! A database as its section says it, before it is known to which cluster it belongs.

use crate::auth::server_login::Credential;
use crate::config::cluster::ClusterSettings;
use crate::config::database::Pooling;
use crate::config::database::Routing;
use crate::config::database::Timeouts;
use crate::config::types::Lookup;
use crate::topology::policy::PrimaryReads;

/// A database as its section says it.
#[derive(Clone, Debug, Default)]
pub struct DatabaseDraft {
    /// The cluster that it names.
    pub cluster: Option<String>,
    /// The settings of the cluster that it is itself, if it lists nodes.
    pub own_cluster: Option<ClusterSettings>,
    /// See `Database::dbname`.
    pub dbname: Option<String>,
    /// The role that all its servers log in as.
    pub user: Option<String>,
    /// With what it logs in, if that is not what is stored of it as a user.
    pub password: Option<Credential>,
    /// `Routing::primary_reads`, where it is not its cluster's.
    pub primary_reads: Option<PrimaryReads>,
    /// See `Database::lookup`.
    pub lookup: Lookup,
    /// See `Database::pooling`.
    pub pooling: Pooling,
    /// See `Database::timeouts`.
    pub timeouts: Timeouts,
    /// See `Database::routing`.
    pub routing: Routing,
}
