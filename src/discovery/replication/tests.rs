//! Looks at views as a monitor makes them.

use std::sync::Arc;

use super::*;
use crate::config::types::Config;
use crate::ids::NodeId;
use crate::topology::identity::SystemId;
use crate::topology::identity::Timeline;
use crate::topology::lsn::Lsn;
use crate::topology::lsn::WalLayout;
use crate::topology::policy::Policy;
use crate::topology::standby::SyncState;
use crate::topology::tracker::Answer;
use crate::topology::tracker::Failure;
use crate::topology::tracker::Hello;
use crate::topology::tracker::Tracker;

/// Node 0 is the primary `pg1`; `pg2` is in the file, too.
struct Scene {
    configured: Arc<Cluster>,
    followers: Followers,
    present: Vec<Node>,
    tracker: Tracker,
    now: Instant,
}

impl Scene {
    fn new(options: &str) -> Self {
        let text = format!(
            "[clusters.a]\nnodes = [\"pg1:6000\", \"pg2\"]\ndiscovery = \"replication\"\n\
             monitor_user = \"m\"\n{options}\n[users.u]\npassword = \"u\"\n[databases.a]\n\
             cluster = \"a\"\n"
        );
        let config = Config::parse(&text, std::path::Path::new("a.toml")).unwrap();
        let configured = Arc::clone(&config.clusters["a"]);
        let mut scene = Self {
            present: configured.nodes.clone(),
            configured,
            followers: Followers::default(),
            tracker: Tracker::new(Policy::default(), &[]),
            now: tokio::time::Instant::now().into_std(),
        };
        scene.watch();
        scene
    }

    /// Has a tracker of the nodes that are present, all of which answer.
    fn watch(&mut self) {
        let named = self.present.iter().map(|n| (n.to_string().into(), 1.0));
        let nodes: Vec<(Arc<str>, f64)> = named.collect();
        self.tracker = Tracker::new(Policy::default(), &nodes);
        for i in 0..nodes.len() {
            let role = if i == 0 { Role::Primary } else { Role::Replica };
            self.answers(i, 7, role);
            self.says(i, &format!("start{i}"), &format!("name{i}"));
        }
    }

    fn answers(&mut self, node: usize, system: u64, role: Role) {
        let hello = Hello {
            system: SystemId(system),
            layout: WalLayout::default(),
        };
        let answer = Answer {
            role,
            lsn: Some(Lsn(100)),
            flushed: None,
            is_read_only: false,
            timeline: Some(Timeline(1)),
        };
        let id = NodeId(u16::try_from(node).unwrap());
        let _ = self
            .tracker
            .on_answer(id, Some(hello), answer, self.now, self.now);
    }

    fn fails(&mut self, node: usize) {
        let id = NodeId(u16::try_from(node).unwrap());
        let _ = self.tracker.on_failure(id, Failure::Refused, self.now);
    }

    fn says(&mut self, node: usize, started: &str, name: &str) {
        let own = Oneself {
            started: started.into(),
            address: None,
            name: Some(name.into()),
            slot: None,
        };
        let id = NodeId(u16::try_from(node).unwrap());
        let _ = self.tracker.on_oneself(id, own);
    }

    /// The primary names standbys: `name@address`.
    fn names(&mut self, standbys: &str) {
        let standby = |text: &str| {
            let (name, address) = text.split_once('@').unwrap();
            Standby {
                name: name.trim_end_matches('!').into(),
                address: address.parse().ok(),
                slot: None,
                is_streaming: !name.ends_with('!'),
                sync: SyncState::Async,
            }
        };
        let standbys = Standbys {
            list: standbys.split_whitespace().map(standby).collect(),
            is_remote_apply: false,
        };
        let _ = self.tracker.on_standbys(NodeId(0), standbys);
    }

    /// Looks, and takes in what was found.
    fn look(&mut self) -> String {
        let view = self.tracker.view();
        let found = self
            .followers
            .find(&self.configured, &self.present, view, self.now);
        self.present = found.unwrap();
        let names: Vec<_> = self.present.iter().map(Node::to_string).collect();
        names.join(" ")
    }
}

const FILE: &str = "pg1:6000 pg2:5432";

