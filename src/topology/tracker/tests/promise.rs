//! What a certificate promises, against random histories: a replica certified at or after the end
//! of a write holds that write. Four mistakes in the measuring are made on purpose, and the same
//! check must catch each of them, or it proves nothing.

use super::*;

/// What is measured wrongly.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mistake {
    None,
    /// The write position in place of the insert position.
    WritePosition,
    /// The sample's time is taken when the reply is there.
    TimeAfterReply,
    /// Whatever timeline a replica is on counts as the primary's.
    TimelineIgnored,
    /// A write is taken to end when it is sent.
    WriteTimeBeforeReply,
}

/// A primary, two replicas, and questions under way. Time is the step count.
struct World {
    mistake: Mistake,
    tracker: Tracker,
    origin: Instant,
    now: u64,
    seed: u64,
    timeline: u32,
    primary: usize,
    insert: u64,
    written: u64,
    /// Of the writes that survive: sent, acknowledged, position.
    history: Vec<(u64, u64, u64)>,
    sent: Option<u64>,
    nodes: [Node; 3],
}

#[derive(Clone, Copy, Default)]
struct Node {
    is_connected: bool,
    timeline: u32,
    replayed: u64,
    /// Where its history parts from the primary's.
    forked_at: Option<u64>,
    asked_at: Option<u64>,
    answer: Option<Answer>,
}

