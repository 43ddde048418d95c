use std::sync::Arc;

use super::Rules;
use super::World;
use super::scripts::transaction;

/// Changes the rules of a session.
pub(super) fn rules(world: &mut World, change: impl FnOnce(&mut Rules)) {
    let mut rules = (*world.session.rules).clone();
    change(&mut rules);
    world.session.set_rules(Arc::new(rules));
}

#[test]
fn a_transaction_that_only_reads_stays_on_a_replica() {
    transaction(
        "late:
         client: Q[BEGIN]
         want: Alone
         alone: C[BEGIN] ; Z[T]
         client: Q[SELECT 1]
         want: Read late_binding
         link: replica
         server gets: Q[BEGIN READ ONLY] ; Q[SELECT 1]
         server: C[BEGIN] ; Z[T]
         client gets:
         server: T ; D[1] ; C[SELECT 1] ; Z[T]
         client gets: T ; D[1] ; C[SELECT 1] ; Z[T]
         need: None
         client: P[|SELECT 2] ; B[|] ; E ; S
         push:
         server gets: P[|SELECT 2] ; B[|] ; E ; S
         server: 1 ; 2 ; D[2] ; C[SELECT 1] ; Z[T]
         client gets: 1 ; 2 ; D[2] ; C[SELECT 1] ; Z[T]
         client: Q[COMMIT]
         push:
         server gets: Q[COMMIT]
         server: C[COMMIT] ; Z[I]
         client gets: C[COMMIT] ; Z[I]
         wrote: false
         release:
         client: Q[INSERT INTO t VALUES (1)]
         want: Primary command",
    );
}

#[test]
fn the_first_write_takes_it_to_the_primary_with_its_options() {
    transaction(
        "late:
         client: Q[BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE]
         want: Alone
         alone: C[BEGIN] ; Z[T]
         client: Q[SELECT 1]
         want: Read late_binding
         link: replica
         server gets: Q[BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY] ; Q[SELECT 1]
         server: C[BEGIN] ; Z[T] ; T ; D[1] ; C[SELECT 1] ; Z[T]
         client gets: T ; D[1] ; C[SELECT 1] ; Z[T]
         client: Q[INSERT INTO t VALUES (1)]
         push:
         server gets:
         need: Leave
         leave:
         server gets: Q[ROLLBACK]
         server: C[ROLLBACK] ; Z[I]
         client gets:
         release:
         want: Primary read_write_transaction
         link: primary
         server gets: Q[BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE] ; Q[INSERT INTO t VALUES (1)]
         server: C[BEGIN] ; Z[T] ; C[INSERT 0 1] ; Z[T]
         client gets: C[INSERT 0 1] ; Z[T]
         client: Q[SELECT 1]
         push:
         server gets: Q[SELECT 1]
         server: T ; D[1] ; C[SELECT 1] ; Z[T]
         client: Q[COMMIT]
         push:
         server: C[COMMIT] ; Z[I]
         client gets: T ; D[1] ; C[SELECT 1] ; Z[T] ; C[COMMIT] ; Z[I]
         wrote: true
         release:",
    );
}

#[test]
fn begin_is_answered_in_its_own_words() {
    transaction(
        "late:
         client: Q[/* a */ start transaction]
         want: Alone
         alone: C[START TRANSACTION] ; Z[T]",
    );
}

#[test]
fn what_is_no_plain_read_binds_at_once() {
    for statement in [
        "INSERT INTO t VALUES (1)",
        "SELECT * FROM t FOR UPDATE",
        "DECLARE c CURSOR FOR SELECT 1",
        "SET LOCAL work_mem = '1MB'",
        "SELECT set_config('app.tenant', '42', true)",
        "SELECT 1, pg_catalog.set_config('app.tenant', $1, true) FROM t",
        "SET work_mem = '1MB'",
        "SAVEPOINT a",
        "LOCK t",
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "SELECT pg_advisory_xact_lock(1)",
        "COMMIT AND CHAIN",
        "/* pgsluice: primary */ SELECT 1",
    ] {
        transaction(&format!(
            "late:
             client: Q[BEGIN]
             want: Alone
             alone: C[BEGIN] ; Z[T]
             client: Q[{statement}]
             want: Primary read_write_transaction
             link: primary
             server gets: Q[BEGIN] ; Q[{statement}]"
        ));
    }
}

