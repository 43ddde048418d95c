//! What statements do to their session.

use super::of;
use crate::sql::effect::Effect;

/// Effects as short text.
fn shown(effects: &[Effect]) -> String {
    let text: Vec<_> = effects
        .iter()
        .map(|effect| match effect {
            Effect::Set { name, value } => {
                format!("Set {name}={}", String::from_utf8_lossy(value))
            }
            Effect::SetConfig { name, value } => {
                format!("SetConfig {name}={}", String::from_utf8_lossy(value))
            }
            Effect::OwnSet { name, value } => format!("OwnSet {name}={value}"),
            Effect::Begin(m) | Effect::SetTransaction(m) | Effect::SetCharacteristics(m) => {
                let name = format!("{effect:?}");
                let name = name.split('(').next().unwrap();
                let deferrable = m
                    .deferrable
                    .map(|d| if d { " Deferrable" } else { " NotDeferrable" });
                format!(
                    "{name}{}{}{}",
                    m.access.map(|a| format!(" {a:?}")).unwrap_or_default(),
                    m.isolation.map(|i| format!(" {i:?}")).unwrap_or_default(),
                    deferrable.unwrap_or_default(),
                )
            }
            other => format!("{other:?}")
                .replace(['"', '{', '}'], "")
                .replace("  ", " ")
                .trim()
                .into(),
        })
        .collect();
    text.join("; ")
}

fn check(table: &str) {
    super::check_table(table, |text| shown(&of(text).effects));
}

#[test]
fn transactions() {
    check(
        r#"
        BEGIN ==> Begin
        begin work ==> Begin
        BEGIN TRANSACTION READ ONLY ==> Begin ReadOnly
        START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE, NOT DEFERRABLE ==> Begin ReadWrite Serializable NotDeferrable
        BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY DEFERRABLE ==> Begin ReadOnly RepeatableRead Deferrable
        BEGIN ISOLATION LEVEL READ COMMITTED ==> Begin ReadCommitted
        BEGIN ISOLATION LEVEL READ UNCOMMITTED READ ONLY ==> Begin ReadOnly ReadUncommitted
        BEGIN READ WRITE READ ONLY ==> Begin ReadOnly
        COMMIT ==> Commit chain: false
        END TRANSACTION AND CHAIN ==> Commit chain: true
        COMMIT WORK AND NO CHAIN ==> Commit chain: false
        ABORT ==> Rollback chain: false
        ROLLBACK AND CHAIN ==> Rollback chain: true
        ROLLBACK TO SAVEPOINT A ==> RollbackTo(a)
        ROLLBACK WORK TO "A" ==> RollbackTo(A)
        SAVEPOINT s1 ==> Savepoint(s1)
        RELEASE SAVEPOINT s1 ==> Release(s1)
        RELEASE s1 ==> Release(s1)
        RELEASE savepoint ==> Release(savepoint)
        PREPARE TRANSACTION 'x' ==> PrepareTransaction
        COMMIT PREPARED 'x' ==>
        SET TRANSACTION READ ONLY ==> SetTransaction ReadOnly
        SET LOCAL TRANSACTION ISOLATION LEVEL SERIALIZABLE ==> SetTransaction Serializable
        SET transaction_read_only = on ==> SetTransaction ReadOnly
        SET LOCAL transaction_read_only TO 'off' ==> SetTransaction ReadWrite
        SET transaction_isolation TO 'repeatable read' ==> SetTransaction RepeatableRead
        SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY ==> SetCharacteristics ReadOnly
        SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE ==> SetCharacteristics ReadWrite Serializable
        BEGIN; SAVEPOINT a; COMMIT ==> Begin; Savepoint(a); Commit chain: false
        "#,
    );
}

