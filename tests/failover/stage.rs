//! A cluster, the proxy in front of it, clients at work and someone who looks on; and in the end
//! the judgement of what they did.

use std::collections::BTreeMap;
use std::env;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Node;
use pgsluice::demo::cluster::options::Options;

use crate::check::Verdict;
use crate::check::check;
use crate::check::since;
use crate::crowd::Crowd;
use crate::crowd::Habit;
use crate::crowd::Orders;
use crate::history::Course;
use crate::history::History;
use crate::history::Kept;
use crate::history::Outcome;
use crate::history::Promise;
use crate::history::Write;
use crate::poller::POLL;
use crate::poller::Poller;
use crate::support::proxy::DATABASE;
use crate::support::proxy::PASSWORD;
use crate::support::proxy::Proxy;
use crate::support::proxy::USER;
use crate::support::proxy::cluster_of;
use crate::watch::Shown;
use crate::watch::Watch;

/// All that a scenario needs. Clients are at work from the beginning.
pub(crate) struct Stage {
    name: &'static str,
    pub(crate) crowd: Crowd,
    pub(crate) watch: Watch,
    pub(crate) poller: Poller,
    pub(crate) proxy: Proxy,
    pub(crate) cluster: Cluster,
}

/// What came of a scenario.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) history: History,
    pub(crate) verdict: Verdict,
    course: Course,
    /// Says what it logged if a check fails.
    _proxy: Proxy,
    _cluster: Cluster,
}

impl Stage {
    /// A primary with two replicas that it waits for, so that what it acknowledged is on one of
    /// them; the proxy, as it is by default; and the clients, each of whom has done something.
    pub(crate) fn set(name: &'static str) -> Self {
        Self::set_with(name, "")
    }

    /// As [`Stage::set`], with lines for the head of the proxy's configuration.
    pub(crate) fn set_with(name: &'static str, global: &str) -> Self {
        let cluster = cluster(Options::default());
        let global = format!("{GLOBAL}{global}");
        let proxy = Proxy::start(&cluster, &global, "");
        Self::before(name, cluster, proxy)
    }

    /// Lets clients in to a proxy that is there, when it knows that `whereabouts()` only reads: what
    /// comes before that is under way on the primary.
    pub(crate) fn before(name: &'static str, cluster: Cluster, proxy: Proxy) -> Self {
        let until = Instant::now() + START_WITHIN;
        while !proxy.output().contains("catalog read") {
            assert!(Instant::now() < until, "it has not read the catalog");
            thread::sleep(Duration::from_millis(10));
        }
        let console = proxy.conninfo().replace("dbname=app", "dbname=pgsluice");
        let nodes: Vec<_> = cluster.nodes().iter().map(conninfo).collect();
        // At some time of the second in which harm is done.
        let delay = Duration::from_millis(seed() % 1_000);
        let poller = Poller::start(nodes.clone(), delay);
        let watch = Watch::start(console, nodes);
        let crowd = Crowd::start(Orders {
            conninfo: proxy.conninfo(),
            writers: WRITERS,
            readers: READERS,
            habit: Habit::Careful,
            seed: seed(),
        });
        assert!(crowd.wait_for_work(ROUNDS), "void: nothing is done");
        Self {
            name,
            crowd,
            watch,
            poller,
            proxy,
            cluster,
        }
    }

    /// What the proxy shows and the nodes say of a failover from node 0 that has been ordered.
    pub(crate) fn course(&self, harmed: Instant, new: usize) -> Course {
        let is_known = |shown: &Shown| shown.primary != Some(0);
        let known = self.watch.wait("without the primary", harmed, is_known);
        let promoted = self.watch.writable(new);
        let is_found = |shown: &Shown| shown.primary == Some(new);
        let detected = self.watch.wait("the new primary", harmed, is_found);
        Course {
            old: 0,
            new,
            harmed,
            known,
            promoted,
            detected,
            polled: Some(self.poller.found(new)),
            promise: Promise::All,
        }
    }

    /// Lets the clients work on for a while, sends them home and judges what they did.
    pub(crate) fn end(self, course: &Course) -> Ending {
        let went_on = self.crowd.wait_for_work(ROUNDS);
        let seed = self.crowd.seed();
        let history = self.crowd.stop();
        let kept = kept(self.cluster.node(course.new));
        let verdict = check(&history, course, &kept);
        report(self.name, seed, &history, course, &verdict);
        assert!(went_on, "writes or reads do not go on");
        Ending {
            history,
            verdict,
            course: *course,
            _proxy: self.proxy,
            _cluster: self.cluster,
        }
    }
}

