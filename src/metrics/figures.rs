//! What clients had done for them, as PgBouncer's SHOW STATS counts it.
//!
//! A server's figures are counted by whoever holds it, by plain loads and stores: nothing is
//! shared between two processors in the path of a query. Those of a database are the sum of its
//! servers', made when somebody asks.

use std::ops::AddAssign;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A number that only rises.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds `n`. For a number that nobody else adds to at the same time, which costs no more than
    /// one that is not shared.
    pub fn add_alone(&self, n: u64) {
        let before = self.0.load(Ordering::Relaxed);
        self.0.store(before.wrapping_add(n), Ordering::Relaxed);
    }

    /// Adds a time, in nanoseconds, as [`add_alone`](Self::add_alone) does.
    pub fn add_time_alone(&self, time: Duration) {
        self.add_alone(nanos(time));
    }

    /// Adds `n`, whoever else does.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Adds a time, in nanoseconds, whoever else does.
    pub fn add_time(&self, time: Duration) {
        self.add(nanos(time));
    }

    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

macro_rules! figures {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Figures that are being counted.
        #[derive(Debug, Default)]
        pub struct Counts {
            $($(#[$doc])* pub $name: Count,)*
        }

        /// Figures at one moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Figures {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counts {
            /// What they are now.
            pub fn read(&self) -> Figures {
                Figures { $($name: self.$name.get(),)* }
            }

            /// Adds what others have counted.
            pub fn add(&self, figures: &Figures) {
                $(self.$name.add(figures.$name);)*
            }
        }

        impl Figures {
            /// What was added since `before`.
            pub fn since(&self, before: &Self) -> Self {
                Self { $($name: self.$name.saturating_sub(before.$name),)* }
            }
        }

        impl AddAssign for Figures {
            fn add_assign(&mut self, other: Self) {
                $(self.$name = self.$name.saturating_add(other.$name);)*
            }
        }
    };
}

impl Figures {
    /// What they come to in the mean over `time`, as PgBouncer tells it: counts and bytes a second,
    /// times by transaction, query or server given.
    pub fn means(&self, time: Duration) -> Self {
        let second = |n: u64| mean(u128::from(n) * 1_000_000_000, time.as_nanos());
        let each = |ns: u64, n: u64| mean(u128::from(ns), u128::from(n));
        Self {
            assignments: second(self.assignments),
            transactions: second(self.transactions),
            queries: second(self.queries),
            received: second(self.received),
            sent: second(self.sent),
            transaction_ns: each(self.transaction_ns, self.transactions),
            query_ns: each(self.query_ns, self.queries),
            wait_ns: each(self.wait_ns, self.assignments),
            client_parses: second(self.client_parses),
            server_parses: second(self.server_parses),
            binds: second(self.binds),
        }
    }
}

fn mean(sum: u128, count: u128) -> u64 {
    let mean = sum.checked_div(count).unwrap_or_default();
    u64::try_from(mean).unwrap_or(u64::MAX)
}

figures! {
    /// Servers given to clients.
    assignments,
    /// Transactions, counted when their first query is whole.
    transactions,
    /// Queries: what ends in a ReadyForQuery.
    queries,
    /// Bytes of the messages that clients sent, those of their logins not counted.
    received,
    /// Bytes of the messages that clients were sent in answer.
    sent,
    /// Nanoseconds in transactions.
    transaction_ns,
    /// Nanoseconds in queries, the wait for a server not counted.
    query_ns,
    /// Nanoseconds that clients waited for servers.
    wait_ns,
    /// Parse messages of clients for named statements.
    client_parses,
    /// Parse messages for named statements that servers were sent.
    server_parses,
    /// Bind messages of clients for named statements.
    binds,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_by_second_or_by_what_took_the_time() {
        let figures = Figures {
            assignments: 4,
            transactions: 10,
            queries: 20,
            sent: 999,
            transaction_ns: 70_000,
            query_ns: 100_000,
            wait_ns: 8_000,
            ..Figures::default()
        };
        let means = Figures {
            assignments: 2,
            transactions: 5,
            queries: 10,
            sent: 499,
            transaction_ns: 7_000,
            query_ns: 5_000,
            wait_ns: 2_000,
            ..Figures::default()
        };
        assert_eq!(figures.means(Duration::from_secs(2)), means);
        let none = Figures::default();
        assert_eq!(none.means(Duration::ZERO), none);
    }

    #[test]
    fn figures_add_up() {
        let counts = Counts::default();
        counts.queries.add_alone(3);
        counts.wait_ns.add_time_alone(Duration::from_micros(2));
        let before = counts.read();
        counts.queries.add(4);
        counts.wait_ns.add_time(Duration::from_nanos(1));
        let added = counts.read().since(&before);
        assert_eq!((added.queries, added.wait_ns, added.binds), (4, 1, 0));
        let mut sum = before;
        sum += added;
        assert_eq!(sum, counts.read());
        let other = Counts::default();
        other.add(&sum);
        assert_eq!(other.read(), sum);
    }
}
