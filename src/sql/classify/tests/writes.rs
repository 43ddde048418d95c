//! What needs the primary, and why.

use super::check;
use crate::sql::catalog::Catalog;
use crate::sql::classify::Syntax;
use crate::sql::classify::classify;
use crate::sql::statement::Class;

#[test]
fn commands() {
    check(
        r#"
        INSERT INTO t VALUES (1) ==> Write command insert
        UPDATE t SET a = 1 ==> Write command update
        delete from t ==> Write command delete
        MERGE INTO t USING s ON (a = b) WHEN MATCHED THEN DELETE ==> Write command merge
        CREATE TABLE t (a int) ==> Write command create
        CREATE TABLE t AS SELECT 1 ==> Write command create
        CREATE INDEX CONCURRENTLY i ON t (a) ==> Write command create
        ALTER TABLE t ADD b int ==> Write command alter
        ALTER SYSTEM SET a = 1 ==> Write command alter
        DROP TABLE t ==> Write command drop
        TRUNCATE t ==> Write command truncate
        VACUUM ==> Write command vacuum
        ANALYZE t ==> Write command analyze
        REINDEX TABLE t ==> Write command reindex
        CLUSTER t ==> Write command cluster
        REFRESH MATERIALIZED VIEW v ==> Write command refresh
        GRANT SELECT ON t TO u ==> Write command grant
        REVOKE ALL ON t FROM u ==> Write command revoke
        COMMENT ON TABLE t IS 'x' ==> Write command comment
        SECURITY LABEL ON TABLE t IS 'x' ==> Write command security
        DO $$ begin null; end $$ ==> Write command do
        CALL p(1) ==> Write command call
        NOTIFY c ==> Write command notify
        CHECKPOINT ==> Write command checkpoint
        LOCK TABLE t IN ACCESS SHARE MODE ==> Write locking lock
        IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c ==> Write command import
        REASSIGN OWNED BY a TO b ==> Write command reassign
        COMMIT PREPARED 'x' ==> Write command commit prepared
        ROLLBACK PREPARED 'x' ==> Write command rollback prepared
        PREPARE TRANSACTION 'x' ==> Write command prepare transaction
        START SLAVE ==> Write command start
        SET ==> Write command set
        SET x ==> Write command set
        DISCARD everything ==> Write command discard
        "#,
    );
}

#[test]
fn changes_within_a_query() {
    check(
        r#"
        WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT * FROM x ==> Write data_modifying insert
        WITH x AS (DELETE FROM t RETURNING a) SELECT * FROM x ==> Write data_modifying delete
        WITH x AS (UPDATE t SET a = 1) SELECT 1 ==> Write data_modifying update
        WITH x AS (UPDATE ONLY t SET a = 1) SELECT 1 ==> Write data_modifying update
        WITH x AS (UPDATE "t" SET a = 1) SELECT 1 ==> Write data_modifying update
        WITH x AS MATERIALIZED (DELETE FROM t) SELECT 1 ==> Write data_modifying delete
        WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x ==> Write data_modifying insert
        WITH x AS (SELECT 1) UPDATE t SET a = 1 ==> Write data_modifying update
        WITH x AS (SELECT 1) DELETE FROM t ==> Write data_modifying delete
        WITH x AS (SELECT 1) MERGE INTO t USING x ON true WHEN MATCHED THEN DO NOTHING ==> Write data_modifying merge
        WITH a AS (WITH b AS (DELETE FROM t RETURNING 1) SELECT 1) SELECT 1 ==> Write data_modifying delete
        WITH RECURSIVE a AS (SELECT 1) CYCLE x SET key USING recursive DELETE FROM t ==> Write data_modifying delete
        WITH RECURSIVE a AS (SELECT 1) SEARCH DEPTH FIRST BY b SET by UPDATE t SET a = 1 ==> Write data_modifying update
        SELECT 1 INTO t ==> Write into into
        SELECT * INTO TEMP t FROM u ==> Write into into
        SELECT 1.into t ==> Write into into
        WITH a AS (SELECT 1) SELECT * INTO b FROM a ==> Write into into
        SELECT a/**/INTO b FROM c ==> Write into into
        EXPLAIN ANALYZE DELETE FROM t ==> Write command explain
        EXPLAIN (ANALYZE) INSERT INTO t VALUES (1) ==> Write command explain
        EXPLAIN (ANALYZE off) INSERT INTO t VALUES (1) ==> Write command explain
        EXPLAIN (VERBOSE, "analyze") DELETE FROM t ==> Write command explain
        EXPLAIN ANALYSE VERBOSE UPDATE t SET a = 1 ==> Write command explain
        EXPLAIN ANALYZE SELECT nextval('s') ==> Write function nextval
        EXPLAIN ANALYZE WITH a AS (DELETE FROM t) SELECT 1 ==> Write data_modifying delete
        EXPLAIN CREATE TABLE t AS SELECT 1 ==> Write command explain
        EXPLAIN EXECUTE p ==> Write command explain
        EXPLAIN ==> Write command explain
        DECLARE c CURSOR FOR SELECT nextval('s') ==> Write function nextval
        DECLARE c CURSOR FOR SELECT * FROM t FOR UPDATE ==> Write locking for
        DECLARE c CURSOR WITH HOLD FOR SELECT 1 ==> Write per_session declare
        DECLARE c CURSOR FOR DELETE FROM t ==> Write command declare
        "#,
    );
}

