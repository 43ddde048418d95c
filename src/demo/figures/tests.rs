use std::time::Duration;

use crate::demo::act::Act;
use crate::demo::figures::Figures;
use crate::demo::figures::Totals;
use crate::demo::scrape::samples;
use crate::metrics::rows;

fn figures(seconds: u64, page: &str) -> Figures {
    let nodes = [String::from("a:1"), String::from("b:2")];
    Figures::from_samples(Duration::from_secs(seconds), &nodes, &samples(page))
}

#[test]
fn rates_are_differences_per_second() {
    let before = figures(1, "");
    let rates = figures(3, PAGE).since(&before);
    assert_eq!(rates.len(), 2);
    assert_eq!(
        (rates[0].reads, rates[0].reads_share, rates[0].writes),
        (10.0, 0.25, 7.0)
    );
    assert_eq!((rates[1].reads, rates[1].reads_share), (30.0, 0.75));
    assert_eq!(
        (rates[0].latency_ms, rates[1].latency_ms),
        (Some(2.0), None)
    );
}

#[test]
fn shares_are_kept_by_act() {
    let rates = figures(1, PAGE).since(&Figures::default());
    let mut totals = Totals::default();
    totals.add(Act::Even, &rates);
    totals.add(Act::Even, &rates);
    totals.add(Act::Back, &rates);
    let wanted = vec![(Act::Even, vec![0.25, 0.75]), (Act::Back, vec![0.25, 0.75])];
    assert_eq!(totals.shares(), wanted);
}

#[test]
fn the_page_is_made_of_metrics_that_there_are() {
    for sample in samples(PAGE) {
        let base = sample
            .name
            .trim_end_matches("_sum")
            .trim_end_matches("_count");
        let row = rows::ALL.iter().find(|row| row.name == base);
        let labels = row.expect(base).labels;
        for (label, _) in &sample.labels {
            assert!(labels.contains(&label.as_str()), "{base} has no {label}");
        }
    }
}

const PAGE: &str = r#"
pgsluice_node_role{cluster="demo",node="a:1",role="primary"} 1
pgsluice_node_up{cluster="demo",node="a:1"} 1
pgsluice_node_lag_seconds{cluster="demo",node="b:2"} 0.25
pgsluice_pool_servers{database="demo",node="a:1",state="active"} 2
pgsluice_pool_servers{database="demo",node="a:1",state="idle"} 3
pgsluice_routed_total{node="a:1",class="read",reason="fallback"} 20
pgsluice_routed_total{node="b:2",class="read",reason="read"} 60
pgsluice_routed_total{node="a:1",class="write",reason="write"} 14
pgsluice_query_seconds_sum{node="a:1"} 0.068
pgsluice_query_seconds_count{node="a:1"} 34
pgsluice_routed_total{node="elsewhere:3",class="read",reason="read"} 9
"#;
