-- What SQLAlchemy sends, and its drivers psycopg and asyncpg.

select pg_catalog.version() like 'PostgreSQL%';
select current_schema();
show standard_conforming_strings;
SELECT CAST('test plain returns' AS VARCHAR(60)) AS anon_1;
SELECT CAST('test unicode returns' AS VARCHAR(60)) AS anon_1;
--~ values: 1
SELECT grower.id, grower.name, grower.region FROM grower WHERE grower.id = $1::INTEGER;
--~ values: north, 3
SELECT grower.id AS grower_id, grower.name AS grower_name FROM grower WHERE grower.region = $1::VARCHAR ORDER BY grower.id LIMIT $2::INTEGER;
--~ values: {1,2}
SELECT grower.id FROM grower WHERE grower.id = ANY ($1::INTEGER[]) ORDER BY grower.id;
SELECT grower_1.id AS grower_1_id, orchard.title AS orchard_title FROM orchard LEFT OUTER JOIN grower AS grower_1 ON grower_1.id = orchard.grower_id ORDER BY orchard.id LIMIT 3;
SELECT orchard.grower_id AS orchard_grower_id, orchard.id AS orchard_id FROM orchard WHERE orchard.grower_id IN (1, 2, 3) ORDER BY orchard.id;
SELECT anon_1.grower_id, anon_1.name FROM (SELECT grower.id AS grower_id, grower.name AS name FROM grower ORDER BY grower.id LIMIT 2) AS anon_1 LEFT OUTER JOIN orchard AS orchard_1 ON anon_1.grower_id = orchard_1.grower_id ORDER BY 1;
SELECT count(*) AS count_1 FROM (SELECT grower.id AS grower_id FROM grower WHERE grower.active IS true) AS anon_1;
SELECT EXISTS (SELECT 1 FROM grower WHERE grower.name = 'grower 1') AS anon_1;
SELECT count(grower.id) AS count_1, grower.region FROM grower GROUP BY grower.region ORDER BY grower.region NULLS LAST;
WITH RECURSIVE tree(id, label, depth) AS (SELECT section.id AS id, section.label AS label, 0 AS depth FROM section WHERE section.parent_id IS NULL UNION ALL SELECT section.id AS id, section.label AS label, tree.depth + 1 AS anon_1 FROM section, tree WHERE section.parent_id = tree.id) SELECT tree.id, tree.depth FROM tree ORDER BY tree.id;
SELECT orchard.notes ->> 'soil' AS soil FROM orchard WHERE CAST((orchard.notes -> 'rows') AS INTEGER) > 5 ORDER BY orchard.id;
SELECT row_number() OVER (PARTITION BY crop.fruit ORDER BY crop.picked) AS anon_1, crop.id FROM crop WHERE crop.id <= 6 ORDER BY crop.id;
SELECT grower.id FROM grower WHERE grower.id = 1 FOR UPDATE OF grower;
--~ values: sa one, 4
INSERT INTO tally (name, hits) VALUES ($1::VARCHAR, $2::INTEGER) RETURNING tally.name;
INSERT INTO journal (said) SELECT p0::TEXT FROM (VALUES ('sa a', 0), ('sa b', 1)) AS imp_sen(p0, sen_counter) ORDER BY sen_counter RETURNING journal.said;
INSERT INTO tally (name, hits) VALUES ('sa one', 1) ON CONFLICT (name) DO UPDATE SET hits = (tally.hits + excluded.hits) RETURNING tally.hits;
UPDATE tally SET hits=9 WHERE tally.name = 'sa one' RETURNING tally.hits;
DELETE FROM tally WHERE tally.name = 'sa one';
SELECT nextval('"ticket_no"') > 0;
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace WHERE pg_catalog.pg_class.relname = 'grower'::VARCHAR AND pg_catalog.pg_class.relkind = ANY (ARRAY['r'::VARCHAR, 'p'::VARCHAR, 'f'::VARCHAR, 'v'::VARCHAR, 'm'::VARCHAR]) AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != 'pg_catalog'::VARCHAR;
SELECT pg_catalog.pg_attribute.attname AS name, pg_catalog.format_type(pg_catalog.pg_attribute.atttypid, pg_catalog.pg_attribute.atttypmod) AS format_type, (SELECT pg_catalog.pg_get_expr(pg_catalog.pg_attrdef.adbin, pg_catalog.pg_attrdef.adrelid) AS pg_get_expr_1 FROM pg_catalog.pg_attrdef WHERE pg_catalog.pg_attrdef.adrelid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attrdef.adnum = pg_catalog.pg_attribute.attnum AND pg_catalog.pg_attribute.atthasdef) AS "default", pg_catalog.pg_attribute.attnotnull AS not_null FROM pg_catalog.pg_class LEFT OUTER JOIN pg_catalog.pg_attribute ON pg_catalog.pg_class.oid = pg_catalog.pg_attribute.attrelid AND pg_catalog.pg_attribute.attnum > 0 AND NOT pg_catalog.pg_attribute.attisdropped WHERE pg_catalog.pg_class.relname IN ('crop') ORDER BY pg_catalog.pg_attribute.attnum;
SELECT attr.conrelid = 'crop'::regclass AS here, array_agg(CAST(attr.attname AS TEXT) ORDER BY attr.ord) AS cols, attr.conname FROM (SELECT con.conrelid, con.conname, con.ord, a.attname FROM pg_catalog.pg_attribute a JOIN (SELECT c.conrelid, c.conname, unnest(c.conkey) AS attnum, generate_subscripts(c.conkey, 1) AS ord FROM pg_catalog.pg_constraint c WHERE c.contype = 'p' AND c.conrelid IN ('crop'::regclass)) AS con ON a.attnum = con.attnum AND a.attrelid = con.conrelid) AS attr GROUP BY attr.conrelid, attr.conname;
SELECT t.typname, array_agg(e.enumlabel ORDER BY e.enumsortorder) AS labels FROM pg_catalog.pg_type t JOIN pg_catalog.pg_enum e ON t.oid = e.enumtypid WHERE t.typtype = 'e' GROUP BY t.typname ORDER BY t.typname;
SELECT typname AS name, typarray <> 0 AS has_array, typname AS regtype, typdelim AS delimiter FROM pg_type t WHERE t.oid = to_regtype('hstore') ORDER BY 1;
SELECT t.typname, t.typtype, t.typdelim, t.typlen FROM pg_catalog.pg_type AS t INNER JOIN pg_catalog.pg_namespace ns ON (ns.oid = t.typnamespace) WHERE t.typname = 'spot' AND ns.nspname = 'public';

-- A unit of work.
BEGIN;
SELECT grower.name FROM grower WHERE grower.id = 3;
INSERT INTO journal (said) VALUES ('sa unit') RETURNING said;
SAVEPOINT sa_savepoint_1;
SELECT count(*) FROM journal WHERE said = 'sa unit';
ROLLBACK TO SAVEPOINT sa_savepoint_1;
COMMIT;

BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM grower;
ROLLBACK;

-- Two phases.
BEGIN;
INSERT INTO journal (said) VALUES ('sa twophase');
PREPARE TRANSACTION '_sa_{db}';
COMMIT PREPARED '_sa_{db}';
