//! Reads that are refused when the client has seen a part of their reply: they fail, once.

use crate::Case;
use crate::raw::Raw;
use crate::say::bind;
use crate::say::execute;
use crate::say::parse;
use crate::say::query;
use crate::say::run;
use crate::say::sync;
use crate::stage::Stage;
use crate::stage::learned;
use crate::stage::retries;

pub(crate) const CASES: &[Case] = &[
    ("a refusal behind rows fails once, and is learned", simple),
    ("the same, extended", extended),
    ("the same, prepared before", prepared),
    ("the same, in the second batch of a pipeline", pipelined),
];

fn simple(stage: &Stage) {
    fails_once(stage, |_, _| (), |c, sql| c.send(&query(sql)));
}

fn extended(stage: &Stage) {
    fails_once(
        stage,
        |_, _| (),
        |c, sql| {
            c.send(&[run(sql, &[]), sync()].concat());
        },
    );
}

fn prepared(stage: &Stage) {
    fails_once(
        stage,
        |c, sql| {
            c.ask(&[parse("late", sql), sync()].concat());
        },
        |c, _| c.send(&[bind("", "late", &[]), execute("", 0), sync()].concat()),
    );
}

fn pipelined(stage: &Stage) {
    fails_once(
        stage,
        |_, _| (),
        |c, sql| {
            c.send(
                &[
                    run("select a from seven where a = 3", &[]),
                    sync(),
                    run(sql, &[]),
                    sync(),
                ]
                .concat(),
            );
            assert!(c.until(b'Z').contains("D(3)"));
        },
    );
}

/// The first run is told as the replica told it; the second one is the primary's.
fn fails_once(stage: &Stage, prepare: fn(&mut Raw, &str), ask: fn(&mut Raw, &str)) {
    let sql = format!("select n as c{} from at_last", stage.number());
    let (before, asked) = (stage.effects(), retries(&stage.proxy));
    let mut client = stage.client();
    prepare(&mut client, &sql);
    ask(&mut client, &sql);
    let heard = client.until(b'Z');
    assert_eq!(heard.matches("D(").count(), 4_999);
    assert!(heard.contains("D(4999) E(25006") && heard.ends_with("Z(I)"));
    assert_eq!(stage.effects(), before);
    assert!((retries(&stage.proxy) - asked).abs() < 0.1);
    let known = learned(&stage.proxy);
    ask(&mut client, &sql);
    let heard = client.until(b'Z');
    assert!(heard.ends_with("D(4999) D(1) C(SELECT 5000) Z(I)"));
    assert_eq!(stage.effects(), (before.0 + 1, before.1 + 1));
    assert!(0.9 < learned(&stage.proxy) - known);
}
