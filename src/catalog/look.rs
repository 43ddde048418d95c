//! The look at a database's system catalogs.

use std::future::Future;
use std::hash::BuildHasher;
use std::hash::Hash;
use std::time::Duration;

use foldhash::fast::FixedState;
use tracing::warn;

use crate::ids::NodeId;
use crate::monitor::handle::Monitor;
use crate::monitor::login::Login;
use crate::monitor::probe::Trouble;
use crate::server::query::Row;
use crate::server::query::query;
use crate::sql::catalog::Catalog;
use crate::topology::view::View;

/// What was found in a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Names {
    /// Name, and whether one of that name is volatile.
    pub functions: Vec<(String, bool)>,
    /// Sequences and unlogged tables.
    pub primary_relations: Vec<String>,
    /// Whether transactions are READ COMMITTED where nothing else is said.
    pub is_read_committed: bool,
}

impl Names {
    /// A number that differs where the names do.
    pub fn fingerprint(&self) -> u64 {
        FixedState::default().hash_one(self)
    }

    /// The names as the classifier takes them.
    pub fn into_catalog(self) -> Catalog {
        let functions = self.functions.into_iter();
        Catalog::new(functions.map(|(name, volatile)| (name.into_bytes(), volatile)))
            .with_primary_relations(self.primary_relations.into_iter().map(String::into_bytes))
            .with_read_committed(self.is_read_committed)
    }
}

/// Looks at a database's catalogs.
pub trait Look: Send + Sync + 'static {
    /// Looks once.
    ///
    /// Cancel safety: yes, the connection is given up.
    fn look(&self) -> impl Future<Output = Result<Names, Trouble>> + Send;
}

/// Looks at a database of a cluster: on its primary, where changes are seen first, or else on any
/// node that answers.
#[derive(Debug)]
pub struct PostgresLook {
    login: Login,
    monitor: Monitor,
    dbname: String,
    rows_max: u32,
}

impl PostgresLook {
    /// `dbname` is PostgreSQL's name of the database. Of each kind of name `rows_max` are taken at
    /// the most, volatile functions first.
    pub fn new(login: Login, monitor: Monitor, dbname: String, rows_max: u32) -> Self {
        Self {
            login,
            monitor,
            dbname,
            rows_max,
        }
    }

    /// Waits for the first view that has a node.
    async fn node(&self) -> Option<NodeId> {
        let deadline = tokio::time::Instant::now() + TIMEOUT;
        let pick = |view: &View| {
            let any = || view.nodes.iter().find(|n| n.exclusion.is_none());
            view.primary.or_else(|| any().map(|n| n.id))
        };
        self.monitor.wait_for(None, deadline.into_std(), pick).await
    }

    fn check_count(&self, rows: &[Row], what: &'static str) {
        if u32::try_from(rows.len()).unwrap_or(u32::MAX) < self.rows_max {
            return;
        }
        let (cluster, database) = (self.login.cluster(), self.dbname.as_str());
        let rows_max = self.rows_max;
        warn!(
            cluster,
            database, what, rows_max, "catalog has more names than are looked at"
        );
    }
}

impl Look for PostgresLook {
    async fn look(&self) -> Result<Names, Trouble> {
        let Some(node) = self.node().await else {
            return Err(Trouble::Nonsense {
                expected: "a node that answers",
                found: "none".to_owned(),
            });
        };
        let mut conn = self
            .login
            .connect(node, &self.dbname, &[("statement_timeout", TIMEOUT_MS)])
            .await?;
        let rows = query(&mut conn, &functions(self.rows_max)).await?;
        self.check_count(&rows, "functions");
        let functions = rows.into_iter().filter_map(read_function).collect();
        let rows = query(&mut conn, &primary_relations(self.rows_max)).await?;
        self.check_count(&rows, "relations");
        let relations = rows.into_iter().filter_map(|row| row.into_iter().next()?);
        let primary_relations = relations.collect();
        let rows = query(&mut conn, IS_READ_COMMITTED).await?;
        let is_read_committed = rows == [vec![Some("t".to_owned())]];
        Ok(Names {
            functions,
            primary_relations,
            is_read_committed,
        })
    }
}

fn read_function(row: Row) -> Option<(String, bool)> {
    let [name, volatile] = <[_; 2]>::try_from(row).ok()?;
    Some((name?, volatile? != "f"))
}

/// Volatile ones first: it is they that make a call a write, and that shadow a built-in name. Object
/// numbers below 16384 are those of a fresh database (FirstNormalObjectId in
/// src/include/access/transam.h), whose functions the classifier knows.
fn functions(rows_max: u32) -> String {
    format!(
        "SELECT proname, bool_or(provolatile = 'v') FROM pg_proc WHERE 16384 <= oid \
         GROUP BY proname ORDER BY 2 DESC, 1 LIMIT {rows_max}"
    )
}

/// What a replica refuses (unlogged tables) or answers ahead of the truth (sequences).
fn primary_relations(rows_max: u32) -> String {
    format!(
        "SELECT DISTINCT relname FROM pg_class WHERE 16384 <= oid \
         AND (relkind = 'S' OR relpersistence = 'u' AND relkind IN ('r', 'p', 'm')) \
         ORDER BY 1 LIMIT {rows_max}"
    )
}

/// Whether neither the server nor a role or database has another default.
const IS_READ_COMMITTED: &str = "SELECT current_setting('default_transaction_isolation') = \
    'read committed' AND NOT EXISTS (SELECT FROM pg_db_role_setting, unnest(setconfig) AS setting \
    WHERE setting ILIKE 'default_transaction_isolation=%' AND setting NOT ILIKE '%=read committed')";

/// The longest that a look may take, connecting aside.
pub const TIMEOUT: Duration = Duration::from_secs(10);

const TIMEOUT_MS: &str = "10000";
