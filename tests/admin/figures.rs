//! `SHOW STATS` counts what clients had done, to the byte, as PgBouncer 1.24.1 does; but for batches
//! that are sent together, which it counts as one query.

use std::time::Duration;

use crate::front;
use crate::raw::Raw;
use crate::raw::message;
use crate::stage::Front;
use crate::stage::cluster;

/// Assignments, transactions, queries, bytes in and out, Parse of clients and to servers, Bind.
type Counts = [u64; 8];

fn stats(front: &Front, database: &str) -> Vec<u64> {
    let rows = crate::ask(front, "show stats_totals");
    let row = rows.iter().find(|row| row[0] == database);
    row.unwrap()[1..]
        .iter()
        .map(|n| n.parse().unwrap())
        .collect()
}

/// Transactions, queries and waits, in microseconds.
fn times(front: &Front, database: &str) -> [u64; 3] {
    let stats = stats(front, database);
    [stats[5], stats[6], stats[7]]
}

fn counts(front: &Front, database: &str) -> Counts {
    let stats = stats(front, database);
    let places = [0, 1, 2, 3, 4, 8, 9, 10];
    places.map(|place| stats[place])
}

/// What `act` adds.
fn added(front: &Front, database: &str, act: impl FnOnce()) -> Counts {
    let before = counts(front, database);
    act();
    let after = counts(front, database);
    let mut added = [0; 8];
    for (added, (after, before)) in added.iter_mut().zip(after.iter().zip(before)) {
        *added = after - before;
    }
    added
}

fn parse(name: &str, sql: &str) -> Vec<u8> {
    message(b'P', format!("{name}\0{sql}\0\0\0").as_bytes())
}

fn bind(name: &str) -> Vec<u8> {
    message(b'B', format!("\0{name}\0\0\0\0\0\0\0").as_bytes())
}

fn execute() -> Vec<u8> {
    message(b'E', b"\0\0\0\0\0")
}

fn sync() -> Vec<u8> {
    message(b'S', b"")
}

/// Bytes of a Query.
fn bytes(sql: &str) -> u64 {
    u64::try_from(sql.len()).unwrap() + 6
}

#[test]
fn what_clients_had_done_is_counted_exactly() {
    let cluster = cluster(0);
    let databases = [
        ("app", ""),
        ("whole", "pool_mode = \"session\""),
        ("narrow", "pool_size = 1"),
    ];
    let front = front(&cluster, "figures", &databases);
    assert_eq!(counts(&front, "app"), [0; 8]);
    let mut raw = Raw::log_in_to(front.port, "app", "app").unwrap();
    // A login is no traffic.
    assert_eq!(counts(&front, "app"), [0; 8]);
    simple(&front, &mut raw);
    transactions(&front, &mut raw);
    extended(&front, &mut raw);
    pipelines(&front, &mut raw);
    session_mode(&front);
    time_is_told(&front);
    waits_are_told(&front);
    console(&front);
}

fn simple(front: &Front, raw: &mut Raw) {
    // RowDescription 33, DataRow 12, CommandComplete 14, ReadyForQuery 6, with tags.
    let one = added(front, "app", || drop(raw.ask("select 1")));
    assert_eq!(one, [1, 1, 1, 14, 66, 0, 0, 0]);
    let failed = added(front, "app", || drop(raw.ask("selec")));
    assert_eq!(failed[..4], [1, 1, 1, 11]);
    let empty = added(front, "app", || {
        raw.send(&sync());
        raw.answer();
    });
    assert_eq!(empty, [1, 1, 1, 5, 6, 0, 0, 0]);
    let several = added(front, "app", || drop(raw.ask("select 1; select 2")));
    assert_eq!(several, [1, 1, 1, 24, 126, 0, 0, 0]);
}

fn transactions(front: &Front, raw: &mut Raw) {
    let begun = added(front, "app", || drop(raw.ask("begin read write")));
    assert_eq!(begun[..4], [1, 1, 1, bytes("begin read write")]);
    let within = added(front, "app", || drop(raw.ask("select 2")));
    assert_eq!(within, [0, 0, 1, 14, 66, 0, 0, 0]);
    let ended = added(front, "app", || drop(raw.ask("commit")));
    assert_eq!(ended, [0, 0, 1, 12, 18, 0, 0, 0]);
}

fn extended(front: &Front, raw: &mut Raw) {
    let mut run = |messages: &[Vec<u8>]| {
        added(front, "app", || {
            raw.send(&messages.concat());
            raw.answer();
        })
    };
    let sql = "select 1";
    let named = run(&[parse("s1", sql), bind("s1"), execute(), sync()]);
    assert_eq!(named, [1, 1, 1, 49, 42, 1, 1, 1]);
    let unnamed = run(&[parse("", sql), bind(""), execute(), sync()]);
    assert_eq!(unnamed, [1, 1, 1, 45, 42, 0, 0, 0]);
    let again = run(&[bind("s1"), execute(), sync()]);
    assert_eq!(again, [1, 1, 1, 30, 37, 0, 0, 1]);
    // The server has it already, by another name. PgBouncer counts no ParseComplete of its own.
    let known = run(&[parse("s2", sql), sync()]);
    assert_eq!(known, [1, 1, 1, 24, 11, 1, 0, 0]);
}

fn pipelines(front: &Front, raw: &mut Raw) {
    let batch = [bind("s1"), execute(), sync()].concat();
    let three = added(front, "app", || {
        raw.send(&batch.repeat(3));
        (0..3).for_each(|_| drop(raw.answer()));
    });
    assert_eq!(three[1..], [3, 3, 90, 111, 0, 0, 3]);
    let query = |sql: &str| message(b'Q', format!("{sql}\0").as_bytes());
    let one = added(front, "app", || {
        let batch = [
            query("begin read write"),
            query("select 1"),
            query("commit"),
        ];
        raw.send(&batch.concat());
        (0..3).for_each(|_| drop(raw.answer()));
    });
    assert_eq!(one[..3], [1, 1, 3]);
}

