use super::*;

pub(super) fn transaction(script: &str) {
    run(PoolMode::Transaction, script);
}

#[test]
fn a_read_is_held_back_until_it_is_certain() {
    transaction(
        "client: Q[SELECT 1]
         want: Read read
         link: replica
         server gets: Q[SELECT 1]
         server: T
         client gets:
         held: T
         server: D[1] ; C[SELECT 1]
         client gets: T ; D[1] ; C[SELECT 1]
         need: None
         server: Z[I]
         client gets: Z[I]
         release:
         wrote: false",
    );
}

#[test]
fn a_write_goes_to_the_primary_and_is_remembered() {
    transaction(
        "client: Q[INSERT INTO t VALUES (1)]
         want: Primary command
         link: primary
         server: C[INSERT 0 1]
         wrote: false
         server: Z[I]
         wrote: true
         client gets: C[INSERT 0 1] ; Z[I]
         release:",
    );
}

#[test]
fn nothing_is_released_while_a_reply_is_owed() {
    transaction(
        "client: Q[BEGIN]
         want: Primary read_write_transaction
         link: primary
         server: C[BEGIN] ; Z[T]
         need: None
         client: Q[SELECT 1] ; Q[COMMIT]
         server: N
         server gets: Q[BEGIN] ; Q[SELECT 1] ; Q[COMMIT]
         server: D ; C[SELECT 1] ; Z[T]
         need: None
         server: C[COMMIT] ; Z[I]
         need: Release",
    );
}

#[test]
fn a_batch_is_sent_again_only_if_nothing_of_its_reply_was_seen() {
    transaction(
        "client: P[|SELECT 1] ; B[|] ; E ; S
         want: Read read
         link: replica
         server gets: P[|SELECT 1] ; B[|] ; E ; S
         server: 1 ; 2
         lost: Again
         client gets:
         fresh server:
         want: Read read
         link: replica
         server gets: P[|SELECT 1] ; B[|] ; E ; S
         server: 1 ; 2 ; D[1]
         client gets: 1 ; 2 ; D[1]
         lost: Ended { unknown: false }",
    );
    transaction(
        "client: Q[INSERT INTO t VALUES (1)]
         want: Primary command
         link: primary
         lost: Ended { unknown: true }",
    );
}

#[test]
fn an_error_skips_to_sync() {
    transaction(
        "client: P[|SELECT 1] ; B[|] ; E ; S ; P[|SELECT 2] ; B[|] ; E ; S
         want: Read read
         link: replica
         server: 1 ; E[22012]
         client gets: 1 ; E[22012]
         need: None
         server: Z[I] ; 1 ; 2 ; D[2] ; C[SELECT 1] ; Z[I]
         client gets: Z[I] ; 1 ; 2 ; D[2] ; C[SELECT 1] ; Z[I]
         release:",
    );
}

#[test]
fn after_an_error_the_rest_of_the_batch_is_not_sent() {
    transaction(
        "client: P[|INSERT INTO t VALUES (1)] ; H
         want: Primary flush
         link: primary
         server gets: P[|INSERT INTO t VALUES (1)] ; H
         server: E[42P01]
         client: B[|] ; E ; S
         server: N
         server gets: S
         server: Z[I]
         client gets: E[42P01] ; N ; Z[I]
         release:",
    );
}

