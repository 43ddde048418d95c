-- What Django sends: quoted names, every column by name, limits of 21, %s filled in by the driver.

--~ simple: several statements
SELECT 1; ROLLBACK;
SELECT version();
SET TIME ZONE 'UTC';
SELECT set_config('TimeZone', 'UTC', false);
SELECT "grower"."id", "grower"."name", "grower"."region", "grower"."hired", "grower"."pay", "grower"."chief_id", "grower"."active" FROM "grower" WHERE "grower"."id" = 1 LIMIT 21;
SELECT "grower"."id", "grower"."name" FROM "grower" WHERE ("grower"."active" AND NOT ("grower"."region" = 'north' AND "grower"."region" IS NOT NULL)) ORDER BY "grower"."name" ASC, "grower"."id" DESC LIMIT 10 OFFSET 2;
SELECT "grower"."id", "grower"."name" FROM "grower" WHERE "grower"."id" IN (1, 2, 3) ORDER BY "grower"."id" ASC;
SELECT "grower"."id" FROM "grower" WHERE UPPER("grower"."name"::text) = UPPER('Grower 3') LIMIT 21;
SELECT "grower"."id" FROM "grower" WHERE "grower"."name"::text LIKE '%row%' ORDER BY 1 LIMIT 5;
SELECT "grower"."id" FROM "grower" WHERE UPPER("grower"."name"::text) LIKE UPPER('grower 1%') ORDER BY 1;
SELECT "grower"."id" FROM "grower" WHERE "grower"."name"::text ~ '^g.*2$' ORDER BY 1;
SELECT "grower"."id" FROM "grower" WHERE "grower"."hired" BETWEEN '2015-01-01'::date AND '2016-12-31'::date ORDER BY 1;
SELECT "grower"."id" FROM "grower" WHERE EXTRACT(MONTH FROM "grower"."hired") = 8 ORDER BY 1;
SELECT DISTINCT "grower"."region" FROM "grower" WHERE "grower"."region" IS NOT NULL ORDER BY "grower"."region" ASC;
SELECT COUNT(*) AS "__count" FROM "grower";
SELECT COUNT(*) AS "__count" FROM "grower" WHERE "grower"."active";
SELECT COUNT(*) FROM (SELECT DISTINCT "grower"."region" AS "col1" FROM "grower") "subquery";
SELECT 1 AS "a" FROM "grower" WHERE "grower"."name" = 'grower 2' LIMIT 1;
SELECT AVG("grower"."pay") AS "pay__avg", MAX("grower"."pay") AS "pay__max" FROM "grower";
SELECT "grower"."region", COUNT("grower"."id") AS "n", SUM("grower"."pay") AS "total" FROM "grower" GROUP BY "grower"."region" HAVING COUNT("grower"."id") > 1 ORDER BY "n" DESC, 1;
SELECT "orchard"."id", "orchard"."title", "orchard"."grower_id", "grower"."id", "grower"."name" FROM "orchard" LEFT OUTER JOIN "grower" ON ("orchard"."grower_id" = "grower"."id") ORDER BY "orchard"."id" ASC LIMIT 5;
SELECT "orchard"."id", "orchard"."title" FROM "orchard" INNER JOIN "grower" ON ("orchard"."grower_id" = "grower"."id") WHERE "grower"."region" = 'south' ORDER BY "orchard"."id";
SELECT "crop"."id", "crop"."orchard_id", "crop"."fruit" FROM "crop" WHERE "crop"."orchard_id" IN (1, 2) ORDER BY "crop"."id" ASC;
SELECT "orchard"."id", "orchard"."title", COUNT("crop"."id") AS "crops" FROM "orchard" LEFT OUTER JOIN "crop" ON ("orchard"."id" = "crop"."orchard_id") GROUP BY "orchard"."id" ORDER BY "crops" DESC, "orchard"."id" LIMIT 3;
SELECT "orchard"."id", (SELECT U0."fruit" FROM "crop" U0 WHERE U0."orchard_id" = ("orchard"."id") ORDER BY U0."picked" DESC LIMIT 1) AS "newest" FROM "orchard" ORDER BY 1;
SELECT "orchard"."id" FROM "orchard" WHERE EXISTS(SELECT 1 AS "a" FROM "crop" U0 WHERE (U0."orchard_id" = ("orchard"."id") AND U0."weight" > 100) LIMIT 1) ORDER BY 1;
SELECT "orchard"."id" FROM "orchard" WHERE ("orchard"."notes" -> 'soil') = '"loam"'::jsonb ORDER BY 1;
SELECT "orchard"."id" FROM "orchard" WHERE "orchard"."notes" @> '{"soil": "clay"}'::jsonb ORDER BY 1;
SELECT "orchard"."id" FROM "orchard" WHERE "orchard"."tags" @> ARRAY['old']::varchar(20)[] ORDER BY 1;
SELECT "orchard"."id", CASE WHEN "orchard"."area" > 5 THEN 'large' ELSE 'small' END AS "size" FROM "orchard" ORDER BY 1;
SELECT "orchard"."id", COALESCE("orchard"."area", 0) AS "a", ROW_NUMBER() OVER (PARTITION BY "orchard"."grower_id" ORDER BY "orchard"."id") AS "n" FROM "orchard" ORDER BY 1;
SELECT (DATE_TRUNC('month', "crop"."picked"))::date AS "month", SUM("crop"."weight") AS "w" FROM "crop" GROUP BY 1 ORDER BY 1;
SELECT "article"."id", ts_rank(to_tsvector(COALESCE("article"."title", '')), plainto_tsquery('apples')) AS "rank" FROM "article" WHERE to_tsvector(COALESCE("article"."body", '')) @@ (plainto_tsquery('apples')) ORDER BY 1;
(SELECT "grower"."id" AS "col1" FROM "grower" WHERE "grower"."id" = 1) UNION (SELECT "orchard"."id" AS "col1" FROM "orchard" WHERE "orchard"."id" = 2) ORDER BY "col1" ASC;
SELECT "grower"."id" FROM "grower" ORDER BY RANDOM() LIMIT 0;
SELECT "grower"."id", "grower"."name" FROM "grower" WHERE "grower"."id" = 1 LIMIT 21 FOR UPDATE;
SELECT "grower"."id" FROM "grower" WHERE "grower"."id" = 1 FOR UPDATE OF "grower" SKIP LOCKED;
INSERT INTO "grower" ("name", "region", "hired", "pay", "chief_id", "active") VALUES ('by django', NULL, '2024-03-01'::date, '10.00', NULL, true) RETURNING "grower"."id" > 0;
INSERT INTO "tally" ("name", "hits") VALUES ('dj one', 1), ('dj two', 2) ON CONFLICT DO NOTHING;
INSERT INTO "tally" ("name", "hits") VALUES ('dj one', 5) ON CONFLICT("name") DO UPDATE SET "hits" = EXCLUDED."hits";
UPDATE "tally" SET "hits" = ("tally"."hits" + 1) WHERE "tally"."name" = 'dj one';
UPDATE "tally" SET "hits" = (CASE WHEN ("tally"."name" = 'dj one') THEN 7 WHEN ("tally"."name" = 'dj two') THEN 8 ELSE NULL END)::integer WHERE "tally"."name" IN ('dj one', 'dj two');
DELETE FROM "tally" WHERE "tally"."name" IN ('dj one', 'dj two');
SELECT c.relname, CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END, obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v') AND n.nspname NOT IN ('pg_catalog', 'pg_toast') AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1 LIMIT 6;
SELECT a.attname, NOT (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull)), pg_get_expr(ad.adbin, ad.adrelid), CASE WHEN collname = 'default' THEN NULL ELSE collname END, a.attidentity != '', col_description(a.attrelid, a.attnum) FROM pg_attribute a LEFT JOIN pg_attrdef ad ON a.attrelid = ad.adrelid AND a.attnum = ad.adnum LEFT JOIN pg_collation co ON a.attcollation = co.oid JOIN pg_type t ON a.atttypid = t.oid JOIN pg_class c ON a.attrelid = c.oid JOIN pg_namespace n ON c.relnamespace = n.oid WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v') AND c.relname = 'orchard' AND n.nspname NOT IN ('pg_catalog', 'pg_toast') ORDER BY a.attnum;
SELECT c.conname, array(SELECT attname FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx) JOIN pg_attribute AS ca ON cols.colid = ca.attnum WHERE ca.attrelid = c.conrelid ORDER BY cols.arridx), c.contype FROM pg_constraint AS c JOIN pg_class AS cl ON c.conrelid = cl.oid WHERE cl.relname = 'crop' AND pg_catalog.pg_table_is_visible(cl.oid) ORDER BY 1;
SELECT s.relname, a.attname FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass JOIN pg_attribute a ON d.refobjid = a.attrelid AND d.refobjsubid = a.attnum WHERE s.relkind = 'S' AND d.deptype IN ('a', 'i') ORDER BY 1;