#[test]
fn parameters() {
    check(
        r#"
        SET search_path TO a, "B", 'c' ==> Set search_path=a, "B", 'c'
        SET search_path = a -- why\n ==> Set search_path=a
        SET Statement_Timeout='5s'; ==> Set statement_timeout='5s'
        SET SESSION work_mem = 64 ==> Set work_mem=64
        SET app.user_id = '42' ==> Set app.user_id='42'
        SET "App.User" = '42' ==> Set app.user='42'
        SET x = -1.5 ==> Set x=-1.5
        SET x TO DEFAULT ==> Reset(x)
        SET x = default ==> Reset(x)
        SET x FROM CURRENT ==>
        SET LOCAL x = 1 ==> SetLocal name: x
        SET LOCAL x TO DEFAULT ==> SetLocal name: x
        SET TIME ZONE 'UTC' ==> Set timezone='UTC'
        SET TIME ZONE -8 ==> Set timezone=-8
        SET TIME ZONE PST8PDT ==> Set timezone=PST8PDT
        SET TIME ZONE LOCAL ==> Reset(timezone)
        SET TIME ZONE DEFAULT ==> Reset(timezone)
        SET TIME ZONE INTERVAL '-08:00' HOUR TO MINUTE ==> Set timezone='INTERVAL ''-08:00'''
        SET LOCAL TIME ZONE 'UTC' ==> SetLocal name: timezone
        SET timezone TO 'UTC' ==> Set timezone='UTC'
        SET NAMES 'utf8' ==> Set client_encoding='utf8'
        SET NAMES ==> Reset(client_encoding)
        SET SCHEMA 'a' ==> Set search_path='a'
        SET ROLE admin ==> Set role=admin
        SET ROLE NONE ==> Set role=NONE
        SET SESSION ROLE "A b" ==> Set role="A b"
        SET SESSION AUTHORIZATION 'bob' ==> Set session_authorization='bob'
        SET SESSION SESSION AUTHORIZATION bob ==> Set session_authorization=bob
        SET SESSION AUTHORIZATION DEFAULT ==> Reset(session_authorization)
        SET LOCAL SESSION AUTHORIZATION bob ==> SetLocal name: session_authorization
        SET XML OPTION DOCUMENT ==> Set xmloption=DOCUMENT
        RESET x ==> Reset(x)
        RESET App.User ==> Reset(app.user)
        RESET ALL ==> ResetAll
        RESET TIME ZONE ==> Reset(timezone)
        RESET SESSION AUTHORIZATION ==> Reset(session_authorization)
        SET a = 1; RESET b; SET LOCAL c = 2 ==> Set a=1; Reset(b); SetLocal name: c
        SET CONSTRAINTS ALL DEFERRED ==>
        "#,
    );
}

#[test]
fn settings_of_the_proxy() {
    check(
        r#"
        SET pgsluice.route = 'primary' ==> OwnSet route=primary
        SET pgsluice.Route TO replica ==> OwnSet route=replica
        SET LOCAL pgsluice.route TO auto ==> SetLocal name: pgsluice.route
        SET pgsluice.x = 'It''s' ==> OwnSet x=It's
        SET pgsluice.route TO DEFAULT ==> OwnReset(route)
        RESET pgsluice.route ==> OwnReset(route)
        SHOW pgsluice.route ==> OwnShow(route)
        "#,
    );
    assert!(of("SHOW pgsluice.route").is_own());
    assert!(!of("SHOW search_path").is_own());
    assert!(!of("SET pgsluice.route = 'primary'; SELECT 1").is_own());
}

#[test]
fn settings_by_function() {
    check(
        r#"
        SELECT set_config('Search_Path', 'a', false) ==> SetConfig search_path=a
        SELECT pg_catalog.set_config('search_path', '', false); ==> SetConfig search_path=
        SELECT set_config('a.b', 'it''s', false) AS x, set_config('c', 'd', true) ==> SetConfig a.b=it's
        SELECT set_config('a', $1, true), set_config('b', current_user || 'x', true) ==>
        SELECT set_config('a', f(1, 2), true) ==>
        SELECT set_config('a', 'b', false) FROM t ==> SetConfigUnknown
        SELECT set_config('a', 'b', false) WHERE false ==> SetConfigUnknown
        SELECT CASE WHEN true THEN set_config('a', 'b', false) END ==> SetConfigUnknown
        SELECT set_config('a', $1, false) ==> SetConfigUnknown
        SELECT set_config('a', 'b' || 'c', false) ==> SetConfigUnknown
        SELECT set_config('a', 'b', not true) ==> SetConfigUnknown
        SELECT set_config(a => 'a', b => 'b', c => true) ==> SetConfigUnknown
        SELECT set_config(E'a', 'b', false) ==> SetConfigUnknown
        INSERT INTO t SELECT set_config('a', 'b', false) ==> SetConfigUnknown
        "#,
    );
}

