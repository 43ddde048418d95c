use super::*;
use crate::session::tests::scripts::transaction;

/// Links, transactions, queries, bytes, Parse of the client and to the server, Bind.
pub(super) fn counted(world: &World) -> String {
    let figures = world.side.meter.counts.read();
    let shown = [
        figures.assignments,
        figures.transactions,
        figures.queries,
        figures.received,
        figures.client_parses,
        figures.server_parses,
        figures.binds,
    ];
    shown.map(|n| n.to_string()).join(" ")
}

#[test]
fn what_is_sent_again_is_counted_once() {
    transaction(
        "client: Q[SELECT reads()]
         want: Read read
         link: replica
         counted: 1 1 1 20 0 0 0
         server: E[25006] ; Z[I]
         need: Again(Primary)
         rewind:
         want: Read read
         link: primary
         server: T ; D[1] ; C[SELECT 1] ; Z[I]
         release:
         counted: 2 1 1 20 0 0 0",
    );
}

#[test]
fn a_transaction_is_counted_at_its_first_query() {
    transaction(
        "client: Q[BEGIN] ; Q[SELECT 1]
         want: Primary read_write_transaction
         link: primary
         counted: 1 1 2 25 0 0 0
         server: C[BEGIN] ; Z[T] ; T ; D[1] ; C[SELECT 1] ; Z[T]
         client: Q[COMMIT]
         push:
         server: C[COMMIT] ; Z[I]
         counted: 1 1 3 37 0 0 0
         release:",
    );
}

#[test]
fn what_is_behind_the_end_of_a_transaction_begins_another() {
    transaction(
        "client: Q[INSERT 1] ; Q[INSERT 2]
         want: Primary command
         link: primary
         counted: 1 1 2 28 0 0 0
         server: C[INSERT 1] ; Z[I]
         counted: 1 2 2 28 0 0 0
         server: C[INSERT 1] ; Z[I]
         counted: 1 2 2 28 0 0 0
         release:",
    );
}

#[test]
fn named_statements_are_counted() {
    transaction(
        "client: P[a|SELECT 1] ; B[|a] ; E ; P[|SELECT 1] ; B[|] ; E ; S
         want: Read read
         link: primary
         server: 1 ; 2 ; D[1] ; C[SELECT 1] ; 1 ; 2 ; D[1] ; C[SELECT 1] ; Z[I]
         release:
         counted: 1 1 1 87 1 1 1
         fresh server:
         client: B[|a] ; E ; S
         want: Read read
         link: primary
         server: 1 ; 2 ; D[1] ; C[SELECT 1] ; Z[I]
         release:
         counted: 1 1 1 29 0 1 1",
    );
}
