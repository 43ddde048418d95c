//! `EXPLAIN ROUTE`: what a statement is, what kind of node it wants, which nodes there are, and the
//! one that a new session of the user would get now. Nothing is run, and no turn is taken.

use std::sync::Arc;
use std::time::Instant;

use crate::admin::Scene;
use crate::admin::cell::Cell;
use crate::admin::cell::Row;
use crate::admin::cell::cell;
use crate::admin::cell::decimal;
use crate::admin::cell::int4;
use crate::admin::cell::millis;
use crate::admin::cell::numeric;
use crate::admin::cell::text;
use crate::admin::parse::EXPLAIN_ROUTE;
use crate::admin::parse::Question;
use crate::admin::words;
use crate::registry::Registry;
use crate::registry::database::Database;
use crate::registry::desk::Desk;
use crate::registry::pick::Pick;
use crate::registry::pick::load_of;
use crate::route;
use crate::route::Facts;
use crate::route::Kind;
use crate::route::Standing;
use crate::route::Want;
use crate::route::freshness::Needs;
use crate::route::freshness::Past;
use crate::session::side::Role;
use crate::session::wishes::Wishes;
use crate::sql::explain;
use crate::sql::statement::Class;
use crate::sql::statement::Reason;
use crate::topology::choose;
use crate::topology::choose::Ask;
use crate::topology::choose::Load;
use crate::topology::choose::NodeSet;
use crate::topology::choose::Shortage;
use crate::topology::policy::PrimaryReads;
use crate::topology::view::NodeView;
use crate::topology::view::View;
use crate::wire::write::Column;

pub(super) const COLUMNS: &[Column<'_>] = &[
    text("item"),
    text("verdict"),
    text("node"),
    text("role"),
    numeric("lag_ms"),
    numeric("certificate_age_ms"),
    int4("in_use"),
    int4("pool_size"),
    int4("waiting"),
    numeric("latency_ms"),
    numeric("weight"),
    numeric("score"),
    text("detail"),
];

/// One row for the statement, one for what it wants and one for how fresh that must be, one a node,
/// one for the choice.
///
/// # Errors
/// It is not clear for which database or user, or a setting is wrong.
pub(super) fn rows(scene: &Scene<'_>, question: &Question<'_>) -> Result<Vec<Row>, String> {
    let database = database(scene.registry, question.database.as_deref())?;
    let desk = desk(scene.registry, &database, question.user.as_deref())?;
    let mut wishes = Wishes::default();
    for (name, value) in &question.settings {
        wishes.set(name, value)?;
    }
    let snapshot = database.catalog.snapshot();
    let found = explain::explain(question.sql, &snapshot.catalog);
    if found.statement.class == Class::Read {
        database.learned.recall(question.sql, &found.statement);
    }
    let (class, reason) = found.statement.verdict(scene.now);
    let mut about = match reason {
        Reason::Learned => words::LEARNED.to_owned(),
        _ => words::statement(question.sql, &found),
    };
    if snapshot.version == 0 {
        about.push_str("; the catalog has not been read yet");
    }
    let mut rows = vec![summary("statement", words::class(class), about)];
    if found.statement.is_own() {
        let about = "pgsluice answers it by itself".to_owned();
        rows.push(summary("choice", "none", about));
        return Ok(rows);
    }
    let mut facts = Facts::default();
    facts.add(&found.statement, scene.now);
    let want = route::policy(&standing(&desk, &wishes), &facts);
    let about = words::reason(want.reason, found.statement.hint);
    rows.push(summary("route", words::kind(want.kind), about));
    let wishes = wishes.hinted(&found.statement.asks);
    let needs = needs(&desk, &wishes, want.kind, scene.now);
    if matches!(want.kind, Kind::Read | Kind::Replica) {
        let level = wishes.freshness(&desk.rules).consistency;
        let about = words::needs(&needs, scene.now);
        rows.push(summary("freshness", level.as_str(), about));
    }
    let trial = Trial {
        view: &database.cluster.view(),
        want,
        ask: &ask(&desk, want.kind, needs),
        desk: &desk,
        now: scene.now,
    };
    trial.candidates(&mut rows);
    rows.push(trial.choice());
    Ok(rows)
}