#[test]
fn standbys_that_nobody_named_are_found() {
    let mut scene = Scene::new("");
    scene.names("name1@10.0.0.2 other@10.0.0.3 third@fd00::3");
    assert_eq!(scene.look(), format!("{FILE} 10.0.0.3:6000 [fd00::3]:6000"));
    let mut scene = Scene::new("discovery_port = 5499");
    scene.names("other@10.0.0.3");
    assert_eq!(scene.look(), format!("{FILE} 10.0.0.3:5499"));
}

#[test]
fn what_only_copies_the_log_is_no_node() {
    let mut scene = Scene::new("");
    scene.names("pg_receivewal@10.0.0.3 pg_basebackup@10.0.0.4 other!@10.0.0.5 local@");
    assert_eq!(scene.look(), FILE);
}

#[test]
fn nobody_is_added_before_all_have_said_who_they_are() {
    let mut scene = Scene::new("");
    let nodes: Vec<(Arc<str>, f64)> = [("pg1:6000".into(), 1.0), ("pg2:5432".into(), 1.0)].into();
    scene.tracker = Tracker::new(Policy::default(), &nodes);
    scene.answers(0, 7, Role::Primary);
    scene.answers(1, 7, Role::Replica);
    scene.names("name1@10.0.0.2");
    assert_eq!(scene.look(), FILE);
    scene.says(1, "start1", "name1");
    assert_eq!(scene.look(), FILE);
}

#[test]
fn who_is_neither_named_nor_answers_is_gone_after_a_while() {
    let mut scene = Scene::new("");
    scene.names("other@10.0.0.3");
    let both = format!("{FILE} 10.0.0.3:6000");
    assert_eq!(scene.look(), both);
    scene.watch();
    scene.names("name2@10.0.0.3");
    assert_eq!(scene.look(), both);
    scene.names("");
    scene.now += GONE_AFTER * 2;
    assert_eq!(scene.look(), both, "it answers");
    scene.fails(2);
    scene.now += GONE_AFTER / 2;
    assert_eq!(scene.look(), both, "it may come back");
    scene.now += GONE_AFTER / 2;
    assert_eq!(scene.look(), FILE);
    assert!(scene.followers.seen.is_empty());
}

#[test]
fn one_that_became_another_cluster_is_gone_after_a_while() {
    let mut scene = Scene::new("");
    scene.names("other@10.0.0.3");
    let both = scene.look();
    scene.watch();
    assert_eq!(scene.look(), both);
    scene.answers(2, 8, Role::Replica);
    scene.names("");
    assert_eq!(scene.look(), both);
    scene.now += GONE_AFTER;
    assert_eq!(scene.look(), FILE);
}

#[test]
fn one_that_was_promoted_stays() {
    let mut scene = Scene::new("");
    scene.names("other@10.0.0.3");
    let both = scene.look();
    scene.watch();
    scene.fails(0);
    assert_eq!(scene.tracker.view().primary, None);
    scene.now += GONE_AFTER * 2;
    assert_eq!(scene.look(), both, "there is nobody to ask");
    scene.answers(2, 7, Role::Primary);
    assert_eq!(scene.tracker.view().primary, Some(NodeId(2)));
    let _ = scene.tracker.on_standbys(NodeId(2), Standbys::default());
    assert_eq!(scene.look(), both);
    scene.now += GONE_AFTER * 2;
    assert_eq!(scene.look(), both);
}

#[test]
fn one_node_by_two_names_is_one() {
    let mut scene = Scene::new("");
    // It has another name than the file's node says of itself, until that may say it.
    scene.names("other@10.0.0.2");
    assert_eq!(scene.look(), format!("{FILE} 10.0.0.2:6000"));
    scene.watch();
    scene.says(2, "start1", "other");
    scene.names("other@10.0.0.2");
    assert_eq!(scene.look(), FILE);
    scene.watch();
    scene.names("other@10.0.0.2");
    assert_eq!(scene.look(), FILE, "it is not found again");
}

#[test]
fn silence_is_an_error_in_the_end() {
    let mut scene = Scene::new("");
    for _ in 1..SILENT_LOOKS_MAX {
        assert_eq!(scene.look(), FILE);
    }
    let view = scene.tracker.view();
    let fault = scene
        .followers
        .find(&scene.configured, &scene.present, view, scene.now)
        .unwrap_err();
    assert!(fault.to_string().contains("pg_monitor"), "{fault}");
    scene.names("");
    assert_eq!(scene.look(), FILE);
}
