//! The look at a database's system catalogs.

use std::future::Future;
use std::hash::BuildHasher;
use std::hash::Hash;
use std::time::Duration;

use foldhash::fast::FixedState;
use tokio::task::spawn_blocking;
use tracing::warn;

use crate::ids::NodeId;
use crate::monitor::handle::Monitor;
use crate::monitor::login::Login;
use crate::monitor::probe::Trouble;
use crate::server::query::Row;
use crate::server::query::query;
use crate::sql::catalog::Catalog;
use crate::sql::classify::Syntax;
use crate::sql::classify::classify;
use crate::sql::statement::Class;
use crate::topology::view::View;

/// What was found in a database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Names {
    /// Name, and whether one of that name is volatile.
    pub functions: Vec<(String, bool)>,
    /// What only the primary may answer about: sequences, unlogged tables, and views, domains and
    /// operators that do what a replica must not be asked for.
    pub primary_relations: Vec<String>,
    /// Whether transactions are READ COMMITTED where nothing else is said.
    pub is_read_committed: bool,
}

impl Names {
    /// Reads the answers to [`questions`], which say nothing of isolation. Takes time linear in the length of the definitions, and
    /// as often as they are nested: milliseconds for a thousand views.
    pub fn read([functions, relations, definitions]: [Vec<Row>; 3]) -> Self {
        let functions = functions.into_iter().filter_map(read_pair);
        let relations = relations
            .into_iter()
            .filter_map(|row| row.into_iter().next()?);
        let mut names = Self {
            functions: functions.map(|(name, v)| (name, v != "f")).collect(),
            primary_relations: relations.collect(),
            is_read_committed: false,
        };
        let definitions = definitions.into_iter().filter_map(read_pair).collect();
        names.judge(definitions);
        names
    }

    /// Adds what is defined by that which is not a read, and what is defined by those in turn.
    fn judge(&mut self, mut definitions: Vec<(String, String)>) {
        for _ in 0..NESTED_MAX {
            let catalog = self.clone().into_catalog();
            let is_not_read = |(_, text): &mut (String, String)| {
                let judged = classify(text.as_bytes(), Syntax::default(), &catalog);
                judged.class != Class::Read
            };
            let found: Vec<_> = definitions.extract_if(.., is_not_read).collect();
            if found.is_empty() {
                return;
            }
            self.primary_relations
                .extend(found.into_iter().map(|(name, _)| name));
        }
        // Deeper than anyone nests: nothing is known of these.
        self.primary_relations
            .extend(definitions.into_iter().map(|(name, _)| name));
    }

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
        let mut answers = [const { Vec::new() }; 3];
        let asked = ["functions", "relations", "definitions"].iter();
        for ((answer, what), sql) in answers.iter_mut().zip(asked).zip(questions(self.rows_max)) {
            let mut found = query(&mut conn, &sql).await;
            let mut attempts = 1;
            // A view may go while its definition is asked for; then PostgreSQL fails.
            while found.is_err() && attempts < ATTEMPTS {
                found = query(&mut conn, &sql).await;
                attempts += 1;
            }
            *answer = found?;
            self.check_count(answer, what);
        }
        let read = spawn_blocking(move || Names::read(answers)).await;
        let mut names = read.map_err(|_| Trouble::Silent)?;
        let rows = query(&mut conn, IS_READ_COMMITTED).await?;
        names.is_read_committed = rows == [vec![Some("t".to_owned())]];
        Ok(names)
    }
}

/// What is asked of a database, each with `rows_max` rows in the answer at the most: functions as
/// (name, whether one of that name is volatile as `t` or `f`); names of relations that only the
/// primary may answer about; names and the SQL behind them.
pub fn questions(rows_max: u32) -> [String; 3] {
    [
        functions(rows_max),
        primary_relations(rows_max),
        definitions(rows_max),
    ]
}

fn read_pair(row: Row) -> Option<(String, String)> {
    let [name, said] = <[_; 2]>::try_from(row).ok()?;
    Some((name?, said?))
}

/// Volatile ones first: it is they that make a call a write, and that shadow a built-in name. Object
/// numbers below 16384 are those of a fresh database (FirstNormalObjectId in
/// src/include/access/transam.h), whose functions the classifier knows. An aggregate says nothing of
/// itself: it is what its functions are.
fn functions(rows_max: u32) -> String {
    format!(
        "SELECT p.proname, bool_or(p.provolatile = 'v' OR EXISTS (SELECT FROM pg_aggregate a \
         JOIN pg_proc f ON f.oid IN (a.aggtransfn, a.aggfinalfn, a.aggmtransfn, a.aggminvtransfn, \
         a.aggmfinalfn) WHERE a.aggfnoid = p.oid AND f.provolatile = 'v')) \
         FROM pg_proc p WHERE 16384 <= p.oid GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {rows_max}"
    )
}

/// Views, tables with policies for reading, domains with checks, types with casts, and operators.
fn definitions(rows_max: u32) -> String {
    format!(
        "SELECT name, CASE WHEN octet_length(said) <= {DEFINITION_BYTES_MAX} THEN said ELSE '' END \
         FROM (SELECT relname, pg_get_viewdef(oid) FROM pg_class \
         WHERE 16384 <= oid AND relkind = 'v' \
         UNION ALL SELECT relname, 'SELECT ' || pg_get_expr(polqual, polrelid) FROM pg_policy \
         JOIN pg_class c ON c.oid = polrelid WHERE polcmd IN ('r', '*') \
         UNION ALL SELECT typname, 'SELECT ' || pg_get_expr(conbin, 0) FROM pg_constraint \
         JOIN pg_type t ON t.oid = contypid WHERE 16384 <= t.oid \
         UNION ALL SELECT typname, 'SELECT ' || quote_ident(proname) || '()' FROM pg_cast c \
         JOIN pg_proc p ON p.oid = castfunc JOIN pg_type t ON t.oid = casttarget \
         WHERE 16384 <= c.oid UNION ALL SELECT oprname, 'SELECT ' || quote_ident(proname) || '()' \
         FROM pg_operator o JOIN pg_proc p ON p.oid = oprcode WHERE 16384 <= o.oid) \
         AS defined (name, said) LIMIT {rows_max}"
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

/// How often a question is asked that fails.
const ATTEMPTS: usize = 3;

/// Longer definitions are not read: what they define is the primary's. All together have to fit
/// into the answer to a question.
const DEFINITION_BYTES_MAX: usize = 20_000;

/// How deep views of views are followed.
const NESTED_MAX: usize = 32;

#[cfg(test)]
mod tests;
