//! A planned change of the primary, as the console's SWITCHOVER: what is for the primary waits from
//! the ends of its transactions on, the operator's command stops the old one, the new one replays
//! what there is and is promoted, and all goes on there. If anything fails, all goes on as it can.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout_at;

use crate::ids::NodeId;
use crate::net::conn::Conn;
use crate::net::stream::Stream;
use crate::pool::set::PoolSet;
use crate::pool::set::Selection;
use crate::registry::Registry;
use crate::registry::cluster::Cluster;
use crate::registry::desk::clock;
use crate::registry::dialer::Dialer;
use crate::server::query::Row;
use crate::server::query::query;
use crate::topology::identity::Role;
use crate::topology::lsn::Lsn;
use crate::topology::view::View;

/// What is to be done, and the right to do it: no other can be begun meanwhile.
#[derive(Debug)]
pub struct Plan {
    cluster: Arc<Cluster>,
    old: NodeId,
    new: NodeId,
    hook: String,
    limit: Duration,
}

impl Drop for Plan {
    fn drop(&mut self) {
        self.cluster.is_switching.store(false, Ordering::Release);
    }
}

/// Pools that are paused until this is dropped.
struct Halt<'a> {
    pools: &'a PoolSet<Dialer>,
    selection: Selection,
}

impl<'a> Halt<'a> {
    fn new(pools: &'a PoolSet<Dialer>, selection: Selection) -> Self {
        pools.pause(&selection);
        Self { pools, selection }
    }
}

impl Drop for Halt<'_> {
    fn drop(&mut self) {
        self.pools.resume(&self.selection);
    }
}

impl Registry {
    /// Whether the node of this address can become the primary, as far as is known.
    ///
    /// # Errors
    /// Why it cannot, for people.
    pub fn plan_switchover(&self, address: &str) -> Result<Plan, String> {
        let state = self.state();
        let has_it = |cluster: &&Arc<Cluster>| {
            !cluster.config.is_plain() && cluster.addresses.iter().any(|a| **a == *address)
        };
        let mut found = state.clusters.values().filter(has_it);
        let cluster = found.next().ok_or_else(|| {
            format!("no cluster has a node {address}; SHOW NODES names all of them")
        })?;
        if found.next().is_some() {
            return Err(format!("node {address} is in several clusters"));
        }
        let view = cluster.view();
        let (old, new) = roles(&view, address)?;
        let settings = &cluster.config.settings;
        let hook = settings.on_switchover.clone().ok_or(
            "on_switchover is not set: it is the command that stops or demotes the old primary",
        )?;
        if cluster.is_switching.swap(true, Ordering::AcqRel) {
            return Err("a switchover of this cluster is on its way".to_owned());
        }
        Ok(Plan {
            cluster: Arc::clone(cluster),
            old,
            new,
            hook,
            limit: settings.switchover_timeout,
        })
    }

    /// Changes the primary.
    ///
    /// # Errors
    /// What went wrong, and how things stand, for people.
    ///
    /// # Cancel safety
    /// No: what was done stays so. What waits goes on.
    pub async fn switch_over(&self, plan: Plan) -> Result<(), String> {
        let (old, new) = (plan.address(plan.old), plan.address(plan.new));
        let cluster = &*plan.cluster.name;
        tracing::info!(cluster, %old, %new, "switchover begins");
        let done = self.run_switchover(&plan).await;
        match &done {
            Ok(()) => tracing::info!(cluster, %old, %new, "switchover is done"),
            Err(why) => tracing::error!(cluster, %old, %new, why, "switchover failed"),
        }
        done.map_err(|why| format!("{why}; {}", plan.standing()))
    }

    async fn run_switchover(&self, plan: &Plan) -> Result<(), String> {
        let deadline = Instant::now() + plan.limit;
        let mut target = plan.connect(plan.new).await?;
        plan.check_rights(&mut target).await?;
        let mut source = plan.connect(plan.old).await?;
        let selection = Selection::Node(plan.address(plan.old));
        let _halt = Halt::new(&self.pools, selection.clone());
        let quiet = timeout_at(deadline, self.pools.quiet(&selection)).await;
        quiet.map_err(|_| {
            let in_use = self.pools.in_use(&selection);
            format!(
                "{in_use} servers were in use when switchover_timeout was over, in transactions or \
                 by sessions that keep theirs; on_switchover was not run"
            )
        })?;
        let end = plan.end_of_log(&mut source).await?;
        drop(source);
        plan.run_hook(deadline).await?;
        plan.stopped(deadline).await?;
        plan.replayed(&mut target, end, deadline).await?;
        plan.promote(&mut target, deadline).await?;
        let monitor = &plan.cluster.monitor;
        monitor.failed(plan.new);
        let is_new = |view: &View| (view.primary == Some(plan.new)).then_some(());
        let found = monitor.wait_for(None, deadline.into_std(), is_new).await;
        found.ok_or_else(|| "it was promoted, but is not seen as the primary".to_owned())
    }
}

/// Which node is the primary, and which is to be.
fn roles(view: &View, address: &str) -> Result<(NodeId, NodeId), String> {
    let old = view.primary_node().ok_or("no primary is known")?;
    let new = view.nodes.iter().find(|node| *node.address == *address);
    let new = new.ok_or("the node was removed")?;
    if new.id == old.id {
        return Err(format!("node {address} is the primary"));
    }
    let is_well = new.health.is_up() && new.role == Role::Replica && !new.is_fenced();
    if !is_well || new.identity != old.identity {
        return Err(format!(
            "node {address} is no replica that follows the primary; SHOW NODES says what it is"
        ));
    }
    Ok((old.id, new.id))
}

impl Plan {
    fn address(&self, node: NodeId) -> Arc<str> {
        self.cluster.address(node)
    }

