//! `SHOW LEARNED`, and what is explained of a statement that a replica has refused.

use crate::ask;
use crate::front;
use crate::stage::cluster;

#[test]
fn what_a_replica_refused_is_shown_and_explained() {
    let cluster = cluster(1);
    let mut front = front(&cluster, "learned", &[("app", ""), ("other", "")]);
    front.app("app", "create sequence s").unwrap();
    let body = "begin return nextval('s') + length($2); end";
    let sneaky = format!(
        "create function sneaky(int, text) returns int language plpgsql stable as $${body}$$"
    );
    front.app("app", &sneaky).unwrap();
    cluster.catch_up(0).unwrap();
    let explain = |front: &crate::Front| {
        let rows = ask(front, "explain route (database app) select sneaky(5, 'x')");
        (rows[0][1].clone(), rows[0][12].clone(), rows[1][12].clone())
    };
    front.wait("the function known", |front| {
        let is_up = ask(front, "show nodes")
            .iter()
            .all(|node| node[4].is_empty());
        is_up && explain(front).0 == "read"
    });
    assert!(ask(&front, "show learned").is_empty());

    let session = front.session("app");
    let secret = session.sql("select sneaky(41, 'secret')").unwrap();
    assert_eq!(secret, "7");
    let rows = ask(&front, "show learned");
    assert_eq!(rows.len(), 1, "{rows:?}");
    let replica = format!("127.0.0.1:{}", cluster.replicas()[0].port());
    assert_eq!(rows[0][..4], ["app", "25006", &*replica, "1"], "{rows:?}");
    assert_eq!(rows[0][7], "select sneaky(?)", "{rows:?}");
    let expires: u64 = rows[0][6].parse().unwrap();
    assert!((500..600).contains(&expires), "{rows:?}");
    let (class, why, route) = explain(&front);
    assert_eq!(class, "write");
    assert!(why.contains("a replica refused its like"), "{why}");
    assert_eq!(route, "learned: by what the statement is");

    // It goes to the primary at once now, once for each.
    assert_eq!(session.sql("select sneaky(1, '')").as_deref(), Ok("2"));
    assert_eq!(ask(&front, "show learned")[0][3], "1");
    let routes = ask(&front, "show routes");
    let learned = routes.iter().find(|row| row[3] == "learned").unwrap();
    assert_eq!(
        (&*learned[0], &*learned[2], &*learned[4]),
        ("app", "write", "1")
    );
}
