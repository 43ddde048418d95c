//! Clients that take turns at a server while requests to cancel their queries are on their way,
//! arrive, and are given up, by chance.

use std::sync::mpsc::Receiver;
use std::sync::mpsc::channel;

use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::config::tls::Tls;
use crate::config::types::Tcp;
use crate::ids::NodeId;
use crate::net::dial::Target;
use crate::net::tls::dial::ServerTls;
use crate::server::path::Means;
use crate::server::path::Path;
use crate::wire::startup::CancelKey;

/// What is left out of the guard, to see that it is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    Whole,
    /// Servers are given away while requests are on their way.
    WithoutWaiting,
    /// A request that was given up counts as one that was never sent.
    WithoutDoubt,
}

/// A request that was sent.
struct Request {
    meant: usize,
    /// Servers are closed, and others opened in their place.
    server: usize,
    /// `None`: nobody waits for it any more.
    flight: Option<CancelInFlight>,
}

struct World {
    guard: Guard,
    random: StdRng,
    handle: Arc<CancelHandle>,
    server: usize,
    owner: Option<usize>,
    released: Option<Receiver<Landing>>,
    requests: Vec<Request>,
    /// Queries of others that were hit, and turns at the server.
    hits: u32,
    turns: u32,
}

const CLIENTS: usize = 3;

fn handle() -> Arc<CancelHandle> {
    let means = Means::new(
        Arc::new(ServerTls::new(&Tls::default()).unwrap()),
        Tcp::default(),
    );
    let target = Target {
        host: "a".to_owned(),
        port: 1,
    };
    let path = Arc::new(Path::new(target, means));
    let reached = Path::reached(path.tries()[0], None);
    let key = CancelKey {
        pid: 1,
        secret: [0; 4].as_slice().into(),
    };
    let line = Arc::default();
    Arc::new(CancelHandle::new(NodeId(0), (path, reached), key, line))
}

impl World {
    fn new(guard: Guard, seed: u64) -> Self {
        Self {
            guard,
            random: StdRng::seed_from_u64(seed),
            handle: handle(),
            server: 0,
            owner: None,
            released: None,
            requests: Vec::new(),
            hits: 0,
            turns: 0,
        }
    }

    fn step(&mut self) {
        match self.random.random_range(0..5) {
            0 if self.owner.is_some() => self.release(),
            0 => self.take(),
            1 => self.cancel(),
            2 | 3 => self.arrive(),
            _ => self.give_up(),
        }
    }

    fn take(&mut self) {
        if let Some(released) = &self.released {
            match released.try_recv() {
                Ok(Landing::Sure) => (),
                Ok(Landing::Doubtful) => {
                    self.handle = handle();
                    self.server += 1;
                }
                Err(_) => return,
            }
        }
        assert!(self.guard == Guard::WithoutWaiting || self.handle.is_settled());
        self.turns += 1;
        self.released = None;
        self.owner = Some(self.random.random_range(0..CLIENTS));
    }

    fn release(&mut self) {
        let (sender, receiver) = channel();
        if self.guard == Guard::WithoutWaiting {
            sender.send(Landing::Sure).unwrap();
        } else {
            // At the end of the world nobody waits for it.
            let then = move |landing| {
                let _ = sender.send(landing);
            };
            self.handle.when_landed(Box::new(then));
        }
        self.owner = None;
        self.released = Some(receiver);
    }

    fn cancel(&mut self) {
        if let Some(meant) = self.owner {
            let flight = self.handle.begin();
            flight.is_out().store(true, Ordering::Release);
            self.requests.push(Request {
                meant,
                server: self.server,
                flight: Some(flight),
            });
        }
    }

    fn any_request(&mut self) -> Option<usize> {
        let count = self.requests.len();
        (count != 0).then(|| self.random.random_range(0..count))
    }

    fn arrive(&mut self) {
        let Some(i) = self.any_request() else {
            return;
        };
        let request = self.requests.swap_remove(i);
        if request.server == self.server && self.owner.is_some_and(|o| o != request.meant) {
            self.hits += 1;
        }
        if let Some(flight) = request.flight {
            flight.is_out().store(false, Ordering::Release);
        }
    }

    fn give_up(&mut self) {
        let Some(i) = self.any_request() else {
            return;
        };
        let flight = self.requests[i].flight.take();
        if let (Some(flight), Guard::WithoutDoubt) = (&flight, self.guard) {
            flight.is_out().store(false, Ordering::Release);
        }
    }
}

fn hits(guard: Guard) -> (u32, u32) {
    let (mut hits, mut turns) = (0, 0);
    for seed in 0..50 {
        let mut world = World::new(guard, seed);
        for _ in 0..1000 {
            world.step();
            assert!(
                guard != Guard::Whole || world.hits == 0,
                "a hit; seed {seed}"
            );
        }
        hits += world.hits;
        turns += world.turns;
    }
    (hits, turns)
}

#[test]
fn a_request_never_hits_another_client() {
    let (hits, turns) = hits(Guard::Whole);
    assert_eq!(hits, 0);
    assert!(1000 < turns, "{turns}");
}

#[test]
fn without_a_part_of_the_guard_it_does() {
    for guard in [Guard::WithoutWaiting, Guard::WithoutDoubt] {
        let (hits, _) = hits(guard);
        assert!(100 < hits, "{guard:?}: {hits}");
    }
}

#[test]
fn whoever_waits_is_told_once_by_the_last() {
    let handle = handle();
    let (sender, receiver) = channel();
    let flights = [handle.begin(), handle.begin()];
    assert!(!handle.is_settled() && !handle.is_held());
    let then = move |landing| sender.send(landing).unwrap();
    handle.when_landed(Box::new(then));
    let [one, other] = flights;
    drop(one);
    assert!(receiver.try_recv().is_err() && handle.is_held());
    drop(other);
    assert_eq!(receiver.try_recv(), Ok(Landing::Sure));
    assert!(handle.is_settled() && !handle.is_held());
}
