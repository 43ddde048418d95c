-- Reads by their looks that do more: nothing in the text tells, only what it names.

--~ refused: a function labelled STABLE writes
select counts_itself('labelled stable');
--~ refused: a function labelled STABLE writes
select id, name from grower where counts_itself(name) = 1 and id < 3 order by id;
--~ refused: a function labelled STABLE writes
with t as materialized (select counts_itself('in a with') as n) select n from t;
--~ refused: a function labelled STABLE writes
select g.id, c.n from grower g, lateral (select counts_itself(g.name) as n) c where g.id < 3 order by g.id;
--~ refused: a function labelled STABLE writes
copy (select counts_itself('in a copy')) to stdout;
--~ refused: a function labelled STABLE writes
explain (analyze, costs off, timing off, summary off) select counts_itself('explained');
--~ values: with a value
--~ refused: a function labelled STABLE writes
select counts_itself($1);
--~ refused: a function labelled STABLE draws from a sequence
select draws_itself();
--~ refused: a function labelled STABLE draws from a sequence
select draws_itself() from generate_series(1, 2);
--~ refused: a function labelled IMMUTABLE writes
select weighs(1.5);
--~ refused: a view calls a function labelled STABLE that writes
select * from self_counted order by id;
select g.grower_seen from grower g where id = 1;
select grower_seen(g) from grower g where id = 1;
select 1 <~> 2;
select 1 operator(public.<~>) 2;
select 'x'::text::spot;
select cast('y'::text as spot);
select 'x'::noted;
select noted_sum(id) from grower where id < 4;
select * from numbered;
select count(*) from numbered;
select ticket from numbered where name is not null order by 1;
select name from (select * from numbered) t order by 1;
select got from locked;
select pg_advisory_unlock_all();
select replica from role_of_node;
select * from node_twice_removed;
--~ shape: pid
select * from sessions;
select count(*) from sessions;
select said from journal order by id;
select hits from tally where name = 'seen';
--~ values: 7
select note_down($1);
select note_down('plainly');
select public.note_down('with its schema');
select id, note_down(name) from grower where id < 3 order by id;
select id from grower where note_down('in a condition') = 1 and id = 1;
select id from grower order by note_down('in an order'), id limit 1;
select * from note_down('in a from');
select count(*) from grower, lateral note_down(name) n where id < 3;
select next_ticket(), (select next_ticket()), array[next_ticket()];
select case when next_ticket() > 0 then 'yes' else 'no' end;
select coalesce(next_ticket(), 0), greatest(next_ticket(), 1);
values (next_ticket());
select 1 limit next_ticket();
select max(next_ticket()) over ();
with t as (select next_ticket() as n) select n > 0 from t;
explain (costs off) select next_ticket();
copy (select note_down('in a copy')) to stdout;
declare c cursor with hold for select note_down('in a cursor');
set role picker;
select word from secret_note;
select word from watched_note order by id;
reset role;
select count(*) from journal;
