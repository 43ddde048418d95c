//! What random scripts found: batches that hang together in ways no driver means, and that
//! PostgreSQL has an answer to.

use super::PoolMode;
use super::run;

fn transaction(script: &str) {
    run(PoolMode::Transaction, script);
}

#[test]
fn a_query_within_a_batch_that_failed_is_skipped() {
    // Its ReadyForQuery was waited for, so that the session never went on.
    transaction(
        "client: E ; Q[SELECT 1] ; S ; Q[SELECT 2]
         want: Read read
         link: primary
         server gets: E ; Q[SELECT 1] ; S
         server: E[34000]
         server gets: Q[SELECT 2]
         server: Z[I] ; C[SELECT 1] ; Z[I]
         client gets: E[34000] ; Z[I] ; C[SELECT 1] ; Z[I]
         release:",
    );
    // The Sync comes later: the bytes of the batch are counted to it.
    transaction(
        "client: E ; Q[SELECT 1]
         want: Read read
         link: primary
         server: E[34000]
         client: Q[SELECT 2] ; S
         push:
         server gets: E ; Q[SELECT 1] ; S
         server: Z[I]
         client gets: E[34000] ; Z[I]
         release:
         client: Q[SELECT 3]
         want: Read read",
    );
}

#[test]
fn a_sync_is_ignored_up_to_the_end_of_the_data() {
    // That behind the CopyFail was taken for one of those.
    transaction(
        "client: P[|COPY t FROM STDIN] ; B[|] ; E ; S ; f[no] ; S
         want: Primary copy
         link: primary
         server gets: P[|COPY t FROM STDIN] ; B[|] ; E ; S ; f[no] ; S
         server: 1 ; 2 ; G ; E[57014]
         need: None
         server: Z[I]
         client gets: 1 ; 2 ; G ; E[57014] ; Z[I]
         release:",
    );
    transaction(
        "client: P[|COPY t FROM STDIN] ; B[|] ; E ; S ; d[1] ; S ; d[2] ; c ; S
         want: Primary copy
         link: primary
         server: 1 ; 2 ; G ; C[COPY 2]
         need: None
         server: Z[I]
         client gets: 1 ; 2 ; G ; C[COPY 2] ; Z[I]
         release:",
    );
}

#[test]
fn a_sync_behind_data_that_fails_is_answered() {
    // One said while data was copied in was not waited for at all.
    transaction(
        "client: P[|COPY t FROM STDIN] ; B[|] ; E ; H
         want: Primary flush
         link: primary
         server: 1 ; 2 ; G
         client: d[bad] ; S ; d[1] ; c ; S
         server: N ; E[22P04] ; Z[I]
         need: None
         server: Z[I]
         client gets: 1 ; 2 ; G ; N ; E[22P04] ; Z[I] ; Z[I]
         release:",
    );
}

#[test]
fn a_parse_that_is_skipped_leaves_the_unnamed_statement() {
    transaction(
        "client: P[|SELECT 1] ; S
         want: Read read
         link: replica
         server: 1 ; Z[I]
         release:
         client: E ; P[|SELECT 2] ; S
         want: Read read
         link: replica
         server: E[34000] ; Z[I]
         release:
         server gets: P[|SELECT 1] ; S ; E ; P[|SELECT 2] ; S
         client: B[|] ; E ; S
         want: Read read
         link: replica
         server gets: P[|SELECT 1] ; B[|] ; E ; S",
    );
}

#[test]
fn a_failed_transaction_parses_nothing_that_the_server_has() {
    // ParseComplete was said in the server's place.
    transaction(
        "client: P[a|SELECT 1] ; S
         want: Read read
         link: primary
         server: 1 ; Z[I]
         release:
         server gets: P[pgsluice_0|SELECT 1] ; S
         client: Q[BEGIN]
         want: Primary read_write_transaction
         link: primary
         server: C[BEGIN] ; Z[T]
         client: Q[nonsense]
         server: N ; E[42601] ; Z[E]
         client: P[b|SELECT 1] ; S
         server: N
         server gets: Q[BEGIN] ; Q[nonsense] ; C[pgsluice_0] ; P[pgsluice_0|SELECT 1] ; S
         server: 3 ; E[25P02] ; Z[E]
         client gets: 1 ; Z[I] ; C[BEGIN] ; Z[T] ; N ; E[42601] ; Z[E] ; N ; E[25P02] ; Z[E]",
    );
}

