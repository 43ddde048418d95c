SELECT * FROM weather

SELECT city, (temp_hi+temp_lo)/2 AS temp_avg, date FROM weather

SELECT * FROM weather WHERE city = 'San Francisco' AND prcp > 0.0

SELECT DISTINCT city FROM weather ORDER BY city

SELECT w1.city, w1.temp_lo AS low, w2.city, w2.temp_lo AS low FROM weather w1 JOIN weather w2 ON w1.temp_lo < w2.temp_lo

SELECT max(temp_lo) FROM weather

SELECT city FROM weather WHERE temp_lo = (SELECT max(temp_lo) FROM weather)

SELECT city, count(*), max(temp_lo) FROM weather GROUP BY city HAVING max(temp_lo) < 40

SELECT city, count(*) FILTER (WHERE temp_lo < 45), max(temp_lo) FROM weather GROUP BY city

SELECT depname, empno, salary, avg(salary) OVER (PARTITION BY depname) FROM empsalary

SELECT depname, empno, salary, rank() OVER (PARTITION BY depname ORDER BY salary DESC) FROM empsalary

SELECT salary, sum(salary) OVER () FROM empsalary

SELECT sum(salary) OVER w, avg(salary) OVER w FROM empsalary WINDOW w AS (PARTITION BY depname ORDER BY salary DESC)

SELECT name, elevation FROM ONLY cities WHERE elevation > 500

SELECT p.relname, c.name FROM cities c, pg_class p WHERE c.tableoid = p.oid

SELECT $1::int + 1

SELECT 'foo'

SELECT E'back\\slash and \'quote\''

SELECT $tag$ a $$ b ; delete from t $tag$

SELECT U&'d\0061t\+000061'

SELECT B'1001', X'1FF', 1.5e10, .5, 42, 4.

SELECT 3 OPERATOR(pg_catalog.+) 4

SELECT -2 ^ 2, 5 !~ '3', @ -5.0, |/ 25.0

SELECT ARRAY[1,2,3+4], ARRAY[[1,2],[3,4]], ARRAY(SELECT oid FROM pg_proc WHERE proname LIKE 'bytea%')

SELECT ROW(1,2.5,'this is a test'), ROW(t.*, 42) FROM t

SELECT (ARRAY[1,2,3,4])[2:3], (row(1,2)).f1

SELECT CASE WHEN a=1 THEN 'one' WHEN a=2 THEN 'two' ELSE 'other' END FROM test

SELECT CASE a WHEN 1 THEN 'one' ELSE 'other' END FROM test

SELECT CAST('12' AS integer), '12'::numeric(10,2), numeric '12.3', date '2001-02-03'

SELECT a COLLATE "C" < b FROM test1

SELECT concat_ws(', ', 'a', 'b'), format('%s', 'x'), quote_ident('Foo bar'), quote_literal(E'O\'Reilly')

SELECT regexp_replace('foobarbaz', 'b..', 'X', 'g'), split_part('abc~@~def', '~@~', 2), string_to_array('a,b', ',')

SELECT 'abc' LIKE 'abc', 'abc' SIMILAR TO '%(b|d)%', 'abc' ~* '(b|d)', 'a' ILIKE 'A' ESCAPE '!'

SELECT substring('Thomas' from '...$'), substring('foobar' similar '#"o_b#"%' escape '#'), overlay('Txxxxas' placing 'hom' from 2 for 4)

SELECT position('om' in 'Thomas'), trim(both 'xyz' from 'yxTomxx'), trim(leading from ' x'), char_length('jose')

SELECT to_char(current_timestamp, 'HH12:MI:SS'), to_date('05 Dec 2000', 'DD Mon YYYY'), to_number('12,454.8-', '99G999D9S')

SELECT extract(epoch from timestamp '2001-02-16 20:38:40'), date_part('hour', interval '4 hours'), date_trunc('hour', now())

SELECT timestamp '2001-02-16 20:38:40' AT TIME ZONE 'America/Denver', now() AT TIME ZONE 'UTC'

SELECT (date '2001-02-16', date '2001-12-21') OVERLAPS (date '2001-10-30', date '2002-10-30')

SELECT age(timestamp '2001-04-10'), justify_days(interval '35 days'), make_date(2013, 7, 15), make_interval(days => 10)

SELECT enum_first(null::rainbow), enum_range('orange'::rainbow, 'green'::rainbow)

SELECT area(box '((0,0),(1,1))'), point(1,2) <-> point(3,4), circle '((0,0),2)' @> point '(1,1)'

SELECT inet '192.168.1.5' << inet '192.168.1/24', masklen('192.168.1.5/24'), host(inet '192.168.1.0/24')

SELECT to_tsvector('english', 'The quick brown fox') @@ to_tsquery('english', 'fox & quick'), ts_rank(v, q) FROM docs, plainto_tsquery('fox') q

SELECT ts_headline('english', body, websearch_to_tsquery('cat OR dog'), 'MaxWords=10') FROM docs

SELECT xmlelement(name foo, xmlattributes('xyz' as bar), 'content'), xmlforest('abc' AS foo, 123 AS bar), xmlconcat('<a/>', '<b/>')

SELECT xmlparse(document '<foo/>'), xmlpi(name php, 'echo'), xmlserialize(content '<a/>' as text), xmlroot(xmlparse(document '<a/>'), version '1.0')

SELECT xmltable.* FROM xmldata, XMLTABLE('//ROWS/ROW' PASSING data COLUMNS id int PATH '@id', ordinality FOR ORDINALITY, name text PATH 'NAME' DEFAULT 'x')

SELECT xmlexists('//town[text() = ''Toronto'']' PASSING BY VALUE '<towns/>'), xpath('/my:a/text()', '<a/>', ARRAY[ARRAY['my', 'http://example.com']])

