use crate::error::Blame;
use crate::pool::ledger::upkeep::Closed;
use crate::sqlstate::SqlState;

use super::*;

/// Any start: the tests only add to it.
fn epoch() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn error() -> Arc<Error> {
    Arc::new(Error::new(
        Blame::Server,
        SqlState::CANNOT_CONNECT,
        "refused",
    ))
}

fn ledger(change: impl FnOnce(&mut Settings)) -> Ledger<u32, u32> {
    let mut settings = Settings {
        size: 2,
        ..Settings::default()
    };
    change(&mut settings);
    Ledger::new(settings)
}

/// Opens a server for nobody, so that it is idle.
fn fill(books: &mut Ledger<u32, u32>, server: u32, now: Instant) {
    books.enter(server, now, None);
    let approval = books.approve(now).unwrap();
    let member = match books.opened(approval, server, now, 0) {
        Outcome::Handed(_, member) => member,
        outcome => panic!("{outcome:?}"),
    };
    assert!(matches!(books.give_back(member, now), Outcome::Kept));
}

fn servers(closed: &Closed<u32>) -> Vec<(u32, Closing)> {
    closed.iter().map(|(m, why)| (m.server, *why)).collect()
}

#[test]
fn lifo_reuses_the_last_and_round_robin_the_first() {
    for (order, expected) in [(Order::Lifo, 2), (Order::RoundRobin, 1)] {
        let now = epoch();
        let mut books = ledger(|s| s.order = order);
        let first = {
            fill(&mut books, 1, now);
            books.take_fit(now).unwrap()
        };
        fill(&mut books, 2, now);
        // 1 came back before 2.
        let second = books.take_fit(now).unwrap();
        books.give_back(first, now);
        books.give_back(second, now + secs(1));
        assert_eq!(books.take_fit(now + secs(1)).unwrap().server, expected);
    }
}

#[test]
fn reserve_is_for_those_who_waited_long() {
    let start = epoch();
    let mut books = ledger(|s| {
        s.size = 1;
        s.reserve = 1;
        s.reserve_timeout = Some(secs(5));
    });
    let entered = books.enter(1, start, None);
    assert_eq!(entered.next_event, Some(start + secs(5)));
    let approval = books.approve(start).unwrap();
    let held = books.opened(approval, 7, start, 0);
    assert!(matches!(held, Outcome::Handed(1, _)));
    books.enter(2, start + secs(1), None);
    assert!(books.approve(start + secs(5)).is_none());
    assert_eq!(books.next_event(), Some(start + secs(6)));
    let approval = books.approve(start + secs(6)).unwrap();
    // The reserve is one server, and it is on its way.
    books.enter(3, start + secs(1), None);
    assert!(books.approve(start + secs(60)).is_none());
    books.abandon(approval);

    let mut never = ledger(|s| {
        s.size = 0;
        s.reserve = 1;
        s.reserve_timeout = None;
    });
    never.enter(1, start, None);
    assert!(never.approve(start + secs(1000)).is_none());
}

#[test]
fn a_failed_login_tells_those_who_wait_once_and_later_ones_from_memory() {
    let start = epoch();
    let mut books = ledger(|s| s.login_retry = secs(15));
    books.enter(1, start, None);
    books.enter(2, start, None);
    let (one, other) = (books.approve(start).unwrap(), books.approve(start).unwrap());
    // Another login is under way: it may still serve them.
    assert!(books.failed(one, error(), start).is_empty());
    assert_eq!(books.failed(other, error(), start), [1, 2]);
    assert!(matches!(
        books.ask(start),
        Asked::Refused(Refusal::Failing(_))
    ));
    assert!(books.approve(start + secs(14)).is_none());
    // It is time for one more try, and one only; who asks now waits for it.
    assert!(matches!(books.ask(start + secs(15)), Asked::Wait));
    books.enter(3, start + secs(15), None);
    books.enter(4, start + secs(15), None);
    let third = books.approve(start + secs(15)).unwrap();
    assert!(books.approve(start + secs(15)).is_none());
    assert!(matches!(books.ask(start + secs(16)), Asked::Wait));
    assert!(matches!(
        books.opened(third, 7, start + secs(16), 0),
        Outcome::Handed(3, _)
    ));
    assert!(books.failure().is_none());
}

#[test]
fn failing_logins_do_not_refuse_while_servers_may_come_back() {
    let start = epoch();
    let mut books = ledger(|_| ());
    fill(&mut books, 1, start);
    let held = books.take_fit(start).unwrap();
    books.enter(2, start, None);
    let approval = books.approve(start).unwrap();
    assert!(books.failed(approval, error(), start).is_empty());
    assert!(matches!(books.ask(start), Asked::Wait));
    let Outcome::Handed(2, held) = books.give_back(held, start) else {
        panic!("the second is next");
    };
    // Now that it is lost, nothing will come.
    books.enter(3, start, None);
    books.lost(&held, Closing::Dropped);
    assert_eq!(books.hopeless(start), [3]);
}

