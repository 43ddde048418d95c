use super::*;
use crate::session::tests::scripts::transaction;

/// What was learned: the replica's words, and the texts.
pub(super) fn learned(world: &mut World) -> String {
    let env = Env {
        classify: &Plain,
        texts: &world.texts,
        budget: &Always,
        now: world.now,
    };
    world.session.learn_late(&world.unread, &env);
    let Some(healing) = world.session.take_healed() else {
        return "nothing".to_owned();
    };
    let texts = healing.statements.iter();
    let texts: Vec<_> = texts
        .map(|(_, text)| String::from_utf8_lossy(text))
        .collect();
    format!("{} {}", healing.sqlstate, texts.join(" ; "))
}

#[test]
fn what_a_replica_refuses_runs_on_the_primary() {
    transaction(
        "client: Q[SELECT reads()]
         want: Read read
         link: replica
         server: E[25006] ; Z[I]
         client gets:
         need: Again(Primary)
         rewind:
         want: Read read
         link: primary
         server: T ; D[1] ; C[SELECT 1] ; Z[I]
         client gets: T ; D[1] ; C[SELECT 1] ; Z[I]
         healed: 25006 SELECT reads()
         wrote: true
         release:",
    );
}

#[test]
fn what_a_replica_cannot_do_in_recovery_is_healed_with_what_it_needs() {
    transaction(
        "client: P[a|SELECT reads()] ; S
         want: Read read
         link: replica
         server: 1 ; Z[I]
         client gets: 1 ; Z[I]
         release:
         client: B[|a] ; E ; S
         want: Read read
         link: replica
         server gets: P[pgsluice_0|SELECT reads()] ; S ; B[|pgsluice_0] ; E ; S
         server: E[0A000] ; Z[I]
         client gets:
         need: Again(Primary)
         rewind:
         fresh server:
         want: Read read
         link: primary
         server gets: P[pgsluice_0|SELECT reads()] ; B[|pgsluice_0] ; E ; S
         server: 1 ; 2 ; D[1] ; C[SELECT 1] ; Z[I]
         client gets: 2 ; D[1] ; C[SELECT 1] ; Z[I]
         healed: 0A000 SELECT reads()
         wrote: true
         release:",
    );
}

#[test]
fn what_the_primary_refuses_too_teaches_nothing() {
    transaction(
        "client: Q[SELECT reads()]
         want: Read read
         link: replica
         server: E[55000] ; Z[I]
         need: Again(Primary)
         rewind:
         want: Read read
         link: primary
         server: E[55000] ; Z[I]
         client gets: E[55000] ; Z[I]
         healed: nothing
         release:",
    );
}

#[test]
fn a_conflict_with_recovery_runs_elsewhere() {
    for code in ["40001", "40P01", "57P01"] {
        transaction(&format!(
            "client: Q[SELECT reads()]
             want: Read read
             link: replica
             server: T ; E[{code}] ; Z[I]
             client gets:
             need: Again(Elsewhere)
             rewind:
             want: Read read
             link: replica
             server: T ; D[1] ; E[{code}] ; Z[I]
             client gets: T ; D[1] ; E[{code}] ; Z[I]
             healed: nothing
             wrote: false
             release:"
        ));
    }
}

// The start of a COPY was passed on, and then the client had the refusal.
#[test]
fn a_copy_that_a_replica_refuses_is_healed_until_its_data_begins() {
    transaction(
        "client: Q[COPY (SELECT reads()) TO STDOUT]
         want: Read read
         link: replica
         server: H ; E[25006] ; Z[I]
         client gets:
         need: Again(Primary)
         rewind:
         want: Read read
         link: primary
         server: H ; d[1] ; c ; C[COPY 1] ; Z[I]
         client gets: H ; d[1] ; c ; C[COPY 1] ; Z[I]
         release:",
    );
}

// The refusal of one batch of a pipeline was told, because others stood behind it.
#[test]
fn a_refusal_within_a_pipeline_is_healed_with_what_stands_behind() {
    transaction(
        "client: Q[SELECT 1] ; Q[SELECT reads()] ; Q[SELECT 3]
         want: Read read
         link: replica
         server gets: Q[SELECT 1] ; Q[SELECT reads()] ; Q[SELECT 3]
         server: T ; D[1] ; C[SELECT 1] ; Z[I]
         client gets: T ; D[1] ; C[SELECT 1] ; Z[I]
         server: T ; E[25006]
         need: Again(Primary)
         server: Z[I] ; T ; D[3] ; C[SELECT 1] ; Z[I]
         client gets:
         need: Again(Primary)
         rewind:
         fresh server:
         want: Read read
         link: primary
         server gets: Q[SELECT reads()] ; Q[SELECT 3]
         server: T ; D[2] ; C[SELECT 1] ; Z[I] ; T ; D[3] ; C[SELECT 1] ; Z[I]
         client gets: T ; D[2] ; C[SELECT 1] ; Z[I] ; T ; D[3] ; C[SELECT 1] ; Z[I]
         healed: 25006 SELECT reads()
         wrote: true
         release:",
    );
}