#[test]
fn row_locks() {
    check(
        r#"
        SELECT * FROM t FOR UPDATE ==> Write locking for
        SELECT * FROM t FOR NO KEY UPDATE SKIP LOCKED ==> Write locking for
        SELECT * FROM t FOR SHARE OF t NOWAIT ==> Write locking for
        SELECT * FROM t FOR KEY SHARE ==> Write locking for
        SELECT * FROM (SELECT * FROM t FOR\nUPDATE) x ==> Write locking for
        SELECT * FROM t LIMIT 10for update ==> Write locking for
        SELECT * FROM t LIMIT $1for update ==> Write locking for
        SELECT * FROM t for/* */update ==> Write locking for
        TABLE t FOR UPDATE ==> Write locking for
        (SELECT * FROM t) FOR UPDATE ==> Write locking for
        SELECT 'a'for update ==> Write locking for
        "#,
    );
}

#[test]
fn functions() {
    check(
        r#"
        SELECT nextval('s') ==> Write function nextval
        SELECT NEXTVAL ('s') ==> Write function nextval
        SELECT pg_catalog.nextval('s') ==> Write function nextval
        SELECT "nextval"('s') ==> Write function nextval
        SELECT "pg_catalog" . "nextval" ('s') ==> Write function nextval
        SELECT nextval/* c */('s') ==> Write function nextval
        SELECT (nextval('s')) ==> Write function nextval
        SELECT * FROM nextval('s') AS n(x) ==> Write function nextval
        SELECT DISTINCT ON (a) frob(b) FROM t ==> Write unknown_function frob
        SELECT a OPERATOR(pg_catalog.+) frob(b) FROM t ==> Write unknown_function frob
        SELECT * FROM t, frob(1) AS (a int) ==> Write unknown_function frob
        WITH a AS (SELECT 1), b AS (SELECT 2) SELECT 1, frob(2) ==> Write unknown_function frob
        WITH a AS (SELECT 1) (SELECT 1) ORDER BY 1, frob(2) ==> Write unknown_function frob
        WITH a AS (SELECT 1) SELECT * FROM a ORDER BY b, frob(2) ==> Write unknown_function frob
        WITH a AS (SELECT 1, frob(2)) SELECT 1 ==> Write unknown_function frob
        VALUES (frob(1)) ==> Write unknown_function frob
        SELECT ARRAY[frob(1)] ==> Write unknown_function frob
        SELECT * FROM t LIMIT frob(1) ==> Write unknown_function frob
        SELECT a BETWEEN frob(1) AND 2 ==> Write unknown_function frob
        SELECT a AT TIME ZONE frob(1) ==> Write unknown_function frob
        SELECT s.lower('x') ==> Read read
        SELECT s.abs(1) ==> Write unknown_function abs
        SELECT audit(1) ==> Write function audit
        SELECT any_schema.audit(1) ==> Write function audit
        SELECT AUDIT(1) ==> Write function audit
        SELECT "AUDIT"(1) ==> Write unknown_function AUDIT
        SELECT Quoted(1) ==> Write unknown_function quoted
        SELECT mixed(1) ==> Write function mixed
        SELECT upper('x') ==> Write function upper
        SELECT json_value('{}', '$.a') ==> Write function json_value
        SELECT filter(1) ==> Write function filter
        SELECT over(1) ==> Write unknown_function over
        SELECT p.as into "into" FROM p ==> Write into into
        SELECT a AS as INTO t FROM c ==> Write into into
        SELECT collation('a') ==> Write unknown_function collation
        SELECT join(1), 2 ==> Write unknown_function join
        SELECT * FROM a, operator('fox') q ==> Write unknown_function operator
        SELECT a FROM t GROUP BY value(a) ==> Write unknown_function value
        SELECT a FROM t GROUP BY a HAVING cube(a) > 3 ==> Write unknown_function cube
        SELECT TREAT('s' AS nextval) ==> Write function treat
        SELECT s.values(1) ==> Write unknown_function values
        SELECT s.in(1) ==> Write unknown_function in
        SELECT "in"(1) ==> Write unknown_function in
        SELECT txid_current() ==> Write function txid_current
        SELECT pg_notify('a', 'b') ==> Write function pg_notify
        SELECT lo_create(0) ==> Write function lo_create
        SELECT query_to_xml('delete from t', true, true, '') ==> Write function query_to_xml
        COPY (SELECT audit(1)) TO STDOUT ==> Write function audit
        SELECT pg_walfile_name('0/1') ==> Write function pg_walfile_name
        "#,
    );
}