-- A request in a transaction.
BEGIN;
SELECT "grower"."id", "grower"."name" FROM "grower" WHERE "grower"."id" = 2 LIMIT 21;
SAVEPOINT "s140_x1";
INSERT INTO "tally" ("name", "hits") VALUES ('dj request', 1);
RELEASE SAVEPOINT "s140_x1";
SELECT "tally"."hits" FROM "tally" WHERE "tally"."name" = 'dj request' LIMIT 21;
COMMIT;

-- A server-side cursor of .iterator().
BEGIN;
DECLARE "_django_curs_1" NO SCROLL CURSOR WITHOUT HOLD FOR SELECT "grower"."id" FROM "grower" ORDER BY "grower"."id";
FETCH FORWARD 2000 FROM "_django_curs_1";
CLOSE "_django_curs_1";
COMMIT;

-- Migrations.
CREATE TABLE "dj_thing" ("id" bigint NOT NULL PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "label" varchar(50) NOT NULL UNIQUE, "owner_id" integer NOT NULL);
ALTER TABLE "dj_thing" ADD CONSTRAINT "dj_thing_owner_fk" FOREIGN KEY ("owner_id") REFERENCES "grower" ("id") DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX "dj_thing_label_like" ON "dj_thing" ("label" varchar_pattern_ops);
SET CONSTRAINTS "dj_thing_owner_fk" IMMEDIATE;
ALTER TABLE "dj_thing" ADD COLUMN "n" integer DEFAULT 0 NOT NULL CHECK ("n" >= 0);
ALTER TABLE "dj_thing" ALTER COLUMN "n" DROP DEFAULT;
INSERT INTO "dj_thing" ("label", "owner_id", "n") VALUES ('x', 1, 2) RETURNING "dj_thing"."id";
SELECT setval(pg_get_serial_sequence('"dj_thing"','id'), coalesce(max("id"), 1), max("id") IS NOT null) FROM "dj_thing";
DROP TABLE "dj_thing" CASCADE;
