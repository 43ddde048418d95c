-- Hibernate, with the PostgreSQL JDBC driver under it.

SET extra_float_digits = 3;
SET application_name = 'PostgreSQL JDBC Driver';
SHOW TRANSACTION ISOLATION LEVEL;
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;
--~ values: 1
select g1_0.id,g1_0.active,g1_0.name,g1_0.region from grower g1_0 where g1_0.id=$1;
--~ values: north, 10
select g1_0.id,g1_0.name from grower g1_0 where g1_0.region=$1 order by g1_0.id fetch first $2 rows only;
--~ values: 0, 5
select g1_0.id from grower g1_0 order by g1_0.id offset $1 rows fetch first $2 rows only;
select o1_0.id,o1_0.title,g1_0.id,g1_0.name from orchard o1_0 left join grower g1_0 on g1_0.id=o1_0.grower_id where o1_0.id in (1,2,3) order by o1_0.id;
select count(*) from grower g1_0;
select count(g1_0.id),g1_0.region from grower g1_0 group by g1_0.region having count(g1_0.id)>1 order by 2;
select distinct g1_0.region from grower g1_0 where g1_0.region is not null order by 1;
select c1_0.orchard_id,c1_0.id,c1_0.fruit from crop c1_0 where c1_0.orchard_id=1 order by c1_0.id;
select g1_0.id from grower g1_0 where lower(g1_0.name) like 'grower 1%' escape '' order by g1_0.id;
select g1_0.id from grower g1_0 where exists(select 1 from orchard o1_0 where o1_0.grower_id=g1_0.id and o1_0.area>?::numeric) order by 1;
select g1_0.id from grower g1_0 where cast(g1_0.hired as date)<cast(now() as date) order by g1_0.id limit 2;
select case when g1_0.active then 1 else 0 end,coalesce(g1_0.region,'-') from grower g1_0 order by g1_0.id;
select g1_0.id,g1_0.name from grower g1_0 where g1_0.id=1 for no key update;
select g1_0.id from grower g1_0 where g1_0.id=1 for share of g1_0;
select g1_0.id from grower g1_0 where g1_0.id=1 for no key update skip locked;
select nextval('ticket_no') > 0;
select next_val_x as id from (select 1 as next_val_x) t for update;
insert into tally (hits,name) values (1,'hib one');
update tally set hits=2 where name='hib one';
delete from tally where name='hib one';
create table if not exists hib_t (id bigint not null, primary key (id));
create sequence if not exists hib_seq start with 1 increment by 50;
select nextval('hib_seq');
alter table if exists hib_t add constraint hib_fk foreign key (id) references grower;
drop table if exists hib_t cascade;
drop sequence if exists hib_seq;
select tc.table_name,kcu.column_name from information_schema.table_constraints tc join information_schema.key_column_usage kcu on tc.constraint_name=kcu.constraint_name where tc.table_name='grower' and tc.constraint_type='PRIMARY KEY';
select * from information_schema.sequences where sequence_name='ticket_no' and false;

BEGIN;
select g1_0.id from grower g1_0 where g1_0.id=4;
insert into tally (hits,name) values (1,'hib tx');
COMMIT;

BEGIN READ ONLY;
select count(*) from grower;
COMMIT;

SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;
BEGIN;
select count(*) from orchard;
COMMIT;
select count(*) from crop;
SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;
insert into tally (hits,name) values (1,'hib again');

