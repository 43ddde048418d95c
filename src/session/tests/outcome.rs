use super::*;
use crate::session::tests::scripts::transaction;

// Drivers prepare an INSERT in a batch of its own: it was told to have an unknown outcome.
#[test]
fn what_is_only_prepared_or_begun_is_sent_again() {
    let check = |batch: &str, want: &str, lost: &str| {
        transaction(&format!(
            "client: {batch}
             want: {want}
             link: primary
             server gets: {batch}
             lost: {lost}"
        ));
    };
    let unknown = "Ended { unknown: true }";
    let prepare = "P[|INSERT INTO t VALUES (1)] ; D ; S";
    check(prepare, "Primary command", "Again");
    let run = "P[|INSERT INTO t VALUES (1)] ; B[|] ; E ; S";
    check(run, "Primary command", unknown);
    check("Q[BEGIN]", "Primary read_write_transaction", "Again");
    let both = "Q[BEGIN; INSERT INTO t VALUES (1)]";
    check(both, "Primary command", unknown);
    transaction(
        "client: Q[BEGIN]
         want: Primary read_write_transaction
         link: primary
         server gets: Q[BEGIN]
         server: E[57P01||FATAL]
         client gets:
         need: Again(Elsewhere)
         rewind:
         fresh server:
         want: Primary read_write_transaction
         link: primary
         server gets: Q[BEGIN]
         server: C[BEGIN] ; Z[T]
         client gets: C[BEGIN] ; Z[T]",
    );
    // What was sent behind it was not looked at.
    transaction(
        "client: Q[BEGIN] ; Q[INSERT INTO t VALUES (1)] ; Q[COMMIT]
         want: Primary read_write_transaction
         link: primary
         server gets: Q[BEGIN] ; Q[INSERT INTO t VALUES (1)] ; Q[COMMIT]
         lost: Ended { unknown: true }",
    );
}

// A transaction whose end was not sent was told to be one of unknown outcome.
#[test]
fn the_outcome_is_unknown_only_if_a_commit_may_have_come_to_pass() {
    let begun = "client: Q[BEGIN]
         want: Primary read_write_transaction
         link: primary
         server: C[BEGIN] ; Z[T]
         client: Q[INSERT INTO t VALUES (1)]
         push:
         server: C[INSERT 0 1] ; Z[T]";
    let check = |then: &str, unknown: bool| {
        transaction(&format!(
            "{begun}\n{then}\nlost: Ended {{ unknown: {unknown} }}"
        ));
    };
    check("push:", false);
    check("client: Q[INSERT INTO t VALUES (2)]\npush:", false);
    check("client: Q[COMMIT]\npush:", true);
    check("client: Q[COMMIT]\npush:\nserver: C[COMMIT]", true);
    check(
        "client: Q[COMMIT AND CHAIN]\npush:\nserver: C[COMMIT] ; Z[T]",
        false,
    );
    check("client: P[|COMMIT] ; B[|] ; E ; S\npush:", true);
    check(
        "client: P[|COMMIT] ; B[|] ; E ; S\npush:\nserver: 1 ; 2 ; C[COMMIT]",
        true,
    );
    check("client: P[|SELECT 1] ; B[|] ; E ; S\npush:", false);
    check("client: Q[PREPARE TRANSACTION 'a']\npush:", true);
    // What stands behind a rollback may be a transaction of its own.
    check(
        "client: Q[ROLLBACK] ; Q[INSERT INTO t VALUES (2)]\npush:",
        true,
    );
}

// The first answer took the mark of what was sent behind it: the client was told 08006, and wrote
// a second time.
#[test]
fn what_is_sent_behind_another_batch_keeps_its_own_outcome() {
    let check = |behind: &str, answers: &str, unknown: bool| {
        transaction(&format!(
            "client: Q[INSERT INTO t VALUES (1)] ; {behind}
             want: Primary command
             link: primary
             server gets: Q[INSERT INTO t VALUES (1)] ; {behind}
             server: {answers}
             lost: Ended {{ unknown: {unknown} }}"
        ));
    };
    let answer = "C[INSERT 0 1] ; Z[I]";
    check("Q[INSERT INTO t VALUES (2)]", answer, true);
    check("P[|INSERT INTO t VALUES (2)] ; B[|] ; E ; S", answer, true);
    check("P[|INSERT INTO t VALUES (2)] ; B[|] ; E", answer, true);
    check("Q[SELECT 1] ; Q[INSERT INTO t VALUES (2)]", answer, true);
    let both = "C[INSERT 0 1] ; Z[I] ; C[SELECT 1] ; Z[I]";
    check("Q[SELECT 1] ; Q[INSERT INTO t VALUES (2)]", both, true);
    // What reads has none.
    check("Q[SELECT 1]", answer, false);
    check("P[|SELECT 1] ; B[|] ; E", answer, false);
    let both = "C[INSERT 0 1] ; Z[I] ; C[INSERT 0 1] ; Z[I]";
    check("Q[INSERT INTO t VALUES (2)] ; Q[SELECT 1]", both, false);
}

