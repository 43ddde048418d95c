//! Random scripts: what is heard through the proxy is, message by message, what PostgreSQL says.
//!
//! A seed makes a script. It is played to the primary, and then through a proxy of few servers of
//! which a second client makes use in between, so that the session's server changes under it.
//! Whatever differs is shrunk to the steps that it takes, and shown.
//!
//! `PGSLUICE_SEED` is the first seed (by default one that does not change), `PGSLUICE_SCRIPTS` how
//! many follow it.
//!
//! By design these differ, and the scripts do not say them:
//! * what names servers, processes or prepared statements: `pg_prepared_statements`, `EXECUTE` of a
//!   statement prepared by the protocol;
//! * a setting of a made-up name (`my.own`), once it was reset: a server knows the name from then
//!   on, whoever had set it;
//! * `DEALLOCATE` of a statement prepared by the protocol, other than as a query of its own;
//! * what a batch does with a prepared statement behind a `DEALLOCATE ALL` of its own;
//! * when the error of a batch is told that has neither a Sync nor a Flush yet: the proxy may wait for
//!   the rest before it sends any of it;
//! * a Sync between CopyData that fails: whether the server ignored it is not to be seen;
//! * what a replica does not do (`SET TRANSACTION ISOLATION LEVEL SERIALIZABLE`) or what would stay
//!   with its session (`PREPARE`, advisory locks, cursors `WITH HOLD`) in a read-only transaction,
//!   which is on a replica by then;
//! * what tells a replica from the primary: `SHOW transaction_read_only` in a read;
//! * the transaction that PostgreSQL holds open behind a Flush, when only reads were prepared before
//!   it: it refuses an isolation level for that (25001). Scripts that hear so are left out.

mod make;
mod play;
mod script;
mod shrink;
mod texts;

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::World;
use crate::random::play::Other;
use crate::random::play::Transcript;
use crate::random::play::difference;
use crate::random::play::play_direct;
use crate::random::play::play_through;
use crate::random::script::Step;
use crate::raw::Raw;
use crate::support::proxy::DATABASE;
use crate::support::proxy::Proxy;

const SEED: u64 = 1;
const SCRIPTS_COUNT: u64 = 100;

/// Mismatches after which no more are looked for.
const FOUND_COUNT_MAX: usize = 5;

/// The two sides that are compared.
struct Sides<'a> {
    world: &'a World,
    proxies: [Proxy; 2],
    /// For each proxy.
    others: Vec<Other>,
    admin: Raw,
    replicas: Vec<Raw>,
}

impl<'a> Sides<'a> {
    fn new(world: &'a World) -> Self {
        let made = world
            .cluster
            .primary()
            .psql_in(DATABASE, texts::TABLES)
            .expect("the tables are made");
        assert!(!made.contains("ERROR"), "{made}");
        world.cluster.catch_up(0).expect("the replicas follow");
        let proxies = [
            Proxy::start(
                &world.cluster,
                "max_prepared_statements = 2",
                "pool_size = 1",
            ),
            Proxy::start(&world.cluster, "", "pool_size = 3"),
        ];
        let nodes = world.cluster.nodes().iter();
        Self {
            world,
            others: proxies
                .iter()
                .map(|p| Other::new(Raw::connect(p.port())))
                .collect(),
            proxies,
            admin: Raw::connect(world.primary()),
            replicas: nodes.skip(1).map(|n| Raw::connect(n.port())).collect(),
        }
    }

    /// Puts the tables back, on the replicas too.
    fn reset(&mut self) {
        let said = self.admin.q(texts::RESET);
        assert!(!said.contains("E("), "{said}");
        let lsn = self.admin.value("select pg_current_wal_flush_lsn()");
        for replica in &mut self.replicas {
            let sql = format!("select pg_last_wal_replay_lsn() >= '{lsn}'");
            while replica.value(&sql) != "t" {
                thread::sleep(Duration::from_micros(200));
            }
        }
    }

    /// What both sides say to a script.
    fn play(&mut self, script: &[Step], seed: u64) -> (Transcript, Transcript) {
        let which = usize::try_from(seed % 2).unwrap();
        self.reset();
        let direct = play_direct(&mut Raw::connect(self.world.primary()), script, seed);
        self.reset();
        let mut raw = Raw::connect(self.proxies[which].port());
        let through = play_through(&mut raw, script, seed, &direct, &mut self.others[which]);
        (direct, through)
    }

    fn differ(&mut self, script: &[Step], seed: u64) -> Option<String> {
        let (direct, through) = self.play(script, seed);
        if script.iter().any(|step| matches!(step, Step::Flush))
            && direct
                .messages
                .iter()
                .any(|heard| heard.starts_with("E ") && heard.contains(" C=25001 "))
        {
            return None;
        }
        if direct.messages.last().is_some_and(|last| last == "END") {
            // A client that writes to one that closes may hear less than it was told.
            let closes = through.messages.last() == direct.messages.last();
            return (!closes).then(|| difference(&direct, &through));
        }
        (direct.messages != through.messages).then(|| difference(&direct, &through))
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

pub(crate) fn random_scripts_are_answered_as_postgresql_does(world: &World) {
    let seed = number("PGSLUICE_SEED", SEED);
    let count = number("PGSLUICE_SCRIPTS", SCRIPTS_COUNT);
    eprintln!("PGSLUICE_SEED={seed} PGSLUICE_SCRIPTS={count}");
    let began = Instant::now();
    let mut sides = Sides::new(world);
    let mut found = Vec::new();
    for seed in seed..seed + count {
        let script = make::script(seed);
        let Some(difference) = sides.differ(&script, seed) else {
            continue;
        };
        let (script, difference) =
            shrink::shrink(&script, difference, |script| sides.differ(script, seed));
        let mut report = format!("PGSLUICE_SEED={seed} PGSLUICE_SCRIPTS=1\n");
        for step in &script {
            let _ = writeln!(report, "  {step}");
        }
        report.push_str(&difference);
        eprintln!("{report}");
        found.push(report);
        if FOUND_COUNT_MAX <= found.len() {
            break;
        }
    }
    eprintln!("{count} scripts: {:?}", began.elapsed());
    for proxy in &sides.proxies {
        let routed = proxy.routed();
        assert!(
            routed.contains("read"),
            "some reads went to replicas: {routed}"
        );
    }
    assert!(found.is_empty(), "{} scripts differ", found.len());
}
