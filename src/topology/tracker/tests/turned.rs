//! Nodes that turn read only, and such as have no room for another question.

use super::*;

/// Whether each node has turned read only.
fn turned(cluster: &Cluster) -> Vec<bool> {
    let nodes = cluster.tracker.view().nodes.iter();
    nodes.map(|n| n.turned_read_only.is_some()).collect()
}

#[test]
fn primary_that_turns_read_only_gives_way_for_a_while() {
    let mut cluster = Cluster::new(2);
    cluster.round("P1@100 R1@100");
    cluster.round("P1@100 R1@100");
    assert_eq!(turned(&cluster), [false, false]);
    assert_eq!(cluster.answer(0, "p1@100"), Change::Shape);
    assert_eq!(
        (turned(&cluster), cluster.primary()),
        (vec![true, false], Some(0))
    );
    let since = cluster.at(cluster.now_ms);
    cluster.round("p1@100 R1@100");
    let patience = Duration::from_secs(30);
    let gives_way = |cluster: &Cluster, ms: u64| {
        let node = cluster.tracker.view().primary_node().unwrap();
        node.gives_way_until(patience, since + Duration::from_millis(ms))
    };
    assert_eq!(gives_way(&cluster, 29_999), Some(since + patience));
    assert_eq!(
        gives_way(&cluster, 30_000),
        None,
        "after that it is served as it is"
    );
    // A restart changes nothing of it; that it is off again does.
    cluster.round("x R1@100");
    cluster.round("p1@100 R1@100");
    assert_eq!(gives_way(&cluster, 1), Some(since + patience));
    assert_eq!(cluster.answer(0, "P1@100"), Change::Shape);
    assert_eq!(gives_way(&cluster, 1), None);
    // The next primary does not, nor does the old one as a standby.
    cluster.round("p1@100 P2@100");
    assert_eq!(
        (turned(&cluster), cluster.primary()),
        (vec![true, false], Some(1))
    );
    cluster.round("R2@100 P2@100");
    assert_eq!(turned(&cluster), [false, false]);
}

#[test]
fn primary_that_was_read_only_from_the_start_or_is_alone_is_served_as_it_is() {
    let mut cluster = Cluster::new(2);
    cluster.round("p1@100 R1@100");
    cluster.round("p1@100 R1@100");
    assert_eq!(
        (turned(&cluster), cluster.primary()),
        (vec![false, false], Some(0))
    );
    let mut alone = Cluster::new(1);
    alone.round("P1@100");
    alone.round("p1@100");
    assert_eq!((turned(&alone), alone.primary()), (vec![false], Some(0)));
}

#[test]
fn node_without_room_for_us_is_what_it_was() {
    let mut cluster = Cluster::new(2);
    cluster.round("P1@100 R1@100");
    cluster.round("P1@100 R1@100");
    cluster.round("x R1@100");
    for _ in 0..10 {
        cluster.round("f f");
    }
    assert_eq!(cluster.primary(), Some(0));
    assert_eq!(
        cluster.certificates(),
        [None, None],
        "it may have restarted"
    );
    // It is replaced as any other.
    cluster.round("f P2@100");
    assert_eq!(
        (cluster.primary(), cluster.exclusions()[0]),
        (Some(1), "quarantined")
    );
    // Nobody knows what one is that was never heard of.
    let mut unknown = Cluster::new(2);
    unknown.round("f P1@100");
    assert_eq!(unknown.primary(), Some(1));
}
