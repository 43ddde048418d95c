-- INSERT, UPDATE, DELETE, MERGE and what hangs on them.

insert into grower (name, region, hired, pay) values ('new one', 'west', '2024-02-01', 1999.5);
insert into grower (name) values ('plain'), ('plainer') returning id, name, active;
insert into grower values (default, 'with default', 'west', null, null, null, default) returning *;
insert into tally default values;
insert into tally (name) values ('a'), ('b') on conflict do nothing;
insert into tally (name, hits) values ('a', 5) on conflict (name) do update set hits = tally.hits + excluded.hits returning name, hits;
insert into tally as t (name, hits) values ('a', 5) on conflict on constraint tally_pkey do update set hits = t.hits + 1 where t.hits < 3 returning *;
insert into tally (name) select region from grower where region is not null group by region order by region on conflict (name) do nothing returning name;
insert into grower (id, name) values (500, 'no override');
insert into grower (id, name) overriding system value values (501, 'override');
insert into journal (id, said) values (900, 'refused');
insert into journal (id, said) overriding system value values (900, 'allowed') returning said;
insert into journal (id, said) overriding user value values (901, 'renumbered') returning said;
insert into grower (id, name) values (1, 'again');
insert into grower (name) values (null);
insert into crop (orchard_id, fruit, weight, picked) values (999, 'apple', 1, '2024-01-01');
insert into crop (orchard_id, fruit, weight, picked) values (1, 'apple', -1, '2024-01-01');
insert into crop (orchard_id, fruit, weight, picked) values (1, 'fig', 2.5, '2024-10-01 10:00') returning id, state, grade is null as no_grade;
with gone as (delete from crop where fruit = 'fig' returning *) select fruit, weight from gone;
with added as (insert into crop (orchard_id, fruit, weight, picked) values (2, 'fig', 3, '2024-10-02') returning id) select count(*) from added;
with changed as (update crop set weight = weight + 1 where fruit = 'fig' returning weight) select weight from changed;
with a as (select 1 as one), b as (insert into journal (said) select 'from with' from a returning said) select said from b;
with recursive r(n) as (values (1) union all select n + 1 from r where n < 3) insert into journal (said) select 'n ' || n from r returning said;
with x as (insert into journal (said) values ('nobody reads this')) select 1;
with x as (select 1) insert into journal (said) select 'x' from x;
with x as (select 'old' as w) update journal set said = 'new' from x where said = x.w;
with x as (select 'new' as w) delete from journal using x where said = x.w;
update grower set pay = pay * 1.1 where region = 'north' returning id, pay;
update grower set pay = default, region = null where name = 'plain';
update grower set (name, region) = ('renamed', 'south') where name = 'plainer' returning name, region;
update grower set (name, region) = (select 'picked', 'east') where name = 'renamed';
update grower set (name) = row('rowed') where name = 'picked';
update only place set height = height + 1;
update place set height = height - 1 where name like '%peak';
update crop c set weight = weight * 2 from orchard o where o.id = c.orchard_id and o.title = 'orchard 1' and c.grade = 0;
update crop set weight = (select avg(weight) from crop) where id = 1 returning round(weight, 3);
update orchard set notes = jsonb_set(notes, '{soil}', '"peat"') where id = 1 returning notes ->> 'soil';
update orchard set notes['soil'] = '"sand"' where id = 1 returning notes ->> 'soil';
update orchard set tags = tags || 'fresh', tags[1] = 'first' where id = 2;
update orchard set tags[1] = 'first' where id = 2 returning tags;
update basket set place.row_no = 9 where id = 1 returning place;
update basket set spans[1] = '[2,3)' returning spans[1];
update reading set taken = taken + interval '1 year' where taken < '2023-11-10';
update reading set value = 0 where taken > '2030-01-01';
update grower set no_column = 1;
update price set cents = cents + 1 where fruit = 'apple';
update price set fruit = 'apple' where fruit = 'pear';
update tally set hits = hits + 1 where name = 'seen';
update northern set name = 'through the view' where id = (select min(id) from northern);
update northern set region = 'south' where id = (select min(id) from northern);
insert into northern (name, region) values ('in the north', 'north');
insert into northern (name, region) values ('in the south', 'south');
delete from northern where name = 'in the north';
update orchard_card set title = 'renamed orchard' where id = 9;
insert into orchard_card (title) values ('no trigger for this');
update fruit_total set crops = 1;
delete from crop where id = 2 returning id, fruit;
delete from crop c using orchard o where o.id = c.orchard_id and o.title = 'no such';
delete from only place where name = 'river';
delete from parent where id = 3;
delete from parent where id = 2;
select * from parent order by id;
select said from journal order by id;
delete from price where fruit = 'plum' returning *;
insert into price values ('plum', 240, null);
delete from grower where id = 1;
merge into tally t using (values ('seen', 10), ('brand new', 1)) as v(name, n) on t.name = v.name when matched then update set hits = t.hits + v.n when not matched then insert (name, hits) values (v.name, v.n);
merge into tally t using grower g on t.name = g.name when matched and t.hits > 3 then delete when matched then do nothing when not matched and g.id < 3 then insert values (g.name, g.id);
merge into only tally as t using (select 'kept' as name) s on t.name = s.name when matched then update set hits = default;
with src as (select 'merged' as name) merge into tally t using src on t.name = src.name when not matched then insert (name) values (src.name);
merge into tally using tally t2 on false when not matched then do nothing;
select name, hits from tally order by name;
truncate scratch;
truncate table only scratch restart identity cascade;
truncate scratch, journal continue identity restrict;
truncate parent;
select into_count from (select count(*) as into_count from journal) t;

