//! A cluster, a proxy in front of it, and what statements leave behind.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::options::Options;
use pgsluice::demo::scrape;

use crate::raw::Raw;
use crate::support::proxy::DATABASE;
use crate::support::proxy::Proxy;
use crate::support::proxy::USER;
use crate::support::proxy::cluster_with;

/// What all tests of a cluster use.
pub(crate) struct Stage {
    pub(crate) cluster: Cluster,
    pub(crate) proxy: Proxy,
    next: AtomicU32,
}

/// Nobody is asked for a password: the tests log in often.
pub(crate) const TRUST: &str = "auth_type = \"trust\"\n";

/// Things that write although neither the texts of their callers nor the catalogs say so, for they
/// call what they do not declare; and some that take their time.
const SQL: &str = "
    create table effects (what text);
    create sequence steps;
    create table seven as select generate_series(1, 7) as a;
    create table one as select 1 as a;
    create table shifting (a int);
    create table guarded as select 1 as a;
    create unlogged table fleeting as select 1 as a;
    create type by_cast as (i int);
    create function on_replica() returns bool language sql stable
        as 'select pg_catalog.pg_is_in_recovery()';
    create table naps (id serial, seconds float8);
    create function nap(number int) returns int language plpgsql stable
        as 'begin
                if pg_is_in_recovery() then
                    perform pg_sleep((select seconds from naps order by id desc limit 1));
                end if;
                return 1;
            end';
    create table pinned as select generate_series(1, 3) as a;
    create table locked as select 1 as a;
    create function wait_and_look() returns int language plpgsql stable
        as 'declare found int;
            begin
                if pg_is_in_recovery() then perform pg_sleep(2); end if;
                execute ''select a from locked'' into found;
                return found;
            end';
    create function leave(what text) returns int language plpgsql volatile
        as 'begin perform nextval(''steps''); insert into effects values (what); return 1; end';
    create function claims_to_read() returns int language plpgsql stable
        as 'begin perform leave(''claims''); return 1; end';
    create function leave_bool(a int) returns bool language plpgsql stable
        as 'begin perform leave(''bool''); return true; end';
    create function leave_two(a int, b int) returns int language plpgsql stable
        as 'begin perform leave(''two''); return a + b; end';
    create function make_by_cast(a int) returns by_cast language plpgsql stable
        as 'begin perform leave(''cast''); return row(a); end';
    create function steps_on() returns int language plpgsql stable
        as 'begin return (nextval(''steps'') is null)::int; end';
    create function asks_unlogged() returns int language plpgsql stable
        as 'begin return (select a from fleeting); end';
    create function asks_recovery() returns int language plpgsql stable
        as 'begin return (pg_current_wal_lsn() is null)::int; end';
    create function refuses() returns int language plpgsql stable
        as 'begin raise exception ''never'' using errcode = ''55000''; end';
    create view by_view as select claims_to_read() as n;
    create operator <!> (leftarg = int, rightarg = int, function = leave_two);
    create domain by_domain as int check (leave_bool(value));
    alter table guarded enable row level security;
    create policy guard on guarded using (leave_bool(a));
    create aggregate by_aggregate(int) (sfunc = leave_two, stype = int, initcond = '0');
    create cast (int as by_cast) with function make_by_cast(int);
    create view at_last as
        select case when a = 5000 then claims_to_read() else a end as n
        from generate_series(1, 5000) a;";

impl Stage {
    /// A cluster with these settings of PostgreSQL's, and a proxy with its defaults.
    pub(crate) fn new(settings: &[(&str, &str)]) -> Self {
        let mut options = Options::default();
        for (name, value) in settings {
            options = options.set(name, value);
        }
        let cluster = cluster_with(&options);
        let primary = cluster.primary();
        primary.psql_in(DATABASE, SQL).expect("all is made");
        let granted = format!(
            "grant all on all tables in schema public to {USER};
             grant all on all sequences in schema public to {USER};
             grant all on schema public to {USER}"
        );
        primary.psql_in(DATABASE, &granted).expect("all is granted");
        cluster.catch_up(0).expect("the replicas follow");
        let proxy = Proxy::start(&cluster, TRUST, "");
        Self {
            cluster,
            proxy,
            next: AtomicU32::new(0),
        }
    }

    /// A number that was not given before.
    pub(crate) fn number(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A new client of the proxy.
    pub(crate) fn client(&self) -> Raw {
        Raw::connect(self.proxy.port())
    }

    /// A client of the primary itself.
    pub(crate) fn direct(&self) -> Raw {
        Raw::connect(self.cluster.primary().port())
    }

    /// Runs SQL as the superuser on the primary; the replicas have it on return.
    pub(crate) fn admin(&self, sql: &str) -> String {
        let answer = self.cluster.primary().psql_in(DATABASE, sql);
        self.cluster.catch_up(0).expect("the replicas follow");
        answer.expect("it runs")
    }

    /// How often something was left behind: rows, and steps of a sequence, which no rollback takes
    /// back.
    pub(crate) fn effects(&self) -> (u64, u64) {
        let mut direct = self.direct();
        let rows = direct.value("select count(*) from effects").parse();
        let steps = direct
            .value("select case when is_called then last_value else 0 end from steps")
            .parse();
        (rows.unwrap(), steps.unwrap())
    }

    /// From now on `nap` takes so long on replicas. No row is taken away: that may be a conflict.
    fn set_naps(&self, seconds: u32) {
        self.admin(&format!("insert into naps (seconds) values ({seconds})"));
    }

    /// Waits until a replica sleeps in `what`: its index and the process, and nothing that starts
    /// now sleeps.
    pub(crate) fn find_sleeping(&self, what: &str) -> (usize, u32) {
        let sql = format!(
            "select pid from pg_stat_activity where state = 'active' and query like '%{what}%' \
             and pid <> pg_backend_pid() and wait_event = 'PgSleep' limit 1"
        );
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(4) {
            for replica in self.cluster.replicas() {
                let pid = replica.psql(&sql).expect("it answers");
                if let Ok(pid) = pid.trim().parse() {
                    self.set_naps(0);
                    return (replica.index(), pid);
                }
            }
        }
        panic!("nobody sleeps in {what}");
    }

    /// A call of `nap` that is like no other, which takes its time.
    pub(crate) fn nap(&self) -> String {
        self.set_naps(5);
        format!("nap({})", self.number())
    }
}

/// The sum of the samples of a metric that bear all these labels.
pub(crate) fn metric(proxy: &Proxy, name: &str, labels: &str) -> f64 {
    let page = proxy.metrics();
    let lines = page.lines().filter(|l| l.contains(labels));
    let lines: Vec<_> = lines.collect();
    let samples = scrape::samples(&lines.join("\n"));
    let named = samples.iter().filter(|sample| sample.name == name);
    named.map(|sample| sample.value).sum()
}

/// How many reads were sent again, for any reason.
pub(crate) fn retries(proxy: &Proxy) -> f64 {
    metric(proxy, "pgsluice_retries_total", "")
}

/// How many batches went to the primary because of what was learned.
pub(crate) fn learned(proxy: &Proxy) -> f64 {
    metric(proxy, "pgsluice_routed_total", "reason=\"learned\"")
}
