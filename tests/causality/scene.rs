//! What the sessions, the troublemakers and the judge share.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::env;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;
use rand::RngExt;
use rand::rngs::StdRng;

use crate::client::Fault;
use crate::history::Session;
use crate::history::Write;
use crate::support::proxy::DATABASE;
use crate::support::proxy::USER;
use crate::support::proxy::cluster_of;

/// What all share.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) seed: u64,
    /// How many workers, and registers, there are.
    pub(crate) workers: usize,
    /// How drivers reach each proxy.
    pub(crate) proxies: Vec<String>,
    pub(crate) stop: AtomicBool,
    pub(crate) logins: AtomicUsize,
    sessions: Mutex<Vec<Session>>,
    tokens: Mutex<VecDeque<Token>>,
    faults: Mutex<HashMap<String, usize>>,
}

/// A write, and what `SHOW pgsluice.write_token` said after it.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) write: Write,
    pub(crate) text: String,
}

impl Scene {
    pub(crate) fn new(seed: u64, workers: usize, proxies: Vec<String>) -> Self {
        Self {
            seed,
            workers,
            proxies,
            stop: AtomicBool::new(false),
            logins: AtomicUsize::new(0),
            sessions: Mutex::default(),
            tokens: Mutex::default(),
            faults: Mutex::default(),
        }
    }

    /// A session has ended.
    pub(crate) fn keep(&self, session: Session) {
        lock(&self.sessions).push(session);
    }

    pub(crate) fn take_sessions(&self) -> Vec<Session> {
        std::mem::take(&mut *lock(&self.sessions))
    }

    pub(crate) fn publish(&self, token: Token) {
        let mut tokens = lock(&self.tokens);
        tokens.push_back(token);
        if TOKENS_MAX < tokens.len() {
            tokens.pop_front();
        }
    }

    /// One of the newest tokens; mostly the newest.
    pub(crate) fn token(&self, random: &mut StdRng) -> Option<Token> {
        let tokens = lock(&self.tokens);
        let back = match random.random_bool(0.6) {
            true => 0,
            false => random.random_range(0..TOKENS_MAX),
        };
        tokens.iter().rev().nth(back).or(tokens.back()).cloned()
    }

    /// Something was not done. Kept by what and why, to be shown.
    pub(crate) fn fault(&self, what: &str, fault: &Fault) {
        let why = match fault {
            Fault::Failed(error) => match error.as_db_error() {
                Some(error) => format!("{} {}", error.code().code(), error.message()),
                None => error.to_string(),
            },
            Fault::Hanging | Fault::Strange(_) => fault.to_string(),
        };
        *lock(&self.faults)
            .entry(format!("{what}: {why}"))
            .or_default() += 1;
    }

    /// What was not done, and how often.
    pub(crate) fn faults(&self) -> HashMap<String, usize> {
        lock(&self.faults).clone()
    }
}

/// A primary and `replicas`, with the table, and functions that write or tell the node.
pub(crate) fn cluster(replicas: usize, settings: &[(&str, &str)]) -> Cluster {
    let mut options = Options::default()
        .replicas(replicas)
        .set("synchronous_commit", "off")
        .set("max_prepared_transactions", "300");
    for (name, value) in settings {
        options = options.set(name, value);
    }
    let cluster = cluster_of(options);
    let sql = format!(
        "create table written (register int, value bigint, primary key (register, value));
         alter table written owner to {USER};
         create function put(int, bigint) returns void language sql
             as 'insert into written values ($1, $2)';
         create procedure put_by_call(int, bigint) language sql
             as 'insert into written values ($1, $2)';
         create function whereabouts() returns text stable language sql
             as $$ select current_setting('cluster_name') || ' ' || pg_is_in_recovery() $$;"
    );
    let primary = cluster.primary();
    primary.psql_in(DATABASE, &sql).expect("a table is made");
    primary.psql("checkpoint").expect("all is on disk");
    cluster.catch_up(0).expect("the replicas follow");
    for replica in cluster.replicas() {
        // One that crashes comes back with the table at least.
        replica.psql("checkpoint").expect("all is on disk");
    }
    cluster
}

/// What a node holds.
pub(crate) fn written(cluster: &Cluster, node: usize) -> HashSet<(usize, i64)> {
    let sql = "select register, value from written";
    let rows = cluster
        .node(node)
        .psql_in(DATABASE, sql)
        .expect("it answers");
    let pair = |line: &str| {
        let (register, value) = line.split_once('|')?;
        Some((register.parse().ok()?, value.parse().ok()?))
    };
    rows.lines()
        .map(|line| pair(line).expect("two numbers"))
        .collect()
}

/// The seed of this run, from the environment or new, and printed.
pub(crate) fn seed() -> u64 {
    let seed = env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(rand::random::<u64>);
    eprintln!("SEED={seed}");
    seed
}

/// How long the trouble before the promotion lasts: `SOAK_SECONDS` of the environment.
pub(crate) fn trouble_lasts() -> Duration {
    let seconds = env::var("SOAK_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(10))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const TOKENS_MAX: usize = 40;