SELECT '{"a":{"b":1}}'::jsonb -> 'a' ->> 'b', '{"a":1}'::jsonb @> '{"a":1}', '{"a":1}'::jsonb ? 'a', '[1,2]'::jsonb - 0

SELECT jsonb_path_query('{"a":[1,2]}', '$.a[*] ? (@ > 1)'), jsonb_set('{}', '{a}', '1'), json_each('{"a":1}'), jsonb_pretty(x) FROM t

SELECT * FROM json_to_recordset('[{"a":1}]') AS x(a int, b text)

SELECT * FROM jsonb_to_record('{"a":1}') AS x(a int)

SELECT COALESCE(description, short_description, '(none)'), NULLIF(value, '(none)'), GREATEST(1, 2), LEAST(a, b) FROM t

SELECT array_append(ARRAY[1,2], 3), array_agg(x ORDER BY y), unnest(ARRAY[1,2]), cardinality(z), array_to_string(z, ',') FROM t

SELECT lower(numrange(1.1,2.2)), int4range(1, 10) * int4range(5, 15), isempty(numrange(1,5)), range_merge('[1,2)'::int4range, '[3,4)'::int4range)

SELECT corr(y, x), regr_slope(y, x), stddev_pop(x), percentile_cont(0.5) WITHIN GROUP (ORDER BY x), mode() WITHIN GROUP (ORDER BY x), bool_and(b), string_agg(a, ',' ORDER BY a) FROM t

SELECT a, b, grouping(a, b), sum(c) FROM t GROUP BY GROUPING SETS ((a), (b), ())

SELECT brand, size, sum(sales) FROM items_sold GROUP BY ROLLUP (brand, size)

SELECT brand, size, sum(sales) FROM items_sold GROUP BY CUBE (brand, (size, color)), a

SELECT foo FROM t WHERE EXISTS (SELECT 1 FROM tab2 WHERE col2 = tab1.col2)

SELECT a FROM t WHERE a = ANY (ARRAY[1,2]) OR b <> ALL (SELECT c FROM u) OR d = SOME (VALUES (1), (2))

SELECT ROW(1,2) = ROW(3,4), ROW(a, b) IS DISTINCT FROM ROW(c, d), (a, b) IN ((1, 2), (3, 4)) FROM t

SELECT * FROM generate_series(2,4)

SELECT current_date + s.a AS dates FROM generate_series(0,14,7) AS s(a)

SELECT * FROM pg_ls_dir_like LIMIT 10

SELECT * FROM unnest(ARRAY['a','b']) WITH ORDINALITY AS t(ls, n)

SELECT * FROM (VALUES (1, 'one'), (2, 'two'), (3, 'three')) AS t (num, letter)

SELECT f.* FROM films f, (VALUES('MGM', 'Horror'), ('UA', 'Sci-Fi')) AS v (studio, kind) WHERE f.studio = v.studio

VALUES (1, 'one'), (2, 'two') ORDER BY 1 DESC LIMIT 1

TABLE films

(TABLE films) UNION ALL (SELECT * FROM films2)

SELECT distributors.name FROM distributors WHERE distributors.name LIKE 'W%' UNION SELECT actors.name FROM actors WHERE actors.name LIKE 'W%'

SELECT a FROM t1 INTERSECT ALL SELECT a FROM t2 EXCEPT SELECT a FROM t3 ORDER BY a NULLS LAST

SELECT * FROM t1 CROSS JOIN t2 NATURAL LEFT JOIN t3 FULL OUTER JOIN t4 USING (a, b) AS j RIGHT JOIN t5 ON (t1.x = t5.x)

SELECT p1.id, p2.id, v1, v2 FROM polygons p1, polygons p2, LATERAL (SELECT 1) v1, LATERAL unnest(p2.poly) v2

SELECT m.name FROM manufacturers m LEFT JOIN LATERAL generate_series(1, m.id) pname ON true WHERE pname IS NULL

SELECT * FROM ROWS FROM (json_to_recordset('[{"a":40}]') AS (a INTEGER, b TEXT), generate_series(1, 3)) AS x (p, q, s) ORDER BY p

SELECT DISTINCT ON (location) location, time, report FROM weather_reports ORDER BY location, time DESC

SELECT * FROM people ORDER BY name USING <, age FETCH FIRST 5 ROWS WITH TIES

SELECT * FROM people OFFSET 10 ROWS FETCH NEXT 10 ROWS ONLY

SELECT * FROM t TABLESAMPLE BERNOULLI (10) REPEATABLE (200)

SELECT * FROM t FOR READ ONLY

WITH t AS (SELECT random() AS x FROM generate_series(1, 3)) SELECT * FROM t UNION ALL SELECT * FROM t

WITH RECURSIVE employee_recursive(distance, employee_name, manager_name) AS (SELECT 1, employee_name, manager_name FROM employee WHERE manager_name = 'Mary' UNION ALL SELECT er.distance + 1, e.employee_name, e.manager_name FROM employee_recursive er, employee e WHERE er.employee_name = e.manager_name) SELECT distance, employee_name FROM employee_recursive

WITH RECURSIVE search_tree(id, link, data, depth) AS (SELECT t.id, t.link, t.data, 0 FROM tree t UNION ALL SELECT t.id, t.link, t.data, depth + 1 FROM tree t, search_tree st WHERE t.id = st.link) SELECT * FROM search_tree ORDER BY depth

WITH RECURSIVE search_tree(id, link) AS (SELECT id, link FROM tree UNION ALL SELECT t.id, t.link FROM tree t, search_tree st WHERE t.id = st.link) SEARCH DEPTH FIRST BY id SET ordercol SELECT * FROM search_tree ORDER BY ordercol