/// A session that keeps its server is counted all the same.
fn session_mode(front: &Front) {
    let mut raw = Raw::log_in_to(front.port, "app", "whole").unwrap();
    let two = added(front, "whole", || {
        raw.ask("select 1");
        raw.ask("select 1");
    });
    assert_eq!(two, [1, 2, 2, 28, 132, 0, 0, 0]);
    // Nothing is lost with the server.
    drop(raw);
    let until = crate::stage::now() + crate::stage::PATIENCE;
    crate::ask(front, "reconnect");
    while crate::ask(front, "show servers")
        .iter()
        .any(|s| s[2] == "whole")
    {
        assert!(crate::stage::now() < until, "it is closed");
    }
    assert_eq!(counts(front, "whole"), [1, 2, 2, 28, 132, 0, 0, 0]);
}

fn time_is_told(front: &Front) {
    let before = times(front, "app");
    let mut raw = Raw::log_in_to(front.port, "app", "app").unwrap();
    raw.ask("begin read write");
    raw.ask("select pg_sleep(0.1)");
    std::thread::sleep(Duration::from_millis(200));
    let within = times(front, "app");
    assert_eq!(within[0], before[0], "the transaction is not over");
    raw.ask("commit");
    let after = times(front, "app");
    let [transaction, queries] = [0, 1].map(|n| after[n] - before[n]);
    assert!(100_000 <= queries, "queries took {queries} us");
    // The client was idle within the transaction for a while.
    assert!(
        queries + 190_000 <= transaction,
        "{queries} of {transaction} us"
    );
}

fn waits_are_told(front: &Front) {
    let before = times(front, "narrow");
    let mut holder = Raw::log_in_to(front.port, "app", "narrow").unwrap();
    let mut waiter = Raw::log_in_to(front.port, "app", "narrow").unwrap();
    holder.ask("begin read write");
    waiter.begin("select 1");
    std::thread::sleep(Duration::from_millis(500));
    holder.ask("commit");
    waiter.answer();
    let after = times(front, "narrow");
    let waited = after[2] - before[2];
    assert!(400_000 <= waited, "waited {waited} us");
    // The wait is no part of the query.
    assert!(after[1] - before[1] < 400_000, "{after:?}");
}

fn console(front: &Front) {
    let before = counts(front, "pgbouncer");
    crate::ask(front, "show version");
    let after = counts(front, "pgbouncer");
    // The command that looks counts too.
    assert_eq!((after[1] - before[1], after[2] - before[2]), (2, 2));
    let sum = |name: &str| {
        let rows = crate::ask(front, "show totals");
        let row = rows.iter().find(|row| row[0] == name);
        row.unwrap()[1].parse::<u64>().unwrap()
    };
    let rows = crate::ask(front, "show stats_totals");
    let bytes: u64 = rows.iter().map(|r| r[4].parse::<u64>().unwrap()).sum();
    assert_eq!(sum("total_client_bytes"), bytes);
    let names: Vec<_> = crate::ask(front, "show totals")
        .into_iter()
        .map(|mut row| row.swap_remove(0))
        .collect();
    assert_eq!(names.len(), 22);
    assert_eq!(
        (&*names[0], &*names[21]),
        ("total_server_assignment_count", "avg_ps_bind_count")
    );
}

/// The end of a client's last reply is counted, though it was written after its server went back.
#[test]
fn bytes_are_counted_to_the_last() {
    let cluster = cluster(0);
    let mut front = front(&cluster, "bytes", &[("app", "")]);
    let out = |front: &Front| {
        let labels = [
            ("database", "app"),
            ("peer", "client"),
            ("direction", "out"),
        ];
        front.metric("pgsluice_bytes_total", &labels)
    };
    let mut visit = |texts: &[&str]| {
        let before = out(&front);
        let mut raw = Raw::log_in_to(front.port, "app", "app").unwrap();
        for text in texts {
            raw.ask(text);
        }
        drop(raw);
        front.wait("gone", |front| {
            front.metric("pgsluice_clients", &[("database", "app")]) == 0.0 && before < out(front)
        });
        out(&front) - before
    };
    let login = visit(&[]);
    assert!((visit(&["select 1"]) - login - 66.0).abs() < 0.5);
    assert!((visit(&["select 1", "select 1"]) - login - 132.0).abs() < 0.5);
}

#[test]
fn means_are_of_two_periods() {
    let cluster = cluster(0);
    let front = front(&cluster, "means", &[("app", "")]);
    let mut raw = Raw::log_in_to(front.port, "app", "app").unwrap();
    for _ in 0..50 {
        raw.ask("select pg_sleep(0.01)");
    }
    let mean = |column: usize| {
        let rows = crate::ask(&front, "show stats");
        let row = rows.iter().find(|row| row[0] == "app").unwrap();
        row[column].parse::<u64>().unwrap()
    };
    // Of a process that began a few seconds ago.
    assert!((1..=100).contains(&mean(13)), "queries a second");
    assert!(
        (10_000..500_000).contains(&mean(17)),
        "microseconds a transaction"
    );
    assert!(
        (10_000..500_000).contains(&mean(18)),
        "microseconds a query"
    );
    let averages = crate::ask(&front, "show stats_averages");
    let row = averages.iter().find(|row| row[0] == "app").unwrap();
    assert!(row[6].parse::<u64>().unwrap().abs_diff(mean(17)) < 100);
}
