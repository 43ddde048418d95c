//! A host that a reload moves while transactions run on the old one: who waits for servers waits for
//! those too.

use std::time::Duration;

use nix::sys::signal::Signal;
use pgsluice::demo::cluster::Cluster;

use crate::ask;
use crate::raw::Raw;
use crate::stage::Front;
use crate::stage::cluster;
use crate::stage::user_app;

/// Long enough to see that something does not happen.
const A_WHILE: Duration = Duration::from_millis(300);

/// Databases on the node by one of its names.
fn config(cluster: &Cluster, host: &str) -> String {
    format!(
        "auth_type = \"trust\"\nadmin_users = \"root\"\nserver_fast_close = true\n\
         [clusters.main]\nroles = \"ignored\"\nnodes = [\"{host}:{}\"]\n\
         [databases.app]\ncluster = \"main\"\n\
         [databases.whole]\ncluster = \"main\"\ndbname = \"app\"\npool_mode = \"session\"\n\
         {}[users.root]\n",
        cluster.primary().port(),
        user_app()
    )
}

#[test]
fn servers_on_the_old_host_are_waited_for() {
    let cluster = cluster(0);
    let mut front = Front::ready(&cluster, "moved", &config(&cluster, "127.0.0.1"));
    let active = [("database", "app"), ("state", "active")];
    let (inside, whole) = (front.session("app"), front.session("whole"));
    inside.sql("begin").unwrap();
    whole.sql("select 1").unwrap();
    front.reload(&config(&cluster, "localhost"));
    assert_eq!(whole.ending(), "08P01 database configuration changed");
    let close_needed = |front: &Front| -> Vec<String> {
        let rows = ask(front, "show servers").into_iter();
        let rows = rows.filter(|row| row[2] == "app");
        rows.map(|row| row[13].clone()).collect()
    };
    assert_eq!(close_needed(&front), ["1"]);
    assert_eq!(front.metric("pgsluice_pool_servers", &active), 1.0);
    let mut waiters = ["wait_close app", "pause app"].map(|text| {
        let mut console = Raw::log_in(front.port, "root").unwrap();
        console.begin(text);
        console
    });
    assert!(waiters.iter().all(|console| console.is_silent(A_WHILE)));
    inside.sql("commit").unwrap();
    let heard = waiters.each_mut().map(Raw::answer);
    assert_eq!(heard, [["C WAIT_CLOSE", "Z I"], ["C PAUSE", "Z I"]]);
    Raw::log_in(front.port, "root").unwrap().ask("resume app");
    assert_eq!(inside.sql("select 1").as_deref(), Ok("1"));
    assert_eq!(close_needed(&front), ["0"]);

    // SHUTDOWN WAIT_FOR_SERVERS by its signal.
    inside.sql("begin").unwrap();
    front.reload(&config(&cluster, "127.0.0.1"));
    front.program.signal(Signal::SIGINT);
    std::thread::sleep(A_WHILE);
    assert!(!front.program.has_ended(), "a transaction runs");
    inside.sql("commit").unwrap();
    front.wait("ended", |front| front.program.has_ended());
}