    /// How things stand.
    fn standing(&self) -> String {
        match self.cluster.view().primary_node() {
            Some(node) => format!("the primary is {}, and writes go on there", node.address),
            None => "there is no primary: writes wait until there is, for failover_wait".to_owned(),
        }
    }

    async fn connect(&self, node: NodeId) -> Result<Conn<Stream>, String> {
        let dbname = &self.cluster.config.settings.monitor_dbname;
        let connected = self.cluster.login.connect(node, dbname, &[]).await;
        connected.map_err(|trouble| format!("{}: {trouble}", self.address(node)))
    }

    /// Asks one row of a node.
    async fn ask(&self, node: NodeId, conn: &mut Conn<Stream>, sql: &str) -> Result<Row, String> {
        let rows = query(conn, sql).await;
        let rows = rows.map_err(|error| format!("{}: {error}", self.address(node)))?;
        let row = rows.into_iter().next();
        row.ok_or_else(|| format!("{}: no answer to {sql}", self.address(node)))
    }

    async fn check_rights(&self, target: &mut Conn<Stream>) -> Result<(), String> {
        const SQL: &str = "SELECT pg_catalog.has_function_privilege(\
            'pg_catalog.pg_promote(boolean, integer)', 'EXECUTE')";
        let row = self.ask(self.new, target, SQL).await?;
        match first(&row) {
            Some("t") => Ok(()),
            Some(_) | None => Err(format!(
                "monitor_user may not promote {}: GRANT EXECUTE ON FUNCTION pg_promote TO it",
                self.address(self.new)
            )),
        }
    }

    /// Up to where the new primary has to replay.
    async fn end_of_log(&self, source: &mut Conn<Stream>) -> Result<Lsn, String> {
        // Commits that were not waited for are written to disk, so that the standby gets them.
        self.ask(self.old, source, "SELECT pg_catalog.txid_current()")
            .await?;
        let sql = "SELECT pg_catalog.pg_current_wal_insert_lsn()";
        let row = self.ask(self.old, source, sql).await?;
        let end: Option<Lsn> = first(&row).and_then(|lsn| lsn.parse().ok());
        let end = end.ok_or_else(|| format!("{}: no position", self.address(self.old)))?;
        Ok(self.cluster.view().layout.replayable(end))
    }

    /// Runs the operator's command.
    async fn run_hook(&self, deadline: Instant) -> Result<(), String> {
        let (old, new) = (self.address(self.old), self.address(self.new));
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &self.hook])
            .env("PGSLUICE_CLUSTER", &*self.cluster.name)
            .env("PGSLUICE_OLD_NODE", &*old)
            .env("PGSLUICE_NEW_NODE", &*new)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|error| format!("on_switchover could not be run: {error}"))?;
        match timeout_at(deadline, child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(format!("on_switchover failed ({status})")),
            Ok(Err(error)) => Err(format!("on_switchover was lost: {error}")),
            Err(_) => Err("on_switchover took longer than switchover_timeout".to_owned()),
        }
    }

    /// Waits until the old primary is seen to be none, lest there be two.
    async fn stopped(&self, deadline: Instant) -> Result<(), String> {
        let monitor = &self.cluster.monitor;
        monitor.failed(self.old);
        let is_over = |view: &View| (view.primary != Some(self.old)).then_some(());
        let until = deadline.min(Instant::now() + STOPPED_LIMIT).into_std();
        let over = monitor.wait_for(None, until, is_over).await;
        over.ok_or_else(|| {
            format!(
                "on_switchover ended well, but {} still takes writes; {} was not promoted",
                self.address(self.old),
                self.address(self.new)
            )
        })
    }

    /// Waits until the target has replayed up to `end` and all that it has received.
    async fn replayed(
        &self,
        target: &mut Conn<Stream>,
        end: Lsn,
        deadline: Instant,
    ) -> Result<(), String> {
        const SQL: &str = "SELECT pg_catalog.pg_last_wal_replay_lsn(), \
            pg_catalog.pg_last_wal_receive_lsn()";
        loop {
            let row = self.ask(self.new, target, SQL).await?;
            let mut fields = row
                .iter()
                .map(|field| field.as_deref().and_then(|lsn| lsn.parse().ok()));
            let replayed: Option<Lsn> = fields.next().flatten();
            let received: Option<Lsn> = fields.next().flatten();
            if replayed.is_some_and(|lsn| end <= lsn) && received <= replayed {
                return Ok(());
            }
            if deadline <= Instant::now() {
                let at = replayed.map(|lsn| lsn.to_string()).unwrap_or_default();
                return Err(format!(
                    "{} has replayed up to {at} of {end} only, and was not promoted",
                    self.address(self.new)
                ));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn promote(&self, target: &mut Conn<Stream>, deadline: Instant) -> Result<(), String> {
        let left = deadline.into_std().saturating_duration_since(clock());
        let sql = format!(
            "SELECT pg_catalog.pg_promote(true, {})",
            left.as_secs().max(1)
        );
        let late = || {
            format!(
                "{} was told to promote, and has not in time",
                self.address(self.new)
            )
        };
        let asked = self.ask(self.new, target, &sql);
        let row = timeout_at(deadline + ANSWER_LIMIT, asked).await;
        match first(&row.map_err(|_| late())??) {
            Some("t") => Ok(()),
            Some(_) | None => Err(late()),
        }
    }
}

fn first(row: &Row) -> Option<&str> {
    row.first().and_then(Option::as_deref)
}

/// How long it may take until an old primary that was stopped is seen to be.
const STOPPED_LIMIT: Duration = Duration::from_secs(5);

/// How much longer than it may take the answer to a promotion is waited for.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// How often the target's replay is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
