//! What may go to a replica.

use super::check;
use super::of;
use super::shown;
use crate::sql::statement::Class;

fn check_reads(texts: &[&str]) {
    let wrong: Vec<_> = texts
        .iter()
        .map(|text| (text, of(text)))
        .filter(|(_, statement)| statement.class != Class::Read)
        .map(|(text, statement)| format!("{text}\n  {}", shown(&statement)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} are no reads:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn plain_queries() {
    check_reads(&[
        "SELECT 1",
        "select abalance from pgbench_accounts where aid = 12345",
        "((SELECT 1) UNION (SELECT 2)) ORDER BY 1",
        "VALUES (1, 2), (3, 4)",
        "TABLE t",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "WITH a(x, y) AS (SELECT 1, 2), b(z) AS MATERIALIZED (SELECT 3) SELECT * FROM a, b",
        "WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 100) SELECT sum(n) FROM t",
        "SELECT * FROM t WHERE a IN (1, 2, 3) AND b BETWEEN 1 AND 2 OR NOT EXISTS (SELECT 1)",
        "SELECT DISTINCT ON (a, b) a, lower(b) FROM t",
        "SELECT count(*) FILTER (WHERE a > 1), sum(x) OVER (PARTITION BY (a) ORDER BY b) FROM t",
        "SELECT CAST(a AS numeric(10, 2)), b::varchar(20), c::numeric(4,1)[] FROM t",
        "SELECT COALESCE(a, 0), NULLIF(a, b), GREATEST(1, 2), LEAST(3, 4), CASE WHEN (a) THEN (b) END",
        "SELECT EXTRACT(year FROM d), POSITION('a' IN b), TRIM(BOTH ' ' FROM c), OVERLAY(a PLACING b FROM 1 FOR 2)",
        "SELECT SUBSTRING(a FROM 1 FOR 3), substring(a for 3), COLLATION FOR (a), NORMALIZE(a, NFC)",
        "SELECT * FROM (VALUES (1, 'a')) AS t (id, name)",
        "SELECT * FROM (VALUES (1, 'a')) t(id, name) JOIN u v(a, b) USING (id)",
        "SELECT * FROM generate_series(1, 3) AS g(i), unnest(ARRAY[1]) WITH ORDINALITY u(x, n)",
        "SELECT * FROM a CROSS JOIN LATERAL (SELECT 1) x LEFT JOIN (SELECT 2) y ON (true)",
        "SELECT row_number() OVER w FROM t WINDOW w AS (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t",
        "SELECT a FROM t GROUP BY a, GROUPING SETS ((a), ROLLUP (b, c), CUBE (d)) HAVING GROUPING(a) = 0",
        "SELECT * FROM t TABLESAMPLE system (10) REPEATABLE (1)",
        "SELECT xmlelement(name foo, xmlattributes(a AS b), xmlforest(c)), xmlagg(x) FROM t",
        "SELECT json_build_object('a', 1), jsonb_agg(x ORDER BY y), to_jsonb(t) FROM t",
        "SELECT ts AT TIME ZONE ('UTC') FROM t",
        "SELECT a LIKE ANY (ARRAY['x']), a SIMILAR TO ('b'), (a, b) OVERLAPS (c, d) FROM t",
        "SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute a",
        "SELECT c.relname OPERATOR(pg_catalog.~) '^(t)$' COLLATE pg_catalog.default FROM pg_class c",
        "SELECT now(), current_timestamp(3), current_user, random(), gen_random_uuid(), version()",
        "SELECT calm(1), s.calm(2), \"calm\"(3), \"Quoted\"(4)",
        "SELECT pg_catalog.upper('x')",
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM pg_stats, pg_statistic, pg_class",
        "SELECT last_value(x) OVER (ORDER BY y) FROM t",
        "SELECT * FROM t FETCH FIRST 3 ROWS ONLY",
        "SELECT * FROM t FETCH FIRST ROW WITH TIES",
        "SELECT * FROM ROWS FROM (generate_series(1,2), unnest(ARRAY[1])) AS x(a, b)",
        "SELECT date '2020-01-01' + interval '1' day, interval(3) '1 s', timestamp(3) '2020-01-01'",
        "SELECT 1 -- for update\n",
        "SELECT 'insert into t' /* delete from t */",
        "SELECT $$ delete from t $$, $x$ for update $x$",
        "SELECT * FROM t WHERE a = $1 LIMIT ($2) OFFSET ($3)",
        "SELECT * FROM t FOR READ ONLY",
        "SELECT set_config('a.b', $1, true)",
        "SELECT set_config('search_path', 'x', false)",
        "SELECT current_setting('app.tenant', true), current_setting('search_path')",
    ]);
}

#[test]
fn words_that_are_only_names() {
    check_reads(&[
        "SELECT 1 AS insert, 2 AS into, 3 AS for",
        "SELECT \"update\", t.delete, t.into FROM t",
        "SELECT update, delete, insert, merge FROM t",
        "SELECT delete FROM permissions WHERE update = true AND insert IS NULL",
        "SELECT count(update), max(delete) FROM t ORDER BY update",
        "SELECT * FROM update u JOIN merge m ON (u.id = m.id)",
        "SELECT t.lock, share, key FROM t",
        "SELECT x AS pg_locks, y AS last_value FROM t",
        "WITH update AS (SELECT 1), delete AS (SELECT 2) SELECT * FROM update, delete",
        "SELECT s.\"nextval\" FROM s",
    ]);
}

#[test]
fn utilities_that_read() {
    check_reads(&[
        "SHOW search_path",
        "SHOW TIME ZONE",
        "SHOW TRANSACTION ISOLATION LEVEL",
        "SHOW server_version",
        "SHOW app.user",
        "EXPLAIN SELECT 1",
        "EXPLAIN INSERT INTO t VALUES (1)",
        "EXPLAIN VERBOSE DELETE FROM t",
        "EXPLAIN (COSTS off, FORMAT json) UPDATE t SET a = 1",
        "EXPLAIN ANALYZE SELECT * FROM t",
        "EXPLAIN (ANALYZE, BUFFERS) (SELECT 1)",
        "EXPLAIN (SELECT 1)",
        "COPY t TO STDOUT",
        "COPY public.t (a, b) TO STDOUT WITH (FORMAT csv, FORCE_QUOTE (a))",
        "COPY BINARY t TO STDOUT",
        "COPY (SELECT lower(a) FROM t) TO STDOUT (FORMAT binary)",
        "COPY (TABLE t) TO stdin",
        "DECLARE c CURSOR FOR SELECT 1",
        "DECLARE c NO SCROLL CURSOR WITHOUT HOLD FOR SELECT * FROM t",
    ]);
}

#[test]
fn neutral_texts() {
    check(
        r#"
        BEGIN ==> Neutral transaction
        COMMIT ==> Neutral transaction
        SAVEPOINT a ==> Neutral transaction
        SET TRANSACTION READ ONLY ==> Neutral transaction
        SET CONSTRAINTS ALL DEFERRED ==> Neutral transaction
        SET search_path TO a, b ==> Neutral setting
        RESET ALL ==> Neutral setting
        FETCH 10 FROM c ==> Neutral cursor fetch
        MOVE c ==> Neutral cursor move
        CLOSE c ==> Neutral cursor close
        DISCARD ALL ==> Neutral setting discard
        DEALLOCATE ALL ==> Neutral setting deallocate
        UNLISTEN * ==> Neutral setting unlisten
        SHOW pgsluice.route ==> Neutral setting
        "#,
    );
}