#[test]
fn a_server_that_was_given_a_role_does_not_go_back_unused() {
    // Two clients of different roles gave one server to each other for ever.
    transaction(
        "client: Q[SET ROLE a]
         want: Any setting
         link: primary
         server: C[SET] ; Z[I]
         release:
         fresh server:
         server gets: Q[SET ROLE a]
         client: Q[SELECT 1]
         want: Read read
         link: replica
         server gets: Q[SET \"role\" TO a;]
         server: C[SET]
         server, read only: Z[I]
         need: None
         push:
         server gets: Q[SELECT 1]",
    );
}

#[test]
fn what_follows_a_setting_waits_to_be_looked_at() {
    // It went by the settings from before, to the replica.
    transaction(
        "client: Q[SET pgsluice.route = 'primary'] ; Q[SELECT 1]
         want: Any setting
         link: replica
         server gets: Q[SET pgsluice.route = 'primary']
         server: C[SET] ; Z[I]
         release:
         want: Primary route_setting",
    );
}

#[test]
fn a_standby_is_spared_what_is_serializable() {
    transaction(
        "client: Q[SET TRANSACTION ISOLATION LEVEL SERIALIZABLE]
         want: Primary serializable",
    );
    transaction(
        "client: Q[SET default_transaction_isolation = serializable]
         want: Any setting
         link: replica
         server: C[SET] ; Z[I]
         release:
         client: Q[DEALLOCATE ALL]
         want: Primary serializable",
    );
}

#[test]
fn a_failed_transaction_refuses_by_itself() {
    transaction(
        "client: Q[BEGIN READ ONLY]
         want: Read read_only_transaction
         link: replica
         server: C[BEGIN] ; Z[T]
         client: Q[nonsense]
         server: N ; E[42601] ; Z[E]
         client: Q[PREPARE a AS SELECT 1]
         server: N
         server gets: Q[BEGIN READ ONLY] ; Q[nonsense] ; Q[PREPARE a AS SELECT 1]",
    );
}

#[test]
fn a_query_behind_late_data_is_not_kept_with_it() {
    // Bytes in front of it were counted as its own, and the stream was read from its middle.
    transaction(
        "client: Q[BEGIN]
         want: Primary read_write_transaction
         link: primary
         server: C[BEGIN] ; Z[T]
         client: Q[COMMIT] ; Q[SELECT 1]
         server: N ; C[COMMIT]
         client: d[late] ; Q[SELECT 2]
         server: Z[I] ; D ; C[SELECT 1] ; Z[I] ; D ; C[SELECT 1] ; Z[I]
         release:
         client: Q[SELECT 3]
         want: Read read",
    );
}

#[test]
fn what_a_server_reports_is_laid_again_after_a_reset() {
    // The session went on in the server's own time zone.
    transaction(
        "client: Q[SET application_name = 'x']
         want: Any setting
         link: primary
         server: S[application_name|x] ; C[SET] ; Z[I]
         release:
         client: Q[SET work_mem = '1MB'; SELECT 1/0]
         want: Read read
         link: primary
         server: C[SET] ; E[22012] ; Z[I]
         release:
         server gets: Q[SET application_name = 'x'] ; Q[SET work_mem = '1MB'; SELECT 1/0]
         client: Q[SELECT 1]
         want: Read read
         link: primary
         server gets: Q[RESET SESSION AUTHORIZATION;RESET ROLE;RESET ALL;SET \"application_name\" TO 'x';] ; Q[SELECT 1]",
    );
}

#[test]
fn deallocate_all_counts_if_what_follows_it_fails() {
    transaction(
        "client: P[a|SELECT 1] ; S
         want: Read read
         link: primary
         server: 1 ; Z[I]
         release:
         client: Q[DEALLOCATE ALL; SELECT 1/0]
         want: Read read
         link: primary
         server: C[DEALLOCATE ALL] ; E[22012] ; Z[I]
         release:
         server gets: P[pgsluice_0|SELECT 1] ; S ; Q[DEALLOCATE ALL; SELECT 1/0]
         client: P[b|SELECT 1] ; S
         want: Read read
         link: primary
         server gets: Q[RESET SESSION AUTHORIZATION;RESET ROLE;RESET ALL;] ; P[pgsluice_1|SELECT 1] ; S",
    );
}

#[test]
fn what_follows_deallocate_all_waits_for_it() {
    // A statement was taken for prepared that had gone.
    transaction(
        "client: P[a|SELECT 1] ; S
         want: Read read
         link: primary
         server: 1 ; Z[I]
         release:
         server gets: P[pgsluice_0|SELECT 1] ; S
         client: Q[DEALLOCATE ALL] ; P[a|SELECT 1] ; S
         want: Any setting
         link: primary
         server gets: Q[DEALLOCATE ALL]
         server: C[DEALLOCATE ALL] ; Z[I]
         release:
         want: Read read
         link: primary
         server gets: P[pgsluice_1|SELECT 1] ; S",
    );
}

#[test]
fn a_write_that_waits_for_the_primary_is_not_sent_to_the_replica() {
    // While rows were still on their way to the client, it was: looked at, and no reply owed.
    transaction(
        "client: Q[SELECT 1] ; Q[INSERT INTO t VALUES (1)]
         want: Read read
         link: replica
         server gets: Q[SELECT 1]
         server: D ; C[SELECT 1]
         server, read only: Z[I]
         push:
         server gets:",
    );
}

#[test]
fn a_read_does_not_follow_one_that_asked_for_less() {
    // It went to the same replica, and missed what its session had written.
    for hint in ["eventual", "max_staleness=0", "strong"] {
        transaction(&format!(
            "client: Q[/* pgsluice: {hint} */ SELECT 1] ; Q[SELECT 2]
             want: Read read
             link: replica
             server gets: Q[/* pgsluice: {hint} */ SELECT 1]
             server: D[1] ; C[SELECT 1] ; Z[I]
             release:
             want: Read read
             link: replica
             server gets: Q[SELECT 2]"
        ));
    }
}