#[test]
fn what_is_sent_behind_the_end_of_a_transaction_keeps_its_own_outcome() {
    for end in ["COMMIT", "ROLLBACK"] {
        transaction(&format!(
            "client: Q[BEGIN]
             want: Primary read_write_transaction
             link: primary
             server: C[BEGIN] ; Z[T]
             client: Q[INSERT INTO t VALUES (1)]
             push:
             server: C[INSERT 0 1] ; Z[T]
             client: Q[{end}] ; Q[INSERT INTO t VALUES (2)]
             push:
             server: C[{end}] ; Z[I]
             lost: Ended {{ unknown: true }}"
        ));
    }
}

#[test]
fn a_transaction_that_only_reads_has_no_outcome() {
    transaction(
        "client: Q[BEGIN]
         want: Primary read_write_transaction
         link: primary
         server: C[BEGIN] ; Z[T]
         client: Q[SELECT 1]
         push:
         server: T ; D[1] ; C[SELECT 1] ; Z[T]
         client: Q[COMMIT]
         push:
         lost: Ended { unknown: false }",
    );
}

#[test]
fn what_a_primary_refuses_as_a_standby_goes_to_the_next_one() {
    for batch in [
        "Q[INSERT INTO t VALUES (1)]",
        "P[|INSERT INTO t VALUES (1)] ; B[|] ; E ; S",
    ] {
        let steps = if batch.starts_with('P') {
            "1 ; 2 ; "
        } else {
            ""
        };
        transaction(&format!(
            "standby:
             client: {batch}
             want: Primary command
             link: primary
             server gets: {batch}
             server: {steps}E[25006] ; Z[I]
             client gets:
             need: Again(NewPrimary)
             rewind:
             fresh server:
             want: Primary command
             link: primary
             server gets: {batch}
             server: {steps}C[INSERT 0 1] ; Z[I]
             client gets: {steps}C[INSERT 0 1] ; Z[I]
             wrote: true
             release:"
        ));
    }
}

#[test]
fn what_a_primary_refuses_that_has_turned_read_only_is_sent_again_once() {
    transaction(
        "writable:
         client: Q[INSERT INTO t VALUES (1)]
         want: Primary command
         link: primary
         server: E[25006] ; S[default_transaction_read_only|on] ; Z[I]
         client gets:
         need: Again(IfTurned)
         rewind:
         want: Primary command
         link: primary
         server: E[25006] ; Z[I]
         client gets: E[25006] ; Z[I]
         release:",
    );
    // Its own wish, and what has begun.
    transaction(
        "writable:
         client: Q[SET default_transaction_read_only = on]
         want: Any setting
         link: primary
         server: C[SET] ; S[default_transaction_read_only|on] ; Z[I]
         client gets: C[SET] ; S[default_transaction_read_only|on] ; Z[I]
         release:
         client: Q[INSERT INTO t VALUES (1)]
         want: Primary command
         link: primary
         server: E[25006] ; Z[I]
         client gets: E[25006] ; Z[I]
         release:",
    );
    transaction(
        "writable:
         client: Q[BEGIN]
         want: Primary read_write_transaction
         link: primary
         server: C[BEGIN] ; Z[T]
         client: Q[INSERT INTO t VALUES (1)]
         push:
         server: E[25006] ; Z[E]
         client gets: C[BEGIN] ; Z[T] ; E[25006] ; Z[E]",
    );
}

