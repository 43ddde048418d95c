//! Batches that use what a batch in front of them was to define or close, and that fails.

use super::PoolMode;
use super::run;

fn transaction(script: &str) {
    run(PoolMode::Transaction, script);
}

#[test]
fn a_name_is_not_used_before_the_batch_that_gives_it_was_answered() {
    // The client was told of a statement named pgsluice_0.
    transaction(
        "client: E ; P[a|SELECT 1] ; S ; B[|a] ; E ; S
         want: Read read
         link: primary
         server gets: E ; P[pgsluice_0|SELECT 1] ; S
         server: E[34000]
         server gets: B[|a] ; E ; S
         server: Z[I] ; E[26000] ; Z[I]
         client gets: E[34000] ; Z[I] ; E[26000] ; Z[I]
         release:",
    );
    // The names of what it does define go on.
    transaction(
        "client: P[a|SELECT 1] ; S ; B[|a] ; E ; S
         want: Read read
         link: primary
         server gets: P[pgsluice_0|SELECT 1] ; S
         server: 1
         server gets: B[|pgsluice_0] ; E ; S
         server: Z[I] ; 2 ; C[SELECT 1] ; Z[I]
         client gets: 1 ; Z[I] ; 2 ; C[SELECT 1] ; Z[I]
         release:",
    );
}

#[test]
fn the_statement_that_was_not_replaced_is_the_one_that_runs() {
    // The one that took its name in the batch that failed did, and on a replica.
    transaction(
        "client: P[a|INSERT INTO t VALUES (1)] ; S
         want: Primary command
         link: primary
         server: 1 ; Z[I]
         release:
         server gets: P[pgsluice_0|INSERT INTO t VALUES (1)] ; S
         fresh server:
         client: E ; C[a] ; P[a|SELECT 1] ; S ; B[|a] ; E ; S
         want: Read read
         link: replica
         server gets: E ; P[pgsluice_1|SELECT 1] ; S
         server: E[34000] ; Z[I]
         client gets: 1 ; Z[I] ; E[34000] ; Z[I]
         release:
         want: Primary command
         link: primary
         server gets: P[pgsluice_0|INSERT INTO t VALUES (1)] ; B[|pgsluice_0] ; E ; S",
    );
}

#[test]
fn a_server_is_not_taken_to_have_what_a_failed_batch_was_to_give_it() {
    transaction(
        "client: P[a|SELECT 1] ; S
         want: Read read
         link: primary
         server: 1 ; Z[I]
         release:
         fresh server:
         server gets: P[pgsluice_0|SELECT 1] ; S
         client: E ; B[|a] ; S ; B[|a] ; E ; S
         want: Read read
         link: primary
         server gets: E ; P[pgsluice_0|SELECT 1] ; B[|pgsluice_0] ; S
         server: E[34000]
         server gets: P[pgsluice_0|SELECT 1] ; B[|pgsluice_0] ; E ; S",
    );
}

#[test]
fn another_clients_unnamed_statement_is_never_run() {
    // It was, where the batch in front was to parse this client's and failed before.
    transaction(
        "client: E ; P[|SELECT 1] ; S ; B[|] ; E ; S
         want: Read read
         link: primary
         server gets: E ; P[|SELECT 1] ; S
         server: E[34000]
         server gets: C ; B[|] ; E ; S
         server: Z[I] ; 3 ; E[26000] ; Z[I]
         client gets: E[34000] ; Z[I] ; E[26000] ; Z[I]
         release:",
    );
}

#[test]
fn an_unnamed_statement_outlives_a_batch_in_front_that_fails() {
    // What that batch would have replaced came back in its place.
    transaction(
        "client: E ; P[|SELECT 1] ; S ; P[|SELECT 2] ; S
         want: Read read
         link: primary
         server: E[34000] ; Z[I] ; 1 ; Z[I]
         release:
         fresh server:
         server gets: E ; P[|SELECT 1] ; S ; P[|SELECT 2] ; S
         client: B[|] ; E ; S
         want: Read read
         link: primary
         server gets: P[|SELECT 2] ; B[|] ; E ; S",
    );
}

#[test]
fn batches_of_their_own_statements_do_not_wait() {
    transaction(
        "client: P[|SELECT 1] ; B[|] ; E ; S ; P[|SELECT 2] ; B[|] ; E ; S ; P[a|SELECT 3] ; B[|a] ; S
         want: Read read
         link: primary
         server gets: P[|SELECT 1] ; B[|] ; E ; S ; P[|SELECT 2] ; B[|] ; E ; S ; P[pgsluice_0|SELECT 3] ; B[|pgsluice_0] ; S",
    );
}

#[test]
fn what_an_unanswered_deallocate_takes_is_not_used() {
    transaction(
        "client: P[a|SELECT 1] ; S
         want: Read read
         link: primary
         server: 1 ; Z[I]
         release:
         server gets: P[pgsluice_0|SELECT 1] ; S
         client: Q[DEALLOCATE a] ; B[|a] ; S
         want: Any setting
         link: primary
         server gets: Q[DEALLOCATE pgsluice_0]
         server: C[DEALLOCATE] ; Z[I]
         release:
         want: Primary unknown_statement
         link: primary
         server gets: B[|a] ; S",
    );
}

#[test]
fn an_unnamed_statement_that_failed_to_parse_does_not_come_back() {
    // It did, where a Parse behind it was skipped.
    transaction(
        "client: P[|SELEC 1] ; P[|SELECT 2] ; S
         want: Primary command
         link: primary
         server gets: P[|SELEC 1] ; P[|SELECT 2] ; S
         server: E[42601] ; Z[I]
         release:
         client: B[|] ; E ; S
         want: Primary unknown_statement
         link: primary
         server gets: C ; B[|] ; E ; S",
    );
}
