//! Answers of Patroni 3 and 4, and what is not one.

use super::*;

const ANSWER: &str = r#"{"members": [
    {"name": "pg1", "role": "leader", "state": "running", "api_url": "http://10.0.0.1:8008/patroni",
     "host": "10.0.0.1", "port": 5432, "timeline": 5,
     "tags": {"clonefrom": true, "noloadbalance": false}},
    {"name": "pg2", "role": "sync_standby", "state": "streaming",
     "api_url": "http://10.0.0.2:8008/patroni", "host": "10.0.0.2", "port": 5433, "timeline": 5,
     "lag": 0, "lsn": "0/4000060", "receive_lag": 0},
    {"name": "pg3", "role": "replica", "state": "streaming", "api_url": "https://pg3:8009/patroni",
     "host": "pg3.example", "timeline": 5, "tags": {"noloadbalance": true}, "lag": "unknown"},
    {"name": "pg4", "role": "replica", "state": "creating replica",
     "api_url": "http://10.0.0.4:8008/patroni", "lag": "unknown"}
  ], "scope": "demo", "pause": true}"#;

fn nodes(body: &str) -> Result<Vec<String>, String> {
    let members = Members::parse(body.as_bytes(), &[]);
    let show = |node: &Node| format!("{node}={}", node.weight);
    members
        .map(|members| members.nodes.iter().map(show).collect())
        .map_err(|(expected, found)| format!("{expected}; {found}"))
}

#[test]
fn members_are_read() {
    let found = nodes(ANSWER).unwrap();
    assert_eq!(
        found,
        ["10.0.0.1:5432=1", "10.0.0.2:5433=1", "pg3.example:5432=0"]
    );
    let members = Members::parse(ANSWER.as_bytes(), &[]).unwrap();
    let urls: Vec<_> = members.urls.iter().map(ToString::to_string).collect();
    assert_eq!(
        urls,
        [
            "http://10.0.0.1:8008",
            "http://10.0.0.2:8008",
            "https://pg3:8009",
            "http://10.0.0.4:8008"
        ]
    );
}

#[test]
fn what_the_file_says_of_a_node_holds() {
    let file = |host: &str, port, weight| Node {
        host: host.to_owned(),
        port,
        weight,
        pool_size: Some(7),
        ..Node::default()
    };
    let configured = [
        file("10.0.0.2", 5433, 0.5),
        file("10.0.0.1", 1, 9.0),
        file("pg3.example", 5432, 2.0),
    ];
    let members = Members::parse(ANSWER.as_bytes(), &configured).unwrap();
    let told: Vec<_> = members
        .nodes
        .iter()
        .map(|n| (n.weight, n.pool_size))
        .collect();
    assert_eq!(told, [(1.0, None), (0.5, Some(7)), (0.0, Some(7))]);
}

#[test]
fn cut_short_anywhere_it_is_refused() {
    for end in 0..ANSWER.len() {
        assert!(nodes(&ANSWER[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn members_of_wrong_types_are_left_out() {
    let check = |members: &str, expected: Result<&[&str], &str>| {
        let found = nodes(&format!(r#"{{"members": {members}}}"#));
        match expected {
            Ok(expected) => assert_eq!(found.unwrap(), expected, "{members}"),
            Err(expected) => {
                let found = found.unwrap_err();
                assert!(found.contains(expected), "{members}: {found}");
            }
        }
    };
    let good = r#"{"host": "a", "port": 1}"#;
    for wrong in [
        "1",
        "null",
        "[]",
        r#""a""#,
        "{}",
        r#"{"host": 5, "port": 1}"#,
        r#"{"host": null, "port": 1}"#,
        r#"{"host": "b", "port": "5432"}"#,
        r#"{"host": "b", "port": 0}"#,
        r#"{"host": "b", "port": 65536}"#,
        r#"{"host": "b", "port": -1}"#,
        r#"{"host": "b", "port": 1.5}"#,
        r#"{"host": "b", "port": null}"#,
        r#"{"host": "", "port": 1}"#,
        r#"{"host": "a b", "port": 1}"#,
        r#"{"host": "a,b", "port": 1}"#,
        r#"{"host": "/tmp", "port": 1}"#,
        r#"{"host": "@x", "port": 1}"#,
    ] {
        check(&format!("[{wrong}, {good}]"), Ok(&["a:1=1"]));
        check(&format!("[{wrong}]"), Err("no host among them"));
    }
    check(
        r#"[{"host": "a", "tags": 5, "api_url": 7}]"#,
        Ok(&["a:5432=1"]),
    );
    check(
        r#"[{"host": "a", "tags": {"noloadbalance": "yes"}}]"#,
        Ok(&["a:5432=0"]),
    );
    check("{}", Err("a JSON object"));
    check("[]", Err("0 members"));
    for wrong in ["", "[]", "5", "<html>", "{\"members\": 1}"] {
        assert!(nodes(wrong).is_err(), "{wrong}");
    }
    let deep = "[".repeat(100_000);
    assert!(nodes(&deep).is_err(), "nested without end");
}

#[test]
fn thousands_of_members_are_read() {
    let member = |i: usize| {
        format!(
            r#"{{"host": "10.0.{}.{}", "port": 5432}}"#,
            i / 250,
            i % 250
        )
    };
    let members: Vec<_> = (0..5_000).map(member).collect();
    let body = format!(r#"{{"members": [{}]}}"#, members.join(","));
    assert_eq!(nodes(&body).unwrap().len(), 5_000);
}
