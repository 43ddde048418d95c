//! `[peers]`, and what is said of mistakes in it: PgBouncer's words.

use crate::config::ini::tests::faults_of;
use crate::config::ini::tests::good;
use crate::config::peers::PeerId;

#[test]
fn peers_are_read() {
    let config = good(
        "[peers]\n1 = host=/tmp/x port=5432\n2 = host=b pool_size=3\n2 = host = 'c' port=0x10\n\
         016383 = host=d\n[pgbouncer]\npeer_id = 0x3fff\n",
    );
    assert_eq!(config.peer_id, PeerId(16_383));
    let peers: Vec<_> = config
        .peers
        .values()
        .map(|peer| format!("{} {peer} {:?}", peer.id, peer.pool_size))
        .collect();
    let expected = ["1 /tmp/x:5432 None", "2 c:16 None", "16383 d:6432 None"];
    assert_eq!(peers, expected);
    let silent = good("[pgbouncer]\n");
    assert!(silent.peer_id == PeerId(0) && silent.peers.is_empty());
}

/// As PgBouncer 1.24.1 said; its limit is the one that its manual gives.
#[test]
fn mistakes_in_peers_are_told_with_their_line() {
    const ID: &str = "ids of peers must be a number larger than 0 and at most 16383";
    for (key, value, said) in [
        ("x", "host=a", ID),
        ("2x", "host=a", ID),
        ("0", "host=a", ID),
        ("-1", "host=a", ID),
        ("16384", "host=a", ID),
        ("2", "port=7", "host was not provided for peer 2"),
        ("2", "", "host was not provided for peer 2"),
        ("2", "host=a port=x", "invalid port: x"),
        ("2", "host=a port=0", "invalid port: 0"),
        ("2", "host=a port=70000", "invalid port: 70000"),
        ("2", "host=a pool_size=x", "invalid pool_size: x"),
        (
            "2",
            "host=a nosuch=x",
            "unrecognized connection parameter: nosuch",
        ),
        (
            "2",
            "host=a dbname=x",
            "unrecognized connection parameter: dbname",
        ),
        ("2", "host a", "syntax error in connection string"),
    ] {
        let last =
            format!("invalid value \"{value}\" for parameter {key} in configuration (t.ini:2)");
        let faults = faults_of("peers", &format!("{key} = {value}"));
        assert_eq!(faults, [format!("{said}\n{last}")]);
    }
    for id in ["16384", "-1", "x"] {
        let faults = faults_of("pgbouncer", &format!("peer_id = {id}"));
        let said =
            format!("invalid value \"{id}\" for parameter peer_id in configuration (t.ini:2)");
        assert_eq!(faults, [said]);
    }
}