#[test]
fn what_is_refused_for_another_reason_or_again_is_told() {
    // Twice, as where nobody knows which node is the primary.
    transaction(
        "standby:
         client: Q[INSERT INTO t VALUES (1)]
         want: Primary command
         link: primary
         server: E[25006] ; Z[I]
         need: Again(NewPrimary)
         rewind:
         want: Primary command
         link: primary
         server: E[25006] ; Z[I]
         client gets: E[25006] ; Z[I]
         release:",
    );
    // The primary itself says so: transactions are read only there by default.
    transaction(
        "client: Q[INSERT INTO t VALUES (1)]
         want: Primary command
         link: primary
         server: E[25006] ; Z[I]
         client gets: E[25006] ; Z[I]
         release:",
    );
    // Another error, and one within a transaction.
    transaction(
        "standby:
         client: Q[INSERT INTO t VALUES (1)]
         want: Primary command
         link: primary
         server: E[23505] ; Z[I]
         client gets: E[23505] ; Z[I]
         release:
         client: Q[BEGIN]
         want: Primary read_write_transaction
         link: primary
         server: C[BEGIN] ; Z[T]
         client gets: C[BEGIN] ; Z[T]
         client: Q[INSERT INTO t VALUES (1)]
         push:
         server: E[25006] ; Z[E]
         client gets: E[25006] ; Z[E]",
    );
    // Some of it was seen.
    transaction(
        "standby:
         client: Q[INSERT INTO t VALUES (1) RETURNING 1]
         want: Primary command
         link: primary
         server: T ; D[1] ; E[25006] ; Z[I]
         client gets: T ; D[1] ; E[25006] ; Z[I]
         release:",
    );
}

#[test]
fn a_server_that_turns_read_only_by_itself_is_asked_about() {
    let check = |lines: &[&str], is_news: bool| {
        let mut world = World::new(PoolMode::Transaction);
        lines.iter().for_each(|line| world.step(line));
        assert_eq!(world.side.has_read_only_news, is_news, "{lines:?}");
    };
    let read = ["client: Q[SELECT 1]", "want: Read read", "link: primary"];
    let on = "server: S[default_transaction_read_only|on]";
    check(&[read[0], read[1], read[2], on], true);
    let off = "server: S[default_transaction_read_only|off]";
    check(&[read[0], read[1], read[2], off], false);
    check(
        &[read[0], read[1], read[2], "server: S[TimeZone|on]"],
        false,
    );
    let set = "client: Q[SET default_transaction_read_only = on]";
    check(
        &[
            set,
            "want: Any setting",
            "link: primary",
            "server: C[SET]",
            on,
        ],
        false,
    );
}

// In a session pool the client was told the farewell and went on with another server: it took it
// for the answer to what that ran.
#[test]
fn the_farewell_of_an_idle_server_is_told_in_session_pools_alone() {
    let script = |want: &str, told: &str| {
        format!(
            "client: Q[SELECT 1]
             want: {want}
             link: primary
             server: T ; D[1] ; C[SELECT 1] ; Z[I] ; E[57P01||FATAL]
             client gets: T ; D[1] ; C[SELECT 1] ; Z[I]{told}
             lost: Unharmed"
        )
    };
    let told = " ; E[57P01]";
    run(PoolMode::Session, &script("Primary session_mode", told));
    run(PoolMode::Transaction, &script("Read read", ""));
    let mut world = World::new(PoolMode::Transaction);
    let script = script("Read read", "");
    let lines = script.lines().take(4);
    lines.for_each(|line| world.step(line.trim()));
    assert!(world.side.farewell.is_some(), "nobody else gets it");
}

// A setting that cannot be kept pins the session: to a replica, where its next write waited for
// ever.
#[test]
fn what_keeps_a_session_on_its_server_goes_to_the_primary() {
    let long = "x".repeat(9_000);
    for sql in [
        format!("SET a.b = '{long}'"),
        format!("SELECT set_config('a.b', '{long}', false)"),
    ] {
        transaction(&format!(
            "client: Q[{sql}]
             want: Primary setting
             link: primary
             server: C[SET] ; Z[I]
             need: None
             pins: a setting that cannot be followed"
        ));
        transaction(&format!(
            "client: Q[/* pgsluice: replica */ {sql}]
             want: Replica hint
             link: replica
             server: C[SET] ; Z[I]
             server gets: Q[/* pgsluice: replica */ {sql}]
             need: None
             client: Q[INSERT INTO t VALUES (1)]
             push:
             server gets: Q[INSERT INTO t VALUES (1)]
             server: E[25006] ; Z[I]
             client gets: C[SET] ; Z[I] ; E[25006] ; Z[I]"
        ));
    }
}

// It counted as tried when it was sent to a replica, which died before it ran it.
#[test]
fn a_read_that_a_replica_has_not_finished_was_not_tried() {
    transaction(
        "client: P[a|SELECT reads()] ; S
         want: Read read
         link: replica
         server: 1 ; Z[I]
         release:
         client: B[|a] ; E ; S
         want: Read read
         link: replica
         server: 2
         lost: Again
         want: Read read
         link: primary
         server: 2
         lost: Ended { unknown: true }",
    );
}
