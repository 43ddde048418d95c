//! A planned switchover under the same load: nobody is told of anything.

use std::time::Duration;
use std::time::Instant;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Node;
use pgsluice::demo::cluster::options::Options;
use pgsluice::demo::cluster::run;

use crate::stage::GLOBAL;
use crate::stage::Stage;
use crate::stage::cluster;
use crate::support::proxy::Proxy;

#[test]
fn a_switchover_costs_no_client_an_error() {
    let cluster = cluster(Options::default());
    let hook = stop(cluster.primary());
    let global = format!("{GLOBAL}on_switchover = '''{hook}'''\n");
    let proxy = Proxy::start(&cluster, &global, "");
    let stage = Stage::before("SWITCHOVER TO", cluster, proxy);
    let harmed = Instant::now();
    switch(&stage.cluster, &stage.proxy, stage.cluster.node(1));
    stage.cluster.follow(2, 1).expect("the other follows");
    let course = stage.course(harmed, 1);
    let ending = stage.end(&course);
    ending.check();
    assert_eq!(ending.verdict.failed_writes(), 0, "writes failed");
    assert_eq!(ending.history.refused_logins, [], "logins failed");
    let pause = ending.verdict.longest.pause;
    assert!(pause < PAUSE_MAX, "{pause:?}");
}

/// Has the proxy make a node the primary.
fn switch(cluster: &Cluster, proxy: &Proxy, to: &Node) {
    let console = proxy.conninfo().replace("dbname=app", "dbname=pgsluice");
    let command = format!("SWITCHOVER TO 127.0.0.1:{}", to.port());
    let mut psql = cluster.program("psql");
    psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", &console, "-c"]);
    run("psql", psql.arg(command)).expect("it switches");
}

/// The command that stops a node as `pg_ctl stop -m fast` does, which root may not run.
fn stop(node: &Node) -> String {
    let file = node.data().join("postmaster.pid");
    let file = file.display();
    format!("kill -INT $(head -n 1 {file}); while [ -e {file} ]; do sleep 0.05; done")
}

/// The old primary's shutdown and the promotion included; far more than they take.
const PAUSE_MAX: Duration = Duration::from_secs(15);
