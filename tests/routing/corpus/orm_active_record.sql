-- What ActiveRecord sends: settings at the start, prepared statements with comments, advisory locks
-- around migrations.

SET client_min_messages TO 'warning';
SET standard_conforming_strings = on;
SET SESSION timezone TO 'UTC';
SET intervalstyle = iso_8601;
SHOW max_identifier_length;
SHOW search_path;
SELECT interval '1 day';
SELECT t.typname, t.typelem <> 0 AS elem, t.typdelim, t.typinput, t.typtype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'int4', 'int8', 'oid', 'float4', 'float8', 'numeric', 'bool') ORDER BY 1;
SELECT t.typname, r.rngsubtype::regtype, t.typtype, t.typbasetype::regtype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typtype IN ('r', 'e', 'd') AND t.typnamespace = 'public'::regnamespace ORDER BY 1;
RESET client_min_messages;
RESET intervalstyle;

--~ values: 1, 1
SELECT "grower".* FROM "grower" WHERE "grower"."id" = $1 LIMIT $2 /*action='show',application='Orchards',controller='growers'*/;
--~ values: 20, 0
SELECT "grower"."id", "grower"."name" FROM "grower" ORDER BY "grower"."id" ASC LIMIT $1 OFFSET $2;
--~ values: north, 1
SELECT 1 AS one FROM "grower" WHERE "grower"."region" = $1 LIMIT $2;
SELECT "grower"."name" FROM "grower" WHERE "grower"."id" IN (1, 2, 3, 4) ORDER BY "grower"."id";
SELECT "orchard".* FROM "orchard" WHERE "orchard"."grower_id" = 2 ORDER BY "orchard"."id" ASC;
SELECT "orchard"."id" AS t0_r0, "orchard"."title" AS t0_r1, "grower"."id" AS t1_r0, "grower"."name" AS t1_r1 FROM "orchard" LEFT OUTER JOIN "grower" ON "grower"."id" = "orchard"."grower_id" WHERE "grower"."region" = 'south' ORDER BY "orchard"."id";
SELECT DISTINCT "grower".* FROM "grower" INNER JOIN "orchard" ON "orchard"."grower_id" = "grower"."id" WHERE ("orchard"."area" > 3.0) ORDER BY "grower"."id";
SELECT COUNT(*) FROM "grower" WHERE "grower"."active" = TRUE;
SELECT COUNT(*) AS "count_all", "grower"."region" AS "grower_region" FROM "grower" GROUP BY "grower"."region" ORDER BY 2;
SELECT COUNT(count_column) FROM (SELECT 1 AS count_column FROM "grower" LIMIT 5) subquery_for_count;
SELECT SUM("crop"."weight") FROM "crop" WHERE "crop"."orchard_id" = 1;
SELECT "crop"."fruit", MAX("crop"."picked") FROM "crop" GROUP BY "crop"."fruit" ORDER BY "crop"."fruit";
SELECT "grower"."id" FROM "grower" WHERE "grower"."id" > 4 ORDER BY "grower"."id" ASC LIMIT 1000;
SELECT "grower".* FROM "grower" WHERE (name ILIKE '%1%') AND ("grower"."region" IS NULL OR "grower"."pay" >= 2000) ORDER BY "grower"."id";
SELECT "grower".* FROM "grower" WHERE "grower"."hired" BETWEEN '2015-01-01' AND '2015-12-31' ORDER BY id;
SELECT "grower".* FROM "grower" WHERE NOT (EXISTS (SELECT "orchard".* FROM "orchard" WHERE "orchard"."grower_id" = "grower"."id")) ORDER BY id;
WITH "rich" AS (SELECT "grower".* FROM "grower" WHERE (pay > 2300)) SELECT COUNT(*) FROM "rich";
SELECT "grower".* FROM "grower" WHERE "grower"."id" = 1 LIMIT 1 FOR UPDATE;
SELECT "grower".* FROM "grower" WHERE "grower"."id" = 2 LIMIT 1 FOR UPDATE NOWAIT;
SELECT "orchard"."tags" FROM "orchard" WHERE ('old' = ANY(tags)) ORDER BY id;

BEGIN;
--~ values: ar one, 1
INSERT INTO "tally" ("name", "hits") VALUES ($1, $2) RETURNING "name";
INSERT INTO "tally" ("name", "hits") VALUES ('ar two', 1) RETURNING "name";
COMMIT;
BEGIN;
SAVEPOINT active_record_1;
UPDATE "tally" SET "hits" = COALESCE("hits", 0) + 1 WHERE "tally"."name" = 'ar two';
RELEASE SAVEPOINT active_record_1;
COMMIT;
INSERT INTO "tally" ("name","hits") VALUES ('ar two', 3), ('ar three', 4) ON CONFLICT ("name") DO UPDATE SET "hits"=excluded."hits" RETURNING "name";
INSERT INTO "tally" ("name","hits") VALUES ('ar three', 3) ON CONFLICT DO NOTHING RETURNING "name";
UPDATE "tally" SET "hits" = 0 WHERE "tally"."name" IN (SELECT "tally"."name" FROM "tally" WHERE "tally"."name" LIKE 'ar %' ORDER BY "tally"."name" ASC LIMIT 1);
DELETE FROM "tally" WHERE "tally"."name" = 'ar two';
DELETE FROM "tally" WHERE "tally"."name" LIKE 'ar %';
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT COUNT(*) FROM "tally";
ROLLBACK;

SELECT pg_try_advisory_lock(3481290);
CREATE TABLE IF NOT EXISTS "schema_migrations" ("version" character varying NOT NULL PRIMARY KEY);
CREATE TABLE "ar_things" ("id" bigserial primary key, "label" character varying, "created_at" timestamp(6) DEFAULT '2024-01-01' NOT NULL);
CREATE UNIQUE INDEX "index_ar_things_on_label" ON "ar_things" ("label");
INSERT INTO "schema_migrations" ("version") VALUES ('20240101000000') RETURNING "version";
SELECT "schema_migrations"."version" FROM "schema_migrations" ORDER BY "schema_migrations"."version" ASC;
DROP TABLE "ar_things";
DROP TABLE "schema_migrations";
SELECT pg_advisory_unlock(3481290);

SELECT c.relname FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY (current_schemas(false)) AND c.relname = 'grower' AND c.relkind IN ('r','v','m','p','f');
SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated as attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation WHERE a.attrelid = '"grower"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;
SELECT a.attname FROM (SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx FROM pg_index WHERE indrelid = '"grower"'::regclass AND indisprimary) i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[i.idx] ORDER BY i.idx;
SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), pg_catalog.obj_description(i.oid, 'pg_class') AS comment, d.indisvalid FROM pg_class t INNER JOIN pg_index d ON t.oid = d.indrelid INNER JOIN pg_class i ON d.indexrelid = i.oid WHERE i.relkind IN ('i', 'I') AND d.indisprimary = 'f' AND t.relname = 'crop' ORDER BY i.relname;
SELECT t2.oid::regclass::text AS to_table, a1.attname AS column, c.conname AS name, c.confdeltype AS on_delete FROM pg_constraint c JOIN pg_class t1 ON c.conrelid = t1.oid JOIN pg_class t2 ON c.confrelid = t2.oid JOIN pg_attribute a1 ON a1.attnum = c.conkey[1] AND a1.attrelid = t1.oid WHERE c.contype = 'f' AND t1.relname = 'orchard' ORDER BY c.conname;
SELECT extname FROM pg_extension WHERE extname = 'citext';
SELECT pg_get_viewdef('active_grower'::regclass) IS NOT NULL;
