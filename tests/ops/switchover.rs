//! The console's SWITCHOVER: no client sees an error, and what fails leaves all as it can be.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use pgsluice::demo::cluster::Cluster;
use pgsluice::demo::cluster::node::Node;

use crate::stage::Front;
use crate::stage::PASSWORD;
use crate::stage::PATIENCE;
use crate::stage::cluster;
use crate::stage::main_cluster;
use crate::stage::now;
use crate::stage::user_app;

fn config(cluster: &Cluster, hook: &str) -> String {
    [
        "admin_users = \"app\"\n".to_owned(),
        main_cluster(cluster),
        format!("slow_start = 0\nswitchover_timeout = \"6s\"\non_switchover = '''{hook}'''\n"),
        "[databases.app]\ncluster = \"main\"\n".to_owned(),
        user_app(),
    ]
    .concat()
}

/// The command that stops a node as `pg_ctl stop -m fast` does, which root may not run.
fn stop(node: &Node) -> String {
    let file = node.data().join("postmaster.pid");
    let file = file.display();
    format!("kill -INT $(head -n 1 {file}); while [ -e {file} ]; do sleep 0.05; done")
}

fn switch(front: &Front, to: &str) -> Result<String, String> {
    let console = front.conninfo("app", "pgsluice");
    front.psql(&console, PASSWORD, &format!("SWITCHOVER TO {to}"))
}

/// Writes until 20 writes were acknowledged after the switch: how many in all, and the longest.
fn write(front: &Front, is_over: &AtomicBool, who: usize) -> (u32, Duration) {
    let session = front.session("app");
    let (mut after, mut longest) = (0, Duration::ZERO);
    let until = now() + PATIENCE;
    for n in 1.. {
        assert!(now() < until, "{who}: {after} writes after the switch");
        let counts = is_over.load(Ordering::Acquire);
        let insert = format!("insert into t (who, n) values ({who}, {n})");
        // Transactions of several batches, too.
        let batches = match n % 2 {
            0 => vec![insert],
            _ => vec!["begin".to_owned(), insert, "commit".to_owned()],
        };
        let began = now();
        for batch in &batches {
            let done = session.sql(batch);
            assert!(done.is_ok(), "{who}, {n}: {batch}: {done:?}");
        }
        longest = longest.max(began.elapsed());
        after += u32::from(counts);
        if 20 <= after {
            return (n, longest);
        }
    }
    unreachable!("it counts for ever");
}

#[test]
fn a_switchover_shows_no_client_an_error() {
    let cluster = cluster(1);
    let (old, new) = (cluster.primary(), cluster.node(1));
    let sql = "create table t (who int, n int, primary key (who, n)); alter table t owner to app";
    old.psql_in("app", sql).unwrap();
    cluster.catch_up(0).unwrap();
    let [of_old, of_new] = [old, new].map(|node| format!("127.0.0.1:{}", node.port()));
    let mut front = Front::ready(&cluster, "switch", &config(&cluster, "exit 3"));
    front.wait("followed", |front| {
        front.metric("pgsluice_node_excluded", &[("node", &*of_new)]) < 0.5
    });
    let refused = |front: &Front, to: &str, expected: &str| {
        let error = switch(front, to).unwrap_err();
        assert!(error.contains(expected), "{to}: {error}");
        let insert = "insert into t select -1, coalesce(max(n), 0) + 1 from t where who = -1";
        front.app("app", insert).unwrap();
    };
    let goes_on = format!("the primary is {of_old}, and writes go on there");
    refused(&front, "127.0.0.1:1", "no cluster has a node 127.0.0.1:1");
    refused(&front, &of_old, "is the primary");
    refused(&front, &of_new, "on_switchover failed (exit status: 3)");
    refused(&front, &of_new, &goes_on);
    let set = front.psql(
        &front.conninfo("app", "pgsluice"),
        PASSWORD,
        "SET on_switchover = 'true'",
    );
    set.unwrap_err();
    // It says that it has stopped the old primary, and has not.
    front.reload(&config(&cluster, "true"));
    front.wait_ready();
    refused(&front, &of_new, "still takes writes");
    assert_eq!(
        new.psql("select pg_is_in_recovery()").as_deref().ok(),
        Some("t")
    );
    // A transaction does not end.
    let open = front.session("app");
    open.sql("begin").unwrap();
    open.sql("insert into t values (-2, 1)").unwrap();
    refused(&front, &of_new, "1 servers were in use");
    open.sql("commit").unwrap();

    front.reload(&config(&cluster, &stop(old)));
    front.wait_ready();
    let is_over = AtomicBool::new(false);
    let (front, is_over) = (&front, &is_over);
    let counts: Vec<_> = thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|i| scope.spawn(move || write(front, is_over, i)))
            .collect();
        thread::sleep(Duration::from_millis(300));
        let switched = switch(front, &of_new);
        is_over.store(true, Ordering::Release);
        switched.unwrap();
        writers.into_iter().map(|w| w.join().unwrap()).collect()
    });
    for (who, (count, longest)) in counts.into_iter().enumerate() {
        eprintln!(
            "{who}: {count} writes, the longest {} ms",
            longest.as_millis()
        );
        let sql = format!("select count(*) from t where who = {who}");
        assert_eq!(new.psql_in("app", &sql).unwrap(), count.to_string());
    }
    assert_eq!(
        front.app(
            "app",
            "begin; select count(*) from t where who = -2; commit"
        ),
        Ok("1".to_owned())
    );
}
