//! Random schedules: many steps of all kinds, invariants after each. A failure prints its seed.

use std::collections::BTreeSet;
use std::collections::VecDeque;

use crate::pool::ledger::upkeep::Closed;
use crate::pool::waiters::Ticket;

use super::*;

/// The books, and what we know must be in them.
struct World {
    books: Ledger<u32, u32>,
    now: Instant,
    random: u64,
    held: Vec<Member<u32>>,
    approvals: Vec<Approval>,
    /// Number, ticket, arrival, deadline; first come first.
    line: VecDeque<(u32, Ticket, Instant, Option<Instant>)>,
    idle: BTreeSet<u32>,
    next: u32,
    closed: u64,
    mode: Mode,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            books: Ledger::new(Settings::default()),
            now: epoch(),
            random: seed,
            held: Vec::new(),
            approvals: Vec::new(),
            line: VecDeque::new(),
            idle: BTreeSet::new(),
            next: 0,
            closed: 0,
            mode: Mode::Open,
        };
        let settings = world.settings();
        world.books = Ledger::new(settings);
        world
    }

    /// A number below `n`, by SplitMix64.
    fn below(&mut self, n: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % n
    }

    fn small(&mut self, n: u64) -> u32 {
        u32::try_from(self.below(n)).unwrap()
    }

    /// A place in a list of `n`.
    fn place(&mut self, n: usize) -> usize {
        usize::try_from(self.below(n as u64)).unwrap()
    }

    fn settings(&mut self) -> Settings {
        Settings {
            size: self.small(6),
            min: self.small(3),
            reserve: self.small(3),
            reserve_timeout: [None, Some(secs(5))][self.place(2)],
            wait_timeout: [None, Some(secs(20))][self.place(2)],
            lifetime: [secs(0), secs(40), secs(4000)][self.place(3)],
            idle_timeout: [None, Some(secs(30))][self.place(2)],
            check_delay: [None, Some(secs(0)), Some(secs(10))][self.place(3)],
            login_retry: [secs(0), secs(15)][self.place(2)],
            order: [Order::Lifo, Order::RoundRobin][self.place(2)],
            ..Settings::default()
        }
    }

    fn step(&mut self) {
        match self.below(24) {
            0..=6 => self.ask(),
            7..=11 => self.give_back(),
            12 => self.lose(),
            13..=15 => self.approve(),
            16 | 17 => self.end_opening(),
            18 => self.leave(),
            19 => {
                let later = Duration::from_millis(self.below(4000));
                self.now += later;
            }
            20 => self.expire(),
            21 => self.sweep(),
            22 => self.command(),
            _ => self.take_fit(),
        }
        self.check();
    }

    fn ask(&mut self) {
        match self.books.ask(self.now) {
            Asked::Take(member, _) => {
                assert!(self.line.is_empty(), "served past the line");
                self.hold(member);
            }
            Asked::Wait => {
                assert!(self.idle.is_empty(), "waits while a server is idle");
                self.next += 1;
                let deadline = [None, Some(self.now + secs(self.below(9)))][self.place(2)];
                let entered = self.books.enter(self.next, self.now, deadline);
                let wait_timeout = self.books.settings().wait_timeout;
                let allowed = wait_timeout.map(|wait| self.now + wait);
                let deadline = [deadline, allowed].into_iter().flatten().min();
                self.line
                    .push_back((self.next, entered.ticket, self.now, deadline));
            }
            Asked::Refused(Refusal::Draining) => assert_eq!(self.mode, Mode::Draining),
            Asked::Refused(_) => {
                assert_eq!(self.books.count(), 0);
                assert!(self.books.failure().is_some());
            }
        }
    }

    fn take_fit(&mut self) {
        if let Some(member) = self.books.take_fit(self.now) {
            self.hold(member);
        }
    }

    fn hold(&mut self, member: Member<u32>) {
        assert!(self.idle.remove(&member.server), "not an idle server");
        self.held.push(member);
    }

    fn give_back(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let i = self.place(self.held.len());
        let member = self.held.swap_remove(i);
        let server = member.server;
        let outcome = self.books.give_back(member, self.now);
        self.settle(server, outcome);
    }

    fn settle(&mut self, server: u32, outcome: Outcome<u32, u32>) {
        match outcome {
            Outcome::Handed(who, member) => {
                assert_eq!(member.server, server);
                let first = self.line.pop_front().map(|(who, ..)| who);
                assert_eq!(Some(who), first, "not the first of the line");
                self.held.push(member);
            }
            Outcome::Kept => {
                assert!(self.line.is_empty());
                self.idle.insert(server);
            }
            Outcome::Close(..) => {
                self.closed += 1;
                self.told_hopeless();
            }
        }
    }

    fn lose(&mut self) {
        if let Some(member) = self.held.pop() {
            self.books.lost(&member, Closing::Dropped);
            self.closed += 1;
            self.told_hopeless();
        }
    }

    fn told_hopeless(&mut self) {
        let told = self.books.hopeless(self.now);
        self.told(&told);
    }

    /// All or none hear that there will be no server.
    fn told(&mut self, told: &[u32]) {
        if !told.is_empty() {
            let line: Vec<_> = self.line.drain(..).map(|(who, ..)| who).collect();
            assert_eq!(told, line);
        }
    }

    fn approve(&mut self) {
        let before = self.books.count();
        let unserved = self.line.get(self.approvals.len()).map(|w| w.2);
        let settings = self.books.settings().clone();
        let Some(approval) = self.books.approve(self.now) else {
            let failing = self.books.failure().is_some();
            let is_full = settings.size <= before || self.approvals.len() >= 8;
            let is_idle = unserved.is_none() || failing || self.mode != Mode::Open;
            assert!(is_full || is_idle, "somebody waits and there is room");
            return;
        };
        self.approvals.push(approval);
        assert_eq!(self.mode, Mode::Open);
        assert!(before < settings.size_with_reserve(), "over the limit");
        if settings.size <= before {
            let waited = self.now - unserved.expect("the reserve is for waiters");
            assert!(settings.reserve_timeout.expect("there is a reserve") <= waited);
        }
    }

    fn end_opening(&mut self) {
        let Some(approval) = self.approvals.pop() else {
            return;
        };
        match self.below(4) {
            0 => {
                let told = self.books.failed(approval, error(), self.now);
                self.told(&told);
            }
            1 => self.books.abandon(approval),
            _ => {
                self.next += 1;
                let (server, random) = (self.next, self.below(u64::MAX));
                let outcome = self.books.opened(approval, server, self.now, random);
                self.settle(server, outcome);
            }
        }
    }

    fn leave(&mut self) {
        if self.line.is_empty() {
            return;
        }
        let i = self.place(self.line.len());
        let (who, ticket, ..) = self.line.remove(i).expect("in range");
        assert_eq!(self.books.leave(ticket), Some(who));
        assert_eq!(self.books.leave(ticket), None);
    }

    fn expire(&mut self) {
        let over = self.books.expire(self.now);
        let now = self.now;
        let expected: Vec<_> = self
            .line
            .iter()
            .filter(|w| w.3.is_some_and(|d| d <= now))
            .map(|w| w.0)
            .collect();
        assert_eq!(over, expected);
        self.line.retain(|w| w.3.is_none_or(|d| now < d));
    }

    fn sweep(&mut self) {
        let now = self.now;
        let closed = match self.below(4) {
            0 => self.books.bury(|server| server % 3 == 0),
            1 => self.books.suspect(now),
            2 => {
                let evicted = self.books.evict();
                evicted.map(|m| (m, Closing::Evicted)).into_iter().collect()
            }
            _ => self.books.reap(now),
        };
        self.took_off(&closed);
        self.told_hopeless();
    }

    fn command(&mut self) {
        let closed = match self.below(5) {
            0 => {
                self.mode = Mode::Paused;
                self.books.pause()
            }
            1 | 2 => {
                self.mode = Mode::Open;
                self.books.resume();
                Vec::new()
            }
            3 => self.books.reconnect(),
            _ => {
                let settings = self.settings();
                self.books.resize(settings);
                Vec::new()
            }
        };
        self.took_off(&closed);
    }

    fn took_off(&mut self, closed: &Closed<u32>) {
        for (member, _) in closed {
            assert!(self.idle.remove(&member.server));
            self.closed += 1;
        }
    }

    fn check(&self) {
        let stats = self.books.stats(self.now);
        assert_eq!(stats.mode, self.mode);
        assert_eq!(stats.in_use as usize, self.held.len());
        assert_eq!(stats.idle as usize, self.idle.len());
        assert_eq!(stats.opening as usize, self.approvals.len());
        assert_eq!(stats.waiting as usize, self.line.len());
        assert!(stats.waiting == 0 || stats.idle == 0);
        let totals = &stats.totals;
        assert_eq!(totals.closed.iter().sum::<u64>(), self.closed);
        let there_are = u64::from(stats.in_use + stats.idle);
        assert_eq!(totals.opened, self.closed + there_are);
        let lost = totals.closed[Closing::Dropped.index()];
        assert_eq!(
            totals.leases,
            totals.returns + lost + u64::from(stats.in_use)
        );
        let deadline = self.line.iter().filter_map(|w| w.3).min();
        assert!(deadline.is_none_or(|d| self.books.next_event().is_some_and(|e| e <= d)));
    }

    fn end(mut self) {
        let (waiters, closed) = self.books.drain();
        self.mode = Mode::Draining;
        self.told(&waiters);
        self.took_off(&closed);
        self.check();
        while !self.held.is_empty() || !self.approvals.is_empty() {
            self.give_back();
            self.end_opening();
            self.check();
        }
        assert!(self.books.is_empty() && self.books.is_quiet());
        self.ask();
    }
}

#[test]
fn books_hold_under_random_schedules() {
    for seed in 0..400 {
        let run = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            for _ in 0..1500 {
                world.step();
            }
            world.end();
        });
        assert!(run.is_ok(), "seed {seed}");
    }
}
