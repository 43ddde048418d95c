//! Standbys and nodes as texts: `name@address/slot`, where each part may be left out.

use super::*;

fn parts(text: &str) -> (Option<&str>, Option<IpAddr>, Option<Box<str>>) {
    let (rest, slot) = text
        .split_once('/')
        .map_or((text, None), |(r, s)| (r, Some(s)));
    let (name, address) = rest
        .split_once('@')
        .map_or((rest, None), |(n, a)| (n, Some(a)));
    let address = address.map(|a| format!("10.0.0.{a}").parse().unwrap());
    (
        Some(name).filter(|name| !name.is_empty()),
        address,
        slot.map(Box::from),
    )
}

/// Which standby each node is; `-` for none.
#[track_caller]
fn check(standbys: &str, nodes: &str, expected: &str) {
    let standby = |text: &str| {
        let (name, address, slot) = parts(text);
        Standby {
            name: name.unwrap_or_default().into(),
            address,
            slot,
            is_streaming: true,
            sync: SyncState::Async,
        }
    };
    let standbys = Standbys {
        list: standbys.split_whitespace().map(standby).collect(),
        is_remote_apply: false,
    };
    let node = |(i, text): (usize, &str)| {
        let (name, address, slot) = parts(text);
        (text != "?").then(|| Oneself {
            started: i.to_string().into(),
            address,
            name: name.map(Box::from),
            slot,
        })
    };
    let nodes: Vec<_> = nodes.split_whitespace().enumerate().map(node).collect();
    let nodes: Vec<_> = nodes.iter().map(Option::as_ref).collect();
    let show = |place: Option<usize>| place.map_or("-".to_owned(), |place| place.to_string());
    let found: Vec<_> = standbys.places(&nodes).into_iter().map(show).collect();
    assert_eq!(found.join(" "), expected);
}

#[test]
fn a_slot_says_who_it_is() {
    check(
        "walreceiver@1/a walreceiver@1/b",
        "walreceiver@1/b walreceiver@1/a",
        "1 0",
    );
    // Whatever it is called.
    check("x@1/a", "y@2/a", "0");
    check("x/a x/b", "x/b ? x/c", "1 - -");
    // Not all have one.
    check("x/a x@2", "x@1/a x@2", "0 1");
}

#[test]
fn a_name_says_who_it_is_if_it_is_the_only_one() {
    check("pg1@1 pg2@1", "pg2@1 pg1@1 pg3@1", "1 0 -");
    check("pg1", "pg1", "0");
    check("pg1 pg1", "pg1", "-");
    // One of them is down, and nobody can say which.
    check("pg1", "pg1 pg1", "- -");
    check("pg1", "?", "-");
    check("", "pg1", "-");
}

#[test]
fn the_address_tells_namesakes_apart() {
    check(
        "walreceiver@1 walreceiver@2",
        "walreceiver@2 walreceiver@1 walreceiver@3",
        "1 0 -",
    );
    check("walreceiver@1 walreceiver@1", "walreceiver@1", "-");
    check("walreceiver@1", "walreceiver@1 walreceiver@1", "- -");
    check("walreceiver@2", "walreceiver@1 walreceiver@2", "- 0");
}

#[test]
fn the_name_is_read_from_what_the_receiver_shows() {
    let check = |conninfo: &str, expected: Option<&str>| {
        assert_eq!(name_in(conninfo), expected, "{conninfo}");
    };
    check(
        "user=postgres passfile=/root/.pgpass channel_binding=prefer dbname=replication \
         host=/tmp/x port=5432 application_name=node1 fallback_application_name=walreceiver \
         sslmode=prefer",
        Some("node1"),
    );
    check(
        "host=a fallback_application_name=pg 1 east sslmode=prefer",
        Some("pg 1 east"),
    );
    check("application_name=a b=c", Some("a"));
    check("application_name=a =b", Some("a =b"));
    check("application_name=a 1=b", Some("a 1=b"));
    check("application_name= fallback_application_name=x", Some("x"));
    check("fallback_application_name=x", Some("x"));
    check("host=application_name", None);
    check("application_name", None);
    check("", None);
}

#[test]
fn words_are_postgresqls() {
    for state in SyncState::ALL {
        assert_eq!(SyncState::parse(state.as_str()), Some(state));
    }
    assert_eq!(SyncState::parse("Sync"), None);
    assert!(SyncState::Quorum.is_waited_for() && !SyncState::Potential.is_waited_for());
}
