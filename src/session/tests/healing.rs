use super::scripts::transaction;

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
