//! `[peers.ID]` of a TOML file.

use crate::config::peers::PeerId;
use crate::config::reload::diff;
use crate::config::tests::faults_of;
use crate::config::tests::good;
use crate::config::types::Config;

const DATABASE: &str =
    "[databases.a]\nnodes = [\"a\"]\nroles = \"ignored\"\n[users.u]\npassword = \"p\"\n";

fn read(text: &str) -> Config {
    good(&format!("{text}\n{DATABASE}"))
}

#[test]
fn peers_are_read() {
    let config = read("peer_id = 1\n[peers.2]\nhost = \"b\"\nport = 7\npool_size = 3\n");
    assert_eq!(config.peer_id, PeerId(1));
    let peer = &config.peers[&2];
    assert_eq!((peer.to_string(), peer.pool_size), ("b:7".into(), Some(3)));
}

#[test]
fn mistakes_are_told_with_their_line() {
    for (text, said) in [
        (
            "[peers.2]\nport = 7",
            "1: peers.2: `host = \"…\"` is missing",
        ),
        (
            "[peers.0]\nhost = \"a\"",
            "1: peers.0: ids of peers must be a number larger than 0 and at most 16383",
        ),
        (
            "[peers.2]\nhost = \"a\"\nweight = 1",
            "3: peers.2.weight: this option belongs to a node of a cluster",
        ),
        (
            "peer_id = 16384",
            "1: peer_id: a number from 0 to 16383 is expected, `16384` came",
        ),
    ] {
        let faults = faults_of(&format!("{text}\n{DATABASE}"));
        assert_eq!(faults, [said]);
    }
}

#[test]
fn a_reload_tells_what_has_changed() {
    let old = read("[peers.2]\nhost = \"b\"\n[peers.3]\nhost = \"c\"\n");
    let new = read("[peers.2]\nhost = \"x\"\n[peers.4]\nhost = \"c\"\n");
    let (_, changes) = diff(&old, new);
    assert!(!changes.is_empty());
    assert_eq!(changes.peers.added, ["4"]);
    assert_eq!(changes.peers.removed, ["3"]);
    assert_eq!(changes.peers.changed, ["2"]);
}