#[test]
fn what_is_about_one_node() {
    check(
        r#"
        SELECT * FROM pg_stat_activity ==> Write per_node pg_stat_activity
        SELECT * FROM pg_catalog.pg_stat_replication ==> Write per_node pg_stat_replication
        SELECT * FROM "pg_locks" ==> Write per_node pg_locks
        SELECT * FROM PG_SETTINGS ==> Write per_node pg_settings
        TABLE pg_sequences ==> Write per_node pg_sequences
        SELECT last_value FROM s ==> Write per_node last_value
        SELECT s.last_value, is_called FROM s ==> Write per_node last_value
        SELECT * FROM order_id_seq ==> Write per_node order_id_seq
        SELECT pg_is_in_recovery() ==> Write per_node pg_is_in_recovery
        SELECT pg_backend_pid() ==> Write per_node pg_backend_pid
        SELECT pg_last_wal_replay_lsn() ==> Write per_node pg_last_wal_replay_lsn
        SELECT inet_server_addr() ==> Write per_node inet_server_addr
        SELECT current_setting('transaction_read_only') ==> Write per_node current_setting
        SELECT current_setting('data_directory') ==> Write per_node current_setting
        SELECT current_setting($1) ==> Write per_node current_setting
        SELECT current_setting('search_' || 'path') ==> Write per_node current_setting
        SHOW transaction_read_only ==> Write per_node transaction_read_only
        SHOW default_transaction_read_only ==> Write per_node default_transaction_read_only
        SHOW in_hot_standby ==> Write per_node in_hot_standby
        SHOW ALL ==> Write per_node all
        SHOW data_directory ==> Write per_node data_directory
        COPY pg_stat_activity TO STDOUT ==> Write per_node pg_stat_activity
        "#,
    );
}

#[test]
fn what_lives_in_one_session() {
    check(
        r#"
        SELECT pg_advisory_lock(1) ==> Write per_session pg_advisory_lock
        SELECT pg_try_advisory_xact_lock(1, 2) ==> Write per_session pg_try_advisory_xact_lock
        SELECT currval('s') ==> Write per_session currval
        SELECT lastval() ==> Write per_session lastval
        SELECT setseed(0.5) ==> Write per_session setseed
        SELECT * FROM pg_temp.t ==> Write per_session pg_temp
        SELECT pg_temp.f() ==> Write per_session pg_temp
        SELECT * FROM pg_temp_3.t ==> Write per_session pg_temp_3
        SELECT * FROM pg_cursors ==> Write per_session pg_cursors
        SELECT set_config($1, $2, false) ==> Write per_session set_config
        SELECT set_config('a', 'b', false) FROM t ==> Write per_session set_config
        SELECT set_config('a', 'b', $1) ==> Write per_session set_config
        PREPARE p AS SELECT 1 ==> Write per_session prepare
        PREPARE transaction (int) AS SELECT $1 ==> Write per_session prepare
        EXECUTE p(1) ==> Write per_session execute
        LISTEN c ==> Write per_session listen
        LOAD 'auto_explain' ==> Write per_session load
        "#,
    );
}

#[test]
fn copies() {
    check(
        r#"
        COPY t FROM STDIN ==> Write copy copy
        COPY t (a, b) FROM stdin WITH (FORMAT csv) ==> Write copy copy
        COPY t FROM '/tmp/x' ==> Write copy copy
        COPY t TO '/tmp/x' ==> Write copy copy
        COPY t TO PROGRAM 'cat' ==> Write copy copy
        COPY (DELETE FROM t RETURNING a) TO STDOUT ==> Write command copy
        COPY (SELECT * FROM t FOR UPDATE) TO STDOUT ==> Write locking for
        COPY ==> Write copy copy
        "#,
    );
}

// What the catalog says of an operator, a type or a column counts as for a relation.
#[test]
fn what_hides_a_function_is_a_write() {
    let catalog =
        Catalog::new([(&b"seen"[..], true)]).with_primary_relations([&b"<~>"[..], b"noted"]);
    let class = |text: &str| classify(text.as_bytes(), Syntax::default(), &catalog).class;
    for text in [
        "SELECT 1 <~> 2",
        "SELECT 1 OPERATOR(public.<~>) 2",
        "SELECT 'x'::noted",
        "SELECT CAST('x' AS noted)",
        "SELECT CAST('x' AS public.noted)",
        "SELECT noted 'x'",
        "SELECT t.seen FROM t",
        "SELECT (t).seen FROM t",
        "SELECT a FROM noted",
    ] {
        assert_eq!(class(text), Class::Write, "{text}");
    }
    for text in [
        "SELECT 1 <~ 2",
        "SELECT a AS noted",
        "SELECT seen.a FROM seen",
        "SELECT seen",
    ] {
        assert_eq!(class(text), Class::Read, "{text}");
    }
}