-- The driver's own look at the catalogs.
SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME, CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema' WHEN true THEN 'SYSTEM TABLE' ELSE CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW' ELSE NULL END END AS TABLE_TYPE, d.description AS REMARKS FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass) WHERE c.relnamespace = n.oid AND n.nspname LIKE 'public' AND c.relkind IN ('r', 'v') ORDER BY TABLE_TYPE, TABLE_NAME LIMIT 5;
SELECT result.TABLE_NAME, result.COLUMN_NAME, result.KEY_SEQ FROM (SELECT n.nspname AS TABLE_SCHEM, ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME, (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME, information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid) JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) WHERE ct.relname = 'reading' AND i.indisprimary) result WHERE result.A_ATTNUM = (result.KEYS).x ORDER BY result.table_name, result.key_seq;
SELECT t.typname, t.typinput = 'pg_catalog.array_in'::regproc AS is_array, t.typtype FROM pg_catalog.pg_type t LEFT JOIN (SELECT ns.oid AS nspoid, ns.nspname, r.r FROM pg_namespace AS ns JOIN (SELECT s.r, (current_schemas(false))[s.r] AS nspname FROM generate_series(1, array_upper(current_schemas(false), 1)) AS s(r)) AS r USING (nspname)) AS sp ON sp.nspoid = t.typnamespace WHERE t.typname = 'spot' ORDER BY sp.r, t.typname;
SELECT nspname AS TABLE_SCHEM, NULL AS TABLE_CATALOG FROM pg_catalog.pg_namespace WHERE nspname <> 'pg_toast' AND (nspname !~ '^pg_temp_' OR nspname = (pg_catalog.current_schemas(true))[1]) AND (nspname !~ '^pg_toast_temp_' OR nspname = replace((pg_catalog.current_schemas(true))[1], 'pg_temp_', 'pg_toast_temp_')) AND nspname NOT LIKE 'pg\_t%' ORDER BY TABLE_SCHEM;

-- Prisma.