impl Ending {
    /// What holds in every failover through the proxy: nothing is lost, done twice or written to
    /// the wrong node; reads see nothing of it; and the new primary is known sooner than a poller
    /// could be sure to know it.
    pub(crate) fn check_kept(&self) {
        few(&self.verdict.violations(), "violations");
        few(&self.verdict.failed_reads, "reads failed");
        let Course {
            known,
            promoted,
            detected,
            ..
        } = self.course;
        let outage = promoted.saturating_duration_since(known);
        let reads = self.history.reads.iter();
        let meanwhile = reads.filter(|read| known <= read.began && read.ended <= promoted);
        assert!(
            outage < POLL || READERS < meanwhile.count(),
            "no reads in an outage of {outage:?}"
        );
        let found = detected.saturating_duration_since(promoted);
        assert!(found < POLL, "{found:?}");
        for is_old in [true, false] {
            let is_by = |outcome: &Outcome| match outcome {
                Outcome::Acknowledged { node } => (*node == 0) == is_old,
                Outcome::Refused { .. } | Outcome::Unknown { .. } | Outcome::Hanging => false,
            };
            let done = self.history.writes.iter();
            let done = done.filter(|w| is_by(&w.outcome)).count();
            assert!(WRITERS <= done, "void: {done} writes on one side of it");
        }
    }

    /// And what holds where the outage is not longer than writes wait: only those fail that were
    /// under way, with 08007 where it cannot be known whether they were done.
    pub(crate) fn check(&self) {
        self.check_kept();
        few(&self.verdict.late, "failed that began after the proxy knew");
        let is_failed = |w: &&Write| !matches!(w.outcome, Outcome::Acknowledged { .. });
        let failed = self.history.writes.iter().filter(is_failed);
        let vague: Vec<_> = failed.filter(|w| !w.is_told_as_documented()).collect();
        assert!(vague.is_empty(), "told otherwise: {vague:#?}");
    }
}

/// Fails with the first of what should not be.
fn few(found: &[String], what: &str) {
    let first: Vec<_> = found.iter().take(10).collect();
    assert!(found.is_empty(), "{what}: {}: {first:#?}", found.len());
}

/// A primary and two replicas, with what the clients read and write. The primary waits for one of
/// the replicas; they, once promoted, for nobody.
pub(crate) fn cluster(options: Options) -> Cluster {
    let cluster = cluster_of(options);
    let sql = format!(
        "create table item as select i, md5(i::text) as text from generate_series(1, 1000) i;
         alter table item add primary key (i);
         create table kept (key bigint);
         create function whereabouts() returns text stable language sql
             as $$ select current_setting('cluster_name') $$;
         alter table item owner to {USER};
         alter table kept owner to {USER};"
    );
    let primary = cluster.primary();
    primary.psql_in(DATABASE, &sql).expect("tables are made");
    cluster.catch_up(0).expect("the replicas follow");
    wait_for_replicas(primary, "ANY 1 (node1, node2)");
    cluster
}

/// Lets a node wait for others before it acknowledges; with nobody named it waits for none.
pub(crate) fn wait_for_replicas(node: &Node, names: &str) {
    let set = format!("alter system set synchronous_standby_names = '{names}'");
    node.psql(&set).expect("it is set");
    node.psql("select pg_reload_conf()").expect("it reloads");
    let sql = "select count(*) > 0 from pg_stat_replication where sync_state <> 'async'";
    let is_waiting = if names.is_empty() { "f" } else { "t" };
    node.wait_sql(sql, is_waiting, "told whom to wait for")
        .expect("it waits for them");
}

/// Promotes the replica that has received most, and lets the other follow it. Returns which.
///
/// The old primary sends nothing any more, or nothing new.
pub(crate) fn promote_most_advanced(cluster: &Cluster) -> usize {
    let received = |i: usize| {
        let sql = "select pg_wal_lsn_diff(greatest(pg_last_wal_receive_lsn(), \
                   pg_last_wal_replay_lsn()), '0/0')";
        let bytes = cluster.node(i).psql(sql).expect("a replica answers");
        bytes.parse::<u64>().expect("a number of bytes")
    };
    let (new, other) = if received(1) < received(2) {
        (2, 1)
    } else {
        (1, 2)
    };
    cluster.node(new).promote().expect("it is promoted");
    cluster.follow(other, new).expect("the other follows");
    new
}

