//! `SHOW ROUTES` counts, and `EXPLAIN ROUTE` says what a batch then gets.

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::scrape;

use crate::ask;
use crate::front;
use crate::stage::Front;
use crate::stage::cluster;

const DATABASES: [(&str, &str); 5] = [
    ("app", ""),
    ("counted", ""),
    ("unsplit", "read_write_split = false"),
    ("always", "primary_reads = \"always\""),
    ("dry", "dry_run = true"),
];

#[test]
fn routes_are_counted_and_foretold() {
    let cluster = cluster(2);
    let mut front = front(&cluster, "routes", &DATABASES);
    front.app("app", "create table t (i int)").unwrap();
    front.app("app", "create sequence s").unwrap();
    front.app("app", LOUD).unwrap();
    cluster.catch_up(0).unwrap();
    front.wait("three nodes and the function", |front| {
        let explained = explain(front, "app", "select loud()");
        let is_up = ask(front, "show nodes")
            .iter()
            .all(|node| node[4].is_empty());
        is_up && explained[0][12].contains("is a volatile function")
    });
    counts(&front);
    foretold(&front, &cluster);
    classes(&front);
    options(&front);
    levels(&front);
    other_settings(&front);
}

const LOUD: &str = "create function loud() returns int language sql as 'select 1'";

fn counts(front: &Front) {
    let session = front.session("counted");
    for _ in 0..7 {
        session.sql("select count(*) from pg_class").unwrap();
    }
    for _ in 0..3 {
        session.sql("insert into t values (1)").unwrap();
    }
    for _ in 0..2 {
        session.sql("select nextval('s')").unwrap();
    }
    for sql in ["begin", "select 1", "insert into t values (1)", "commit"] {
        session.sql(sql).unwrap();
    }
    let rows = ask(front, "show routes");
    let count = |class: &str, reason: &str| -> u64 {
        let of = rows
            .iter()
            .filter(|r| r[0] == "counted" && r[2] == class && r[3] == reason);
        of.map(|r| r[4].parse::<u64>().unwrap()).sum()
    };
    assert_eq!(count("read", "read"), 7, "{rows:?}");
    assert_eq!(count("write", "command"), 3, "{rows:?}");
    assert_eq!(count("write", "function"), 2, "{rows:?}");
    assert_eq!(count("write", "read_write_transaction"), 1, "{rows:?}");
    let all: u64 = rows
        .iter()
        .filter(|r| r[0] == "counted")
        .map(|r| r[4].parse::<u64>().unwrap())
        .sum();
    assert_eq!(all, 13, "{rows:?}");
    let page = scrape::fetch(front.http, "/metrics").unwrap();
    let samples = scrape::samples(&page);
    let routed = samples.iter().filter(|s| s.name == "pgsluice_routed_total");
    assert_eq!(routed.count(), rows.len(), "a row for each series");
    for row in &rows {
        let labels = [
            ("database", &*row[0]),
            ("node", &*row[1]),
            ("class", &*row[2]),
            ("reason", &*row[3]),
        ];
        let metric = front.metric("pgsluice_routed_total", &labels);
        assert_eq!(format!("{metric}"), row[4], "{row:?}");
    }
}

/// Explains for user `app`.
fn explain(front: &Front, database: &str, sql: &str) -> Vec<Vec<String>> {
    let text = format!("explain route (database {database}, user app) {sql}");
    ask(front, &text)
}

/// The row of the choice: verdict and node.
fn choice(rows: &[Vec<String>]) -> (&str, &str) {
    let row = rows.last().unwrap();
    assert_eq!(row[0], "choice");
    (&row[1], &row[2])
}

/// By node, how many batches of a database went there.
fn sent(front: &Front, database: &str) -> Vec<(String, u64)> {
    let rows = ask(front, "show routes").into_iter();
    let rows = rows.filter(|row| row[0] == database);
    let mut sent: Vec<(String, u64)> = Vec::new();
    for row in rows {
        let count: u64 = row[4].parse().unwrap();
        match sent.iter_mut().find(|(node, _)| *node == row[1]) {
            Some((_, all)) => *all += count,
            None => sent.push((row[1].clone(), count)),
        }
    }
    sent
}