WITH RECURSIVE search_graph(id, link, depth) AS (SELECT g.id, g.link, 0 FROM graph g UNION ALL SELECT g.id, g.link, sg.depth + 1 FROM graph g, search_graph sg WHERE g.id = sg.link) CYCLE id SET is_cycle TO true DEFAULT false USING path SELECT * FROM search_graph

WITH w AS NOT MATERIALIZED (SELECT * FROM big_table), v (a, b) AS MATERIALIZED (SELECT 1, 2) SELECT * FROM w AS w1 JOIN w AS w2 ON w1.key = w2.ref WHERE w2.key = 123

WITH regional_sales AS (SELECT region, SUM(amount) AS total_sales FROM orders GROUP BY region), top_regions AS (SELECT region FROM regional_sales WHERE total_sales > (SELECT SUM(total_sales)/10 FROM regional_sales)) SELECT region, product, SUM(quantity) AS product_units FROM orders WHERE region IN (SELECT region FROM top_regions) GROUP BY region, product

SELECT (SELECT count(*) FROM a), (WITH x AS (SELECT 1) SELECT * FROM x), ARRAY(VALUES (1))

SELECT update, delete, insert, merge, lock, share FROM permissions

SELECT p."update", p.delete, p.into AS "into" FROM permissions p WHERE p.for = 1

SELECT delete FROM permissions WHERE update = true ORDER BY insert

SELECT count(update) AS updates, max(delete) FROM permissions GROUP BY merge

SELECT 1 AS insert, 2 AS update, 3 AS into, 4 AS for, 5 AS lock

SELECT u.name FROM update u JOIN merge m ON (u.id = m.id)

WITH update AS (SELECT 1), delete(x) AS (SELECT 2) SELECT * FROM update, delete

SELECT last_value(a) OVER (ORDER BY b), first_value(a) OVER w, nth_value(a, 2) OVER w, lag(a, 1, 0) OVER w FROM t WINDOW w AS (ORDER BY b RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE TIES)

SELECT sum(a) OVER (ORDER BY b GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM t

SELECT left('abc', 2), right('abc', 1), "left"('abc', 2), pg_catalog.lower('A'), "pg_catalog"."upper"('a')

SELECT current_user, session_user, current_schema(), current_database(), current_catalog, localtime(0), current_time(2), localtimestamp

SELECT pg_typeof(1), pg_size_pretty(pg_total_relation_size('t')), obj_description(1, 'pg_class'), has_table_privilege('t', 'select'), to_regclass('t')

SELECT collation for ('a'), normalize('a', NFKC), 'a' IS NFC NORMALIZED, 'x' IS NOT NORMALIZED

SELECT timestamp(3) with time zone '2020-01-01', time(0) '10:00', interval '1-2' year to month, interval(3) '1.2345 s', bit(3) '101', char(3) 'abc', varchar(5) 'abc'

SELECT a::timestamp(3) with time zone, b::bit varying(5), c::double precision, d::character varying(10)[], e::national character varying(3), f::interval day to second FROM t

SELECT treat_me, overlay_me, extract_me FROM t

SELECT 1 /* for update */ -- into t

SELECT 1; SELECT 2; TABLE t

SELECT ';' ; VALUES (';')

EXPLAIN SELECT * FROM foo WHERE i = 4

EXPLAIN (COSTS FALSE) SELECT * FROM foo

EXPLAIN (FORMAT yaml) SELECT 1

EXPLAIN ANALYZE SELECT id FROM foo

EXPLAIN (ANALYZE, VERBOSE, BUFFERS, TIMING off) SELECT count(*) FROM foo WHERE a IN (1, 2)

EXPLAIN VERBOSE UPDATE foo SET a = 1

EXPLAIN INSERT INTO foo SELECT * FROM bar

EXPLAIN DELETE FROM foo USING bar WHERE foo.a = bar.a

EXPLAIN (COSTS off) MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE

COPY country TO STDOUT (DELIMITER '|')

COPY country (a, b) TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE (a))

COPY (SELECT * FROM country WHERE country_name LIKE 'A%') TO STDOUT

COPY (WITH a AS (SELECT 1) SELECT * FROM a) TO STDOUT WITH BINARY

SHOW search_path

SHOW DateStyle

SHOW TIME ZONE

SHOW standard_conforming_strings

SHOW TRANSACTION ISOLATION LEVEL

SHOW server_version_num

DECLARE liahona CURSOR FOR SELECT * FROM films

DECLARE c BINARY INSENSITIVE SCROLL CURSOR WITHOUT HOLD FOR SELECT 1

SELECT calm(1), public.calm(2), "Odd Name"(3)

SELECT set_config('app.user', $1, true)

SELECT current_setting('app.user', true)

SELECT json_object('a': 1, 'b': 2), json_array(1, 2), json_objectagg('a': x), json_arrayagg(x ORDER BY y) FROM t

SELECT * FROM json_table('[{"a":1}]', '$[*]' COLUMNS (id FOR ORDINALITY, a int PATH '$.a', NESTED PATH '$.b[*]' COLUMNS (c int PATH '$'))) jt

SELECT json_query(j, '$.a' WITH WRAPPER), json_exists(j, '$.a'), j IS JSON OBJECT WITH UNIQUE KEYS FROM t

SELECT count(*), count(DISTINCT a), count(ALL b) FROM t WHERE a IS NOT NULL AND b IS NOT TRUE AND c IS UNKNOWN

SELECT a FROM t WHERE b LIKE '%delete from%' AND c = 'for update'

SELECT "select", "from", "where" FROM "table" WHERE "order" = 'insert into'

SELECT a AS "into", b AS "for update" FROM t

SELECT t."group", t."user" FROM t ORDER BY t."order" NULLS FIRST

SELECT /* insert */ a /* update */ FROM t -- delete

