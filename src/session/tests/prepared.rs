use super::PoolMode;
use super::World;
use super::put_client;
use super::run;

fn transaction(script: &str) {
    run(PoolMode::Transaction, script);
}

#[test]
fn names_are_ours_and_servers_are_given_what_they_lack() {
    transaction(
        "client: P[a|SELECT 1] ; D[a] ; S
         want: Read read
         link: replica
         server gets: P[pgsluice_0|SELECT 1] ; D[pgsluice_0] ; S
         server: 1 ; t ; T ; Z[I]
         client gets: 1 ; t ; T ; Z[I]
         release:
         client: B[|a] ; E ; S
         want: Read read
         link: replica
         server gets: B[|pgsluice_0] ; E ; S
         server: 2 ; D ; C[SELECT 1] ; Z[I]
         client gets: 2 ; D ; C[SELECT 1] ; Z[I]
         release:
         fresh server:
         client: B[|a] ; E ; S
         want: Read read
         link: replica
         server gets: P[pgsluice_0|SELECT 1] ; B[|pgsluice_0] ; E ; S
         server: 1 ; 2 ; D ; C[SELECT 1] ; Z[I]
         client gets: 2 ; D ; C[SELECT 1] ; Z[I]
         release:",
    );
}

#[test]
fn a_parse_that_the_server_has_is_answered_in_turn() {
    transaction(
        "client: P[a|SELECT 1] ; S
         want: Read read
         link: replica
         server: 1 ; Z[I]
         release:
         client: C[a] ; S
         want: Any empty
         link: replica
         server: Z[I]
         client gets: 1 ; Z[I] ; 3 ; Z[I]
         release:
         server gets: P[pgsluice_0|SELECT 1] ; S ; S
         client: P[b|SELECT 1] ; B[|b] ; E ; S
         want: Read read
         link: replica
         server gets: B[|pgsluice_0] ; E ; S
         server: 2 ; D ; C[SELECT 1] ; Z[I]
         client gets: 1 ; 2 ; D ; C[SELECT 1] ; Z[I]
         release:",
    );
}

#[test]
fn the_oldest_statement_is_closed_for_a_new_one() {
    transaction(
        "client: P[a|SELECT 1] ; P[b|SELECT 2] ; P[c|SELECT 3] ; S
         want: Read read
         link: replica
         server gets: P[pgsluice_0|SELECT 1] ; P[pgsluice_1|SELECT 2] ; C[pgsluice_0] ; P[pgsluice_2|SELECT 3] ; S
         server: 1 ; 1 ; 3 ; 1 ; Z[I]
         client gets: 1 ; 1 ; 1 ; Z[I]
         release:",
    );
}

#[test]
fn a_name_given_twice_fails_as_the_server_would() {
    transaction(
        "client: P[a|SELECT 1] ; S
         want: Read read
         link: primary
         server: 1 ; Z[I]
         release:
         client gets: 1 ; Z[I]
         server gets: P[pgsluice_0|SELECT 1] ; S
         client: P[a|SELECT 2] ; B[|a] ; E ; S
         want: Read read
         link: primary
         server gets: C[pgsluice_placeholder] ; P[pgsluice_placeholder|] ; P[pgsluice_placeholder|SELECT 2] ; B[|pgsluice_0] ; E ; S
         server: 3 ; 1 ; E[42P05] ; Z[I]
         client gets: E[42P05] ; Z[I]
         release:
         client: P[a|SELEC 2] ; S
         want: Primary command
         link: primary
         server: 3 ; 1 ; E[42601] ; Z[I]
         client gets: E[42601] ; Z[I]
         release:",
    );
}

#[test]
fn a_plan_out_of_date_is_renewed_once() {
    transaction(
        "client: P[a|SELECT * FROM t] ; S
         want: Read read
         link: primary
         server: 1 ; Z[I]
         release:
         client gets: 1 ; Z[I]
         server gets: P[pgsluice_0|SELECT * FROM t] ; S
         client: B[|a] ; E ; S
         want: Read read
         link: primary
         server gets: B[|pgsluice_0] ; E ; S
         server: E[0A000|RevalidateCachedQuery] ; Z[I]
         need: Again(Here)
         again here:
         server gets: C[pgsluice_0] ; P[pgsluice_0|SELECT * FROM t] ; B[|pgsluice_0] ; E ; S
         server: 3 ; 1 ; E[0A000|RevalidateCachedQuery] ; Z[I]
         client gets: E[0A000] ; Z[I]
         release:",
    );
}

// Where reads have to be certain of what others write, the batch waited for a server that nobody
// looked for.
#[test]
fn a_plan_out_of_date_on_a_replica_is_renewed_there() {
    for rules in ["", "strong:"] {
        transaction(&format!(
            "client: P[a|SELECT * FROM t] ; S
             want: Read read
             link: replica
             server: 1 ; Z[I]
             release:
             client gets: 1 ; Z[I]
             server gets: P[pgsluice_0|SELECT * FROM t] ; S
             {rules}
             client: B[|a] ; E ; S
             want: Read read
             link: replica
             server gets: B[|pgsluice_0] ; E ; S
             server: E[0A000|RevalidateCachedQuery] ; Z[I]
             need: Again(Here)
             again here:
             server gets: C[pgsluice_0] ; P[pgsluice_0|SELECT * FROM t] ; B[|pgsluice_0] ; E ; S
             server: 3 ; 1 ; 2 ; C[SELECT 0] ; Z[I]
             client gets: 2 ; C[SELECT 0] ; Z[I]
             release:"
        ));
    }
}

#[test]
fn the_unnamed_statement_follows_too() {
    transaction(
        "client: P[|SELECT 1] ; D ; S
         want: Read read
         link: replica
         server: 1 ; t ; T ; Z[I]
         release:
         client gets: 1 ; t ; T ; Z[I]
         server gets: P[|SELECT 1] ; D ; S
         fresh server:
         client: B[|] ; E ; S
         want: Read read
         link: replica
         server gets: P[|SELECT 1] ; B[|] ; E ; S
         server: 1 ; 2 ; D ; C[SELECT 1] ; Z[I]
         client gets: 2 ; D ; C[SELECT 1] ; Z[I]
         release:",
    );
}

// It kept its server for good, though the server had long dropped the statement.
#[test]
fn a_long_unnamed_statement_keeps_its_server_until_it_is_gone() {
    for (next, answer) in [
        ("Q[SELECT 1]", "T ; D[1] ; C[SELECT 1] ; Z[I]"),
        ("C ; S", "3 ; Z[I]"),
        ("P[|SELECT 1] ; S", "1 ; Z[I]"),
    ] {
        let mut world = World::new(PoolMode::Transaction);
        put_client(
            &mut world.unread,
            &format!("P[|SELECT '{}']", "x".repeat(1 << 20)),
        );
        put_client(&mut world.unread, "S");
        // It is too long to be there as a whole when it is looked at.
        let rest = world.unread.split_off((1 << 20) + 1);
        world.step("want: Primary large");
        world.step("link: primary");
        world.unread.extend_from_slice(&rest);
        world.to_server.clear();
        let lines = [
            "push:",
            "server: 1 ; Z[I]",
            "need: None",
            "pins: a statement too long to be kept",
            &format!("client: {next}"),
            "push:",
            &format!("server: {answer}"),
            "need: Release",
        ];
        lines.iter().for_each(|line| world.step(line));
    }
}
