//! What holds for every view, ask and random number.

use proptest::prelude::Just;
use proptest::prelude::prop;
use proptest::prop_assert;
use proptest::prop_oneof;
use proptest::proptest;

use super::*;

fn exclusion() -> impl proptest::strategy::Strategy<Value = Option<Exclusion>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(Exclusion::Down)),
        1 => Just(Some(Exclusion::Quarantined)),
        1 => Just(Some(Exclusion::Lagging)),
    ]
}

proptest! {
    #[test]
    fn barred_nodes_are_never_chosen(
        nodes in prop::collection::vec((0_u64..20_000, exclusion(), 0_u32..30), 1..8),
        which in 0_usize..4, avoid: u64, random: u64, turn: u64, age_ms in 0_u64..20_000,
    ) {
        let now = now();
        let lags: Vec<_> = nodes.iter().map(|n| n.0).collect();
        let mut view = view(STRATEGIES[which], &lags, now);
        let mut loads = vec![Load::default()];
        for (node, (_, exclusion, in_use)) in view.nodes[1..].iter_mut().zip(&nodes) {
            node.exclusion = *exclusion;
            loads.push(Load { in_use: *in_use, size: 20, ..Load::default() });
        }
        let ask = Ask {
            certified_since: now.checked_sub(Duration::from_millis(age_ms)),
            avoid: (0..8).filter(|i| avoid >> i & 3 == 0).fold(NodeSet::EMPTY, |s, i| s.with(NodeId(i))),
            turn,
            ..Ask::default()
        };
        let choice = choose(&view, &ask, &loads, random, now);
        let explained = explain(&view, &ask, &loads, now);
        match choice {
            Choice::Replica(id) => {
                let node = &view.nodes[id.index()];
                prop_assert!(node.exclusion.is_none() && !ask.avoid.has(id));
                prop_assert!(node.certificate >= ask.certified_since);
                prop_assert!(view.lag(node, now).unwrap() <= Duration::from_secs(10));
                prop_assert!(explained[id.index()].score.unwrap() > 0.0);
            }
            Choice::PrimaryToo(_) => prop_assert!(false, "the policy is fallback"),
            Choice::PrimaryInstead(..) | Choice::Nobody(_) => {
                prop_assert!(explained.iter().all(|e| e.score.is_err()));
            }
        }
    }

    #[test]
    fn share_falls_with_lag(
        lag_ms in 0_u64..12_000, more_ms in 0_u64..12_000, free_ms in 0_u64..3_000, max_ms in 1_u64..20_000,
    ) {
        let policy = Policy {
            lag_free: Duration::from_millis(free_ms),
            lag_max: Some(Duration::from_millis(max_ms)),
            ..Policy::default()
        };
        let share = |ms| score::share_by_lag(&policy, Duration::from_millis(ms));
        prop_assert!(share(lag_ms + more_ms) <= share(lag_ms));
        prop_assert!(0.0 < share(lag_ms) && share(lag_ms) <= 1.0);
    }
}
