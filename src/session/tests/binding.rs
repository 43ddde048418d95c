use super::scripts::transaction;

// What came while a read was answered followed it to the replica, and was gone when a write took the
// transaction from there.
#[test]
fn what_is_no_plain_read_binds_at_once_in_a_pipeline_too() {
    for statement in [
        "SET LOCAL work_mem = '1MB'",
        "SET work_mem = '1MB'",
        "SAVEPOINT a",
        "DECLARE c CURSOR FOR SELECT 1",
        "SELECT set_config('app.tenant', '42', true)",
    ] {
        transaction(&format!(
            "late:
             client: Q[BEGIN]
             want: Alone
             alone: C[BEGIN] ; Z[T]
             client: Q[SELECT 1]
             want: Read late_binding
             link: replica
             server: C[BEGIN] ; Z[T] ; T ; D[1] ; C[SELECT 1] ; Z[T]
             server gets: Q[BEGIN READ ONLY] ; Q[SELECT 1]
             client: Q[SELECT 2] ; Q[{statement}]
             push:
             server gets: Q[SELECT 2]
             server: T ; D[2] ; C[SELECT 1] ; Z[T]
             need: Leave
             leave:
             server gets: Q[ROLLBACK]
             server: C[ROLLBACK] ; Z[I]
             release:
             want: Primary read_write_transaction
             link: primary
             server gets: Q[BEGIN] ; Q[{statement}]"
        ));
    }
    // What ends it may follow.
    transaction(
        "late:
         client: Q[BEGIN]
         want: Alone
         alone: C[BEGIN] ; Z[T]
         client: Q[SELECT 1] ; Q[COMMIT]
         want: Read late_binding
         link: replica
         server gets: Q[BEGIN READ ONLY] ; Q[SELECT 1] ; Q[COMMIT]",
    );
}
