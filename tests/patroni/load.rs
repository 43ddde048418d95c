//! Sessions that write and read all through the failovers, and what each was told.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::time;
use tokio_postgres::Client;
use tokio_postgres::Error;
use tokio_postgres::NoTls;

use crate::history::Event;
use crate::history::Outcome;
use crate::history::What;

/// What all sessions share.
#[derive(Debug)]
pub(crate) struct Load {
    conninfo: String,
    /// Set when they are to leave.
    pub(crate) stop: AtomicBool,
    /// How many have logged in, counted each time.
    pub(crate) logins: AtomicUsize,
    events: Mutex<Vec<Event>>,
}

impl Load {
    pub(crate) fn new(conninfo: String) -> Self {
        Self {
            conninfo,
            stop: AtomicBool::new(false),
            logins: AtomicUsize::new(0),
            events: Mutex::default(),
        }
    }

    /// All that was done until now, in the order in which it ended.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.lock().clone()
    }

    /// Whether a write that began after `instant` was acknowledged.
    pub(crate) fn wrote_since(&self, instant: Instant) -> bool {
        let events = self.lock();
        let mut last = events.iter().rev().take(LOOKED_AT);
        last.any(|e| {
            instant < e.began && matches!(e.what, What::Write { .. }) && e.outcome == Outcome::Done
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// What a session does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Writes keys that nobody else writes, and reads every fourth again.
    Writer(i64),
    /// Reads what was there before.
    Reader,
}

/// Works until it is told to stop, in as many sessions as it takes.
pub(crate) async fn run(load: Arc<Load>, kind: Kind) {
    let mut next = 0;
    while !load.is_over() {
        let Ok(Ok((client, connection))) = time::timeout(
            ANSWER_WITHIN,
            tokio_postgres::connect(&load.conninfo, NoTls),
        )
        .await
        else {
            time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        load.logins.fetch_add(1, Ordering::Relaxed);
        let connection = tokio::spawn(connection);
        while !load.is_over() && !client.is_closed() {
            next += 1;
            step(&load, &client, kind, next).await;
            time::sleep(PAUSE).await;
        }
        drop(client);
        // What ended a connection has been seen as a failed query.
        let _ = connection.await;
    }
}

async fn step(load: &Load, client: &Client, kind: Kind, number: i64) {
    match kind {
        Kind::Writer(writer) => {
            let key = writer * 1_000_000 + number;
            let sql = format!("insert into written values ({key})");
            let outcome = ask(load, client, What::Write { key }, &sql).await;
            if outcome == Outcome::Done && number % 4 == 0 {
                let sql = format!("select 1 / count(*) from written where key = {key}");
                ask(load, client, What::ReadOfOwn, &sql).await;
            }
        }
        Kind::Reader => {
            let sql = "select 1 / (count(*) / 100) from item";
            ask(load, client, What::Read, sql).await;
        }
    }
}

/// Runs a statement and notes how it ended.
async fn ask(load: &Load, client: &Client, what: What, sql: &str) -> Outcome {
    let began = Instant::now();
    let answer = time::timeout(ANSWER_WITHIN, client.simple_query(sql)).await;
    let outcome = match answer {
        Ok(Ok(_)) => Outcome::Done,
        Ok(Err(error)) => outcome_of(&error),
        Err(_) => Outcome::Unknown(format!("no answer in {ANSWER_WITHIN:?}")),
    };
    load.lock().push(Event {
        what,
        began,
        ended: Instant::now(),
        outcome: outcome.clone(),
    });
    outcome
}

/// What a client may conclude from an error: 08007 says itself that nobody knows, and neither does
/// who lost the connection. What PostgreSQL says when it is made to go may come after a commit that
/// waited for its synchronous replica.
fn outcome_of(error: &Error) -> Outcome {
    let Some(said) = error.as_db_error() else {
        return Outcome::Unknown(error.to_string());
    };
    let code = said.code().code();
    let words = format!("{code}: {}", said.message());
    match code {
        "08007" | "57P01" | "57P02" => Outcome::Unknown(words),
        _ => Outcome::Refused(words),
    }
}

/// Longer than a write may wait for a primary.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(8);
const LOOKED_AT: usize = 200;