-- Rows locked.

select id from grower where id = 1 for update;
select id from grower where id = 1 for no key update;
select id from grower where id = 1 for share;
select id from grower where id = 1 for key share;
select id from grower order by id limit 1 for update nowait;
select id from grower order by id limit 1 for update skip locked;
select g.id from grower g join orchard o on o.grower_id = g.id where o.id = 1 for update of g;
select g.id from grower g join orchard o on o.grower_id = g.id where o.id = 1 for update of g for share of o;
select * from (select id from grower where id = 1 for update) t;
with locked as (select id from grower where id = 2 for share) select * from locked;
select count(*) from grower for update;
select id from grower where id = 1 for update limit 1;
(select id from grower where id = 1) for share;

begin;
select id from grower where id = 1 for update;
update grower set pay = pay + 1 where id = 1;
select pay from grower where id = 1;
rollback;
select pay from grower where id = 1;

-- SELECT INTO and CREATE TABLE AS.

select id, name into growers_copied from grower where id < 4;
select count(*) from growers_copied;
select * into table growers_copied_2 from growers_copied;
create table growers_copied_3 as select id, upper(name) as name from grower where id < 3;
create table growers_copied_4 (a, b) as values (1, 'x'), (2, 'y') with no data;
create table if not exists growers_copied_4 as select 1;
create table growers_copied_5 as table price;
create table growers_copied_6 as execute no_such_statement;
select * from growers_copied_3 order by id;
drop table growers_copied, growers_copied_2, growers_copied_3, growers_copied_4, growers_copied_5;

select id into temp growers_passing from grower where id < 4;
select count(*) from growers_passing;
insert into growers_passing values (77);
select max(id) from growers_passing;
drop table growers_passing;

-- Unlogged tables.

insert into scratch values (1, 'one'), (2, 'two');
select * from scratch order by id;
select s.word, g.name from scratch s join grower g using (id) order by id;
select count(*) from public.scratch;
with w as (select * from scratch) select count(*) from w;
delete from scratch;

-- Triggers, rules, cascades.

insert into price values ('fig', 90, null) returning fruit;
update price set cents = 91 where fruit = 'fig';
delete from price where fruit = 'fig';
select said from journal order by id;
update tally set hits = 3 where name = 'kept';
select count(*) from journal;
insert into child values (9, 999);
begin;
set constraints all immediate;
insert into child values (10, 999);
rollback;
begin;
set constraints child_parent_id_fkey deferred;
insert into child values (11, 1);
delete from child where id = 11;
commit;
delete from orchard where id = 8 returning title;
select count(*) from crop where orchard_id = 8;

-- COPY.

copy price to stdout;
copy price (fruit, cents) to stdout with (format csv, header true, delimiter ';');
copy (select id, name from grower where id < 4 order by id) to stdout (format csv, quote '''', force_quote *);
copy (select 1, null) to stdout with (null 'nothing');
copy (select 1) to stdout with binary;
copy (values (1, 2), (3, 4)) to stdout csv;
copy (table price) to stdout with csv header;
copy active_grower to stdout;
copy (select * from active_grower order by id limit 2) to stdout (encoding 'LATIN1');
copy (delete from crop where id = 3 returning id) to stdout;
copy (select nextval('ticket_no')) to stdout;
copy scratch to stdout;
copy (select * from scratch) to stdout;
copy reading to stdout;
copy no_such_table to stdout;
--~ data: 901\tfrom copy\n902\tand again\n
copy scratch from stdin;
--~ data: 903,from csv\n
copy scratch (id, word) from stdin with (format csv);
--~ data: id;word\n904;"quoted; text"\n
copy scratch from stdin (format csv, header match, delimiter ';', null '');
--~ data: not a number\tx\n
copy scratch from stdin;
--~ data: 905\tkept\n906\tleft out\n
copy scratch from stdin where id < 906;
select * from scratch order by id;
--~ data: fig\t77\t\\N\n
copy price from stdin;
select * from price order by fruit;
copy (select 1) to '/no/such/folder/file';
copy (select 1) to program 'cat > /dev/null';
copy scratch from '/no/such/file';
copy scratch from program 'echo 7';
select * from scratch order by id;
