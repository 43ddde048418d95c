INSERT INTO "shop_order" ("state", "total", "customer_id") VALUES ('x', 5, 3) RETURNING "shop_order"."id"

INSERT INTO "shop_order" ("state") SELECT "name" FROM "shop_customer" ON CONFLICT ("state") DO NOTHING

INSERT INTO shop_order (state, customer_id) VALUES ($1, $2), ($3, $4) ON CONFLICT (id) DO UPDATE SET state = excluded.state WHERE shop_order.id > 1 RETURNING id

UPDATE "shop_order" SET "state" = 'y', "total" = ("shop_order"."total" + 1) WHERE "shop_order"."id" IN (1, 2, 3)

UPDATE shop_order SET state = o.name FROM shop_customer o WHERE o.id = shop_order.customer_id RETURNING shop_order.*

DELETE FROM "shop_order" WHERE "shop_order"."id" = $1

DELETE FROM shop_order USING shop_customer WHERE shop_order.customer_id = shop_customer.id AND shop_customer.name = $1 RETURNING *

SELECT "shop_order"."id", "shop_order"."state", "shop_order"."total", "shop_order"."created_at", "shop_order"."customer_id" FROM "shop_order" WHERE "shop_order"."id" = 1 LIMIT 1 FOR UPDATE

SELECT "shop_order"."id", "shop_order"."state", "shop_order"."total", "shop_order"."created_at", "shop_order"."customer_id" FROM "shop_order" WHERE "shop_order"."state" IS NULL ORDER BY "shop_order"."id" FOR UPDATE SKIP LOCKED LIMIT 5

SELECT * FROM shop_order JOIN shop_customer ON shop_customer.id = shop_order.customer_id FOR NO KEY UPDATE OF shop_order NOWAIT

SELECT * FROM shop_order WHERE id = $1 FOR SHARE

SELECT * FROM (SELECT id FROM shop_order WHERE id = 1 FOR KEY SHARE) x

WITH moved AS (DELETE FROM shop_order WHERE id < 10 RETURNING *) INSERT INTO shop_order_log SELECT * FROM moved

WITH moved AS (DELETE FROM "shop_order" WHERE id < 10 RETURNING *) SELECT * FROM moved