SELECT x'1f'::int, b'101'::bit(3), e'\\\'' || $$'$$ FROM t

SELECT a[1], a[2:3], a[:2], a[i + 1][j] FROM t

SELECT (t).a, (t.b).c, (array_agg(x))[1] FROM t GROUP BY t

SELECT * FROM ONLY (parents) AS p(a, b) WHERE a > 1

SELECT * FROM a AS x (b, c), LATERAL (SELECT x.b) y (d)

SELECT sum(a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d ROWS 3 PRECEDING) FROM t

SELECT DISTINCT ON (a) a, count(*) FILTER (WHERE b > 1) OVER (PARTITION BY a) FROM t ORDER BY a

SELECT 1 WHERE (SELECT true) AND NOT (1 = 2) OR (3) IN (SELECT 3)

SELECT a, (SELECT b FROM u WHERE u.id = t.id ORDER BY c LIMIT 1) FROM t

SELECT * FROM t WHERE (a, b) = (SELECT 1, 2) AND (c) IN (VALUES (1), (2))

SELECT * FROM t1 LEFT JOIN (t2 INNER JOIN t3 ON (t2.id = t3.id)) ON (t1.id = t2.id)

SELECT interval '1 day' * 3, '1 day'::interval / 2, date '2020-01-01' - 7, now() - '1 hour'

SELECT coalesce(nullif(trim(a), ''), 'x') || '-' || lpad(b::text, 5, '0') FROM t

SELECT date_trunc('month', d)::date, generate_series(now(), now() + '1 day', '1 hour') FROM t

SELECT array_length(a, 1), a && ARRAY[1], a @> ARRAY[2], a || 3, ARRAY[]::int[] FROM t

SELECT jsonb_array_elements(a->'b') ->> 'c', a #>> '{x,0}', a ?| ARRAY['x'], a ?& ARRAY['y'] FROM t

SELECT md5(a), sha256(b), encode(c, 'hex'), decode('ff', 'hex'), convert_from(c, 'UTF8') FROM t

SELECT power(2, 3), sqrt(2), ceil(1.5), floor(1.5), mod(5, 3), abs(-1), round(1.2345, 2), random(), pi() FROM t

SELECT uuid_in('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), gen_random_uuid()

SELECT row_to_json(t), json_agg(t), jsonb_object_agg(k, v), json_strip_nulls(j) FROM t

SELECT lower(a) COLLATE "de_DE", a COLLATE pg_catalog."default" FROM t

SELECT a FROM t GROUP BY DISTINCT ROLLUP (a, b), CUBE (c) HAVING every(d)

SELECT CASE WHEN a THEN (SELECT 1) WHEN b THEN (2) ELSE (CASE c WHEN 1 THEN 2 END) END FROM t

SELECT * FROM (SELECT * FROM (SELECT * FROM (SELECT 1 AS x) a) b) c (y)

SELECT * FROM t WHERE a = $1 AND ($2::int IS NULL OR b = $2) AND c = ANY ($3::text[])

WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a), c (y, z) AS (SELECT x, x FROM b) (SELECT y FROM c) UNION (SELECT z FROM c) ORDER BY 1

WITH a AS (VALUES (1, 2)), b (x) AS (TABLE a) SELECT count(*) FROM b

SELECT a <-> b, a ~~* 'x', a !~~ 'y', a <@ b, a -|- b, a << b, a &< b, @@ c FROM t

SELECT st.name, st.values FROM settings st, sources s (v), sketches k (w), periods r

SELECT percentile_disc(ARRAY[0.25, 0.5]) WITHIN GROUP (ORDER BY a DESC) FILTER (WHERE b) FROM t

SELECT * FROM t ORDER BY a USING >, b COLLATE "C" DESC, c IS NULL, lower(d) OFFSET 5

SELECT current_date, current_timestamp, localtime, user, session_user, current_role

SELECT (1, 2) < (3, 4), 1 IN (1, 2), 2 NOT IN (3), 4 NOT BETWEEN 1 AND 2, 'a' NOT LIKE 'b'

SELECT version FROM schema_migrations

SELECT key, value, type, name, date, time, timestamp, level, role FROM t

SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p','v') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2

SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(accounts)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3

SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16384' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum

SELECT c2.relname, i.indisprimary, pg_catalog.pg_get_indexdef(i.indexrelid, 0, true), pg_catalog.pg_get_constraintdef(con.oid, true) FROM pg_catalog.pg_class c, pg_catalog.pg_class c2, pg_catalog.pg_index i LEFT JOIN pg_catalog.pg_constraint con ON (conrelid = i.indrelid AND conindid = i.indexrelid AND contype IN ('p','u','x')) WHERE c.oid = '16384' AND c.oid = i.indrelid

SELECT t.oid, typarray FROM pg_type t JOIN pg_namespace ns ON typnamespace = ns.oid WHERE typname = 'hstore'

SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'int4') OR t.typtype IN ('r', 'e', 'd')

SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY ordinal_position

SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) WHERE i.indrelid = 'accounts'::regclass AND i.indisprimary

SELECT d.datname, pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding), pg_catalog.array_to_string(d.datacl, E'\n') FROM pg_catalog.pg_database d ORDER BY 1

SELECT pg_catalog.version()

select current_schema()

select pg_catalog.pg_get_viewdef('v'::regclass, true)

SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM, c.relname AS TABLE_NAME, CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema' WHEN true THEN CASE WHEN n.nspname = 'pg_catalog' THEN 'SYSTEM TABLE' ELSE NULL END WHEN false THEN 'TABLE' END AS TABLE_TYPE FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c WHERE c.relnamespace = n.oid

