//! Batches of statements, and what they ask for together.

use std::time::Duration;

use super::*;
use crate::config::words::PoolMode;
use crate::config::words::SessionPins;
use crate::config::words::Timeout;
use crate::config::words::TransactionReads;
use crate::sql::catalog::Catalog;
use crate::sql::classify::Syntax;
use crate::sql::classify::classify;
use crate::topology::policy::Consistency;

const SECOND: Duration = Duration::from_secs(1);

fn level(consistency: Consistency) -> Option<Freshness> {
    Some(Freshness {
        consistency,
        ..Freshness::default()
    })
}

/// A batch of these statements asks for this, in a session at `eventual` where the rules say
/// `session`.
fn check(texts: &[&str], expected: Option<Freshness>) {
    let rules = Rules {
        mode: PoolMode::Transaction,
        split: true,
        consistency: Consistency::Session,
        staleness_max: Timeout::OFF,
        transaction_reads: TransactionReads::Primary,
        pins: SessionPins::Allow,
        message_bytes_max: 0,
        refuses_queries: false,
        tracks_prepared: true,
        read_retries_max: 0,
        hold_bytes_max: 0,
    };
    let settings = Wishes {
        consistency: Some(Consistency::Eventual),
        ..Wishes::default()
    };
    let standing = Standing {
        settings: &settings,
        base: &Wishes::default(),
        rules: &rules,
    };
    let (mut asked, mut class) = (Asked::default(), Class::Neutral);
    for text in texts {
        let statement = classify(text.as_bytes(), Syntax::default(), &Catalog::default());
        asked.add(&statement, class, standing);
        class = class.max(statement.class);
    }
    assert_eq!(asked.freshness(), expected, "{texts:?}");
}

#[test]
fn plain_batches_ask_for_what_the_settings_say() {
    check(&[], None);
    check(&["set pgsluice.consistency = 'strong'"], None);
    let eventual = level(Consistency::Eventual);
    check(&["select 1"], eventual);
    check(&["select 1", "select 2", "set work_mem = '1MB'"], eventual);
    check(
        &["select 1", "set pgsluice.consistency = 'strong'"],
        eventual,
    );
}

#[test]
fn what_a_batch_sets_holds_for_what_follows_in_it() {
    let set = "set pgsluice.consistency = 'strong'";
    let strong = level(Consistency::Strong);
    check(&[set, "select 1"], strong);
    check(&["set pgsluice.consistency = 'strong'; select 1"], strong);
    check(
        &[set, "select 1", "set pgsluice.consistency = 'eventual'"],
        strong,
    );
    check(
        &["reset pgsluice.consistency", "select 1"],
        level(Consistency::Session),
    );
    check(&["reset all", "select 1"], level(Consistency::Session));
    let aged = Freshness {
        consistency: Consistency::Eventual,
        staleness_max: Some(SECOND),
        wait_for: "00000001-0/20".parse().ok(),
    };
    let sets = [
        "set pgsluice.max_staleness = '1s'",
        "set pgsluice.wait_for = '00000001-0/20'",
        "select 1",
    ];
    check(&sets, Some(aged));
}

#[test]
fn the_most_demanding_statement_decides() {
    let strong = level(Consistency::Strong);
    check(&["/* pgsluice: strong */ select 1"], strong);
    check(&["select 1", "/* pgsluice: strong */ select 1"], strong);
    check(&["/* pgsluice: strong */ select 1", "select 1"], strong);
    check(
        &["/* pgsluice: eventual */ select 1", "select 1"],
        level(Consistency::Eventual),
    );
    let database = "/* pgsluice: database */ select 1";
    check(
        &[database, "/* pgsluice: strong */ select 1", database],
        strong,
    );
}
