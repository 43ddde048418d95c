use std::time::Duration;

use crate::demo::act::Act;
use crate::demo::figures::Figures;
use crate::demo::figures::NodeFigures;
use crate::demo::figures::Rate;
use crate::demo::figures::Totals;
use crate::demo::load::Load;
use crate::demo::stage::OwnCount;
use crate::demo::table::bar;
use crate::demo::table::lag;
use crate::demo::table::picture;
use crate::demo::table::summary;

#[test]
fn a_picture_has_a_row_per_node() {
    let text = picture(&figures(), &rates(), &load(), Act::Lagging);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    assert!(
        lines[0].starts_with(" 1:05  load  1512 transactions/s, 1.25 ms"),
        "{text}"
    );
    assert!(
        lines[1].starts_with("127.0.0.1:31999 has stopped replaying"),
        "{text}"
    );
    let words = |i: usize| lines[i].split_whitespace().collect::<Vec<_>>();
    assert_eq!(
        words(3),
        [
            "127.0.0.1:12000",
            "primary",
            "-",
            "2/5",
            "0",
            "0",
            "%",
            "151",
            "2.00",
            "ms"
        ]
    );
    assert_eq!(
        words(4)[1..8],
        ["replica", "1.5", "s", "0/4", "1361", "100", "%"]
    );
    assert!(lines.iter().all(|l| l.chars().count() <= 80), "{text}");
}

#[test]
fn a_summary_tells_shares_and_the_nodes_own_counts() {
    let mut totals = Totals::default();
    totals.add(Act::Even, &rates());
    let own = [OwnCount { transactions: 7 }, OwnCount { transactions: 9 }];
    let text = summary(&figures(), &totals, &own, &load());
    assert!(
        text.contains("In 65 s the proxy served 98280 transactions (1512/s)"),
        "{text}"
    );
    let row = text.lines().find(|l| l.contains("replica")).unwrap();
    let words: Vec<_> = row.split_whitespace().collect();
    assert_eq!(words, ["127.0.0.1:31999", "replica", "100", "%", "9"]);
}

#[test]
fn bars_are_as_long_as_shares() {
    let check = |share: f64, places: usize| {
        assert_eq!(bar(share).chars().count(), places, "{share}");
    };
    check(0.0, 0);
    check(0.06, 0);
    check(0.07, 1);
    check(0.5, 4);
    check(1.0, 8);
}

#[test]
fn lag_is_told_in_fitting_units() {
    let check = |is_primary: bool, seconds: Option<f64>, expected: &str| {
        let node = NodeFigures {
            is_primary: Some(is_primary),
            lag_seconds: seconds,
            ..NodeFigures::default()
        };
        assert_eq!(lag(&node), expected);
    };
    check(false, Some(0.0104), "10 ms");
    check(false, Some(2.25), "2.2 s");
    check(false, None, "?");
    check(true, Some(0.0), "-");
}

fn figures() -> Figures {
    let node = |name: &str, is_primary| NodeFigures {
        node: name.to_owned(),
        is_primary: Some(is_primary),
        is_up: true,
        servers: 4.0,
        ..NodeFigures::default()
    };
    let mut nodes = vec![
        node("127.0.0.1:12000", true),
        node("127.0.0.1:31999", false),
    ];
    (nodes[0].servers, nodes[0].servers_busy) = (5.0, 2.0);
    nodes[1].lag_seconds = Some(1.5);
    Figures {
        at: Duration::from_secs(65),
        nodes,
    }
}

fn rates() -> [Rate; 2] {
    let primary = Rate {
        writes: 151.0,
        latency_ms: Some(2.0),
        ..Rate::default()
    };
    let replica = Rate {
        reads: 1361.0,
        reads_share: 1.0,
        reads_count: 1361.0,
        ..Rate::default()
    };
    [primary, replica]
}

fn load() -> Load {
    Load {
        tps: 1512.0,
        latency_ms: 1.25,
        seconds: 65.0,
        transactions: 98_280.0,
        ..Load::default()
    }
}