SELECT result.TABLE_CAT, (result.keys).n AS KEY_SEQ FROM (SELECT NULL AS TABLE_CAT, information_schema._pg_expandarray(i.indkey) AS keys FROM pg_catalog.pg_index i) result

SELECT "shop_order"."id", "shop_order"."state", "shop_order"."total", "shop_order"."created_at", "shop_order"."customer_id" FROM "shop_order" WHERE "shop_order"."id" = 7 LIMIT 21

SELECT "shop_order"."id", "shop_order"."state", "shop_order"."total", "shop_order"."created_at", "shop_order"."customer_id" FROM "shop_order" INNER JOIN "shop_customer" ON ("shop_order"."customer_id" = "shop_customer"."id") WHERE ("shop_order"."state" = 'x' AND UPPER("shop_customer"."name"::text) LIKE UPPER('%smith%') AND NOT ("shop_order"."id" IN (3, 5, 8))) ORDER BY "shop_order"."created_at" DESC LIMIT 20 OFFSET 40

SELECT COUNT(*) AS "__count" FROM "shop_order" WHERE "shop_order"."total" > 10

SELECT (1) AS "a" FROM "shop_order" WHERE "shop_order"."customer_id" = 4 LIMIT 1

SELECT "shop_customer"."id", COUNT("shop_order"."id") AS "n", SUM("shop_order"."total") FILTER (WHERE "shop_order"."state" IS NOT NULL) AS "s" FROM "shop_customer" LEFT OUTER JOIN "shop_order" ON ("shop_customer"."id" = "shop_order"."customer_id") GROUP BY "shop_customer"."id" HAVING COUNT("shop_order"."id") > 3 ORDER BY "n" DESC

SELECT DATE_TRUNC('day', "shop_order"."created_at" AT TIME ZONE 'UTC') AS "d", COALESCE(AVG("shop_order"."total"), 0) FROM "shop_order" GROUP BY 1

SELECT "shop_order"."id", "shop_order"."state", "shop_order"."total", "shop_order"."created_at", "shop_order"."customer_id", ROW_NUMBER() OVER (PARTITION BY "shop_order"."customer_id" ORDER BY "shop_order"."created_at" DESC) AS "rn" FROM "shop_order"

SELECT "shop_order".* FROM "shop_order" WHERE "shop_order"."customer_id" = $1 AND "shop_order"."state" IN ($2, $3) ORDER BY "shop_order"."id" ASC LIMIT $4 /*application:web,controller:x*/

SELECT DISTINCT "shop_order"."state" FROM "shop_order" WHERE "shop_order"."created_at" BETWEEN $1 AND $2

SELECT 1 AS one FROM "shop_order" WHERE "shop_order"."state" = $1 LIMIT $2

SELECT t0.id AS t0_id, t1.id AS t1_id FROM "shop_order" t0 LEFT OUTER JOIN "shop_customer" t1 ON t1.id = t0.customer_id WHERE t0.id IN (SELECT DISTINCT t2.id FROM "shop_order" t2 LIMIT 10)

SELECT shop_order.id AS shop_order_id, anon_1.n AS anon_1_n FROM shop_order JOIN (SELECT shop_order.customer_id AS k, count('*') AS n FROM shop_order GROUP BY shop_order.customer_id) AS anon_1 ON shop_order.customer_id = anon_1.k

SELECT EXISTS (SELECT * FROM shop_order WHERE shop_order.state = $1::VARCHAR) AS anon_1

SELECT CASE WHEN (shop_order.total > $1) THEN $2 ELSE $3 END AS b, CAST(shop_order.total AS NUMERIC(10, 2)) FROM shop_order

WITH anon (id, k) AS (SELECT shop_order.id, shop_order.customer_id FROM shop_order), other(n) AS (SELECT count(*) FROM shop_customer) SELECT * FROM anon, other WHERE anon.k = lower($1)

SELECT "t".*, "x"."data" FROM "shop_order" AS "t" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__t"."d"), '[]') AS "data" FROM (SELECT JSONB_BUILD_OBJECT('id', "u"."id", 'n', "u"."name") AS "d" FROM "shop_customer" AS "u" WHERE "u"."id" = "t"."customer_id") AS "__t") AS "x" ON TRUE

