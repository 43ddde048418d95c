//! What the scripts say in SQL. No answer depends on the server, the time or the order of rows on
//! disk.

/// Run before the scripts, by the owner.
pub(crate) const TABLES: &str = "
    create table w (a int primary key, b text);
    create function note(text) returns text language plpgsql stable
        as $$begin raise notice 'noted %', $1; return $1; end$$;
    grant all on w to app;";

/// Run before each script: what it may have changed is as it was.
pub(crate) const RESET: &str = "set client_min_messages = error; drop table if exists made_here;
     delete from w; insert into w values (1, 'one'), (2, 'two'), (3, 'three')";

pub(crate) const READS: &[&str] = &[
    "select 1",
    "select a from seven order by a",
    "table seven order by a",
    "select count(*) from seven",
    "select * from w order by a",
    "select count(*) from w",
    "select b from w where a = 1",
    "select 1/0",
    "select 1/(a - 4) from seven order by a",
    "select nonsense",
    "selec 1",
    "select * from nowhere",
    "values (1, 'a'), (2, null)",
    "select",
    "",
    " -- nothing",
    "select note('a')",
    "select note(a::text) from seven order by a",
    "select repeat('x', 3000) from seven",
    "select repeat('x', 100000)",
    "select repeat('x', 9000), 1/(a - 6) from seven order by a",
    "explain (costs off) select 1",
    "copy (select a from seven order by a) to stdout",
    "copy (select 1/(a - 4) from seven order by a) to stdout",
    "select 'é', E'\\t', U&'\\0041'",
    "select pg_typeof(1), pg_typeof('x')",
    "select '1 day 2 hours'::interval",
    "select '2024-02-03 04:05:06+00'::timestamptz",
];

pub(crate) const PARAMETERS: &[&str] = &[
    "select $1::int",
    "select a from seven where a <= $1::int order by a",
    "select $1::text || 'x'",
    "select b from w where a = $1",
    "insert into w values ($1, 'by parameter')",
    "select 1/($1::int - 3)",
    "select note($1)",
];

pub(crate) const WRITES: &[&str] = &[
    "insert into w values (4, 'four')",
    "insert into w values (1, 'again')",
    "insert into w values (5, 'five') returning *",
    "update w set b = b || '!' where a = 1 returning b",
    "update w set b = 'all'",
    "delete from w where a = 2",
    "insert into w select a + 10, 'seven' from seven",
    "select * from w where a = 1 for update",
    "with gone as (delete from w where a = 3 returning a) select * from gone",
    "create table made_here (a int)",
    "drop table made_here",
    "drop table if exists made_here",
    "do $$begin raise notice 'done'; end$$",
    "do $$begin raise exception 'not done'; end$$",
    "alter table w rename b to b",
];

pub(crate) const TRANSACTIONS: &[&str] = &[
    "begin",
    "begin",
    "begin",
    "start transaction isolation level repeatable read",
    "begin isolation level serializable",
    "begin; set transaction isolation level serializable",
    "commit",
    "commit",
    "end",
    "rollback",
    "rollback",
    "commit and chain",
    "rollback and chain",
    "savepoint a",
    "savepoint b",
    "rollback to a",
    "release a",
    "rollback to savepoint b",
];

/// Each makes a transaction that a replica may have.
pub(crate) const READ_ONLY: &[&str] = &[
    "begin read only",
    "begin transaction isolation level repeatable read, read only",
    "begin; set transaction read only",
];

pub(crate) const SETTINGS: &[&str] = &[
    "set work_mem = '5MB'",
    "set work_mem to 7000",
    "set local work_mem = '6MB'",
    "show work_mem",
    "reset work_mem",
    "set work_mem = 'nonsense'",
    "set search_path = pg_catalog, public",
    "set search_path to default",
    "show search_path",
    "reset search_path",
    "set timezone = 'Asia/Tokyo'",
    "set time zone 'UTC'",
    "show timezone",
    "reset timezone",
    "set datestyle = 'German'",
    "set intervalstyle = 'iso_8601'",
    "set application_name = 'an app'",
    "set local application_name = 'local app'",
    "reset application_name",
    "show application_name",
    "set client_encoding = 'LATIN1'",
    "set client_encoding to 'UTF8'",
    "reset client_encoding",
    "set standard_conforming_strings = off",
    "reset standard_conforming_strings",
    "set statement_timeout = '30s'",
    "show statement_timeout",
    "select set_config('work_mem', '8MB', false)",
    "select set_config('work_mem', '9MB', true)",
    "select set_config('my.own', 'x', false)",
    "set my.own = 'y'",
    "reset all",
    "set default_transaction_isolation = 'repeatable read'",
    "show transaction_isolation",
    "set nowhere = 1",
    "set role other",
    "reset role",
    "select current_user",
    "set session characteristics as transaction isolation level serializable",
];

pub(crate) const CURSORS: &[&str] = &[
    "declare c cursor for select a from seven order by a",
    "declare c cursor for select a from seven order by a",
    "declare c scroll cursor for select a from w order by a",
    "declare h cursor with hold for select a from seven order by a",
    "fetch 2 from c",
    "fetch c",
    "fetch all from c",
    "fetch backward 1 from c",
    "move 1 in c",
    "fetch 2 from h",
    "close c",
    "close h",
    "close all",
    "declare p1 cursor for select a from seven order by a",
    "fetch 1 from p1",
];

pub(crate) const PREPARES: &[&str] = &[
    "prepare q1 as select a from seven order by a limit 2",
    "prepare q1 as select 1",
    "execute q1",
    "execute q1",
    "deallocate q1",
    "deallocate all",
];

pub(crate) const SESSION: &[&str] = &[
    "discard all",
    "discard all",
    "discard plans",
    "discard temp",
    "create temp table mine (a int)",
    "insert into mine values (1), (2)",
    "select * from mine order by a",
    "drop table mine",
    "listen news",
    "notify news, 'hello'",
    "unlisten *",
    "select pg_advisory_lock(7)",
    "select pg_advisory_unlock(7)",
    "select pg_advisory_xact_lock(8)",
];

/// Only ever as a query of its own.
pub(crate) const ALONE: &[&str] = &["deallocate s1", "deallocate s2", "deallocate nothing"];

/// Never within a batch.
pub(crate) const TAKES_STATEMENTS: &[&str] = &["deallocate all", "discard all"];

/// Copies that ask for data.
pub(crate) const COPIES: &[&str] = &[
    "copy w from stdin",
    "copy w from stdin",
    "copy w from stdin; select count(*) from w",
    "select 1; copy w from stdin",
    "begin; copy w from stdin",
    "copy w (a) from stdin",
    "copy nowhere from stdin",
    "select 1/0; copy w from stdin",
];

/// What the second client says: each leaves its server without a pin, and with all else changed.
pub(crate) const OTHERS: &[&str] = &[
    "select 1",
    "select count(*) from w",
    "set work_mem = '11MB'",
    "set timezone = 'America/Lima'; set search_path = pg_temp",
    "set application_name = 'the other'; set my.own = 'of the other'",
    "set client_encoding = 'LATIN1'; set datestyle = 'SQL'; set role other",
    "discard all",
    "reset all",
    "begin; set local work_mem = '12MB'; select 1; rollback",
    "create temp table mine (a int, b int); drop table mine",
    "prepare q1 as select 'of the other'; deallocate q1",
    "listen news; unlisten *",
    "select 1/0",
    "begin; declare c cursor for select 1; fetch c; commit",
    "insert into written values (1)",
    "set standard_conforming_strings = off",
];