#[test]
fn what_pins_and_unpins() {
    check(
        r#"
        LISTEN Chan ==> Listen(chan)
        UNLISTEN chan ==> Unlisten(Some(chan)); MayUnpin
        UNLISTEN * ==> Unlisten(None); MayUnpin
        CREATE TEMP TABLE t (a int) ==> TemporaryTable
        CREATE LOCAL TEMPORARY TABLE t AS SELECT 1 ==> TemporaryTable
        CREATE OR REPLACE TEMP VIEW v AS SELECT 1 ==> TemporaryTable
        CREATE TEMPORARY SEQUENCE s ==> TemporaryTable
        CREATE TABLE pg_temp.t (a int) ==> TemporaryTable
        CREATE TEMP TABLE t (a int) ON COMMIT DROP ==>
        CREATE TEMP TABLE t (a int) ON COMMIT DELETE ROWS ==> TemporaryTable
        CREATE TABLE temp (a int) ==>
        SELECT * INTO TEMP t FROM u ==> TemporaryTable
        SELECT * INTO TEMPORARY TABLE t FROM u ==> TemporaryTable
        SELECT * INTO pg_temp.t FROM u ==> TemporaryTable
        SELECT * INTO t FROM u ==>
        INSERT INTO temp VALUES (1) ==>
        SELECT pg_advisory_lock(1) ==> AdvisoryLock
        SELECT pg_try_advisory_lock_shared(1, 2) ==> AdvisoryLock
        SELECT pg_advisory_xact_lock(1) ==>
        UPDATE t SET a = 1 WHERE pg_try_advisory_lock(1) ==> AdvisoryLock
        SELECT pg_advisory_unlock(1) ==> MayUnpin
        SELECT pg_advisory_unlock_all() ==> MayUnpin
        DROP TABLE t ==> MayUnpin
        DECLARE c CURSOR WITH HOLD FOR SELECT 1 ==> HoldCursor(c)
        DECLARE c CURSOR FOR SELECT 1 ==>
        CLOSE c ==> MayUnpin
        PREPARE p AS SELECT 1 ==> Prepare(p)
        PREPARE transaction AS SELECT 1 ==> Prepare(transaction)
        EXECUTE p(1) ==> Execute(p)
        DEALLOCATE p ==> Deallocate(Some(p)); MayUnpin
        DEALLOCATE PREPARE p ==> Deallocate(Some(p)); MayUnpin
        DEALLOCATE prepare ==> Deallocate(Some(prepare)); MayUnpin
        DEALLOCATE ALL ==> Deallocate(None); MayUnpin
        DEALLOCATE PREPARE ALL ==> Deallocate(None); MayUnpin
        DISCARD ALL ==> DiscardAll; MayUnpin
        DISCARD TEMP ==> DiscardTemp; MayUnpin
        DISCARD PLANS ==> DiscardPlans; MayUnpin
        DISCARD SEQUENCES ==> DiscardSequences; MayUnpin
        COPY t FROM STDIN ==> CopyFromStdin
        COPY t FROM '/x' ==>
        COPY (SELECT 1) TO STDOUT ==> CopyToStdout
        LOAD 'x' ==> Load
        EXPLAIN SELECT pg_advisory_lock(1) ==>
        EXPLAIN ANALYZE SELECT pg_advisory_lock(1) ==> AdvisoryLock
        "#,
    );
}

#[test]
fn only_transaction_control() {
    for (text, expected) in [
        ("BEGIN", true),
        ("BEGIN; COMMIT", true),
        ("COMMIT;", true),
        ("SAVEPOINT a; RELEASE a", true),
        ("SET TRANSACTION READ ONLY", true),
        ("BEGIN; SELECT 1", false),
        ("SET x = 1", false),
        ("SELECT 1", false),
        ("", false),
        ("COMMIT PREPARED 'x'", false),
        ("PREPARE TRANSACTION 'x'", false),
    ] {
        assert_eq!(of(text).is_transaction_control(), expected, "{text}");
    }
}
