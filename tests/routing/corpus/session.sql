-- Transactions.

begin;
select 1;
commit;
begin work;
rollback work;
start transaction;
end;
begin transaction isolation level serializable, read only, deferrable;
select count(*) from price;
commit and no chain;
begin isolation level repeatable read read only;
select count(*) from price;
show transaction_isolation;
insert into tally values ('read only', 1);
rollback;
begin read only;
select name from grower where id = 1;
select nextval('ticket_no');
abort;
begin read only;
select current_setting('transaction_read_only');
show transaction_read_only;
create table t_refused (id int);
rollback transaction;
begin read write;
insert into tally values ('read write', 1);
commit;
begin;
set transaction read only;
select name from grower where id = 1;
update grower set name = name where id = 1;
rollback;
begin;
set transaction isolation level serializable;
select count(*) from grower;
show transaction_isolation;
commit;
begin;
set local work_mem = '3MB';
show work_mem;
commit;
begin;
insert into tally values ('chained', 1);
commit and chain;
select hits from tally where name = 'chained';
rollback and chain;
show transaction_read_only;
rollback;
begin;
savepoint one;
insert into tally values ('saved', 1);
savepoint two;
insert into tally values ('saved', 2);
rollback to savepoint two;
insert into tally values ('saved too', 2);
release savepoint one;
commit;
select name, hits from tally where name like 'saved%' order by name;
begin;
select 1 / 0;
select 1;
commit;
begin;
select no_such_column from grower;
rollback;
commit;
rollback;
savepoint nowhere;
release nowhere;
rollback to nowhere;
begin;
begin;
commit;
set transaction read only;
set transaction isolation level serializable;
begin isolation level read uncommitted;
select count(*) from price;
commit;
begin not deferrable;
lock table scratch in share row exclusive mode nowait;
commit;
select 1;

begin;
lock table grower;
lock tally, price in access share mode;
lock table only place in exclusive mode;
select count(*) from grower;
commit;
lock table grower;

begin;
lock table no_such_table;
rollback;

begin;
insert into tally values ('prepared', 1);
prepare transaction 'gid one {db}';
select gid from pg_prepared_xacts where database = '{db}';
commit prepared 'gid one {db}';
begin;
insert into tally values ('prepared and gone', 1);
prepare transaction 'gid two {db}';
rollback prepared 'gid two {db}';
select name from tally where name like 'prepared%';
commit prepared 'no such gid';
prepare transaction 'not in one';

-- Several statements in one text.

--~ simple: several statements
select 1; select 2;
--~ simple: several statements
insert into tally values ('several', 1); select hits from tally where name = 'several';
--~ simple: several statements
select 1; select 1 / 0; select 3;
--~ simple: several statements
begin; insert into tally values ('several too', 1); commit; select count(*) from tally where name like 'several%';
--~ simple: several statements
begin read only; select 1; commit;
--~ simple: several statements
set work_mem = '7MB'; show work_mem; reset work_mem;
--~ simple: several statements
create table t_several (id int); insert into t_several values (1); select * from t_several; drop table t_several;
--~ simple: several statements
insert into tally values ('taken back', 1); select 1 / 0;
--~ simple: several statements
select name from tally where name = 'taken back'; select count(*) from tally;
--~ simple: several statements
begin; select 1 / 0; rollback; select 'after';
--~ simple: several statements
; ;
--~ simple: several statements
select 1;; select 2;

;
/* nothing but a comment */;

select 1; select 2;
--~ values: 5, 7
select 1; select $1::int + $2::int;

-- Settings.

