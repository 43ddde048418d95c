//! The routing corpus: what PostgreSQL's documentation shows and what drivers and frameworks send,
//! in our own words, directly on a primary and through the proxy. Answers, errors and tags are the
//! same, and at the end so are the databases. Each statement is tried on a standby too: what the
//! classifier takes for a read is answered there as on the primary, or is refused, and then it is
//! among the ones that are known (`docs/ROUTING.md` has their number).
//!
//! `ROUTING_FILE=part-of-a-name` runs some of the files.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    clippy::excessive_nesting,
    reason = "a test may fail loudly"
)]

mod answer;
mod corpus;
mod judge;
mod run;
mod scene;
mod share;

#[path = "../wire/raw.rs"]
#[allow(dead_code, reason = "it can do more than is needed here")]
mod raw;
#[path = "../wire/say.rs"]
#[allow(dead_code, reason = "as above")]
mod say;
#[path = "../wire/show.rs"]
mod show;

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Instant;

use pgsluice::demo::cluster;
use pgsluice::sql::catalog::Catalog;
use pgsluice::sql::statement::Class;

use crate::answer::Protocol;
use crate::corpus::Block;
use crate::judge::Classifier;
use crate::judge::differences;
use crate::judge::wrong;
use crate::run::Run;
use crate::run::Seen;
use crate::run::judged;
use crate::scene::DATABASES;
use crate::scene::Pace;
use crate::scene::Scene;
use crate::scene::folder;

#[test]
fn the_corpus_gets_through_the_proxy_what_postgresql_says() {
    let filter = std::env::var("ROUTING_FILE").unwrap_or_default();
    let blocks = corpus::read(&folder().join("corpus"), &filter);
    let scene = Scene::set();
    let pace = Pace::new(&scene);
    let started = Instant::now();
    let seen = both_protocols(&scene, &pace, &blocks);
    eprintln!("both protocols: {:?}", started.elapsed());
    tell(&seen);
    let found = differences(&seen);
    assert!(
        found.is_empty(),
        "{} differ:\n{}",
        found.len(),
        found.join("\n")
    );
    check_reads(&seen);
    if !filter.is_empty() {
        return;
    }
    check_size(&blocks, &seen);
    check_page(&blocks, &seen);
    reads_were_on_replicas(&scene, &seen);
    databases_are_alike(&scene);
    weaker_classifiers_are_found_out(&seen);
    a_proxy_that_is_wrong_is_found_out(&scene, &pace, &blocks);
}

/// The simple protocol and the extended one, each in two databases of its own.
fn both_protocols(scene: &Scene, pace: &Pace, blocks: &[Block]) -> Vec<Seen> {
    let run = |protocol, direct, proxied| Run {
        scene,
        pace,
        protocol,
        direct,
        proxied,
        prelude: "",
    };
    let simple = run(Protocol::Simple, DATABASES[0], DATABASES[1]);
    let extended = run(Protocol::Extended, DATABASES[2], DATABASES[3]);
    let mut seen = thread::scope(|scope| {
        let extended = scope.spawn(move || extended.run(blocks));
        let mut seen = simple.run(blocks);
        seen.extend(extended.join().expect("it runs"));
        seen
    });
    seen.shrink_to_fit();
    seen
}

fn ours(sql: &str, catalog: &Catalog) -> Class {
    judged(sql, catalog).class
}

fn tell(seen: &[Seen]) {
    eprintln!(
        "{} sent: {} reads, {} writes, {} neutral",
        seen.len(),
        count_of(seen, Class::Read),
        count_of(seen, Class::Write),
        count_of(seen, Class::Neutral)
    );
}

fn count_of(seen: &[Seen], class: Class) -> usize {
    let of_class = seen
        .iter()
        .filter(|s| ours(&s.text.sql, &s.catalog) == class);
    of_class.count()
}

/// No read is answered wrongly by a standby, and those that it refuses are the ones that are known.
fn check_reads(seen: &[Seen]) {
    let wrong = wrong(seen, &ours);
    assert!(
        wrong.unsound.is_empty(),
        "{} are no reads:\n{}",
        wrong.unsound.len(),
        wrong.unsound.join("\n")
    );
    let unknown: Vec<_> = wrong.refused.iter().filter(|r| r.said.is_none()).collect();
    assert!(unknown.is_empty(), "a standby refuses: {unknown:#?}");
    eprintln!("reads that a standby refuses: {}", wrong.refused.len());
}

/// docs/ROUTING.md says how many such reads there are, by their reasons, and what servers that are
/// shared answer otherwise.
fn check_page(blocks: &[Block], seen: &[Seen]) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ROUTING.md");
    let page = std::fs::read_to_string(page).expect("it is there");
    let mut counts = BTreeMap::new();
    for refused in wrong(seen, &ours).refused {
        *counts.entry(refused.said.unwrap_or_default()).or_insert(0) += 1;
    }
    let mut rows: Vec<_> = counts
        .iter()
        .map(|(why, n)| format!("| {why} | {n} |"))
        .collect();
    let pooled = blocks
        .iter()
        .flat_map(|b| &b.texts)
        .filter_map(|t| t.pooled.as_ref());
    rows.extend(pooled.map(|why| format!("({why})")));
    let missing: Vec<_> = rows.iter().filter(|row| !page.contains(*row)).collect();
    assert!(missing.is_empty(), "not on the page: {missing:#?}");
}

