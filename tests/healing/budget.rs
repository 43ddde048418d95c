//! How often reads are run again at the most.

use std::time::Instant;

use crate::Case;
use crate::cut::Tricky;
use crate::raw::Raw;
use crate::say::query;
use crate::stage::Stage;
use crate::stage::metric;
use crate::stage::retries;
use crate::trick::Trick;

pub(crate) const CASES: &[Case] = &[
    ("a read is run again so often and no more", times),
    ("a server that says farewell costs one run", farewell),
    ("the budget ends", ends),
    ("a reply too long to be held is not repeated", held),
];

const READ: &str = "select a from seven where a = 3 -- a trick";
const ALWAYS: usize = usize::MAX;

fn times(stage: &Stage) {
    // With each run there is one node less; the primary is the last.
    for (retries_max, seen, code) in [
        (0, 1, "40001"),
        (1, 2, "40001"),
        (1, 2, "40P01"),
        (3, 2, "57P01"),
    ] {
        let tricky = Tricky::new(stage, &format!("read_retries_max = {retries_max}"));
        tricky.replicas.set(Trick::Refuse(code), ALWAYS);
        tricky.primary.set(Trick::None, 0);
        let heard = Raw::connect(tricky.proxy.port()).q(READ);
        assert_eq!(tricky.replicas.seen(), seen, "{code}: {heard}");
        let is_told = retries_max < 2;
        assert_eq!(tricky.primary.seen(), usize::from(!is_told), "{code}");
        let expected = if is_told {
            format!("E({code} a trick) Z(I)")
        } else {
            "T(a 23 0) D(3) C(SELECT 1) Z(I)".to_owned()
        };
        assert_eq!(heard, expected);
        let runs = retries(&tricky.proxy) as usize;
        assert_eq!(runs, tricky.replicas.seen() + tricky.primary.seen() - 1);
    }
}

/// The error and the end that follows it were counted as two failures.
fn farewell(stage: &Stage) {
    let tricky = Tricky::new(stage, "read_retries_max = 1");
    let mut client = Raw::connect(tricky.proxy.port());
    for _ in 0..3 {
        let nap = stage.nap();
        client.send(&query(&format!("select {nap}, a from seven where a = 3")));
        let (node, pid) = stage.find_sleeping(&nap);
        let before = retries(&tricky.proxy);
        let replica = stage.cluster.node(node);
        replica
            .psql(&format!("select pg_terminate_backend({pid})"))
            .unwrap();
        let heard = client.until(b'Z');
        assert!(heard.ends_with("D(1|3) C(SELECT 1) Z(I)"), "{heard}");
        assert!((retries(&tricky.proxy) - before - 1.0).abs() < 0.1);
    }
    let budget = metric(&tricky.proxy, "pgsluice_retry_budget", "");
    assert!((997.0..=1000.0).contains(&budget), "{budget}");
}

fn ends(stage: &Stage) {
    let tricky = Tricky::new(stage, "read_retries_percent = 0");
    tricky.replicas.set(Trick::Refuse("40001"), ALWAYS);
    let (mut client, mut failed, mut asked) = (Raw::connect(tricky.proxy.port()), 0, 0);
    let full = metric(&tricky.proxy, "pgsluice_retry_budget", "");
    assert!((999.0..1000.5).contains(&full), "{full}");
    let began = Instant::now();
    // Each takes one token or two, as it fails on one replica or both.
    while failed < 50 && asked < 2_000 {
        let heard = client.q(READ);
        let is_well = heard.ends_with("D(3) C(SELECT 1) Z(I)");
        assert!(is_well || heard == "E(40001 a trick) Z(I)", "{heard}");
        failed += usize::from(!is_well);
        asked += 1;
    }
    let left = metric(&tricky.proxy, "pgsluice_retry_budget", "");
    let runs = retries(&tricky.proxy);
    eprintln!("{asked} reads, {failed} failed, {runs} runs more, {left} left");
    assert_eq!(failed, 50, "reads fail when the budget is spent");
    assert!(500 <= asked, "but not before: {asked}");
    let by_time = began.elapsed().as_secs_f64() + 2.0;
    assert!((999.0..1_000.0 + by_time).contains(&runs), "{runs}");
    assert!(left < 2.0);
    tricky.replicas.set(Trick::Refuse("40001"), ALWAYS);
    let began = Instant::now();
    for _ in 0..100 {
        client.q(READ);
    }
    let runs = retries(&tricky.proxy) - runs;
    let by_time = began.elapsed().as_secs_f64() + 2.0;
    assert!(runs <= by_time, "{runs} more runs of 100 reads");
    assert!(tricky.replicas.seen() as f64 <= 100.0 + by_time);
}

fn held(stage: &Stage) {
    // Of a RowDescription over the limit nothing is held.
    let columns: Vec<_> = (0..60).map(|i| format!("a as column_{i}")).collect();
    let wide = format!("select {} from one -- a trick", columns.join(", "));
    for (bytes_max, is_repeated) in [(16_384, true), (1_000, false)] {
        let tricky = Tricky::new(stage, &format!("reply_hold_bytes_max = {bytes_max}"));
        let direct = stage.direct().q(&wide);
        // The RowDescription and nothing more.
        let head = 7
            + (0..60)
                .map(|i| format!("column_{i}").len() + 19)
                .sum::<usize>();
        tricky.replicas.set(Trick::CutReply(head), 1);
        let mut client = Raw::connect(tricky.proxy.port());
        client.send(&query(&wide));
        let heard = client.until(b'Z');
        assert_eq!(
            tricky.replicas.seen(),
            1 + usize::from(is_repeated),
            "{heard}"
        );
        if is_repeated {
            assert_eq!(heard, direct);
        } else {
            assert!(
                heard.starts_with("T(") && heard.contains("E(08006"),
                "{heard}"
            );
        }
    }
}
