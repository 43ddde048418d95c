use super::*;
use crate::session::tests::scripts::transaction;

/// Drops what is to be skipped, as the client's task does.
pub(super) fn skip(world: &mut World) {
    let env = Env {
        classify: &Plain,
        texts: &world.texts,
        budget: &Always,
        now: world.now,
    };
    // What is found is not looked at again.
    while world.unread.first() != Some(&c::SYNC)
        && let Ok(Scanned::Drop(size)) = world.session.scan(&world.unread, &env)
    {
        world.unread.advance(size);
    }
}

#[test]
fn what_is_prepared_up_to_a_flush_leaves_the_server_free() {
    transaction(
        "client: P[a|SELECT 1] ; D[a] ; H
         want: Read read
         link: replica
         server gets: P[pgsluice_0|SELECT 1] ; D[pgsluice_0] ; S
         server: 1 ; t
         client gets:
         held: 1 ; t
         server: T
         client gets: 1 ; t ; T
         need: None
         server: Z[I]
         client gets:
         release:
         client: B[|a] ; E ; S
         want: Read read
         link: replica
         server gets: B[|pgsluice_0] ; E ; S
         server: 2 ; D[1] ; C[SELECT 1] ; Z[I]
         client gets: 2 ; D[1] ; C[SELECT 1] ; Z[I]
         release:",
    );
}

#[test]
fn the_batch_behind_goes_where_it_wants() {
    transaction(
        "client: P[|SELECT 1] ; D[] ; H
         want: Read read
         link: replica
         server: 1 ; t ; T ; Z[I]
         client gets: 1 ; t ; T
         release:
         server gets: P[|SELECT 1] ; D ; S
         fresh server:
         client: P[b|INSERT INTO t VALUES (1)] ; B[|b] ; E ; B[|] ; E ; S
         want: Primary command
         link: primary
         server gets: P[pgsluice_0|INSERT INTO t VALUES (1)] ; B[|pgsluice_0] ; E ; P[|SELECT 1] ; B[|] ; E ; S",
    );
}

#[test]
fn a_statement_that_is_there_is_answered_with_what_follows() {
    for (batch, sent, server, heard) in [
        ("P[b|SELECT 1] ; H", "S", "Z[I]", "1"),
        (
            "P[b|SELECT 1] ; D[b] ; H",
            "D[pgsluice_0] ; S",
            "t ; T ; Z[I]",
            "1 ; t ; T",
        ),
        (
            "D[a] ; P[b|SELECT 1] ; H",
            "D[pgsluice_0] ; S",
            "t ; n ; Z[I]",
            "t ; n ; 1",
        ),
    ] {
        transaction(&format!(
            "client: P[a|SELECT 1] ; S
             want: Read read
             link: replica
             server: 1 ; Z[I]
             client gets: 1 ; Z[I]
             release:
             server gets: P[pgsluice_0|SELECT 1] ; S
             client: {batch}
             want: Read read
             link: replica
             server gets: {sent}
             server: {server}
             client gets: {heard}
             release:"
        ));
    }
}

#[test]
fn what_follows_a_statement_that_fails_ahead_is_skipped_to_sync() {
    transaction(
        "client: P[a|SELECT nonsense] ; D[a] ; H ; B[|a] ; E
         want: Read read
         link: replica
         server gets: P[pgsluice_0|SELECT nonsense] ; D[pgsluice_0] ; S
         server: E[42703]
         client gets: E[42703]
         need: None
         server, read only: Z[I]
         push:
         client gets:
         server gets:
         release:
         client: Q[INSERT INTO t VALUES (1)] ; H ; P[a|SELECT 1] ; d[x] ; S ; Q[SELECT 2]
         skips:
         want: Alone
         alone: Z[I]
         want: Read read
         link: replica
         server gets: Q[SELECT 2]
         server: D ; C[SELECT 1] ; Z[I]
         release:
         client: B[|a] ; E ; S
         want: Primary unknown_statement",
    );
    transaction(
        "client: P[a|SELECT nonsense] ; H
         want: Read read
         link: replica
         server: E[42703] ; Z[I]
         release:
         client: E ; X
         skips:
         want: Terminate",
    );
}

#[test]
fn a_statement_prepared_ahead_is_run_elsewhere_if_its_server_dies() {
    transaction(
        "client: P[a|SELECT 1] ; D[a] ; H
         want: Read read
         link: replica
         server: 1 ; t
         lost: Again
         client gets:
         fresh server:
         want: Read read
         link: replica
         server gets: P[pgsluice_0|SELECT 1] ; D[pgsluice_0] ; S ; P[pgsluice_1|SELECT 1] ; D[pgsluice_1] ; S
         server: 1 ; t ; T ; Z[I]
         client gets: 1 ; t ; T
         release:",
    );
}

#[test]
fn what_a_replica_cannot_prepare_is_prepared_on_the_primary_for_good() {
    transaction(
        "client: P[a|SELECT reads()] ; D[a] ; H
         want: Read read
         link: replica
         server: 1 ; t ; E[0A000] ; Z[I]
         client gets:
         need: Again(Primary)
         rewind:
         fresh server:
         server gets: P[pgsluice_0|SELECT reads()] ; D[pgsluice_0] ; S
         link: primary
         server gets: P[pgsluice_1|SELECT reads()] ; D[pgsluice_1] ; H
         server: 1 ; t ; T
         client gets: 1 ; t ; T
         client: B[|a] ; E ; S
         push:
         server gets: B[|pgsluice_1] ; E ; S
         server: 2 ; D[1] ; C[SELECT 1] ; Z[I]
         client gets: 2 ; D[1] ; C[SELECT 1] ; Z[I]
         healed: 0A000 SELECT reads()
         release:",
    );
}

#[test]
fn behind_other_batches_it_waits_to_be_alone() {
    transaction(
        "client: Q[SELECT 1] ; P[a|SELECT 2] ; H
         want: Read read
         link: replica
         server gets: Q[SELECT 1]
         server: D ; C[SELECT 1] ; Z[I]
         release:
         want: Read read
         link: replica
         server gets: P[pgsluice_0|SELECT 2] ; S",
    );
}

#[test]
fn other_flushes_keep_the_server() {
    for (batch, reason) in [
        ("P[a|INSERT INTO t VALUES (1)] ; D[a] ; H", "flush"),
        ("P[|SELECT 1] ; B[|] ; H", "flush"),
        ("P[|BEGIN READ ONLY] ; H", "flush"),
        ("H", "flush"),
        ("C[a] ; P[a|SELECT 1] ; H", "flush"),
        ("D[a] ; H", "unknown_statement"),
    ] {
        transaction(&format!(
            "client: {batch}
             want: Primary {reason}"
        ));
    }
    transaction(
        "late:
         client: Q[BEGIN]
         want: Alone
         alone: C[BEGIN] ; Z[T]
         client: P[a|SELECT 1] ; D[a] ; H
         want: Primary read_write_transaction",
    );
}