#[test]
fn what_may_be_asked_for_more_later_binds_at_once() {
    for batch in [
        "P[|SELECT 1] ; B[|] ; E[|5] ; S",
        "P[|SELECT 1] ; B[c|] ; E[c] ; S",
        "P[|SELECT 1] ; B[|] ; E ; H",
    ] {
        transaction(&format!(
            "late:
             client: Q[BEGIN]
             want: Alone
             alone: C[BEGIN] ; Z[T]
             client: {batch}
             want: Primary read_write_transaction"
        ));
    }
}

#[test]
fn an_empty_transaction_needs_no_server() {
    for (end, tag) in [
        ("COMMIT", "COMMIT"),
        ("ROLLBACK", "ROLLBACK"),
        ("END", "COMMIT"),
    ] {
        transaction(&format!(
            "late:
             client: Q[BEGIN] ; Q[{end}]
             want: Alone
             alone: C[BEGIN] ; Z[T]
             want: Alone
             alone: C[{tag}] ; Z[I]
             client: Q[SELECT 1]
             want: Read read"
        ));
    }
}

#[test]
fn other_transactions_do_not_bind_late() {
    for (begin, reason) in [
        (
            "BEGIN ISOLATION LEVEL REPEATABLE READ",
            "Primary read_write_transaction",
        ),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE", "Primary serializable"),
        ("BEGIN READ ONLY", "Read read_only_transaction"),
        ("/* pgsluice: primary */ BEGIN", "Primary hint"),
        ("BEGIN; SELECT 1", "Primary transaction"),
    ] {
        transaction(&format!(
            "late:
             client: Q[{begin}]
             want: {reason}"
        ));
    }
    transaction(
        "client: Q[BEGIN]
         want: Primary read_write_transaction",
    );
}

#[test]
fn begin_in_a_batch_goes_to_a_replica_with_the_reads() {
    transaction(
        "late:
         client: P[|BEGIN] ; B[|] ; E ; P[|SELECT 1] ; B[|] ; E ; S
         want: Read late_binding
         link: replica
         server gets: P[|BEGIN] ; B[|] ; E ; P[|SELECT 1] ; B[|] ; E ; S
         server: 1 ; 2 ; C[BEGIN] ; 1 ; 2 ; D[1] ; C[SELECT 1] ; Z[T]
         client gets: 1 ; 2 ; C[BEGIN] ; 1 ; 2 ; D[1] ; C[SELECT 1] ; Z[T]
         client: P[|UPDATE t SET a = 1] ; B[|] ; E ; S
         push:
         need: Leave
         leave:
         server gets: Q[ROLLBACK]
         server: C[ROLLBACK] ; Z[I]
         release:
         want: Primary read_write_transaction
         link: primary
         server gets: Q[BEGIN] ; P[|UPDATE t SET a = 1] ; B[|] ; E ; S
         server: C[BEGIN] ; Z[T] ; 1 ; 2 ; C[UPDATE 1] ; Z[T]
         client gets: 1 ; 2 ; C[UPDATE 1] ; Z[T]
         need: None",
    );
    transaction(
        "late:
         client: P[|BEGIN] ; B[|] ; E ; P[|INSERT INTO t VALUES (1)] ; B[|] ; E ; S
         want: Primary command",
    );
}

#[test]
fn a_refusal_within_it_is_healed_on_the_primary() {
    transaction(
        "late:
         client: Q[BEGIN]
         want: Alone
         alone: C[BEGIN] ; Z[T]
         client: Q[SELECT 1]
         want: Read late_binding
         link: replica
         server: C[BEGIN] ; Z[T] ; T ; D[1] ; C[SELECT 1] ; Z[T]
         client gets: T ; D[1] ; C[SELECT 1] ; Z[T]
         server gets: Q[BEGIN READ ONLY] ; Q[SELECT 1]
         client: Q[SELECT reads()]
         push:
         server gets: Q[SELECT reads()]
         server: E[25006] ; Z[E]
         client gets:
         need: Again(Primary)
         rewind:
         fresh server:
         want: Read late_binding
         link: primary
         server gets: Q[BEGIN] ; Q[SELECT reads()]
         server: C[BEGIN] ; Z[T] ; T ; D[1] ; C[SELECT 1] ; Z[T]
         client gets: T ; D[1] ; C[SELECT 1] ; Z[T]
         healed: 25006 SELECT reads()
         wrote: true
         need: None
         client: Q[COMMIT]
         push:
         server gets: Q[COMMIT]
         server: C[COMMIT] ; Z[I]
         client gets: C[COMMIT] ; Z[I]
         release:",
    );
}