SELECT 1;
--~ values: 1, 1, 0
SELECT "public"."grower"."id", "public"."grower"."name", "public"."grower"."region" FROM "public"."grower" WHERE ("public"."grower"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3;
--~ values: 1, 2, 0
SELECT "public"."orchard"."id", "public"."orchard"."title" FROM "public"."orchard" WHERE "public"."orchard"."grower_id" IN ($1,$2) ORDER BY "public"."orchard"."id" OFFSET $3;
SELECT COUNT(*) FROM (SELECT "public"."grower"."id" FROM "public"."grower" WHERE 1=1 OFFSET 0) AS "sub";
SELECT "public"."grower"."id" FROM "public"."grower" WHERE ("public"."grower"."name"::text ILIKE '%row%' AND ("public"."grower"."id") NOT IN (SELECT "t1"."grower_id" FROM "public"."orchard" AS "t1" WHERE ("t1"."area" > 6 AND "t1"."grower_id" IS NOT NULL))) ORDER BY 1;
SELECT COUNT(*), "public"."grower"."region" FROM "public"."grower" WHERE 1=1 GROUP BY "public"."grower"."region" ORDER BY COUNT(*) DESC, 2 OFFSET 0;
SELECT "t1"."id", "t1"."name", "Grower_orchards"."__prisma_data__" AS "orchards" FROM "public"."grower" AS "t1" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__"), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'title', "t2"."title") AS "__prisma_data__" FROM (SELECT "t2".* FROM "public"."orchard" AS "t2" WHERE "t1"."id" = "t2"."grower_id" /* root select */) AS "t2" /* inner select */) AS "t3" /* middle select */) AS "t4" /* outer select */) AS "Grower_orchards" ON TRUE WHERE "t1"."id" < 4 ORDER BY "t1"."id";
BEGIN;
INSERT INTO "public"."tally" ("name","hits") VALUES ('prisma',1) RETURNING "public"."tally"."name";
SELECT "public"."tally"."name", "public"."tally"."hits" FROM "public"."tally" WHERE "public"."tally"."name" = 'prisma' LIMIT 1 OFFSET 0;
COMMIT;
UPDATE "public"."tally" SET "hits" = ("public"."tally"."hits" + 1) WHERE ("public"."tally"."name" = 'prisma' AND 1=1) RETURNING "public"."tally"."hits";
INSERT INTO "public"."tally" ("name","hits") VALUES ('prisma',1) ON CONFLICT ("name") DO UPDATE SET "hits" = 5 WHERE ("public"."tally"."name" = 'prisma' AND 1=1) RETURNING "public"."tally"."hits";
DELETE FROM "public"."tally" WHERE ("public"."tally"."name" IN ('prisma') AND 1=1);
SELECT pg_advisory_lock(72707369);
SELECT pg_advisory_unlock(72707369);
SELECT EXISTS(SELECT 1 FROM pg_namespace WHERE nspname = 'public'), version() LIKE 'Post%', current_setting('server_version_num')::integer > 0 AS numeric_version;
SELECT tbl.relname AS table_name, namespace.nspname as namespace, (tbl.relhassubclass AND tbl.relkind = 'p') AS is_partition, tbl.relrowsecurity AS has_row_level_security FROM pg_class AS tbl INNER JOIN pg_namespace AS namespace ON namespace.oid = tbl.relnamespace WHERE (tbl.relkind = 'r' OR tbl.relkind = 'p') AND namespace.nspname = ANY (ARRAY['public']) AND tbl.relname LIKE 'r%' ORDER BY namespace, table_name;
SELECT oid_x.column_name FROM (SELECT column_name FROM information_schema.columns WHERE table_name = 'price' ORDER BY ordinal_position) AS oid_x;

-- TypeORM, Sequelize, Knex.

SELECT "Grower"."id" AS "Grower_id", "Grower"."name" AS "Grower_name" FROM "grower" "Grower" WHERE (("Grower"."id" = 1)) LIMIT 1;
SELECT DISTINCT "distinctAlias"."Grower_id" AS "ids_Grower_id" FROM (SELECT "Grower"."id" AS "Grower_id", "o"."id" AS "o_id" FROM "grower" "Grower" LEFT JOIN "orchard" "o" ON "o"."grower_id"="Grower"."id") "distinctAlias" ORDER BY "Grower_id" ASC LIMIT 3;
SELECT * FROM current_schema();
SELECT 1+1 AS result;
SELECT "id", "name", "region" AS "where" FROM "grower" AS "Grower" WHERE ("Grower"."id" >= 2 AND "Grower"."active" = true) ORDER BY "Grower"."id" ASC LIMIT 2;
SELECT count("Grower"."id") AS "count" FROM "grower" AS "Grower" LEFT OUTER JOIN "orchard" AS "orchards" ON "Grower"."id" = "orchards"."grower_id";
START TRANSACTION ISOLATION LEVEL READ COMMITTED;
INSERT INTO "journal" ("said") VALUES ('sequelize') RETURNING "said";
ROLLBACK;
select * from "grower" where "id" = 3 limit 1;
select "region", count(*) as "n" from "grower" group by "region" order by "n" desc, 1 limit 2;
insert into "journal" ("said") values ('knex'), (DEFAULT) returning "said";
select * from "grower" where "id" in (1, 2) for update skip locked;

-- Npgsql and EF Core.

SELECT version() IS NOT NULL;
SELECT ns.nspname, t.typname, t.typtype, t.typnotnull, t.elemtypname FROM (SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind FROM (SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid, CASE WHEN proc.proname = 'array_recv' THEN 'a' ELSE typ.typtype END AS typtype FROM pg_type AS typ LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid) LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)) AS typ LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemoid LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid)) AS t JOIN pg_namespace AS ns ON (ns.oid = typnamespace) WHERE ns.nspname = 'public' AND t.typtype IN ('e', 'd', 'r') ORDER BY 2;
SELECT typ.typname, att.attname, att.atttypid::regtype FROM pg_type AS typ JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace) JOIN pg_class AS cls ON (cls.oid = typ.typrelid) JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid) WHERE (typ.typtype = 'c' AND cls.relkind = 'c') AND attnum > 0 AND NOT attisdropped ORDER BY typ.typname, att.attnum;
--~ values: 2
SELECT g."id", g."name", o."title" FROM "grower" AS g LEFT JOIN "orchard" AS o ON g."id" = o."grower_id" WHERE g."id" = $1 ORDER BY g."id", o."id";
SELECT EXISTS (SELECT 1 FROM "grower" AS g WHERE g."region" = 'north');
SELECT count(*)::int FROM "grower" AS g;
SELECT g0."region", g0.c FROM (SELECT g."region", count(*)::int AS c FROM "grower" AS g GROUP BY g."region") AS g0 ORDER BY g0.c, 1;
UPDATE "tally" SET "hits" = 4 WHERE "name" = 'kept' RETURNING 1;
INSERT INTO "journal" ("said") VALUES ('ef'), ('core') RETURNING "said";
SELECT "MigrationId" FROM "__EFMigrationsHistory";
SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid=c.relnamespace WHERE n.nspname='public' AND c.relname='__EFMigrationsHistory');
LOCK TABLE "tally" IN ACCESS EXCLUSIVE MODE;
DISCARD ALL;

