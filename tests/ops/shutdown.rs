//! SIGTERM: running transactions end, nobody else stays.

use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use pgsluice::demo::cluster::Cluster;

use crate::stage::Front;
use crate::stage::PATIENCE;
use crate::stage::cluster;
use crate::stage::is_refused;
use crate::stage::main_cluster;
use crate::stage::now;
use crate::stage::user_app;

const SHUTDOWN: &str = "57P01 terminating connection due to administrator command";

#[test]
fn shutdown_lets_transactions_end() {
    let cluster = cluster(0);
    lets_the_running_ones_end(&cluster);
    ends_at_the_deadline(&cluster, "1s", 1);
    ends_at_the_deadline(&cluster, "60s", 2);
}

fn start(cluster: &Cluster, name: &str, limit: &str) -> Front {
    let config = [
        format!("shutdown_timeout = \"{limit}\"\n"),
        main_cluster(cluster),
        "[databases.app]\ncluster = \"main\"\n".to_owned(),
        "[databases.whole]\ncluster = \"main\"\ndbname = \"app\"\npool_mode = \"session\"\n"
            .to_owned(),
        user_app(),
    ];
    Front::ready(cluster, name, &config.concat())
}

fn wait_ended(front: &mut Front) -> Duration {
    let began = now();
    front.wait("ended", |front| front.program.has_ended());
    began.elapsed()
}

fn lets_the_running_ones_end(cluster: &Cluster) {
    let mut front = start(cluster, "gentle", "30s");
    let (idle, whole, busy) = (
        front.session("app"),
        front.session("whole"),
        front.session("app"),
    );
    whole.sql("select 1").unwrap();
    busy.sql("begin").unwrap();
    front.program.signal(Signal::SIGTERM);
    // Both are told at once; the second one kept a server without a transaction.
    assert_eq!(idle.ending(), SHUTDOWN);
    assert_eq!(whole.ending(), SHUTDOWN);
    let until = now() + PATIENCE;
    while !is_refused(front.port) {
        assert!(now() < until, "new clients are taken");
    }
    assert!(!front.program.has_ended());
    thread::sleep(Duration::from_millis(300));
    assert_eq!(busy.sql("select 5").as_deref(), Ok("5"));
    busy.sql("commit").unwrap();
    assert_eq!(busy.ending(), SHUTDOWN);
    assert!(wait_ended(&mut front) < Duration::from_secs(5));
    assert_eq!(front.logged("pgsluice has ended"), 1, "{}", front.log());
    let left = "select count(*) from pg_stat_activity where usename = 'app'";
    cluster.primary().wait_sql(left, "0", "left alone").unwrap();
}

/// One signal waits for the deadline; a second one is the deadline.
fn ends_at_the_deadline(cluster: &Cluster, limit: &str, signals: usize) {
    let mut front = start(cluster, &format!("hasty{signals}"), limit);
    let busy = front.session("app");
    busy.sql("begin").unwrap();
    for _ in 0..signals {
        front.program.signal(Signal::SIGTERM);
        thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(busy.ending(), SHUTDOWN);
    assert!(wait_ended(&mut front) < Duration::from_secs(10));
}
