//! Functions that write and do not say so, called where no replica can refuse them: on the primary.
//! What they wrote is not missed by those who must not miss it.

use std::thread;
use std::time::Duration;

use crate::Case;
use crate::raw::Raw;
use crate::stage::Stage;

pub(crate) const CASES: &[Case] = &[
    ("an unseen write in a transaction", in_transaction),
    ("an unseen write in a read on the primary", instead),
];

const COUNT: &str = "select count(*) from effects";

fn in_transaction(stage: &Stage) {
    is_not_missed(stage, |client, call| {
        client.q("begin");
        assert_eq!(client.value(call), "1");
        assert_eq!(client.q("commit"), "C(COMMIT) Z(I)");
    });
}

fn instead(stage: &Stage) {
    is_not_missed(stage, |client, call| {
        // No replica is known to have what was written just now past the proxy.
        client.q("set pgsluice.consistency = 'strong'");
        stage.direct().q("insert into naps (seconds) values (0)");
        assert_eq!(client.value(call), "1");
        client.q("set pgsluice.consistency = 'session'");
    });
}

/// While the replicas have nothing new, a session has `run` call a function that writes, by a text
/// that nobody has run: it and another session see that.
fn is_not_missed(stage: &Stage, run: impl Fn(&mut Raw, &str)) {
    stage.admin("truncate effects");
    let (mut client, mut other) = (stage.client(), stage.client());
    other.q("set pgsluice.consistency = 'database'");
    let mut careless = stage.client();
    careless.q("set pgsluice.consistency = 'eventual'");
    for replica in stage.cluster.replicas() {
        replica.pause_replay().unwrap();
    }
    thread::sleep(Duration::from_millis(100));
    run(
        &mut client,
        &format!("select claims_to_read() as c{}", stage.number()),
    );
    let seen = [&mut client, &mut other, &mut careless].map(|session| session.value(COUNT));
    for replica in stage.cluster.replicas() {
        replica.resume_replay().unwrap();
    }
    assert_eq!(seen, ["1", "1", "0"], "the last shows that replicas lag");
    stage.cluster.catch_up(0).unwrap();
}