set work_mem = '6MB';
show work_mem;
set work_mem to default;
set session work_mem = 5000;
set timezone = 'Asia/Tokyo';
show timezone;
show time zone;
select timestamptz '2024-01-01 00:00Z';
select count(*) from crop where picked::timestamptz > '2024-08-02 00:00';
set time zone 'Europe/Berlin';
set time zone local;
set time zone interval '-08:00' hour to minute;
select timestamptz '2024-01-01 00:00Z';
reset timezone;
set search_path to public, pg_catalog;
show search_path;
select current_schemas(false);
set search_path = '';
select count(*) from grower;
select count(*) from public.grower;
set search_path to default;
set datestyle to 'German, DMY';
select date '2024-05-01', '01.05.2024'::date;
reset datestyle;
set intervalstyle = 'iso_8601';
select interval '1 day 2 hours';
set extra_float_digits = 0;
select 0.1::float8 + 0.2::float8;
set bytea_output = 'escape';
select '\x0102'::bytea;
set client_encoding to 'LATIN1';
select 'plain';
set names 'UTF8';
set seed to 0.5;
--~ shape: random
select setseed(0.5), random();
set application_name = 'corpus';
show application_name;
set statement_timeout = '10s';
set lock_timeout = 500;
show statement_timeout;
set client_min_messages to error;
select warns('quietly');
set client_min_messages to notice;
select warns('loudly');
set default_transaction_read_only = on;
select count(*) from price;
insert into tally values ('never', 1);
set default_transaction_read_only = off;
set default_transaction_isolation = 'serializable';
select count(*) from price;
reset default_transaction_isolation;
set session characteristics as transaction isolation level repeatable read;
show default_transaction_isolation;
set session characteristics as transaction isolation level read committed;
set my.own = 'value';
show my.own;
select current_setting('my.own');
set "my.Odd" = 1;
set role picker;
select current_user, session_user;
select * from secret_note order by id;
insert into grower (name) values ('not allowed');
set role none;
select * from secret_note order by id;
set session authorization picker;
select current_user, session_user;
set session authorization default;
reset session authorization;
set enable_seqscan = off;
select name from grower where id = 3;
reset enable_seqscan;
set nowhere_at_all = 1;
set work_mem = 'a lot';
show nowhere_at_all;
show server_version_num;
show server_encoding;
show max_connections;
show hot_standby;
show transaction_read_only;
show in_hot_standby;
show data_directory_mode;
show is_superuser;
show lc_collate;
show standard_conforming_strings;
show transaction_isolation;
show integer_datetimes;
set constraints all deferred;
set local work_mem = '1MB';
set xmloption to document;
select xmlparse(content 'a');
set xml option content;
select set_config('work_mem', '9MB', false);
show work_mem;
select set_config('my.other', 'x', false), current_setting('my.other');
select set_config('search_path', 'public', false);
reset all;
show work_mem;
discard plans;
discard sequences;
discard temp;
discard all;

-- Prepared statements.

prepare get_grower as select name from grower where id = $1;
execute get_grower(1);
execute get_grower(2);
prepare typed (int, text) as select $1 + 1, $2 || '!';
execute typed(1, 'a');
execute typed('x', 'a');
explain (costs off) execute get_grower(1);
prepare put_tally as insert into tally values ($1, 1) returning name;
execute put_tally('by execute');
select count(*) from pg_prepared_statements where name in ('get_grower', 'typed', 'put_tally');
create table t_made as execute get_grower(3);
select * from t_made;
drop table t_made;
deallocate get_grower;
execute get_grower(1);
deallocate prepare typed;
deallocate all;
execute put_tally('no more');
deallocate nowhere;

prepare in_a_new_session as select 1;
prepare in_a_new_session as select 2;
execute in_a_new_session;

execute in_a_new_session;

-- Cursors.

begin;
declare c cursor for select id, name from grower order by id;
fetch c;
fetch next from c;
fetch 3 from c;
fetch forward 2 in c;
move 1 from c;
fetch all from c;
fetch c;
close c;
commit;
begin;
declare s scroll cursor for select id from grower order by id;
fetch last from s;
fetch prior from s;
fetch first from s;
fetch absolute 4 from s;
fetch relative -2 from s;
fetch backward 1 from s;
fetch backward all from s;
move forward all in s;
fetch 0 from s;
close all;
fetch s;
rollback;
begin;
declare u cursor for select * from tally where name = 'seen' for update;
fetch u;
update tally set hits = hits + 1 where current of u;
delete from tally where current of u;
rollback;
begin;
declare b insensitive no scroll cursor without hold for values (1), (2);
fetch b;
fetch prior from b;
rollback;
declare outside cursor for select 1;
fetch nowhere;
close nowhere;

declare h cursor with hold for select id from grower order by id;
fetch 2 from h;
select count(*) from grower;
fetch 2 from h;
select name, is_holdable from pg_cursors where name = 'h';
close h;
fetch h;