SELECT "public"."shop_order"."id", "public"."shop_order"."state" FROM "public"."shop_order" WHERE ("public"."shop_order"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3

SELECT COUNT(*) FROM (SELECT "public"."shop_order"."id" FROM "public"."shop_order" WHERE 1=1 OFFSET $1) AS "sub"

select e1_0.id, e1_0.state from shop_order e1_0 where e1_0.total>$1 and e1_0.customer_id=$1

select distinct e1_0.customer_id from shop_order e1_0 join shop_customer o1_0 on o1_0.id=e1_0.customer_id where lower(o1_0.name) like $1 escape '' order by 1 fetch first $2 rows only

SELECT shop_order.*, similarity_free.x FROM shop_order CROSS JOIN LATERAL (VALUES (1), (2)) AS similarity_free(x) WHERE shop_order.created_at >= now() - interval '7 days'

SELECT width_bucket(total, 0, 100, 10) AS b, count(*), round(avg(total)::numeric, 2) FROM shop_order GROUP BY b ORDER BY b

SELECT * FROM shop_order WHERE (customer_id, id) > ($1, $2) ORDER BY customer_id, id LIMIT 50

SELECT id FROM shop_order WHERE state ILIKE $1 UNION ALL SELECT id FROM shop_customer WHERE name ILIKE $1 ORDER BY id

SELECT to_jsonb(r) FROM (SELECT * FROM shop_order WHERE id = $1) r(a, b, c)

EXPLAIN (FORMAT JSON) SELECT "shop_order"."id", "shop_order"."state", "shop_order"."total", "shop_order"."created_at", "shop_order"."customer_id" FROM "shop_order" WHERE "shop_order"."id" = 7

COPY (SELECT id, state FROM shop_order WHERE customer_id = 5) TO STDOUT WITH CSV HEADER

SELECT setweight(to_tsvector(state::text), 'A') || to_tsvector(coalesce(total::text, '')) FROM shop_order

SELECT "blog_post"."id", "blog_post"."title", "blog_post"."published", "blog_post"."views", "blog_post"."author_id" FROM "blog_post" WHERE "blog_post"."id" = 7 LIMIT 21

SELECT "blog_post"."id", "blog_post"."title", "blog_post"."published", "blog_post"."views", "blog_post"."author_id" FROM "blog_post" INNER JOIN "auth_user" ON ("blog_post"."author_id" = "auth_user"."id") WHERE ("blog_post"."title" = 'x' AND UPPER("auth_user"."name"::text) LIKE UPPER('%smith%') AND NOT ("blog_post"."id" IN (3, 5, 8))) ORDER BY "blog_post"."views" DESC LIMIT 20 OFFSET 40

SELECT COUNT(*) AS "__count" FROM "blog_post" WHERE "blog_post"."published" > 10

SELECT (1) AS "a" FROM "blog_post" WHERE "blog_post"."author_id" = 4 LIMIT 1

SELECT "auth_user"."id", COUNT("blog_post"."id") AS "n", SUM("blog_post"."published") FILTER (WHERE "blog_post"."title" IS NOT NULL) AS "s" FROM "auth_user" LEFT OUTER JOIN "blog_post" ON ("auth_user"."id" = "blog_post"."author_id") GROUP BY "auth_user"."id" HAVING COUNT("blog_post"."id") > 3 ORDER BY "n" DESC

SELECT DATE_TRUNC('day', "blog_post"."views" AT TIME ZONE 'UTC') AS "d", COALESCE(AVG("blog_post"."published"), 0) FROM "blog_post" GROUP BY 1

SELECT "blog_post"."id", "blog_post"."title", "blog_post"."published", "blog_post"."views", "blog_post"."author_id", ROW_NUMBER() OVER (PARTITION BY "blog_post"."author_id" ORDER BY "blog_post"."views" DESC) AS "rn" FROM "blog_post"

SELECT "blog_post".* FROM "blog_post" WHERE "blog_post"."author_id" = $1 AND "blog_post"."title" IN ($2, $3) ORDER BY "blog_post"."id" ASC LIMIT $4 /*application:web,controller:x*/

SELECT DISTINCT "blog_post"."title" FROM "blog_post" WHERE "blog_post"."views" BETWEEN $1 AND $2

SELECT 1 AS one FROM "blog_post" WHERE "blog_post"."title" = $1 LIMIT $2

SELECT t0.id AS t0_id, t1.id AS t1_id FROM "blog_post" t0 LEFT OUTER JOIN "auth_user" t1 ON t1.id = t0.author_id WHERE t0.id IN (SELECT DISTINCT t2.id FROM "blog_post" t2 LIMIT 10)

SELECT blog_post.id AS blog_post_id, anon_1.n AS anon_1_n FROM blog_post JOIN (SELECT blog_post.author_id AS k, count('*') AS n FROM blog_post GROUP BY blog_post.author_id) AS anon_1 ON blog_post.author_id = anon_1.k

SELECT EXISTS (SELECT * FROM blog_post WHERE blog_post.title = $1::VARCHAR) AS anon_1

SELECT CASE WHEN (blog_post.published > $1) THEN $2 ELSE $3 END AS b, CAST(blog_post.published AS NUMERIC(10, 2)) FROM blog_post

WITH anon (id, k) AS (SELECT blog_post.id, blog_post.author_id FROM blog_post), other(n) AS (SELECT count(*) FROM auth_user) SELECT * FROM anon, other WHERE anon.k = lower($1)

SELECT "t".*, "x"."data" FROM "blog_post" AS "t" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__t"."d"), '[]') AS "data" FROM (SELECT JSONB_BUILD_OBJECT('id', "u"."id", 'n', "u"."name") AS "d" FROM "auth_user" AS "u" WHERE "u"."id" = "t"."author_id") AS "__t") AS "x" ON TRUE

SELECT "public"."blog_post"."id", "public"."blog_post"."title" FROM "public"."blog_post" WHERE ("public"."blog_post"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3

SELECT COUNT(*) FROM (SELECT "public"."blog_post"."id" FROM "public"."blog_post" WHERE 1=1 OFFSET $1) AS "sub"

select e1_0.id, e1_0.title from blog_post e1_0 where e1_0.published>$1 and e1_0.author_id=$1

select distinct e1_0.author_id from blog_post e1_0 join auth_user o1_0 on o1_0.id=e1_0.author_id where lower(o1_0.name) like $1 escape '' order by 1 fetch first $2 rows only

SELECT blog_post.*, similarity_free.x FROM blog_post CROSS JOIN LATERAL (VALUES (1), (2)) AS similarity_free(x) WHERE blog_post.views >= now() - interval '7 days'

SELECT width_bucket(published, 0, 100, 10) AS b, count(*), round(avg(published)::numeric, 2) FROM blog_post GROUP BY b ORDER BY b

SELECT * FROM blog_post WHERE (author_id, id) > ($1, $2) ORDER BY author_id, id LIMIT 50

SELECT id FROM blog_post WHERE title ILIKE $1 UNION ALL SELECT id FROM auth_user WHERE name ILIKE $1 ORDER BY id

SELECT to_jsonb(r) FROM (SELECT * FROM blog_post WHERE id = $1) r(a, b, c)

EXPLAIN (FORMAT JSON) SELECT "blog_post"."id", "blog_post"."title", "blog_post"."published", "blog_post"."views", "blog_post"."author_id" FROM "blog_post" WHERE "blog_post"."id" = 7

COPY (SELECT id, title FROM blog_post WHERE author_id = 5) TO STDOUT WITH CSV HEADER

SELECT setweight(to_tsvector(title::text), 'A') || to_tsvector(coalesce(published::text, '')) FROM blog_post

SELECT "invoices"."id", "invoices"."number", "invoices"."amount_cents", "invoices"."due_on", "invoices"."account_id" FROM "invoices" WHERE "invoices"."id" = 7 LIMIT 21

SELECT "invoices"."id", "invoices"."number", "invoices"."amount_cents", "invoices"."due_on", "invoices"."account_id" FROM "invoices" INNER JOIN "accounts" ON ("invoices"."account_id" = "accounts"."id") WHERE ("invoices"."number" = 'x' AND UPPER("accounts"."name"::text) LIKE UPPER('%smith%') AND NOT ("invoices"."id" IN (3, 5, 8))) ORDER BY "invoices"."due_on" DESC LIMIT 20 OFFSET 40

SELECT COUNT(*) AS "__count" FROM "invoices" WHERE "invoices"."amount_cents" > 10

SELECT (1) AS "a" FROM "invoices" WHERE "invoices"."account_id" = 4 LIMIT 1

SELECT "accounts"."id", COUNT("invoices"."id") AS "n", SUM("invoices"."amount_cents") FILTER (WHERE "invoices"."number" IS NOT NULL) AS "s" FROM "accounts" LEFT OUTER JOIN "invoices" ON ("accounts"."id" = "invoices"."account_id") GROUP BY "accounts"."id" HAVING COUNT("invoices"."id") > 3 ORDER BY "n" DESC

SELECT DATE_TRUNC('day', "invoices"."due_on" AT TIME ZONE 'UTC') AS "d", COALESCE(AVG("invoices"."amount_cents"), 0) FROM "invoices" GROUP BY 1

SELECT "invoices"."id", "invoices"."number", "invoices"."amount_cents", "invoices"."due_on", "invoices"."account_id", ROW_NUMBER() OVER (PARTITION BY "invoices"."account_id" ORDER BY "invoices"."due_on" DESC) AS "rn" FROM "invoices"

SELECT "invoices".* FROM "invoices" WHERE "invoices"."account_id" = $1 AND "invoices"."number" IN ($2, $3) ORDER BY "invoices"."id" ASC LIMIT $4 /*application:web,controller:x*/

SELECT DISTINCT "invoices"."number" FROM "invoices" WHERE "invoices"."due_on" BETWEEN $1 AND $2

SELECT 1 AS one FROM "invoices" WHERE "invoices"."number" = $1 LIMIT $2

SELECT t0.id AS t0_id, t1.id AS t1_id FROM "invoices" t0 LEFT OUTER JOIN "accounts" t1 ON t1.id = t0.account_id WHERE t0.id IN (SELECT DISTINCT t2.id FROM "invoices" t2 LIMIT 10)

SELECT invoices.id AS invoices_id, anon_1.n AS anon_1_n FROM invoices JOIN (SELECT invoices.account_id AS k, count('*') AS n FROM invoices GROUP BY invoices.account_id) AS anon_1 ON invoices.account_id = anon_1.k

SELECT EXISTS (SELECT * FROM invoices WHERE invoices.number = $1::VARCHAR) AS anon_1

SELECT CASE WHEN (invoices.amount_cents > $1) THEN $2 ELSE $3 END AS b, CAST(invoices.amount_cents AS NUMERIC(10, 2)) FROM invoices

WITH anon (id, k) AS (SELECT invoices.id, invoices.account_id FROM invoices), other(n) AS (SELECT count(*) FROM accounts) SELECT * FROM anon, other WHERE anon.k = lower($1)

SELECT "t".*, "x"."data" FROM "invoices" AS "t" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__t"."d"), '[]') AS "data" FROM (SELECT JSONB_BUILD_OBJECT('id', "u"."id", 'n', "u"."name") AS "d" FROM "accounts" AS "u" WHERE "u"."id" = "t"."account_id") AS "__t") AS "x" ON TRUE

SELECT "public"."invoices"."id", "public"."invoices"."number" FROM "public"."invoices" WHERE ("public"."invoices"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3

SELECT COUNT(*) FROM (SELECT "public"."invoices"."id" FROM "public"."invoices" WHERE 1=1 OFFSET $1) AS "sub"

select e1_0.id, e1_0.number from invoices e1_0 where e1_0.amount_cents>$1 and e1_0.account_id=$1

select distinct e1_0.account_id from invoices e1_0 join accounts o1_0 on o1_0.id=e1_0.account_id where lower(o1_0.name) like $1 escape '' order by 1 fetch first $2 rows only

SELECT invoices.*, similarity_free.x FROM invoices CROSS JOIN LATERAL (VALUES (1), (2)) AS similarity_free(x) WHERE invoices.due_on >= now() - interval '7 days'

SELECT width_bucket(amount_cents, 0, 100, 10) AS b, count(*), round(avg(amount_cents)::numeric, 2) FROM invoices GROUP BY b ORDER BY b

SELECT * FROM invoices WHERE (account_id, id) > ($1, $2) ORDER BY account_id, id LIMIT 50

SELECT id FROM invoices WHERE number ILIKE $1 UNION ALL SELECT id FROM accounts WHERE name ILIKE $1 ORDER BY id

SELECT to_jsonb(r) FROM (SELECT * FROM invoices WHERE id = $1) r(a, b, c)

EXPLAIN (FORMAT JSON) SELECT "invoices"."id", "invoices"."number", "invoices"."amount_cents", "invoices"."due_on", "invoices"."account_id" FROM "invoices" WHERE "invoices"."id" = 7

COPY (SELECT id, number FROM invoices WHERE account_id = 5) TO STDOUT WITH CSV HEADER

SELECT setweight(to_tsvector(number::text), 'A') || to_tsvector(coalesce(amount_cents::text, '')) FROM invoices

SELECT "messages"."id", "messages"."body", "messages"."read_at", "messages"."priority", "messages"."thread_id" FROM "messages" WHERE "messages"."id" = 7 LIMIT 21

SELECT "messages"."id", "messages"."body", "messages"."read_at", "messages"."priority", "messages"."thread_id" FROM "messages" INNER JOIN "threads" ON ("messages"."thread_id" = "threads"."id") WHERE ("messages"."body" = 'x' AND UPPER("threads"."name"::text) LIKE UPPER('%smith%') AND NOT ("messages"."id" IN (3, 5, 8))) ORDER BY "messages"."priority" DESC LIMIT 20 OFFSET 40

SELECT COUNT(*) AS "__count" FROM "messages" WHERE "messages"."read_at" > 10

SELECT (1) AS "a" FROM "messages" WHERE "messages"."thread_id" = 4 LIMIT 1

SELECT "threads"."id", COUNT("messages"."id") AS "n", SUM("messages"."read_at") FILTER (WHERE "messages"."body" IS NOT NULL) AS "s" FROM "threads" LEFT OUTER JOIN "messages" ON ("threads"."id" = "messages"."thread_id") GROUP BY "threads"."id" HAVING COUNT("messages"."id") > 3 ORDER BY "n" DESC

SELECT DATE_TRUNC('day', "messages"."priority" AT TIME ZONE 'UTC') AS "d", COALESCE(AVG("messages"."read_at"), 0) FROM "messages" GROUP BY 1

SELECT "messages"."id", "messages"."body", "messages"."read_at", "messages"."priority", "messages"."thread_id", ROW_NUMBER() OVER (PARTITION BY "messages"."thread_id" ORDER BY "messages"."priority" DESC) AS "rn" FROM "messages"

SELECT "messages".* FROM "messages" WHERE "messages"."thread_id" = $1 AND "messages"."body" IN ($2, $3) ORDER BY "messages"."id" ASC LIMIT $4 /*application:web,controller:x*/

SELECT DISTINCT "messages"."body" FROM "messages" WHERE "messages"."priority" BETWEEN $1 AND $2

SELECT 1 AS one FROM "messages" WHERE "messages"."body" = $1 LIMIT $2

SELECT t0.id AS t0_id, t1.id AS t1_id FROM "messages" t0 LEFT OUTER JOIN "threads" t1 ON t1.id = t0.thread_id WHERE t0.id IN (SELECT DISTINCT t2.id FROM "messages" t2 LIMIT 10)

SELECT messages.id AS messages_id, anon_1.n AS anon_1_n FROM messages JOIN (SELECT messages.thread_id AS k, count('*') AS n FROM messages GROUP BY messages.thread_id) AS anon_1 ON messages.thread_id = anon_1.k

SELECT EXISTS (SELECT * FROM messages WHERE messages.body = $1::VARCHAR) AS anon_1

SELECT CASE WHEN (messages.read_at > $1) THEN $2 ELSE $3 END AS b, CAST(messages.read_at AS NUMERIC(10, 2)) FROM messages

WITH anon (id, k) AS (SELECT messages.id, messages.thread_id FROM messages), other(n) AS (SELECT count(*) FROM threads) SELECT * FROM anon, other WHERE anon.k = lower($1)

SELECT "t".*, "x"."data" FROM "messages" AS "t" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__t"."d"), '[]') AS "data" FROM (SELECT JSONB_BUILD_OBJECT('id', "u"."id", 'n', "u"."name") AS "d" FROM "threads" AS "u" WHERE "u"."id" = "t"."thread_id") AS "__t") AS "x" ON TRUE

SELECT "public"."messages"."id", "public"."messages"."body" FROM "public"."messages" WHERE ("public"."messages"."id" = $1 AND 1=1) LIMIT $2 OFFSET $3

SELECT COUNT(*) FROM (SELECT "public"."messages"."id" FROM "public"."messages" WHERE 1=1 OFFSET $1) AS "sub"

select e1_0.id, e1_0.body from messages e1_0 where e1_0.read_at>$1 and e1_0.thread_id=$1

select distinct e1_0.thread_id from messages e1_0 join threads o1_0 on o1_0.id=e1_0.thread_id where lower(o1_0.name) like $1 escape '' order by 1 fetch first $2 rows only

SELECT messages.*, similarity_free.x FROM messages CROSS JOIN LATERAL (VALUES (1), (2)) AS similarity_free(x) WHERE messages.priority >= now() - interval '7 days'

SELECT width_bucket(read_at, 0, 100, 10) AS b, count(*), round(avg(read_at)::numeric, 2) FROM messages GROUP BY b ORDER BY b

SELECT * FROM messages WHERE (thread_id, id) > ($1, $2) ORDER BY thread_id, id LIMIT 50

SELECT id FROM messages WHERE body ILIKE $1 UNION ALL SELECT id FROM threads WHERE name ILIKE $1 ORDER BY id

SELECT to_jsonb(r) FROM (SELECT * FROM messages WHERE id = $1) r(a, b, c)

EXPLAIN (FORMAT JSON) SELECT "messages"."id", "messages"."body", "messages"."read_at", "messages"."priority", "messages"."thread_id" FROM "messages" WHERE "messages"."id" = 7

COPY (SELECT id, body FROM messages WHERE thread_id = 5) TO STDOUT WITH CSV HEADER

SELECT setweight(to_tsvector(body::text), 'A') || to_tsvector(coalesce(read_at::text, '')) FROM messages