fn check_size(blocks: &[Block], seen: &[Seen]) {
    let count: usize = blocks.iter().map(|b| b.texts.len()).sum();
    eprintln!("{count} statements in the corpus");
    assert!(1_500 <= count, "{count} statements");
    assert!(count <= seen.len(), "each was sent");
}

/// Or all of this shows nothing: by the nodes' own count, in the databases that only the proxy uses.
fn reads_were_on_replicas(scene: &Scene, seen: &[Seen]) {
    let sql = format!(
        "select sum(xact_commit) from pg_stat_database where datname in ('{}', '{}')",
        DATABASES[1], DATABASES[3]
    );
    let counts = scene.cluster.replicas().iter().map(|replica| {
        let count = replica.psql(&sql).expect("it answers");
        count.parse::<usize>().expect("a count")
    });
    let (served, reads) = (counts.sum::<usize>(), count_of(seen, Class::Read));
    eprintln!("replicas served {served} of {reads} reads");
    assert!(reads / 2 < served, "{served} of {reads}");
}

/// All that was written was written once, and nothing else was.
fn databases_are_alike(scene: &Scene) {
    let dumps: Vec<_> = DATABASES[..4].iter().map(|db| dump(scene, db)).collect();
    for (one, other) in [(0, 1), (2, 3)] {
        let (one, other) = (dumps[one].lines(), dumps[other].lines());
        let differ = one.zip(other).find(|(one, other)| one != other);
        assert_eq!(differ, None, "directly and through the proxy");
    }
    assert_eq!(dumps[0].len(), dumps[1].len());
    assert_eq!(dumps[2].len(), dumps[3].len());
}

fn dump(scene: &Scene, database: &str) -> String {
    let mut command = scene.cluster.program("pg_dump");
    command
        .args(["--host=127.0.0.1", "--username=postgres", "--inserts"])
        .arg(format!("--port={}", scene.cluster.primary().port()))
        .arg(database)
        .env("PGPASSWORD", "postgres");
    let dump = cluster::run("pg_dump", &mut command).expect("it dumps");
    // Each dump has a word of its own against injection.
    let lines = dump.lines().filter(|line| !line.contains("restrict "));
    let lines: Vec<_> = lines.collect();
    lines.join("\n").replace(database, "{db}")
}

/// Classifiers that are wrong in known ways: what was seen has to tell against each.
fn weaker_classifiers_are_found_out(seen: &[Seen]) {
    let functions = ["function", "unknown_function", "per_node", "per_session"];
    let without = |reasons: Vec<&'static str>| {
        move |sql: &str, catalog: &Catalog| {
            let statement = judged(sql, catalog);
            if reasons.contains(&statement.reason.as_str()) {
                Class::Read
            } else {
                statement.class
            }
        }
    };
    let no_functions = without(functions.to_vec());
    let no_volatile = without(vec!["function"]);
    let no_nodes = without(vec!["per_node"]);
    let no_locks = without(vec!["locking"]);
    let no_changes = without(vec!["data_modifying"]);
    let weak: [(&str, Classifier<'_>, usize, usize); 5] = [
        ("all functions are safe", &no_functions, 5, 30),
        ("volatile functions are safe", &no_volatile, 0, 15),
        ("all nodes are alike", &no_nodes, 5, 15),
        ("locks are reads", &no_locks, 0, 20),
        ("changes in WITH are reads", &no_changes, 0, 7),
    ];
    let known = wrong(seen, &ours);
    for (name, class, unsound, refused) in weak {
        let found = wrong(seen, class);
        let more = (
            found.unsound.len() - known.unsound.len(),
            found.refused.len() - known.refused.len(),
        );
        eprintln!("{name}: {} unsound, {} refused", more.0, more.1);
        assert!(unsound <= more.0 && refused <= more.1, "{name}: {more:?}");
    }
}

/// The comparison itself: told to send all to replicas, the proxy gives other answers.
fn a_proxy_that_is_wrong_is_found_out(scene: &Scene, pace: &Pace, blocks: &[Block]) {
    let some: Vec<_> = blocks
        .iter()
        .filter(|b| b.file == "dml.sql")
        .map(|b| Block {
            file: b.file.clone(),
            texts: b.texts.clone(),
        })
        .collect();
    let run = Run {
        scene,
        pace,
        protocol: Protocol::Simple,
        direct: DATABASES[4],
        proxied: DATABASES[5],
        prelude: "SET pgsluice.route = 'replica'",
    };
    let found = differences(&run.run(&some)).len();
    eprintln!("all to replicas: {found} differ");
    assert!(50 <= found, "{found} differ");
}