#[test]
fn settings_follow_to_the_next_server() {
    transaction(
        "client: Q[SET work_mem = '77MB']
         want: Any setting
         link: primary
         server: C[SET] ; Z[I]
         release:
         client gets: C[SET] ; Z[I]
         server gets: Q[SET work_mem = '77MB']
         client: Q[SELECT 1]
         want: Read read
         link: replica
         server gets: Q[SELECT 1]
         server: D ; C[SELECT 1] ; Z[I]
         release:
         client gets: D ; C[SELECT 1] ; Z[I]
         fresh server:
         client: Q[SELECT 1]
         want: Read read
         link: replica
         server gets: Q[SET \"work_mem\" TO '77MB';] ; Q[SELECT 1]
         server: C[SET] ; Z[I] ; D ; C[SELECT 1] ; Z[I]
         client gets: D ; C[SELECT 1] ; Z[I]
         release:",
    );
}

#[test]
fn a_setting_of_a_transaction_that_is_rolled_back_is_not_kept() {
    transaction(
        "client: Q[BEGIN] ; Q[SET work_mem = '1MB'] ; Q[SAVEPOINT s] ; Q[SET jit = off]
         want: Primary read_write_transaction
         link: primary
         server: C[BEGIN] ; Z[T] ; C[SET] ; Z[T] ; C[SAVEPOINT] ; Z[T] ; C[SET] ; Z[T]
         client: Q[ROLLBACK TO s] ; Q[COMMIT]
         server: N ; C[ROLLBACK] ; Z[T] ; C[COMMIT] ; Z[I]
         release:
         fresh server:
         client: Q[SELECT 1]
         want: Read read
         server gets: Q[BEGIN] ; Q[SET work_mem = '1MB'] ; Q[SAVEPOINT s] ; Q[SET jit = off] ; Q[ROLLBACK TO s] ; Q[COMMIT]
         link: replica
         server gets: Q[SET \"work_mem\" TO '1MB';] ; Q[SELECT 1]",
    );
    transaction(
        "client: Q[BEGIN] ; Q[SET work_mem = '1MB'] ; Q[ROLLBACK]
         want: Primary read_write_transaction
         link: primary
         server: C[BEGIN] ; Z[T] ; C[SET] ; Z[T] ; C[ROLLBACK] ; Z[I]
         release:
         fresh server:
         server gets: Q[BEGIN] ; Q[SET work_mem = '1MB'] ; Q[ROLLBACK]
         client: Q[SELECT 1]
         want: Read read
         link: replica
         server gets: Q[SELECT 1]",
    );
}

#[test]
fn what_is_hidden_never_reaches_the_client() {
    // A reported setting is laid on the next server, whose answer is ours.
    transaction(
        "client: Q[SET application_name = 'x']
         want: Any setting
         link: primary
         server: S[application_name|x] ; C[SET] ; Z[I]
         release:
         client gets: S[application_name|x] ; C[SET] ; Z[I]
         server gets: Q[SET application_name = 'x']
         fresh server:
         client: Q[SELECT 1]
         want: Read read
         link: replica
         server gets: Q[SET \"application_name\" TO 'x';] ; Q[SELECT 1]
         server: S[application_name|x] ; C[SET] ; Z[I] ; D[1] ; C[SELECT 1] ; Z[I]
         client gets: D[1] ; C[SELECT 1] ; Z[I]
         release:",
    );
}

#[test]
fn listen_pins_until_it_is_undone() {
    transaction(
        "client: Q[LISTEN x]
         want: Primary per_session
         link: primary
         server: C[LISTEN] ; Z[I]
         pins: LISTEN
         need: None
         client gets: C[LISTEN] ; Z[I]
         server gets: Q[LISTEN x]
         server: A
         client gets: A
         client: Q[UNLISTEN *]
         server: N ; C[UNLISTEN] ; Z[I]
         client gets: N ; C[UNLISTEN] ; Z[I]
         need: None
         server: T ; D[fffff] ; C[SELECT 1] ; Z[I]
         client gets:
         pins: nothing
         release:",
    );
}

#[test]
fn a_write_behind_reads_waits_for_the_primary() {
    transaction(
        "client: Q[SELECT 1] ; Q[SELECT 2] ; Q[INSERT INTO t VALUES (1)]
         want: Read read
         link: replica
         server gets: Q[SELECT 1] ; Q[SELECT 2]
         server: D[1] ; C[SELECT 1] ; Z[I]
         need: None
         server: D[2] ; C[SELECT 1] ; Z[I]
         client gets: D[1] ; C[SELECT 1] ; Z[I] ; D[2] ; C[SELECT 1] ; Z[I]
         release:
         want: Primary command
         link: primary
         server gets: Q[INSERT INTO t VALUES (1)]",
    );
}

#[test]
fn a_batch_that_turns_into_a_write_goes_to_the_primary_whole() {
    transaction(
        "client: P[|SELECT 1] ; B[|] ; E ; P[|INSERT INTO t VALUES (1)] ; B[|] ; E
         want: More
         client: S
         want: Primary command",
    );
}

#[test]
fn a_read_only_transaction_refuses_writes_as_postgresql_does() {
    transaction(
        "client: Q[BEGIN READ ONLY]
         want: Read read_only_transaction
         link: replica
         server: C[BEGIN] ; Z[T]
         client: Q[INSERT INTO t VALUES (1)] ; Q[SELECT pg_advisory_lock(1)]
         server: N
         server gets: Q[BEGIN READ ONLY] ; Q[INSERT INTO t VALUES (1)]
         server: E[25006] ; Z[E]
         server gets: Q[SELECT pg_advisory_lock(1)]
         server: E[25P02] ; Z[E]
         client gets: C[BEGIN] ; Z[T] ; N ; E[25006] ; Z[E] ; E[25P02] ; Z[E]",
    );
    transaction(
        "client: Q[BEGIN READ ONLY]
         want: Read read_only_transaction
         link: replica
         server: C[BEGIN] ; Z[T]
         client: Q[INSERT INTO t VALUES (1)] ; Q[ROLLBACK; SELECT pg_advisory_lock(1)]
         server: N ; E[25006] ; Z[E]
         server gets: Q[BEGIN READ ONLY] ; Q[INSERT INTO t VALUES (1)] ; Q[pgsluice refuses]",
    );
}

#[test]
fn copy_in_ends_the_batch_by_its_own_sync() {
    transaction(
        "client: P[|COPY t FROM STDIN] ; B[|] ; E ; S
         want: Primary copy
         link: primary
         server: 1 ; 2 ; G
         client: d[1] ; c ; S
         server: N
         server gets: P[|COPY t FROM STDIN] ; B[|] ; E ; S ; d[1] ; c ; S
         server: C[COPY 1] ; Z[I]
         client gets: 1 ; 2 ; G ; N ; C[COPY 1] ; Z[I]
         release:
         client: Q[SELECT 1]
         want: Read read",
    );
    transaction(
        "client: Q[COPY t FROM STDIN]
         want: Primary copy
         link: primary
         server: G
         client: d[1] ; d[2] ; f[no]
         server: N
         server gets: Q[COPY t FROM STDIN] ; d[1] ; d[2] ; f[no]
         server: E[57014] ; Z[I]
         client gets: G ; N ; E[57014] ; Z[I]
         release:
         client: d[late] ; Q[SELECT 1]
         want: Drop(9)",
    );
}

#[test]
fn statement_pooling_allows_no_transactions() {
    run(
        PoolMode::Statement,
        "client: Q[BEGIN]
         want: Primary read_write_transaction
         link: primary
         server gets: Q[pgsluice refuses]
         server: E[42601] ; Z[I]
         client gets: E[0A000] ; Z[I]
         release:",
    );
}

#[test]
fn a_transaction_that_is_made_read_only_in_one_text_is_for_a_replica() {
    transaction(
        "client: Q[begin; set transaction read only; select 1]
         want: Read read_only_transaction",
    );
}

#[test]
fn a_transaction_made_read_only_moves_to_a_replica() {
    transaction(
        "client: Q[begin isolation level repeatable read]
         want: Primary read_write_transaction
         link: primary
         server gets: Q[begin isolation level repeatable read]
         server: C[BEGIN] ; Z[T]
         client gets: C[BEGIN] ; Z[T]
         client: Q[set transaction read only]
         push:
         server gets:
         need: Leave
         leave:
         server gets: Q[ROLLBACK]
         server: C[ROLLBACK] ; Z[I]
         client gets:
         release:
         want: Read read_only_transaction
         link: replica
         server gets: Q[BEGIN ISOLATION LEVEL REPEATABLE READ] ; Q[set transaction read only]
         server: C[BEGIN] ; Z[T] ; C[SET] ; Z[T]
         client gets: C[SET] ; Z[T]
         need: None
         client: Q[commit]
         push:
         server gets: Q[commit]
         server: C[COMMIT] ; Z[I]
         client gets: C[COMMIT] ; Z[I]
         release:",
    );
}

#[test]
fn a_transaction_in_which_something_happened_stays() {
    for script in [
        "client: Q[select 1]",
        "client: Q[set transaction read only, isolation level serializable]",
        "client: Q[set transaction read write]",
        "client: Q[set transaction read only; select 1]",
        "client: Q[savepoint a] ; Q[set transaction read only]",
    ] {
        transaction(&format!(
            "client: Q[begin]
             want: Primary read_write_transaction
             link: primary
             server: C[BEGIN] ; Z[T]
             {script}
             push:
             need: None"
        ));
    }
}