WITH job AS (SELECT id FROM shop_order ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE shop_order SET state = $1 FROM job WHERE job.id = shop_order.id RETURNING shop_order.id

WITH up AS (UPDATE ONLY shop_order SET total = 1 RETURNING id), n(x) AS (SELECT 1) SELECT count(*) FROM up, n

WITH ins AS (INSERT INTO shop_order (state) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id) SELECT id FROM ins UNION ALL SELECT id FROM shop_order WHERE state = $1

MERGE INTO shop_order USING shop_customer ON shop_customer.id = shop_order.customer_id WHEN MATCHED THEN UPDATE SET state = 'a' WHEN NOT MATCHED THEN INSERT (state) VALUES ('b')

SELECT * INTO shop_order_copy FROM shop_order

SELECT id, state INTO TEMP shop_order_temp FROM shop_order WHERE id > 3

CREATE TABLE shop_order_2 AS SELECT * FROM shop_order WITH NO DATA

CREATE UNIQUE INDEX CONCURRENTLY shop_order_idx ON shop_order (state, lower(state::text)) WHERE total IS NOT NULL

ALTER TABLE shop_order ADD COLUMN extra jsonb DEFAULT '{}' NOT NULL, ALTER COLUMN state TYPE text USING state::text

TRUNCATE shop_order, shop_customer RESTART IDENTITY CASCADE

SELECT nextval('"shop_order_id_seq"')

SELECT setval(pg_get_serial_sequence('"shop_order"', 'id'), coalesce(max("id"), 1), max("id") IS NOT null) FROM "shop_order"

SELECT currval('shop_order_id_seq')

SELECT audit_shop_order(1)

SELECT x.* FROM shop_order, LATERAL refresh_shop_order(shop_order.id) AS x(a, b)

COPY shop_order (state, customer_id) FROM STDIN WITH (FORMAT csv)

EXPLAIN ANALYZE UPDATE shop_order SET total = 2

BEGIN; UPDATE shop_order SET total = 2 WHERE id = 1; COMMIT

SELECT 1; DELETE FROM shop_order

LOCK TABLE shop_order IN SHARE ROW EXCLUSIVE MODE

DECLARE c CURSOR WITH HOLD FOR SELECT * FROM shop_order

INSERT INTO "blog_post" ("title", "published", "author_id") VALUES ('x', 5, 3) RETURNING "blog_post"."id"

INSERT INTO "blog_post" ("title") SELECT "name" FROM "auth_user" ON CONFLICT ("title") DO NOTHING

INSERT INTO blog_post (title, author_id) VALUES ($1, $2), ($3, $4) ON CONFLICT (id) DO UPDATE SET title = excluded.title WHERE blog_post.id > 1 RETURNING id

UPDATE "blog_post" SET "title" = 'y', "published" = ("blog_post"."published" + 1) WHERE "blog_post"."id" IN (1, 2, 3)

UPDATE blog_post SET title = o.name FROM auth_user o WHERE o.id = blog_post.author_id RETURNING blog_post.*

DELETE FROM "blog_post" WHERE "blog_post"."id" = $1

DELETE FROM blog_post USING auth_user WHERE blog_post.author_id = auth_user.id AND auth_user.name = $1 RETURNING *

SELECT "blog_post"."id", "blog_post"."title", "blog_post"."published", "blog_post"."views", "blog_post"."author_id" FROM "blog_post" WHERE "blog_post"."id" = 1 LIMIT 1 FOR UPDATE

SELECT "blog_post"."id", "blog_post"."title", "blog_post"."published", "blog_post"."views", "blog_post"."author_id" FROM "blog_post" WHERE "blog_post"."title" IS NULL ORDER BY "blog_post"."id" FOR UPDATE SKIP LOCKED LIMIT 5

SELECT * FROM blog_post JOIN auth_user ON auth_user.id = blog_post.author_id FOR NO KEY UPDATE OF blog_post NOWAIT

SELECT * FROM blog_post WHERE id = $1 FOR SHARE

SELECT * FROM (SELECT id FROM blog_post WHERE id = 1 FOR KEY SHARE) x

WITH moved AS (DELETE FROM blog_post WHERE id < 10 RETURNING *) INSERT INTO blog_post_log SELECT * FROM moved

WITH moved AS (DELETE FROM "blog_post" WHERE id < 10 RETURNING *) SELECT * FROM moved

WITH job AS (SELECT id FROM blog_post ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE blog_post SET title = $1 FROM job WHERE job.id = blog_post.id RETURNING blog_post.id

WITH up AS (UPDATE ONLY blog_post SET published = 1 RETURNING id), n(x) AS (SELECT 1) SELECT count(*) FROM up, n

WITH ins AS (INSERT INTO blog_post (title) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id) SELECT id FROM ins UNION ALL SELECT id FROM blog_post WHERE title = $1

MERGE INTO blog_post USING auth_user ON auth_user.id = blog_post.author_id WHEN MATCHED THEN UPDATE SET title = 'a' WHEN NOT MATCHED THEN INSERT (title) VALUES ('b')

SELECT * INTO blog_post_copy FROM blog_post

SELECT id, title INTO TEMP blog_post_temp FROM blog_post WHERE id > 3

CREATE TABLE blog_post_2 AS SELECT * FROM blog_post WITH NO DATA

CREATE UNIQUE INDEX CONCURRENTLY blog_post_idx ON blog_post (title, lower(title::text)) WHERE published IS NOT NULL

ALTER TABLE blog_post ADD COLUMN extra jsonb DEFAULT '{}' NOT NULL, ALTER COLUMN title TYPE text USING title::text

TRUNCATE blog_post, auth_user RESTART IDENTITY CASCADE

SELECT nextval('"blog_post_id_seq"')

SELECT setval(pg_get_serial_sequence('"blog_post"', 'id'), coalesce(max("id"), 1), max("id") IS NOT null) FROM "blog_post"

SELECT currval('blog_post_id_seq')

SELECT audit_blog_post(1)

SELECT x.* FROM blog_post, LATERAL refresh_blog_post(blog_post.id) AS x(a, b)

COPY blog_post (title, author_id) FROM STDIN WITH (FORMAT csv)

EXPLAIN ANALYZE UPDATE blog_post SET published = 2

BEGIN; UPDATE blog_post SET published = 2 WHERE id = 1; COMMIT

SELECT 1; DELETE FROM blog_post

LOCK TABLE blog_post IN SHARE ROW EXCLUSIVE MODE

DECLARE c CURSOR WITH HOLD FOR SELECT * FROM blog_post

INSERT INTO "invoices" ("number", "amount_cents", "account_id") VALUES ('x', 5, 3) RETURNING "invoices"."id"

INSERT INTO "invoices" ("number") SELECT "name" FROM "accounts" ON CONFLICT ("number") DO NOTHING

INSERT INTO invoices (number, account_id) VALUES ($1, $2), ($3, $4) ON CONFLICT (id) DO UPDATE SET number = excluded.number WHERE invoices.id > 1 RETURNING id

UPDATE "invoices" SET "number" = 'y', "amount_cents" = ("invoices"."amount_cents" + 1) WHERE "invoices"."id" IN (1, 2, 3)

UPDATE invoices SET number = o.name FROM accounts o WHERE o.id = invoices.account_id RETURNING invoices.*

DELETE FROM "invoices" WHERE "invoices"."id" = $1

DELETE FROM invoices USING accounts WHERE invoices.account_id = accounts.id AND accounts.name = $1 RETURNING *

SELECT "invoices"."id", "invoices"."number", "invoices"."amount_cents", "invoices"."due_on", "invoices"."account_id" FROM "invoices" WHERE "invoices"."id" = 1 LIMIT 1 FOR UPDATE

SELECT "invoices"."id", "invoices"."number", "invoices"."amount_cents", "invoices"."due_on", "invoices"."account_id" FROM "invoices" WHERE "invoices"."number" IS NULL ORDER BY "invoices"."id" FOR UPDATE SKIP LOCKED LIMIT 5

SELECT * FROM invoices JOIN accounts ON accounts.id = invoices.account_id FOR NO KEY UPDATE OF invoices NOWAIT

SELECT * FROM invoices WHERE id = $1 FOR SHARE

SELECT * FROM (SELECT id FROM invoices WHERE id = 1 FOR KEY SHARE) x

WITH moved AS (DELETE FROM invoices WHERE id < 10 RETURNING *) INSERT INTO invoices_log SELECT * FROM moved

WITH moved AS (DELETE FROM "invoices" WHERE id < 10 RETURNING *) SELECT * FROM moved

WITH job AS (SELECT id FROM invoices ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE invoices SET number = $1 FROM job WHERE job.id = invoices.id RETURNING invoices.id

WITH up AS (UPDATE ONLY invoices SET amount_cents = 1 RETURNING id), n(x) AS (SELECT 1) SELECT count(*) FROM up, n

WITH ins AS (INSERT INTO invoices (number) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id) SELECT id FROM ins UNION ALL SELECT id FROM invoices WHERE number = $1

MERGE INTO invoices USING accounts ON accounts.id = invoices.account_id WHEN MATCHED THEN UPDATE SET number = 'a' WHEN NOT MATCHED THEN INSERT (number) VALUES ('b')

SELECT * INTO invoices_copy FROM invoices

SELECT id, number INTO TEMP invoices_temp FROM invoices WHERE id > 3

CREATE TABLE invoices_2 AS SELECT * FROM invoices WITH NO DATA

CREATE UNIQUE INDEX CONCURRENTLY invoices_idx ON invoices (number, lower(number::text)) WHERE amount_cents IS NOT NULL

ALTER TABLE invoices ADD COLUMN extra jsonb DEFAULT '{}' NOT NULL, ALTER COLUMN number TYPE text USING number::text

TRUNCATE invoices, accounts RESTART IDENTITY CASCADE

SELECT nextval('"invoices_id_seq"')

SELECT setval(pg_get_serial_sequence('"invoices"', 'id'), coalesce(max("id"), 1), max("id") IS NOT null) FROM "invoices"

SELECT currval('invoices_id_seq')

SELECT audit_invoices(1)

SELECT x.* FROM invoices, LATERAL refresh_invoices(invoices.id) AS x(a, b)

COPY invoices (number, account_id) FROM STDIN WITH (FORMAT csv)

EXPLAIN ANALYZE UPDATE invoices SET amount_cents = 2

BEGIN; UPDATE invoices SET amount_cents = 2 WHERE id = 1; COMMIT

SELECT 1; DELETE FROM invoices

LOCK TABLE invoices IN SHARE ROW EXCLUSIVE MODE

DECLARE c CURSOR WITH HOLD FOR SELECT * FROM invoices

INSERT INTO "messages" ("body", "read_at", "thread_id") VALUES ('x', 5, 3) RETURNING "messages"."id"

INSERT INTO "messages" ("body") SELECT "name" FROM "threads" ON CONFLICT ("body") DO NOTHING

INSERT INTO messages (body, thread_id) VALUES ($1, $2), ($3, $4) ON CONFLICT (id) DO UPDATE SET body = excluded.body WHERE messages.id > 1 RETURNING id

UPDATE "messages" SET "body" = 'y', "read_at" = ("messages"."read_at" + 1) WHERE "messages"."id" IN (1, 2, 3)

UPDATE messages SET body = o.name FROM threads o WHERE o.id = messages.thread_id RETURNING messages.*

DELETE FROM "messages" WHERE "messages"."id" = $1

DELETE FROM messages USING threads WHERE messages.thread_id = threads.id AND threads.name = $1 RETURNING *

SELECT "messages"."id", "messages"."body", "messages"."read_at", "messages"."priority", "messages"."thread_id" FROM "messages" WHERE "messages"."id" = 1 LIMIT 1 FOR UPDATE

SELECT "messages"."id", "messages"."body", "messages"."read_at", "messages"."priority", "messages"."thread_id" FROM "messages" WHERE "messages"."body" IS NULL ORDER BY "messages"."id" FOR UPDATE SKIP LOCKED LIMIT 5

SELECT * FROM messages JOIN threads ON threads.id = messages.thread_id FOR NO KEY UPDATE OF messages NOWAIT

SELECT * FROM messages WHERE id = $1 FOR SHARE

SELECT * FROM (SELECT id FROM messages WHERE id = 1 FOR KEY SHARE) x

WITH moved AS (DELETE FROM messages WHERE id < 10 RETURNING *) INSERT INTO messages_log SELECT * FROM moved

WITH moved AS (DELETE FROM "messages" WHERE id < 10 RETURNING *) SELECT * FROM moved

WITH job AS (SELECT id FROM messages ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE messages SET body = $1 FROM job WHERE job.id = messages.id RETURNING messages.id

WITH up AS (UPDATE ONLY messages SET read_at = 1 RETURNING id), n(x) AS (SELECT 1) SELECT count(*) FROM up, n

WITH ins AS (INSERT INTO messages (body) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id) SELECT id FROM ins UNION ALL SELECT id FROM messages WHERE body = $1

MERGE INTO messages USING threads ON threads.id = messages.thread_id WHEN MATCHED THEN UPDATE SET body = 'a' WHEN NOT MATCHED THEN INSERT (body) VALUES ('b')

SELECT * INTO messages_copy FROM messages

SELECT id, body INTO TEMP messages_temp FROM messages WHERE id > 3

CREATE TABLE messages_2 AS SELECT * FROM messages WITH NO DATA

CREATE UNIQUE INDEX CONCURRENTLY messages_idx ON messages (body, lower(body::text)) WHERE read_at IS NOT NULL

ALTER TABLE messages ADD COLUMN extra jsonb DEFAULT '{}' NOT NULL, ALTER COLUMN body TYPE text USING body::text

TRUNCATE messages, threads RESTART IDENTITY CASCADE

SELECT nextval('"messages_id_seq"')

SELECT setval(pg_get_serial_sequence('"messages"', 'id'), coalesce(max("id"), 1), max("id") IS NOT null) FROM "messages"

SELECT currval('messages_id_seq')

SELECT audit_messages(1)

SELECT x.* FROM messages, LATERAL refresh_messages(messages.id) AS x(a, b)

COPY messages (body, thread_id) FROM STDIN WITH (FORMAT csv)

EXPLAIN ANALYZE UPDATE messages SET read_at = 2

BEGIN; UPDATE messages SET read_at = 2 WHERE id = 1; COMMIT

SELECT 1; DELETE FROM messages

LOCK TABLE messages IN SHARE ROW EXCLUSIVE MODE

DECLARE c CURSOR WITH HOLD FOR SELECT * FROM messages

INSERT INTO weather VALUES ('San Francisco', 46, 50, 0.25, '1994-11-27')

INSERT INTO weather DEFAULT VALUES

INSERT INTO films OVERRIDING SYSTEM VALUE SELECT * FROM tmp_films WHERE date_prod < '2004-05-07'

WITH upd AS (UPDATE employees SET sales_count = sales_count + 1 WHERE id = (SELECT sales_person FROM accounts WHERE name = 'Acme') RETURNING *) INSERT INTO employees_log SELECT *, current_timestamp FROM upd

UPDATE films SET kind = 'Dramatic' WHERE CURRENT OF c_films

UPDATE weather SET (temp_lo, temp_hi, prcp) = (temp_lo+1, temp_lo+15, DEFAULT)

DELETE FROM films WHERE producer_id IN (SELECT id FROM producers WHERE name = 'foo')

DELETE FROM tasks WHERE CURRENT OF c_tasks

WITH RECURSIVE included_parts(sub_part, part) AS (SELECT sub_part, part FROM parts WHERE part = 'our_product' UNION ALL SELECT p.sub_part, p.part FROM included_parts pr, parts p WHERE p.part = pr.sub_part) DELETE FROM parts WHERE part IN (SELECT part FROM included_parts)

WITH RECURSIVE g(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM g) CYCLE id SET is_cycle USING path DELETE FROM parts

WITH RECURSIVE g(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM g) SEARCH BREADTH FIRST BY id SET by UPDATE parts SET a = 1

WITH t AS (SELECT 1) MERGE INTO a USING t ON true WHEN NOT MATCHED THEN INSERT DEFAULT VALUES

WITH a AS (WITH b AS (INSERT INTO x VALUES (1) RETURNING y) SELECT * FROM b) SELECT * FROM a

WITH a AS MATERIALIZED (UPDATE "Quoted" SET b = 1) SELECT 1

SELECT * FROM t LIMIT (SELECT count(*) FROM u FOR UPDATE)

SELECT * FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.id = a.id FOR SHARE)

(SELECT * FROM a) FOR UPDATE

TABLE a FOR UPDATE

VALUES (nextval('s'))

SELECT ARRAY[nextval('s')], (SELECT setval('s', 1))

SELECT * FROM t ORDER BY nextval('s')

SELECT * FROM t WHERE a = ANY (ARRAY[nextval('s')])

SELECT CASE WHEN true THEN nextval('s') END

SELECT a FROM t GROUP BY a HAVING nextval('s') > 1

SELECT sum(nextval('s')) OVER (ORDER BY a) FROM t

SELECT count(*) FILTER (WHERE nextval('s') > 1) FROM t

SELECT * FROM t LIMIT nextval('s')

SELECT DISTINCT ON (a) my_function(b) FROM t

SELECT COALESCE(NULL, nextval('s')), CAST(nextval('s') AS text), (nextval('s'))::text

SELECT * FROM my_function(1) AS f(a int)

SELECT * FROM ROWS FROM (my_function(1), generate_series(1, 2)) AS x

SELECT t.a, b.* FROM t, my_schema.my_function(t.a) b

SELECT json_object('a': nextval('s')), xmlelement(name a, nextval('s')), GREATEST(1, nextval('s'))

SELECT extract(year from my_function(1)), position('a' in my_function(2)), trim(my_function(3))

SELECT a OPERATOR(pg_catalog.+) my_function(1) FROM t

SELECT 1 AT TIME ZONE my_function(1), a COLLATE "C" || my_function(2) FROM t

SELECT a BETWEEN SYMMETRIC my_function(1) AND 2, a LIKE my_function(1) ESCAPE my_function(2) FROM t

SELECT TREAT(a AS nextval) FROM t

SELECT "My Function"(1), MY_FUNCTION(2), u&"my"(3)

SELECT pg_catalog.pg_advisory_lock(1)

SELECT pg_try_advisory_lock(1, 2)

SELECT pg_advisory_xact_lock(hashtext('x'))

SELECT pg_advisory_unlock_all()

SELECT pg_notify('chan', 'payload')

SELECT lo_create(0), lo_unlink(1)

SELECT pg_terminate_backend(1)

SELECT pg_reload_conf()

SELECT txid_current(), pg_current_xact_id()

SELECT pg_backend_pid()

SELECT pg_is_in_recovery()

SELECT pg_current_wal_lsn()

SELECT pg_export_snapshot()

SELECT lastval()

SELECT setseed(0.5)

SELECT set_config('search_path', $1, false)

SELECT set_config('a.b', 'c', false) FROM t WHERE false

SELECT current_setting('transaction_read_only')

SELECT query_to_xml('select 1', true, true, '')

SELECT * FROM pg_stat_activity WHERE state = 'idle'

SELECT count(*) FROM pg_catalog.pg_locks

SELECT name, setting FROM pg_settings

SELECT last_value FROM orders_id_seq

SELECT * FROM pg_sequences

SELECT * FROM pg_temp.scratch

SELECT 1 INTO t

SELECT a AS b INTO UNLOGGED t FROM c

SELECT * INTO TEMPORARY TABLE t FROM c UNION SELECT * FROM d

WITH a AS (SELECT 1) SELECT * INTO b FROM a

SELECT 1; SELECT 2; UPDATE t SET a = 1

BEGIN; SELECT 1; COMMIT

SELECT 1; CREATE TABLE x (a int); SELECT 2

CREATE TABLE cities (name varchar(80), location point, PRIMARY KEY (name))

CREATE TEMP TABLE t (a int) ON COMMIT DROP

CREATE UNLOGGED TABLE t (a int)

CREATE TABLE measurement (logdate date NOT NULL) PARTITION BY RANGE (logdate)

CREATE TABLE p PARTITION OF measurement FOR VALUES FROM ('2006-02-01') TO ('2006-03-01')

CREATE VIEW v AS SELECT * FROM t

CREATE MATERIALIZED VIEW mv AS SELECT 1 WITH NO DATA

CREATE FUNCTION add(integer, integer) RETURNS integer AS 'select $1 + $2;' LANGUAGE SQL IMMUTABLE

CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END

CREATE OR REPLACE PROCEDURE p(a int) LANGUAGE sql BEGIN ATOMIC INSERT INTO t VALUES (a); END

CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()

CREATE RULE r AS ON UPDATE TO t DO ALSO (INSERT INTO l VALUES (1); DELETE FROM m)

CREATE TYPE mood AS ENUM ('sad', 'ok')

CREATE EXTENSION IF NOT EXISTS hstore

CREATE POLICY p ON t USING (a = current_user)

CREATE ROLE admin WITH LOGIN PASSWORD 'x'

CREATE SCHEMA s CREATE TABLE t (a int)

CREATE SEQUENCE serial START 101

CREATE STATISTICS s1 (dependencies) ON a, b FROM t1

CREATE PUBLICATION p FOR ALL TABLES

DROP TABLE IF EXISTS films, distributors

DROP INDEX CONCURRENTLY title_idx

ALTER SYSTEM SET wal_level = replica

ALTER ROLE bob SET search_path = a

ALTER SEQUENCE serial RESTART WITH 105

GRANT SELECT ON ALL TABLES IN SCHEMA public TO bob

REVOKE ALL ON t FROM public

COMMENT ON TABLE t IS 'SELECT 1'

VACUUM (VERBOSE, ANALYZE) t

ANALYZE t

CLUSTER t USING i

REINDEX TABLE t

REFRESH MATERIALIZED VIEW CONCURRENTLY mv

CHECKPOINT

NOTIFY virtual, 'payload'

LISTEN virtual

DO $$ BEGIN PERFORM 1; END $$

CALL insert_data(1, 2)

PREPARE fooplan (int, text) AS INSERT INTO foo VALUES ($1, $2)

PREPARE q AS SELECT 1

EXECUTE fooplan(1, 'x')

EXPLAIN EXECUTE fooplan(1)

EXPLAIN ANALYZE EXECUTE fooplan(1)

EXPLAIN ANALYZE INSERT INTO t VALUES (1)

EXPLAIN (ANALYZE, COSTS off) DELETE FROM t

EXPLAIN ANALYZE SELECT nextval('s')

EXPLAIN ANALYZE SELECT * FROM t FOR UPDATE

EXPLAIN (ANALYZE) WITH a AS (DELETE FROM t RETURNING 1) SELECT * FROM a

EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1

EXPLAIN CREATE TABLE t AS SELECT 1

COPY country FROM '/usr1/proj/bray/sql/country_data'

COPY country TO '/tmp/x'

COPY country TO PROGRAM 'gzip > /tmp/x.gz'

COPY (DELETE FROM t RETURNING *) TO STDOUT

COPY (SELECT * FROM t FOR UPDATE) TO STDOUT

COPY (SELECT nextval('s')) TO STDOUT

COPY pg_stat_activity TO STDOUT

COPY t FROM STDIN WHERE a > 1

IMPORT FOREIGN SCHEMA foreign_films FROM SERVER film_server INTO films

LOAD 'auto_explain'

LOCK TABLE films IN SHARE MODE

PREPARE TRANSACTION 'foobar'

COMMIT PREPARED 'foobar'

ROLLBACK PREPARED 'foobar'

REASSIGN OWNED BY a TO b

SECURITY LABEL ON TABLE t IS 'x'

SHOW ALL

SHOW transaction_read_only

SHOW in_hot_standby

DECLARE c CURSOR FOR SELECT nextval('s')

DECLARE c CURSOR FOR SELECT * FROM t FOR UPDATE

SELECT * FROM t LIMIT 10 FOR/**/UPDATE

SELECT 'a'
'b' FROM t FOR UPDATE

SELECT nextval -- comment
('s')
