//! The proxy cannot reach the primary any more, which lives on: packets are lost without a word. The
//! proxy runs in a network namespace of its own, with one link to the primary and one to the rest.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::options::Options;

use crate::namespace::Namespace;
use crate::rivals::stays_fenced;
use crate::stage::GLOBAL;
use crate::stage::ROUNDS;
use crate::stage::Stage;
use crate::stage::cluster;
use crate::stage::cut_off;
use crate::stage::promote_beside;
use crate::stage::sleep_until;

#[test]
fn a_primary_that_cannot_be_reached_is_replaced_and_fenced() {
    if let Err(why) = Namespace::try_out() {
        eprintln!("SKIPPED: no network namespaces here, so nothing was cut off: {why}");
        return;
    }
    let namespace = Namespace::new();
    let options = Options::default()
        .set("listen_addresses", "*")
        .hba(&namespace.hba());
    let cluster = cluster(options);
    let proxy = namespace.start_proxy(&cluster, GLOBAL);
    let stage = Stage::before("proxy cut off, promotion after 1 s", cluster, proxy);
    // Shorter than anyone takes for a death.
    namespace.cut();
    thread::sleep(Duration::from_millis(300));
    namespace.heal();
    assert!(stage.crowd.wait_for_work(ROUNDS), "nothing is done");
    assert_eq!(stage.crowd.failed(), 0, "a short cut costs errors");
    let harmed = Instant::now();
    namespace.cut();
    sleep_until(harmed, Duration::from_secs(1));
    cut_off(&stage.cluster);
    let new = promote_beside(&stage.cluster);
    let course = stage.course(harmed, new);
    sleep_until(course.detected, Duration::from_millis(1_500));
    let healed = Instant::now();
    namespace.heal();
    stays_fenced(&stage, healed);
    let ending = stage.end(&course);
    ending.check();
}