fn foretold(front: &Front, cluster: &Cluster) {
    let primary = format!("127.0.0.1:{}", cluster.primary().port());
    let mut chosen = std::collections::BTreeSet::new();
    let (mut tries, mut hits) = (0, 0);
    for (database, _) in DATABASES {
        for _ in 0..8 {
            let sql = "select count(*) from pg_class";
            let rows = explain(front, database, sql);
            let (verdict, node) = choice(&rows);
            let before = sent(front, database);
            // A session that has read already may go on where it was.
            let session = front.session(database);
            let between = sent(front, database);
            session.sql(sql).unwrap();
            let after = sent(front, database);
            assert_eq!(before, between, "{database}: the login was counted");
            let went: Vec<_> = after.iter().filter(|now| !before.contains(now)).collect();
            assert_eq!(went.len(), 1, "{database}: {before:?} {after:?}");
            let may_serve = |row: &Vec<String>| row[1] == "serves" && row[2] == went[0].0;
            let is_candidate = went[0].0 == node || rows.iter().any(may_serve);
            assert!(is_candidate, "{database}: {went:?} {rows:?}");
            assert_eq!(verdict == "primary", node == primary, "{rows:?}");
            tries += 1;
            hits += usize::from(went[0].0 == node);
            chosen.insert((database, node == primary));
        }
    }
    // Of two nodes drawn the faster is taken, and which that is may change in between; a guess
    // would be right about half the time.
    assert!(3 * tries <= 4 * hits, "{hits} of {tries} were foretold");
    let seen: Vec<_> = chosen.into_iter().collect();
    assert!(
        seen.contains(&("app", false)) && !seen.contains(&("app", true)),
        "{seen:?}"
    );
    assert!(
        seen.contains(&("unsplit", true)) && !seen.contains(&("unsplit", false)),
        "{seen:?}"
    );
    let rows = explain(front, "app", "insert into t values (1)");
    assert_eq!(choice(&rows), ("primary", &*primary));
}

/// Explains a statement: its class, the kind of node it wants, and words of the reason.
fn is_like(front: &Front, sql: &str, (class, route): (&str, &str), words: &str) {
    let rows = explain(front, "app", sql);
    assert_eq!(
        (&*rows[0][0], &*rows[0][1]),
        ("statement", class),
        "{sql}: {rows:?}"
    );
    assert!(rows[0][12].contains(words), "{sql}: {rows:?}");
    assert_eq!(
        (&*rows[1][0], &*rows[1][1]),
        ("route", route),
        "{sql}: {rows:?}"
    );
    let candidates = rows.iter().filter(|row| row[0] == "candidate");
    assert_eq!(candidates.count(), 3, "{sql}: {rows:?}");
}

fn classes(front: &Front) {
    let (read, write) = (("read", "replica"), ("write", "primary"));
    let hinted = "/* pgsluice: replica */ insert into t values (1)";
    for (sql, what, words) in [
        ("select 1", read, "nothing in it"),
        ("SELECT Loud()", write, "Loud at character 8 is a volatile"),
        (
            "select nextval('s')",
            write,
            "of PostgreSQL's own that writes",
        ),
        (
            "select zork()",
            write,
            "zork at character 8 is a function that neither",
        ),
        (
            "begin read only",
            ("neutral", "replica"),
            "it controls a transaction",
        ),
        ("begin", ("neutral", "primary"), "it controls a transaction"),
        ("select 1 for update", write, "for at character 10 locks"),
        (
            "select 1; update t set i = 2;",
            write,
            "update at character 11",
        ),
        (hinted, ("write", "replica"), "insert at character 25"),
        (
            "table t /* pgsluice: primary */",
            ("read", "primary"),
            "nothing in it",
        ),
    ] {
        is_like(front, sql, what, words);
    }
    let rows = explain(front, "app", "show pgsluice.route");
    assert_eq!((rows.len(), choice(&rows).0), (2, "none"));
    // Nothing was run, and a function that is not there was not looked for.
    assert_eq!(
        front
            .app("app", "select count(*) from t where i = 2")
            .as_deref(),
        Ok("0")
    );
}