/// The database that was named, or the only one.
fn database(registry: &Registry, name: Option<&str>) -> Result<Arc<Database>, String> {
    if let Some(name) = name {
        let known = registry.known_database(name);
        return known.ok_or_else(|| format!("no such database: {name}"));
    }
    let mut databases = registry.databases();
    databases.sort_by(|a, b| a.name.cmp(&b.name));
    match &*databases {
        [] => Err("no database is in use yet: name one that clients have used".to_owned()),
        [one] => Ok(Arc::clone(one)),
        several => {
            let names: Vec<_> = several.iter().take(NAMES_MAX).map(|d| &*d.name).collect();
            let more = several.len().saturating_sub(NAMES_MAX);
            let more = match more {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            let names = names.join(", ");
            Err(format!(
                "there are several databases ({names}{more}), name one: {EXPLAIN_ROUTE}"
            ))
        }
    }
}

/// Most names in an error.
const NAMES_MAX: usize = 20;

/// The desk of the user who was named, or of the only one who has logged in; else one of nobody.
fn desk(
    registry: &Registry,
    database: &Arc<Database>,
    user: Option<&str>,
) -> Result<Arc<Desk>, String> {
    let desks = database.all_desks();
    let Some(user) = user else {
        return Ok(match &*desks {
            [one] => Arc::clone(one),
            _ => registry.desk_on_trial(database, None),
        });
    };
    if let Some(desk) = desks.iter().find(|desk| *desk.user == *user) {
        return Ok(Arc::clone(desk));
    }
    match registry.state().config.users.contains_key(user) {
        true => Ok(registry.desk_on_trial(database, Some(user))),
        false => Err(format!("no such user: {user}")),
    }
}

/// A session that has just begun.
fn standing(desk: &Desk, wishes: &Wishes) -> Standing {
    Standing {
        split: desk.rules.split,
        mode: desk.rules.mode,
        route: wishes.route,
        read_only: wishes.read_only,
        serializable: false,
    }
}

/// What a node must hold to serve such a session.
fn needs(desk: &Desk, wishes: &Wishes, kind: Kind, now: Instant) -> Needs {
    let past = Past {
        database_write: desk.database.last_write.at(),
        ..Past::default()
    };
    match kind {
        Kind::Read | Kind::Replica => wishes.freshness(&desk.rules).needs(&past, now),
        Kind::Primary | Kind::Any => Needs::default(),
    }
}

/// What its next batch asks of the cluster.
fn ask(desk: &Desk, kind: Kind, needs: Needs) -> Ask {
    let primary_reads = match kind {
        Kind::Replica => PrimaryReads::Never,
        Kind::Primary | Kind::Read | Kind::Any => desk.primary_reads,
    };
    Ask {
        certified_since: needs.certified_since,
        position: needs.position,
        last_read: needs.last_read,
        avoid: NodeSet::EMPTY,
        primary_reads,
        turn: desk.turn(),
    }
}

/// A row without a node.
fn summary(item: &str, verdict: &str, detail: String) -> Row {
    let mut row = vec![cell(item), cell(verdict)];
    row.resize(COLUMNS.len() - 1, None);
    row.push(Some(detail));
    row
}

/// A statement before its nodes.
struct Trial<'a> {
    view: &'a View,
    want: Want,
    ask: &'a Ask,
    desk: &'a Desk,
    now: Instant,
}

impl Trial<'_> {
    fn candidates(&self, rows: &mut Vec<Row>) {
        let loads: Vec<Load> = self.desk.pools.iter().map(|pool| load_of(pool)).collect();
        let explanations = choose::explain(self.view, self.ask, &loads, self.now);
        for (node, explanation) in self.view.nodes.iter().zip(explanations) {
            let (verdict, score, detail) = self.judge(node, explanation.score);
            let load = loads.get(node.id.index());
            rows.push(vec![
                cell("candidate"),
                cell(verdict),
                cell(&node.address),
                cell(node.role.as_str()),
                explanation.lag.map(millis),
                explanation.certificate_age.map(millis),
                load.and_then(|load| cell(load.in_use)),
                load.and_then(|load| cell(load.size)),
                load.and_then(|load| cell(load.waiting)),
                load.and_then(|load| cell(millis(load.latency))),
                cell(decimal(node.weight)),
                score,
                detail,
            ]);
        }
    }

    /// Whether a node may serve, its score among those that may, and why not.
    fn judge(&self, node: &NodeView, score: Result<f64, choose::Bar>) -> (String, Cell, Cell) {
        let is_primary = self.view.primary == Some(node.id);
        if self.want.kind == Kind::Primary {
            return match (is_primary, node.exclusion) {
                (true, _) => ("serves".to_owned(), None, None),
                (false, Some(exclusion)) => (exclusion.as_str().to_owned(), None, None),
                (false, None) => ("not asked".to_owned(), None, None),
            };
        }
        match score {
            Ok(score) => ("serves".to_owned(), cell(decimal(score)), None),
            Err(bar) => {
                let detail = words::bar(bar, self.ask.primary_reads);
                (bar.as_str().to_owned(), None, cell(detail))
            }
        }
    }

    /// What a batch that came now would get.
    fn choice(&self) -> Row {
        let picked = self.desk.pick(self.want, self.ask, self.now);
        if !self.desk.is_dry_run || self.want.kind == Kind::Primary {
            return self.choice_of(self.want.kind, picked);
        }
        let primary = Want {
            kind: Kind::Primary,
            ..self.want
        };
        let mut row = self.choice_of(Kind::Primary, self.desk.pick(primary, self.ask, self.now));
        let otherwise = picked.and_then(|pick| self.view.node(pick.node));
        let otherwise = otherwise.map_or("no node", |node| &node.address);
        if let Some(detail) = row.last_mut() {
            *detail = Some(format!("dry_run is on; without it: {otherwise}"));
        }
        row
    }

    fn choice_of(&self, kind: Kind, picked: Option<Pick>) -> Row {
        let Some(pick) = picked else {
            return summary("choice", "none", words::nobody(kind).to_owned());
        };
        if kind == Kind::Read && pick.shortage == Some(Shortage::Stale) {
            let about = words::may_wait(self.desk.consistency_wait);
            return summary("choice", "waits", about);
        }
        let about = match (kind, pick.shortage) {
            (Kind::Primary, _) => words::WRITABLE,
            (Kind::Any, _) => words::ANY,
            (Kind::Read | Kind::Replica, Some(_)) => words::STAND_IN,
            (Kind::Read | Kind::Replica, None) => words::chosen(self.view.policy.strategy),
        };
        let role = match pick.role {
            Role::Primary => "primary",
            Role::Replica => "replica",
        };
        let address = self.view.node(pick.node).map(|n| n.address.to_string());
        let mut row = summary("choice", role, about.to_owned());
        if let [_, _, node, shown_role, ..] = row.as_mut_slice() {
            (*node, *shown_role) = (address, cell(role));
        }
        row
    }
}