// All statements of a batch were learned as writes, whichever was refused.
#[test]
fn what_comes_before_the_last_result_is_held_back_and_one_is_at_fault() {
    transaction(
        "client: P[|SELECT 1] ; B[|] ; E ; P[|SELECT reads()] ; B[|] ; E ; P[|SELECT 3] ; B[|] ; E ; S
         want: Read read
         link: replica
         server: 1 ; 2 ; D[1] ; C[SELECT 1] ; 1 ; 2
         client gets:
         server: E[25006] ; Z[I]
         client gets:
         need: Again(Primary)
         rewind:
         fresh server:
         want: Read read
         link: primary
         server: 1 ; 2 ; D[1] ; C[SELECT 1] ; 1 ; 2 ; D[2] ; C[SELECT 1] ; 1 ; 2 ; D[3]
         server: C[SELECT 1] ; Z[I]
         healed: 25006 SELECT reads()
         release:",
    );
    transaction(
        "client: Q[SELECT 1; SELECT 2]
         want: Read read
         link: replica
         server: T ; D[1] ; C[SELECT 1]
         client gets:
         server: T
         client gets:
         server: D[2]
         client gets: T ; D[1] ; C[SELECT 1] ; T ; D[2]",
    );
}

#[test]
fn a_refusal_behind_rows_is_told_and_learned() {
    transaction(
        "client: Q[SELECT 1] ; Q[SELECT reads()]
         want: Read read
         link: replica
         server: T ; D[1] ; C[SELECT 1] ; Z[I] ; T ; D[1] ; E[25006] ; Z[I]
         client gets: T ; D[1] ; C[SELECT 1] ; Z[I] ; T ; D[1] ; E[25006] ; Z[I]
         healed: 25006 SELECT reads()
         wrote: false
         release:
         client: P[a|SELECT reads()] ; S
         want: Read read
         link: replica
         server: 1 ; Z[I]
         release:
         client: B[|a] ; E ; S
         want: Read read
         link: replica
         server: 2 ; D[1] ; E[25006] ; Z[I]
         healed: 25006 SELECT reads()
         release:
         client: B[|a] ; E ; S
         want: Read read
         link: replica
         server: 2 ; D[1] ; E[40001] ; Z[I]
         healed: nothing
         release:",
    );
}

// The farewell and the end of the stream behind it were counted as two failures.
#[test]
fn a_server_that_says_farewell_fails_once() {
    transaction(
        "client: Q[SELECT reads()]
         want: Read read
         link: replica
         server: T ; E[57P01||FATAL]
         need: Again(Elsewhere)
         rewind:
         want: Read read
         link: replica
         server: E[57P01||FATAL]
         lost: Again
         want: Read read
         link: replica
         server: E[57P01||FATAL]
         need: Again(Elsewhere)
         rewind:
         want: Read read
         link: replica
         server: E[57P01||FATAL]
         client gets: E[57P01]",
    );
}

// It was run again, and what a view or an operator of it writes was written twice.
#[test]
fn a_read_that_no_replica_has_run_is_not_repeated_once_the_primary_has_it() {
    transaction(
        "client: Q[SELECT reads()]
         want: Read read
         link: primary
         server: T
         client gets: T
         lost: Ended { unknown: true }",
    );
    transaction(
        "client: P[a|SELECT reads()] ; S
         want: Read read
         link: replica
         server: 1 ; Z[I]
         release:
         client: B[|a] ; E ; S
         want: Read read
         link: replica
         server: 2 ; D[1] ; C[SELECT 1] ; Z[I]
         release:
         client: B[|a] ; E ; S
         want: Read read
         link: primary
         server: 2
         lost: Again",
    );
}

// Sessions at `database` were not told, and read from replicas that lacked it.
#[test]
fn a_function_that_no_replica_has_run_counts_as_one_that_writes() {
    for (sql, wrote) in [("SELECT reads()", true), ("SELECT count(*) FROM t", false)] {
        transaction(&format!(
            "client: Q[BEGIN] ; Q[{sql}] ; Q[COMMIT]
             want: Primary read_write_transaction
             link: primary
             server: C[BEGIN] ; Z[T] ; D[1] ; C[SELECT 1] ; Z[T] ; C[COMMIT] ; Z[I]
             wrote: {wrote}
             release:"
        ));
        transaction(&format!(
            "client: P[|{sql}] ; B[|] ; E ; S
             want: Read read
             link: primary
             server: 1 ; 2 ; D[1] ; C[SELECT 1] ; Z[I]
             wrote: {wrote}
             release:"
        ));
    }
    transaction(
        "client: P[a|SELECT reads()] ; S
         want: Read read
         link: primary
         server: 1 ; Z[I]
         wrote: false
         release:
         client: B[|a] ; E ; S
         want: Read read
         link: replica
         server: 2 ; D[1] ; C[SELECT 1] ; Z[I]
         release:
         client: B[|a] ; E ; S
         want: Read read
         link: primary
         server: 2 ; D[1] ; C[SELECT 1] ; Z[I]
         wrote: false
         release:",
    );
}

// The name was taken by the first run: "prepared statement already exists".
#[test]
fn a_name_given_by_a_batch_that_is_sent_again_is_given_by_its_last_run() {
    transaction(
        "client: P[a|SELECT reads()] ; B[|a] ; E ; C[a] ; P[a|SELECT 2] ; B[|a] ; E ; S
         want: Read read
         link: replica
         server gets: P[pgsluice_0|SELECT reads()] ; B[|pgsluice_0] ; E ; P[pgsluice_1|SELECT 2] ; B[|pgsluice_1] ; E ; S
         server: 1 ; 2 ; D[1] ; C[SELECT 1] ; 1 ; E[25006] ; Z[I]
         client gets:
         need: Again(Primary)
         rewind:
         fresh server:
         want: Read read
         link: primary
         server gets: P[pgsluice_2|SELECT reads()] ; B[|pgsluice_2] ; E ; P[pgsluice_3|SELECT 2] ; B[|pgsluice_3] ; E ; S
         server: E[42883] ; Z[I]
         client gets: E[42883] ; Z[I]
         release:
         client: B[|a] ; E ; S
         want: Primary unknown_statement",
    );
}