begin;
declare kept binary cursor with hold for select 7;
commit;
close kept;

-- LISTEN and NOTIFY.

listen orchard_news;
notify orchard_news, 'ripe';
select pg_notify('orchard_news', 'by function');
notify other_news;
select pg_listening_channels();
unlisten orchard_news;
notify orchard_news;
listen "Odd Channel";
unlisten *;
begin;
notify orchard_news, 'taken back';
rollback;

-- DO and CALL.

do $$begin insert into tally values ('by do', 1); end$$;
do language plpgsql 'begin raise notice ''hello''; end';
do $$begin raise exception 'no'; end$$;
do $$begin perform 1; end; $$;
select hits from tally where name = 'by do';
call settle(3);
call step_by_step(3);
select said from journal order by id desc limit 3;
begin;
call settle(1);
call step_by_step(1);
rollback;
--~ values: 4
call settle($1);

-- EXPLAIN.

explain (costs off) select * from grower where id = 1;
explain (costs off, verbose) select name from grower order by name limit 1;
explain (costs off, format json) select 1;
explain (costs off, format yaml) select 1;
explain (costs off, format xml) select 1;
--~ shape: timing
explain select * from grower;
--~ shape: timing
explain verbose select * from grower;
--~ shape: timing
explain analyze select count(*) from grower;
--~ shape: timing
explain analyze verbose select 1;
explain (analyze, costs off, timing off, summary off) select name from price natural join crop where weight < 10;
explain (analyze, buffers off, costs off, timing off, summary off) values (1);
explain (costs off) insert into tally values ('explained', 1);
explain (costs off) update tally set hits = 1;
explain (costs off) delete from tally;
explain (costs off) merge into tally t using price p on t.name = p.fruit when matched then delete;
explain (costs off) create table t_never as select 1;
explain (costs off) declare c cursor for select 1;
explain (costs off) with w as (delete from tally returning *) select * from w;
explain (analyze, costs off, timing off, summary off) insert into tally values ('explained and done', 1);
explain (analyze, costs off, timing off, summary off) delete from tally where name = 'explained and done';
explain (analyze, costs off, timing off, summary off) select note_down('explained');
explain (analyze false, costs off) select note_down('not done');
explain (analyze, costs off, timing off, summary off) create table t_explained as select 1 as a;
explain (costs off) select nextval('ticket_no');
explain (costs off) select * from grower for update;
explain (analyze, costs off, timing off, summary off) select id from grower where id = 1 for update;
explain (generic_plan_missing) select 1;
explain (costs off) table price;
explain (costs off) select * from fruit_total where fruit = 'apple';
explain (costs off) select 1 union select 2;
explain (costs off) refresh materialized view fruit_stock;
explain vacuum;
select * from t_explained;

-- Upkeep.

vacuum;
vacuum grower;
vacuum (analyze, verbose off) crop;
vacuum full tally;
vacuum (freeze, parallel 0) price;
vacuum analyze grower (name);
analyze;
analyze verbose_missing;
analyze grower (name, region), crop;
checkpoint;
begin;
vacuum;
rollback;

-- Temporary tables.

create temp table t_mine (id int, word text);
insert into t_mine values (1, 'mine');
select * from t_mine;
select g.name from grower g join t_mine using (id);
select * from pg_temp.t_mine;
create index on t_mine (id);
analyze t_mine;
alter table t_mine add column more int;
truncate t_mine;
drop table t_mine;
select * from t_mine;

create temporary table grower (id int, name text);
select count(*) from grower;
insert into grower values (99, 'in its shadow');
select name from grower;
select count(*) from public.grower where id = 99;
drop table pg_temp.grower;

begin;
create temp table t_brief (id int) on commit drop;
insert into t_brief values (1);
select * from t_brief;
commit;
select * from t_brief;

create local temp table t_rows (id int) on commit delete rows;
begin;
insert into t_rows values (1);
select count(*) from t_rows;
commit;
select count(*) from t_rows;
drop table t_rows;

-- Hints and the proxy's own settings are comments and custom settings to PostgreSQL.

/* pgsluice: primary */ select count(*) from grower;
/* pgsluice: replica */ select count(*) from grower;
select /* pgsluice: primary */ name from grower where id = 1;