#[test]
fn an_error_of_a_read_fails_the_transaction_where_it_is() {
    transaction(
        "late:
         client: Q[BEGIN]
         want: Alone
         alone: C[BEGIN] ; Z[T]
         client: Q[SELECT 1/0]
         want: Read late_binding
         link: replica
         server: C[BEGIN] ; Z[T] ; E[22012] ; Z[E]
         client gets: E[22012] ; Z[E]
         server gets: Q[BEGIN READ ONLY] ; Q[SELECT 1/0]
         client: Q[INSERT INTO t VALUES (1)]
         push:
         need: None
         server gets: Q[INSERT INTO t VALUES (1)]
         server: E[25P02] ; Z[E]
         client gets: E[25P02] ; Z[E]
         client: Q[ROLLBACK]
         push:
         server gets: Q[ROLLBACK]
         server: C[ROLLBACK] ; Z[I]
         client gets: C[ROLLBACK] ; Z[I]
         release:",
    );
}

#[test]
fn a_replica_lost_between_two_reads_is_not_missed() {
    transaction(
        "late:
         client: Q[BEGIN]
         want: Alone
         alone: C[BEGIN] ; Z[T]
         client: Q[SELECT 1]
         want: Read late_binding
         link: replica
         server gets: Q[BEGIN READ ONLY] ; Q[SELECT 1]
         server: C[BEGIN] ; Z[T] ; T ; D[1] ; C[SELECT 1] ; Z[T]
         client gets: T ; D[1] ; C[SELECT 1] ; Z[T]
         server: E[40001||FATAL]
         client gets:
         lost: Unharmed
         fresh server:
         client: Q[SELECT 2]
         want: Read late_binding
         link: replica
         server gets: Q[BEGIN READ ONLY] ; Q[SELECT 2]
         server: C[BEGIN] ; Z[T]
         lost: Again
         fresh server:
         want: Read late_binding
         link: primary
         server gets: Q[BEGIN] ; Q[SELECT 2]
         server: C[BEGIN] ; Z[T] ; T ; D[2] ; C[SELECT 1] ; Z[T]
         client gets: T ; D[2] ; C[SELECT 1] ; Z[T]
         lost: Ended { unknown: false }",
    );
}

#[test]
fn a_read_that_asks_for_more_than_those_before_it_binds() {
    let begun = "late:
         client: Q[BEGIN]
         want: Alone
         alone: C[BEGIN] ; Z[T]
         client: Q[SELECT 1]
         want: Read late_binding
         link: replica
         server gets: Q[BEGIN READ ONLY] ; Q[SELECT 1]
         server: C[BEGIN] ; Z[T] ; T ; D[1] ; C[SELECT 1] ; Z[T]";
    for hint in ["database", "strong", "max_staleness=1s"] {
        transaction(&format!(
            "{begun}
             client: Q[/* pgsluice: {hint} */ SELECT 2]
             push:
             server gets:
             need: Leave
             leave:
             server gets: Q[ROLLBACK]
             server: C[ROLLBACK] ; Z[I]
             release:
             want: Primary read_write_transaction"
        ));
    }
    for hint in ["eventual", "session"] {
        transaction(&format!(
            "{begun}
             client: Q[/* pgsluice: {hint} */ SELECT 2]
             push:
             server gets: Q[/* pgsluice: {hint} */ SELECT 2]"
        ));
    }
}

#[test]
fn one_that_has_failed_does_not_begin_anew_when_its_replica_is_lost() {
    // It went on as if nothing had been done in it, and COMMIT committed the rest.
    let failed = "late:
         client: Q[BEGIN]
         want: Alone
         alone: C[BEGIN] ; Z[T]
         client: Q[SELECT 1/0]
         want: Read late_binding
         link: replica
         server: C[BEGIN] ; Z[T] ; E[22012] ; Z[E]";
    for next in [
        "",
        "client: Q[INSERT INTO t VALUES (1)]\npush:",
        "client: Q[SELECT 1]\npush:",
        "client: Q[COMMIT]\npush:",
    ] {
        transaction(&format!(
            "{failed}\n{next}\nlost: Ended {{ unknown: false }}"
        ));
    }
}