fn options(front: &Front) {
    let fails = |text: &str, expected: &str| {
        let conninfo = front.conninfo("looker", "pgbouncer");
        let error = front.psql(&conninfo, "", text).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    };
    let databases = "there are several databases (always, app, counted, dry, unsplit), name one";
    fails("explain route select 1", databases);
    fails("explain route (user app) select 1", databases);
    fails(
        "explain route (database nosuch) select 1",
        "no such database: nosuch",
    );
    fails(
        "explain route (database app, user nosuch) select 1",
        "no such user: nosuch",
    );
    fails("explain route (verbose on) select 1", "option \"verbose\"");
    fails("explain route", "a statement is expected");
    // Of a user who was never there the pools are not known, nor are they made.
    let rows = ask(front, "explain route (database app, user root) select 1");
    assert!(rows.iter().all(|row| row[6].is_empty()), "{rows:?}");
    assert_eq!(choice(&rows).0, "replica");
    let labels = [("user", "root")];
    assert!(front.metric("pgsluice_pool_size", &labels) < 0.5);
    let rows = ask(front, "explain route (database app) select 1");
    let sizes = rows.iter().filter(|row| row[7] == "20");
    assert_eq!(sizes.count(), 3, "{rows:?}");
}

/// Explains a read with these options: the level, what a node must hold, and the choice.
fn fresh(front: &Front, options: &str, hint: &str) -> (String, String, String) {
    let text = format!("explain route (database app{options}) {hint} table t");
    let rows = ask(front, &text);
    let row = rows.iter().find(|row| row[0] == "freshness").unwrap();
    (row[1].clone(), row[12].clone(), choice(&rows).0.to_owned())
}

fn levels(front: &Front) {
    let expected = |level: &str, holds: &str, choice: &str, found: (String, String, String)| {
        assert_eq!((&*found.0, &*found.2), (level, choice), "{found:?}");
        assert!(found.1.contains(holds), "{found:?}");
    };
    let any = "any node within max_lag";
    expected("session", any, "replica", fresh(front, "", ""));
    expected(
        "eventual",
        any,
        "replica",
        fresh(front, ", consistency eventual", ""),
    );
    // Nobody can know of a read that it came before a sample was taken.
    let now = "everything acknowledged before it came";
    expected(
        "strong",
        now,
        "waits",
        fresh(front, ", consistency strong", ""),
    );
    expected(
        "strong",
        now,
        "waits",
        fresh(front, "", "/* pgsluice: strong */"),
    );
    let age = "everything acknowledged until 0.001 ms ago";
    expected(
        "session",
        age,
        "waits",
        fresh(front, ", max_staleness '1us'", ""),
    );
    let age = "everything acknowledged until 3600000.000 ms ago";
    let hour = fresh(front, ", max_staleness '1h'", "");
    expected("session", age, "replica", hour);
    let session = front.session("app");
    session.sql("insert into t values (1)").unwrap();
    let token = session.sql("show pgsluice.write_token").unwrap();
    let (level, holds, _) = fresh(front, &format!(", wait_for '{token}'"), "");
    assert_eq!(
        (&*level, holds),
        (
            "session",
            format!("the node must hold everything up to {token}")
        )
    );
    let (level, holds, _) = fresh(front, ", consistency 'database'", "");
    assert_eq!(level, "database");
    assert!(
        holds.starts_with("the node must hold everything acknowledged until "),
        "{holds}"
    );
}

fn other_settings(front: &Front) {
    let rows = explain(front, "dry", "table t");
    let choice = rows.last().unwrap();
    assert_eq!(choice[1], "primary", "{rows:?}");
    assert!(
        choice[12].starts_with("dry_run is on; without it: 127.0.0.1:"),
        "{rows:?}"
    );
    let rows = ask(
        front,
        "explain route (database app, route 'replica') insert into t values (1)",
    );
    assert_eq!(
        (&*rows[1][1], &*rows[1][12]),
        ("replica", "route_setting: pgsluice.route says so")
    );
    let conninfo = front.conninfo("root", "pgsluice");
    let wrong = "explain route (database app, consistency none) table t";
    let wrong = front.psql(&conninfo, "", wrong).unwrap_err();
    assert!(
        wrong.contains("eventual, session, database or strong"),
        "{wrong}"
    );
}
