//! Elections as tables: a node is its role (`P`, `R`, `?`) and its timeline (`-` unknown).

use crate::topology::identity::*;

fn voters(text: &str) -> Vec<Voter> {
    text.split_whitespace()
        .enumerate()
        .map(|(i, node)| Voter {
            node: NodeId(u16::try_from(i).unwrap()),
            role: match &node[..1] {
                "P" => Role::Primary,
                "R" => Role::Replica,
                _ => Role::Unknown,
            },
            timeline: node[1..].parse().ok().map(Timeline),
        })
        .collect()
}

/// The primary's place and whether the cluster is split.
#[track_caller]
fn check(
    nodes: &str,
    incumbent: Option<u16>,
    accepted: Option<u32>,
    expected: (Option<u16>, bool),
) {
    let election = elect(
        &voters(nodes),
        incumbent.map(NodeId),
        accepted.map(Timeline),
    );
    let found = (election.primary.map(|(n, _)| n.0), election.is_split);
    assert_eq!(found, expected, "{nodes}");
}

#[test]
fn writable_node_of_the_highest_timeline_is_primary() {
    check("R1 P1 R1", None, None, (Some(1), false));
    check("P1 P2 R2", Some(0), Some(1), (Some(1), true));
    check("R1 R1", None, None, (None, false));
    check("", None, None, (None, false));
}

#[test]
fn old_primary_that_comes_back_is_not_primary() {
    // The new primary is away; the old one is writable and alone.
    check("P1 R2", None, None, (None, false));
    check("P1", None, Some(2), (None, false));
}

#[test]
fn writable_node_of_unknown_timeline_is_not_primary() {
    check("P-", None, None, (None, false));
    check("P- P1", None, None, (Some(1), true));
}

#[test]
fn among_equals_the_incumbent_stays() {
    check("P2 P2", Some(1), Some(2), (Some(1), true));
    check("P2 P2", Some(0), Some(2), (Some(0), true));
    check("P2 P2", None, None, (None, true));
    check("P2 P2 R2", Some(2), Some(2), (None, true));
}

#[test]
fn replica_without_a_timeline_does_not_vote() {
    check("P1 R-", None, None, (Some(0), false));
}

#[test]
fn our_cluster_is_that_of_most_nodes() {
    for (systems, expected) in [
        (&[][..], None),
        (&[7], Some(7)),
        (&[9, 7, 7], Some(7)),
        (&[9, 7], Some(9)),
        (&[7, 9], Some(7)),
    ] {
        let found = most_common(systems.iter().copied().map(SystemId));
        assert_eq!(found, expected.map(SystemId), "{systems:?}");
    }
}