-- GORM, Diesel, Ecto, jOOQ, Doctrine.

SELECT * FROM "grower" WHERE "grower"."id" = 1 AND "grower"."active" ORDER BY "grower"."id" LIMIT 1;
SELECT count(*) FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() AND table_name = 'grower' AND table_type = 'BASE TABLE';
SELECT CURRENT_DATABASE();
SELECT "grower"."id", "grower"."name" FROM "grower" WHERE (("grower"."region" = 'north') AND "grower"."active") ORDER BY 1 -- binds: []
;
SELECT g0."id", g0."name" FROM "grower" AS g0 WHERE (g0."id" = ANY('{1,2}')) ORDER BY g0."id";
SELECT s0."name", coalesce(s0."n", 0) FROM (SELECT sg0."name" AS "name", count(so1."id") AS "n" FROM "grower" AS sg0 LEFT OUTER JOIN "orchard" AS so1 ON so1."grower_id" = sg0."id" GROUP BY sg0."name") AS s0 ORDER BY 1;
select "public"."grower"."id" from "public"."grower" where "public"."grower"."id" < 3 order by 1;
SELECT g0_.id AS id_0, g0_.name AS name_1 FROM grower g0_ WHERE g0_.id = 1;
SELECT quote_ident(table_name) AS table_name, table_schema AS schema_name FROM information_schema.tables WHERE table_schema NOT LIKE 'pg\_%' AND table_schema != 'information_schema' AND table_name != 'geometry_columns' AND table_type != 'VIEW' ORDER BY 1 LIMIT 3;
SELECT NEXTVAL('ticket_no') > 0;
INSERT INTO journal (said) VALUES ('doctrine');
SELECT LASTVAL() > 0;

-- psql and pgbench.

SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'p' THEN 'partitioned table' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r','p','v','m','S','f','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2 LIMIT 5;
SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, c.relrowsecurity, c.relispartition, '', c.reltablespace, CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence, c.relreplident FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid) WHERE c.oid = 'price'::regclass;
SELECT pg_catalog.format_type(t.oid, NULL) AS "Name", pg_catalog.obj_description(t.oid, 'pg_type') as "Description" FROM pg_catalog.pg_type t WHERE t.typname ~ '^(ripeness|spot)$' ORDER BY 1;
SELECT d.datname as "Name", pg_catalog.pg_get_userbyid(d.datdba) as "Owner", pg_catalog.pg_encoding_to_char(d.encoding) as "Encoding" FROM pg_catalog.pg_database d WHERE d.datname = 'template1' ORDER BY 1;
select o.n, p.partstrat, pg_catalog.count(i.inhparent) from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on (n.oid = c.relnamespace) cross join lateral (select pg_catalog.array_position(pg_catalog.current_schemas(true), n.nspname)) as o(n) left join pg_catalog.pg_partitioned_table as p on (p.partrelid = c.oid) left join pg_catalog.pg_inherits as i on (c.oid = i.inhparent) where c.relname = 'reading' and o.n is not null group by 1, 2 order by 1 asc limit 1;
select count(*) from pgbench_branches;
