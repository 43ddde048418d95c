//! A deadlock with recovery, of the kind that PostgreSQL reports as 40P01: a read holds a page that
//! the replay waits for, and asks for a lock that the replay holds.

use std::iter;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::Case;
use crate::raw::Raw;
use crate::say::query;
use crate::show::text;
use crate::stage::Stage;
use crate::stage::retries;

pub(crate) const CASES: &[Case] = &[("over a page and a lock", over_a_page_and_a_lock)];

/// Keeps `locked` from all, on the replicas too, until that is rolled back.
const LOCK: &str = "begin; lock table locked in access exclusive mode; prepare transaction 'held'";

fn over_a_page_and_a_lock(stage: &Stage) {
    let mut direct = Raw::connect(stage.cluster.replicas()[0].port());
    send_into_deadlock(stage, &mut direct);
    let said = iter::from_fn(|| direct.try_next()).find(|message| message.tag == b'E');
    let said = text(&said.expect("a deadlock").body);
    assert!(said.contains("C40P01"), "{said}");
    assert!(said.contains("buffer deadlock with recovery"), "{said}");
    direct.until(b'Z');
    stage.admin("rollback prepared 'held'");

    let before = retries(&stage.proxy);
    let mut proxied = stage.client();
    send_into_deadlock(stage, &mut proxied);
    let began = Instant::now();
    while retries(&stage.proxy) - before < 0.9 {
        assert!(began.elapsed() < Duration::from_secs(10), "no run more");
        thread::sleep(Duration::from_millis(20));
    }
    stage.admin("rollback prepared 'held'");
    let heard = proxied.until(b'Z');
    assert_eq!(heard, "T(found 23 0, a 23 0) D(1|1) C(SELECT 1) Z(I)");
    // The other replica may have had it in the same place.
    let runs = retries(&stage.proxy) - before;
    assert!((0.9..2.1).contains(&runs), "{runs} runs more");
}

/// Sends the read, and has a page of it cleaned while it sleeps. It asks for `locked` when it has
/// slept.
fn send_into_deadlock(stage: &Stage, client: &mut Raw) {
    // Rows that no snapshot needs: nothing but the page is in the way.
    stage.admin("begin; insert into pinned select generate_series(10, 50); rollback");
    stage.admin(LOCK);
    let sql = "select wait_and_look() as found, a from pinned where a < 4 limit 1";
    client.send(&query(sql));
    stage.find_sleeping("wait_and_look");
    let primary = stage.cluster.primary();
    primary.psql_in("app", "vacuum pinned").unwrap();
}