/// Takes node 2 from node 0, which lives on, so that it has nothing that node 1 has not.
pub(crate) fn cut_off(cluster: &Cluster) {
    let other = cluster.node(2);
    other
        .psql("alter system set primary_conninfo = 'host=/nowhere'")
        .expect("it is set");
    other.psql("select pg_reload_conf()").expect("it reloads");
    let is_alone = "select count(*) from pg_stat_wal_receiver";
    other
        .wait_sql(is_alone, "0", "cut off")
        .expect("it is alone");
    let has = other.psql("select pg_last_wal_receive_lsn()");
    let has = has.expect("it answers");
    let has_that = format!("select pg_last_wal_receive_lsn() >= '{has}'");
    let is_as_far = cluster.node(1).wait_sql(&has_that, "t", "as far");
    is_as_far.expect("it is as far");
}

/// Promotes node 1 while node 0 is alive and node 2 has been [`cut_off`].
pub(crate) fn promote_beside(cluster: &Cluster) -> usize {
    cluster.node(1).promote().expect("it is promoted");
    cluster.follow(2, 1).expect("the other follows");
    1
}

/// How many rows a node has of each key.
pub(crate) fn kept(node: &Node) -> Kept {
    let sql = "select key, count(*) from kept group by key";
    let rows = node.psql_in(DATABASE, sql).expect("it answers");
    let pair = |line: &str| {
        let (key, count) = line.split_once('|')?;
        Some((key.parse().ok()?, count.parse().ok()?))
    };
    rows.lines()
        .map(|line| pair(line).expect("two numbers"))
        .collect()
}

/// How the application reaches a node past the proxy.
pub(crate) fn conninfo(node: &Node) -> String {
    format!(
        "host=127.0.0.1 port={} user={USER} password='{PASSWORD}' dbname={DATABASE}",
        node.port()
    )
}

/// The seed of this run, from the environment or new.
pub(crate) fn seed() -> u64 {
    let seed = env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    seed.unwrap_or_else(rand::random::<u64>)
}

/// Prints what was found, and a row in milliseconds: from the harm to when it was known, and to when
/// another took writes; from that to when this was known (in parentheses: to the poller), and to its
/// first write; the longest pause of writes, write and read; failed reads; what clients were told.
pub(crate) fn report(name: &str, seed: u64, history: &History, course: &Course, verdict: &Verdict) {
    let ms = |from: Instant, to: Instant| to.saturating_duration_since(from).as_millis();
    let by_new = Outcome::Acknowledged { node: course.new };
    let first = history.writes.iter().filter(|w| w.outcome == by_new);
    let first = first.map(|w| w.ended).min().unwrap_or(course.promoted);
    let before: BTreeMap<_, usize> = [&verdict.unknown, &verdict.refused]
        .into_iter()
        .flatten()
        .map(|(why, n)| (why.as_str(), *n))
        .collect();
    eprintln!("{name}: SEED={seed}");
    eprintln!("{verdict}");
    if let Some(began) = verdict.longest.read_began {
        let at = since(began, course.harmed);
        eprintln!("the longest read: {:?} from {at} on", verdict.longest.read);
    }
    eprintln!(
        "| {name} | {} | {} | {} ({}) | {} | {} | {} | {} | {} | {before:?} |",
        ms(course.harmed, course.known),
        ms(course.harmed, course.promoted),
        ms(course.promoted, course.detected),
        course
            .polled
            .map_or(0, |polled| ms(course.promoted, polled)),
        ms(course.promoted, first),
        verdict.longest.pause.as_millis(),
        verdict.longest.write.as_millis(),
        verdict.longest.read.as_millis(),
        verdict.failed_reads.len(),
    );
}

/// Sleeps until so long after an instant.
pub(crate) fn sleep_until(since: Instant, after: Duration) {
    let until = since + after;
    thread::sleep(until.saturating_duration_since(Instant::now()));
}

pub(crate) const GLOBAL: &str = "auth_type = \"trust\"\nadmin_users = \"app\"\n";
pub(crate) const WRITERS: usize = 16;
pub(crate) const READERS: usize = 12;
const START_WITHIN: Duration = Duration::from_secs(30);
/// Some tenths of a second of work.
pub(crate) const ROUNDS: usize = 20;
