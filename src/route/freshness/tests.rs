use super::*;
use crate::ids::NodeId;
use crate::topology::identity::Timeline;
use crate::topology::lsn::Lsn;

const SECOND: Duration = Duration::from_secs(1);

/// A session that wrote at 1, in a database that was written at 2, and read at 3; it is 10 now.
fn needs(freshness: Freshness) -> (Option<u64>, bool) {
    let start = tokio::time::Instant::now().into_std();
    let past = Past {
        last_write: Some(start + SECOND),
        database_write: Some(start + 2 * SECOND),
        last_read: Some(LastRead {
            node: NodeId(1),
            incarnation: 0,
            at: start + 3 * SECOND,
        }),
    };
    let needs = freshness.needs(&past, start + 10 * SECOND);
    let since = needs.certified_since.map(|s| (s - start).as_secs());
    assert_eq!(needs.position, freshness.wait_for);
    (since, needs.last_read.is_some())
}

fn level(consistency: Consistency) -> Freshness {
    Freshness {
        consistency,
        ..Freshness::default()
    }
}

#[test]
fn each_level_asks_for_what_it_must_not_miss() {
    assert_eq!(needs(level(Consistency::Eventual)), (None, false));
    assert_eq!(needs(level(Consistency::Session)), (Some(1), true));
    assert_eq!(needs(level(Consistency::Database)), (Some(2), true));
    assert_eq!(needs(level(Consistency::Strong)), (Some(10), true));
}

#[test]
fn staleness_bounds_every_level() {
    for (consistency, age, expected) in [
        (Consistency::Eventual, 4, Some(6)),
        (Consistency::Session, 4, Some(6)),
        (Consistency::Session, 9, Some(1)),
        (Consistency::Session, 20, Some(1)),
        (Consistency::Strong, 4, Some(10)),
    ] {
        let freshness = Freshness {
            staleness_max: Some(age * SECOND),
            ..level(consistency)
        };
        assert_eq!(needs(freshness).0, expected, "{consistency:?} {age}");
    }
}

#[test]
fn a_position_is_asked_for_at_every_level() {
    for consistency in Consistency::ALL {
        let freshness = Freshness {
            wait_for: Some(Position {
                timeline: Timeline(1),
                lsn: Lsn(7),
            }),
            ..level(consistency)
        };
        needs(freshness);
    }
}

#[test]
fn what_does_for_both_is_the_stricter_in_each_respect() {
    let one = Freshness {
        consistency: Consistency::Eventual,
        staleness_max: Some(SECOND),
        wait_for: "00000002-0/10".parse().ok(),
    };
    let other = Freshness {
        consistency: Consistency::Database,
        staleness_max: Some(2 * SECOND),
        wait_for: "00000001-0/20".parse().ok(),
    };
    let both = Freshness {
        consistency: Consistency::Database,
        ..one
    };
    assert_eq!((one.and(other), other.and(one)), (both, both));
    assert_eq!(one.and(Freshness::default()).staleness_max, Some(SECOND));
}

#[test]
fn only_what_others_cannot_change_is_steady() {
    for (consistency, expected) in Consistency::ALL.into_iter().zip([true, true, false, false]) {
        assert_eq!(level(consistency).is_steady(), expected);
        let aged = Freshness {
            staleness_max: Some(SECOND),
            ..level(consistency)
        };
        assert!(!aged.is_steady());
    }
}
