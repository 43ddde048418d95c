use std::time::Duration;

use super::*;
use crate::route::freshness::Needs;

/// Whether the session knows that it may have written, as a script says it.
pub(super) fn has_written(world: &World) -> String {
    world.session.last_write.is_some().to_string()
}

const READ: &str = "want: Read read
    link: replica
    server: D[1] ; C[SELECT 1] ; Z[I]
    release:";
const WRITE: &str = "client: Q[INSERT INTO t VALUES (1)]
    want: Primary command
    link: primary
    server: C[INSERT 0 1] ; Z[I]
    release:";

impl World {
    /// Runs a script, a second after the one before.
    fn later(&mut self, script: &str) -> Instant {
        self.now += Duration::from_secs(1);
        let lines = script.lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty())
            .for_each(|line| self.step(line));
        self.now
    }

    /// What the batch at hand needs.
    fn needs(&self) -> Needs {
        self.session.needs(self.now, None)
    }

    /// The link is to another node than that of the script, and was chosen without regard to
    /// earlier reads.
    fn strays_to(&mut self, node: u16) {
        let link = self.session.link.as_mut().unwrap();
        link.node = NodeId(node);
        link.goes_on = false;
    }
}

// What had come in front of it took its mark: it was told to nobody when it was committed.
#[test]
fn a_write_behind_another_counts_from_its_own_answer() {
    let mut world = World::new(PoolMode::Transaction);
    let first = world.later(
        "client: Q[INSERT INTO t VALUES (1)] ; Q[INSERT INTO t VALUES (2)]
         want: Primary command
         link: primary
         server: C[INSERT 0 1] ; Z[I]",
    );
    assert_eq!(world.session.last_write, Some(first));
    assert!(world.session.take_wrote());
    let second = world.later("server: C[INSERT 0 1]");
    assert!(world.session.take_wrote());
    world.step("server: Z[I]");
    assert_eq!(world.session.last_write, Some(second));
    assert!(world.session.take_wrote());
    world.step("release:");
}

#[test]
fn a_read_behind_a_write_is_none() {
    let mut world = World::new(PoolMode::Transaction);
    let write = world.later(
        "client: Q[INSERT INTO t VALUES (1)] ; Q[SELECT 1]
         want: Primary command
         link: primary
         server: C[INSERT 0 1] ; Z[I]",
    );
    assert!(world.session.take_wrote());
    world.later("server: D[1] ; C[SELECT 1] ; Z[I]\nrelease:");
    assert_eq!(world.session.last_write, Some(write));
    assert!(!world.session.take_wrote());
}

#[test]
fn what_is_defined_behind_another_batch_is_told_when_it_is_answered() {
    let mut world = World::new(PoolMode::Transaction);
    world.later(
        "client: Q[INSERT INTO t VALUES (1)] ; Q[CREATE VIEW v AS SELECT 1]
         want: Primary command
         link: primary
         server: C[INSERT 0 1] ; Z[I]",
    );
    world.session.take_defined();
    world.later("server: C[CREATE VIEW] ; Z[I]");
    assert!(world.session.take_defined());
    world.step("release:");
    assert!(!world.session.take_defined());
}

// A node that may lag was taken for one that has what was read before, because it was the last.
#[test]
fn a_stray_read_does_not_unbind_those_after_it() {
    let mut world = World::new(PoolMode::Transaction);
    world.later(&format!("client: Q[SELECT 1]\n{READ}"));
    let stray = "client: Q[/* pgsluice: eventual */ SELECT 1]
         want: Read read
         link: replica";
    let at = world.later(stray);
    assert_eq!(world.needs().last_read, world.session.last_read);
    world.strays_to(1);
    world.step("server: D[1] ; C[SELECT 1] ; Z[I]");
    world.step("release:");
    world.later("client: Q[SELECT 1]\nwant: Read read");
    let last = world.needs().last_read.unwrap();
    assert_eq!((last.node, last.at), (last.nowhere().node, at));
    // Where it reads from now it goes on.
    let at = world.later("link: replica\nserver: D[1] ; C[SELECT 1] ; Z[I]\nrelease:");
    world.later("client: Q[SELECT 1]\nwant: Read read");
    let last = world.needs().last_read.unwrap();
    assert_eq!((last.node, last.at), (NodeId(0), at));
}

// A hint for the first read held for all of the transaction.
#[test]
fn a_transaction_asks_for_no_less_than_the_settings() {
    for begin in [
        "late:
         client: Q[BEGIN]
         want: Alone
         alone: C[BEGIN] ; Z[T]
         client: Q[/* pgsluice: eventual */ SELECT 1]
         want: Read late_binding",
        "client: P[|BEGIN READ ONLY] ; B[|] ; E ; P[|/* pgsluice: eventual */ SELECT 1] ; B[|] ; E ; S
         want: Read read_only_transaction",
    ] {
        let mut world = World::new(PoolMode::Transaction);
        let write = world.later(WRITE);
        world.to_client.clear();
        world.later(begin);
        assert_eq!(world.needs().certified_since, Some(write), "{begin}");
        assert!(world.needs().last_read.is_some(), "{begin}");
    }
    let mut world = World::new(PoolMode::Transaction);
    world.later(WRITE);
    world.later("client: Q[/* pgsluice: eventual */ SELECT 1]\nwant: Read read");
    assert_eq!(world.needs().certified_since, None);
}