#[test]
fn lifetime_ends_on_return_and_when_idle() {
    let start = epoch();
    let mut books = ledger(|s| {
        s.lifetime = secs(100);
        s.lifetime_jitter_percent = 10;
    });
    for (random, expected) in [(0, secs(100)), (u64::MAX, secs(90))] {
        assert_eq!(books.settings().lifetime_of_one(random), expected);
    }
    fill(&mut books, 1, start);
    let idle = books.take_fit(start).unwrap();
    fill(&mut books, 2, start);
    let held = books.take_fit(start).unwrap();
    books.give_back(idle, start);
    assert!(books.reap(start + secs(99)).is_empty());
    let reaped = books.reap(start + secs(100));
    assert_eq!(servers(&reaped), [(1, Closing::Lifetime)]);
    assert!(matches!(
        books.give_back(held, start + secs(100)),
        Outcome::Close(_, Closing::Lifetime)
    ));
    assert_eq!(books.count(), 0);
}

#[test]
fn idle_timeout_keeps_the_minimum_and_takes_the_longest_unused() {
    let start = epoch();
    let mut books = ledger(|s| {
        s.size = 3;
        s.min = 1;
        s.idle_timeout = Some(secs(600));
    });
    let mut held = Vec::new();
    for server in 1..=3 {
        fill(&mut books, server, start);
        held.push(books.take_fit(start).unwrap());
    }
    for (i, member) in held.into_iter().enumerate() {
        books.give_back(member, start + secs(i as u64));
    }
    assert_eq!(
        servers(&books.reap(start + secs(600))),
        [(1, Closing::IdleTimeout)]
    );
    assert_eq!(
        servers(&books.reap(start + secs(900))),
        [(2, Closing::IdleTimeout)]
    );
    assert_eq!(books.count(), 1);
}

#[test]
fn minimum_is_opened_for_nobody() {
    let start = epoch();
    let mut books = ledger(|s| s.min = 5);
    let (one, two) = (books.approve(start), books.approve(start));
    // No more than the size.
    assert!(one.is_some() && two.is_some() && books.approve(start).is_none());
}

#[test]
fn a_server_idle_for_long_is_checked() {
    let start = epoch();
    for (delay, idle, expected) in [
        (Some(secs(30)), secs(29), Fitness::Fit),
        (Some(secs(30)), secs(30), Fitness::Unchecked),
        (Some(secs(0)), secs(0), Fitness::Unchecked),
        (None, secs(9999), Fitness::Fit),
    ] {
        let mut books = ledger(|s| s.check_delay = delay);
        fill(&mut books, 1, start);
        let fit = books.take_fit(start + idle);
        assert_eq!(
            fit.is_some(),
            expected == Fitness::Fit,
            "{delay:?} {idle:?}"
        );
        if fit.is_none() {
            assert!(matches!(books.ask(start + idle), Asked::Take(_, f) if f == expected));
        }
    }
}

#[test]
fn reconnect_outdates_idle_used_and_coming_servers() {
    let start = epoch();
    let mut books = ledger(|s| s.size = 3);
    fill(&mut books, 1, start);
    let held = books.take_fit(start).unwrap();
    fill(&mut books, 2, start);
    let idle = books.take_fit(start).unwrap();
    let ticket = books.enter(9, start, None).ticket;
    let coming = books.approve(start).unwrap();
    assert_eq!(books.leave(ticket), Some(9));
    books.give_back(idle, start);
    assert_eq!(servers(&books.reconnect()), [(2, Closing::Outdated)]);
    assert!(matches!(
        books.give_back(held, start),
        Outcome::Close(_, Closing::Outdated)
    ));
    assert!(matches!(
        books.opened(coming, 3, start, 0),
        Outcome::Close(_, Closing::Outdated)
    ));
}

#[test]
fn a_smaller_pool_closes_what_is_too_many() {
    let start = epoch();
    let mut books = ledger(|s| s.size = 3);
    let mut held: Vec<_> = (1..=3)
        .map(|server| {
            fill(&mut books, server, start);
            books.take_fit(start).unwrap()
        })
        .collect();
    books.give_back(held.pop().unwrap(), start);
    let settings = Settings {
        size: 1,
        ..books.settings().clone()
    };
    books.resize(settings);
    assert_eq!(servers(&books.reap(start)), [(3, Closing::TooMany)]);
    let last = books.give_back(held.pop().unwrap(), start);
    assert!(matches!(last, Outcome::Close(_, Closing::TooMany)));
    assert!(matches!(
        books.give_back(held.pop().unwrap(), start),
        Outcome::Kept
    ));
}

mod schedule;