impl World {
    fn new(mistake: Mistake, seed: u64) -> Self {
        let nodes: Vec<_> = (0..3).map(|_| (Arc::from("node"), 1.0)).collect();
        Self {
            mistake,
            tracker: Tracker::new(Policy::default(), &nodes),
            origin: origin(),
            now: 0,
            seed,
            timeline: 1,
            primary: 0,
            insert: 1_000,
            written: 1_000,
            history: Vec::new(),
            sent: None,
            nodes: [Node {
                timeline: 1,
                replayed: 1_000,
                ..Node::default()
            }; 3],
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(0x5851_F42D_4C95_7F2D)
            .wrapping_add(0x1405_7B7E_F767_814F);
        (self.seed >> 33) % below
    }

    fn pick(&mut self, below: u64) -> usize {
        usize::try_from(self.random(below)).unwrap()
    }

    fn step(&mut self) {
        self.now += 1;
        match self.random(24) {
            0..3 => self.sent = self.sent.or(Some(self.now)),
            3..6 => self.acknowledge(),
            6..8 => self.written = self.insert,
            8..14 => self.replay(),
            14..23 => self.probe(),
            _ if self.random(40) == 0 => self.promote(),
            _ => (),
        }
    }

    /// A commit with `synchronous_commit = off`: acknowledged before it is written.
    fn acknowledge(&mut self) {
        if let Some(sent) = self.sent.take() {
            self.insert += 8 * (1 + self.random(8));
            self.history.push((sent, self.now, self.insert));
        }
    }

    fn replay(&mut self) {
        let i = self.pick(3);
        let step = 8 * self.random(12);
        let node = &mut self.nodes[i];
        if i != self.primary && node.forked_at.is_none() {
            node.timeline = self.timeline;
            node.replayed = (node.replayed + step).min(self.written).max(node.replayed);
        }
    }

    /// One more step of a node's probe: asked, answered there, arrived here.
    fn probe(&mut self) {
        let i = self.pick(3);
        let is_primary = i == self.primary;
        let node = &mut self.nodes[i];
        match (node.asked_at, node.answer) {
            (None, _) => node.asked_at = Some(self.now),
            (Some(_), None) => {
                let lsn = match self.mistake {
                    _ if !is_primary => node.replayed,
                    Mistake::WritePosition => self.written,
                    _ => self.insert,
                };
                let role = if is_primary {
                    Role::Primary
                } else {
                    Role::Replica
                };
                let timeline = match self.mistake {
                    Mistake::TimelineIgnored => self.timeline,
                    _ => node.timeline,
                };
                node.answer = Some(Answer {
                    role,
                    lsn: Some(Lsn(lsn)),
                    flushed: None,
                    is_read_only: false,
                    timeline: Some(Timeline(timeline)),
                });
            }
            (Some(asked_at), Some(answer)) => {
                (node.asked_at, node.answer) = (None, None);
                let is_new = !std::mem::replace(&mut node.is_connected, true);
                let asked_at = match self.mistake {
                    Mistake::TimeAfterReply => self.now,
                    _ => asked_at,
                };
                self.arrive(i, is_new, answer, asked_at);
            }
        }
    }

    fn arrive(&mut self, i: usize, is_new: bool, answer: Answer, asked_at: u64) {
        let hello = is_new.then_some(Hello {
            system: SystemId(7),
            layout: WalLayout::default(),
        });
        let (asked_at, now) = (self.at(asked_at), self.at(self.now));
        let id = NodeId(u16::try_from(i).unwrap());
        self.tracker.on_answer(id, hello, answer, asked_at, now);
    }

    fn at(&self, step: u64) -> Instant {
        self.origin + Duration::from_millis(step)
    }

    /// The primary dies and a replica takes over, perhaps not the one that has most; the dead one
    /// comes back as a replica of it with nothing that the new one lacks.
    fn promote(&mut self) {
        let (old, new) = (self.primary, (self.primary + 1 + self.pick(2)) % 3);
        if self.nodes[new].forked_at.is_some() {
            return;
        }
        let fork = self.nodes[new].replayed;
        self.timeline += 1;
        (self.primary, self.insert, self.written, self.sent) = (new, fork, fork, None);
        self.history.retain(|(_, _, position)| *position <= fork);
        self.nodes[new].timeline = self.timeline;
        for (i, node) in self.nodes.iter_mut().enumerate() {
            if i == old {
                *node = Node {
                    timeline: self.timeline,
                    replayed: fork.min(1_000),
                    ..Node::default()
                };
            } else if fork < node.replayed {
                node.forked_at = Some(fork);
            }
        }
        let id = NodeId(u16::try_from(old).unwrap());
        let now = self.at(self.now);
        self.tracker.on_failure(id, Failure::Refused, now);
    }

    /// Certificates that promise a write which the replica lacks.
    fn broken(&self) -> usize {
        let mut broken = 0;
        for (view, node) in self.tracker.view().nodes.iter().zip(&self.nodes) {
            let Some(certificate) = view.certificate else {
                continue;
            };
            let held = node.forked_at.unwrap_or(node.replayed);
            broken += self
                .history
                .iter()
                .filter(|(sent, acknowledged, position)| {
                    let ended = match self.mistake {
                        Mistake::WriteTimeBeforeReply => *sent,
                        _ => *acknowledged,
                    };
                    self.at(ended) <= certificate && held < *position
                })
                .count();
        }
        broken
    }
}

/// Broken promises and certificates issued, over many seeds.
fn run(mistake: Mistake) -> (usize, usize) {
    let (mut broken, mut certified) = (0, 0);
    for seed in 0..SEEDS {
        let mut world = World::new(mistake, seed as u64);
        for _ in 0..STEPS {
            world.step();
            broken += world.broken();
            let nodes = world.tracker.view().nodes.iter();
            certified += nodes.filter(|n| n.certificate.is_some()).count();
        }
    }
    (broken, certified)
}

#[test]
fn certificates_keep_their_promise() {
    let (broken, certified) = run(Mistake::None);
    assert_eq!(broken, 0);
    assert!(
        SEEDS * STEPS / 4 < certified,
        "only {certified} certificates: proves nothing"
    );
}

#[test]
fn each_mistake_is_caught() {
    for mistake in [
        Mistake::WritePosition,
        Mistake::TimeAfterReply,
        Mistake::TimelineIgnored,
        Mistake::WriteTimeBeforeReply,
    ] {
        assert_ne!(run(mistake).0, 0, "{mistake:?} was not caught");
    }
}

const SEEDS: usize = 20;

const STEPS: usize = 4_000;
